//! Users, logs, claims, cached contacts, documents: what must outlive the process.
//!
//! Services know only the [`Store`] trait and the records. [`RecordStore`] makes
//! rows of them, once for all backends. A backend knows only rows: it implements
//! [`RowStore`], and [`Backends`] finds it by the scheme of a URL. Every write is
//! acknowledged only when it is durable: after `Ok`, the record survives
//! `kill -9` and a power cut.
//!
//! Deliberately absent: expiry of cached contacts and any read of all users.
//! Neither is needed by a service; an operator has [`Store::export`].

mod backends;
mod codec;
mod documents;
mod error;
mod meter;
pub mod migrate;
mod postgres;
mod read_cache;
mod record_store;
mod records;
pub mod row_store;
mod seal;
mod sealed_folder;
mod sled_store;
#[cfg(test)]
pub(crate) mod testing;
mod transfer;

use std::{
    io::{BufRead, Write},
    sync::Arc,
};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

pub use crate::secret::Secret;
pub use crate::user::{User, UserKey};
pub use backends::{Backend, Backends, Opening};
pub use codec::{MAX_KEY_BYTES, MAX_RECORD_BYTES};
#[cfg(test)]
pub(crate) use documents::assert_stored_as;
pub use documents::{Key, Prefix, StoredDocument, Versioned};
pub use error::StoreError;
pub(crate) use meter::StoreMeter;
pub use postgres::{ForeignTables, PostgresBackend, PostgresStore};
pub use record_store::RecordStore;
pub use records::{
    AccountData, CallLog, Claim, ClaimChange, ClaimKey, ClaimSubject, Claims, ContactKey, Conversation,
    Counts, DocumentChange, DocumentKey, DocumentKind, Extension, Integrity, MessageLog, Owner, Saved,
    Tenant,
};
pub use row_store::RowStore;
pub use seal::Keys;
pub use sealed_folder::SealedFolder;
pub use sled_store::{SledBackend, SledOptions, SledStore};

/// Durable records, as the services need them.
///
/// A write that returns an error may or may not have been stored; repeating it
/// is safe, because no operation adds a second record for the same key.
#[async_trait]
pub trait Store: Send + Sync {
    /// The user with exactly this key, the proxy id included (Q3).
    async fn get_user(&self, key: &UserKey) -> Result<Option<User>, StoreError>;

    /// Every user with this id and platform, whatever the proxy. Sessions
    /// issued before the proxy id was part of a token find their user here, if
    /// there is exactly one.
    async fn find_users_by_id(&self, id: &str, platform: &str) -> Result<Vec<User>, StoreError>;

    /// Creates the user or replaces all of it.
    async fn save_user(&self, user: &User) -> Result<(), StoreError>;

    /// Creates the user or replaces all of it, where it is still as `before` says (absent: there is
    /// none); false, and nothing stored, where it is not. Both have the same key.
    async fn change_user(&self, before: Option<&User>, after: &User) -> Result<bool, StoreError>;

    /// Removes the user; false where there was none.
    async fn delete_user(&self, key: &UserKey) -> Result<bool, StoreError>;

    /// The logs of one session inside one scope (Q4), of every extension,
    /// oldest first.
    async fn call_logs(&self, scope: &Tenant, session_id: &str) -> Result<Vec<CallLog>, StoreError>;

    /// Inserts a log for its scope, session and extension. Where one is stored
    /// already it stays as it is and is handed back: of any number of
    /// simultaneous inserts exactly one gets [`Saved::Inserted`] (Q12). Where
    /// it is inserted, the claims change as well, unless somebody changed them
    /// meanwhile; they never change without the log.
    async fn save_call_log(&self, log: &CallLog, claim: Option<&ClaimChange>) -> Result<Saved, StoreError>;

    /// Replaces the log of the same scope, session and extension; false, and
    /// nothing stored, where there is none.
    async fn update_call_log(&self, log: &CallLog) -> Result<bool, StoreError>;

    /// The CRM record of a conversation's day inside one scope (Q5).
    async fn conversation(&self, scope: &Tenant, id: &str) -> Result<Option<Conversation>, StoreError>;

    /// The message with this id inside one scope (Q5).
    async fn message_log(&self, scope: &Tenant, message_id: &str) -> Result<Option<MessageLog>, StoreError>;

    /// Creates or replaces a conversation and messages of it; changes the
    /// claims as [`Store::save_call_log`] does.
    async fn save_messages(
        &self,
        conversation: &Conversation,
        logs: &[MessageLog],
        claim: Option<&ClaimChange>,
    ) -> Result<(), StoreError>;

