//! Removes reports of errors that are older than thirty days.

use std::sync::Arc;
use std::time::Duration;

use crate::service::Shared;

const EVERY: Duration = Duration::from_secs(60 * 60);

/// Looks at the folder now and then, and at once when the server starts.
pub(super) async fn run(services: Arc<Shared>) {
    let Some(folder) = services.error_reports.as_ref().and_then(|reports| reports.folder()) else { return };
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let removed = folder.sweep().await;
        if removed > 0 {
            tracing::debug!(removed, "old reports of errors are removed");
        }
    }
}
