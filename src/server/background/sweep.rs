//! Removes what expired: claims that nobody settled, notes whose call never came.

use std::sync::Arc;
use std::time::Duration;

use crate::service::clock::Clock;
use crate::service::coordination::claims::Instance;
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(15 * 60);

/// Sweeps the store now and then, and at once when it starts.
pub(super) async fn run(store: Arc<dyn Store>, clock: Clock, instance: Instance) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match sweep(&*store, &clock, &instance).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "expired records are removed"),
            Err(error) => tracing::warn!(%error, "expired records could not be removed"),
        }
    }
}

/// Claims expire by the clock of a shared store, notes and new contacts by the server's. What is removed has expired
/// by both: a server whose clock is ahead removes no claim of another one.
async fn sweep(store: &dyn Store, clock: &Clock, instance: &Instance) -> Result<usize, StoreError> {
    let now = instance.now(store).await?.min(clock.now_ms());
    store.sweep(now).await
}
