//! Work that goes on where the client hangs up.

use std::future::Future;
use std::sync::{Arc, Weak};

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

/// The client that asked for work of several steps.
#[derive(Debug, Clone)]
pub(in crate::service) struct Client(Weak<()>);

impl Client {
    /// Whether nobody waits any more: the work ends soon.
    pub(in crate::service) fn has_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// As [`finish`], for work of several steps: it may ask before each one whether its client still waits.
pub(in crate::service) async fn finish_for<T, W>(work: impl FnOnce(Client) -> W) -> Option<T>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    // Dropped with this future, which is the client's.
    let here = Arc::new(());
    finish(work(Client(Arc::downgrade(&here)))).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn work_learns_that_its_client_has_gone() {
        let (told, mut asked) = mpsc::unbounded_channel();
        let work = |client: Client| async move {
            for _ in 0..2 {
                told.send(client.has_gone()).unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(10), finish_for(work)).await;
        assert_eq!(
            (asked.recv().await, asked.recv().await, asked.recv().await),
            (Some(false), Some(true), None)
        );
    }
}
