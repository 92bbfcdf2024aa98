//! Exactly one record: who may ask the CRM to create it.
//!
//! Within this process, requests for one subject share the answer of the first
//! ([`single_flight`](super::single_flight)), and no store is asked for that. The claims of the store hold beyond it,
//! for other processes and after a crash. A claim is durable before the CRM is asked, and goes in the same commit
//! that stores the log. If its holder is gone, or gave up without knowing what the CRM did, it is in doubt: the
//! record may exist. A doubt is kept for a week, with the idempotency key of its request. If nobody can settle it, no
//! second record is asked for until [`QUIET`] is over.

mod age;

use std::sync::Arc;
use std::time::Duration;

pub use self::age::{Doubt, Instance, QUIET, until};
use super::at_last::{at_last, may_be_taken_later};
use crate::connector::CallError;
use crate::engine::operation::LONGEST_TIMEOUT;
use crate::random_id::random_hex;
use crate::service::fitting;
use crate::store::{Claim, ClaimChange, ClaimKey, Claims, Extension, Store, StoreError};

/// How long a request waits for another one that logs the same.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a claim of another server is looked at.
pub const POLL: Duration = Duration::from_millis(100);

/// What a holder does beside asking for the record: it reads the store and makes the credential.
const ASIDE: Duration = Duration::from_secs(60);

/// How long a holder may be waiting for the CRM, in milliseconds: longer than any exchange takes. The
/// last sending of a text begins within [`fitting::BUDGET`] and takes a document's longest timeout at
/// most. Were it shorter, another server would see a doubt, and make a second record beside the first.
#[allow(clippy::cast_possible_truncation, reason = "some minutes")]
const BUSY_MS: i64 = (LONGEST_TIMEOUT.as_millis() + fitting::BUDGET.as_millis() + ASIDE.as_millis()) as i64;

/// How long a claim is kept: a doubt, or a key that the next attempt sends again.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How many keys without a doubt are kept for one subject.
const KEPT_KEYS: usize = 16;

/// The outcome of asking for a claim.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "returned and matched once, never kept")]
pub enum Claiming {
    /// The caller holds it and may ask the CRM.
    Held(ClaimGuard),
    /// Another server holds it and may be waiting for the CRM.
    Busy,
    /// The CRM was asked before, and nobody knows what it did.
    InDoubt(Doubt),
}

/// Whether a claim of one extension stands in the way of another's.
pub type Conflict = fn(standing: &Extension, asked: &Extension) -> bool;

/// What is asked for. The caller has the turn for it in this process.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Where claims are kept.
    pub store: &'a Arc<dyn Store>,
    /// This start of the server.
    pub instance: &'a Instance,
    /// The subject.
    pub key: &'a ClaimKey,
    /// For which extension.
    pub extension: &'a Extension,
    /// For which message of a conversation.
    pub message_id: Option<&'a str>,
    /// Which claims stand in the way.
    pub conflict: Conflict,
    /// Whether the CRM gets the idempotency key: it then stays the same until the record is known.
    pub sends_key: bool,
}

/// How a claim ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// No record was created, or its log is stored.
    Released,
    /// Nothing was done under it: see [`ClaimGuard::unused`].
    Unused,
    /// The CRM was asked and did not say what it did.
    InDoubt,
}

/// A claim that the caller holds. It has to end: with the log, released, or in doubt. One that is
/// merely dropped is in doubt for whoever comes next.
#[derive(Debug, Clone)]
pub struct ClaimGuard {
    key: ClaimKey,
    claim: Claim,
    standing: Claims,
    instance: Instance,
    /// The claim in doubt that this one took over: it stands again where nothing was done since.
    former: Option<Claim>,
    sends_key: bool,
}

