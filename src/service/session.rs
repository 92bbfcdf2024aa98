//! Session tokens: who is calling (recordings 16).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Deserializer, Serialize};

use subtle::ConstantTimeEq as _;

use super::clock::Clock;
use crate::small_cache::Recent;
use crate::store::{Secret, Store, StoreError, User, UserKey};

/// How long a token is valid, in seconds: two weeks.
const LIFETIME: i64 = 14 * 24 * 3600;

/// With less than this left, in seconds, a reply carries a fresh token: one week.
const REFRESH_BELOW: i64 = 7 * 24 * 3600;

/// Half as many tokens as are remembered as verified; a client sends the same one with every request.
const REMEMBERED_PAIRS: usize = 1024;

/// A verified session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user's id, `<crmId>-<platform>`.
    pub id: String,
    /// The platform.
    pub platform: String,
    /// The proxy id; absent for users of a registered connector, and where the token says nothing.
    pub proxy_id: Option<String>,
    /// Whether the token was issued before the proxy id was part of it.
    lacks_proxy_id: bool,
    /// The only document whose user it may be, where the token says nothing.
    below: Option<String>,
    /// When the token expires, in seconds since 1970.
    expires_at: Option<i64>,
    /// The user's [`User::session_epoch`] when the token was issued.
    epoch: u64,
    /// Whether it has turned out that the user has signed out since. No later sign-in brings it back. Clones share it.
    has_ended: Arc<AtomicBool>,
    /// Whether it has turned out in this request that the CRM ended the user's session there. Clones share it.
    revoked: Arc<AtomicBool>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    id: Option<String>,
    platform: Option<String>,
    /// Null says that there is none, which is not the same as saying nothing.
    #[serde(
        rename = "proxyId",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    proxy_id: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Absent in tokens from before there were epochs, and as long as nobody signs out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

/// A claim that is there, null included.
fn present<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(claim).map(Some)
}

/// A number that is there: null says nothing of when a token begins or expires, and is no such claim.
fn number<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(claim).map(Some)
}

/// Signs and verifies session tokens with `APP_SERVER_SECRET_KEY`, HS256 only.
pub struct Sessions {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    verified: Recent<Verified>,
    clock: Clock,
}

/// A token that was found good.
struct Verified {
    token: Box<str>,
    session: Arc<Session>,
}

impl Sessions {
    /// Tokens signed with this secret, which expire by this clock.
    pub fn new(secret: &Secret, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Tokens without an expiry exist and are accepted (recordings 16, `no-exp`).
        validation.required_spec_claims.clear();
        // By our own clock.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret.expose().as_bytes()),
            decoding: DecodingKey::from_secret(secret.expose().as_bytes()),
            validation,
            verified: Recent::new(REMEMBERED_PAIRS),
            clock,
        }
    }

    /// A token for a user with this [`User::session_epoch`]. `None` where signing fails, which it cannot with a
    /// shared secret.
    pub fn issue(&self, key: &UserKey, epoch: u64) -> Option<String> {
        self.sign(&key.id, &key.platform, Some(key.proxy_id.clone()), epoch)
    }

    fn sign(&self, id: &str, platform: &str, proxy_id: Option<Option<String>>, epoch: u64) -> Option<String> {
        let now = self.clock.now_seconds();
        let claims = Claims {
            id: Some(id.to_owned()),
            platform: Some(platform.to_owned()),
            proxy_id,
            iat: Some(now),
            exp: Some(now + LIFETIME),
            nbf: None,
            epoch: Some(epoch).filter(|epoch| *epoch > 0),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).ok()
    }

    /// The session of a token; `None` if it is forged, expired, not valid yet or names nobody. When it was issued
    /// (`iat`) refuses none: a clock that was set back would shut everybody out.
    pub fn verify(&self, token: &str) -> Option<Arc<Session>> {
        let is_same = |known: &Verified| bool::from(known.token.as_bytes().ct_eq(token.as_bytes()));
        if let Some(known) = self.verified.find(token.as_bytes(), is_same) {
            // A verified token can only expire or end.
            let is_over = self.is_expired(&known.session) || known.session.has_ended();
            return (!is_over).then(|| Arc::clone(&known.session));
        }
        let session = Arc::new(self.decode(token)?);
        if self.is_expired(&session) {
            return None;
        }
        let verified = Verified { token: token.into(), session: Arc::clone(&session) };
        self.verified.keep(token.as_bytes(), verified);
        Some(session)
    }

    fn is_expired(&self, session: &Session) -> bool {
        session.expires_at.is_some_and(|at| at < self.clock.now_seconds())
    }

    /// What a token says that is valid already, whether it has expired or not.
    fn decode(&self, token: &str) -> Option<Session> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        if claims.nbf.is_some_and(|at| at > self.clock.now_seconds()) {
            return None;
        }
        Some(Session {
            id: claims.id.filter(|id| !id.is_empty())?,
            platform: claims.platform.unwrap_or_default(),
            lacks_proxy_id: claims.proxy_id.is_none(),
            proxy_id: claims.proxy_id.flatten(),
            below: None,
            expires_at: claims.exp,
            epoch: claims.epoch.unwrap_or_default(),
            has_ended: Arc::default(),
            revoked: Arc::default(),
        })
    }

    /// A fresh token where the session's own expires within a week.
    pub fn refresh(&self, session: &Session) -> Option<String> {
        let left = session.expires_at? - self.clock.now_seconds();
        if left >= REFRESH_BELOW {
            return None;
        }
        let proxy_id = (!session.lacks_proxy_id).then(|| session.proxy_id.clone());
        self.sign(&session.id, &session.platform, proxy_id, session.epoch)
    }
}

