//! The embedded store: sled 0.34.
//!
//! Reads run where they are asked for, also on async threads: getting and
//! unsealing a cached user takes 3 µs, through `spawn_blocking` 30–55 µs (two
//! cores; with 32 tasks 640,000 against 80,000 a second). A get that misses the
//! cache reads a local file once. Scans are as short as a call has extensions. What reads everything (integrity, export)
//! runs on a blocking thread. Writes go to the committing thread. A read may
//! see a write moments before its writer is told that it is durable.

mod commit;
mod current;
mod disk;
mod layout;
mod open;
mod trees;
mod witness;

use std::{
    io::{BufRead, Write as IoWrite},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

use self::{
    commit::{Committer, Previous, When, Write},
    current::Current,
    disk::SledDisk,
    trees::Trees,
};
use super::{
    CallLog, ClaimChange, ClaimKey, Claims, ContactKey, Conversation, Counts, DocumentChange, DocumentKey,
    DocumentKind, Integrity, Keys, MessageLog, Saved, Store, StoreError, Tenant, User, UserKey,
    codec::{self, Row, Table},
    transfer,
};
use crate::store::StoreMeter;

/// How an embedded store runs.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// The most memory that cached pages take, in bytes.
    pub cache_bytes: u64,
    /// Empties a store whose import did not finish, instead of refusing it.
    pub discard_unfinished_import: bool,
}

impl Default for SledOptions {
    /// A cache of 4 MiB: a page that it misses is one read of a file that the system caches too.
    fn default() -> Self {
        Self { cache_bytes: 4 * 1024 * 1024, discard_unfinished_import: false }
    }
}

/// A store in a directory of this machine, open in one process at a time.
pub struct SledStore {
    // Before the trees: its thread ends, and the last trees close the files.
    committer: Committer,
    trees: Trees,
    keys: Keys,
    current: Arc<Current>,
    closed: AtomicBool,
    changes: watch::Sender<u64>,
}

/// At most so many lines about damaged records; there may be millions.
const MAX_DAMAGED: usize = 100;

impl SledStore {
    /// Opens or creates the store in the directory `path`. Blocks: recovery
    /// reads the log written since the last clean stop.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::WrongKey`],
    /// [`StoreError::Corrupt`], [`StoreError::Format`], [`StoreError::Full`],
    /// or [`StoreError::Unavailable`] with the system's words.
    pub fn open(path: &Path, keys: Keys, options: SledOptions) -> Result<Self, StoreError> {
        let (trees, commits) = open::open(path, &keys, options)?;
        let current = Arc::new(Current::new());
        let disk = SledDisk::new(trees.clone(), Arc::clone(&current), path, commits)?;
        Ok(Self {
            committer: Committer::start(disk, keys.clone())?,
            trees,
            keys,
            current,
            closed: AtomicBool::new(false),
            changes: watch::Sender::new(0),
        })
    }

    async fn write(&self, write: Write) -> Result<Previous, StoreError> {
        self.refuse_closed()?;
        self.committer.write(write).await
    }

