//! The store: what every backend must do, what the embedded one adds, and a backend of somebody else's.

mod kill;
mod memory;
mod records;
mod sled;
mod suite;

use app_connect::store::{SledOptions, SledStore, StoreError};
use records::{SECRET, account, call_log, contact_key, contains, forbidden, keys, scope, user};

fn open_sled(path: &std::path::Path) -> Result<SledStore, StoreError> {
    SledStore::open(path, keys(SECRET), SledOptions::default())
}
