//! The committing thread: the only one that writes.
//!
//! It takes whatever batches wait, decides their conditions against what is stored
//! and what is in the group already, applies the group, makes it durable once
//! for all, and only then answers. One flush thus serves many writers, and two
//! inserts of one key can never both succeed.
//!
//! After a failed write the state of the disk is unknown (a failed fsync may
//! have dropped pages that the next one reports as clean), so the thread
//! answers every later write with the same error instead of trying again.
//! A group for which the disk has too little room is refused before anything
//! is written, and the next one is judged anew.
//!
//! Nobody waits for good: if the disk does not answer, the [`watchdog`] does.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::watchdog::{self, Patience, Watched};
use crate::store::{
    StoreError,
    codec::Table,
    row_store::{Batch, Change, Filling, When, Write},
};

/// Writers that wait beyond these wait asynchronously for a place.
const WAITING: usize = 1024;
/// One group: at most so many batches and, give or take one, so many bytes.
const GROUP_BATCHES: usize = 512;
const GROUP_BYTES: usize = 1024 * 1024;
/// After a group of several writers the next one waits so long for company: a flush costs as much
/// for one write as for many. A writer alone never waits.
const GATHERING: Duration = Duration::from_micros(300);
/// How long the end of the thread is waited for if the disk does not answer.
const LEAVE_TAKING: Duration = Duration::from_secs(2);

/// Where the thread writes; the committing itself knows no engine.
pub(super) trait Disk: Send + 'static {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Refuses changes of so many bytes if there may be too little room for them.
    fn check_room(&self, bytes: usize) -> Result<(), StoreError>;
    /// What may wake those who wait for the disk in vain. It may block for good.
    fn nudge(&self) -> impl Fn() + Send + Sync + 'static;
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
    /// Of each of these tables a crash leaves all changes or none.
    pub(super) together: HashSet<Table>,
}

enum Command {
    Commit(Batch, Reply<bool>),
    Flush(Reply<()>),
    Fill(mpsc::Receiver<Filling>, Reply<()>),
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// The way to the committing thread. Dropping it ends the thread after the
/// writes that wait, and waits for that.
pub(super) struct Committer {
    queue: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
    watched: Arc<Watched>,
}

impl Committer {
    /// Starts the thread. `changes` rises for each batch that announces itself, once it is durable.
    pub(super) fn start(
        disk: impl Disk,
        changes: watch::Sender<u64>,
        watched: Arc<Watched>,
        patience: Patience,
    ) -> Result<Self, StoreError> {
        let unstarted = |error: std::io::Error| StoreError::Unavailable {
            what: "starting the store's writing thread".to_owned(),
            why: error.to_string(),
            mend: "Raise the limit of threads for the server's user".to_owned(),
        };
        let (queue, waiting) = mpsc::channel(WAITING);
        watchdog::start(&watched, patience, disk.nudge()).map_err(unstarted)?;
        let told = Arc::clone(&watched);
        let thread = thread::Builder::new()
            .name("store-commit".to_owned())
            .spawn(move || run(disk, waiting, &changes, &told))
            .map_err(unstarted)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), watched })
    }

    /// Whether the batch held.
    pub(super) async fn commit(&self, batch: Batch) -> Result<bool, StoreError> {
        self.ask("writing to the store", |reply| Command::Commit(batch, reply)).await
    }

    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        self.ask("flushing the store", Command::Flush).await
    }

    pub(super) async fn fill(&self, from: mpsc::Receiver<Filling>) -> Result<(), StoreError> {
        self.ask("importing into the store", |reply| Command::Fill(from, reply)).await
    }

    /// The answer of the thread, or of the watchdog if the thread has none to give. A write that was sent may then
    /// still be done.
    async fn ask<T>(&self, what: &str, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(|| StoreError::stopped(what))?;
        let mut refusing = self.watched.refusing();
        if let Some(error) = refusing.borrow().clone() {
            return Err(error);
        }
        let asked = async {
            queue.send(command(reply)).await.map_err(|_| StoreError::stopped(what))?;
            answer.await.map_err(|_| StoreError::stopped(what))?
        };
        tokio::select! {
            biased;
            answer = asked => answer,
            refused = refusing.wait_for(Option::is_some) => {
                let error = refused.ok().and_then(|error| error.clone());
                Err(error.unwrap_or_else(|| StoreError::stopped(what)))
            }
        }
    }
}