impl Session {
    /// The session for one request: what turns out in it about the CRM is forgotten with it.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self { revoked: Arc::default(), ..self.clone() }
    }

    /// Set if the user's session at the CRM is over.
    pub(super) fn revoked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.revoked)
    }

    /// Whether it has turned out in this request that the user's session at the CRM is over.
    pub fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Relaxed)
    }

    /// Whether the user is known to have signed out since. Asking for the user finds it out.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// The session where only one document is asked for; `None` if it is of another. Of a token from before proxy ids
    /// were part of them it turns out where the user is read, and ends this session then.
    pub fn below(self: &Arc<Self>, proxy_id: &str) -> Option<Arc<Self>> {
        if self.lacks_proxy_id {
            let below = Some(proxy_id.to_owned());
            return Some(Arc::new(Self { below, has_ended: Arc::default(), ..Self::clone(self) }));
        }
        (self.proxy_id.as_deref() == Some(proxy_id)).then(|| Arc::clone(self))
    }

    /// The session's user; `None` if there is none, or the session has ended.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn user(&self, store: &dyn Store) -> Result<Option<User>, StoreError> {
        let user = self.named(store).await?;
        let is_elsewhere = |user: &User| self.below.is_some() && user.key.proxy_id != self.below;
        if user.as_ref().is_some_and(is_elsewhere) {
            self.has_ended.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        if user.as_ref().is_some_and(|user| self.epoch < user.session_epoch) {
            self.has_ended.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        Ok(user)
    }

    /// Whom the token names. A token from before proxy ids were part of them finds the only user of its
    /// id and platform; where several proxies have one, it names nobody (Q3).
    async fn named(&self, store: &dyn Store) -> Result<Option<User>, StoreError> {
        if !self.lacks_proxy_id {
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
    /// If the store cannot be read.
    pub async fn connected_user(&self, store: &dyn Store) -> Result<Option<User>, StoreError> {
        Ok(self.user(store).await?.filter(|user| user.credential.is_connected()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::credential::Credential;
    use crate::store;

    fn user(proxy_id: Option<&str>) -> User {
        User {
            key: UserKey {
                id: "7-acme".to_owned(),
                platform: "acme".to_owned(),
                proxy_id: proxy_id.map(str::to_owned),
            },
            name: None,
            hostname: None,
            timezone_name: None,
            timezone_offset: None,
            credential: Credential::new(Secret::new("key")),
            rc_account_id: None,
            rc_extension_hash: None,
            claimed_account_id: None,
            claimed_extension_hash: None,
            region: None,
            platform_additional_info: serde_json::Map::new(),
            user_settings: None,
            tenant_host: None,
            session_epoch: 0,
            was_alone: false,
            created_at: 1,
            updated_at: 1,
        }
    }

    /// A client chooses the platform's name, so anybody behind a document can have the id of a
    /// registered connector's user.
    #[tokio::test]
    async fn users_with_and_without_a_document_are_two_users() {
        let secret = Secret::new("a secret");
        let (store, _folder) = store::testing::empty().await;
        let sessions = Sessions::new(&secret, Clock::system());
        let found = async |token: &str| {
            let session = sessions.verify(token).unwrap();
            session.user(&*store).await.unwrap().map(|user| user.key.proxy_id)
        };
        let registered = sessions.issue(&user(None).key, 0).unwrap();
        let proxied = sessions.issue(&user(Some("one")).key, 0).unwrap();
        let old = sessions.sign("7-acme", "acme", None, 0).unwrap();

        store.save_user(&user(Some("one"))).await.unwrap();
        assert_eq!(found(&registered).await, None, "the other user is nobody's stand-in");
        assert_eq!(found(&old).await, Some(Some("one".to_owned())));
        store.save_user(&user(None)).await.unwrap();
        assert_eq!(found(&registered).await, Some(None), "and blocks nobody");
        assert_eq!(found(&proxied).await, Some(Some("one".to_owned())));
        assert_eq!(found(&old).await, None, "an old token could mean either");
    }

    #[test]
    fn a_remembered_token_expires_too_and_vouches_for_no_other() {
        let (clock, hand) = Clock::by_hand(1_760_000_000_000);
        let sessions = Sessions::new(&Secret::new("a secret"), clock.clone());
        let claims = |exp| Claims {
            id: Some("7-acme".to_owned()),
            platform: Some("acme".to_owned()),
            proxy_id: None,
            iat: None,
            exp,
            nbf: None,
            epoch: None,
        };
        let token = |exp| encode(&Header::new(Algorithm::HS256), &claims(exp), &sessions.encoding).unwrap();
        let now = clock.now_seconds();
        let good = token(Some(now + 60));
        assert!(sessions.verify(&good).is_some());
        hand.advance(Duration::from_secs(60));
        assert!(sessions.verify(&good).is_some());
        hand.advance(Duration::from_secs(1));
        assert!(sessions.verify(&good).is_none());
        // Nor is one taken that has expired already, or whose end nobody can read.
        assert!(sessions.verify(&token(Some(now + 60 - 1))).is_none());
        assert!(sessions.verify(&token(Some(-1))).is_none());
        let endless = json!({"id": "7-acme", "platform": "acme", "exp": null});
        let endless = encode(&Header::new(Algorithm::HS256), &endless, &sessions.encoding).unwrap();
        assert!(sessions.verify(&endless).is_none());
        // Whatever else is in the token's place is not taken for it.
        let other = token(None);
        let session = sessions.verify(&other).unwrap();
        sessions.verified.keep(b"forged", Verified { token: other.into(), session });
        assert!(sessions.verify("forged").is_none());
    }

    /// On another server, which knows nothing yet, as well.
    #[tokio::test]
    async fn a_session_ends_when_its_user_signed_out_and_came_back() {
        let secret = Secret::new("a secret");
        let (store, _folder) = store::testing::empty().await;
        let (clock, hand) = Clock::by_hand(1_760_000_000_000);
        let (one, other) = (Sessions::new(&secret, clock.clone()), Sessions::new(&secret, clock));
        let returned = User { session_epoch: 1, ..user(Some("one")) };
        let [old, new] = [0, 1].map(|epoch| one.issue(&returned.key, epoch).unwrap());
        store.save_user(&user(Some("one"))).await.unwrap();
        assert!(one.verify(&old).unwrap().user(&*store).await.unwrap().is_some());
        store.save_user(&returned).await.unwrap();
        hand.advance(Duration::from_secs(7 * 24 * 3600 + 1));
        for sessions in [&one, &other] {
            let session = sessions.verify(&old).unwrap();
            let fresh = sessions.verify(&sessions.refresh(&session).unwrap()).unwrap();
            for session in [session, fresh] {
                assert!(!session.has_ended());
                assert_eq!(session.user(&*store).await.unwrap(), None);
                assert!(session.has_ended());
            }
            assert!(sessions.verify(&old).is_none(), "it is not even looked up again");
            let session = sessions.verify(&new).unwrap();
            let fresh = sessions.verify(&sessions.refresh(&session).unwrap()).unwrap();
            for session in [session, fresh] {
                assert_eq!(session.user(&*store).await.unwrap().as_ref(), Some(&returned));
            }
        }
    }

    #[test]
    fn a_fresh_token_says_of_its_proxy_id_what_the_old_one_said() {
        let (clock, hand) = Clock::by_hand(1_760_000_000_000);
        let sessions = Sessions::new(&Secret::new("a secret"), clock);
        for proxy_id in [None, Some(None), Some(Some("one".to_owned()))] {
            let token = sessions.sign("7-acme", "acme", proxy_id.clone(), 0).unwrap();
            let session = sessions.verify(&token).unwrap();
            assert_eq!(sessions.refresh(&session), None, "half of its life is left");
            hand.advance(Duration::from_secs(7 * 24 * 3600 + 1));
            let fresh = sessions.verify(&sessions.refresh(&session).unwrap()).unwrap();
            assert_eq!(
                (fresh.lacks_proxy_id, &fresh.proxy_id),
                (session.lacks_proxy_id, &session.proxy_id),
                "{proxy_id:?}"
            );
        }
    }
}
