//! The committing thread: the only one that writes.
//!
//! It takes whatever waits, decides conditional inserts against what is stored
//! and what is in the batch already, applies the batch, makes it durable once
//! for all, and only then answers. One flush thus serves many writers, and two
//! inserts of one key can never both succeed.
//!
//! After a failed write the state of the disk is unknown (a failed fsync may
//! have dropped pages that the next one reports as clean), so the thread
//! answers every later write with the same error instead of trying again.

use std::{
    collections::HashMap,
    io::BufRead,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use crate::store::StoreMeter;
use crate::store::{
    Counts, Keys, StoreError,
    codec::{Row, Table},
    transfer,
};

/// Writers that wait beyond these wait asynchronously for a place.
const WAITING: usize = 1024;
/// One batch: at most so many writes and, give or take one, so many bytes.
const BATCH_WRITES: usize = 512;
const BATCH_BYTES: usize = 1024 * 1024;
/// After a batch of several writers the next one waits so long for company: a flush costs as much
/// for one write as for many. A writer alone never waits.
const GATHERING: Duration = Duration::from_micros(300);

/// Where the thread writes; the committing itself knows no engine.
pub(super) trait Disk: Send + 'static {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Applies all changes.
    fn apply(&mut self, changes: Changes) -> Result<(), StoreError>;
    /// Returns when everything applied would survive a power cut.
    fn make_durable(&mut self) -> Result<(), StoreError>;
    /// Refuses unless there is no record; from then on a crash leaves a store
    /// that refuses to open.
    fn begin_import(&mut self) -> Result<(), StoreError>;
    /// Makes the imported records, or where `keep` is false none, durable.
    fn end_import(&mut self, keep: bool) -> Result<(), StoreError>;
}

/// What one commit changes.
#[derive(Default)]
pub(super) struct Changes {
    /// A value of `None` removes.
    pub(super) rows: HashMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    /// A crash leaves all of the documents among them or none.
    pub(super) documents_together: bool,
}

/// When a write holds, judged by its first change.
pub(super) enum When {
    Always,
    /// Only where the key is new.
    Absent,
    /// Only where the key exists.
    Present,
    /// Only where exactly this is stored; `None` if nothing may be.
    Equals(Option<Vec<u8>>),
}

impl When {
    fn holds(&self, stored: Option<&[u8]>) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => stored.is_none(),
            Self::Present => stored.is_some(),
            Self::Equals(expected) => stored == expected.as_deref(),
        }
    }
}

/// A write as a caller asks for it: all of its changes or none.
pub(super) struct Write {
    when: When,
    id: (Table, Vec<u8>),
    value: Option<Vec<u8>>,
    /// What changes as well where the write holds, each under its own condition.
    along: Vec<Write>,
}

impl Write {
    pub(super) fn put(row: Row, when: When) -> Self {
        Self { when, id: (row.table, row.key), value: Some(row.value), along: Vec::new() }
    }

    pub(super) fn delete(table: Table, key: Vec<u8>, when: When) -> Self {
        Self { when, id: (table, key), value: None, along: Vec::new() }
    }

    pub(super) fn along(mut self, other: impl IntoIterator<Item = Write>) -> Self {
        self.along.extend(other);
        self
    }
}

/// What a write found before it; `None` if the key was new.
pub(super) type Previous = Option<Vec<u8>>;

enum Command {
    Write(Write, Reply<Previous>),
    /// Writes of documents that hold together: all of them where every condition holds, or none.
    Together(Vec<Write>, Reply<bool>),
    Flush(Reply<()>),
    Import(Box<dyn BufRead + Send>, Reply<Counts>),
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// The way to the committing thread. Dropping it ends the thread after the
/// writes that wait, and waits for that.
pub(super) struct Committer {
    queue: Option<mpsc::Sender<Command>>,
    meter: StoreMeter,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    pub(super) fn start(disk: impl Disk, keys: Keys) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let thread = thread::Builder::new()
            .name("store-commit".to_owned())
            .spawn(move || run(disk, &keys, waiting))
            .map_err(|error| StoreError::Unavailable {
                what: "starting the store's writing thread".to_owned(),
                why: error.to_string(),
                mend: "Raise the limit of threads for the server's user".to_owned(),
            })?;
        Ok(Self { queue: Some(queue), meter: StoreMeter::default(), thread: Some(thread) })
    }