impl Drop for Committer {
    /// A thread that the disk keeps is left behind: its process could never end otherwise.
    fn drop(&mut self) {
        self.queue = None;
        let Some(thread) = self.thread.take() else { return };
        while !thread.is_finished() {
            if self.watched.busy_for() >= LEAVE_TAKING {
                tracing::error!(
                    "the disk does not answer, so the store is left as it is; what was acknowledged is safe"
                );
                return;
            }
            thread::sleep(GATHERING);
        }
        if thread.join().is_err() {
            tracing::error!("the store's writing thread panicked");
        }
    }
}

fn run(
    mut disk: impl Disk,
    mut waiting: mpsc::Receiver<Command>,
    changes: &watch::Sender<u64>,
    watched: &Watched,
) {
    // A thread that panicked has stopped, and waits for no disk.
    let _rest = watched.until_dropped();
    let mut failed: Option<StoreError> = None;
    let mut room = Room::default();
    let mut in_company = false;
    loop {
        watched.waits();
        let Some(first) = waiting.blocking_recv() else { return };
        watched.begins();
        if in_company {
            thread::sleep(GATHERING);
        }
        let mut group = Group::default();
        let mut filling = None;
        let mut next = Some(first);
        while let Some(command) = next {
            match (command, &failed) {
                (Command::Commit(_, reply), Some(error)) => answer(reply, Err(error.clone())),
                (Command::Flush(reply) | Command::Fill(_, reply), Some(error)) => {
                    answer(reply, Err(error.clone()));
                }
                (Command::Commit(batch, reply), None) => group.add(&disk, batch, reply),
                (Command::Flush(reply), None) => group.flushes.push(reply),
                (Command::Fill(from, reply), None) => {
                    filling = Some((from, reply));
                    break;
                }
            }
            next = if group.is_full() { None } else { waiting.try_recv().ok() };
        }
        in_company = group.batches.len() > 1;
        let worked = failed.is_none();
        failed = failed.or(group.commit(&mut disk, changes, &mut room));
        if let Some((from, reply)) = filling {
            let result = match &failed {
                Some(error) => Err(error.clone()),
                None => fill(&mut disk, from, &mut failed, watched),
            };
            answer(reply, result);
        }
        if let (true, Some(error)) = (worked, &failed) {
            tracing::error!(%error, "the store takes no more writes");
        }
    }
}

/// Says once that there is too little room, and once that there is enough again.
#[derive(Default)]
struct Room {
    is_short: bool,
}

impl Room {
    fn check(&mut self, disk: &impl Disk, bytes: usize) -> Result<(), StoreError> {
        let checked = disk.check_room(bytes);
        match &checked {
            Err(error) if !self.is_short => tracing::error!(%error, "the store takes no writes for now"),
            Ok(()) if self.is_short => tracing::info!("the store's disk has room again"),
            _ => {}
        }
        self.is_short = checked.is_err();
        checked
    }
}

/// The batches that one flush makes durable.
#[derive(Default)]
struct Group {
    changes: Changes,
    bytes: usize,
    batches: Vec<(Reply<bool>, bool)>,
    /// How many of them announce themselves.
    announced: u64,
    flushes: Vec<Reply<()>>,
}

impl Group {
    fn is_full(&self) -> bool {
        self.batches.len() >= GROUP_BATCHES || self.bytes >= GROUP_BYTES
    }

    /// Decides the batch. It is answered with the group even if it changes
    /// nothing: what it found may itself still be on its way to the disk.
    fn add(&mut self, disk: &impl Disk, batch: Batch, reply: Reply<bool>) {
        match self.decide(disk, batch) {
            Err(error) => answer(reply, Err(error)),
            Ok(holds) => self.batches.push((reply, holds)),
        }
    }

