//! The RingCentral tokens with which an account's reports are made. An admin of the account brings one, and the
//! server asks RingCentral whose it is. They are sealed like everything that is kept, and never handed out (Q105).

mod proof;
mod renewal;

use serde::{Deserialize, Serialize};

use super::Services;
use super::accounts::AccountError;
use super::coordination::detached;
use super::hashing::hashed;
use super::ringcentral::grants::{Grant, Granted, granted, told};
use crate::secret::Secret;
use crate::store::{DocumentKind, Key, Prefix, StoreError, StoredDocument, User, UserKey};

pub(super) use self::proof::{asked_again, standing};
pub(super) use self::renewal::{Unusable, usable};

/// How long a token lives whose end RingCentral does not tell.
const ASSUMED_LIFE_MS: i64 = 60 * 60 * 1000;

/// How long a refresh token lives whose end RingCentral does not tell: as long as RingCentral's usually do.
const ASSUMED_REFRESH_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The longest code, in bytes.
const LONGEST_CODE: usize = 4096;

/// A token as it is stored: under the hashed account id, and whoever brought it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdminToken {
    #[serde(serialize_with = "written")]
    pub(super) access_token: Secret,
    #[serde(serialize_with = "written_if_any")]
    refresh_token: Option<Secret>,
    /// When the access token ends, in milliseconds.
    access_expires_at: i64,
    /// Whether RingCentral said that it is a token of the account.
    pub(super) is_verified: bool,
    /// When it was brought, in milliseconds.
    pub(super) brought_at: i64,
    /// Who brought it.
    pub(super) brought_by: UserKey,
    /// When nothing can renew it any more, in milliseconds: the sweep removes it then.
    expires_at: i64,
}

impl StoredDocument for AdminToken {
    const KIND: DocumentKind = DocumentKind::AdminToken;
}

/// Writes down that RingCentral said a token to be the account's. Where somebody changed it meanwhile, it is left as it
/// is, and the next report asks again.
pub(super) async fn verified(services: &Services, key: &Key<AdminToken>) -> Result<(), StoreError> {
    let before = services.store.versioned(key).await?;
    let Some(token) = before.content.clone() else { return Ok(()) };
    let after = AdminToken { is_verified: true, ..token };
    services.store.change_documents(&[before.changed_to(&after)?]).await.map(drop)
}

/// The one place where these secrets are written down, and the store seals it.
fn written<S: serde::Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}

fn written_if_any<S: serde::Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(to)
}

/// Why a token is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// The request cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// Whoever brings it is not entitled to.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The server stops.
    #[error("The server is stopping. Please sign in to RingCentral again in a moment.")]
    Stopping,
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

/// Exchanges the code that RingCentral gave an admin, and keeps the token. A server that RingCentral does not know
/// does nothing, which is no failure: clients come here by themselves after every sign-in of an admin (recordings
/// 29, `callback`).
///
/// # Errors
/// If the code is missing or refused, RingCentral cannot be asked, the token is not an admin's of the user's account,
/// or the store fails. Nothing is kept then.
pub async fn bring(services: &Services, user: User, code: Option<String>) -> Result<(), NotKept> {
    let code = code.ok_or_else(|| {
        let words = "RingCentral's code is missing (parameter code). Sign in to RingCentral again.";
        NotKept::Invalid(words.to_owned())
    })?;
    if code.len() > LONGEST_CODE {
        let words = format!("RingCentral's code is longer than {LONGEST_CODE} bytes, so it was not sent.");
        return Err(NotKept::Invalid(words));
    }
    if services.ringcentral_app.is_none() {
        return Ok(());
    }
    // What RingCentral said within the last minute is enough to refuse: the code is not spent then.
    if proof::standing(services, &user) == Some(false) {
        return Err(AccountError::NotAdmin.into());
    }
    // A code is good for one exchange, so that is finished also where the client hangs up.
    let services = services.clone();
    let work = async move { exchanged(&services, user, &code).await };
    detached::finish(work).await.unwrap_or(Err(NotKept::Stopping))
}

async fn exchanged(services: &Services, user: User, code: &str) -> Result<(), NotKept> {
    let Some(app) = &services.ringcentral_app else { return Ok(()) };
    let granted = granted(services, app, Grant::Code(code)).await.map_err(|failure| {
        tracing::warn!(%failure, "a RingCentral code was not exchanged");
        NotKept::Invalid(format!(
            "The sign-in to RingCentral was not completed: RingCentral {}. Sign in again.",
            told(&failure)
        ))
    })?;
    let proof = proof::of(services, &user, &granted).await?;
    keep(services, &user, &proof, granted).await
}

