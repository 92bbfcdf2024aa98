//! Keeps rate limits together with the other servers of a shared store.

use std::sync::Arc;

use crate::service::shared_limits::Keeper;

/// Renews this server's shares.
pub(super) async fn run(keeper: Arc<Keeper>) {
    keeper.run().await;
}
