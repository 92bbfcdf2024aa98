//! What the store did not take is offered again until it does. A store that is away for a moment otherwise leaves
//! claims behind that hold others up for minutes, and loses the id of a record that a CRM made.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::store::{Store, StoreError};

/// Before the first repetition; the pause doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);
/// After this time claims are told apart by what the CRM has, and nobody waits for them.
const GIVE_UP: Duration = Duration::from_secs(10 * 60);
/// A commit whose connection broke may still be done so much later. Then the work is repeated once more.
const AFTERMATH: Duration = Duration::from_secs(3);

/// Whether the store may take later what it did not take now.
pub(in crate::service) fn may_be_taken_later(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { .. } | StoreError::LowSpace { .. })
}

/// Does `work` in the background until the store takes it, and once more. It has to be such that it can be repeated.
pub(in crate::service) fn at_last<F>(
    store: &Arc<dyn Store>,
    what: &'static str,
    work: impl Fn(Arc<dyn Store>) -> F + Send + 'static,
) where
    F: Future<Output = Result<(), StoreError>> + Send,
{
    let store = Arc::clone(store);
    tokio::spawn(async move {
        let until = tokio::time::Instant::now() + GIVE_UP;
        let mut pause = FIRST;
        loop {
            tokio::time::sleep(pause).await;
            match work(Arc::clone(&store)).await {
                Ok(()) => break,
                Err(error) if may_be_taken_later(&error) && tokio::time::Instant::now() < until => {
                    pause = (2 * pause).min(LONGEST);
                }
                Err(error) => return tracing::error!(%error, what, "the store did not take this at last"),
            }
        }
        tracing::info!(what, "the store took this at last");
        tokio::time::sleep(AFTERMATH).await;
        if let Err(error) = work(store).await {
            tracing::warn!(%error, what, "the store could not be looked at again");
        }
    });
}
