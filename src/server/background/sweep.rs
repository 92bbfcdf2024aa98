//! Removes what expired: claims that nobody settled, notes whose call never came.

use std::sync::Arc;
use std::time::Duration;

use crate::service::clock::Clock;
use crate::store::Store;

const EVERY: Duration = Duration::from_secs(15 * 60);

/// Sweeps the store now and then, and at once when it starts.
pub(super) async fn run(store: Arc<dyn Store>, clock: Clock) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match store.sweep(clock.now_ms()).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "expired records are removed"),
            Err(error) => tracing::warn!(%error, "expired records could not be removed"),
        }
    }
}
