//! Records on rows: one [`Store`] over every backend.

mod bulk;

use std::{
    io::{BufRead, Write as IoWrite},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    CallLog, ClaimChange, ClaimKey, Claims, ContactKey, Conversation, Counts, DocumentChange, DocumentKey,
    Integrity, Keys, MessageLog, Saved, Store, StoreError, StoreMeter, Tenant, User, UserKey,
    codec::{MAX_KEY_BYTES, Table},
    records::{Contacts, Document, Record, StoredUser},
    row_store::{Batch, RowStore, When, Write},
};

/// A store whose rows are in a backend.
pub struct RecordStore<R> {
    rows: R,
    keys: Keys,
    closed: AtomicBool,
    meter: StoreMeter,
}

impl<R: RowStore> RecordStore<R> {
    /// A store on rows that were sealed with these keys. The backend has compared the keys with those that
    /// the rows were made with: see [`Keys::mark`].
    pub fn new(rows: R, keys: Keys) -> Self {
        Self { rows, keys, closed: AtomicBool::new(false), meter: StoreMeter::default() }
    }

    fn refuse_closed(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::closed()) } else { Ok(()) }
    }

    async fn commit(&self, batch: Batch) -> Result<bool, StoreError> {
        self.refuse_closed()?;
        for write in batch.required.iter().chain(&batch.optional) {
            if write.is_put() {
                // What is stored already stays changeable.
                let is_new = !matches!(write.when, When::Present | When::Is(_));
                let limit = if is_new { MAX_KEY_BYTES.min(R::MAX_KEY_BYTES) } else { R::MAX_KEY_BYTES };
                bulk::check_key(write.table, &write.key, limit)?;
            }
        }
        let started = Instant::now();
        let committed = self.rows.commit(batch).await;
        self.meter.written(committed.is_ok(), started.elapsed());
        committed
    }

    async fn get<T: Record>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        let found = self.rows.get(T::TABLE, key).await?;
        found.map(|value| T::from_row(&self.keys, key, &value)).transpose()
    }

    async fn list<T: Record>(&self, prefix: &[u8]) -> Result<Vec<T>, StoreError> {
        let rows = self.rows.rows(T::TABLE, prefix).await?;
        rows.iter().map(|row| T::from_row(&self.keys, &row.key, &row.value)).collect()
    }

    fn put<T: Record>(&self, record: &T, key: Vec<u8>, when: When) -> Result<Write, StoreError> {
        Ok(Write::put(record.to_row(&self.keys, key)?, when))
    }

    fn claim_write(&self, change: &ClaimChange) -> Result<Write, StoreError> {
        let key = change.key.row_key();
        // Claims are not sealed, so equal claims are equal bytes.
        let before = change.before.as_ref().map(|claims| claims.to_row(&self.keys, key.clone()));
        let when = When::is_still(before.transpose()?.map(|row| row.value));
        Ok(match &change.after {
            Some(claims) => self.put(claims, key, when)?,
            None if when == When::Absent => Write::condition(Table::Claims, key, when),
            None => Write::delete(Table::Claims, key, when),
        })
    }

    /// The write that makes a change of a document, held to the very bytes that are stored now; `None` if
    /// they do not say what they did before.
    fn document_write(
        &self,
        change: &DocumentChange,
        key: &[u8],
        stored: Option<Vec<u8>>,
    ) -> Result<Option<Write>, StoreError> {
        let held = stored.as_deref().map(|value| Document::from_row(&self.keys, key, value)).transpose()?;
        if held.map(Document::into_content) != change.before {
            return Ok(None);
        }
        let (key, when) = (key.to_vec(), When::is_still(stored));
        Ok(Some(match &change.after {
            after if *after == change.before => Write::condition(Table::Documents, key, when),
            Some(after) => self.put(&Document::new(after), key, when)?,
            None => Write::delete(Table::Documents, key, when),
        }))
    }
}

