//! Work that goes on where the client hangs up.

use std::future::Future;

/// Finishes what was begun, whoever still waits for it. `None` if the server stops before.
pub(in crate::service) async fn finish<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::spawn(work).await {
        Ok(answer) => Some(answer),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}
