//! Making and updating the tables, and checking whose they are.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection,
    error::BoxDynError,
    migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator},
};

use super::{failure, place::Place, rows};
use crate::store::{Keys, StoreError, codec::Table};

/// Every migration, oldest first. One that was released is never edited: a database remembers what
/// it was given.
const MIGRATIONS: &[(i64, &str, &str)] = &[(1, "records", include_str!("migrations/0001_records.sql"))];

/// The advisory lock of whoever prepares a database: "app-conn".
const LOCK: i64 = 0x6170_702d_636f_6e6e;

/// How long to wait for a database that does not answer, or that another server prepares.
const PATIENCE: Duration = Duration::from_secs(60);

const OPENING: &str = "opening the store";

/// Prepares the database, one server after the other: each migration is one transaction, so one
/// that failed half-way left nothing and is run again.
pub(super) async fn prepare(place: &Place, keys: &Keys) -> Result<(), StoreError> {
    let explain = |error: sqlx::Error| failure::explain(OPENING, place, &error);
    let connected = tokio::time::timeout(PATIENCE, place.options.connect()).await;
    let mut connection =
        connected.map_err(|_| failure::too_slow(OPENING, place, PATIENCE))?.map_err(explain)?;
    let settings = format!("set lock_timeout = '{}s'", PATIENCE.as_secs());
    connection.execute(&*settings).await.map_err(explain)?;
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await.map_err(explain)?;
    let prepared = locked(&mut connection, place, keys).await;
    // The lock ends with the connection.
    connection.close().await.map_err(explain)?;
    prepared
}

async fn locked(connection: &mut PgConnection, place: &Place, keys: &Keys) -> Result<(), StoreError> {
    let explain = |error: sqlx::Error| failure::explain(OPENING, place, &error);
    // Asked first: making what exists needs a right that using it does not.
    let exists: bool = sqlx::query_scalar("select to_regnamespace('app_connect') is not null")
        .fetch_one(&mut *connection)
        .await
        .map_err(explain)?;
    if !exists {
        connection.execute("create schema app_connect").await.map_err(explain)?;
    }
    connection.execute("set search_path = app_connect").await.map_err(explain)?;
    migrate(connection, place).await?;
    check_key(connection, place, keys).await
}

#[derive(Debug)]
struct Embedded;

impl<'s> MigrationSource<'s> for Embedded {
    fn resolve(self) -> BoxFuture<'s, Result<Vec<Migration>, BoxDynError>> {
        let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, (*sql).into(), false)
        };
        Box::pin(std::future::ready(Ok(MIGRATIONS.iter().map(migration).collect())))
    }
}

async fn migrate(connection: &mut PgConnection, place: &Place) -> Result<(), StoreError> {
    let what = || format!("the database {}", place.shown());
    let known = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    let mut migrator = Migrator::new(Embedded).await.map_err(|error| failed(place, &error))?;
    // The lock is held already, and ends with the connection where something fails.
    migrator.set_locking(false);
    match migrator.run_direct(connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) => Err(StoreError::Format {
            what: what(),
            found: found.to_string(),
            known: u32::try_from(known).unwrap_or(u32::MAX),
        }),
        Err(MigrateError::VersionMismatch(version) | MigrateError::Dirty(version)) => {
            Err(StoreError::Corrupt {
                what: what(),
                why: format!("its migration {version} is not the one that this program knows"),
            })
        }
        Err(error) => Err(failed(place, &error)),
    }
}

fn failed(place: &Place, error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => failure::explain("preparing the database", place, error),
        MigrateError::ExecuteMigration(error, version) => {
            failure::explain(&format!("migration {version} of the database"), place, error)
        }
        other => failure::unavailable(
            "preparing the database",
            place,
            &other.to_string(),
            "Please report this; it is a defect of the program",
        ),
    }
}

/// A new database is marked with the key; one that was sealed with another is refused.
async fn check_key(connection: &mut PgConnection, place: &Place, keys: &Keys) -> Result<(), StoreError> {
    let explain = |error: sqlx::Error| failure::explain(OPENING, place, &error);
    let what = || format!("the database {}", place.shown());
    let check: Option<Vec<u8>> = sqlx::query_scalar("select value from marks where name = 'check'")
        .fetch_optional(&mut *connection)
        .await
        .map_err(explain)?;
    match check {
        Some(check) if keys.made(&check) => Ok(()),
        Some(_) => Err(StoreError::WrongKey { what: what() }),
        None => {
            for table in Table::ALL {
                if rows::any(connection, table).await.map_err(explain)? {
                    return Err(StoreError::Corrupt {
                        what: what(),
                        why: "it holds records but not its check value".to_owned(),
                    });
                }
            }
            sqlx::query("insert into marks (name, value) values ('check', $1)")
                .bind(keys.mark()?)
                .execute(&mut *connection)
                .await
                .map(drop)
                .map_err(explain)
        }
    }
}