#[async_trait]
impl<R: RowStore> Store for RecordStore<R> {
    async fn get_user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        let key = StoredUser::key_of(key);
        let Some(read_cache) = self.rows.read_cache() else {
            return Ok(self.get(&key).await?.map(StoredUser::into_user));
        };
        let (held, look) = read_cache.users.look(&key);
        if let Some(user) = held {
            return Ok(Some(User::clone(&user)));
        }
        let found = self.get(&key).await?.map(StoredUser::into_user);
        if let Some(user) = &found {
            read_cache.users.keep(&key, &look, Arc::new(user.clone()));
        }
        Ok(found)
    }

    async fn find_users_by_id(&self, id: &str, platform: &str) -> Result<Vec<User>, StoreError> {
        let users: Vec<StoredUser> = self.list(&StoredUser::prefix(id, platform)).await?;
        Ok(users.into_iter().map(StoredUser::into_user).collect())
    }

    async fn save_user(&self, user: &User) -> Result<(), StoreError> {
        let write = self.put(&StoredUser::new(user), StoredUser::key_of(&user.key), When::Always)?;
        self.commit(Batch::of(write)).await.map(drop)
    }

    /// Equal users are not equal bytes, because each write seals anew. The users are compared here, and the
    /// backend compares the bytes they were read from. If those changed meanwhile, the user may still be the
    /// same.
    async fn change_user(&self, before: Option<&User>, after: &User) -> Result<bool, StoreError> {
        let row = StoredUser::new(after).to_row(&self.keys, StoredUser::key_of(&after.key))?;
        loop {
            let stored = self.rows.get(Table::Users, &row.key).await?;
            let held = stored.as_deref().map(|value| StoredUser::from_row(&self.keys, &row.key, value));
            if held.transpose()?.map(StoredUser::into_user).as_ref() != before {
                return Ok(false);
            }
            let write = Write::put(row.clone(), When::is_still(stored));
            if self.commit(Batch::of(write)).await? {
                return Ok(true);
            }
        }
    }

    async fn delete_user(&self, key: &UserKey) -> Result<bool, StoreError> {
        let delete = Write::delete(Table::Users, StoredUser::key_of(key), When::Present);
        self.commit(Batch::of(delete)).await
    }

    async fn call_logs(&self, scope: &Tenant, session_id: &str) -> Result<Vec<CallLog>, StoreError> {
        let mut logs: Vec<CallLog> = self.list(&CallLog::session_prefix(scope, session_id)).await?;
        logs.sort_by_key(|log| log.created_at);
        Ok(logs)
    }

    async fn save_call_log(&self, log: &CallLog, claim: Option<&ClaimChange>) -> Result<Saved, StoreError> {
        let key = log.row_key();
        loop {
            let claim = claim.map(|change| self.claim_write(change)).transpose()?;
            let batch = Batch::of(self.put(log, key.clone(), When::Absent)?).along(claim);
            if self.commit(batch).await? {
                return Ok(Saved::Inserted);
            }
            // If it went between the two, there is room now.
            if let Some(stored) = self.get(&key).await? {
                return Ok(Saved::Existing(stored));
            }
        }
    }

    async fn update_call_log(&self, log: &CallLog) -> Result<bool, StoreError> {
        self.commit(Batch::of(self.put(log, log.row_key(), When::Present)?)).await
    }

    async fn conversation(&self, scope: &Tenant, id: &str) -> Result<Option<Conversation>, StoreError> {
        self.get(&Conversation::key_of(scope, id)).await
    }

    async fn message_log(&self, scope: &Tenant, message_id: &str) -> Result<Option<MessageLog>, StoreError> {
        self.get(&MessageLog::key_of(scope, message_id)).await
    }

    async fn save_messages(
        &self,
        conversation: &Conversation,
        logs: &[MessageLog],
        claim: Option<&ClaimChange>,
    ) -> Result<(), StoreError> {
        let logs = logs.iter().map(|log| self.put(log, log.row_key(), When::Always));
        let logs = logs.collect::<Result<Vec<_>, StoreError>>()?;
        let claim = claim.map(|change| self.claim_write(change)).transpose()?;
        let first = self.put(conversation, conversation.row_key(), When::Always)?;
        self.commit(Batch::of(first).along(logs).along(claim)).await.map(drop)
    }

    async fn claims(&self, key: &ClaimKey) -> Result<Option<Claims>, StoreError> {
        self.get(&key.row_key()).await
    }

    async fn change_claims(&self, change: &ClaimChange) -> Result<bool, StoreError> {
        self.commit(Batch::of(self.claim_write(change)?)).await
    }

    fn is_shared(&self) -> bool {
        self.rows.is_shared()
    }

    async fn now(&self) -> Result<i64, StoreError> {
        self.rows.now().await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Option<Value>, StoreError> {
        Ok(self.get(&key.row_key()).await?.map(Document::into_content))
    }

    async fn documents(&self, key: &DocumentKey) -> Result<Vec<Value>, StoreError> {
        let documents: Vec<Document> = self.list(&key.row_key()).await?;
        Ok(documents.into_iter().map(Document::into_content).collect())
    }

    async fn save_document(&self, key: &DocumentKey, document: &Value) -> Result<(), StoreError> {
        let write = self.put(&Document::new(document), key.row_key(), When::Always)?;
        self.commit(Batch::of(write)).await.map(drop)
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, StoreError> {
        self.commit(Batch::of(Write::delete(Table::Documents, key.row_key(), When::Present))).await
    }

    /// Compared as users are: see [`Store::change_user`].
    async fn change_documents(&self, changes: &[DocumentChange]) -> Result<bool, StoreError> {
        self.refuse_closed()?;
        if changes.is_empty() {
            return Ok(true);
        }
        let keys: Vec<Vec<u8>> = changes.iter().map(|change| change.key.row_key()).collect();
        loop {
            let stored = self.rows.get_many(Table::Documents, &keys).await?;
            let writes = changes.iter().zip(&keys).zip(stored);
            let writes = writes.map(|((change, key), stored)| self.document_write(change, key, stored));
            let Some(required) = writes.collect::<Result<Option<Vec<_>>, _>>()? else {
                return Ok(false);
            };
            if self.commit(Batch { required, optional: Vec::new(), announces: true }).await? {
                return Ok(true);
            }
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.rows.changes()
    }

    async fn sweep(&self, now: i64) -> Result<usize, StoreError> {
        let mut removed = 0;
        let mut expired = bulk::Expired::new(now);
        while let Some(rows) = expired.next(&self.rows, &self.keys).await? {
            for row in rows {
                let delete = Write::delete(row.table, row.key, When::Is(row.value));
                removed += usize::from(self.commit(Batch::of(delete)).await?);
            }
        }
        Ok(removed)
    }

    async fn cached_contacts(&self, key: &ContactKey) -> Result<Option<Value>, StoreError> {
        let found: Option<Contacts> = self.get(&key.row_key(&self.keys)).await?;
        Ok(found.map(|contacts| contacts.0))
    }

    async fn cache_contacts(&self, key: &ContactKey, contacts: &[u8]) -> Result<(), StoreError> {
        let key = key.row_key(&self.keys);
        let look = self.rows.read_cache().map(|read_cache| {
            let hash = read_cache.hash(contacts);
            let (held, look) = read_cache.contacts.look(&key);
            (read_cache, hash, held, look)
        });
        if let Some((_, hash, Some(held), _)) = &look
            && held == hash
        {
            return self.refuse_closed();
        }
        let held = match self.rows.get(Table::Contacts, &key).await {
            // What cannot be read is written anew.
            Err(StoreError::Corrupt { .. }) => None,
            held => held?,
        };
        if held.is_some_and(|held| Contacts::are_text(&self.keys, &key, &held, contacts)) {
            if let Some((read_cache, hash, _, look)) = look {
                read_cache.contacts.keep(&key, &look, hash);
            }
            return self.refuse_closed();
        }
        let row = Contacts::text_to_row(&self.keys, key, contacts)?;
        self.commit(Batch::of(Write::put(row, When::Always))).await.map(drop)
    }

    async fn forget_contacts(&self, key: &ContactKey) -> Result<bool, StoreError> {
        let key = key.row_key(&self.keys);
        // A backend may wait for its disk also if a batch changes nothing.
        if self.rows.get(Table::Contacts, &key).await?.is_none() {
            return self.refuse_closed().map(|()| false);
        }
        self.commit(Batch::of(Write::delete(Table::Contacts, key, When::Present))).await
    }

    async fn integrity(&self) -> Result<Integrity, StoreError> {
        bulk::integrity(&self.rows, self.keys.clone()).await
    }

    async fn export(&self, writer: Box<dyn IoWrite + Send>) -> Result<Counts, StoreError> {
        bulk::export(&self.rows, self.keys.clone(), writer).await
    }

    async fn import(&self, reader: Box<dyn BufRead + Send>) -> Result<Counts, StoreError> {
        self.refuse_closed()?;
        bulk::import(&self.rows, self.keys.clone(), reader).await
    }

    fn meter(&self) -> Option<StoreMeter> {
        Some(self.meter.clone())
    }

    fn failure(&self) -> watch::Receiver<Option<StoreError>> {
        self.rows.failure()
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.rows.flush().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        self.rows.flush().await
    }
}
