//! Exactly one record: who may ask the CRM to create it.
//!
//! Within this process, requests for one subject take turns ([`Flights`]): no store is asked for
//! that. The claims of the store hold beyond it, for other processes and after a crash. A claim is
//! durable before the CRM is asked, and goes in the same commit that stores the log. One whose
//! holder is gone, or gave up without an answer, is in doubt: the record may exist, and nobody
//! creates a second one blindly until the claim expires.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::clock::now_ms;
use crate::connector::CallError;
use crate::store::{Claim, ClaimChange, ClaimKey, Claims, Extension, Store, StoreError};

/// How long a request waits for another one that logs the same.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a holder may be waiting for the CRM: longer than any exchange takes.
const BUSY_MS: i64 = 5 * 60 * 1000;

/// How long a record that may exist keeps others from creating it.
const DOUBT_MS: i64 = 60 * 60 * 1000;

/// How long a CRM that did not answer may still be at it: before, a lookup that finds nothing says nothing.
const SETTLING_MS: i64 = 60 * 1000;

const SHARDS: usize = 64;

type Landing<T> = watch::Receiver<Option<T>>;

/// What this process is asking CRMs to create, by subject. Requests for the same subject wait for
/// the first and get its answer.
pub struct Flights<T> {
    shards: [Mutex<HashMap<ClaimKey, Landing<T>>>; SHARDS],
    hasher: RandomState,
}

/// Whose turn it is.
pub enum Turn<T> {
    /// The caller's. Everyone else waits until it lands or is dropped.
    Yours(Flight<T>),
    /// Another request had its turn; its answer.
    Landed(T),
    /// Another request had its turn and ended without an answer.
    Ended,
    /// Another request is still at it, and the caller's patience is over.
    Waiting,
}

