//! The store that commands work on: the one of `serve` with the same flags, environment and settings file.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::CliError;
use super::serve::{Values, secret_key};
use crate::store::{self, Counts, Keys, Store, StoreError};

/// Where the store is, and its keys.
pub(super) struct Location {
    url: String,
    keys: Keys,
}

impl Location {
    /// The store of `serve` with the same settings. Without `makes`, its key has to be there already.
    pub(super) fn find(
        settings: Option<&Path>,
        data_dir: Option<&Path>,
        makes: bool,
    ) -> Result<Self, CliError> {
        let values = Values::read(settings)?;
        let data_dir = values.data_dir(data_dir);
        Ok(Self { url: values.database_url(&data_dir), keys: keys(&values, &data_dir, makes)? })
    }

    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        store::open(&self.url, self.keys.clone()).await
    }

    /// See [`expect_one`].
    pub(super) fn expect_one(&self) -> Result<(), CliError> {
        expect_one(&self.url, "name it with --data-dir or DATABASE_URL")
    }
}

/// The keys that the server runs with; without `makes` they have to be there already.
pub(super) fn keys(values: &Values, data_dir: &Path, makes: bool) -> Result<Keys, CliError> {
    let kept = data_dir.join("secret-key");
    // The server makes a key where there is none; that one would open no store and no export.
    if !makes && values.get("APP_SERVER_SECRET_KEY").is_none() && !kept.exists() {
        return Err(CliError(format!(
            "APP_SERVER_SECRET_KEY is not set, and {} does not exist; give the key that the server runs with",
            kept.display()
        )));
    }
    let is_prod = values.get("IS_PROD").is_some_and(|value| value == "true");
    Ok(Keys::from_secret(&secret_key(values, data_dir, is_prod)?)?)
}

/// Opening makes a store where there is none; nobody wants to read that one.
pub(super) fn expect_one(url: &str, mend: &str) -> Result<(), CliError> {
    let Some(path) = url.strip_prefix("sled:") else { return Ok(()) };
    match std::fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // What else is wrong is said where it is opened.
        _ => return Ok(()),
    }
    Err(CliError(format!("there is no store at {path}; {mend}")))
}

/// How many records there are, in words.
pub(super) fn counted(counts: &Counts) -> String {
    let Counts { users, call_logs, contacts, conversations, message_logs, claims, documents } = counts;
    format!(
        "users {users}, call logs {call_logs}, conversations {conversations}, messages {message_logs}, \
         claims {claims}, cached phone numbers {contacts}, documents {documents}"
    )
}