    pub(super) async fn write(&self, write: Write) -> Result<Previous, StoreError> {
        let started = Instant::now();
        let written = self.ask("writing to the store", |reply| Command::Write(write, reply)).await;
        self.meter.written(written.is_ok(), started.elapsed());
        written
    }

    /// Writes documents together where every condition holds; whether they did.
    pub(super) async fn write_together(&self, writes: Vec<Write>) -> Result<bool, StoreError> {
        let started = Instant::now();
        let written = self.ask("writing to the store", |reply| Command::Together(writes, reply)).await;
        self.meter.written(written.is_ok(), started.elapsed());
        written
    }

    pub(super) fn meter(&self) -> &StoreMeter {
        &self.meter
    }

    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        self.ask("flushing the store", Command::Flush).await
    }

    pub(super) async fn import(&self, from: Box<dyn BufRead + Send>) -> Result<Counts, StoreError> {
        self.ask("importing into the store", |reply| Command::Import(from, reply)).await
    }

    async fn ask<T>(&self, what: &str, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(|| StoreError::stopped(what))?;
        queue.send(command(reply)).await.map_err(|_| StoreError::stopped(what))?;
        answer.await.map_err(|_| StoreError::stopped(what))?
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writing thread panicked");
        }
    }
}

fn run(mut disk: impl Disk, keys: &Keys, mut waiting: mpsc::Receiver<Command>) {
    let mut failed: Option<StoreError> = None;
    let mut in_company = false;
    while let Some(first) = waiting.blocking_recv() {
        if in_company {
            thread::sleep(GATHERING);
        }
        let mut batch = Batch::default();
        let mut import = None;
        let mut next = Some(first);
        while let Some(command) = next {
            match (command, &failed) {
                (Command::Write(_, reply), Some(error)) => answer(reply, Err(error.clone())),
                (Command::Together(_, reply), Some(error)) => answer(reply, Err(error.clone())),
                (Command::Flush(reply), Some(error)) => answer(reply, Err(error.clone())),
                (Command::Import(_, reply), Some(error)) => answer(reply, Err(error.clone())),
                (Command::Write(write, reply), None) => batch.add(&disk, write, reply),
                (Command::Together(writes, reply), None) => batch.add_together(&disk, writes, reply),
                (Command::Flush(reply), None) => batch.flushes.push(reply),
                (Command::Import(from, reply), None) => {
                    import = Some((from, reply));
                    break;
                }
            }
            next = if batch.is_full() { None } else { waiting.try_recv().ok() };
        }
        in_company = batch.writes.len() > 1;
        let worked = failed.is_none();
        failed = failed.or(batch.commit(&mut disk));
        if let Some((from, reply)) = import {
            let result = match &failed {
                Some(error) => Err(error.clone()),
                None => import_all(&mut disk, keys, from, &mut failed),
            };
            answer(reply, result);
        }
        if let (true, Some(error)) = (worked, &failed) {
            tracing::error!(%error, "the store takes no more writes");
        }
    }
}

