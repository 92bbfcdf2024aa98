//! Serves what changes in the store, here or on another instance.

use std::future::Future;
use std::sync::Arc;

use crate::service::catalog::Catalog;
use crate::store::Store;

/// Follows the store's changes.
pub(super) fn run(catalog: Arc<Catalog>, store: &dyn Store) -> impl Future<Output = ()> + Send + 'static {
    let changes = store.changes();
    async move { catalog.follow(changes).await }
}
