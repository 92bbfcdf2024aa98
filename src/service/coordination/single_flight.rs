//! One request for all: within this process, requests for one subject wait for the first and get its answer.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::store::ClaimKey;

const SHARDS: usize = 64;

type Answer<T> = watch::Receiver<Option<T>>;

/// What this process is asking CRMs, by subject. Requests for the same subject wait for the first and get its answer.
pub struct SingleFlight<T, K = ClaimKey> {
    shards: [Mutex<HashMap<K, Answer<T>>>; SHARDS],
    hasher: RandomState,
}

/// The part that a request has.
pub enum Joined<T, K: Hash + Eq = ClaimKey> {
    /// It is the first, and asks. Everyone else waits until it finishes or is dropped.
    Leader(Leader<T, K>),
    /// Another request asked; its answer.
    Shared(T),
    /// Another request asked and ended without an answer.
    Ended,
    /// Another request is still at it, and the caller's patience is over.
    Waiting,
}

/// The first request for a subject.
pub struct Leader<T, K: Hash + Eq = ClaimKey> {
    all: Arc<SingleFlight<T, K>>,
    key: K,
    answer: watch::Sender<Option<T>>,
}

impl<T, K> Default for SingleFlight<T, K> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl<T, K: Hash> SingleFlight<T, K> {
    fn shard(&self, key: &K) -> &Mutex<HashMap<K, Answer<T>>> {
        #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }
}

impl<T: Clone, K: Hash + Eq + Clone> SingleFlight<T, K> {
    /// Becomes the leader, or waits for the one that is.
    pub async fn join(self: &Arc<Self>, key: &K, patience: Duration) -> Joined<T, K> {
        let mut answer = {
            let mut shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
            match shard.get(key) {
                Some(answer) => answer.clone(),
                None => {
                    let (sender, answer) = watch::channel(None);
                    shard.insert(key.clone(), answer);
                    return Joined::Leader(Leader {
                        all: Arc::clone(self),
                        key: key.clone(),
                        answer: sender,
                    });
                }
            }
        };
        match tokio::time::timeout(patience, answer.wait_for(Option::is_some)).await {
            Ok(Ok(answer)) => answer.clone().map_or(Joined::Ended, Joined::Shared),
            Ok(Err(_)) => Joined::Ended,
            Err(_) => Joined::Waiting,
        }
    }
}

impl<T, K: Hash + Eq> Leader<T, K> {
    /// Ends with an answer for those who wait.
    pub fn finish(self, answer: T) {
        // Before the answer: who comes now finds what was stored.
        self.remove();
        self.answer.send_replace(Some(answer));
    }

    fn remove(&self) {
        let mut shard = self.all.shard(&self.key).lock().unwrap_or_else(PoisonError::into_inner);
        if shard.get(&self.key).is_some_and(|answer| answer.same_channel(&self.answer.subscribe())) {
            shard.remove(&self.key);
        }
    }
}

impl<T, K: Hash + Eq> Drop for Leader<T, K> {
    fn drop(&mut self) {
        self.remove();
    }
}
