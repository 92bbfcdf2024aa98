//! sled's trees behind the committing thread, and the device flush.
//!
//! The files of sled 0.34 (read in its source): `db`, the log with every
//! record; `conf`, written once; `snap.*`, synced by sled itself before it is
//! renamed; `blobs/N`, records too long for the log. Its flush starts and
//! awaits writeback of `db` (`sync_file_range`) but sends no flush to the
//! device, hence the `fdatasync` here, on a second handle of the same file.
//!
//! sled writes blobs without any sync and removes old ones on its own, so none
//! may come to be: they begin at a quarter of a segment for a whole node, and
//! a node holds up to 17 records. [`SEGMENT_BYTES`](super::layout::SEGMENT_BYTES) is chosen so that 17
//! records of the longest kind still fit.
//!
//! sled's background flusher is off: it would move records between segments
//! without a device flush in between. Without it sled writes on the committing
//! thread alone, and cleans segments there as it goes.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    commit::{Changes, Disk},
    layout::{COMMITS, IMPORTING},
    room,
    trees::{self, Trees},
    watchdog::Watched,
    witness::Witness,
};
use crate::store::{StoreError, codec::Table, read_cache::ReadCache};

pub(super) struct SledDisk {
    trees: Trees,
    read_cache: Arc<ReadCache>,
    log: File,
    path: PathBuf,
    /// The number of the commit that was applied last.
    commit: u64,
    /// The number of the commit that was made durable last.
    durable: u64,
    witness: Witness,
    watched: Arc<Watched>,
}

impl SledDisk {
    /// Opens the second handle on the log, makes the new files' names durable,
    /// and starts the witness at `commit`, the number of the log's last commit.
    pub(super) fn new(
        trees: Trees,
        read_cache: Arc<ReadCache>,
        path: &Path,
        commit: u64,
        watched: Arc<Watched>,
    ) -> Result<Self, StoreError> {
        let what = "opening the store";
        let failed = |error| StoreError::io(what, path, &error);
        let log = File::open(path.join("db")).map_err(failed)?;
        flush(&trees, &log).map_err(|error| trees::failed(what, path, error))?;
        File::open(path.join("conf")).and_then(|conf| conf.sync_all()).map_err(failed)?;
        // Only now, so that the witness never runs ahead of the log.
        let witness = Witness::start(path, commit).map_err(failed)?;
        // Windows makes names durable by itself and opens no directories.
        #[cfg(unix)]
        for directory in [Some(path), path.canonicalize().map_err(failed)?.parent()].into_iter().flatten() {
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
        }
        Ok(Self { trees, read_cache, log, path: path.to_owned(), commit, durable: commit, witness, watched })
    }

    /// Gives the commit under way its number.
    fn number(&mut self) -> Result<(), StoreError> {
        self.commit += 1;
        self.trees
            .db
            .insert(COMMITS, self.commit.to_string().as_str())
            .map_err(|error| self.failed("writing to the store", error))?;
        Ok(())
    }

    fn failed(&self, what: &str, error: sled::Error) -> StoreError {
        trees::failed(what, &self.path, error)
    }
}

/// sled's flush to the kernel, then the kernel's to the device.
fn flush(trees: &Trees, log: &File) -> sled::Result<()> {
    trees.db.flush()?;
    Ok(log.sync_data()?)
}

impl Disk for SledDisk {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.trees.get(table, key)
    }

    fn check_room(&self, bytes: usize) -> Result<(), StoreError> {
        room::check(&self.path, bytes)
    }

    /// Where a write of sled's fails, it tells all who wait only if another one comes.
    fn nudge(&self) -> impl Fn() + Send + Sync + 'static {
        let db = self.trees.db.clone();
        // Its outcome is what the committing thread meets as well.
        move || drop(db.flush())
    }

    /// Without a `sled::Batch`, which would cost one more wait for the disk and
    /// keep readers out meanwhile: only rows that change together must
    /// not be torn by a crash. What must not go before a record comes is removed after
    /// it, and the commit's number follows them in the log.
    fn apply(&mut self, changes: Changes) -> Result<(), StoreError> {
        let Changes { mut rows, together } = changes;
        if rows.is_empty() {
            return Ok(());
        }
        for table in together {
            let mut batch = sled::Batch::default();
            let mut keys = Vec::new();
            for ((_, key), value) in rows.extract_if(|(of, _), _| *of == table) {
                match value {
                    Some(value) => batch.insert(key.as_slice(), value),
                    None => batch.remove(key.as_slice()),
                }
                keys.push(key);
            }
            let tree = self.trees.tree(table);
            let applied = self.watched.keeping_readers_out(|| tree.apply_batch(batch));
            keys.iter().for_each(|key| self.read_cache.changed(table, key));
            applied.map_err(|error| self.failed("writing to the store", error))?;
        }
        let (values, removals): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, value)| value.is_some());
        for ((table, key), value) in values.into_iter().chain(removals) {
            let tree = self.trees.tree(table);
            let changed = match value {
                Some(value) => tree.insert(&key, value),
                None => tree.remove(&key),
            };
            self.read_cache.changed(table, &key);
            changed.map_err(|error| self.failed("writing to the store", error))?;
        }
        self.number()
    }

    fn make_durable(&mut self) -> Result<(), StoreError> {
        flush(&self.trees, &self.log).map_err(|error| self.failed("flushing the store", error))?;
        if self.durable < self.commit {
            self.durable = self.commit;
            self.witness
                .write(self.durable)
                .map_err(|error| StoreError::io("flushing the store", &self.path, &error))?;
        }
        Ok(())
    }

    fn begin_import(&mut self) -> Result<(), StoreError> {
        if !self.trees.is_empty() {
            return Err(StoreError::NotEmpty { path: self.path.display().to_string() });
        }
        self.trees.db.insert(IMPORTING, b"").map_err(|error| self.failed("starting an import", error))?;
        self.make_durable()
    }

    fn end_import(&mut self, keep: bool) -> Result<(), StoreError> {
        if !keep {
            let cleared = Table::ALL.into_iter().try_for_each(|table| self.trees.tree(table).clear());
            self.read_cache.all_changed();
            cleared.map_err(|error| self.failed("undoing an import", error))?;
        }
        self.number()?;
        // The records first, so that the mark never goes before them.
        self.make_durable()?;
        self.trees.db.remove(IMPORTING).map_err(|error| self.failed("ending an import", error))?;
        self.make_durable()
    }
}