impl Wanted<'_> {
    /// Claims the subject. With `doubted`, a claim in doubt that the caller may ask again for, it is
    /// taken over together with its idempotency key.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn claim(&self, doubted: Option<&Doubt>) -> Result<Claiming, StoreError> {
        loop {
            let (before, now) =
                tokio::try_join!(self.store.claims(self.key), self.instance.now(&**self.store))?;
            let mut after = before.clone().unwrap_or_default();
            after.claims.retain(|claim| claim.expires_at > now);
            let mut kept_key = self.take_kept_key(&mut after);
            let mut former = None;
            if let Some(at) = self.in_the_way(&after, now) {
                let standing = &after.claims[at];
                let age = self.age(standing, now);
                if doubted.is_none_or(|doubted| doubted.claim.holder != standing.holder) {
                    // The caller has this process's turn, so a claim of this process is abandoned; in
                    // a store of one process, so is every other.
                    let elsewhere = self.store.is_shared() && standing.instance != self.instance.name();
                    return Ok(if elsewhere && !standing.in_doubt && standing.busy_until > now {
                        Claiming::Busy
                    } else {
                        Claiming::InDoubt(Doubt { claim: standing.clone(), age })
                    });
                }
                let taken = after.claims.remove(at);
                kept_key = Some(taken.idempotency_key.clone());
                former = Some(self.instance.doubted_since(taken, age));
            }
            let claim = Claim {
                extension: self.extension.clone(),
                message_id: self.message_id.map(str::to_owned),
                holder: unique()?,
                instance: self.instance.name().to_owned(),
                idempotency_key: kept_key.map_or_else(unique, Ok)?,
                claimed_at: now,
                uptime: self.instance.uptime(),
                known_age: 0,
                busy_until: now + BUSY_MS,
                expires_at: now + WEEK_MS,
                in_doubt: false,
                is_undone: false,
            };
            after.claims.push(claim.clone());
            let change = ClaimChange { key: self.key.clone(), before, after: Some(after.clone()) };
            let made = self.store.change_claims(&change).await;
            let held = ClaimGuard {
                key: self.key.clone(),
                claim,
                standing: after,
                instance: self.instance.clone(),
                former,
                sends_key: self.sends_key,
            };
            let made = match made {
                // It may have been made all the same, and would stand in everybody's way: a shared
                // store tells. The embedded one shows what is not durable.
                Err(error) if self.store.is_shared() => match self.store.claims(self.key).await {
                    Ok(Some(claims)) if claims.claims.contains(&held.claim) => true,
                    Ok(_) => return Err(error),
                    Err(_) => return Err(held.settle_later(self.store, Ending::Unused, error)),
                },
                Err(error) => return Err(held.settle_later(self.store, Ending::Unused, error)),
                Ok(made) => made,
            };
            if made {
                return Ok(Claiming::Held(held));
            }
        }
    }

    fn age(&self, claim: &Claim, now: i64) -> Duration {
        self.instance.age(claim, self.store.is_shared().then_some(now))
    }

    fn is_same(&self, claim: &Claim) -> bool {
        claim.message_id.as_deref() == self.message_id && (self.conflict)(&claim.extension, self.extension)
    }

    /// The claim that has to be ended or waited for. A doubt about another message of the conversation
    /// holds this one up for a while only.
    fn in_the_way(&self, claims: &Claims, now: i64) -> Option<usize> {
        let is_other = |claim: &Claim| {
            let conflicts = (self.conflict)(&claim.extension, self.extension) && !self.is_same(claim);
            conflicts && self.age(claim, now) < QUIET
        };
        let mut asked = claims.claims.iter().enumerate().filter(|(_, claim)| !claim.is_undone);
        let own = |(at, claim): (usize, &Claim)| self.is_same(claim).then_some(at);
        asked.clone().find(|(_, claim)| is_other(claim)).map(|(at, _)| at).or_else(|| asked.find_map(own))
    }

    /// The key of an attempt that did nothing.
    fn take_kept_key(&self, claims: &mut Claims) -> Option<String> {
        let at = claims.claims.iter().position(|claim| claim.is_undone && self.is_same(claim))?;
        Some(claims.claims.remove(at).idempotency_key)
    }
}

impl ClaimGuard {
    /// Sent with every attempt to create this record.
    pub fn idempotency_key(&self) -> &str {
        &self.claim.idempotency_key
    }

    /// The change that releases the claim, for the commit that stores the log.
    pub fn released(&self) -> ClaimChange {
        ClaimChange {
            key: self.key.clone(),
            before: Some(self.standing.clone()),
            after: some(without(&self.standing, &self.claim.holder)),
        }
    }

    /// The request before this one was not done: the CRM has shown it.
    #[must_use]
    pub fn undoubted(self) -> Self {
        Self { former: None, ..self }
    }

