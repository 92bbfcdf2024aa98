//! The shared store: PostgreSQL.
//!
//! It keeps the rows of [`codec`] in one table for each kind, so that sealing, exports and the check
//! of integrity are those of every backend. What is conditional is decided by the database, in one
//! transaction, so it holds for all processes that share it. A transaction that is acknowledged is
//! on the database's disk (`synchronous_commit`).

mod bulk;
mod changes;
mod database;
mod documents;
mod failure;
mod foreign;
mod place;
mod rows;
mod schema;

pub use foreign::ForeignTables;

use std::{
    io::{BufRead, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::watch;

use self::{
    changes::Changes,
    database::{Database, Repeat},
    place::Place,
    rows::Step,
};
use super::{
    CallLog, ClaimChange, ClaimKey, Claims, ContactKey, Conversation, Counts, DocumentChange, DocumentKey,
    DocumentKind, Integrity, Keys, MessageLog, Saved, Store, StoreError, Tenant, User, UserKey,
    codec::{self, Row, Table},
};
use crate::store::StoreMeter;

/// Rows of one page where many are read.
const PAGE: i64 = 500;

/// A store in a database that any number of processes share.
pub struct PostgresStore {
    database: Database,
    keys: Keys,
    closed: AtomicBool,
    changes: Changes,
    meter: StoreMeter,
}

impl PostgresStore {
    /// Opens the store that `url` names (`postgres://USER:PASSWORD@HOST:PORT/DATABASE`), and makes or
    /// updates its tables first. The database itself has to exist.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::Format`] where a newer program made the tables,
    /// [`StoreError::Corrupt`], or [`StoreError::Unavailable`] with the words of the database.
    pub async fn open(url: &str, keys: Keys) -> Result<Self, StoreError> {
        let database = Database::open(Place::parse(url)?, keys.clone()).await?;
        let changes = Changes::read(&database).await?;
        let link = database.link().clone();
        drop(database.spawn(changes.clone().poll(link.clone()))?);
        drop(database.spawn(changes.clone().listen(link))?);
        Ok(Self { database, keys, closed: AtomicBool::new(false), changes, meter: StoreMeter::default() })
    }

    fn refuse_closed(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::closed()) } else { Ok(()) }
    }

    async fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        self.database
            .with(reading(table), Repeat::Yes, move |connection| {
                let key = key.clone();
                Box::pin(async move { rows::get(connection, table, &key).await })
            })
            .await
    }

    /// Every row whose key begins with `prefix`, in the order of keys.
    async fn rows(&self, table: Table, prefix: Vec<u8>) -> Result<Vec<Row>, StoreError> {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let (prefix, after) = (prefix.clone(), rows.last().map(|row| row.key.clone()));
            let page = self.database.with(reading(table), Repeat::Yes, move |connection| {
                let (prefix, after) = (prefix.clone(), after.clone());
                Box::pin(async move { rows::page(connection, table, &prefix, after.as_deref(), PAGE).await })
            });
            let page = page.await?;
            let is_last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
            rows.extend(page);
            if is_last {
                return Ok(rows);
            }
        }
    }

    /// Takes a step and, where its condition holds, others along, each under its own; whether the
    /// first one's held.
    async fn write(&self, first: Step, along: Vec<Step>) -> Result<bool, StoreError> {
        self.refuse_closed()?;
        for step in std::iter::once(&first).chain(&along) {
            if let Step::Put(row) | Step::Insert(row) | Step::Update(row) | Step::Swap(row, _) = step {
                bulk::check_key(row)?;
            }
        }
        let started = Instant::now();
        let written = self.database.with(WRITING, Repeat::No, move |connection| {
            let (first, along) = (first.clone(), along.clone());
            Box::pin(async move { take_all(connection, &first, &along).await })
        });
        let written = written.await;
        self.meter.written(written.is_ok(), started.elapsed());
        written
    }

    fn claim_step(&self, change: &ClaimChange) -> Result<Step, StoreError> {
        let row = |claims: &Claims| codec::claims_row(&self.keys, &change.key, claims);
        let key = codec::claims_key(&change.key);
        // Claims are not sealed, so equal claims are equal bytes.
        Ok(match (&change.before, &change.after) {
            (None, None) => Step::Absent(Table::Claims, key),
            (None, Some(after)) => Step::Insert(row(after)?),
            (Some(before), Some(after)) => Step::Swap(row(after)?, row(before)?.value),
            (Some(before), None) => Step::Take(Table::Claims, key, row(before)?.value),
        })
    }

    /// Runs what reads or writes everything on the store's runtime.
    async fn bulk<T: Send + 'static>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database.spawn(work)?.await.map_err(|_| StoreError::stopped(what))?
    }
}

const WRITING: &str = "writing to the store";

fn reading(table: Table) -> &'static str {
    match table {
        Table::Users => "reading users",
        Table::CallLogs => "reading call logs",
        Table::Contacts => "reading cached contacts",
        Table::Conversations => "reading conversations",
        Table::MessageLogs => "reading message logs",
        Table::Claims => "reading claims",
        Table::Documents => "reading documents",
    }
}

