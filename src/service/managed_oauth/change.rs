//! What admins do with the clients of their account.
//!
//! The client of App Connect names no platform when it submits a new OAuth client. Its admin has asked about one a
//! moment before, to see the page for it: that one is meant. Should it be another, it is the one that an admin asks
//! about next.

use serde_json::{Map, Value};

use super::asked;
use super::place::Place;
use super::stored::{Pending, all_pending, client_at, client_key, pending_key};
use super::values::ClientValues;
use crate::service::Services;
use crate::service::accounts::{Account, AccountError, administered};
use crate::service::hashing::hashed;
use crate::store::StoreError;

/// How long a client may be pending, in milliseconds (facts of the reference: 24 hours).
const PENDING_MS: i64 = 24 * 60 * 60 * 1000;

/// The most pending clients of an account: one for each platform and document that its admins set up in a day.
const MOST_PENDING: usize = 50;

/// Why a client is not stored or removed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request proves too little, or the store failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// No platform is named.
    #[error("Missing platform name")]
    NoPlatform,
    /// What is submitted cannot be stored; in words.
    #[error("{0}")]
    Wrong(String),
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

/// The platform that an admin asked about last.
async fn asked_about(services: &Services, account: &Account) -> Result<Option<Place>, StoreError> {
    match &account.extension.extension_id {
        Some(id) => asked::last(services, &account.hashed_id, &hashed(services, id)).await,
        None => Ok(None),
    }
}

/// Stores a pending client, in the place of the one that was there. Without any value there is none afterwards.
///
/// # Errors
/// If the token is not an admin's, or a value cannot be used (Q68).
pub async fn save_pending(
    services: &Services,
    token: Option<&str>,
    named: Option<Place>,
    submitted: &Map<String, Value>,
) -> Result<(), ClientError> {
    let account = administered(services, token, None).await?;
    let named = named.map(Place::checked).transpose().map_err(ClientError::Wrong)?;
    let mut values = ClientValues::read(submitted).map_err(ClientError::Wrong)?;
    let is_guessed = named.is_none();
    let entered_by = account.extension.extension_id.as_deref().map(|id| hashed(services, id));
    let place = match named {
        Some(place) => Some(place),
        None => asked_about(services, &account).await?,
    };
    let id = account.hashed_id.as_str();
    let all = all_pending(services, id).await?;
    let client = match &place {
        Some(place) => client_at(services, id, place).await?.map(|client| client.values),
        None => None,
    };
    values.unmask(all.iter().map(|pending| &pending.values).chain(&client)).map_err(ClientError::Wrong)?;
    let (platform, proxy_id) = place.map_or((None, None), |place| (Some(place.platform), place.proxy_id));
    let key = pending_key(id, platform.as_deref(), proxy_id.as_deref());
    let _turn = services.record_locks.take(&key).await;
    if values.is_empty() {
        services.store.delete(&key).await?;
        return Ok(());
    }
    if all.len() >= MOST_PENDING
        && !all.iter().any(|pending| pending.key(id).as_document_key() == key.as_document_key())
    {
        return Err(ClientError::Wrong(format!(
            "The account has {MOST_PENDING} OAuth clients that nobody has signed in with yet. Remove some, or wait a day."
        )));
    }
    let expires_at = services.clock.now_ms().saturating_add(PENDING_MS);
    services
        .store
        .save(&key, &Pending { platform, proxy_id, is_guessed, entered_by, values, expires_at })
        .await?;
    Ok(())
}

/// Removes the pending client of a place; without one, of the place that the admin asked about.
///
/// # Errors
/// If the token is not an admin's, or the store fails.
pub async fn forget_pending(
    services: &Services,
    token: Option<&str>,
    named: Option<Place>,
) -> Result<(), ClientError> {
    let account = administered(services, token, None).await?;
    let place = match named {
        Some(place) => Some(place),
        None => asked_about(services, &account).await?,
    };
    remove_pending(services, &account.hashed_id, place.as_ref()).await?;
    Ok(())
}

/// Removes the client of a place, and what is pending there.
///
/// # Errors
/// If the token is not an admin's, or the store fails.
pub async fn forget(
    services: &Services,
    token: Option<&str>,
    place: Option<Place>,
) -> Result<(), ClientError> {
    let account = administered(services, token, None).await?;
    let place = place.ok_or(ClientError::NoPlatform)?.checked().map_err(ClientError::Wrong)?;
    let id = account.hashed_id.as_str();
    if let Some(client) = client_at(services, id, &place).await? {
        services.store.delete(&client_key(id, &client.platform, client.proxy_id.as_deref())).await?;
    }
    remove_pending(services, id, Some(&place)).await?;
    Ok(())
}

/// Removes what is pending at a place, and what may be meant for it: no admin has seen yet where that belongs.
/// Without a place, whatever is pending.
async fn remove_pending(services: &Services, account: &str, place: Option<&Place>) -> Result<(), StoreError> {
    for pending in all_pending(services, account).await? {
        let is_there = match place {
            None => true,
            Some(place) => {
                pending.is_guessed
                    || (pending.platform.as_deref() == Some(place.platform.as_str())
                        && (place.proxy_id.is_none()
                            || pending.proxy_id.is_none()
                            || pending.proxy_id == place.proxy_id))
            }
        };
        if is_there {
            services.store.delete(&pending.key(account)).await?;
        }
    }
    Ok(())
}

/// Brings the client to a place whose platform was guessed, or is not known: an admin of the account sees it there.
pub(super) async fn settle(services: &Services, account: &str, place: &Place) -> Result<(), StoreError> {
    let mut guessed: Vec<Pending> = all_pending(services, account).await?;
    guessed.retain(|pending| pending.is_guessed);
    // The latest is meant.
    guessed.sort_by_key(|pending| pending.expires_at);
    let Some(latest) = guessed.pop() else { return Ok(()) };
    let settled = Pending {
        platform: Some(place.platform.clone()),
        proxy_id: place.proxy_id.clone(),
        is_guessed: false,
        ..latest.clone()
    };
    let (from, to) = (latest.key(account), settled.key(account));
    let there = services.store.versioned_lossy(&to).await?;
    let mut changes = vec![there.changed_to(&settled)?];
    if from.as_document_key() != to.as_document_key() {
        let source = services.store.versioned_lossy(&from).await?;
        if source.content.as_ref() != Some(&latest) {
            return Ok(());
        }
        changes.push(source.removed());
    }
    // Whoever else settles it at this moment has done the same.
    services.store.change_documents(&changes).await?;
    Ok(())
}
