//! What can go wrong with a store: what, why, and how to mend it.

use std::{io, path::Path};

/// An error of a store. It can be cloned because one failed commit is told to
/// everyone who waited for it. No text holds a secret or a record's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The backend cannot do its work at all.
    #[error("{what} failed: {why}. {mend}")]
    Unavailable {
        /// What was tried.
        what: String,
        /// The cause, in the words of the system.
        why: String,
        /// What to do about it.
        mend: String,
    },
    /// Another process has the store open.
    #[error(
        "the store at {path} is in use by another process. Stop that process (`fuser -v {path}/db` \
         names it), or start this one with another DATABASE_URL"
    )]
    Locked {
        /// The store's directory.
        path: String,
    },
    /// Stored data cannot be read.
    #[error(
        "{what} is damaged: {why}. Restore the store from a backup or an export; keep the damaged \
         one for inspection"
    )]
    Corrupt {
        /// Which part.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The store or the export was sealed with another key.
    #[error(
        "{what} was sealed with another APP_SERVER_SECRET_KEY. Start with the key it was created \
         with; without that key its tokens cannot be read, and users have to sign in to a new store"
    )]
    WrongKey {
        /// The store or the export.
        what: String,
    },
    /// The secret cannot serve as a key.
    #[error(
        "APP_SERVER_SECRET_KEY is empty. Set it to a long random text, for example the output of `openssl rand -base64 32`"
    )]
    EmptyKey,
    /// No space is left.
    #[error(
        "the disk that holds {path} is full, so the write was not acknowledged. Free space, then \
         restart the server"
    )]
    Full {
        /// The store's directory.
        path: String,
    },
    /// Too little space is left to begin a write. Nothing was written.
    #[error(
        "the disk that holds {path} has {} MiB left, and {} MiB stay free so that no write fails half-way. \
         Nothing was written. Free space; the server goes on by itself then",
        .free >> 20,
        .needed.div_ceil(1 << 20)
    )]
    LowSpace {
        /// The store's directory.
        path: String,
        /// The bytes that are left.
        free: u64,
        /// The bytes that have to be left.
        needed: u64,
    },
    /// A record is longer than [`super::MAX_RECORD_BYTES`].
    #[error("{what} takes {bytes} bytes and a store takes records of up to {limit}. Store less of it")]
    TooLarge {
        /// Which record.
        what: String,
        /// Its encoded length.
        bytes: usize,
        /// The longest that is taken.
        limit: usize,
    },
    /// No backend has this scheme, or nothing follows it.
    #[error(
        "{} is not a store. Set DATABASE_URL to one of: {}",
        named(.scheme, *.is_known),
        .known.join(", ")
    )]
    UnknownScheme {
        /// The text before the first colon; the rest may hold a password.
        scheme: String,
        /// Whether a backend has the scheme: nothing follows it.
        is_known: bool,
        /// How the URL of each known backend is written.
        known: Vec<String>,
    },
    /// The store or the export has a format of another version.
    #[error(
        "{what} has format version {found}; this program reads version {known}. Use the version of \
         app-connect that wrote it, and move the records with an export"
    )]
    Format {
        /// The store or the export.
        what: String,
        /// Its version.
        found: String,
        /// The version that is understood.
        known: u32,
    },
    /// An import was asked for where records are.
    #[error(
        "the store at {path} holds records, and an import never mixes into them. Import into a new \
         directory or database"
    )]
    NotEmpty {
        /// The store's directory, or its database.
        path: String,
    },
    /// A line of an import cannot be taken; nothing was imported.
    #[error("line {line} of the import cannot be used: {why}. Nothing was imported; make a new export")]
    Import {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The export's destination cannot be written.
    #[error("the export could not be written: {why}. Give it another destination")]
    Export {
        /// The cause, in the words of the system.
        why: String,
    },
}

/// A scheme as a message shows it.
fn named(scheme: &str, is_known: bool) -> String {
    let rest = if is_known { " with nothing behind it" } else { "" };
    match scheme {
        "" => "a DATABASE_URL without a scheme".to_owned(),
        scheme => format!("\"{}:\"{rest}", scheme.escape_debug()),
    }
}

impl StoreError {
    /// A thread of the store has ended; nothing more can be written.
    pub(super) fn stopped(what: &str) -> Self {
        Self::Unavailable {
            what: what.to_owned(),
            why: "the store's writing thread has stopped".to_owned(),
            mend: "Restart the server; the log says why the thread stopped".to_owned(),
        }
    }

    /// A write came after the store was closed.
    pub(super) fn closed() -> Self {
        Self::Unavailable {
            what: "writing to the store".to_owned(),
            why: "the store is closed because the server is stopping".to_owned(),
            mend: "Repeat the request when the server is back".to_owned(),
        }
    }

    /// Sorts an I/O error of `what` under the store at `path`.
    pub(super) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        let shown = path.display();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path: shown.to_string() }
            }
            kind => Self::Unavailable {
                what: format!("{what} ({shown})"),
                why: error.to_string(),
                mend: match kind {
                    io::ErrorKind::PermissionDenied => {
                        "Give the server's user read and write access to that directory"
                    }
                    io::ErrorKind::ReadOnlyFilesystem => {
                        "Mount the file system writable, or choose another DATABASE_URL"
                    }
                    io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                        "Name a directory in DATABASE_URL, not a file"
                    }
                    _ => "Check the disk and the system log, then restart the server",
                }
                .to_owned(),
            },
        }
    }
}