    fn refuse_closed(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::closed());
        }
        Ok(())
    }

    fn claims_value(&self, key: &ClaimKey, claims: Option<&Claims>) -> Result<Option<Vec<u8>>, StoreError> {
        claims.map(|claims| Ok(codec::claims_row(&self.keys, key, claims)?.value)).transpose()
    }

    fn claim_write(&self, change: &ClaimChange) -> Result<Write, StoreError> {
        // Claims are not sealed, so equal claims are equal bytes.
        let when = When::Equals(self.claims_value(&change.key, change.before.as_ref())?);
        Ok(match &change.after {
            Some(claims) => Write::put(codec::claims_row(&self.keys, &change.key, claims)?, when),
            None => Write::delete(Table::Claims, codec::claims_key(&change.key), when),
        })
    }

    /// The write that makes a change of a document, held to the very bytes that are stored now;
    /// `None` if they do not say what they did before.
    fn document_write(&self, change: &DocumentChange) -> Result<Option<Write>, StoreError> {
        let key = codec::document_key(&change.key);
        let stored = self.trees.get(Table::Documents, &key)?;
        let held =
            stored.as_deref().map(|value| codec::read_document(&self.keys, &key, value)).transpose()?;
        if held != change.before {
            return Ok(None);
        }
        let when = When::Equals(stored.clone());
        let unchanged = change.after == change.before;
        Ok(Some(match (&change.after, stored) {
            (Some(_), Some(value)) if unchanged => {
                Write::put(Row { table: Table::Documents, key, value }, when)
            }
            (Some(after), _) => Write::put(codec::document_row(&self.keys, &change.key, after)?, when),
            (None, _) => Write::delete(Table::Documents, key, when),
        }))
    }

    /// Runs what reads everything off the async threads.
    async fn reading<T: Send + 'static>(
        &self,
        what: &str,
        read: impl FnOnce(&Trees, &Keys) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (trees, keys) = (self.trees.clone(), self.keys.clone());
        tokio::task::spawn_blocking(move || read(&trees, &keys)).await.map_err(|_| StoreError::Corrupt {
            what: format!("what {what} reads"),
            why: "reading it panicked".to_owned(),
        })
    }
}

