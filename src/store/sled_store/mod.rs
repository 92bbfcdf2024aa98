//! The embedded store: sled 0.34.
//!
//! Reads run where they are asked for, also on async threads: getting and
//! unsealing a cached user takes 3 µs, through `spawn_blocking` 30–55 µs (two
//! cores; with 32 tasks 640,000 against 80,000 a second). A get that misses the
//! cache reads a local file once. Scans are as short as a call has extensions.
//! What reads many rows (the sweep, integrity, export) runs on a blocking thread.
//! Writes go to the committing thread. A read may see a write moments before its
//! writer is told that it is durable.
//!
//! If the disk is full or does not answer, reads go on: see [`room`] and [`watchdog`].

mod commit;
mod disk;
mod layout;
mod open;
mod room;
mod trees;
mod watchdog;
mod witness;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, watch},
    task::spawn_blocking,
};

use self::{
    commit::Committer,
    disk::SledDisk,
    trees::Trees,
    watchdog::{Patience, REFUSE, Watched},
};
use super::{
    Keys, Store, StoreError,
    backends::{Backend, Opening},
    codec::{Row, Table},
    read_cache::ReadCache,
    record_store::RecordStore,
    row_store::{Batch, Filling, RowStore, Scanned},
};

/// How an embedded store runs.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// The most read_cache that cached pages take, in bytes.
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
pub type SledStore = RecordStore<SledRows>;

impl SledStore {
    /// Opens or creates the store in the directory `path`. Blocks: recovery
    /// reads the log written since the last clean stop.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::WrongKey`],
    /// [`StoreError::Corrupt`], [`StoreError::Format`], [`StoreError::Full`],
    /// or [`StoreError::Unavailable`] with the system's words.
    pub fn open(path: &Path, keys: Keys, options: SledOptions) -> Result<Self, StoreError> {
        Ok(Self::new(SledRows::open(path, &keys, options)?, keys))
    }
}

/// `sled:PATH`
pub struct SledBackend;

#[async_trait]
impl Backend for SledBackend {
    fn schemes(&self) -> &[&str] {
        &["sled"]
    }

    fn usage(&self) -> &str {
        "sled:PATH (an embedded store in the directory PATH)"
    }

    async fn open(&self, opening: Opening) -> Result<Arc<dyn Store>, StoreError> {
        let path = PathBuf::from(opening.place());
        let options = SledOptions { discard_unfinished_import: opening.is_to_fill, ..SledOptions::default() };
        let opened = spawn_blocking(move || SledStore::open(&path, opening.keys, options))
            .await
            .map_err(|_| StoreError::stopped("opening the store"))??;
        Ok(Arc::new(opened))
    }
}

/// The rows of an embedded store.
pub struct SledRows {
    // Before the trees: its thread ends, and the last trees close the files.
    committer: Committer,
    trees: Trees,
    read_cache: Arc<ReadCache>,
    changes: watch::Sender<u64>,
    watched: Arc<Watched>,
}

impl SledRows {
    fn open(path: &Path, keys: &Keys, options: SledOptions) -> Result<Self, StoreError> {
        let (trees, commits) = open::open(path, keys, options)?;
        let read_cache = Arc::new(ReadCache::default());
        let watched = Watched::new();
        let disk =
            SledDisk::new(trees.clone(), Arc::clone(&read_cache), path, commits, Arc::clone(&watched))?;
        let changes = watch::Sender::new(0);
        let committer = Committer::start(disk, changes.clone(), Arc::clone(&watched), Patience::default())?;
        Ok(Self { committer, trees, read_cache, changes, watched })
    }

    /// Runs a short read where it is asked for, unless it may have to wait for the committing thread.
    async fn reading_briefly<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Trees) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if !self.watched.may_block_readers() {
            return read(&self.trees);
        }
        match tokio::time::timeout(REFUSE, self.reading(read)).await {
            Ok(read) => read?,
            Err(_) => Err(StoreError::Unavailable {
                what: "reading the store".to_owned(),
                why: format!("the disk has not answered for {} s", REFUSE.as_secs()),
                mend: "Check the disk and the system log".to_owned(),
            }),
        }
    }

    /// Runs what reads much off the async threads.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Trees) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let trees = self.trees.clone();
        spawn_blocking(move || read(&trees)).await.map_err(|_| StoreError::Corrupt {
            what: "what the store reads".to_owned(),
            why: "reading it panicked".to_owned(),
        })
    }
}

impl RowStore for SledRows {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_vec();
        self.reading_briefly(move |trees| trees.get(table, &key)).await
    }

    async fn page(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        self.reading(move |trees| trees.rows_after(table, &prefix, after.as_deref()).take(limit).collect())
            .await?
    }

    async fn rows(&self, table: Table, prefix: &[u8]) -> Result<Vec<Row>, StoreError> {
        let prefix = prefix.to_vec();
        self.reading_briefly(move |trees| trees.rows(table, &prefix).collect()).await
    }

    async fn commit(&self, batch: Batch) -> Result<bool, StoreError> {
        self.committer.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn scan(&self, to: mpsc::Sender<Scanned>) {
        let sender = to.clone();
        if let Err(error) = self.reading(move |trees| trees.send_all(&sender)).await {
            // If nobody listens any more, nobody needs it.
            let _ = to.send(Scanned::Failed(error)).await;
        }
    }

    async fn fill(&self, from: mpsc::Receiver<Filling>) -> Result<(), StoreError> {
        self.committer.fill(from).await
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.committer.flush().await
    }

    fn failure(&self) -> watch::Receiver<Option<StoreError>> {
        self.watched.failure()
    }

    fn read_cache(&self) -> Option<&Arc<ReadCache>> {
        Some(&self.read_cache)
    }
}
