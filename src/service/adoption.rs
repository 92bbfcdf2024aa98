//! How many of an account's extensions use App Connect, and how many are connected to a CRM.
//!
//! Clients tell their extension at `/userInfoHash`, which proves nothing. So it is written down only for accounts
//! that RingCentral has named to this server, once an hour for an extension, and for a bounded number of extensions.
//! Nothing waits for it: a store that fails loses an observation, and the next hour brings another one.

mod seen;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Semaphore;

use self::seen::{SHARDS, Seen, Someone, key, shard_of};
use super::Services;
use super::accounts::{AccountError, administered};
use super::hashing::hashed;
use crate::engine::time::to_iso;
use crate::small_cache::Recent;
use crate::store::{StoreError, User};

/// How long somebody who was written down is not written down again.
const THROTTLE: Duration = Duration::from_secs(60 * 60);

/// Half as many people as are remembered to be written down.
const PAIRS: usize = 4096;

/// How many observations are written down at a time; further ones are dropped.
const MOST_AT_A_TIME: usize = 4;

/// Who was written down within the last hour, in this process.
pub struct Adoption {
    lately: Recent<(String, Duration)>,
    writing: Arc<Semaphore>,
}

impl Default for Adoption {
    fn default() -> Self {
        Self { lately: Recent::new(PAIRS), writing: Arc::new(Semaphore::new(MOST_AT_A_TIME)) }
    }
}

/// Figures of an account, in the reference's members.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionStats {
    /// Extensions that were seen with App Connect, or have a user who is connected.
    pub installed_count: usize,
    /// Users who are connected to a CRM.
    pub connected_count: usize,
    /// When the newest of these users was active, ISO 8601; null if there is none.
    pub last_active_at: Option<String>,
}

impl Adoption {
    /// Whether somebody has to be written down.
    fn is_due(&self, who: &str, now: Duration) -> bool {
        let known = self.lately.find(who.as_bytes(), |(known, _)| known == who);
        known.is_none_or(|known| now.saturating_sub(known.1) >= THROTTLE)
    }

    fn done(&self, who: String, now: Duration) {
        self.lately.keep(who.clone().as_bytes(), (who, now));
    }
}

/// Writes down that an extension was seen with App Connect, if the account is one that this server knows. Ids are
/// plain, as clients send them.
pub fn extension_seen(services: &Services, account_id: &str, extension_id: &str) {
    if account_id.is_empty() || extension_id.is_empty() {
        return;
    }
    note(services, account_id, Someone::Extension(hashed(services, extension_id)), false);
}

/// Writes down that a user whose account RingCentral named is at work.
pub fn user_seen(services: &Services, user: &User) {
    if let Some(account_id) = &user.rc_account_id {
        note(services, account_id, Someone::User(user.key.clone()), true);
    }
}

fn note(services: &Services, account_id: &str, who: Someone, is_proved: bool) {
    let name = format!("{account_id} {}", who.name());
    let now = services.clock.elapsed();
    if !services.adoption.is_due(&name, now) {
        return;
    }
    let Ok(place) = Arc::clone(&services.adoption.writing).try_acquire_owned() else { return };
    let (services, account) = (services.clone(), hashed(services, account_id));
    tokio::spawn(async move {
        let _place = place;
        match written(&services, &account, &who, is_proved).await {
            Ok(true) => services.adoption.done(name, now),
            // Of an account that is not known yet: it may be soon.
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "who uses App Connect was not written down"),
        }
    });
}

/// False if the account is not known.
async fn written(
    services: &Services,
    account: &str,
    who: &Someone,
    is_proved: bool,
) -> Result<bool, StoreError> {
    let now = services.clock.now_ms();
    let part = key(account, Some(shard_of(services, who)));
    let _turn = services.record_locks.take(&part).await;
    loop {
        let of_account = services.store.versioned_lossy(&key(account, None)).await?;
        let before = services.store.versioned_lossy(&part).await?;
        if !is_proved && of_account.is_absent() {
            return Ok(false);
        }
        let mut changes = Vec::new();
        if is_proved && !of_account.content.as_ref().is_some_and(|known: &Seen| known.is_fresh(now)) {
            changes.push(of_account.changed_to(&Seen::account(now))?);
        }
        let mut seen = before.content.clone().unwrap_or_default();
        if seen.note(who, now) {
            changes.push(before.changed_to(&seen)?);
        }
        if changes.is_empty() || services.store.change_documents(&changes).await? {
            return Ok(true);
        }
    }
}

/// Writes down that RingCentral named the account.
async fn known(services: &Services, account: &str) -> Result<(), StoreError> {
    let before = services.store.versioned_lossy(&key(account, None)).await?;
    let now = services.clock.now_ms();
    if before.content.as_ref().is_some_and(|known| known.is_fresh(now)) {
        return Ok(());
    }
    // Whoever changed it meanwhile wrote the same.
    services.store.change_documents(&[before.changed_to(&Seen::account(now))?]).await.map(drop)
}

/// The figures of the account that a RingCentral token's user administers.
///
/// # Errors
/// If the token is missing, RingCentral cannot be asked, its user is no admin, or the store fails.
pub async fn stats(services: &Services, token: Option<&str>) -> Result<AdoptionStats, AccountError> {
    let account = administered(services, token, None).await?;
    known(services, &account.hashed_id).await?;
    let mut installed = BTreeSet::new();
    let mut connected = 0;
    let mut last_active = None;
    for shard in SHARDS {
        let Some(seen) = services.store.versioned_lossy(&key(&account.hashed_id, Some(shard))).await?.content
        else {
            continue;
        };
        for user in seen.users() {
            let Some(user) = services.store.get_user(user).await? else { continue };
            let is_of_account = user.rc_account_id.as_ref() == Some(&account.extension.account_id);
            if !is_of_account || !user.credential.is_connected() {
                continue;
            }
            connected += 1;
            last_active = last_active.max(Some(user.updated_at));
            let name = Someone::User(user.key.clone()).name();
            installed.insert(user.rc_extension_hash.unwrap_or(name));
        }
        installed.extend(seen.into_extensions());
    }
    let at = last_active.and_then(|at| Timestamp::from_millisecond(at).ok());
    Ok(AdoptionStats {
        installed_count: installed.len(),
        connected_count: connected,
        last_active_at: at.map(to_iso),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_written_down_once_an_hour() {
        let adoption = Adoption::default();
        let at = Duration::from_secs;
        assert!(adoption.is_due("a x", at(5)));
        adoption.done("a x".to_owned(), at(5));
        assert!(!adoption.is_due("a x", at(6)));
        assert!(adoption.is_due("a y", at(6)));
        assert!(!adoption.is_due("a x", at(5 + 3599)));
        assert!(adoption.is_due("a x", at(5 + 3600)));
    }
}
