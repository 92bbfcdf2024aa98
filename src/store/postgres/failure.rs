//! What the driver and the database report, in words that say what to do.

use std::time::Duration;

use super::place::Place;
use crate::store::StoreError;

const COMES_BACK: &str =
    "Check that PostgreSQL runs and can be reached; this server goes on by itself when it is back";

/// Whether the connection is of no more use.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        // The server stops, crashed, or is not ready yet.
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "25P03"))
        }
        _ => false,
    }
}

/// Whether the database undid a transaction because it stood in another one's way.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// An error met while doing `what`.
pub(super) fn explain(what: &str, place: &Place, error: &sqlx::Error) -> StoreError {
    let (why, mend) = match error {
        sqlx::Error::PoolTimedOut => (
            "no connection was to be had in time: it does not answer, or all connections of this server are busy"
                .to_owned(),
            "Check that PostgreSQL runs and can be reached, or raise max_connections in DATABASE_URL; \
             this server goes on by itself when it is back",
        ),
        sqlx::Error::Io(error) => (format!("the connection failed ({error})"), COMES_BACK),
        sqlx::Error::Tls(error) => (
            format!("no secure connection ({error})"),
            "Check sslmode and sslrootcert in DATABASE_URL, and the certificate of the database",
        ),
        sqlx::Error::Database(error) => (error.message().to_owned(), mend(error.code().as_deref())),
        other => (other.to_string(), COMES_BACK),
    };
    unavailable(what, place, &why, mend)
}

/// The database took longer than `limit` for one piece of work.
pub(super) fn too_slow(what: &str, place: &Place, limit: Duration) -> StoreError {
    unavailable(what, place, &format!("it did not answer within {} s", limit.as_secs()), COMES_BACK)
}

pub(super) fn unavailable(what: &str, place: &Place, why: &str, mend: &str) -> StoreError {
    StoreError::Unavailable {
        what: format!("{what} ({})", place.shown()),
        why: place.clean(why),
        mend: mend.to_owned(),
    }
}

/// What to do about an error of the database, by its SQLSTATE.
fn mend(code: Option<&str>) -> &'static str {
    match code {
        Some(code) if code.starts_with("28") => "Check the user and the password in DATABASE_URL",
        Some("3D000") => "Create the database (createdb), or name another in DATABASE_URL",
        Some("42501") => {
            "Make the user of DATABASE_URL the owner of the database, or of its schema app_connect"
        }
        Some("25006") => "Let DATABASE_URL name the primary server: a standby takes no writes",
        Some("53100") => "Free space on the database's disk; this server goes on by itself then",
        Some("53300") => {
            "Raise max_connections of PostgreSQL, or lower max_connections in DATABASE_URL of each server"
        }
        Some("57014" | "55P03") => {
            "Look in pg_stat_activity for what holds the database up; this server goes on by itself then"
        }
        Some("3F000" | "42P01" | "42703") => "Restart the server: it makes the tables that are missing",
        _ => COMES_BACK,
    }
}
