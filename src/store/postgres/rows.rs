//! Rows in SQL: every lookup is by the primary key or a range of it.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::store::{
    codec::{Row, Table},
    row_store::{Change, When, Write},
};

pub(super) fn relation(table: Table) -> &'static str {
    match table {
        Table::Users => "users",
        Table::CallLogs => "call_logs",
        Table::Contacts => "contacts",
        Table::Conversations => "conversations",
        Table::MessageLogs => "message_logs",
        Table::Claims => "claims",
        Table::Documents => "documents",
    }
}

/// The database's time, in milliseconds since 1970.
pub(super) async fn now(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let sql = "select (extract(epoch from clock_timestamp()) * 1000)::bigint";
    sqlx::query_scalar(sql).fetch_one(connection).await
}

pub(super) async fn get(
    connection: &mut PgConnection,
    table: Table,
    key: &[u8],
) -> sqlx::Result<Option<Vec<u8>>> {
    let sql = format!("select value from {} where key = $1", relation(table));
    sqlx::query_scalar(&sql).bind(key).fetch_optional(connection).await
}

/// The values under several keys, in their order.
pub(super) async fn get_many(
    connection: &mut PgConnection,
    table: Table,
    keys: &[Vec<u8>],
) -> sqlx::Result<Vec<Option<Vec<u8>>>> {
    let sql = format!("select key, value from {} where key = any($1)", relation(table));
    let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(&sql).bind(keys).fetch_all(connection).await?;
    let mut values: HashMap<Vec<u8>, Vec<u8>> = rows.into_iter().collect();
    Ok(keys.iter().map(|key| values.remove(key)).collect())
}

/// A page of the rows whose key begins with `prefix`, in the order of keys, after the key `after`
/// where one is given.
pub(super) async fn page(
    connection: &mut PgConnection,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> sqlx::Result<Vec<Row>> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as(&page_sql(table, after.is_some(), end(prefix).is_some()))
            .bind(after.unwrap_or(prefix))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(end(prefix))
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(key, value)| Row { table, key, value }).collect())
}

/// The third parameter is the end of the range, which is null if there is none.
pub(super) fn page_sql(table: Table, after: bool, ends: bool) -> String {
    let relation = relation(table);
    let begin = if after { ">" } else { ">=" };
    let end = if ends { "key < $3" } else { "$3::bytea is null" };
    format!("select key, value from {relation} where key {begin} $1 and {end} order by key limit $2")
}

/// The first key after all that begin with `prefix`; none if there is no such key.
fn end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

pub(super) async fn any(connection: &mut PgConnection, table: Table) -> sqlx::Result<bool> {
    let sql = format!("select exists (select from {})", relation(table));
    sqlx::query_scalar(&sql).fetch_one(connection).await
}

/// Does a write if its condition holds; whether it did. An absence stays until the transaction ends.
pub(super) async fn write(connection: &mut PgConnection, write: &Write) -> sqlx::Result<bool> {
    let Write { table, key, when, change } = write;
    let (sql, parameters): (_, &[&Vec<u8>]) = match (change, when) {
        (Change::Put(value), When::Always) => (
            "insert into {} (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
            &[value],
        ),
        (Change::Put(value), When::Absent) => {
            ("insert into {} (key, value) values ($1, $2) on conflict (key) do nothing", &[value])
        }
        (Change::Put(value), When::Present) => ("update {} set value = $2 where key = $1", &[value]),
        (Change::Put(value), When::Is(before)) => {
            ("update {} set value = $2 where key = $1 and value = $3", &[value, before])
        }
        (Change::Delete, When::Always | When::Present) => ("delete from {} where key = $1", &[]),
        (Change::Delete, When::Is(before)) => ("delete from {} where key = $1 and value = $2", &[before]),
        (Change::Keep, When::Present) => ("select from {} where key = $1 for update", &[]),
        (Change::Keep, When::Is(before)) => {
            ("select from {} where key = $1 and value = $2 for update", &[before])
        }
        (Change::Delete | Change::Keep, When::Absent) => return absent(connection, *table, key).await,
        (Change::Keep, When::Always) => return Ok(true),
    };
    let sql = sql.replace("{}", relation(*table));
    let mut query = sqlx::query(&sql).bind(key);
    for parameter in parameters {
        query = query.bind(*parameter);
    }
    let rows = if *change == Change::Keep {
        u64::from(query.fetch_optional(connection).await?.is_some())
    } else {
        query.execute(connection).await?.rows_affected()
    };
    Ok(rows > 0 || *when == When::Always)
}

/// A row that comes and goes within the transaction keeps others from inserting it meanwhile.
async fn absent(connection: &mut PgConnection, table: Table, key: &[u8]) -> sqlx::Result<bool> {
    let row = Row { table, key: key.to_vec(), value: Vec::new() };
    if !Box::pin(write(connection, &Write::put(row, When::Absent))).await? {
        return Ok(false);
    }
    Box::pin(write(connection, &Write::delete(table, key.to_vec(), When::Present))).await
}

#[cfg(test)]
mod tests {
    use super::end;

    #[test]
    fn a_range_ends_after_everything_with_its_prefix() {
        for (prefix, expected) in
            [(&b"ab"[..], Some(&b"ac"[..])), (b"a\xff\xff", Some(b"b")), (b"\xff", None), (b"", None)]
        {
            assert_eq!(end(prefix).as_deref(), expected);
        }
    }
}
