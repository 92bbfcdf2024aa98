//! The committing thread over a disk whose failures are chosen.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::join_all;

use super::*;
use crate::store::Secret;

/// How the next sync goes.
#[derive(Clone, Copy, PartialEq)]
enum Sync {
    Works,
    DiskFull,
    Panics,
}

struct State {
    stored: HashMap<(Table, Vec<u8>), Vec<u8>>,
    sync: Sync,
    syncs: usize,
}

#[derive(Clone)]
struct Memory(Arc<Mutex<State>>);

impl Memory {
    fn new(sync: Sync) -> Self {
        Self(Arc::new(Mutex::new(State { stored: HashMap::new(), sync, syncs: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn full() -> StoreError {
    StoreError::Full { path: "/data".to_owned() }
}

impl Disk for Memory {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().stored.get(&(table, key.to_vec())).cloned())
    }

    fn apply(&mut self, changes: Changes) -> Result<(), StoreError> {
        let mut state = self.state();
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
            Sync::Works => Ok(()),
            Sync::DiskFull => Err(full()),
            Sync::Panics => panic!("the disk of the test panics"),
        }
    }

    fn begin_import(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn end_import(&mut self, _keep: bool) -> Result<(), StoreError> {
        Ok(())
    }
}

fn start(memory: &Memory) -> Committer {
    let keys = Keys::from_secret(&Secret::new("key")).unwrap();
    Committer::start(memory.clone(), keys).unwrap()
}

fn row(key: &str, value: &str) -> Row {
    Row { table: Table::CallLogs, key: key.into(), value: value.into() }
}

#[tokio::test]
async fn of_many_inserts_of_a_key_one_wins_and_all_others_get_its_value() {
    let memory = Memory::new(Sync::Works);
    let committer = start(&memory);
    let inserts = (0..200).map(|n| committer.write(Write::put(row("key", &n.to_string()), When::Absent)));
    let found: Vec<Previous> = join_all(inserts).await.into_iter().map(Result::unwrap).collect();

    let stored = memory.state().stored[&(Table::CallLogs, b"key".to_vec())].clone();
    assert_eq!(found.iter().filter(|previous| previous.is_none()).count(), 1);
    assert!(found.iter().flatten().all(|previous| *previous == stored));
}

#[tokio::test]
async fn conditions_see_the_writes_before_them_in_order() {
    let memory = Memory::new(Sync::Works);
    let committer = start(&memory);
    let key = || b"key".to_vec();
    let delete = || committer.write(Write::delete(Table::CallLogs, key(), When::Always));
    let found = join_all([
        committer.write(Write::put(row("key", "refused"), When::Present)),
        committer.write(Write::put(row("key", "a"), When::Absent)),
        committer.write(Write::put(row("key", "b"), When::Present)),
        committer.write(Write::put(row("key", "c"), When::Always)),
        delete(),
        delete(),
        committer.write(Write::put(row("key", "d"), When::Absent)),
    ])
    .await;
    let found: Vec<Option<String>> = found
        .into_iter()
        .map(|previous| previous.unwrap().map(|value| String::from_utf8(value).unwrap()))
        .collect();
    let expected = [None, None, Some("a"), Some("b"), Some("c"), None, None];
    assert_eq!(found, expected.map(|value| value.map(str::to_owned)));
    assert_eq!(memory.state().stored[&(Table::CallLogs, key())], b"d");
}

#[tokio::test]
async fn what_goes_along_changes_with_its_write_or_not_at_all() {
    let memory = Memory::new(Sync::Works);
    let committer = start(&memory);
    let equals = |value: &str| When::Equals(Some(value.as_bytes().to_vec()));
    let along = |value: &str, expected: &str| [Write::put(row("claim", value), equals(expected))];
    let stored = |key: &str| {
        let id = (Table::CallLogs, key.as_bytes().to_vec());
        memory.state().stored.get(&id).map(|value| String::from_utf8(value.clone()).unwrap())
    };
    committer.write(Write::put(row("claim", "1"), When::Equals(None))).await.unwrap();
    committer.write(Write::put(row("claim", "lost"), When::Equals(None))).await.unwrap();
    assert_eq!(stored("claim").as_deref(), Some("1"));

    committer.write(Write::put(row("log", "a"), When::Absent).along(along("2", "1"))).await.unwrap();
    assert_eq!(stored("claim").as_deref(), Some("2"));
    // The log exists already, so the claim stays.
    committer.write(Write::put(row("log", "b"), When::Absent).along(along("3", "2"))).await.unwrap();
    assert_eq!((stored("log").as_deref(), stored("claim").as_deref()), (Some("a"), Some("2")));
    // The claim was changed by others, so it stays; the log is kept all the same.
    committer.write(Write::put(row("other", "c"), When::Absent).along(along("3", "1"))).await.unwrap();
    assert_eq!((stored("other").as_deref(), stored("claim").as_deref()), (Some("c"), Some("2")));
}

#[tokio::test]
async fn writes_together_hold_all_or_none_also_within_one_batch() {
    let memory = Memory::new(Sync::Works);
    let committer = start(&memory);
    let swap = |number: u8| {
        let value = number.to_string();
        let when = || When::Equals(Some(b"0".to_vec()));
        committer
            .write_together(vec![Write::put(row("a", &value), when()), Write::put(row("b", &value), when())])
    };
    for key in ["a", "b"] {
        committer.write(Write::put(row(key, "0"), When::Always)).await.unwrap();
    }
    let won = join_all((1..=50).map(swap)).await;
    assert_eq!(won.iter().filter(|won| **won == Ok(true)).count(), 1);
    {
        let state = memory.state();
        let stored = |key: &str| state.stored[&(Table::CallLogs, key.as_bytes().to_vec())].clone();
        assert_ne!(stored("a"), b"0");
        assert_eq!(stored("a"), stored("b"));
    }
    memory.state().sync = Sync::DiskFull;
    let lost = committer.write_together(vec![Write::put(row("c", ""), When::Absent)]).await;
    assert_eq!(lost, Err(full()));
}

#[tokio::test]
async fn a_failed_sync_reaches_every_waiter_and_ends_writing() {
    let memory = Memory::new(Sync::DiskFull);
    let committer = start(&memory);
    let writes = (0..50).map(|n| committer.write(Write::put(row(&n.to_string(), ""), When::Always)));
    for result in join_all(writes).await {
        assert_eq!(result, Err(full()));
    }
    // The disk works again, but what it holds is unknown.
    memory.state().sync = Sync::Works;
    let syncs = memory.state().syncs;
    assert_eq!(committer.write(Write::put(row("late", ""), When::Always)).await, Err(full()));
    assert_eq!(committer.flush().await, Err(full()));
    assert_eq!(memory.state().syncs, syncs);
}

#[tokio::test]
async fn a_thread_that_died_is_reported_to_waiters_and_later_writers() {
    let memory = Memory::new(Sync::Panics);
    let committer = start(&memory);
    let stopped = StoreError::stopped("writing to the store");
    for _ in 0..2 {
        let result = committer.write(Write::put(row("key", ""), When::Always)).await;
        assert_eq!(result, Err(stopped.clone()));
    }
    assert!(stopped.to_string().contains("Restart the server"));
}

#[tokio::test]
async fn dropping_the_committer_first_commits_what_waits() {
    let memory = Memory::new(Sync::Works);
    let committer = start(&memory);
    let (reply, _answer) = oneshot::channel();
    let queue = committer.queue.as_ref().unwrap();
    queue.send(Command::Write(Write::put(row("key", "kept"), When::Always), reply)).await.unwrap();
    drop(committer);
    assert_eq!(memory.state().stored[&(Table::CallLogs, b"key".to_vec())], b"kept");
}
