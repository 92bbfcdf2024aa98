//! OAuth: access tokens that are renewed before they expire, once for all who need them.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{CredentialSource, SignIn};
use crate::connector::CallError;
use crate::credential::Credential;
use crate::engine::exchange::RequestSpec;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::operation;
use crate::engine::send::send;
use crate::service::coordination::detached;
use crate::service::coordination::lease::{self, LeaseAnswer};
use crate::service::wording::store_failed;
use crate::service::{ResolvedPlatform, Services, user_record};
use crate::store::{Secret, StoreError, User};

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

pub(super) struct OAuth;

#[async_trait]
impl CredentialSource for OAuth {
    fn sign_in(&self) -> SignIn {
        SignIn::Page
    }

    /// `Bearer` and the access token.
    async fn authorization(
        &self,
        _: &ResolvedPlatform<'_>,
        credential: &Credential,
    ) -> Result<String, CallError> {
        Ok(format!("Bearer {}", credential.secret.expose()))
    }

    /// With a new access token, whoever got it, if the document names a `tokenUrl`.
    async fn renewed(&self, platform: &ResolvedPlatform<'_>, user: User) -> Result<User, StoreError> {
        let settings = platform.proxy.as_ref().map(|proxy| &proxy.config.oauth);
        let Some(settings) = settings.filter(|settings| settings.token_url.is_some()).cloned() else {
            return Ok(user);
        };
        // Finished even where the client hangs up: the lease would stand in the way of the others, and
        // the old refresh token may be worth nothing.
        let finished = detached::finish(renewed_once(platform.services.clone(), settings, user.clone()));
        finished.await.unwrap_or(Ok(user))
    }
}

/// Renews the token, or waits for whoever does.
async fn renewed_once(
    services: Services,
    settings: operation::OAuth,
    user: User,
) -> Result<User, StoreError> {
    let parts = vec![
        Some("token".to_owned()),
        Some(user.key.platform.clone()),
        user.key.proxy_id.clone(),
        Some(user.key.id.clone()),
    ];
    match lease::ask(&*services.store, &services.instance, parts, LEASE, PATIENCE).await? {
        LeaseAnswer::Held(lease) => {
            let renewed = renew_if_due(&services, &settings, user).await;
            lease.end(&*services.store).await;
            renewed
        }
        LeaseAnswer::Ended | LeaseAnswer::Waiting => {
            Ok(services.store.get_user(&user.key).await?.unwrap_or(user))
        }
    }
}

async fn renew_if_due(
    services: &Services,
    settings: &operation::OAuth,
    user: User,
) -> Result<User, StoreError> {
    match services.store.get_user(&user.key).await? {
        None => Ok(user),
        Some(current)
            if !current.credential.is_connected() || !current.credential.is_due(services.clock.now_ms()) =>
        {
            Ok(current)
        }
        Some(current) => renew(services, settings, current).await,
    }
}

async fn renew(services: &Services, settings: &operation::OAuth, user: User) -> Result<User, StoreError> {
    let granted = match exchange(services, settings, &user).await {
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
            let credential = Credential { refresh: user.credential.refresh, ..granted };
            Ok(User { credential, ..user })
        }
    }
}

/// Stores what was granted. A refresh token that is good for one use has had it: a store that is away
/// for a moment is waited for, within the lease. Asking again is safe: the old token tells whether it
/// is still to be done.
async fn keep(services: &Services, user: &User, granted: &Credential) -> Result<Option<User>, StoreError> {
    let used = &user.credential.refresh;
    let mut pauses = KEEPING.into_iter();
    loop {
        let changed = user_record::change(services, &user.key, |user| {
            // Who signed out, or in again, meanwhile has other tokens.
            if user.credential.refresh == *used {
                let refresh = granted.refresh.clone().or_else(|| used.clone());
                user.credential = Credential { refresh, ..granted.clone() };
            }
        });
        match (changed.await, pauses.next()) {
            (Err(StoreError::Unavailable { .. }), Some(pause)) => tokio::time::sleep(pause).await,
            (changed, _) => return changed,
        }
    }
}

/// Exchanges the refresh token (RFC 6749, section 6); what was granted has no refresh token if the old one is to
/// be used again.
async fn exchange(
    services: &Services,
    settings: &operation::OAuth,
    user: &User,
) -> Result<Credential, Failure> {
    let unusable = |message: &str| Failure::new(FailureKind::NotJson, message.to_owned());
    let url = settings.token_url.as_deref().and_then(|url| url.parse().ok());
    let url = url.ok_or_else(|| unusable("The tokenUrl of the document is not a URL"))?;
    let token = user.credential.refresh.as_ref().map(Secret::expose).unwrap_or_default();
    let secret = settings.client_secret.as_ref().map(Secret::expose).unwrap_or_default();
    let client = format!("{}:{secret}", settings.client_id.as_deref().unwrap_or_default());
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
        .saturating_add(services.clock.now_ms());
    Ok(Credential {
        secret: access_token.ok_or_else(|| unusable("The authorization server gave no access_token"))?,
        refresh: text("refresh_token").map(Secret::new),
        expires_at: Some(expires_at),
        client: user.credential.client.clone(),
    })
}