#[derive(Default)]
struct Batch {
    changes: Changes,
    bytes: usize,
    writes: Vec<(Reply<Previous>, Previous)>,
    together: Vec<(Reply<bool>, bool)>,
    flushes: Vec<Reply<()>>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.writes.len() + self.together.len() >= BATCH_WRITES || self.bytes >= BATCH_BYTES
    }

    /// Decides the write. It is answered with the batch even where it changes
    /// nothing: what it found may itself still be on its way to the disk.
    fn add(&mut self, disk: &impl Disk, write: Write, reply: Reply<Previous>) {
        match self.decide(disk, write) {
            Err(error) => answer(reply, Err(error)),
            Ok(previous) => self.writes.push((reply, previous)),
        }
    }

    fn decide(&mut self, disk: &impl Disk, write: Write) -> Result<Previous, StoreError> {
        let Write { when, id, value, along } = write;
        let previous = self.stored(disk, &id)?;
        if when.holds(previous.as_deref()) {
            if value.is_some() || previous.is_some() {
                self.change(id, value);
            }
            for other in along {
                self.decide(disk, other)?;
            }
        }
        Ok(previous)
    }

    /// As [`Batch::add`], for writes that hold together.
    fn add_together(&mut self, disk: &impl Disk, writes: Vec<Write>, reply: Reply<bool>) {
        match self.decide_together(disk, writes) {
            Err(error) => answer(reply, Err(error)),
            Ok(held) => self.together.push((reply, held)),
        }
    }

    fn decide_together(&mut self, disk: &impl Disk, writes: Vec<Write>) -> Result<bool, StoreError> {
        for write in &writes {
            if !write.when.holds(self.stored(disk, &write.id)?.as_deref()) {
                return Ok(false);
            }
        }
        for Write { id, value, .. } in writes {
            self.change(id, value);
        }
        self.changes.documents_together = true;
        Ok(true)
    }

    /// What is stored once the changes before are.
    fn stored(&self, disk: &impl Disk, id: &(Table, Vec<u8>)) -> Result<Previous, StoreError> {
        match self.changes.rows.get(id) {
            Some(pending) => Ok(pending.clone()),
            None => disk.get(id.0, &id.1),
        }
    }

    fn change(&mut self, id: (Table, Vec<u8>), value: Option<Vec<u8>>) {
        self.bytes += id.1.len() + value.as_ref().map_or(0, Vec::len);
        self.changes.rows.insert(id, value);
    }

    /// Applies and syncs, then answers everyone; the error, if it failed.
    fn commit(self, disk: &mut impl Disk) -> Option<StoreError> {
        if self.writes.is_empty() && self.together.is_empty() && self.flushes.is_empty() {
            return None;
        }
        let result = disk.apply(self.changes).and_then(|()| disk.make_durable());
        for (reply, previous) in self.writes {
            answer(reply, result.clone().map(|()| previous));
        }
        for (reply, held) in self.together {
            answer(reply, result.clone().map(|()| held));
        }
        for reply in self.flushes {
            answer(reply, result.clone());
        }
        result.err()
    }
}

/// Imports everything or nothing; `failed` is set where the disk failed.
fn import_all(
    disk: &mut impl Disk,
    keys: &Keys,
    from: Box<dyn BufRead + Send>,
    failed: &mut Option<StoreError>,
) -> Result<Counts, StoreError> {
    if let Err(error) = disk.begin_import() {
        if !matches!(error, StoreError::NotEmpty { .. }) {
            *failed = Some(error.clone());
        }
        return Err(error);
    }
    let mut changes = Changes::default();
    let mut bytes = 0;
    let read = transfer::read(from, keys, |row| {
        bytes += row.key.len() + row.value.len();
        changes.rows.insert((row.table, row.key), Some(row.value));
        if changes.rows.len() >= BATCH_WRITES || bytes >= BATCH_BYTES {
            bytes = 0;
            disk.apply(std::mem::take(&mut changes))?;
            disk.make_durable()?;
        }
        Ok(())
    });
    let result = read.and_then(|counts| disk.apply(changes).map(|()| counts));
    if let Err(error) = disk.end_import(result.is_ok()) {
        *failed = Some(error.clone());
        return result.and(Err(error));
    }
    result
}

/// Whoever asked may be gone; the write stands all the same.
fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    drop(reply.send(result));
}

#[cfg(test)]
mod tests;