/// A turn.
pub struct Flight<T> {
    flights: Arc<Flights<T>>,
    key: ClaimKey,
    landing: watch::Sender<Option<T>>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl<T> Flights<T> {
    fn shard(&self, key: &ClaimKey) -> &Mutex<HashMap<ClaimKey, Landing<T>>> {
        #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }
}

impl<T: Clone> Flights<T> {
    /// Takes the turn, or waits for the one who has it.
    pub async fn turn(self: &Arc<Self>, key: &ClaimKey, patience: Duration) -> Turn<T> {
        let mut landing = {
            let mut shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
            match shard.get(key) {
                Some(landing) => landing.clone(),
                None => {
                    let (sender, landing) = watch::channel(None);
                    shard.insert(key.clone(), landing);
                    return Turn::Yours(Flight {
                        flights: Arc::clone(self),
                        key: key.clone(),
                        landing: sender,
                    });
                }
            }
        };
        match tokio::time::timeout(patience, landing.wait_for(Option::is_some)).await {
            Ok(Ok(answer)) => answer.clone().map_or(Turn::Ended, Turn::Landed),
            Ok(Err(_)) => Turn::Ended,
            Err(_) => Turn::Waiting,
        }
    }
}

impl<T> Flight<T> {
    /// Ends the turn with an answer for those who wait.
    pub fn land(self, answer: T) {
        // Before the answer: who comes now finds what was stored.
        self.remove();
        self.landing.send_replace(Some(answer));
    }

    fn remove(&self) {
        let mut shard = self.flights.shard(&self.key).lock().unwrap_or_else(PoisonError::into_inner);
        if shard.get(&self.key).is_some_and(|landing| landing.same_channel(&self.landing.subscribe())) {
            shard.remove(&self.key);
        }
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The outcome of asking for a claim.
#[derive(Debug)]
pub enum Claiming {
    /// The caller holds it and may ask the CRM.
    Held(Held),
    /// Another server holds it and may be waiting for the CRM.
    Busy,
    /// The CRM was asked before, and nobody knows what it did.
    InDoubt(Claim),
}

/// A claim that the caller holds. It has to end: with the log, released, or in doubt. One that is
/// merely dropped is in doubt for whoever comes next.
#[derive(Debug)]
pub struct Held {
    key: ClaimKey,
    claim: Claim,
    standing: Claims,
    /// Whether it was taken over from a request that nobody knows the outcome of.
    was_in_doubt: bool,
}

/// Whether a claim of one extension stands in the way of another's.
pub type Conflict = fn(standing: &Extension, asked: &Extension) -> bool;

/// Claims a subject, a conversation for one of its messages. The caller has the turn for it in this
/// process. With `doubted`, a claim in doubt that the caller knows how to settle, it is taken over
/// together with its idempotency key.
///
/// # Errors
/// Where the store fails.
pub async fn claim(
    store: &dyn Store,
    instance: &str,
    key: &ClaimKey,
    extension: &Extension,
    message_id: Option<&str>,
    conflict: Conflict,
    doubted: Option<&Claim>,
) -> Result<Claiming, StoreError> {
    loop {
        let before = store.claims(key).await?;
        let now = now_ms();
        let mut after = before.clone().unwrap_or_default();
        after.claims.retain(|claim| claim.expires_at > now);
        let mut idempotency_key = None;
        if let Some(at) = after.claims.iter().position(|claim| conflict(&claim.extension, extension)) {
            let standing = &after.claims[at];
            if doubted.is_some_and(|doubted| doubted.holder == standing.holder) {
                idempotency_key = Some(after.claims.remove(at).idempotency_key);
            } else {
                // The caller has this process's turn, so a claim of this process is abandoned; in
                // a store of one process, so is every other.
                let elsewhere = store.is_shared() && standing.instance != instance;
                return Ok(if elsewhere && !standing.in_doubt && standing.busy_until > now {
                    Claiming::Busy
                } else {
                    Claiming::InDoubt(standing.clone())
                });
            }
        }
        let was_in_doubt = idempotency_key.is_some();
        let claim = Claim {
            extension: extension.clone(),
            message_id: message_id.map(str::to_owned),
            holder: unique(),
            instance: instance.to_owned(),
            idempotency_key: idempotency_key.unwrap_or_else(unique),
            claimed_at: now,
            busy_until: now + BUSY_MS,
            expires_at: now + BUSY_MS + DOUBT_MS,
            in_doubt: false,
        };
        after.claims.push(claim.clone());
        let change = ClaimChange { key: key.clone(), before, after: Some(after.clone()) };
        let made = match store.change_claims(&change).await {
            // It may have been made all the same, and would stand in everybody's way: a shared store tells.
            // The embedded one shows what is not durable.
            Err(error) if store.is_shared() => match store.claims(key).await {
                Ok(Some(claims)) if claims.claims.contains(&claim) => true,
                _ => return Err(error),
            },
            made => made?,
        };
        if made {
            return Ok(Claiming::Held(Held { key: key.clone(), claim, standing: after, was_in_doubt }));
        }
    }
}

impl Held {
    /// Sent with every attempt to create this record.
    pub fn idempotency_key(&self) -> &str {
        &self.claim.idempotency_key
    }

    /// The change that releases the claim, for the commit that stores the log.
    pub fn released(&self) -> ClaimChange {
        ClaimChange {
            key: self.key.clone(),
            before: Some(self.standing.clone()),
            after: without(&self.standing, &self.claim.holder),
        }
    }

    /// The request before this one was not done: the CRM has shown it.
    #[must_use]
    pub fn undoubted(self) -> Self {
        Self { was_in_doubt: false, ..self }
    }

    /// Ends the claim where the CRM was not asked under it. A request before may have been done all
    /// the same: the claim then stays in doubt, with its idempotency key.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn unused(self, store: &dyn Store) -> Result<(), StoreError> {
        if self.was_in_doubt { self.doubt(store).await } else { self.release(store).await }
    }

    /// Ends the claim where the CRM was asked and the call failed. It stays in doubt where the CRM
    /// may have done what it was asked, now or by a request before.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn failed(self, store: &dyn Store, error: &CallError) -> Result<(), StoreError> {
        if is_in_doubt(error) { self.doubt(store).await } else { self.unused(store).await }
    }

    /// Releases the claim: no record was created, or the log is stored.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn release(self, store: &dyn Store) -> Result<(), StoreError> {
        self.change(store, without).await
    }

    /// Leaves the claim in doubt: the CRM was asked and did not say what it did.
    ///
    /// # Errors
    /// Where the store fails; the claim is in doubt then as well.
    async fn doubt(self, store: &dyn Store) -> Result<(), StoreError> {
        self.change(store, |standing, holder| {
            let mut doubted = standing.clone();
            for claim in doubted.claims.iter_mut().filter(|claim| claim.holder == holder) {
                claim.in_doubt = true;
                claim.expires_at = now_ms() + DOUBT_MS;
            }
            Some(doubted)
        })
        .await
    }

    async fn change(
        self,
        store: &dyn Store,
        change: impl Fn(&Claims, &str) -> Option<Claims>,
    ) -> Result<(), StoreError> {
        let Self { key, claim, standing, .. } = self;
        let mut before = standing;
        loop {
            let after = change(&before, &claim.holder);
            let change = ClaimChange { key: key.clone(), before: Some(before), after };
            if store.change_claims(&change).await? {
                return Ok(());
            }
            match store.claims(&key).await? {
                Some(claims) if claims.claims.iter().any(|other| other.holder == claim.holder) => {
                    before = claims
                }
                // It expired and was swept away, or went with the log.
                _ => return Ok(()),
            }
        }
    }
}

fn without(claims: &Claims, holder: &str) -> Option<Claims> {
    let left: Vec<Claim> = claims.claims.iter().filter(|claim| claim.holder != holder).cloned().collect();
    (!left.is_empty()).then_some(Claims { claims: left })
}

/// Whether the CRM may have done what a failed call asked it.
fn is_in_doubt(error: &CallError) -> bool {
    match error {
        CallError::Failed(failure) => failure.in_doubt,
        // It was asked, and what it answered cannot be read.
        CallError::Unmapped(_) => true,
        CallError::NotSupported(_) | CallError::Message(_) => false,
    }
}

/// Whether what the CRM shows now is what came of a claim in doubt.
pub fn is_settled(claim: &Claim) -> bool {
    now_ms() - claim.claimed_at >= SETTLING_MS
}

/// Where a claim in doubt ends, as a time of day in UTC.
pub fn until(claim: &Claim) -> String {
    jiff::Timestamp::from_millisecond(claim.expires_at)
        .map(|at| at.strftime("%H:%M UTC").to_string())
        .unwrap_or_default()
}

/// A name that nothing else has, 128 bits in hexadecimal: from the random keys of the standard
/// library's hashes, which the system seeds.
pub fn unique() -> String {
    let half = || RandomState::new().hash_one(now_ms());
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_counts_once_the_crm_has_had_its_minute() {
        let claim = |age| Claim {
            extension: Extension::default(),
            message_id: None,
            holder: unique(),
            instance: unique(),
            idempotency_key: unique(),
            claimed_at: now_ms() - age,
            busy_until: 0,
            expires_at: 0,
            in_doubt: true,
        };
        assert!(!is_settled(&claim(0)) && !is_settled(&claim(SETTLING_MS - 1000)));
        assert!(is_settled(&claim(SETTLING_MS)));
    }
}
