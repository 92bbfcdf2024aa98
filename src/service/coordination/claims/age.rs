//! How long a claim is in doubt, by clocks that nobody sets: a machine's own clock may be hours
//! ahead, or be put right between two starts.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::unique;
use crate::service::clock::Clock;
use crate::store::{Claim, Store, StoreError};

/// How long no second record is asked for, where nobody can settle a doubt: longer than gateways
/// wait for a CRM, and time enough to look there.
pub const QUIET: Duration = Duration::from_secs(10 * 60);

/// How long a CRM that did not answer may still be at it: before, a lookup that finds nothing says nothing.
const SETTLING: Duration = Duration::from_secs(60);

/// This start of the server.
#[derive(Debug, Clone)]
pub struct Instance {
    name: Arc<str>,
    clock: Clock,
    /// What the clock had run by then.
    started: Duration,
}

impl Instance {
    /// A start of the server, now.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(clock: Clock) -> Result<Self, StoreError> {
        Ok(Self { name: unique()?.into(), started: clock.elapsed(), clock })
    }

    /// As claims and leases name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Milliseconds since the start.
    pub(super) fn uptime(&self) -> i64 {
        milliseconds(self.elapsed())
    }

    /// How long ago that start was.
    pub(in crate::service) fn elapsed(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.started)
    }

    /// The time by which claims and leases expire, in milliseconds since 1970: the store's if servers share it, else
    /// this server's.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub(crate) async fn now(&self, store: &dyn Store) -> Result<i64, StoreError> {
        if store.is_shared() { store.now().await } else { Ok(self.clock.now_ms()) }
    }

    /// How long ago a claim was made, or left in doubt, at least. In a store of several processes, whose time is `now`,
    /// its clock says. In a store of one, a claim of another start is as old as this start, and as
    /// what that one knew of it.
    pub(super) fn age(&self, claim: &Claim, now: Option<i64>) -> Duration {
        let milliseconds = match now {
            Some(now) => now - claim.claimed_at,
            None if claim.instance == self.name() => self.uptime() - claim.uptime,
            None => self.uptime() + claim.known_age,
        };
        Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default())
    }

    /// The claim as it is left in doubt, of an age that is known already.
    pub(super) fn doubted_since(&self, claim: Claim, age: Duration) -> Claim {
        let age = milliseconds(age);
        let instance = self.name().to_owned();
        Claim { instance, uptime: self.uptime() - age, known_age: age, in_doubt: true, ..claim }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A claim in doubt.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// The claim.
    pub claim: Claim,
    /// How old it is, at least.
    pub age: Duration,
}

impl Doubt {
    /// Whether what the CRM shows now is what came of the request.
    pub fn is_settled(&self) -> bool {
        self.age >= SETTLING
    }

    /// Whether a second record may be asked for, although nobody knows whether there is a first.
    pub fn is_over(&self) -> bool {
        self.age >= QUIET
    }

    /// When it is over, as a time of day in UTC.
    pub fn until(&self, clock: &Clock) -> String {
        until(clock, QUIET.saturating_sub(self.age))
    }
}

/// The time of day in UTC after so long, in whole minutes: not before it.
pub fn until(clock: &Clock, left: Duration) -> String {
    let left = SignedDuration::try_from(left).unwrap_or_default() + SignedDuration::from_secs(59);
    let now = Timestamp::from_millisecond(clock.now_ms()).unwrap_or(Timestamp::MAX);
    let at = now.checked_add(left).unwrap_or(Timestamp::MAX);
    at.strftime("%H:%M UTC").to_string()
}
