//! The state of a sign-in that this server began: signed, good for ten minutes, and once, whichever server of the
//! store the browser comes back to.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::CallbackError;
use crate::hex::hex;
use crate::random_id::random_hex;
use crate::service::Services;
use crate::service::ringcentral::Extension;
use crate::store::{DocumentKind, Key, Secret, StoredDocument};

/// How long a browser may take, in milliseconds.
const LIFETIME_MS: i64 = 10 * 60 * 1000;

/// What a token is for. A session token has no audience, so neither is ever taken for the other.
const AUDIENCE: &str = "app-connect/oauth-state";

/// What a state token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    /// Names what is kept of the sign-in.
    jti: String,
    /// In seconds since 1970.
    exp: i64,
}

/// Signs states with `APP_SERVER_SECRET_KEY`, HS256 only.
pub(super) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// What is kept of a sign-in that was begun, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begun {
    pub(super) platform: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proxy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user_email: Option<String>,
    /// Proves that the code was asked for here (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claimed_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claimed_extension_hash: Option<String>,
    /// Who began it, if a RingCentral token said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proved: Option<Proved>,
    /// What the browser that began it has in a cookie, hashed.
    pub(super) browser_hash: String,
    /// In milliseconds since 1970.
    pub(super) expires_at: i64,
}

/// A RingCentral user, as they are stored with a sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proved {
    account_id: String,
    extension_id: Option<String>,
    region: Option<String>,
    is_admin: bool,
}

impl StoredDocument for Begun {
    const KIND: DocumentKind = DocumentKind::OAuthSignIn;
}

impl From<&Extension> for Proved {
    fn from(extension: &Extension) -> Self {
        Self {
            account_id: extension.account_id.clone(),
            extension_id: extension.extension_id.clone(),
            region: extension.region.clone(),
            is_admin: extension.is_admin,
        }
    }
}

impl From<Proved> for Extension {
    fn from(proved: Proved) -> Self {
        Self {
            account_id: proved.account_id,
            extension_id: proved.extension_id,
            region: proved.region,
            is_admin: proved.is_admin,
        }
    }
}

/// The id of a sign-in whose state this server signed, and that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BegunId(String);

/// A sign-in that was just begun.
pub(super) struct Signed {
    /// The signed part of the state.
    pub(super) token: String,
    /// Names the cookie.
    pub(super) id: BegunId,
    /// The content of the cookie.
    pub(super) browser: Secret,
}

fn failed(words: &str) -> CallbackError {
    CallbackError::Failed(words.to_owned())
}

fn over() -> CallbackError {
    failed(
        "This sign-in is over: it was begun more than ten minutes ago, or it has been used. Nothing was stored. Please begin it again.",
    )
}

impl BegunId {
    fn key(&self) -> Key<Begun> {
        Key::new([Some(self.0.clone())])
    }

    /// The name of the cookie of the browser that began it.
    pub(super) fn cookie(&self) -> String {
        format!("sign-in-{}", &self.0[..self.0.len().min(16)])
    }
}

impl Begun {
    /// Whether a browser with this cookie began it.
    pub(super) fn is_of_browser(&self, cookie: Option<&str>) -> bool {
        let hash = cookie.map(hash).unwrap_or_default();
        hash.as_bytes().ct_eq(self.browser_hash.as_bytes()).into()
    }
}

fn hash(text: &str) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
}

impl Signer {
    pub(super) fn new(secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud"]);
        // By our own clock.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret.expose().as_bytes()),
            decoding: DecodingKey::from_secret(secret.expose().as_bytes()),
            validation,
        }
    }

    /// Keeps what was begun, and signs its id.
    ///
    /// # Errors
    /// If the store fails, or the system gives no random numbers.
    pub(super) async fn begin(&self, services: &Services, mut begun: Begun) -> Result<Signed, CallbackError> {
        let random = || failed("The system gives no random numbers, so no sign-in can be begun.");
        let id = BegunId(random_hex::<16>().map_err(|_| random())?);
        let browser = Secret::random().ok_or_else(random)?;
        begun.browser_hash = hash(browser.expose());
        let now = services.clock.now_ms();
        begun.expires_at = now + LIFETIME_MS;
        services.sign_ins.count(now, begun.expires_at)?;
        let claims = Claims { aud: AUDIENCE.to_owned(), jti: id.0.clone(), exp: begun.expires_at / 1000 };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        let token = token.map_err(|_| failed("The state of a sign-in cannot be signed."))?;
        services.store.save(&id.key(), &begun).await?;
        Ok(Signed { token, id, browser })
    }

    /// Whose signature this is and whether it is in time; not yet whether it was used.
    ///
    /// # Errors
    /// If this server did not sign it, or it is over.
    pub(super) fn verify(&self, services: &Services, token: &str) -> Result<BegunId, CallbackError> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation);
        let claims = claims.map(|decoded| decoded.claims).map_err(|_| {
            failed("The state of this callback was not made by this server. Nothing was stored. Please begin the sign-in again.")
        })?;
        match claims.exp > services.clock.now_seconds() {
            true => Ok(BegunId(claims.jti)),
            false => Err(over()),
        }
    }
}

/// Reads what was begun, without using it up.
///
/// # Errors
/// If it was used, or the store fails.
pub(super) async fn read(services: &Services, id: &BegunId) -> Result<Begun, CallbackError> {
    let begun = services.store.get(&id.key()).await?;
    begun.filter(|begun| begun.expires_at > services.clock.now_ms()).ok_or_else(over)
}

/// Uses it up: of all who try, on all servers of the store, one succeeds.
///
/// # Errors
/// If it was used, or the store fails.
pub(super) async fn redeem(services: &Services, id: &BegunId) -> Result<(), CallbackError> {
    let begun = services.store.versioned(&id.key()).await?;
    if begun.is_absent() || !services.store.change_documents(&[begun.removed()]).await? {
        return Err(over());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    #[test]
    fn a_sign_in_is_stored_as_it_was() {
        let begun = Begun {
            platform: "acme".to_owned(),
            proxy_id: Some("p".to_owned()),
            hostname: None,
            user_email: None,
            verifier: Some("v".to_owned()),
            claimed_account_id: Some("5150".to_owned()),
            claimed_extension_hash: None,
            proved: Some(Proved {
                account_id: "5150".to_owned(),
                extension_id: Some("7".to_owned()),
                region: None,
                is_admin: false,
            }),
            browser_hash: "h".to_owned(),
            expires_at: 1,
        };
        let form = r#"{"platform":"acme","proxyId":"p","verifier":"v","claimedAccountId":"5150","proved":{"accountId":"5150","extensionId":"7","region":null,"isAdmin":false},"browserHash":"h","expiresAt":1}"#;
        assert_stored_as(&BegunId("id".to_owned()).key(), &begun, "oauthSignIn/id", form);
    }

    #[test]
    fn only_the_browser_that_began_it_has_the_cookie() {
        let begun = |browser_hash| Begun {
            platform: String::new(),
            proxy_id: None,
            hostname: None,
            user_email: None,
            verifier: None,
            claimed_account_id: None,
            claimed_extension_hash: None,
            proved: None,
            browser_hash,
            expires_at: 0,
        };
        assert!(begun(hash("cookie")).is_of_browser(Some("cookie")));
        assert!(!begun(hash("cookie")).is_of_browser(Some("other")));
        assert!(!begun(hash("cookie")).is_of_browser(None));
        assert!(!begun(hash("")).is_of_browser(None));
    }
}
