//! OAuth: access tokens that are renewed before they expire, once for all who need them.

use std::time::Duration;

use async_trait::async_trait;

use super::journal::Entry;
use super::renewal::{RenewalKey, Why};
use super::{CredentialSource, SignIn, form_grant, granted as credential_of};
use crate::connector::inputs::{GetUserInfo, OAuthInfoInput};
use crate::connector::{CallError, Interface, NotRenewed};
use crate::credential::Credential;
use crate::engine::inputs::Inputs;
use crate::engine::oauth::{self, Grant, OAuth, TokenRefusal};
use crate::service::coordination::detached;
use crate::service::coordination::lease::{self, LeaseAnswer};
use crate::service::coordination::single_flight::Joined;
use crate::service::wording::store_failed;
use crate::service::{ResolvedPlatform, Services};
use crate::store::{Secret, StoreError, User};

/// How long a renewal may take that nobody ended: longer than the exchange and the writes around it.
const LEASE: Duration = Duration::from_secs(60);

/// How long another server's renewal is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a request waits for another one's renewal: as long as two exchanges may take.
const SHARED: Duration = Duration::from_secs(60);

/// How long the store is waited for, again and again, to keep a new token.
const KEEPING: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(8)];

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

    /// With a new access token, whoever got it, if the connector says where tokens are renewed.
    async fn renewed(
        &self,
        platform: &ResolvedPlatform<'_>,
        user: User,
        why: Why,
    ) -> Result<User, CallError> {
        let Ok(connector) = platform.serving(Interface::GET_OAUTH_INFO) else { return Ok(user) };
        let input = OAuthInfoInput { hostname: user.hostname.clone(), ..OAuthInfoInput::default() };
        let oauth = connector.get_oauth_info(&platform.call(Some(&user), None), &input).await?.value.oauth;
        let key = RenewalKey {
            user: user.key.clone(),
            access_token: user.credential.secret.expose().to_owned(),
            why,
        };
        let services = platform.services.clone();
        match services.renewals.in_flight.join(&key, SHARED).await {
            Joined::Leader(leader) => {
                // Finished even where the client hangs up: the lease would stand in the way of the others, and
                // the old refresh token may be worth nothing.
                let work = async move {
                    let answer = renewed_once(&services, &oauth, &user, why).await;
                    leader.finish(answer.clone());
                    answer
                };
                detached::finish(work).await.unwrap_or_else(|| Err(failed("the server stops")))
            }
            Joined::Shared(answer) => answer,
            Joined::Ended | Joined::Waiting => Err(failed("another request is still at it")),
        }
    }
}

fn failed(words: impl Into<String>) -> CallError {
    CallError::NotRenewed(NotRenewed::Failed(words.into()))
}

fn unreadable(error: &StoreError) -> CallError {
    store_failed(error).into()
}

/// Renews the token, or waits for the server that does.
async fn renewed_once(services: &Services, oauth: &OAuth, user: &User, why: Why) -> Result<User, CallError> {
    let parts = || {
        vec![
            Some("token".to_owned()),
            Some(user.key.platform.clone()),
            user.key.proxy_id.clone(),
            Some(user.key.id.clone()),
        ]
    };
    // Whoever had the lease may have failed, or its server may have died. Then it is this one's turn, once.
    for _ in 0..2 {
        let answer = lease::ask(&*services.store, &services.instance, parts(), LEASE, PATIENCE).await;
        match answer.map_err(|error| unreadable(&error))? {
            LeaseAnswer::Held(lease) => {
                let renewed = renew_if_needed(services, oauth, user, why).await;
                lease.end(&*services.store).await;
                return renewed;
            }
            LeaseAnswer::Ended => {
                if let Some(current) = replaced(services, user, why).await? {
                    return Ok(current);
                }
            }
            LeaseAnswer::Waiting => {
                if let Some(current) = replaced(services, user, why).await? {
                    return Ok(current);
                }
                // What expires soon is good until then.
                let is_over = user.credential.expires_at.is_none_or(|at| at <= services.clock.now_ms());
                if is_over || why == Why::Refused {
                    return Err(failed("another server is still at it"));
                }
                return Ok(user.clone());
            }
        }
    }
    Err(failed("another server could not do it"))
}

/// The user as stored, if there is no more need for another token.
async fn replaced(services: &Services, user: &User, why: Why) -> Result<Option<User>, CallError> {
    let stored = services.store.get_user(&user.key).await.map_err(|error| unreadable(&error))?;
    Ok(stored.filter(|current| {
        let is_other = current.credential.secret != user.credential.secret;
        let is_due = why == Why::Refused || current.credential.is_due(services.clock.now_ms());
        is_other || !is_due
    }))
}

async fn renew_if_needed(
    services: &Services,
    oauth: &OAuth,
    user: &User,
    why: Why,
) -> Result<User, CallError> {
    // What an earlier renewal brought, and the store did not take then.
    if let Some(entry) = services.token_journal.pending(&user.key) {
        services.settle(&entry).await.map_err(|error| unreadable(&error))?;
    }
    if let Some(current) = replaced(services, user, why).await? {
        return Ok(current);
    }
    let current = services.store.get_user(&user.key).await.map_err(|error| unreadable(&error))?;
    match current {
        None => Ok(user.clone()),
        Some(current) => renew(services, oauth, current, why).await,
    }
}

async fn renew(services: &Services, oauth: &OAuth, user: User, why: Why) -> Result<User, CallError> {
    let granted = match exchange(services, oauth, &user).await {
        Ok(granted) => granted,
        Err(refusal) => {
            tracing::warn!(platform = user.key.platform, failure = %refusal, "an access token could not be renewed");
            if !refusal.ends_session() {
                return Err(failed(refusal.to_string()));
            }
            // Another server may have used the same refresh token first.
            let current = replaced(services, &user, why).await?;
            return current.ok_or(CallError::NotRenewed(NotRenewed::Revoked));
        }
    };
    let entry = Entry::new(&user, &granted);
    services.token_journal.keep(&entry).await;
    match stored(services, &entry).await {
        Ok(changed) => Ok(changed.unwrap_or(user)),
        Err(error) => {
            // The token is good for this request all the same.
            store_failed(&error);
            let mut user = user;
            entry.apply(&mut user);
            Ok(user)
        }
    }
}

/// Stores what was granted. A refresh token that is good for one use has had it: a store that is away for a moment is
/// waited for, within the lease. After that the journal has it.
async fn stored(services: &Services, entry: &Entry) -> Result<Option<User>, StoreError> {
    let mut pauses = KEEPING.into_iter();
    loop {
        match (services.settle(entry).await, pauses.next()) {
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
    let renewed = match (&user.credential.refresh, &user.credential.grant_fields) {
        (None, Some(fields)) => form_grant::again(&platform, oauth, fields).await,
        _ => oauth::exchange(services.client(), oauth, &Grant::Refresh { token: &token }, &inputs).await,
    };
    let granted = match (renewed, &user.credential.grant_fields) {
        // What was filled in may be good for longer than the refresh token.
        (Err(TokenRefusal::InvalidGrant), Some(fields)) if user.credential.refresh.is_some() => {
            form_grant::again(&platform, oauth, fields).await?
        }
        (renewed, _) => renewed?,
    };
    if let Some(warning) = granted.warning {
        tracing::warn!(platform = user.key.platform, warning, "a token reply");
    }
    let credential = credential_of(services.clock.now_ms(), &granted);
    Ok(Credential {
        client: user.credential.client.clone(),
        grant_fields: user.credential.grant_fields.clone(),
        ..credential
    })
}
