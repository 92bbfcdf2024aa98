//! Session tokens: who is calling (recordings 16).

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::clock::now_seconds;
use crate::store::{Secret, Store, StoreError, User, UserKey};

/// How long a token is valid, in seconds: two weeks.
const LIFETIME: i64 = 14 * 24 * 3600;

/// With less than this left, in seconds, a reply carries a fresh token: one week.
const REFRESH_BELOW: i64 = 7 * 24 * 3600;

/// A verified session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The user's id, `<crmId>-<platform>`.
    pub id: String,
    /// The platform.
    pub platform: String,
    /// The proxy id; absent in tokens that were issued before it was part of them.
    pub proxy_id: Option<String>,
    /// When the token expires, in seconds since 1970.
    expires_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    id: Option<String>,
    platform: Option<String>,
    #[serde(rename = "proxyId", default, skip_serializing_if = "Option::is_none")]
    proxy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// Signs and verifies session tokens with `APP_SERVER_SECRET_KEY`, HS256 only.
pub struct Sessions {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Sessions {
    /// Tokens signed with this secret.
    pub fn new(secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Tokens without an expiry exist and are accepted (recordings 16, `no-exp`).
        validation.required_spec_claims.clear();
        validation.leeway = 0;
        Self {
            encoding: EncodingKey::from_secret(secret.expose().as_bytes()),
            decoding: DecodingKey::from_secret(secret.expose().as_bytes()),
            validation,
        }
    }

    /// A token for a user. `None` where signing fails, which it cannot with a shared secret.
    pub fn issue(&self, key: &UserKey) -> Option<String> {
        let now = now_seconds();
        let claims = Claims {
            id: Some(key.id.clone()),
            platform: Some(key.platform.clone()),
            proxy_id: key.proxy_id.clone(),
            iat: Some(now),
            exp: Some(now + LIFETIME),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).ok()
    }

    /// The session of a token; `None` where it is forged, expired or names nobody.
    pub fn verify(&self, token: &str) -> Option<Session> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        Some(Session {
            id: claims.id.filter(|id| !id.is_empty())?,
            platform: claims.platform.unwrap_or_default(),
            proxy_id: claims.proxy_id,
            expires_at: claims.exp,
        })
    }

    /// A fresh token where the session's own expires within a week.
    pub fn refresh(&self, session: &Session) -> Option<String> {
        let left = session.expires_at? - now_seconds();
        if left >= REFRESH_BELOW {
            return None;
        }
        self.issue(&UserKey {
            id: session.id.clone(),
            platform: session.platform.clone(),
            proxy_id: session.proxy_id.clone(),
        })
    }
}

impl Session {
    /// The session's user. A token without a proxy id finds the only user of its id and platform;
    /// where several proxies have one, it names nobody (Q3).
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn user(&self, store: &dyn Store) -> Result<Option<User>, StoreError> {
        if self.proxy_id.is_some() {
            let key = UserKey {
                id: self.id.clone(),
                platform: self.platform.clone(),
                proxy_id: self.proxy_id.clone(),
            };
            return store.get_user(&key).await;
        }
        let mut users = store.find_users_by_id(&self.id, &self.platform).await?;
        Ok(if users.len() == 1 { users.pop() } else { None })
    }

    /// The session's user who is signed in at the CRM: one who signed out counts as unknown.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn connected_user(&self, store: &dyn Store) -> Result<Option<User>, StoreError> {
        Ok(self.user(store).await?.filter(|user| !user.access_token.expose().is_empty()))
    }
}
