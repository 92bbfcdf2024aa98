//! What a backend does: it keeps rows. [`RecordStore`](super::RecordStore) makes a [`Store`](super::Store) of
//! it.
//!
//! A backend knows nothing of records. It gets keys and values as bytes, and keeps them in one table for each
//! [`Table`]. What it has to provide is small: reads by key and by the beginning of a key, and commits under
//! conditions. The rest has defaults, which a backend replaces if it can do better.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{StoreError, codec::MAX_RECORD_BYTES};

pub use super::codec::{Row, Table};
pub use super::read_cache::ReadCache;

/// How many rows are read or handed over at a time if there may be many.
pub const PAGE: usize = 500;
/// How many bytes of keys and values are handed over at a time, give or take one row.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// A backend of a store.
///
/// Its methods run on any runtime. Their futures may be dropped at any time; a commit that was begun is
/// then finished or undone as a whole.
pub trait RowStore: Send + Sync + 'static {
    /// The longest key that it takes, in bytes. New records never have one of more than
    /// [`MAX_KEY_BYTES`](super::MAX_KEY_BYTES); older ones and those of an import may.
    const MAX_KEY_BYTES: usize = MAX_RECORD_BYTES;

    /// The value under a key.
    ///
    /// # Errors
    /// If it cannot be read. [`StoreError::Corrupt`] if it is damaged.
    fn get(
        &self,
        table: Table,
        key: &[u8],
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// The values under several keys, in their order.
    ///
    /// # Errors
    /// As [`RowStore::get`].
    fn get_many(
        &self,
        table: Table,
        keys: &[Vec<u8>],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, StoreError>> + Send {
        async move {
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.get(table, key).await?);
            }
            Ok(values)
        }
    }

    /// The rows whose key begins with `prefix`, in the order of keys: the first `limit` of them, or those
    /// after the key `after`. Fewer than `limit` are the last ones.
    ///
    /// # Errors
    /// As [`RowStore::get`].
    fn page(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Every row whose key begins with `prefix`, in the order of keys. It is asked for only if they are few.
    ///
    /// # Errors
    /// As [`RowStore::get`].
    fn rows(&self, table: Table, prefix: &[u8]) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send {
        async move {
            let mut rows: Vec<Row> = Vec::new();
            loop {
                let after = rows.last().map(|row| row.key.as_slice());
                let page = self.page(table, prefix, after, PAGE).await?;
                let is_last = page.len() < PAGE;
                rows.extend(page);
                if is_last {
                    return Ok(rows);
                }
            }
        }
    }

    /// Does a batch as [`Batch`] describes it; whether its required writes hold. Returns once it is durable.
    ///
    /// # Errors
    /// If it is not known whether the batch is durable.
    fn commit(&self, batch: Batch) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// A counter that rises after each batch that [announces](Batch::announces) itself, by whichever process.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Sends every row, table by table and in the order of keys, until nobody listens. If it can, as they are
    /// at one moment.
    fn scan(&self, to: mpsc::Sender<Scanned>) -> impl Future<Output = ()> + Send {
        async move {
            for table in Table::ALL {
                let mut after: Option<Vec<u8>> = None;
                loop {
                    let page = match self.page(table, b"", after.as_deref(), PAGE).await {
                        Ok(page) => page,
                        Err(error) => {
                            // If nobody listens any more, nobody needs it.
                            let _ = to.send(Scanned::Failed(error)).await;
                            return;
                        }
                    };
                    let Some(last) = page.last() else { break };
                    after = Some(last.key.clone());
                    if to.send(Scanned::Rows(page)).await.is_err() {
                        return;
                    }
                }
            }
            let _ = to.send(Scanned::Complete).await;
        }
    }

    /// Takes rows into an empty store: all of them, once [`Filling::Complete`] comes. If it does not come,
    /// none stays. A key that comes twice gets the later value.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], or whatever keeps the rows from being written.
    fn fill(&self, from: mpsc::Receiver<Filling>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns once everything that was committed before is durable.
    ///
    /// # Errors
    /// If it is not known to be durable.
    fn flush(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Why the backend can never write again, once that is so. Absent if it always can.
    fn failure(&self) -> watch::Receiver<Option<StoreError>> {
        watch::Sender::new(None).subscribe()
    }

    /// Whether other processes may use the same rows at the same time.
    fn is_shared(&self) -> bool {
        false
    }

    /// The time in milliseconds since 1970, by a clock that is the same for all who use the rows.
    ///
    /// # Errors
    /// If the clock cannot be read.
    fn now(&self) -> impl Future<Output = Result<i64, StoreError>> + Send {
        async { Ok(jiff::Timestamp::now().as_millisecond()) }
    }

    /// Where values that were read are remembered. Absent unless this backend says what changes, and nobody else
    /// writes.
    fn read_cache(&self) -> Option<&Arc<ReadCache>> {
        None
    }
}

/// Writes that are committed together. They name no row twice.
///
/// If every required write holds, all of them are done. Then each optional one is done if it holds. If a
/// required one does not hold, nothing is written. Nobody else's commit comes between conditions and writes.
///
/// All required writes are of one table, and a crash leaves all of them or none. It leaves no optional deletion without
/// the required puts.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Done together or not at all.
    pub required: Vec<Write>,
    /// Done along with the required ones, each if it holds.
    pub optional: Vec<Write>,
    /// Whether [`RowStore::changes`] rises.
    pub announces: bool,
}

/// One row's change and its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The row's table.
    pub table: Table,
    /// The row's key.
    pub key: Vec<u8>,
    /// When the write holds.
    pub when: When,
    /// What it does.
    pub change: Change,
}

