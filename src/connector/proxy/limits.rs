//! How many requests a connector sends: a bound on those under way, and a budget for a period. One
//! connector's limits are shared by all workers; another connector never waits for them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
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

/// The turns of the last period, so that no period, whenever it begins, holds more than it may: CRMs
/// count in windows of their own. Turns are given in the order in which they are asked for.
#[derive(Debug)]
struct Budget {
    requests: usize,
    per: Duration,
    turns: Mutex<VecDeque<Instant>>,
}

impl Budget {
    fn new(budget: RateBudget) -> Self {
        let RateBudget { requests, per } = budget;
        let requests = usize::try_from(requests).unwrap_or(usize::MAX).max(1);
        Self { requests, per, turns: Mutex::default() }
    }

    /// Takes one request out of the budget. Gives when it may be sent; `None` is at once.
    fn take(&self, now: Instant, deadline: Instant) -> Result<Option<Instant>, Exhausted> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        while turns.front().is_some_and(|turn| *turn + self.per <= now) {
            turns.pop_front();
        }
        let turn = match turns.len().checked_sub(self.requests) {
            Some(oldest) => (turns[oldest] + self.per).max(now),
            None => now,
        };
        if turn > deadline {
            return Err(Exhausted);
        }
        turns.push_back(turn);
        Ok((turn > now).then_some(turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(requests: u32, seconds: u64) -> Budget {
        Budget::new(RateBudget { requests, per: Duration::from_secs(seconds) })
    }

    /// Milliseconds until the turn, where there is one.
    fn take(budget: &Budget, start: Instant, at: u64, patience: u64) -> Option<u64> {
        let now = start + Duration::from_millis(at);
        match budget.take(now, now + Duration::from_millis(patience)) {
            Ok(turn) => Some(turn.map_or(0, |turn| (turn - now).as_millis() as u64)),
            Err(Exhausted) => None,
        }
    }

    #[test]
    fn a_period_holds_as_many_as_it_says() {
        let (budget, start) = (budget(4, 2), Instant::now());
        let take = |at, patience| take(&budget, start, at, patience);
        assert_eq!([take(0, 0), take(0, 0), take(500, 0), take(1900, 0)], [Some(0); 4]);
        // Whichever two seconds are looked at, there are four.
        let waits: Vec<_> = (0..6).map(|_| take(1900, 10_000)).collect();
        assert_eq!(waits, [100, 100, 600, 2000, 2100, 2100].map(Some));
    }

    #[test]
    fn what_cannot_be_had_in_time_uses_nothing() {
        let (budget, start) = (budget(1, 10), Instant::now());
        let take = |at, patience| take(&budget, start, at, patience);
        assert_eq!(take(0, 0), Some(0));
        for _ in 0..100 {
            assert_eq!(take(0, 9_999), None);
        }
        assert_eq!(take(0, 10_000), Some(10_000));
        assert_eq!(take(1_000, 10_000), None);
    }

    #[test]
    fn the_budget_comes_back_and_no_more_than_that() {
        let (budget, start) = (budget(2, 1), Instant::now());
        let take = |at| take(&budget, start, at, 0);
        assert_eq!([take(0), take(500), take(500)], [Some(0), Some(0), None]);
        assert_eq!([take(1_000), take(1_000)], [Some(0), None]);
        let later = [take(60_000), take(60_000), take(60_000)];
        assert_eq!(later, [Some(0), Some(0), None], "an idle minute saves nothing up");
    }

    #[test]
    fn many_threads_take_no_more_than_there_is() {
        let budget = budget(1000, 3600);
        let now = Instant::now();
        let taken: usize = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..500).filter(|_| budget.take(now, now).is_ok()).count()))
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
