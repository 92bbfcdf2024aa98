//! Turns within this process: requests for one subject wait for the first and get its answer.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::store::ClaimKey;

const SHARDS: usize = 64;

type Landing<T> = watch::Receiver<Option<T>>;

/// What this process is asking CRMs to create, by subject. Requests for the same subject wait for
/// the first and get its answer.
pub struct Flights<T> {
    shards: [Mutex<HashMap<ClaimKey, Landing<T>>>; SHARDS],
    hasher: RandomState,
}

/// Whose turn it is.
pub enum Turn<T> {
    /// The caller's. Everyone else waits until it lands or is dropped.
    Yours(Flight<T>),
    /// Another request had its turn; its answer.
    Landed(T),
    /// Another request had its turn and ended without an answer.
    Ended,
    /// Another request is still at it, and the caller's patience is over.
    Waiting,
}

/// A turn.
pub struct Flight<T> {
    flights: Arc<Flights<T>>,
    key: ClaimKey,
    landing: watch::Sender<Option<T>>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl<T> Flights<T> {
    fn shard(&self, key: &ClaimKey) -> &Mutex<HashMap<ClaimKey, Landing<T>>> {
        #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }
}

impl<T: Clone> Flights<T> {
    /// Takes the turn, or waits for the one who has it.
    pub async fn turn(self: &Arc<Self>, key: &ClaimKey, patience: Duration) -> Turn<T> {
        let mut landing = {
            let mut shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
            match shard.get(key) {
                Some(landing) => landing.clone(),
                None => {
                    let (sender, landing) = watch::channel(None);
                    shard.insert(key.clone(), landing);
                    return Turn::Yours(Flight {
                        flights: Arc::clone(self),
                        key: key.clone(),
                        landing: sender,
                    });
                }
            }
        };
        match tokio::time::timeout(patience, landing.wait_for(Option::is_some)).await {
            Ok(Ok(answer)) => answer.clone().map_or(Turn::Ended, Turn::Landed),
            Ok(Err(_)) => Turn::Ended,
            Err(_) => Turn::Waiting,
        }
    }
}

impl<T> Flight<T> {
    /// Ends the turn with an answer for those who wait.
    pub fn land(self, answer: T) {
        // Before the answer: who comes now finds what was stored.
        self.remove();
        self.landing.send_replace(Some(answer));
    }

    fn remove(&self) {
        let mut shard = self.flights.shard(&self.key).lock().unwrap_or_else(PoisonError::into_inner);
        if shard.get(&self.key).is_some_and(|landing| landing.same_channel(&self.landing.subscribe())) {
            shard.remove(&self.key);
        }
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        self.remove();
    }
}
