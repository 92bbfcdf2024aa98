//! The time, in the units that records and tokens use. Services carry one clock, so that a test can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time of day, which somebody may set, and how long it has run, which nobody can. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The machine's, and when this clock began.
    System(Instant),
    /// Moved by hand.
    Hand(Hand),
}

/// Moves a clock of [`Clock::by_hand`].
#[derive(Debug, Clone, Default)]
pub struct Hand {
    /// Milliseconds since 1970.
    now: Arc<AtomicI64>,
    /// Milliseconds since the clock was made.
    elapsed: Arc<AtomicU64>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System(Instant::now()))
    }

    /// A clock that stands at `now` milliseconds since 1970 until its hand is moved.
    pub fn by_hand(now: i64) -> (Self, Hand) {
        let hand = Hand::default();
        hand.set(now);
        (Self(Source::Hand(hand.clone())), hand)
    }

    /// Milliseconds since 1970, UTC.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System(_) => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Source::Hand(hand) => hand.now.load(Ordering::Relaxed),
        }
    }

    /// Seconds since 1970, UTC.
    pub fn now_seconds(&self) -> i64 {
        self.now_ms() / 1000
    }

    /// How long the clock has run. Setting the time of day does not change it.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System(began) => began.elapsed(),
            Source::Hand(hand) => Duration::from_millis(hand.elapsed.load(Ordering::Relaxed)),
        }
    }
}

impl Hand {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let milliseconds = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.elapsed.fetch_add(milliseconds, Ordering::Relaxed);
        self.now.fetch_add(i64::try_from(milliseconds).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Sets the time of day, in milliseconds since 1970, as somebody may do at any time.
    pub fn set(&self, now: i64) {
        self.now.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moves_by_hand_and_setting_it_lets_no_time_pass() {
        let (clock, hand) = Clock::by_hand(1_000_000);
        let other = clock.clone();
        hand.advance(Duration::from_secs(90));
        assert_eq!((clock.now_ms(), clock.now_seconds()), (1_090_000, 1_090));
        hand.set(5_000);
        assert_eq!((other.now_ms(), other.elapsed()), (5_000, Duration::from_secs(90)));
    }

    #[test]
    fn the_machines_clock_is_of_this_century() {
        let clock = Clock::system();
        assert!(clock.now_ms() > 1_700_000_000_000 && clock.now_ms() < 4_000_000_000_000);
        assert!(clock.elapsed() < Duration::from_secs(60));
    }
}
