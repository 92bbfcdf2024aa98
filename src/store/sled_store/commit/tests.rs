//! The committing thread over a disk whose failures are chosen.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::join_all;

use super::*;
use crate::store::row_store::{Row, When};

/// How the next sync goes.
#[derive(Clone, Copy, PartialEq)]
enum Syncing {
    Works,
    DiskFull,
    Panics,
    /// Comes back only when this is no more so.
    Hangs,
}

struct State {
    stored: HashMap<(Table, Vec<u8>), Vec<u8>>,
    sync: Syncing,
    syncs: usize,
    together: HashSet<Table>,
    /// Whether an import was kept, if there was one.
    kept: Option<bool>,
    has_room: bool,
    nudges: usize,
}

#[derive(Clone)]
struct Memory(Arc<Mutex<State>>);

impl Memory {
    fn new(sync: Syncing) -> Self {
        Self(Arc::new(Mutex::new(State {
            stored: HashMap::new(),
            sync,
            syncs: 0,
            together: HashSet::new(),
            kept: None,
            has_room: true,
            nudges: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn low(bytes: usize) -> StoreError {
    StoreError::LowSpace { path: "/data".to_owned(), free: 0, needed: bytes as u64 }
}

fn full() -> StoreError {
    StoreError::Full { path: "/data".to_owned() }
}

impl Disk for Memory {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().stored.get(&(table, key.to_vec())).cloned())
    }

    fn check_room(&self, bytes: usize) -> Result<(), StoreError> {
        if self.state().has_room { Ok(()) } else { Err(low(bytes)) }
    }

    fn nudge(&self) -> impl Fn() + Send + Sync + 'static {
        let memory = self.clone();
        move || memory.state().nudges += 1
    }

    fn apply(&mut self, changes: Changes) -> Result<(), StoreError> {
        let mut state = self.state();
        state.together.extend(changes.together);
        for (id, value) in changes.rows {
            match value {
                Some(value) => state.stored.insert(id, value),
                None => state.stored.remove(&id),
            };
        }
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), StoreError> {
        let sync = {
            let mut state = self.state();
            state.syncs += 1;
            state.sync
        };
        match sync {
            Syncing::Works => Ok(()),
            Syncing::DiskFull => Err(full()),
            Syncing::Panics => panic!("the disk of the test panics"),
            Syncing::Hangs => {
                while self.state().sync == Syncing::Hangs {
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            }
        }
    }

    fn begin_import(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn end_import(&mut self, keep: bool) -> Result<(), StoreError> {
        self.state().kept = Some(keep);
        Ok(())
    }
}

fn start(memory: &Memory) -> Committer {
    let (changes, watched) = (watch::Sender::new(0), Watched::new());
    Committer::start(memory.clone(), changes, watched, Patience::of_tests()).unwrap()
}

fn row(key: &str, value: &str) -> Row {
    Row { table: Table::CallLogs, key: key.into(), value: value.into() }
}

fn put(key: &str, value: &str, when: When) -> Batch {
    Batch::of(Write::put(row(key, value), when))
}

fn is(value: &str) -> When {
    When::Is(value.into())
}

#[tokio::test]
async fn of_many_inserts_of_a_key_one_wins_and_its_value_stays() {
    let memory = Memory::new(Syncing::Works);
    let committer = start(&memory);
    let inserts = (0..200).map(|n| committer.commit(put("key", &n.to_string(), When::Absent)));
    let held: Vec<bool> = join_all(inserts).await.into_iter().map(Result::unwrap).collect();

    let stored = memory.state().stored[&(Table::CallLogs, b"key".to_vec())].clone();
    let winner = held.iter().position(|held| *held).unwrap();
    assert_eq!(held.iter().filter(|held| **held).count(), 1);
    assert_eq!(stored, winner.to_string().into_bytes());
}

#[tokio::test]
async fn conditions_see_the_writes_before_them_in_order() {
    let memory = Memory::new(Syncing::Works);
    let committer = start(&memory);
    let key = || b"key".to_vec();
    let delete = |when| committer.commit(Batch::of(Write::delete(Table::CallLogs, key(), when)));
    let held = join_all([
        committer.commit(put("key", "refused", When::Present)),
        committer.commit(put("key", "a", When::Absent)),
        committer.commit(put("key", "refused", When::Absent)),
        committer.commit(put("key", "b", When::Present)),
        committer.commit(put("key", "refused", is("a"))),
        committer.commit(put("key", "c", is("b"))),
        committer.commit(Batch::of(Write::condition(Table::CallLogs, key(), is("c")))),
        delete(When::Present),
        delete(When::Present),
        delete(When::Always),
        committer.commit(put("key", "d", When::Absent)),
    ])
    .await;
    let held: Vec<bool> = held.into_iter().map(Result::unwrap).collect();
    assert_eq!(held, [false, true, false, true, false, true, true, true, false, true, true]);
    assert_eq!(memory.state().stored[&(Table::CallLogs, key())], b"d");
}

#[tokio::test]
async fn what_goes_along_changes_with_its_batch_or_not_at_all() {
    let memory = Memory::new(Syncing::Works);
    let committer = start(&memory);
    let along = |value: &str, expected: &str| [Write::put(row("claim", value), is(expected))];
    let stored = |key: &str| {
        let id = (Table::CallLogs, key.as_bytes().to_vec());
        memory.state().stored.get(&id).map(|value| String::from_utf8(value.clone()).unwrap())
    };
    assert!(committer.commit(put("claim", "1", When::Absent)).await.unwrap());
    assert!(!committer.commit(put("claim", "lost", When::Absent)).await.unwrap());
    assert_eq!(stored("claim").as_deref(), Some("1"));

    assert!(committer.commit(put("log", "a", When::Absent).along(along("2", "1"))).await.unwrap());
    assert_eq!(stored("claim").as_deref(), Some("2"));
    // The log exists already, so the claim stays.
    assert!(!committer.commit(put("log", "b", When::Absent).along(along("3", "2"))).await.unwrap());
    assert_eq!((stored("log").as_deref(), stored("claim").as_deref()), (Some("a"), Some("2")));
    // The claim was changed by others, so it stays; the log is kept all the same.
    assert!(committer.commit(put("other", "c", When::Absent).along(along("3", "1"))).await.unwrap());
    assert_eq!((stored("other").as_deref(), stored("claim").as_deref()), (Some("c"), Some("2")));
}

#[tokio::test]
async fn required_writes_hold_all_or_none_also_within_one_group() {
    let memory = Memory::new(Syncing::Works);
    let committer = start(&memory);
    let swap = |number: u8| {
        let write = |key| Write::put(row(key, &number.to_string()), is("0"));
        committer.commit(Batch { required: vec![write("a"), write("b")], ..Batch::default() })
    };
    for key in ["a", "b"] {
        committer.commit(put(key, "0", When::Always)).await.unwrap();
    }
    let won = join_all((1..=50).map(swap)).await;
    assert_eq!(won.iter().filter(|won| **won == Ok(true)).count(), 1);
    {
        let state = memory.state();
        let stored = |key: &str| state.stored[&(Table::CallLogs, key.as_bytes().to_vec())].clone();
        assert_ne!(stored("a"), b"0");
        assert_eq!(stored("a"), stored("b"));
        assert_eq!(state.together, [Table::CallLogs].into());
    }
    memory.state().sync = Syncing::DiskFull;
    assert_eq!(committer.commit(put("c", "", When::Absent)).await, Err(full()));
}

/// Rows are kept only if the sender says that they are all.
#[tokio::test]
async fn a_filling_that_is_broken_off_is_undone() {
    for (is_complete, kept) in [(true, Some(true)), (false, Some(false))] {
        let memory = Memory::new(Syncing::Works);
        let committer = start(&memory);
        let (sender, from) = mpsc::channel(4);
        sender.send(Filling::Rows(vec![row("a", "1")])).await.unwrap();
        if is_complete {
            sender.send(Filling::Complete).await.unwrap();
        }
        drop(sender);
        committer.fill(from).await.unwrap();
        assert_eq!(memory.state().kept, kept);
    }
}

#[tokio::test]
async fn a_failed_sync_reaches_every_waiter_and_ends_writing() {
    let memory = Memory::new(Syncing::DiskFull);
    let committer = start(&memory);
    let writes = (0..50).map(|n| committer.commit(put(&n.to_string(), "", When::Always)));
    for result in join_all(writes).await {
        assert_eq!(result, Err(full()));
    }
    // The disk works again, but what it holds is unknown.
    memory.state().sync = Syncing::Works;
    let syncs = memory.state().syncs;
    assert_eq!(committer.commit(put("late", "", When::Always)).await, Err(full()));
    assert_eq!(committer.flush().await, Err(full()));
    assert_eq!(memory.state().syncs, syncs);
}

#[tokio::test]
async fn a_thread_that_died_is_reported_to_waiters_and_later_writers() {
    let memory = Memory::new(Syncing::Panics);
    let committer = start(&memory);
    let stopped = StoreError::stopped("writing to the store");
    for _ in 0..2 {
        let result = committer.commit(put("key", "", When::Always)).await;
        assert_eq!(result, Err(stopped.clone()));
    }
    assert!(stopped.to_string().contains("Restart the server"));
}

#[tokio::test]
async fn dropping_the_committer_first_commits_what_waits() {
    let memory = Memory::new(Syncing::Works);
    let committer = start(&memory);
    let (reply, _answer) = oneshot::channel();
    let queue = committer.queue.as_ref().unwrap();
    queue.send(Command::Commit(put("key", "kept", When::Always), reply)).await.unwrap();
    drop(committer);
    assert_eq!(memory.state().stored[&(Table::CallLogs, b"key".to_vec())], b"kept");
}

#[tokio::test]
async fn without_room_nothing_is_written_and_with_room_writing_goes_on() {
    let memory = Memory::new(Syncing::Works);
    let committer = start(&memory);
    assert!(committer.commit(put("a", "1", When::Always)).await.unwrap());
    memory.state().has_room = false;
    assert_eq!(committer.commit(put("a", "23", When::Always)).await, Err(low(3)));
    // Neither a condition nor a flush takes room.
    assert!(!committer.commit(put("a", "2", When::Absent)).await.unwrap());
    committer.flush().await.unwrap();
    assert_eq!(memory.state().stored[&(Table::CallLogs, b"a".to_vec())], b"1");
    memory.state().has_room = true;
    assert!(committer.commit(put("a", "2", When::Always)).await.unwrap());
    assert_eq!(memory.state().stored[&(Table::CallLogs, b"a".to_vec())], b"2");
}

#[tokio::test]
async fn a_disk_that_does_not_answer_is_told_of_and_used_again_when_it_does() {
    let memory = Memory::new(Syncing::Hangs);
    let committer = start(&memory);
    let failure = committer.watched.failure();
    let told = |error: StoreError| assert!(error.to_string().contains("has not answered"), "{error}");
    told(committer.commit(put("a", "1", When::Always)).await.unwrap_err());
    // At once, and the queue does not fill.
    for _ in 0..2 * WAITING {
        told(committer.commit(put("b", "1", When::Always)).await.unwrap_err());
    }
    told(committer.flush().await.unwrap_err());
    assert_eq!(memory.state().nudges, 1);
    assert_eq!(*failure.borrow(), None);
    memory.state().sync = Syncing::Works;
    let mut refusing = committer.watched.refusing();
    refusing.wait_for(Option::is_none).await.unwrap();
    assert!(committer.commit(put("c", "1", When::Always)).await.unwrap());
    assert!(committer.commit(put("a", "1", is("1"))).await.unwrap(), "what was sent is done");
}

#[tokio::test]
async fn a_disk_that_never_answers_fails_the_store_and_holds_nobody_up() {
    let memory = Memory::new(Syncing::Hangs);
    let committer = start(&memory);
    committer.commit(put("a", "1", When::Always)).await.unwrap_err();
    let mut failure = committer.watched.failure();
    let error = failure.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert!(error.to_string().contains("start the server again"), "{error}");
    drop(committer);
    memory.state().sync = Syncing::Works;
}
