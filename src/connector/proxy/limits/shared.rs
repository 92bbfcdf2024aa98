//! What the budgets of all connectors have in common: the one of documents that set none, and which ones several
//! servers keep together.
//!
//! A connector knows no store. Whoever knows one asks here which budgets are in use, agrees with the other servers
//! about the shares, and grants this server's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio::sync::Notify;

use super::Limits;
use crate::engine::operation::RateBudget;

/// The limits of this server whose budgets are shared. Nothing is shared before [`SharedLimits::begin`].
#[derive(Debug, Default)]
pub struct SharedLimits {
    is_begun: AtomicBool,
    /// The budget of documents that set none. It is never shared.
    default_budget: OnceLock<RateBudget>,
    /// The number of the next one.
    next: AtomicU64,
    limits: Mutex<Vec<Weak<Limits>>>,
    wanted: Notify,
}

impl SharedLimits {
    /// From now on new budgets are shared: they begin without anything, and somebody has to grant shares.
    pub fn begin(&self) {
        self.is_begun.store(true, Ordering::Release);
    }

    /// Gives documents that set no budget this one. It is set once, before a document is used.
    pub fn set_default(&self, budget: RateBudget) {
        // A second one would hold for some documents only.
        let _ = self.default_budget.set(budget);
    }

    pub(super) fn default_budget(&self) -> Option<RateBudget> {
        self.default_budget.get().copied()
    }

    pub(super) fn is_begun(&self) -> bool {
        self.is_begun.load(Ordering::Acquire)
    }

    /// A number that no other budget of this server has, or had.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn add(&self, limits: &Arc<Limits>) {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(limits));
    }

    /// Those that are in use, or were and are kept.
    pub fn all(&self) -> Vec<Arc<Limits>> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits.retain(|limits| limits.strong_count() > 0);
        limits.iter().filter_map(Weak::upgrade).collect()
    }

    /// Somebody waits for a share.
    pub(super) fn want(&self) {
        self.wanted.notify_one();
    }

    /// Returns when somebody waits for a share, or did since the last time.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }
}
