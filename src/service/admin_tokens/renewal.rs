//! Renewing an account's token: once for all who need it, and never losing a refresh token that is good for one use.

use std::time::Duration;

use super::{ASSUMED_LIFE_MS, AdminToken, ends};
use crate::engine::failure::Failure;
use crate::service::Services;
use crate::service::coordination::detached;
use crate::service::coordination::lease::{self, LeaseAnswer};
use crate::service::ringcentral::grants::{Grant, Granted, RingCentralApp, granted};
use crate::store::{Key, StoreError};

/// A token with less than this left, in milliseconds, is renewed first: a report takes some requests.
const RENEWED_EARLY_MS: i64 = 30 * 1000;

/// How long a renewal may take that nobody ended: longer than the exchange and the writes around it.
const LEASE: Duration = Duration::from_secs(60);

/// How long a request waits for another one's renewal.
const PATIENCE: Duration = Duration::from_secs(25);

/// How long the store is waited for, again and again, to keep a new token.
const KEEPING: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(8)];

/// Why a token cannot be used.
#[derive(Debug)]
pub(in crate::service) enum Unusable {
    /// It has expired, and nothing renews it.
    Ended,
    /// RingCentral did not renew it.
    Failed(Box<Failure>),
    /// Another request is renewing it, and takes too long.
    Busy,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Unusable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A token that has not expired: as it is stored, or renewed.
///
/// # Errors
/// If it has expired and cannot be renewed, or the store fails.
pub(in crate::service) async fn usable(
    services: &Services,
    key: &Key<AdminToken>,
    token: AdminToken,
) -> Result<AdminToken, Unusable> {
    if !is_due(services, &token) {
        return Ok(token);
    }
    if token.refresh_token.is_none() {
        return Err(Unusable::Ended);
    }
    let Some(app) = services.ringcentral_app.clone() else { return Err(Unusable::Ended) };
    // Finished even where the client hangs up: the old refresh token may be worth nothing.
    let work = renewed_once(services.clone(), app, key.clone());
    detached::finish(work).await.unwrap_or(Err(Unusable::Busy))
}

fn is_due(services: &Services, token: &AdminToken) -> bool {
    token.access_expires_at < services.clock.now_ms() + RENEWED_EARLY_MS
}

async fn renewed_once(
    services: Services,
    app: RingCentralApp,
    key: Key<AdminToken>,
) -> Result<AdminToken, Unusable> {
    let mut parts = vec![Some("adminToken".to_owned())];
    parts.extend(key.as_document_key().parts.iter().cloned());
    match lease::ask(&*services.store, &services.instance, parts, LEASE, PATIENCE).await? {
        LeaseAnswer::Held(lease) => {
            let renewed = renew_if_due(&services, &app, &key).await;
            lease.end(&*services.store).await;
            renewed
        }
        LeaseAnswer::Ended => match services.store.get(&key).await? {
            Some(token) if !is_due(&services, &token) => Ok(token),
            Some(_) => Err(Unusable::Busy),
            None => Err(Unusable::Ended),
        },
        LeaseAnswer::Waiting => Err(Unusable::Busy),
    }
}

async fn renew_if_due(
    services: &Services,
    app: &RingCentralApp,
    key: &Key<AdminToken>,
) -> Result<AdminToken, Unusable> {
    let Some(token) = services.store.get(key).await? else { return Err(Unusable::Ended) };
    if !is_due(services, &token) {
        return Ok(token);
    }
    let Some(refresh) = &token.refresh_token else { return Err(Unusable::Ended) };
    let granted = match granted(services, app, Grant::Refresh(refresh)).await {
        Ok(granted) => granted,
        Err(failure) => {
            tracing::warn!(%failure, "an account's RingCentral token could not be renewed");
            return Err(Unusable::Failed(Box::new(failure)));
        }
    };
    let renewed = after(services.clock.now_ms(), &token, granted);
    keep(services, key, &token, &renewed).await?;
    Ok(renewed)
}

/// The token as it is after its renewal. A reply without a refresh token leaves the old one (recordings 26,
/// `stored-after-all`).
fn after(now: i64, token: &AdminToken, granted: Granted) -> AdminToken {
    let expires_at = match granted.refresh_token {
        Some(_) => ends(now, &granted),
        None => token.expires_at,
    };
    AdminToken {
        access_token: granted.access_token,
        refresh_token: granted.refresh_token.or_else(|| token.refresh_token.clone()),
        access_expires_at: now.saturating_add(granted.lifetime.unwrap_or(ASSUMED_LIFE_MS)),
        expires_at,
        ..token.clone()
    }
}

/// Stores what was granted, unless a newer one was brought meanwhile. A store that is away for a moment is waited
/// for, within the lease: the old refresh token has had its use.
async fn keep(
    services: &Services,
    key: &Key<AdminToken>,
    used: &AdminToken,
    renewed: &AdminToken,
) -> Result<(), StoreError> {
    let mut pauses = KEEPING.into_iter();
    loop {
        let kept = async {
            let before = services.store.versioned(key).await?;
            match &before.content {
                Some(current) if current.refresh_token == used.refresh_token => {
                    services.store.change_documents(&[before.changed_to(renewed)?]).await
                }
                _ => Ok(true),
            }
        };
        match (kept.await, pauses.next()) {
            (Ok(true), _) => return Ok(()),
            (Ok(false), _) => {}
            (Err(StoreError::Unavailable { .. }), Some(pause)) => tokio::time::sleep(pause).await,
            (Err(error), _) => return Err(error),
        }
    }
}