/// When a write holds, by the value that is stored under its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Whatever is stored.
    Always,
    /// If nothing is.
    Absent,
    /// If something is.
    Present,
    /// If exactly this is.
    Is(Vec<u8>),
}

/// What a write does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Creates or replaces the value.
    Put(Vec<u8>),
    /// Removes the row.
    Delete,
    /// Nothing: the write is a condition only.
    Keep,
}

/// A part of what [`RowStore::scan`] finds.
#[derive(Debug)]
pub enum Scanned {
    /// Rows of one table.
    Rows(Vec<Row>),
    /// The rest of a table cannot be read; the next one follows.
    Unreadable(Table, StoreError),
    /// Nothing follows, because reading failed.
    Failed(StoreError),
    /// That was all.
    Complete,
}

/// A part of what [`RowStore::fill`] takes.
#[derive(Debug)]
pub enum Filling {
    /// Rows of any tables.
    Rows(Vec<Row>),
    /// That was all, and all of it is right.
    Complete,
}

impl Batch {
    /// A batch of one write.
    pub fn of(write: Write) -> Self {
        Self { required: vec![write], ..Self::default() }
    }

    /// With optional writes.
    #[must_use]
    pub fn along(mut self, optional: impl IntoIterator<Item = Write>) -> Self {
        self.optional.extend(optional);
        self
    }
}

impl Write {
    /// Creates or replaces a row, if the condition holds.
    pub fn put(row: Row, when: When) -> Self {
        Self { table: row.table, key: row.key, when, change: Change::Put(row.value) }
    }

    /// Removes a row, if the condition holds.
    pub fn delete(table: Table, key: Vec<u8>, when: When) -> Self {
        Self { table, key, when, change: Change::Delete }
    }

    /// Whether it creates or replaces a row.
    pub fn is_put(&self) -> bool {
        matches!(self.change, Change::Put(_))
    }

    /// Holds if the condition does, and changes nothing.
    pub fn condition(table: Table, key: Vec<u8>, when: When) -> Self {
        Self { table, key, when, change: Change::Keep }
    }
}

impl When {
    /// The condition that a row is as it was read.
    pub fn is_still(stored: Option<Vec<u8>>) -> Self {
        stored.map_or(Self::Absent, Self::Is)
    }

    /// Whether the condition holds for a stored value.
    pub fn holds(&self, stored: Option<&[u8]>) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => stored.is_none(),
            Self::Present => stored.is_some(),
            Self::Is(expected) => stored == Some(expected),
        }
    }
}
