//! Reading a database that another program made.

use serde_json::Value;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};

use super::{failure, place::Place};
use crate::store::StoreError;

const PAGE: u32 = 500;
const READING: &str = "reading the database";

/// The tables of another program, as they are at one moment. Nothing is written there.
pub struct ForeignTables {
    connection: PgConnection,
    place: Place,
}

impl ForeignTables {
    /// Connects to the database that `url` names, and keeps to this moment from then on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the words of the database.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let place = Place::parse(url)?;
        let explain = |error| failure::explain(READING, &place, &error);
        let mut connection = place.options.connect().await.map_err(explain)?;
        let begin = "set timezone = 'UTC'; set statement_timeout = 0; \
                     set idle_in_transaction_session_timeout = 0; \
                     begin isolation level repeatable read read only";
        connection.execute(begin).await.map_err(explain)?;
        Ok(Self { connection, place })
    }

    /// How many rows a table has; `None` if there is no such table.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the words of the database.
    pub async fn count(&mut self, table: &str) -> Result<Option<u64>, StoreError> {
        let name = quoted(table);
        let exists = sqlx::query_scalar("select to_regclass($1) is not null")
            .bind(&name)
            .fetch_one(&mut self.connection)
            .await;
        if !exists.map_err(|error| self.explain(&error))? {
            return Ok(None);
        }
        let count: Result<i64, _> =
            sqlx::query_scalar(&format!("select count(*) from {name}")).fetch_one(&mut self.connection).await;
        let count = count.map_err(|error| self.explain(&error))?;
        Ok(Some(u64::try_from(count).unwrap_or_default()))
    }

    /// Begins to read a table, in the order of a column, whether it has that column or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the words of the database.
    pub async fn begin(&mut self, table: &str, order: &'static str) -> Result<(), StoreError> {
        let name = quoted(table);
        let has_order = sqlx::query_scalar(
            "select exists (select from pg_attribute where attrelid = to_regclass($1) and attname = $2 and not attisdropped)",
        )
        .bind(&name)
        .bind(order)
        .fetch_one(&mut self.connection)
        .await;
        let ordered = match has_order.map_err(|error| self.explain(&error))? {
            true => format!(" order by t.{}", quoted(order)),
            false => String::new(),
        };
        // The text of the row keeps the order of keys in its JSON columns, and all of their digits.
        let sql =
            format!("declare rows no scroll cursor for select row_to_json(t)::text from {name} t{ordered}");
        self.connection.execute(&*sql).await.map(drop).map_err(|error| self.explain(&error))
    }

    /// The next rows as objects; none at the end, and the next table may begin.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the words of the database.
    pub async fn next(&mut self) -> Result<Vec<Value>, StoreError> {
        let sql = format!("fetch {PAGE} from rows");
        let rows: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(&mut self.connection)
            .await
            .map_err(|error| self.explain(&error))?;
        if rows.is_empty() {
            self.connection.execute("close rows").await.map_err(|error| self.explain(&error))?;
        }
        let read = |row: String| {
            serde_json::from_str(&row).map_err(|_| {
                let why = "a row is not JSON that can be read";
                failure::unavailable(
                    READING,
                    &self.place,
                    why,
                    "Look for numbers or texts of unusual length there",
                )
            })
        };
        rows.into_iter().map(read).collect()
    }

    fn explain(&self, error: &sqlx::Error) -> StoreError {
        failure::explain(READING, &self.place, error)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