    fn decide(&mut self, disk: &impl Disk, batch: Batch) -> Result<bool, StoreError> {
        let Batch { required, optional, announces } = batch;
        for write in &required {
            if !self.holds(disk, write)? {
                return Ok(false);
            }
        }
        let several = required.len() > 1;
        for write in required {
            if several {
                self.changes.together.insert(write.table);
            }
            self.change(disk, write)?;
        }
        for write in optional {
            if self.holds(disk, &write)? {
                self.change(disk, write)?;
            }
        }
        self.announced += u64::from(announces);
        Ok(true)
    }

    fn holds(&self, disk: &impl Disk, write: &Write) -> Result<bool, StoreError> {
        // A value may be long, and is not read for nothing.
        if write.when == When::Always {
            return Ok(true);
        }
        Ok(write.when.holds(self.stored(disk, write.table, &write.key)?.as_deref()))
    }

    /// What is stored once the changes before are.
    fn stored(&self, disk: &impl Disk, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.rows.get(&(table, key.to_vec())) {
            Some(pending) => Ok(pending.clone()),
            None => disk.get(table, key),
        }
    }

    fn change(&mut self, disk: &impl Disk, write: Write) -> Result<(), StoreError> {
        let Write { table, key, change, when: _ } = write;
        let value = match change {
            Change::Put(value) => Some(value),
            Change::Delete if self.stored(disk, table, &key)?.is_some() => None,
            Change::Delete | Change::Keep => return Ok(()),
        };
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.changes.rows.insert((table, key), value);
        Ok(())
    }

    /// Applies and syncs, then answers everyone; the error, if the disk failed.
    fn commit(
        self,
        disk: &mut impl Disk,
        changes: &watch::Sender<u64>,
        room: &mut Room,
    ) -> Option<StoreError> {
        if self.batches.is_empty() && self.flushes.is_empty() {
            return None;
        }
        // What is stored already is made durable also without room.
        let checked = if self.changes.rows.is_empty() { Ok(()) } else { room.check(disk, self.bytes) };
        let (result, announced) = match checked {
            Ok(()) => (disk.apply(self.changes).and_then(|()| disk.make_durable()), self.announced),
            Err(error) => {
                self.batches.into_iter().for_each(|(reply, _)| answer(reply, Err(error.clone())));
                let flushed = if self.flushes.is_empty() { Ok(()) } else { disk.make_durable() };
                self.flushes.into_iter().for_each(|reply| answer(reply, flushed.clone()));
                return flushed.err();
            }
        };
        // Here, because whoever asked may be gone before the answer.
        if announced > 0 && result.is_ok() {
            changes.send_modify(|count| *count += announced);
        }
        for (reply, holds) in self.batches {
            answer(reply, result.clone().map(|()| holds));
        }
        for reply in self.flushes {
            answer(reply, result.clone());
        }
        result.err()
    }
}

/// Takes everything or nothing; `failed` is set if the disk failed.
fn fill(
    disk: &mut impl Disk,
    from: mpsc::Receiver<Filling>,
    failed: &mut Option<StoreError>,
    watched: &Watched,
) -> Result<(), StoreError> {
    disk.check_room(0)?;
    if let Err(error) = disk.begin_import() {
        if !matches!(error, StoreError::NotEmpty { .. }) {
            *failed = Some(error.clone());
        }
        return Err(error);
    }
    let taken = take_all(disk, from, watched);
    watched.begins();
    if let Err(error) = disk.end_import(taken == Ok(true)) {
        *failed = Some(error.clone());
        return taken.and(Err(error));
    }
    taken.map(drop)
}

/// Whether everything came.
fn take_all(
    disk: &mut impl Disk,
    mut from: mpsc::Receiver<Filling>,
    watched: &Watched,
) -> Result<bool, StoreError> {
    loop {
        watched.waits();
        let Some(part) = from.blocking_recv() else { return Ok(false) };
        watched.begins();
        let Filling::Rows(rows) = part else { return Ok(true) };
        disk.check_room(rows.iter().map(|row| row.key.len() + row.value.len()).sum())?;
        let rows = rows.into_iter().map(|row| ((row.table, row.key), Some(row.value))).collect();
        disk.apply(Changes { rows, ..Changes::default() })?;
        disk.make_durable()?;
    }
}

/// Whoever asked may be gone; the write stands all the same.
fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    drop(reply.send(result));
}

#[cfg(test)]
mod tests;
