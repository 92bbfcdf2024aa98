//! Work on what is long, away from the workers: they have others to serve.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

/// What is no longer than this is done at once: it takes about a millisecond at most, and a thread of its own
/// would take a tenth of that.
const SHORT: usize = 16 * 1024;

/// One processor is left to the workers.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, |all| (all.get() - 1).max(1))));

/// Does work on so many bytes. Work whose turn has not come is not begun if nobody waits for it any more.
pub(in crate::service) async fn run<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if bytes <= SHORT {
        return work();
    }
    let turn = TURNS.acquire().await.ok();
    let working = tokio::task::spawn_blocking(move || {
        // Held by the work, which goes on even if nobody waits for it.
        let _turn = turn;
        work()
    });
    match working.await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The server stops, and whoever waits is about to be dropped.
            Err(_) => std::future::pending().await,
        },
    }
}
