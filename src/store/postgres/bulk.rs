//! What reads or writes everything: integrity, export, import.

use std::io::{BufRead, Write};

use sqlx::{Connection as _, Executor as _, PgConnection, Postgres, Transaction};
use tokio::sync::mpsc;

use super::{
    database::Link,
    rows::{self, MAX_KEY_BYTES},
};
use crate::store::{
    Counts, Integrity, Keys, StoreError,
    codec::{self, Row, Table},
    transfer,
};

/// Rows of one statement, and of one message between the threads.
const BATCH: usize = 500;

/// At most so many lines about damaged records; there may be millions.
const MAX_DAMAGED: usize = 100;

type Batch = Result<Vec<Row>, StoreError>;

/// Writes everything, as it is at one moment.
pub(super) async fn export(
    link: Link,
    keys: Keys,
    writer: Box<dyn Write + Send>,
) -> Result<Counts, StoreError> {
    let (sender, mut batches) = mpsc::channel(4);
    let reading = tokio::spawn(async move { read_all(&link, "the export", &sender).await });
    let writing = tokio::task::spawn_blocking(move || {
        let rows = std::iter::from_fn(|| batches.blocking_recv()).flat_map(|batch: Batch| match batch {
            Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        });
        transfer::write(writer, &keys, rows)
    });
    let written = writing.await.map_err(|_| StoreError::stopped("the export"))?;
    reading.abort();
    written
}

/// Decodes everything, as it is at one moment, and says what cannot be.
pub(super) async fn integrity(link: Link, keys: Keys) -> Result<Integrity, StoreError> {
    let (sender, mut batches) = mpsc::channel(4);
    tokio::spawn(async move { read_all(&link, "the integrity check", &sender).await });
    let mut found = Integrity::default();
    let (mut table, mut position) = (None, 0_u64);
    while let Some(batch) = batches.recv().await {
        for row in batch? {
            position = if table == Some(row.table) { position + 1 } else { 1 };
            table = Some(row.table);
            match codec::verify(&keys, row.table, &row.key, &row.value) {
                Ok(()) => found.readable.add(row.table),
                Err(error) if found.damaged.len() < MAX_DAMAGED => {
                    found.damaged.push(format!("{} record {position}: {error}", row.table.name()));
                }
                Err(_) => {}
            }
        }
    }
    Ok(found)
}

/// Sends all rows of all tables in batches, or the error that ended it. Ends where nobody listens.
async fn read_all(link: &Link, what: &str, batches: &mpsc::Sender<Batch>) {
    if let Err(error) = try_read_all(link, batches).await {
        // Whoever listened is gone where this fails, and needs no error.
        let _ = batches.send(Err(link.explain(what, &error))).await;
    }
}

async fn try_read_all(link: &Link, batches: &mpsc::Sender<Batch>) -> sqlx::Result<()> {
    let mut connection = link.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    // One moment for all tables; whoever writes the file may be slow.
    transaction.execute("set transaction isolation level repeatable read, read only").await?;
    transaction.execute("set local idle_in_transaction_session_timeout = 0").await?;
    for table in Table::ALL {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
            let page = rows::page(&mut transaction, table, b"", after.as_deref(), limit).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            if batches.send(Ok(page)).await.is_err() {
                return Ok(());
            }
        }
    }
    transaction.commit().await
}

/// Reads an export into the empty database, in one transaction.
pub(super) async fn import(
    link: Link,
    keys: Keys,
    reader: Box<dyn BufRead + Send>,
) -> Result<Counts, StoreError> {
    let explain = |error: sqlx::Error| link.explain("the import", &error);
    let mut connection = link.pool.acquire().await.map_err(explain)?;
    let mut transaction = connection.begin().await.map_err(explain)?;
    if lock_all_empty(&mut transaction).await.map_err(explain)? {
        return Err(StoreError::NotEmpty { path: link.place.shown().to_owned() });
    }
    let (sender, mut batches) = mpsc::channel::<Vec<Row>>(4);
    let reading = tokio::task::spawn_blocking(move || read(reader, &keys, &sender));
    let mut written = Ok(());
    while let Some(batch) = batches.recv().await {
        written = insert(&mut transaction, batch).await;
        if written.is_err() {
            break;
        }
    }
    drop(batches);
    let read = reading.await.map_err(|_| StoreError::stopped("the import"))?;
    written.map_err(explain)?;
    let counts = read?;
    transaction.commit().await.map_err(explain)?;
    Ok(counts)
}

/// Keeps every other writer out until the transaction ends; whether there is any record.
async fn lock_all_empty(transaction: &mut Transaction<'_, Postgres>) -> sqlx::Result<bool> {
    transaction.execute("set local idle_in_transaction_session_timeout = 0").await?;
    for table in Table::ALL {
        let sql = format!("lock table {} in exclusive mode", rows::relation(table));
        transaction.execute(&*sql).await?;
    }
    for table in Table::ALL {
        if rows::any(transaction, table).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(
    reader: Box<dyn BufRead + Send>,
    keys: &Keys,
    batches: &mpsc::Sender<Vec<Row>>,
) -> Result<Counts, StoreError> {
    let mut batch = Vec::new();
    let send = |batch: &mut Vec<Row>| {
        let batch = std::mem::take(batch);
        // Told by whoever took them.
        batches.blocking_send(batch).map_err(|_| StoreError::stopped("the import"))
    };
    let counts = transfer::read(reader, keys, |row| {
        check_key(&row)?;
        batch.push(row);
        if batch.len() < BATCH { Ok(()) } else { send(&mut batch) }
    })?;
    send(&mut batch)?;
    Ok(counts)
}

/// Inserts rows of any tables; where a key comes twice, the later one stays.
async fn insert(connection: &mut PgConnection, rows: Vec<Row>) -> sqlx::Result<()> {
    for table in Table::ALL {
        let mut of_table: Vec<(&[u8], &[u8])> = rows
            .iter()
            .rev()
            .filter(|row| row.table == table)
            .map(|row| (row.key.as_slice(), row.value.as_slice()))
            .collect();
        if of_table.is_empty() {
            continue;
        }
        of_table.sort_by_key(|(key, _)| *key);
        of_table.dedup_by_key(|(key, _)| *key);
        let (keys, values): (Vec<&[u8]>, Vec<&[u8]>) = of_table.into_iter().unzip();
        let sql = format!(
            "insert into {} (key, value) select * from unnest($1::bytea[], $2::bytea[]) \
             on conflict (key) do update set value = excluded.value",
            rows::relation(table)
        );
        sqlx::query(&sql).bind(keys).bind(values).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Refuses a key that the index cannot take.
pub(super) fn check_key(row: &Row) -> Result<(), StoreError> {
    if row.key.len() <= MAX_KEY_BYTES {
        return Ok(());
    }
    Err(StoreError::TooLarge {
        what: format!("the key of a record of {}", row.table.name()),
        bytes: row.key.len(),
        limit: MAX_KEY_BYTES,
    })
}
