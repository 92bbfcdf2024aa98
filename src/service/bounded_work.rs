//! Work that takes long because somebody sent much: checking a document, comparing two of them, showing what
//! one would send. It leaves the workers that answer requests, a few pieces run at a time, and each ends soon
//! after nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::engine::cancel::Cancel;

/// How long a piece waits for its place. A check of a usual document takes milliseconds, and one of the
/// largest a second or two.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many pieces wait at a time: each holds what was sent.
const WAITING: usize = 32;

/// Most pieces at a time, also on a large machine: each may take some hundred megabytes.
const MOST: usize = 4;

/// When somebody who found no place should come again, in seconds.
pub const COME_AGAIN: u64 = 2;

/// Runs a few pieces of work at a time.
#[derive(Debug)]
pub struct BoundedWork {
    places: Arc<Semaphore>,
    patience: Duration,
    waiting: AtomicUsize,
}

/// Why a piece of work gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// There was no place for it.
    Busy,
    /// It panicked.
    Panicked,
}

impl Default for BoundedWork {
    /// Leaves a processor to those who serve.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self::new(processors.saturating_sub(1).clamp(1, MOST), PATIENCE)
    }
}

impl BoundedWork {
    fn new(places: usize, patience: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), patience, waiting: AtomicUsize::new(0) }
    }

    /// Runs a piece of work once there is a place for it. If the future is dropped, the work is cancelled, and
    /// it keeps its place until it has ended.
    ///
    /// # Errors
    /// If there is no place within a few seconds, or the work panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let place = {
            let _waits = Waits::new(&self.waiting).ok_or(Unfinished::Busy)?;
            let turn = tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
            turn.ok().and_then(Result::ok).ok_or(Unfinished::Busy)?
        };
        let cancel = Cancel::default();
        let _cancels = cancel.on_drop();
        let running = tokio::task::spawn_blocking(move || {
            let outcome = work(&cancel);
            drop(place);
            outcome
        });
        running.await.map_err(|_| Unfinished::Panicked)
    }
}

/// Somebody who waits for a place.
struct Waits<'w>(&'w AtomicUsize);

impl<'w> Waits<'w> {
    fn new(waiting: &'w AtomicUsize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Self(waiting);
        (before < WAITING).then_some(waits)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn work_has_a_place_until_it_has_ended_and_whoever_finds_none_is_told() {
        let work = Arc::new(BoundedWork::new(1, SHORT));
        let (started, has_started) = mpsc::channel();
        let (ended, has_ended) = mpsc::channel();
        let busy = tokio::spawn({
            let work = Arc::clone(&work);
            async move {
                work.run(move |cancel| {
                    started.send(()).unwrap();
                    while !cancel.is_cancelled() {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    ended.send(()).unwrap();
                })
                .await
            }
        });
        tokio::task::spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
        assert_eq!(work.places.available_permits(), 0);
        assert_eq!(work.run(|_| ()).await, Err(Unfinished::Busy));
        busy.abort();
        tokio::task::spawn_blocking(move || has_ended.recv().unwrap()).await.unwrap();
        assert_eq!(work.run(|_| 7).await, Ok(7));
        assert_eq!(work.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_panic_gives_its_place_back() {
        let work = BoundedWork::new(1, SHORT);
        assert_eq!(work.run(|_| panic!("on purpose")).await, Err(Unfinished::Panicked));
        assert_eq!(work.run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn only_so_many_wait() {
        let work = BoundedWork::new(1, SHORT);
        let waiting: Vec<_> = (0..WAITING).map(|_| Waits::new(&work.waiting).unwrap()).collect();
        assert_eq!(work.run(|_| ()).await, Err(Unfinished::Busy));
        drop(waiting);
        assert_eq!(work.run(|_| 7).await, Ok(7));
    }
}
