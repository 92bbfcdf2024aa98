//! A backend of somebody else's: rows in memory. It passes the suite as the others do, so the seam is enough to
//! write a store on.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use app_connect::store::{
    self, Backend, Keys, Opening, RecordStore, RowStore, Store, StoreError,
    row_store::{Batch, Change, Filling, Row, Table, Write},
};
use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use super::{SECRET, keys, suite, user};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

#[derive(Default)]
struct MemoryRows {
    rows: Mutex<Rows>,
    changes: watch::Sender<u64>,
}

impl MemoryRows {
    fn locked(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }
}

fn holds(rows: &Rows, write: &Write) -> bool {
    write.when.holds(rows.get(&(write.table, write.key.clone())).map(Vec::as_slice))
}

fn make(rows: &mut Rows, write: Write) {
    let id = (write.table, write.key);
    match write.change {
        Change::Put(value) => drop(rows.insert(id, value)),
        Change::Delete => drop(rows.remove(&id)),
        Change::Keep => {}
    }
}

impl RowStore for MemoryRows {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.locked().get(&(table, key.to_vec())).cloned())
    }

    async fn page(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let begin = (table, after.unwrap_or(prefix).to_vec());
        let rows = self.locked();
        let found = rows.range(begin..).filter(|((_, key), _)| Some(key.as_slice()) != after);
        let found = found.take_while(|((of, key), _)| *of == table && key.starts_with(prefix)).take(limit);
        Ok(found.map(|((_, key), value)| Row { table, key: key.clone(), value: value.clone() }).collect())
    }

    async fn commit(&self, batch: Batch) -> Result<bool, StoreError> {
        let mut rows = self.locked();
        if !batch.required.iter().all(|write| holds(&rows, write)) {
            return Ok(false);
        }
        batch.required.into_iter().for_each(|write| make(&mut rows, write));
        for write in batch.optional {
            if holds(&rows, &write) {
                make(&mut rows, write);
            }
        }
        if batch.announces {
            self.changes.send_modify(|changes| *changes += 1);
        }
        Ok(true)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn fill(&self, mut from: mpsc::Receiver<Filling>) -> Result<(), StoreError> {
        if !self.locked().is_empty() {
            return Err(StoreError::NotEmpty { path: "memory".to_owned() });
        }
        let mut filled = Rows::new();
        while let Some(part) = from.recv().await {
            match part {
                Filling::Rows(rows) => {
                    filled.extend(rows.into_iter().map(|row| ((row.table, row.key), row.value)));
                }
                Filling::Complete => *self.locked() = std::mem::take(&mut filled),
            }
        }
        Ok(())
    }
}

fn open(keys: Keys) -> RecordStore<MemoryRows> {
    RecordStore::new(MemoryRows::default(), keys)
}

macro_rules! suite {
    ($($check:ident($($store:ident),+);)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $check() {
            $(let $store = open(keys(SECRET));)+
            suite::$check($(&$store),+).await;
        }
    )+};
}

suite::every_check!(suite);

struct MemoryBackend;

#[async_trait]
impl Backend for MemoryBackend {
    fn schemes(&self) -> &[&str] {
        &["memory"]
    }

    fn usage(&self) -> &str {
        "memory:NAME (nothing is kept)"
    }

    async fn open(&self, opening: Opening) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(open(opening.keys)))
    }
}

#[tokio::test]
async fn a_registered_backend_is_opened_by_its_scheme() {
    let backends = store::backends().with(MemoryBackend);
    let store = backends.open("memory:test", keys(SECRET)).await.unwrap();
    let one = user("7-crm", None);
    store.save_user(&one).await.unwrap();
    assert_eq!(store.get_user(&one.key).await.unwrap(), Some(one));

    let error = backends.open("mysql://me:hunter2@db/x", keys(SECRET)).await.err().unwrap().to_string();
    for known in ["sled:PATH", "postgres://", "memory:NAME"] {
        assert!(error.contains(known) && !error.contains("hunter2"), "{error}");
    }
    let error = store::open("memory:test", keys(SECRET)).await.err().unwrap();
    assert!(matches!(error, StoreError::UnknownScheme { .. }), "{error}");
}
