//! So many requests in a period, of which a server may have a share only.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::operation::RateBudget;

/// The turns of the last period, so that no period, whenever it begins, holds more than it may: CRMs
/// count in windows of their own. Turns are given in the order in which they are asked for.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) requests: usize,
    pub(super) per: Duration,
    turns: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    /// The last period's, and those to come.
    given: VecDeque<Instant>,
    /// How many a period may hold here. All of them, where nobody else takes of the budget.
    share: usize,
    /// Until then the share is ours; absent where it always is.
    until: Option<Instant>,
    /// Rises when a share was lost: turns that were to come are void.
    generation: u64,
    /// When somebody asked last.
    asked: Option<Instant>,
}

/// When a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) at: Instant,
    generation: u64,
}

/// Why there is no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// There is none in time.
    TooLate,
    /// This server has no share at the moment.
    NoShare,
}

/// What is used of a budget here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// How long nobody has asked for a turn; absent if nobody ever did.
    pub idle: Option<Duration>,
    /// The most turns of any period that is not over.
    pub most: usize,
}

impl Budget {
    /// The whole budget is this server's.
    pub(super) fn whole(budget: RateBudget) -> Self {
        let RateBudget { requests, per } = budget;
        let requests = usize::try_from(requests).unwrap_or(usize::MAX).max(1);
        let turns =
            Turns { given: VecDeque::new(), share: requests, until: None, generation: 0, asked: None };
        Self { requests, per, turns: Mutex::new(turns) }
    }

    /// Nothing of the budget is this server's before [`Budget::grant`] says so.
    pub(super) fn shared(budget: RateBudget, now: Instant) -> Self {
        let budget = Self::whole(budget);
        let mut turns = budget.turns();
        (turns.share, turns.until) = (0, Some(now));
        drop(turns);
        budget
    }

    /// Takes one request out of the budget.
    pub(super) fn take(&self, now: Instant, deadline: Instant) -> Result<Turn, Denied> {
        let mut turns = self.turns();
        turns.asked = Some(now);
        turns.forget_before(now, self.per);
        if turns.share == 0 || !turns.is_held(now) {
            return Err(Denied::NoShare);
        }
        let at = match turns.given.len().checked_sub(turns.share) {
            Some(oldest) => (turns.given[oldest] + self.per).max(now),
            None => now,
        };
        if at > deadline {
            return Err(Denied::TooLate);
        }
        turns.given.push_back(at);
        Ok(Turn { at, generation: turns.generation })
    }

    /// Whether a turn that has come may still be used: the share may have been lost meanwhile.
    pub(super) fn holds(&self, turn: Turn, now: Instant) -> bool {
        let turns = self.turns();
        turns.generation == turn.generation && turns.is_held(now)
    }

    /// What is used of it.
    pub(super) fn in_use(&self, now: Instant) -> Use {
        let mut turns = self.turns();
        turns.forget_before(now, self.per);
        let idle = turns.asked.map(|asked| now.saturating_duration_since(asked));
        Use { idle, most: most_in(&turns.given, self.per) }
    }

    /// A period holds at most so many from now on. What is given stays given.
    pub(super) fn narrow(&self, share: usize) {
        let mut turns = self.turns();
        turns.share = turns.share.min(share);
    }

    /// A period may hold so many until then. Whether the share has grown.
    pub(super) fn grant(&self, share: usize, now: Instant, until: Instant) -> bool {
        let mut turns = self.turns();
        let was_held = turns.is_held(now);
        if !was_held {
            // Others may have taken it, so nothing is promised any more.
            turns.generation += 1;
            turns.given.retain(|turn| *turn <= now);
        }
        let has_grown = share > turns.share || !was_held;
        (turns.share, turns.until) = (share, Some(until));
        has_grown
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    fn is_held(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn forget_before(&mut self, now: Instant, per: Duration) {
        while self.given.front().is_some_and(|turn| *turn + per <= now) {
            self.given.pop_front();
        }
    }
}

/// The most of these that one period holds, wherever it begins. They are in order.
fn most_in(given: &VecDeque<Instant>, per: Duration) -> usize {
    let (mut most, mut first) = (0, 0);
    for (last, turn) in given.iter().enumerate() {
        while given[first] + per <= *turn {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(requests: u32, seconds: u64) -> Budget {
        Budget::whole(RateBudget { requests, per: Duration::from_secs(seconds) })
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Milliseconds until the turn, where there is one.
    fn take(budget: &Budget, start: Instant, at: u64, patience: u64) -> Option<u64> {
        let now = start + ms(at);
        budget.take(now, now + ms(patience)).ok().map(|turn| (turn.at - now).as_millis() as u64)
    }

    #[test]
    fn a_period_holds_as_many_as_it_says() {
        let (budget, start) = (budget(4, 2), Instant::now());
        let take = |at, patience| take(&budget, start, at, patience);
        assert_eq!([take(0, 0), take(0, 0), take(500, 0), take(1900, 0)], [Some(0); 4]);
        // Whichever two seconds are looked at, there are four.
        let waits: Vec<_> = (0..6).map(|_| take(1900, 10_000)).collect();
        assert_eq!(waits, [100, 100, 600, 2000, 2100, 2100].map(Some));
        assert_eq!(budget.in_use(start + ms(1900)).most, 4);
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

    #[test]
    fn a_share_is_had_while_it_is_held() {
        let start = Instant::now();
        let rate = RateBudget { requests: 10, per: Duration::from_secs(10) };
        let budget = Budget::shared(rate, start);
        assert_eq!(budget.take(start, start + ms(60_000)), Err(Denied::NoShare));
        assert_eq!(budget.in_use(start + ms(5)), Use { idle: Some(ms(5)), most: 0 });
        assert!(budget.grant(3, start, start + ms(4_000)));
        assert!(!budget.grant(3, start, start + ms(5_000)));
        let take = |at, patience| take(&budget, start, at, patience);
        assert_eq!([take(0, 0), take(0, 0), take(0, 0), take(0, 0)], [Some(0), Some(0), Some(0), None]);
        let waiting = budget.take(start, start + ms(20_000)).unwrap();
        assert_eq!(waiting.at, start + ms(10_000));
        // Nobody renewed it.
        assert_eq!(budget.take(start + ms(5_000), start + ms(60_000)), Err(Denied::NoShare));
        assert!(!budget.holds(waiting, start + ms(10_000)));
        // What was to come is void, and what was sent counts.
        assert!(budget.grant(3, start + ms(6_000), start + ms(60_000)));
        assert!(!budget.holds(waiting, start + ms(10_000)));
        assert_eq!(take(6_000, 10_000), Some(4_000));
    }

    #[test]
    fn a_share_that_shrinks_lets_go_as_its_periods_end() {
        let start = Instant::now();
        let rate = RateBudget { requests: 4, per: Duration::from_secs(10) };
        let budget = Budget::shared(rate, start);
        budget.grant(4, start, start + ms(100_000));
        let take = |at, patience| take(&budget, start, at, patience);
        assert_eq!([take(0, 0), take(1_000, 0), take(2_000, 0), take(3_000, 0)], [Some(0); 4]);
        budget.narrow(2);
        let most = |at| budget.in_use(start + ms(at)).most;
        assert_eq!(most(3_000), 4);
        // Two in each period from now on.
        assert_eq!(take(4_000, 60_000), Some(8_000));
        assert_eq!([most(10_000), most(11_000), most(12_000)], [3, 2, 2]);
    }
}
