//! An amount that all workers share and that stays within a bound: requests under way, bytes of their bodies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much is taken, and the most that may be.
#[derive(Debug)]
pub(super) struct Bounded {
    taken: AtomicUsize,
    most: usize,
}

/// A part of it, which is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    of: Arc<Bounded>,
    amount: usize,
}

impl Bounded {
    /// Nothing is taken.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), most })
    }

    /// Takes a part; `None` if not as much is left.
    pub(super) fn take(self: &Arc<Self>, amount: usize) -> Option<Taken> {
        self.add(amount).then(|| Taken { of: Arc::clone(self), amount })
    }

    fn add(&self, amount: usize) -> bool {
        let fits = |taken: usize| taken.checked_add(amount).filter(|sum| *sum <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

impl Taken {
    /// Takes more; `false` if not as much is left.
    pub(super) fn grow(&mut self, amount: usize) -> bool {
        let has_grown = self.of.add(amount);
        if has_grown {
            self.amount += amount;
        }
        has_grown
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.of.taken.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_stays_within_the_bound_and_comes_back() {
        let bounded = Bounded::new(10);
        let mut first = bounded.take(4).unwrap();
        let second = bounded.take(5).unwrap();
        assert!(bounded.take(2).is_none());
        assert!(first.grow(1) && !first.grow(1));
        drop(second);
        assert!(first.grow(5) && bounded.take(1).is_none());
        drop(first);
        assert!(bounded.take(10).is_some());
        assert!(bounded.take(usize::MAX).is_none());
    }
}
