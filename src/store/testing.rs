//! A store for unit tests.

use std::sync::Arc;

use super::{Keys, Secret, Store, open};

/// An empty store, and the folder that it is in.
pub(crate) async fn empty() -> (Arc<dyn Store>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::from_secret(&Secret::new("a secret")).unwrap();
    let url = format!("sled:{}", folder.path().join("s").display());
    (open(&url, keys).await.unwrap(), folder)
}
