//! Access tokens that are renewed before they expire, once for all who need them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::clock::now_ms;
use super::coordination::detached;
use super::coordination::lease::{self, LeaseAnswer};
use super::session::Session;
use super::wording::store_failed;
use super::{Services, users};
use crate::engine::exchange::RequestSpec;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::operation::{AuthType, OAuth};
use crate::engine::send::send;
use crate::store::{Secret, StoreError, User};

/// A token with less than this left is renewed first, as on the reference server.
const EARLY_MS: i64 = 2 * 60 * 1000;

/// How long the authorization server may take.
const EXCHANGE: Duration = Duration::from_secs(20);

/// How long a renewal may take that nobody ended: longer than the exchange and the writes around it.
const LEASE: Duration = Duration::from_secs(60);

/// How long a request waits for another one's renewal.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the store is waited for, again and again, to keep a new token.
const KEEPING: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(8)];

/// How long a token lives whose end the authorization server does not tell (`expires_in` is only
/// recommended: RFC 6749, section 5.1).
const ASSUMED_LIFE_MS: i64 = 60 * 60 * 1000;

/// New tokens, as the authorization server gave them.
struct Granted {
    access_token: Secret,
    refresh_token: Option<Secret>,
    /// In milliseconds since 1970.
    expires_at: i64,
}

impl Services {
    /// The session's user who is signed in at the CRM, with an access token that has not expired
    /// where it can be renewed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn connected_user(&self, session: &Session) -> Result<Option<User>, StoreError> {
        let Some(user) = session.connected_user(&*self.store).await? else { return Ok(None) };
        if !is_due(&user) {
            return Ok(Some(user));
        }
        // Seldom, and by far the larger part: in a box it is not moved around with every request.
        Box::pin(renewed(self, user)).await.map(Some)
    }
}

fn is_due(user: &User) -> bool {
    user.refresh_token.as_ref().is_some_and(|token| !token.expose().is_empty())
        && user.token_expiry.is_some_and(|expiry| expiry < now_ms() + EARLY_MS)
}

/// The user with a new token, whoever got it. Where nobody does, the user as it is: the CRM says
/// what it thinks of the old token, and the user reads that.
async fn renewed(services: &Services, user: User) -> Result<User, StoreError> {
    let platform = services.platform_of(&user.key.platform, &user);
    let Some(oauth) = platform.proxy.as_ref().map(|proxy| &proxy.config).and_then(|config| {
        (config.auth_type == AuthType::OAuth && config.oauth.token_url.is_some())
            .then(|| config.oauth.clone())
    }) else {
        return Ok(user);
    };
    // Finished even where the client hangs up: the lease would stand in the way of the others, and
    // the old refresh token may be worth nothing.
    let finished = detached::finish(renewed_once(services.clone(), oauth, user.clone()));
    finished.await.unwrap_or(Ok(user))
}

/// Renews the token, or waits for whoever does.
async fn renewed_once(services: Services, oauth: OAuth, user: User) -> Result<User, StoreError> {
    let parts = vec![
        Some("token".to_owned()),
        Some(user.key.platform.clone()),
        user.key.proxy_id.clone(),
        Some(user.key.id.clone()),
    ];
    match lease::ask(&services, parts, LEASE, PATIENCE).await? {
        LeaseAnswer::Held(lease) => {
            let renewed = renew_if_due(&services, &oauth, user).await;
            lease.end(&services).await;
            renewed
        }
        LeaseAnswer::Ended | LeaseAnswer::Waiting => {
            Ok(services.store.get_user(&user.key).await?.unwrap_or(user))
        }
    }
}

async fn renew_if_due(services: &Services, oauth: &OAuth, user: User) -> Result<User, StoreError> {
    match services.store.get_user(&user.key).await? {
        None => Ok(user),
        Some(current) if !is_due(&current) || current.access_token.expose().is_empty() => Ok(current),
        Some(current) => renew(services, oauth, current).await,
    }
}

async fn renew(services: &Services, oauth: &OAuth, user: User) -> Result<User, StoreError> {
    let granted = match exchange(services, oauth, &user).await {
        Ok(granted) => granted,
        Err(failure) => {
            tracing::warn!(platform = user.key.platform, %failure, "an access token could not be renewed");
            return Ok(user);
        }
    };
    match keep(services, &user, &granted).await {
        Ok(changed) => Ok(changed.unwrap_or(user)),
        Err(error) => {
            // The token is good for this request all the same.
            store_failed(&error);
            Ok(User { access_token: granted.access_token, token_expiry: Some(granted.expires_at), ..user })
        }
    }
}

/// Stores what was granted. A refresh token that is good for one use has had it: a store that is away
/// for a moment is waited for, within the lease. Asking again is safe: the old token tells whether it
/// is still to be done.
async fn keep(services: &Services, user: &User, granted: &Granted) -> Result<Option<User>, StoreError> {
    let used = &user.refresh_token;
    let mut pauses = KEEPING.into_iter();
    loop {
        let changed = users::change(services, &user.key, |user| {
            // Who signed out, or in again, meanwhile has other tokens.
            if user.refresh_token == *used {
                user.access_token = granted.access_token.clone();
                user.refresh_token = granted.refresh_token.clone().or_else(|| used.clone());
                user.token_expiry = Some(granted.expires_at);
            }
        });
        match (changed.await, pauses.next()) {
            (Err(StoreError::Unavailable { .. }), Some(pause)) => tokio::time::sleep(pause).await,
            (changed, _) => return changed,
        }
    }
}

/// Exchanges the refresh token (RFC 6749, section 6).
async fn exchange(services: &Services, oauth: &OAuth, user: &User) -> Result<Granted, Failure> {
    let unusable = |message: &str| Failure::new(FailureKind::NotJson, message.to_owned());
    let url = oauth.token_url.as_deref().and_then(|url| url.parse().ok());
    let url = url.ok_or_else(|| unusable("The tokenUrl of the document is not a URL"))?;
    let token = user.refresh_token.as_ref().map(Secret::expose).unwrap_or_default();
    let secret = oauth.client_secret.as_ref().map(Secret::expose).unwrap_or_default();
    let client = format!("{}:{secret}", oauth.client_id.as_deref().unwrap_or_default());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("refresh_token", token)
        .append_pair("grant_type", "refresh_token")
        .finish();
    let mut spec = RequestSpec::post(url)
        .timeout(EXCHANGE)
        .header("content-type", "application/x-www-form-urlencoded")?
        .authorization(&format!("Basic {}", STANDARD.encode(client)))?;
    spec.body = Some(form.into_bytes());
    spec.sensitive_body = true;
    let response = send(services.client(), &spec).await?;
    let text = |name: &str| response.body().get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let access_token = text("access_token").map(Secret::new);
    let seconds = response.body().get("expires_in").and_then(|seconds| match seconds {
        Value::String(text) => text.parse::<f64>().ok(),
        other => other.as_f64(),
    });
    #[allow(clippy::cast_possible_truncation, reason = "a time far away stays far away")]
    let expires_at = seconds
        .filter(|seconds| seconds.is_finite())
        .map_or(ASSUMED_LIFE_MS, |seconds| (seconds * 1000.0) as i64)
        .saturating_add(now_ms());
    Ok(Granted {
        access_token: access_token
            .ok_or_else(|| unusable("The authorization server gave no access_token"))?,
        refresh_token: text("refresh_token").map(Secret::new),
        expires_at,
    })
}
