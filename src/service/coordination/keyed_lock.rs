//! A lock by key: two requests that read a record and write it back must not undo each other.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use tokio::sync::{Mutex, MutexGuard};

/// Enough for records to meet rarely that have nothing to do with each other.
const SLOTS: usize = 64;

/// Locks of this process. Processes that share a store do not wait for each other: what is written
/// back has to be compared with what was read as well (`Store::change_user`, `change_documents`).
pub struct KeyedLock {
    slots: [Mutex<()>; SLOTS],
}

impl Default for KeyedLock {
    fn default() -> Self {
        Self { slots: std::array::from_fn(|_| Mutex::new(())) }
    }
}

impl KeyedLock {
    /// Waits until nobody else changes the record with this key. A holder reads and writes the
    /// store, and never asks a CRM nor takes a second lock.
    pub async fn take<K: Hash>(&self, key: &K) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let slot = usize::try_from(hasher.finish() % SLOTS as u64).unwrap_or_default();
        self.slots[slot].lock().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_key_waits_and_is_free_again() {
        let record_locks = KeyedLock::default();
        let held = record_locks.take(&"a").await;
        let mut second = Box::pin(record_locks.take(&"a"));
        assert!(second.as_mut().now_or_never().is_none());
        drop(held);
        assert!(second.as_mut().now_or_never().is_some());
    }
}
