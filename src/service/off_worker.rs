//! Work on what is long, away from the workers: they have others to serve.

use crate::engine::off_worker::off_worker;

/// What is no longer than this is done at once: it takes about a millisecond at most, and a thread of its own
/// would take a tenth of that.
const SHORT: usize = 16 * 1024;

/// Does work on so many bytes. Work whose turn has not come is not begun if nobody waits for it any more.
pub(in crate::service) async fn run<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if bytes <= SHORT {
        return work();
    }
    match off_worker(work).await {
        Some(done) => done,
        // The panic has been written down; the request ends as one whose handler panics.
        None => std::panic::resume_unwind(Box::new("work away from the workers panicked")),
    }
}
