//! With which client somebody signs in.
//!
//! A client says who it acts for, so it takes proof that somebody belongs to the account (Q65). To exchange a code
//! under a client tells nobody anything: the CRM grants a code to one client, and takes it from that one alone.
//!
//! The callback of App Connect's client brings no RingCentral token. But a moment before, the same extension asked which
//! client to open the sign-in page with, and RingCentral said then who it was. That question is the proof, once.

use super::asked;
use super::place::Place;
use super::stored::{AccountClient, Pending, client_at, client_key, pending_at, pending_of_nowhere};
use super::values::ClientValues;
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

/// The client of an account for one sign-in.
#[derive(Debug, Clone)]
pub struct SignInClient {
    /// Its values.
    pub values: ClientValues,
    account: String,
    place: Place,
    /// Set if nobody has signed in with it yet.
    pending: Option<Pending>,
    /// Whose question was the proof.
    asked_by: Option<String>,
}

/// The client with which somebody signs in: `None` without proof, and for an account that has none.
///
/// A pending client is an admin's to try. It is used where the account has no other, where it is the same client with
/// another secret, and where this server began the sign-in (`is_begun`) and so sent the browser to the CRM with it (Q67).
///
/// # Errors
/// If the store fails.
pub async fn client(
    services: &Services,
    place: Place,
    claims: &Claims,
    proved: Option<&Extension>,
    is_begun: bool,
) -> Result<Option<SignInClient>, StoreError> {
    let (account_id, is_admin, asked_by) = match proved {
        Some(extension) => (extension.account_id.clone(), extension.is_admin, None),
        None => match asked_lately(services, &place, claims).await? {
            Some((account_id, is_admin, extension)) => (account_id, is_admin, Some(extension)),
            None => return Ok(None),
        },
    };
    if claims.account_id.as_ref().is_some_and(|claimed| *claimed != account_id) {
        return Ok(None);
    }
    let account = hashed(services, &account_id);
    let client = client_at(services, &account, &place).await?;
    let mut pending = if is_admin { pending_at(services, &account, &place).await? } else { None };
    let extension = proved.and_then(|extension| extension.extension_id.as_deref());
    if let (true, None, Some(id)) = (is_admin, &pending, extension) {
        pending = pending_of_nowhere(services, &account, &hashed(services, id)).await?;
    }
    let (values, pending) = match (client, pending) {
        (Some(AccountClient { values, .. }), Some(pending)) => {
            if is_begun || values.client_id == pending.values.client_id {
                (pending.values.clone(), Some(pending))
            } else {
                (values, None)
            }
        }
        (Some(client), None) => (client.values, None),
        (None, Some(pending)) => (pending.values.clone(), Some(pending)),
        (None, None) => return Ok(None),
    };
    Ok(Some(SignInClient { values, account, place, pending, asked_by }))
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

impl SignInClient {
    /// Somebody has signed in with it: a pending one is the account's now, and the question that was the proof is used
    /// up.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn signed_in(&self, services: &Services) -> Result<(), StoreError> {
        let Self { account, place, pending, asked_by, .. } = self;
        if let Some(extension) = asked_by {
            asked::use_up(services, account, extension, place).await?;
        }
        let Some(pending) = pending else { return Ok(()) };
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