async fn take_all(connection: &mut PgConnection, first: &Step, along: &[Step]) -> sqlx::Result<bool> {
    if along.is_empty() && !matches!(first, Step::Absent(..)) {
        return rows::take(connection, first).await;
    }
    let mut transaction = connection.begin().await?;
    let held = rows::take(&mut transaction, first).await?;
    if held {
        for step in along {
            rows::take(&mut transaction, step).await?;
        }
    }
    transaction.commit().await?;
    Ok(held)
}

#[async_trait]
impl Store for PostgresStore {
    async fn get_user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        let key = codec::user_key(key);
        let found = self.get(Table::Users, key.clone()).await?;
        found.map(|value| codec::read_user(&self.keys, &key, &value)).transpose()
    }

    async fn find_users_by_id(&self, id: &str, platform: &str) -> Result<Vec<User>, StoreError> {
        let rows = self.rows(Table::Users, codec::users_prefix(id, platform)).await?;
        rows.iter().map(|row| codec::read_user(&self.keys, &row.key, &row.value)).collect()
    }

    async fn save_user(&self, user: &User) -> Result<(), StoreError> {
        self.write(Step::Put(codec::user_row(&self.keys, user)?), Vec::new()).await.map(drop)
    }

    /// The bytes that were read are compared where they are replaced; where they changed, the user
    /// may still be the same.
    async fn change_user(&self, before: Option<&User>, after: &User) -> Result<bool, StoreError> {
        let row = codec::user_row(&self.keys, after)?;
        loop {
            let stored = self.get(Table::Users, row.key.clone()).await?;
            let held = stored.as_deref().map(|value| codec::read_user(&self.keys, &row.key, value));
            if held.transpose()?.as_ref() != before {
                return Ok(false);
            }
            let step = match stored {
                Some(stored) => Step::Swap(row.clone(), stored),
                None => Step::Insert(row.clone()),
            };
            if self.write(step, Vec::new()).await? {
                return Ok(true);
            }
        }
    }

    async fn delete_user(&self, key: &UserKey) -> Result<bool, StoreError> {
        self.write(Step::Delete(Table::Users, codec::user_key(key)), Vec::new()).await
    }

    async fn call_logs(&self, scope: &Tenant, session_id: &str) -> Result<Vec<CallLog>, StoreError> {
        let rows = self.rows(Table::CallLogs, codec::session_prefix(scope, session_id)).await?;
        let mut logs = rows
            .iter()
            .map(|row| codec::read_call_log(&self.keys, &row.key, &row.value))
            .collect::<Result<Vec<_>, _>>()?;
        logs.sort_by_key(|log| log.created_at);
        Ok(logs)
    }

    async fn save_call_log(&self, log: &CallLog, claim: Option<&ClaimChange>) -> Result<Saved, StoreError> {
        let row = codec::call_log_row(&self.keys, log)?;
        let along: Vec<Step> = claim.map(|change| self.claim_step(change)).transpose()?.into_iter().collect();
        loop {
            if self.write(Step::Insert(row.clone()), along.clone()).await? {
                return Ok(Saved::Inserted);
            }
            // Where it went between the two, there is room now.
            if let Some(value) = self.get(Table::CallLogs, row.key.clone()).await? {
                return codec::read_call_log(&self.keys, &row.key, &value).map(Saved::Existing);
            }
        }
    }

    async fn update_call_log(&self, log: &CallLog) -> Result<bool, StoreError> {
        self.write(Step::Update(codec::call_log_row(&self.keys, log)?), Vec::new()).await
    }

    async fn conversation(&self, scope: &Tenant, id: &str) -> Result<Option<Conversation>, StoreError> {
        let key = codec::conversation_key(scope, id);
        let found = self.get(Table::Conversations, key.clone()).await?;
        found.map(|value| codec::read_conversation(&self.keys, &key, &value)).transpose()
    }

    async fn message_log(&self, scope: &Tenant, message_id: &str) -> Result<Option<MessageLog>, StoreError> {
        let key = codec::message_log_key(scope, message_id);
        let found = self.get(Table::MessageLogs, key.clone()).await?;
        found.map(|value| codec::read_message_log(&self.keys, &key, &value)).transpose()
    }

    async fn save_messages(
        &self,
        conversation: &Conversation,
        logs: &[MessageLog],
        claim: Option<&ClaimChange>,
    ) -> Result<(), StoreError> {
        let mut along = logs
            .iter()
            .map(|log| codec::message_log_row(&self.keys, log).map(Step::Put))
            .collect::<Result<Vec<_>, StoreError>>()?;
        along.extend(claim.map(|change| self.claim_step(change)).transpose()?);
        let first = Step::Put(codec::conversation_row(&self.keys, conversation)?);
        self.write(first, along).await.map(drop)
    }

    async fn claims(&self, key: &ClaimKey) -> Result<Option<Claims>, StoreError> {
        let key = codec::claims_key(key);
        let found = self.get(Table::Claims, key.clone()).await?;
        found.map(|value| codec::read_claims(&self.keys, &key, &value)).transpose()
    }

    async fn change_claims(&self, change: &ClaimChange) -> Result<bool, StoreError> {
        self.write(self.claim_step(change)?, Vec::new()).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn now(&self) -> Result<i64, StoreError> {
        self.database
            .with("reading the clock", Repeat::Yes, |connection| {
                Box::pin(async move { rows::now(connection).await })
            })
            .await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Option<Value>, StoreError> {
        let key = codec::document_key(key);
        let found = self.get(Table::Documents, key.clone()).await?;
        found.map(|value| codec::read_document(&self.keys, &key, &value)).transpose()
    }

    async fn documents(&self, key: &DocumentKey) -> Result<Vec<Value>, StoreError> {
        let rows = self.rows(Table::Documents, codec::document_key(key)).await?;
        rows.iter().map(|row| codec::read_document(&self.keys, &row.key, &row.value)).collect()
    }

    async fn save_document(&self, key: &DocumentKey, document: &Value) -> Result<(), StoreError> {
        let row = codec::document_row(&self.keys, key, document)?;
        self.write(Step::Put(row), Vec::new()).await.map(drop)
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, StoreError> {
        self.write(Step::Delete(Table::Documents, codec::document_key(key)), Vec::new()).await
    }

    async fn change_documents(&self, changes: &[DocumentChange]) -> Result<bool, StoreError> {
        self.refuse_closed()?;
        if changes.is_empty() {
            return Ok(true);
        }
        let prepared = documents::prepare(&self.keys, changes)?;
        let keys = self.keys.clone();
        let started = Instant::now();
        let changed = self.database.with(WRITING, Repeat::No, move |connection| {
            let (keys, prepared) = (keys.clone(), prepared.clone());
            Box::pin(async move { documents::change(connection, &keys, &prepared).await })
        });
        let changed = changed.await.and_then(|changed| changed);
        self.meter.written(changed.is_ok(), started.elapsed());
        let counter = changed?;
        if let Some(counter) = counter {
            self.changes.rise(u64::try_from(counter).unwrap_or_default());
        }
        Ok(counter.is_some())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn sweep(&self, now: i64) -> Result<usize, StoreError> {
        let documents = DocumentKind::EXPIRING
            .map(|kind| (Table::Documents, codec::document_key(&DocumentKey { kind, parts: Vec::new() })));
        let mut removed = 0;
        for (table, prefix) in std::iter::once((Table::Claims, Vec::new())).chain(documents) {
            for row in self.rows(table, prefix).await? {
                // What cannot be read is left to the integrity check.
                if codec::is_expired(&self.keys, &row, now).unwrap_or(false) {
                    let Row { table, key, value } = row;
                    removed += usize::from(self.write(Step::Take(table, key, value), Vec::new()).await?);
                }
            }
        }
        Ok(removed)
    }

    async fn cached_contacts(&self, key: &ContactKey) -> Result<Option<Value>, StoreError> {
        let key = codec::contact_key(&self.keys, key);
        let found = self.get(Table::Contacts, key.clone()).await?;
        found.map(|value| codec::read_contacts(&self.keys, &key, &value)).transpose()
    }

    async fn cache_contacts(&self, key: &ContactKey, contacts: &[u8]) -> Result<(), StoreError> {
        let key = codec::contact_key(&self.keys, key);
        let held = self.get(Table::Contacts, key.clone()).await?;
        if held.is_some_and(|held| codec::holds_contacts(&self.keys, &key, &held, contacts)) {
            return self.refuse_closed();
        }
        let row = codec::contacts_row(&self.keys, key, contacts)?;
        self.write(Step::Put(row), Vec::new()).await.map(drop)
    }

    async fn forget_contacts(&self, key: &ContactKey) -> Result<bool, StoreError> {
        let key = codec::contact_key(&self.keys, key);
        self.write(Step::Delete(Table::Contacts, key), Vec::new()).await
    }

    async fn integrity(&self) -> Result<Integrity, StoreError> {
        let work = bulk::integrity(self.database.link().clone(), self.keys.clone());
        self.bulk("the integrity check", work).await
    }

    async fn export(&self, writer: Box<dyn Write + Send>) -> Result<Counts, StoreError> {
        let work = bulk::export(self.database.link().clone(), self.keys.clone(), writer);
        self.bulk("the export", work).await
    }

    async fn import(&self, reader: Box<dyn BufRead + Send>) -> Result<Counts, StoreError> {
        self.refuse_closed()?;
        let work = bulk::import(self.database.link().clone(), self.keys.clone(), reader);
        self.bulk("the import", work).await
    }

    fn meter(&self) -> Option<StoreMeter> {
        Some(self.meter.clone())
    }

    /// Every write is durable when it is acknowledged.
    async fn flush(&self) -> Result<(), StoreError> {
        self.refuse_closed()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}
