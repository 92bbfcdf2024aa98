//! With which client somebody signs in.
//!
//! A client says who it acts for, so it takes proof that somebody belongs to the account (Q65). To exchange a code
//! under a client tells nobody anything: the CRM grants a code to one client, and takes it from that one alone.

use super::asked;
use super::change::Place;
use super::stored::{AccountClient, Pending, client_at, client_key, pending_at};
use super::values::{ClientValues, Completed};
use crate::service::Services;
use crate::service::hashing::hashed;
use crate::service::ringcentral::Extension;
use crate::store::StoreError;

/// What a callback claims about its user. By itself it proves nothing.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// The RingCentral account's id (`rcAccountId`).
    pub account_id: Option<String>,
    /// The extension's id (`rcExtensionId`).
    pub extension_id: Option<String>,
    /// The hash of the extension's id (the header `rc-extension-id`).
    pub extension_hash: Option<String>,
}

/// What proves that somebody belongs to an account.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A RingCentral token that came with the request, and whom RingCentral names.
    Token(Extension),
    /// A state that this server signed for somebody who brought a RingCentral token.
    State {
        /// The account's id.
        account_id: String,
        /// Whether that was an admin.
        is_admin: bool,
    },
    /// A session whose user's account a RingCentral token has proved before.
    Session {
        /// The account's id.
        account_id: String,
    },
}

/// The clients of an account for one sign-in.
#[derive(Debug, Default)]
pub struct SignInClients {
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    account: String,
    place: Place,
    client: Option<AccountClient>,
    /// Only for an admin: it becomes the account's.
    pending: Option<Pending>,
    /// Whose question was the proof.
    asked_by: Option<String>,
}

/// The clients with which somebody may sign in: none without proof, and none of another account than the one that is
/// claimed.
///
/// # Errors
/// If the store fails.
pub async fn clients(
    services: &Services,
    place: Place,
    claims: &Claims,
    proof: Option<Proof>,
) -> Result<SignInClients, StoreError> {
    let (account_id, is_admin, asked_by) = match proof {
        Some(Proof::Token(extension)) => (extension.account_id, extension.is_admin, None),
        Some(Proof::State { account_id, is_admin }) => (account_id, is_admin, None),
        Some(Proof::Session { account_id }) => (account_id, false, None),
        None => match asked_lately(services, &place, claims).await? {
            Some((account_id, is_admin, extension)) => (account_id, is_admin, Some(extension)),
            None => return Ok(SignInClients::default()),
        },
    };
    if claims.account_id.as_ref().is_some_and(|claimed| *claimed != account_id) {
        return Ok(SignInClients::default());
    }
    let account = hashed(services, &account_id);
    let client = client_at(services, &account, &place).await?;
    let pending = if is_admin { pending_at(services, &account, &place).await? } else { None };
    let found = Found { account, place, client, pending, asked_by };
    Ok(SignInClients { found: Some(found).filter(|found| found.client.is_some() || found.pending.is_some()) })
}

/// Whether the extension that is claimed has asked which client its account has, a moment ago.
async fn asked_lately(
    services: &Services,
    place: &Place,
    claims: &Claims,
) -> Result<Option<(String, bool, String)>, StoreError> {
    let Some(account_id) = &claims.account_id else { return Ok(None) };
    let by_id = claims.extension_id.as_deref().map(|id| hashed(services, id));
    let extension = match (by_id, &claims.extension_hash) {
        (Some(by_id), Some(hash)) if by_id != *hash => return Ok(None),
        (Some(hash), _) => hash,
        (None, Some(hash)) => hash.clone(),
        (None, None) => return Ok(None),
    };
    let account = hashed(services, account_id);
    let is_admin = asked::lately(services, &account, &extension, place).await?;
    Ok(is_admin.map(|is_admin| (account_id.clone(), is_admin, extension)))
}

impl SignInClients {
    /// Whether the account has any.
    pub fn is_empty(&self) -> bool {
        self.found.is_none()
    }

    /// The clients to try, in this order: the account's own, then the one that is to take its place (Q67). The second
    /// is tried if the CRM says that the code is not the first one's. `None` stands for the document's own client.
    pub fn in_order(&self, document_token_url: Option<&str>) -> Vec<Option<Completed>> {
        let values = |found: &Found| -> Vec<ClientValues> {
            let client = found.client.as_ref().map(|client| client.values.clone());
            let pending = found.pending.as_ref().map(|pending| pending.values.clone());
            client.into_iter().chain(pending).collect()
        };
        let all = self.found.as_ref().map(values).unwrap_or_default();
        all.iter().map(|values| values.completed(document_token_url)).collect()
    }

    /// Somebody has signed in with the client at `position` of [`Self::in_order`]: a pending one is the account's
    /// now, and the question that was the proof is used up.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn signed_in(&self, services: &Services, position: usize) -> Result<(), StoreError> {
        let Some(Found { account, place, client, pending, asked_by }) = &self.found else { return Ok(()) };
        if let Some(extension) = asked_by {
            asked::use_up(services, account, extension, place).await?;
        }
        let Some(pending) = pending.as_ref().filter(|_| position >= usize::from(client.is_some())) else {
            return Ok(());
        };
        let key = client_key(account, &place.platform, pending.proxy_id.as_deref());
        loop {
            let source = services.store.versioned_lossy(&pending.key(account)).await?;
            if source.content.as_ref().is_none_or(|source| source.values != pending.values) {
                // Another one was entered meanwhile: it is still to be tried.
                return Ok(());
            }
            let target = services.store.versioned_lossy(&key).await?;
            let adopted = AccountClient {
                platform: place.platform.clone(),
                proxy_id: pending.proxy_id.clone(),
                values: pending.values.clone(),
            };
            let changes = [source.removed(), target.changed_to(&adopted)?];
            if services.store.change_documents(&changes).await? {
                return Ok(());
            }
        }
    }
}