    /// The claims on a call or a conversation.
    async fn claims(&self, key: &ClaimKey) -> Result<Option<Claims>, StoreError>;

    /// Changes claims where they are still as they were read; false, and
    /// nothing stored, where they are not.
    async fn change_claims(&self, change: &ClaimChange) -> Result<bool, StoreError>;

    /// Whether other processes may use the same store at the same time.
    fn is_shared(&self) -> bool;

    /// The time in milliseconds since 1970, by a clock that is the same for all who use the store: the
    /// database's, where it is shared.
    async fn now(&self) -> Result<i64, StoreError>;

    /// A document, as JSON. Services read and write documents by their types: see [`StoredDocument`].
    async fn document(&self, key: &DocumentKey) -> Result<Option<Value>, StoreError>;

    /// Every document whose key begins with these parts, in the order of keys.
    async fn documents(&self, key: &DocumentKey) -> Result<Vec<Value>, StoreError>;

    /// Creates or replaces a document.
    async fn save_document(&self, key: &DocumentKey, document: &Value) -> Result<(), StoreError>;

    /// Removes a document; false where there was none.
    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, StoreError>;

    /// Changes documents together where every one is still as `before` says; false, and nothing
    /// stored, where one is not. A crash leaves all of the changes or none. Names no document twice.
    async fn change_documents(&self, changes: &[DocumentChange]) -> Result<bool, StoreError>;

    /// A counter that rises after documents changed through [`Store::change_documents`], in this
    /// process or, where the store is shared, in another one.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Removes claims, notes and new contacts (documents with a member `expiresAt`) that expired by
    /// `now`, in milliseconds; how many there were. What changes meanwhile stays.
    async fn sweep(&self, now: i64) -> Result<usize, StoreError>;

    /// The contacts cached for a phone number, as [`Store::cache_contacts`]
    /// was given them.
    async fn cached_contacts(&self, key: &ContactKey) -> Result<Option<Value>, StoreError>;

    /// Caches contacts for a phone number, given as JSON text, replacing what was there. A write
    /// waits for the disk: contacts that are cached already are not written again.
    async fn cache_contacts(&self, key: &ContactKey, contacts: &[u8]) -> Result<(), StoreError>;

    /// Removes a cached entry; false, and nothing is written, where there was none.
    async fn forget_contacts(&self, key: &ContactKey) -> Result<bool, StoreError>;

    /// Reads and decodes every record, and says what cannot be read.
    async fn integrity(&self) -> Result<Integrity, StoreError>;

    /// Writes the whole store as JSON lines; sealed values stay sealed. Each
    /// record is complete, but records written meanwhile may be missing: stop
    /// the server for an export of one moment.
    async fn export(&self, writer: Box<dyn Write + Send>) -> Result<Counts, StoreError>;

    /// Reads what [`Store::export`] wrote. Refused where this store holds
    /// records or the export was sealed with another key; on any error the
    /// store is left empty.
    async fn import(&self, reader: Box<dyn BufRead + Send>) -> Result<Counts, StoreError>;

    /// What this store counts about its writes; absent if it counts nothing.
    fn meter(&self) -> Option<StoreMeter> {
        None
    }

    /// Why nothing can be written any more, once that is so: the process has to be ended and started anew.
    /// Absent if the store always recovers.
    fn failure(&self) -> watch::Receiver<Option<StoreError>> {
        watch::Sender::new(None).subscribe()
    }

    /// Returns once everything written before is durable.
    async fn flush(&self) -> Result<(), StoreError>;

    /// Makes everything durable and refuses writes from then on. The
    /// backend's lock is released when the last handle is dropped.
    async fn close(&self) -> Result<(), StoreError>;
}

/// The backends of this library: `sled:PATH`, PATH a directory that is created where it does not exist (mode
/// 0700), and `postgres://…`, a database whose tables are made where they do not exist.
pub fn backends() -> Backends {
    Backends::default().with(SledBackend).with(PostgresBackend)
}

/// Opens the store that `url` names, with one of [`backends`].
///
/// # Errors
/// [`StoreError::UnknownScheme`], and whatever keeps the backend from opening:
/// a lock held by another process, another key, damage, a newer format.
pub async fn open(url: &str, keys: Keys) -> Result<Arc<dyn Store>, StoreError> {
    backends().open(url, keys).await
}

/// As [`open()`], for a store that is to be filled: what an import left there that did not finish is
/// removed.
///
/// # Errors
/// As [`open()`].
pub async fn open_to_fill(url: &str, keys: Keys) -> Result<Arc<dyn Store>, StoreError> {
    backends().open_to_fill(url, keys).await
}