    /// Ends the claim where nothing was done under it. A request before may have been done all the
    /// same: its doubt then stands again. Where the CRM gets the key, the next attempt sends it again.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn unused(mut self, store: &dyn Store) -> Result<(), StoreError> {
        let left = match self.former.take() {
            Some(former) => former,
            None if self.sends_key => Claim { is_undone: true, ..self.claim.clone() },
            None => return self.release(store).await,
        };
        self.change(store, |standing, holder| {
            let mut claims = without(standing, holder);
            claims.claims.push(left.clone());
            let undone = claims.claims.iter().filter(|claim| claim.is_undone).count();
            if undone > KEPT_KEYS
                && let Some(oldest) = claims.claims.iter().position(|claim| claim.is_undone)
            {
                claims.claims.remove(oldest);
            }
            claims
        })
        .await
    }

    /// Ends the claim where the CRM was asked and the call failed. It stays in doubt where the CRM
    /// may have done what it was asked, now or by a request before.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn failed(self, store: &Arc<dyn Store>, error: &CallError) -> Result<(), StoreError> {
        let ending = match error {
            error if error.is_in_doubt() => Ending::InDoubt,
            // Some CRMs answer the same under the same key, also where the request was mended since.
            CallError::Failed(failure) if failure.kind.is_about_content() && self.former.is_none() => {
                Ending::Released
            }
            _ => Ending::Unused,
        };
        self.settle(store, ending).await
    }

    /// Ends the claim. If the store does not take it now, it is offered again in the background: a claim that
    /// stands for a holder who has given up would hold others up for minutes.
    ///
    /// # Errors
    /// If the store does not take it now.
    pub async fn settle(self, store: &Arc<dyn Store>, ending: Ending) -> Result<(), StoreError> {
        let ended = self.clone().end(&**store, ending).await;
        ended.map_err(|error| self.settle_later(store, ending, error))
    }

    /// Ends the claim in the background, after an error, which is handed back.
    fn settle_later(self, store: &Arc<dyn Store>, ending: Ending, error: StoreError) -> StoreError {
        if may_be_taken_later(&error) {
            at_last(store, "the end of a claim", move |store| {
                let held = self.clone();
                async move { held.end(&*store, ending).await }
            });
        }
        error
    }

    async fn end(self, store: &dyn Store, ending: Ending) -> Result<(), StoreError> {
        match ending {
            Ending::Released => self.release(store).await,
            Ending::Unused => self.unused(store).await,
            Ending::InDoubt => self.doubt(store).await,
        }
    }

    /// Releases the claim: no record was created, or the log is stored.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn release(self, store: &dyn Store) -> Result<(), StoreError> {
        self.change(store, without).await
    }

    /// Leaves the claim in doubt: the CRM was asked and did not say what it did. The doubt begins now:
    /// until its answer was due, the CRM was at work.
    ///
    /// # Errors
    /// If the store fails; the claim is in doubt then as well.
    async fn doubt(self, store: &dyn Store) -> Result<(), StoreError> {
        let claim = Claim { claimed_at: self.instance.now(store).await?, ..self.claim.clone() };
        let doubted = self.instance.doubted_since(claim, Duration::ZERO);
        self.change(store, |standing, holder| {
            let mut claims = without(standing, holder);
            claims.claims.push(doubted.clone());
            claims
        })
        .await
    }

    async fn change(
        self,
        store: &dyn Store,
        change: impl Fn(&Claims, &str) -> Claims,
    ) -> Result<(), StoreError> {
        let Self { key, claim, standing, .. } = self;
        let mut before = standing;
        loop {
            let after = some(change(&before, &claim.holder));
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

fn without(claims: &Claims, holder: &str) -> Claims {
    Claims { claims: claims.claims.iter().filter(|claim| claim.holder != holder).cloned().collect() }
}

fn some(claims: Claims) -> Option<Claims> {
    (!claims.claims.is_empty()).then_some(claims)
}

/// A name that nothing else has, 128 bits in hexadecimal.
///
/// # Errors
/// If the system gives no random numbers. Without a name of its own, nothing may be claimed.
pub(super) fn unique() -> Result<String, StoreError> {
    random_hex::<16>().map_err(|error| StoreError::Unavailable {
        what: "naming a claim".to_owned(),
        why: error.to_string(),
        mend: "Try again".to_owned(),
    })
}

#[cfg(test)]
mod tests;
