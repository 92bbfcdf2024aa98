//! Stores new tokens that the store did not take when they were granted.

use std::sync::Arc;
use std::time::Duration;

use crate::service::Shared;

/// How often it is tried. Renewals do it at once for the user that they are for.
const EVERY: Duration = Duration::from_secs(30);

/// Tries again and again.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let settled = shared.settle_tokens().await;
        if settled > 0 {
            tracing::info!(settled, "new tokens are stored at last");
        }
    }
}