async fn keep(
    services: &Services,
    user: &User,
    proof: &proof::Proof,
    granted: Granted,
) -> Result<(), NotKept> {
    let account = hashed(services, &proof.account_id);
    let key = key(&account, &user.key);
    let _turn = services.record_locks.take(&key).await;
    loop {
        let now = services.clock.now_ms();
        let before = services.store.versioned_lossy(&key).await?;
        let token = AdminToken {
            access_token: granted.access_token.clone(),
            refresh_token: granted.refresh_token.clone(),
            access_expires_at: now.saturating_add(granted.lifetime.unwrap_or(ASSUMED_LIFE_MS)),
            is_verified: proof.is_verified,
            brought_at: now,
            brought_by: user.key.clone(),
            expires_at: ends(now, &granted),
        };
        let settings = super::admin_settings::touched(services, &account).await?;
        if services.store.change_documents(&[before.changed_to(&token)?, settings]).await? {
            return Ok(());
        }
    }
}

/// When what was granted can no longer be renewed. Without a refresh token it is kept a day longer than it lasts, so
/// that somebody who comes back is told what it is that has ended.
fn ends(now: i64, granted: &Granted) -> i64 {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let lasts = match &granted.refresh_token {
        Some(_) => granted.refresh_lifetime.unwrap_or(ASSUMED_REFRESH_MS),
        None => granted.lifetime.unwrap_or(ASSUMED_LIFE_MS).max(0).saturating_add(DAY_MS),
    };
    now.saturating_add(lasts)
}

pub(super) fn key(hashed_account_id: &str, brought_by: &UserKey) -> Key<AdminToken> {
    let UserKey { id, platform, proxy_id } = brought_by;
    Key::new([Some(hashed_account_id.to_owned()), Some(platform.clone()), proxy_id.clone(), Some(id.clone())])
}

/// The newest token of the account that RingCentral said to be the account's, whoever brought it.
pub(super) async fn newest_verified(
    services: &Services,
    hashed_account_id: &str,
) -> Result<Option<AdminToken>, StoreError> {
    let all: Prefix<AdminToken> = Prefix::new([Some(hashed_account_id.to_owned())]);
    let tokens = services.store.list(&all).await?;
    Ok(tokens.into_iter().filter(|token| token.is_verified).max_by_key(|token| token.brought_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    #[test]
    fn a_token_is_stored_as_it_was() {
        let by = UserKey { id: "7-acme".to_owned(), platform: "acme".to_owned(), proxy_id: None };
        let mut token = AdminToken {
            access_token: Secret::new("at"),
            refresh_token: Some(Secret::new("rt")),
            access_expires_at: 1,
            is_verified: true,
            brought_at: 2,
            brought_by: by.clone(),
            expires_at: 3,
        };
        let form = r#"{"accessToken":"at","refreshToken":"rt","accessExpiresAt":1,"isVerified":true,"broughtAt":2,"broughtBy":{"id":"7-acme","platform":"acme","proxy_id":null},"expiresAt":3}"#;
        assert_stored_as(&key("h", &by), &token, "adminToken/h/acme/-/7-acme", form);
        token.refresh_token = None;
        let form = form.replace("\"rt\"", "null");
        assert_stored_as(&key("h", &by), &token, "adminToken/h/acme/-/7-acme", &form);
    }

    #[test]
    fn what_can_be_renewed_is_kept_as_long_as_that() {
        let granted = |refresh: Option<&str>, lifetime, refresh_lifetime| Granted {
            access_token: Secret::new("at"),
            refresh_token: refresh.map(Secret::new),
            lifetime,
            refresh_lifetime,
            owner_id: None,
        };
        let (hour, day) = (3_600_000, 24 * 3_600_000);
        assert_eq!(ends(5, &granted(Some("rt"), Some(hour), Some(2 * day))), 5 + 2 * day);
        assert_eq!(ends(5, &granted(Some("rt"), Some(hour), None)), 5 + 7 * day);
        assert_eq!(ends(5, &granted(None, Some(hour), None)), 5 + hour + day);
        assert_eq!(ends(5, &granted(None, Some(-hour), None)), 5 + day);
    }
}
