//! OAuth: access tokens that are renewed before they expire, once for all who need them.

use std::time::Duration;

use async_trait::async_trait;

use super::{CredentialSource, SignIn};
use crate::connector::CallError;
use crate::connector::inputs::GetUserInfo;
use crate::credential::Credential;
use crate::engine::inputs::Inputs;
use crate::engine::oauth::{self, Grant, OAuth, TokenRefusal};
use crate::service::coordination::detached;
use crate::service::coordination::lease::{self, LeaseAnswer};
use crate::service::wording::store_failed;
use crate::service::{ResolvedPlatform, Services, user_record};
use crate::store::{Secret, StoreError, User};

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

pub(super) struct Tokens;

#[async_trait]
impl CredentialSource for Tokens {
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
async fn renewed_once(services: Services, settings: OAuth, user: User) -> Result<User, StoreError> {
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

async fn renew_if_due(services: &Services, settings: &OAuth, user: User) -> Result<User, StoreError> {
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

async fn renew(services: &Services, settings: &OAuth, user: User) -> Result<User, StoreError> {
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

/// Asks for the next token; what was granted has no refresh token if the old one is to be used again.
async fn exchange(services: &Services, oauth: &OAuth, user: &User) -> Result<Credential, TokenRefusal> {
    let platform = services.platform_of(&user.key.platform, user);
    let input = GetUserInfo { hostname: user.hostname.clone(), ..GetUserInfo::default() };
    let call = platform.call(Some(user), None);
    let inputs = match &platform.proxy {
        Some(proxy) => proxy.sign_in_inputs(&call, &input),
        None => Inputs::new(),
    };
    let token = user.credential.refresh.clone().unwrap_or_else(|| Secret::new(""));
    let own = user.credential.client.as_ref();
    let managed = own
        .map(|client| oauth.with_client(&client.client_id, client.client_secret.as_ref(), &client.token_url));
    let oauth = managed.as_ref().unwrap_or(oauth);
    let granted =
        oauth::exchange(services.client(), oauth, &Grant::Refresh { token: &token }, &inputs).await?;
    if let Some(warning) = granted.warning {
        tracing::warn!(platform = user.key.platform, warning, "a token reply");
    }
    let life = granted
        .expires_in
        .map_or(ASSUMED_LIFE_MS, |life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    Ok(Credential {
        secret: granted.access_token,
        refresh: granted.refresh_token,
        expires_at: Some(services.clock.now_ms().saturating_add(life)),
        client: user.credential.client.clone(),
        grant_fields: user.credential.grant_fields.clone(),
    })
}
