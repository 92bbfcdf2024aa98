//! Whether anybody still waits for a piece of work: it is asked between the items of whatever can be many.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells work that its outcome is wanted no more. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// The outcome is wanted no more.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is wanted no more.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Cancels once it is dropped: for the future that waits for the outcome.
    #[must_use]
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

/// Cancels where it goes out of scope.
#[derive(Debug)]
pub struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_cancels_by_going_away() {
        let cancel = Cancel::default();
        let (work, waiting) = (cancel.clone(), cancel.on_drop());
        assert!(!work.is_cancelled());
        drop(waiting);
        assert!(work.is_cancelled() && cancel.is_cancelled());
    }
}
