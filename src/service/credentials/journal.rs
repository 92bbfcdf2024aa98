//! Answers of token endpoints that the store has not taken yet. A refresh token that is good for one use has had it
//! when the answer is there: the next one must not be lost with the process, nor while the store is away.
//!
//! So an answer is written to a sealed file first, and the file is removed once the store has it. What is left of an
//! earlier start is stored before the server listens, and by the sweep.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::credential::Credential;
use crate::hex::hex;
use crate::service::{Shared, user_record};
use crate::store::{SealedFolder, Secret, StoreError, User, UserKey};

/// How long a disk is waited for. The store may take the answer while a file cannot be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where answers are kept until the store has them.
#[derive(Default)]
pub struct TokenJournal {
    /// Absent where the server has no folder: then they are kept in memory alone.
    folder: Option<Arc<SealedFolder>>,
    pending: Mutex<HashMap<UserKey, Entry>>,
}

/// An answer, and the tokens that it takes the place of; as it stands in its file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    user: UserKey,
    used_access_token: String,
    used_refresh_token: Option<String>,
    access_token: String,
    refresh_token: Option<String>,
    /// In milliseconds since 1970.
    expires_at: Option<i64>,
}

fn text(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.expose().to_owned())
}

impl Entry {
    /// What was granted in place of the user's credential. It has no refresh token if the old one is to be used again.
    pub(super) fn new(user: &User, granted: &Credential) -> Self {
        let used = &user.credential;
        Self {
            user: user.key.clone(),
            used_access_token: used.secret.expose().to_owned(),
            used_refresh_token: text(used.refresh.as_ref()),
            access_token: granted.secret.expose().to_owned(),
            refresh_token: text(granted.refresh.as_ref().or(used.refresh.as_ref())),
            expires_at: granted.expires_at,
        }
    }

    /// Puts it into a record that still has what it takes the place of. Who signed out, or in again, meanwhile has
    /// other tokens.
    pub(super) fn apply(&self, user: &mut User) {
        let credential = &user.credential;
        if credential.secret.expose() == self.used_access_token
            && text(credential.refresh.as_ref()) == self.used_refresh_token
        {
            user.credential = Credential {
                secret: Secret::new(self.access_token.as_str()),
                refresh: self.refresh_token.as_deref().map(Secret::new),
                expires_at: self.expires_at,
                ..credential.clone()
            };
        }
    }

    /// A name that tells nothing of the user; the next answer for the same user takes its place.
    fn name(&self) -> String {
        let parts = [Some(self.user.platform.as_str()), self.user.proxy_id.as_deref(), Some(&self.user.id)];
        let text = serde_json::to_string(&parts).unwrap_or_default();
        hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
    }
}

impl TokenJournal {
    /// A journal in a folder.
    pub fn new(folder: SealedFolder) -> Self {
        Self { folder: Some(Arc::new(folder)), pending: Mutex::default() }
    }

    /// Makes an answer durable, as far as the disk takes it.
    pub(super) async fn keep(&self, entry: &Entry) {
        self.all().insert(entry.user.clone(), entry.clone());
        let Some(folder) = self.folder.clone() else { return };
        let (name, content) = (entry.name(), serde_json::to_vec(entry).unwrap_or_default());
        let writing = tokio::task::spawn_blocking(move || folder.put(&name, content));
        match tokio::time::timeout(PATIENCE, writing).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "new tokens could not be written down before they are stored")
            }
            Ok(Err(_)) | Err(_) => tracing::warn!("new tokens could not be written down in time"),
        }
    }

    /// The store has it, or needs it no more.
    pub(super) async fn settled(&self, entry: &Entry) {
        {
            let mut pending = self.all();
            if pending.get(&entry.user).is_some_and(|kept| kept == entry) {
                pending.remove(&entry.user);
            }
        }
        let Some(folder) = self.folder.clone() else { return };
        let name = entry.name();
        let removed = tokio::task::spawn_blocking(move || folder.remove(&name)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "a file of stored tokens could not be removed; it does no harm");
        }
    }

    /// What is not stored yet of a user.
    pub(super) fn pending(&self, user: &UserKey) -> Option<Entry> {
        self.all().get(user).cloned()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<UserKey, Entry>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Reads what an earlier start left behind. Once, before the server listens.
    pub(crate) async fn read_token_journal(&self) {
        let Some(folder) = self.token_journal.folder.clone() else { return };
        match tokio::task::spawn_blocking(move || folder.all()).await {
            Ok(Ok(files)) => {
                for (name, content) in files {
                    match serde_json::from_slice::<Entry>(&content) {
                        Ok(entry) => drop(self.token_journal.all().insert(entry.user.clone(), entry)),
                        Err(_) => tracing::error!(name, "a file of tokens cannot be read"),
                    }
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "the folder of tokens cannot be read"),
            Err(_) => {}
        }
    }

    /// Stores what the store has not taken yet; how many answers there were.
    pub(crate) async fn settle_tokens(&self) -> usize {
        let entries: Vec<Entry> = self.token_journal.all().values().cloned().collect();
        let mut settled = 0;
        for entry in entries {
            match self.settle(&entry).await {
                Ok(_) => settled += 1,
                Err(error) => tracing::warn!(%error, "new tokens are not stored yet"),
            }
        }
        settled
    }

    /// Stores one answer; the user as it is then.
    ///
    /// # Errors
    /// If the store does not take it. It stays in the journal.
    pub(super) async fn settle(&self, entry: &Entry) -> Result<Option<User>, StoreError> {
        let changed = user_record::change(self, &entry.user, |user| entry.apply(user)).await?;
        self.token_journal.settled(entry).await;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stands_in_its_file_as_it_did() {
        let entry = Entry {
            user: UserKey { id: "7-acme".to_owned(), platform: "acme".to_owned(), proxy_id: None },
            used_access_token: "at-1".to_owned(),
            used_refresh_token: Some("rt-1".to_owned()),
            access_token: "at-2".to_owned(),
            refresh_token: Some("rt-2".to_owned()),
            expires_at: Some(5),
        };
        let form = r#"{"user":{"id":"7-acme","platform":"acme","proxy_id":null},"usedAccessToken":"at-1","usedRefreshToken":"rt-1","accessToken":"at-2","refreshToken":"rt-2","expiresAt":5}"#;
        assert_eq!(serde_json::to_string(&entry).unwrap(), form);
        assert!(serde_json::from_str::<Entry>(form).unwrap() == entry);
        let other =
            Entry { user: UserKey { proxy_id: Some("p".to_owned()), ..entry.user.clone() }, ..entry.clone() };
        assert_eq!(entry.name().len(), 64);
        assert_ne!(entry.name(), other.name());
    }
}
