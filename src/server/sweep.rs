//! Removes what expired: claims that nobody settled, notes whose call never came.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::service::clock::now_ms;
use crate::store::Store;

const EVERY: Duration = Duration::from_secs(15 * 60);

/// Sweeps until it is dropped.
pub(super) struct Sweep(JoinHandle<()>);

impl Sweep {
    /// Sweeps the store now and then; the first time at once.
    pub(super) fn start(store: Arc<dyn Store>) -> Self {
        Self(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            loop {
                ticks.tick().await;
                match store.sweep(now_ms()).await {
                    Ok(0) => {}
                    Ok(removed) => tracing::debug!(removed, "expired records are removed"),
                    Err(error) => tracing::warn!(%error, "expired records could not be removed"),
                }
            }
        }))
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.0.abort();
    }
}
