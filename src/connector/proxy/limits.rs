//! How many requests a connector sends: a bound on those under way, and a budget for a period. One
//! connector's limits are shared by all workers; another connector never waits for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::engine::failure::{Failure, FailureKind};
use crate::engine::operation::{RateBudget, RateLimit};

/// The limits of one connector, with what is used of them.
#[derive(Debug)]
pub struct Limits {
    settings: RateLimit,
    places: Semaphore,
    budget: Option<Budget>,
}

impl Limits {
    /// Limits of which nothing is used yet.
    pub fn new(settings: RateLimit) -> Self {
        Self {
            settings,
            places: Semaphore::new(settings.max_concurrent.clamp(1, Semaphore::MAX_PERMITS)),
            budget: settings.budget.map(Budget::new),
        }
    }

    /// What they were made from.
    pub fn settings(&self) -> RateLimit {
        self.settings
    }

    /// Waits for a turn to send one request. The place is free again when the permit is dropped.
    ///
    /// # Errors
    /// [`FailureKind::Limited`] where there is no turn before the deadline. A budget that cannot be
    /// had in time is known at once and not waited for.
    pub async fn turn(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Failure> {
        let limited = |why: String| Err(Failure::new(FailureKind::Limited, why));
        let place = match self.places.try_acquire() {
            Ok(place) => place,
            Err(_) => match timeout_at(deadline, self.places.acquire()).await {
                Ok(Ok(place)) => place,
                _ => {
                    return limited(format!(
                        "Nothing was sent: {} requests of this connector are waiting for an answer already (rateLimit.maxConcurrent)",
                        self.settings.max_concurrent
                    ));
                }
            },
        };
        let Some(budget) = &self.budget else { return Ok(place) };
        match budget.take(Instant::now(), deadline) {
            Ok(None) => Ok(place),
            Ok(Some(turn)) => {
                sleep_until(turn).await;
                Ok(place)
            }
            Err(Exhausted) => limited(format!(
                "Nothing was sent: this connector sends at most {} requests in {} s (rateLimit), and its turn would come too late",
                budget.requests,
                budget.per.as_secs_f64()
            )),
        }
    }
}

/// There is no turn in time.
struct Exhausted;

/// The generic cell rate algorithm: one number says when the budget is whole again, so that taking
/// from it is one atomic operation. Turns are given in the order in which they are asked for.
#[derive(Debug)]
struct Budget {
    requests: u32,
    per: Duration,
    /// What the numbers count from.
    start: Instant,
    /// Nanoseconds after `start` at which nothing of the budget is used any more.
    whole_at: AtomicU64,
}

impl Budget {
    fn new(budget: RateBudget) -> Self {
        let RateBudget { requests, per } = budget;
        Self { requests: requests.max(1), per, start: Instant::now(), whole_at: AtomicU64::new(0) }
    }

    /// Takes one request out of the budget. Gives when it may be sent; `None` is at once.
    fn take(&self, now: Instant, deadline: Instant) -> Result<Option<Instant>, Exhausted> {
        let since = |at: Instant| nanoseconds(at.saturating_duration_since(self.start));
        let (now, latest) = (since(now), since(deadline));
        let period = nanoseconds(self.per);
        let share = (period / u64::from(self.requests)).max(1);
        let mut turn = now;
        let taken = self.whole_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |whole_at| {
            let next = whole_at.max(now).saturating_add(share);
            turn = next.saturating_sub(period).max(now);
            (turn <= latest).then_some(next)
        });
        match taken {
            Err(_) => Err(Exhausted),
            Ok(_) if turn <= now => Ok(None),
            Ok(_) => Ok(Some(self.start + Duration::from_nanos(turn))),
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(requests: u32, seconds: u64) -> Budget {
        Budget::new(RateBudget { requests, per: Duration::from_secs(seconds) })
    }

    /// Milliseconds until the turn, where there is one.
    fn take(budget: &Budget, at: u64, patience: u64) -> Option<u64> {
        let now = budget.start + Duration::from_millis(at);
        match budget.take(now, now + Duration::from_millis(patience)) {
            Ok(turn) => Some(turn.map_or(0, |turn| (turn - now).as_millis() as u64)),
            Err(Exhausted) => None,
        }
    }

    #[test]
    fn a_period_holds_as_many_as_it_says() {
        let budget = budget(4, 2);
        let waits: Vec<_> = (0..6).map(|_| take(&budget, 0, 10_000)).collect();
        assert_eq!(waits, [Some(0), Some(0), Some(0), Some(0), Some(500), Some(1000)]);
    }

    #[test]
    fn what_cannot_be_had_in_time_uses_nothing() {
        let budget = budget(1, 10);
        assert_eq!(take(&budget, 0, 0), Some(0));
        for _ in 0..100 {
            assert_eq!(take(&budget, 0, 9_999), None);
        }
        assert_eq!(take(&budget, 0, 10_000), Some(10_000));
        assert_eq!(take(&budget, 1_000, 10_000), None);
    }

    #[test]
    fn the_budget_comes_back_and_no_more_than_that() {
        let budget = budget(2, 1);
        assert_eq!([take(&budget, 0, 0), take(&budget, 0, 0), take(&budget, 0, 0)], [Some(0), Some(0), None]);
        assert_eq!([take(&budget, 500, 0), take(&budget, 500, 0)], [Some(0), None]);
        let later: Vec<_> = (0..3).map(|_| take(&budget, 60_000, 0)).collect();
        assert_eq!(later, [Some(0), Some(0), None], "an idle hour saves nothing up");
    }

    #[test]
    fn many_threads_take_no_more_than_there_is() {
        let budget = budget(1000, 3600);
        let (now, deadline) = (budget.start, budget.start);
        let taken: usize = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..500).filter(|_| budget.take(now, deadline).is_ok()).count()))
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!(taken, 1000);
    }

    #[tokio::test]
    async fn places_come_back_and_waiting_ends_at_the_deadline() {
        let limits = Limits::new(RateLimit { max_concurrent: 1, budget: None });
        let soon = || Instant::now() + Duration::from_millis(20);
        let place = limits.turn(soon()).await.unwrap();
        let refused = limits.turn(soon()).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Limited);
        drop(place);
        assert!(limits.turn(soon()).await.is_ok());
    }
}
