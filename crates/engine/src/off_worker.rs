//! Work that takes longer than a moment, on a thread of its own: a worker serves many requests at once.

use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

/// One processor is left to the workers. More at once would only take turns, and hold their memory meanwhile.
static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    Arc::new(Semaphore::new(available_parallelism().map_or(1, |all| (all.get() - 1).max(1))))
});

/// Does the work on a thread of its own, and waits for its turn and its end. Nothing if it panics. Whoever
/// no longer waits for its turn does not get one; what has begun ends by its budget.
pub async fn off_worker<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let place = Arc::clone(&PLACES).acquire_owned().await.ok()?;
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    working.await.ok()
}
