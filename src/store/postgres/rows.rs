//! Rows in SQL: every lookup is by the primary key or a range of it.

use sqlx::PgConnection;

use crate::store::codec::{Row, Table};

/// The longest key that a page of PostgreSQL's index takes, with something to spare.
pub(super) const MAX_KEY_BYTES: usize = 2600;

/// One change of one row.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Creates or replaces it.
    Put(Row),
    /// Only where the key is new.
    Insert(Row),
    /// Only where the key exists.
    Update(Row),
    /// Only where exactly this is stored.
    Swap(Row, Vec<u8>),
    /// Where it exists.
    Delete(Table, Vec<u8>),
    /// Only where exactly this is stored.
    Take(Table, Vec<u8>, Vec<u8>),
    /// Changes nothing: only where the key is new, and stays so until the transaction ends.
    Absent(Table, Vec<u8>),
}

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

/// A page of the rows whose key begins with `prefix`, in the order of keys, after the key `after`
/// where one is given.
pub(super) async fn page(
    connection: &mut PgConnection,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: i64,
) -> sqlx::Result<Vec<Row>> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as(&page_sql(table, after.is_some(), end(prefix).is_some()))
            .bind(after.unwrap_or(prefix))
            .bind(limit)
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

/// Takes a step; whether its condition held.
pub(super) async fn take(connection: &mut PgConnection, step: &Step) -> sqlx::Result<bool> {
    let (sql, row, before) = match step {
        Step::Put(row) => (
            "insert into {} (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
            (row.table, &row.key, Some(&row.value)),
            None,
        ),
        Step::Insert(row) => (
            "insert into {} (key, value) values ($1, $2) on conflict (key) do nothing",
            (row.table, &row.key, Some(&row.value)),
            None,
        ),
        Step::Update(row) => {
            ("update {} set value = $2 where key = $1", (row.table, &row.key, Some(&row.value)), None)
        }
        Step::Swap(row, before) => (
            "update {} set value = $2 where key = $1 and value = $3",
            (row.table, &row.key, Some(&row.value)),
            Some(before),
        ),
        Step::Delete(table, key) => ("delete from {} where key = $1", (*table, key, None), None),
        Step::Take(table, key, before) => {
            ("delete from {} where key = $1 and value = $2", (*table, key, None), Some(before))
        }
        Step::Absent(table, key) => return absent(connection, *table, key).await,
    };
    let (table, key, value) = row;
    let sql = sql.replace("{}", relation(table));
    let mut query = sqlx::query(&sql).bind(key);
    for parameter in [value, before].into_iter().flatten() {
        query = query.bind(parameter);
    }
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// A row that comes and goes within the transaction keeps others from inserting it meanwhile.
async fn absent(connection: &mut PgConnection, table: Table, key: &[u8]) -> sqlx::Result<bool> {
    let row = Row { table, key: key.to_vec(), value: Vec::new() };
    if !Box::pin(take(connection, &Step::Insert(row))).await? {
        return Ok(false);
    }
    Box::pin(take(connection, &Step::Delete(table, key.to_vec()))).await
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
