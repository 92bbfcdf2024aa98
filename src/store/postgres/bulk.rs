//! What reads or writes everything.

use sqlx::{Connection as _, Executor as _, PgConnection, Postgres, Transaction};
use tokio::sync::mpsc;

use super::{database::Link, rows};
use crate::store::{
    StoreError,
    codec::{Row, Table},
    row_store::{Filling, PAGE, Scanned},
};

/// Sends everything, as it is at one moment.
pub(super) async fn scan(link: Link, to: mpsc::Sender<Scanned>) {
    let last = match try_scan(&link, &to).await {
        Ok(()) => Scanned::Complete,
        Err(error) => Scanned::Failed(link.explain("reading the store", &error)),
    };
    // If nobody listens any more, nobody needs it.
    let _ = to.send(last).await;
}

/// Ends if nobody listens.
async fn try_scan(link: &Link, to: &mpsc::Sender<Scanned>) -> sqlx::Result<()> {
    let mut connection = link.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    // One moment for all tables; whoever takes the rows may be slow.
    transaction.execute("set transaction isolation level repeatable read, read only").await?;
    transaction.execute("set local idle_in_transaction_session_timeout = 0").await?;
    for table in Table::ALL {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = rows::page(&mut transaction, table, b"", after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            if to.send(Scanned::Rows(page)).await.is_err() {
                return Ok(());
            }
        }
    }
    transaction.commit().await
}

/// Takes rows into the empty database, in one transaction.
pub(super) async fn fill(link: Link, mut from: mpsc::Receiver<Filling>) -> Result<(), StoreError> {
    let explain = |error: sqlx::Error| link.explain("the import", &error);
    let mut connection = link.pool.acquire().await.map_err(explain)?;
    let mut transaction = connection.begin().await.map_err(explain)?;
    if lock_all_empty(&mut transaction).await.map_err(explain)? {
        return Err(StoreError::NotEmpty { path: link.place.shown().to_owned() });
    }
    while let Some(part) = from.recv().await {
        match part {
            Filling::Rows(rows) => insert(&mut transaction, rows).await.map_err(explain)?,
            Filling::Complete => return transaction.commit().await.map_err(explain),
        }
    }
    transaction.rollback().await.map_err(explain)
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
