//! Opening a sled store: the lock, the key, the format, the edges.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{
    SledOptions,
    layout::{CHECK, COMMITS, FIRST_COMMIT, FORMAT, IMPORTING, SEGMENT_BYTES, VERSION},
    room,
    trees::{self, Trees},
    witness,
};
use crate::store::{
    Keys, StoreError,
    codec::{Row, Table},
    records,
};

/// How long a held lock is waited for. A process on its way out lets go of it within this time, and
/// so do sled's own threads, which can outlive the store they worked for by a moment.
const LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_LOOK: Duration = Duration::from_millis(10);

/// Opens or creates the store and checks that it can be used: not locked for long, of a
/// known format, sealed with these keys, no acknowledged commit lost, no import
/// half done, and every tree readable at both ends. Also returns the number of
/// the last commit. Nothing is durable yet where the store is new.
pub(super) fn open(path: &Path, keys: &Keys, options: SledOptions) -> Result<(Trees, u64), StoreError> {
    create_directory(path).map_err(|error| StoreError::io("creating the store", path, &error))?;
    let trees = open_unlocked(path, options)?;
    let commits = check_marks(&trees, path, keys)?;
    if trees.db.get(IMPORTING).map_err(|error| trees::failed("reading the store", path, error))?.is_some() {
        if !options.discard_unfinished_import {
            return Err(StoreError::Corrupt {
                what: format!("the store at {}", path.display()),
                why: "an import into it did not finish".to_owned(),
            });
        }
        discard(&trees).map_err(|error| trees::failed("emptying the store", path, error))?;
    }
    for table in Table::ALL {
        let tree = trees.tree(table);
        for edge in [tree.first(), tree.last()] {
            let edge = edge.map_err(|error| trees::failed("reading the store", path, error))?;
            if let Some((key, value)) = edge {
                records::verify(keys, &Row { table, key: key.to_vec(), value: value.to_vec() })?;
            }
        }
    }
    Ok((trees, commits))
}

/// Removes what an import left; the mark goes last.
fn discard(trees: &Trees) -> sled::Result<()> {
    for table in Table::ALL {
        trees.tree(table).clear()?;
    }
    trees.db.flush()?;
    trees.db.remove(IMPORTING)?;
    trees.db.flush()?;
    Ok(())
}

/// Readable by the server's user alone.
fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens the trees as soon as nobody else has them open.
fn open_unlocked(path: &Path, options: SledOptions) -> Result<Trees, StoreError> {
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match open_trees(path, options) {
            Err(StoreError::Locked { .. }) if Instant::now() < deadline => thread::sleep(LOCK_LOOK),
            opened => return opened,
        }
    }
}

/// `Config::mode` stays as it is: sled 0.34 reads it nowhere.
fn open_trees(path: &Path, options: SledOptions) -> Result<Trees, StoreError> {
    let config = sled::Config::new()
        .path(path)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(options.cache_bytes)
        .flush_every_ms(None);
    // sled panics on some kinds of damage; a server must report them instead.
    let opened = catch_unwind(AssertUnwindSafe(|| config.open().and_then(|db| Trees::of(db, path))));
    match opened {
        Ok(Ok(trees)) => Ok(trees),
        Ok(Err(sled::Error::Io(error))) if is_lock(&error) => {
            Err(StoreError::Locked { path: path.display().to_string() })
        }
        Ok(Err(error)) => Err(trees::failed("opening the store", path, error)),
        Err(_) => Err(StoreError::Corrupt {
            what: format!("the store at {}", path.display()),
            why: "its log cannot be recovered".to_owned(),
        }),
    }
}

/// sled 0.34 tells a held lock from other errors by its text only.
fn is_lock(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Checks the store's marks, or makes them where the store is new; returns the
/// number of the last commit.
fn check_marks(trees: &Trees, path: &Path, keys: &Keys) -> Result<u64, StoreError> {
    let what = || format!("the store at {}", path.display());
    let mark = |name: &[u8]| {
        let found = trees.db.get(name);
        found.map_err(|error| trees::failed("reading the store", path, error))
    };
    let (format, check) = (mark(FORMAT)?, mark(CHECK)?);
    let commits = mark(COMMITS)?.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok()).unwrap_or(0);
    let acknowledged = witness::read(path)?.unwrap_or(0);
    let (Some(format), Some(check)) = (&format, &check) else {
        if format.is_some() || check.is_some() || !trees.is_empty() {
            return Err(StoreError::Corrupt {
                what: what(),
                why: "it holds records but not its format and check value".to_owned(),
            });
        }
        if acknowledged > 0 {
            return Err(witness::lost(path, 0, acknowledged));
        }
        room::check(path, 0)?;
        let mut marks = sled::Batch::default();
        marks.insert(FORMAT, VERSION.to_string().as_str());
        marks.insert(CHECK, keys.mark()?);
        marks.insert(COMMITS, FIRST_COMMIT.to_string().as_str());
        let written = trees.db.apply_batch(marks);
        return written
            .map(|()| FIRST_COMMIT)
            .map_err(|error| trees::failed("creating the store", path, error));
    };
    if format != VERSION.to_string().as_bytes() {
        return Err(StoreError::Format {
            what: what(),
            found: String::from_utf8_lossy(format).escape_debug().to_string(),
            known: VERSION,
        });
    }
    if !keys.made(check) {
        return Err(StoreError::WrongKey { what: what() });
    }
    if commits < acknowledged {
        return Err(witness::lost(path, commits, acknowledged));
    }
    Ok(commits)
}
