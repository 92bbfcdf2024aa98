//! The shared store: PostgreSQL.
//!
//! It keeps rows in one table for each kind. What is conditional is decided by the database, in one
//! transaction, so it holds for all processes that share it. A transaction that is acknowledged is
//! on the database's disk (`synchronous_commit`).

mod bulk;
mod changes;
mod commit;
mod database;
mod failure;
mod foreign;
mod place;
mod rows;
mod schema;

pub use foreign::ForeignTables;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use self::{
    changes::Changes,
    commit::Committed,
    database::{Database, Repeat},
    place::Place,
};
use super::{
    Keys, Store, StoreError,
    backends::{Backend, Opening},
    codec::{MAX_KEY_BYTES, Row, Table},
    record_store::RecordStore,
    row_store::{Batch, Filling, RowStore, Scanned},
};

/// A store in a database that any number of processes share.
pub type PostgresStore = RecordStore<PostgresRows>;

impl PostgresStore {
    /// Opens the store that `url` names (`postgres://USER:PASSWORD@HOST:PORT/DATABASE`), and makes or
    /// updates its tables first. The database itself has to exist.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::Format`] where a newer program made the tables,
    /// [`StoreError::Corrupt`], or [`StoreError::Unavailable`] with the words of the database.
    pub async fn open(url: &str, keys: Keys) -> Result<Self, StoreError> {
        Ok(Self::new(PostgresRows::open(url, &keys).await?, keys))
    }
}

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
pub struct PostgresBackend;

#[async_trait]
impl Backend for PostgresBackend {
    fn schemes(&self) -> &[&str] {
        &["postgres", "postgresql"]
    }

    fn usage(&self) -> &str {
        "postgres://USER:PASSWORD@HOST:PORT/DATABASE (a shared store)"
    }

    async fn open(&self, opening: Opening) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(PostgresStore::open(&opening.url, opening.keys).await?))
    }
}

/// The rows of a shared store.
pub struct PostgresRows {
    database: Database,
    changes: Changes,
}

impl PostgresRows {
    async fn open(url: &str, keys: &Keys) -> Result<Self, StoreError> {
        let database = Database::open(Place::parse(url)?, keys.clone()).await?;
        let changes = Changes::read(&database).await?;
        let link = database.link().clone();
        drop(database.spawn(changes.clone().poll(link.clone()))?);
        drop(database.spawn(changes.clone().listen(link))?);
        Ok(Self { database, changes })
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

impl RowStore for PostgresRows {
    const MAX_KEY_BYTES: usize = MAX_KEY_BYTES;

    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_vec();
        self.database
            .with(reading(table), Repeat::Yes, move |connection| {
                let key = key.clone();
                Box::pin(async move { rows::get(connection, table, &key).await })
            })
            .await
    }

    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let keys = keys.to_vec();
        self.database
            .with(reading(table), Repeat::Yes, move |connection| {
                let keys = keys.clone();
                Box::pin(async move { rows::get_many(connection, table, &keys).await })
            })
            .await
    }

    async fn page(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        self.database
            .with(reading(table), Repeat::Yes, move |connection| {
                let (prefix, after) = (prefix.clone(), after.clone());
                Box::pin(async move { rows::page(connection, table, &prefix, after.as_deref(), limit).await })
            })
            .await
    }

    async fn commit(&self, mut batch: Batch) -> Result<bool, StoreError> {
        // Whoever changes the same rows locks them in the same order.
        batch.required.sort_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
        let batch = Arc::new(batch);
        let committed = self.database.with(WRITING, Repeat::No, move |connection| {
            let batch = Arc::clone(&batch);
            Box::pin(async move { commit::commit(connection, &batch).await })
        });
        Ok(match committed.await? {
            Committed::Refused => false,
            Committed::Done => true,
            Committed::Announced(counter) => {
                self.changes.rise(counter);
                true
            }
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn scan(&self, to: mpsc::Sender<Scanned>) {
        // If the runtime is gone or the task panics, the sender is dropped before anything is complete.
        if let Ok(task) = self.database.spawn(bulk::scan(self.database.link().clone(), to)) {
            drop(task.await);
        }
    }

    async fn fill(&self, from: mpsc::Receiver<Filling>) -> Result<(), StoreError> {
        let task = self.database.spawn(bulk::fill(self.database.link().clone(), from))?;
        task.await.map_err(|_| StoreError::stopped("the import"))?
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
}