#[async_trait]
impl Store for SledStore {
    async fn get_user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        let key = codec::user_key(key);
        let (held, look) = self.current.users.look(&key);
        if let Some(user) = held {
            return Ok(Some(User::clone(&user)));
        }
        let Some(value) = self.trees.get(Table::Users, &key)? else { return Ok(None) };
        let user = codec::read_user(&self.keys, &key, &value)?;
        self.current.users.keep(&key, &look, Arc::new(user.clone()));
        Ok(Some(user))
    }

    async fn find_users_by_id(&self, id: &str, platform: &str) -> Result<Vec<User>, StoreError> {
        self.trees
            .rows(Table::Users, &codec::users_prefix(id, platform))
            .map(|row| row.and_then(|row| codec::read_user(&self.keys, &row.key, &row.value)))
            .collect()
    }

    async fn save_user(&self, user: &User) -> Result<(), StoreError> {
        let row = codec::user_row(&self.keys, user)?;
        self.write(Write::put(row, When::Always)).await.map(drop)
    }

    /// Compared as documents are: see [`Store::change_documents`].
    async fn change_user(&self, before: Option<&User>, after: &User) -> Result<bool, StoreError> {
        let row = codec::user_row(&self.keys, after)?;
        loop {
            let stored = self.trees.get(Table::Users, &row.key)?;
            let held = stored.as_deref().map(|value| codec::read_user(&self.keys, &row.key, value));
            if held.transpose()?.as_ref() != before {
                return Ok(false);
            }
            let when = When::Equals(stored.clone());
            if self.write(Write::put(row.clone(), when)).await? == stored {
                return Ok(true);
            }
        }
    }

    async fn delete_user(&self, key: &UserKey) -> Result<bool, StoreError> {
        let delete = Write::delete(Table::Users, codec::user_key(key), When::Always);
        Ok(self.write(delete).await?.is_some())
    }

    async fn call_logs(&self, scope: &Tenant, session_id: &str) -> Result<Vec<CallLog>, StoreError> {
        let mut logs = self
            .trees
            .rows(Table::CallLogs, &codec::session_prefix(scope, session_id))
            .map(|row| row.and_then(|row| codec::read_call_log(&self.keys, &row.key, &row.value)))
            .collect::<Result<Vec<_>, _>>()?;
        logs.sort_by_key(|log| log.created_at);
        Ok(logs)
    }

    async fn save_call_log(&self, log: &CallLog, claim: Option<&ClaimChange>) -> Result<Saved, StoreError> {
        let row = codec::call_log_row(&self.keys, log)?;
        let key = row.key.clone();
        let claim = claim.map(|change| self.claim_write(change)).transpose()?;
        match self.write(Write::put(row, When::Absent).along(claim)).await? {
            None => Ok(Saved::Inserted),
            Some(value) => codec::read_call_log(&self.keys, &key, &value).map(Saved::Existing),
        }
    }

    async fn update_call_log(&self, log: &CallLog) -> Result<bool, StoreError> {
        let row = codec::call_log_row(&self.keys, log)?;
        Ok(self.write(Write::put(row, When::Present)).await?.is_some())
    }

    async fn conversation(&self, scope: &Tenant, id: &str) -> Result<Option<Conversation>, StoreError> {
        let key = codec::conversation_key(scope, id);
        let found = self.trees.get(Table::Conversations, &key)?;
        found.map(|value| codec::read_conversation(&self.keys, &key, &value)).transpose()
    }

    async fn message_log(&self, scope: &Tenant, message_id: &str) -> Result<Option<MessageLog>, StoreError> {
        let key = codec::message_log_key(scope, message_id);
        let found = self.trees.get(Table::MessageLogs, &key)?;
        found.map(|value| codec::read_message_log(&self.keys, &key, &value)).transpose()
    }

    async fn save_messages(
        &self,
        conversation: &Conversation,
        logs: &[MessageLog],
        claim: Option<&ClaimChange>,
    ) -> Result<(), StoreError> {
        let logs = logs
            .iter()
            .map(|log| Ok(Write::put(codec::message_log_row(&self.keys, log)?, When::Always)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let claim = claim.map(|change| self.claim_write(change)).transpose()?;
        let row = codec::conversation_row(&self.keys, conversation)?;
        self.write(Write::put(row, When::Always).along(logs).along(claim)).await.map(drop)
    }

    async fn claims(&self, key: &ClaimKey) -> Result<Option<Claims>, StoreError> {
        let key = codec::claims_key(key);
        let found = self.trees.get(Table::Claims, &key)?;
        found.map(|value| codec::read_claims(&self.keys, &key, &value)).transpose()
    }

    async fn change_claims(&self, change: &ClaimChange) -> Result<bool, StoreError> {
        let before = self.claims_value(&change.key, change.before.as_ref())?;
        let found = self.write(self.claim_write(change)?).await?;
        Ok(found == before)
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn now(&self) -> Result<i64, StoreError> {
        Ok(jiff::Timestamp::now().as_millisecond())
    }

    async fn document(&self, key: &DocumentKey) -> Result<Option<Value>, StoreError> {
        let key = codec::document_key(key);
        let found = self.trees.get(Table::Documents, &key)?;
        found.map(|value| codec::read_document(&self.keys, &key, &value)).transpose()
    }

    async fn documents(&self, key: &DocumentKey) -> Result<Vec<Value>, StoreError> {
        self.trees
            .rows(Table::Documents, &codec::document_key(key))
            .map(|row| row.and_then(|row| codec::read_document(&self.keys, &row.key, &row.value)))
            .collect()
    }

    async fn save_document(&self, key: &DocumentKey, document: &Value) -> Result<(), StoreError> {
        let row = codec::document_row(&self.keys, key, document)?;
        self.write(Write::put(row, When::Always)).await.map(drop)
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, StoreError> {
        let delete = Write::delete(Table::Documents, codec::document_key(key), When::Always);
        Ok(self.write(delete).await?.is_some())
    }

    /// Equal documents are not equal bytes, because each write seals anew: the documents are
    /// compared here, and the committing thread compares the bytes they were read from. Where
    /// those changed meanwhile, the documents may be the same all the same.
    async fn change_documents(&self, changes: &[DocumentChange]) -> Result<bool, StoreError> {
        self.refuse_closed()?;
        loop {
            let writes = changes.iter().map(|change| self.document_write(change));
            let Some(writes) = writes.collect::<Result<Option<Vec<_>>, _>>()? else {
                return Ok(false);
            };
            if self.committer.write_together(writes).await? {
                self.changes.send_modify(|changes| *changes += 1);
                return Ok(true);
            }
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn sweep(&self, now: i64) -> Result<usize, StoreError> {
        let expired = self.reading("the sweep", move |trees, keys| expired(trees, keys, now)).await??;
        let mut removed = 0;
        for row in expired {
            let value = row.value.clone();
            let delete = Write::delete(row.table, row.key, When::Equals(Some(value)));
            removed += usize::from(self.write(delete).await? == Some(row.value));
        }
        Ok(removed)
    }

    async fn cached_contacts(&self, key: &ContactKey) -> Result<Option<Value>, StoreError> {
        let key = codec::contact_key(&self.keys, key);
        let found = self.trees.get(Table::Contacts, &key)?;
        found.map(|value| codec::read_contacts(&self.keys, &key, &value)).transpose()
    }

    async fn cache_contacts(&self, key: &ContactKey, contacts: &[u8]) -> Result<(), StoreError> {
        let key = codec::contact_key(&self.keys, key);
        let hash = self.current.hash(contacts);
        let (held, look) = self.current.contacts.look(&key);
        if held == Some(hash) {
            return self.refuse_closed();
        }
        // What cannot be read is written anew.
        let held = self.trees.get(Table::Contacts, &key).ok().flatten();
        if held.is_some_and(|held| codec::holds_contacts(&self.keys, &key, &held, contacts)) {
            self.current.contacts.keep(&key, &look, hash);
            return self.refuse_closed();
        }
        let row = codec::contacts_row(&self.keys, key, contacts)?;
        self.write(Write::put(row, When::Always)).await.map(drop)
    }

    async fn forget_contacts(&self, key: &ContactKey) -> Result<bool, StoreError> {
        let key = codec::contact_key(&self.keys, key);
        if self.trees.get(Table::Contacts, &key)?.is_none() {
            return self.refuse_closed().map(|()| false);
        }
        Ok(self.write(Write::delete(Table::Contacts, key, When::Always)).await?.is_some())
    }

    async fn integrity(&self) -> Result<Integrity, StoreError> {
        self.reading("the integrity check", integrity).await
    }

    async fn export(&self, writer: Box<dyn IoWrite + Send>) -> Result<Counts, StoreError> {
        self.reading("the export", move |trees, keys| transfer::write(writer, keys, trees.all_rows())).await?
    }

    async fn import(&self, reader: Box<dyn BufRead + Send>) -> Result<Counts, StoreError> {
        self.refuse_closed()?;
        self.committer.import(reader).await
    }

    fn meter(&self) -> Option<StoreMeter> {
        Some(self.committer.meter().clone())
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.committer.flush().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        self.committer.flush().await
    }
}

/// The claims and notes that mean nothing any more. What cannot be read is left to the integrity check.
fn expired(trees: &Trees, keys: &Keys, now: i64) -> Result<Vec<Row>, StoreError> {
    let documents =
        DocumentKind::EXPIRING.map(|kind| codec::document_key(&DocumentKey { kind, parts: Vec::new() }));
    let documents = documents.iter().flat_map(|prefix| trees.rows(Table::Documents, prefix));
    let mut found = Vec::new();
    for row in trees.rows(Table::Claims, b"").chain(documents) {
        let row = row?;
        if codec::is_expired(keys, &row, now).unwrap_or(false) {
            found.push(row);
        }
    }
    Ok(found)
}

/// Decodes every record. A table whose pages cannot be read ends there with
/// one line, and the next is read.
fn integrity(trees: &Trees, keys: &Keys) -> Integrity {
    let mut found = Integrity::default();
    for table in Table::ALL {
        for (position, row) in (1_u64..).zip(trees.rows(table, b"")) {
            let page_unreadable = row.is_err();
            let read = row.and_then(|row| codec::verify(keys, table, &row.key, &row.value));
            match read {
                Ok(()) => found.readable.add(table),
                Err(error) if found.damaged.len() < MAX_DAMAGED => {
                    let line = format!("{} record {position}: {error}", table.name());
                    found.damaged.push(line);
                }
                Err(_) => {}
            }
            if page_unreadable {
                break;
            }
        }
    }
    found
}
