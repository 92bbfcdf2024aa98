//! What reads or writes everything: integrity, export, import, and the search for what expired. Rows come and go
//! in pages. They are decoded on blocking threads, because there may be millions.

use std::io::{BufRead, Write};

use tokio::sync::mpsc;

use crate::store::{
    Counts, Integrity, Keys, StoreError,
    codec::{Row, Table},
    records,
    row_store::{Filling, PAGE, PAGE_BYTES, RowStore, Scanned},
    transfer,
};

/// Pages on their way between the backend and a blocking thread.
const WAITING: usize = 4;

/// At most so many lines about damaged records; there may be millions.
const MAX_DAMAGED: usize = 100;

/// Runs what takes long off the async threads.
async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Corrupt {
        what: format!("what {what} reads"),
        why: "reading it panicked".to_owned(),
    })
}

/// Writes everything as JSON lines.
pub(super) async fn export<R: RowStore>(
    rows: &R,
    keys: Keys,
    writer: Box<dyn Write + Send>,
) -> Result<Counts, StoreError> {
    let (sender, parts) = mpsc::channel(WAITING);
    let writing = blocking("the export", move || transfer::write(writer, &keys, received(parts)));
    let ((), written) = futures_util::future::join(rows.scan(sender), writing).await;
    written?
}

/// The rows of a scan, and the error that ended it if it is not complete.
fn received(mut parts: mpsc::Receiver<Scanned>) -> impl Iterator<Item = Result<Row, StoreError>> {
    let mut is_over = false;
    let pages = std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let page = match parts.blocking_recv() {
            Some(Scanned::Rows(rows)) => return Some(rows.into_iter().map(Ok).collect()),
            Some(Scanned::Complete) => None,
            Some(Scanned::Unreadable(_, error) | Scanned::Failed(error)) => Some(vec![Err(error)]),
            None => Some(vec![Err(StoreError::stopped("the export"))]),
        };
        is_over = true;
        page
    });
    pages.flat_map(|page: Vec<_>| page)
}

/// Decodes everything, and says what cannot be.
pub(super) async fn integrity<R: RowStore>(rows: &R, keys: Keys) -> Result<Integrity, StoreError> {
    let (sender, parts) = mpsc::channel(WAITING);
    let checking = blocking("the integrity check", move || check(parts, &keys));
    let ((), checked) = futures_util::future::join(rows.scan(sender), checking).await;
    checked?
}

fn check(mut parts: mpsc::Receiver<Scanned>, keys: &Keys) -> Result<Integrity, StoreError> {
    let mut found = Integrity::default();
    let (mut current, mut position) = (None, 0_u64);
    let mut add = |table: Table, readable: Result<(), StoreError>| {
        position = if current == Some(table) { position + 1 } else { 1 };
        current = Some(table);
        match readable {
            Ok(()) => found.readable.add(table),
            Err(error) if found.damaged.len() < MAX_DAMAGED => {
                found.damaged.push(format!("{} record {position}: {error}", table.name()));
            }
            Err(_) => {}
        }
    };
    loop {
        match parts.blocking_recv() {
            Some(Scanned::Rows(rows)) => {
                rows.iter().for_each(|row| add(row.table, records::verify(keys, row)));
            }
            Some(Scanned::Unreadable(table, error)) => add(table, Err(error)),
            Some(Scanned::Failed(error)) => return Err(error),
            Some(Scanned::Complete) => return Ok(found),
            None => return Err(StoreError::stopped("the integrity check")),
        }
    }
}

/// Reads an export into the empty store.
pub(super) async fn import<R: RowStore>(
    rows: &R,
    keys: Keys,
    reader: Box<dyn BufRead + Send>,
) -> Result<Counts, StoreError> {
    let (sender, parts) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || read::<R>(reader, &keys, &sender));
    // If this fails, the reader finds nobody to take its rows, and ends.
    let filled = rows.fill(parts).await;
    let read = reading.await.map_err(|_| StoreError::stopped("the import"))?;
    match (filled, read) {
        // What is wrong with the export says more than that it was not taken.
        (_, Err(wrong)) if wrong != StoreError::stopped("the import") => Err(wrong),
        (filled, read) => filled.and(read),
    }
}

fn read<R: RowStore>(
    reader: Box<dyn BufRead + Send>,
    keys: &Keys,
    to: &mpsc::Sender<Filling>,
) -> Result<Counts, StoreError> {
    // What became of the backend is told by itself.
    let send = |part| to.blocking_send(part).map_err(|_| StoreError::stopped("the import"));
    let (mut page, mut bytes) = (Vec::new(), 0);
    let counts = transfer::read(reader, keys, |row| {
        check_key(row.table, &row.key, R::MAX_KEY_BYTES)?;
        bytes += row.key.len() + row.value.len();
        page.push(row);
        if page.len() < PAGE && bytes < PAGE_BYTES {
            return Ok(());
        }
        bytes = 0;
        send(Filling::Rows(std::mem::take(&mut page)))
    })?;
    send(Filling::Rows(page))?;
    send(Filling::Complete)?;
    Ok(counts)
}

/// Refuses a key that is longer than `limit`.
pub(super) fn check_key(table: Table, key: &[u8], limit: usize) -> Result<(), StoreError> {
    if key.len() <= limit {
        return Ok(());
    }
    Err(StoreError::TooLarge {
        what: format!("the key of a record of {}", table.name()),
        bytes: key.len(),
        limit,
    })
}

/// What expired, page by page.
pub(super) struct Expired {
    now: i64,
    /// What is still to be read, the next one last: where, and after which key.
    left: Vec<(Table, Vec<u8>, Option<Vec<u8>>)>,
}

impl Expired {
    pub(super) fn new(now: i64) -> Self {
        Self { now, left: records::expiring().map(|(table, prefix)| (table, prefix, None)).collect() }
    }

    /// Those of the next page; `None` at the end. What cannot be read is left to the integrity check.
    pub(super) async fn next<R: RowStore>(
        &mut self,
        rows: &R,
        keys: &Keys,
    ) -> Result<Option<Vec<Row>>, StoreError> {
        let Some((table, prefix, after)) = self.left.pop() else { return Ok(None) };
        let page = rows.page(table, &prefix, after.as_deref(), PAGE).await?;
        if let Some(last) = page.last().filter(|_| page.len() == PAGE) {
            self.left.push((table, prefix, Some(last.key.clone())));
        }
        let (keys, now) = (keys.clone(), self.now);
        let expired = blocking("the sweep", move || {
            let is_expired = |row: &Row| records::is_expired(&keys, row, now).unwrap_or(false);
            page.into_iter().filter(is_expired).collect()
        });
        expired.await.map(Some)
    }
}
