//! Which OAuth client a sign-in uses: the connector's own, or one that the admins of an account supplied.

use super::CallbackError;
use crate::credential::OAuthClient;
use crate::engine::oauth::{OAuth, OAuthError};
use crate::service::managed_oauth::{self, Claims, Place, SignInClient};
use crate::service::ringcentral::Extension;
use crate::service::{ResolvedPlatform, Services};
use crate::store::StoreError;

/// Who signs in, as far as the choice depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    /// Who they are at RingCentral: proved by a RingCentral token, now or when this server began the sign-in. What
    /// belongs to an account is used for nobody else (Q65).
    pub(crate) proved: Option<&'a Extension>,
    /// The account that the request names. It proves nothing.
    pub(crate) claimed_account_id: Option<&'a str>,
    /// The extension that the request names, by its id. It proves nothing.
    pub(crate) claimed_extension_id: Option<&'a str>,
    /// The extension that the request names, by the hash of its id. It proves nothing.
    pub(crate) claimed_extension_hash: Option<&'a str>,
    /// The CRM's host that the user named.
    pub(crate) hostname: Option<&'a str>,
    /// Whether this server begins the sign-in, or began it.
    pub(crate) is_begun: bool,
}

/// The client that was chosen.
#[derive(Clone)]
pub(crate) struct Chosen {
    /// The settings with this client.
    pub(crate) oauth: OAuth,
    /// The client, if it is an account's: only it can renew the tokens.
    pub(crate) managed: Option<OAuthClient>,
    /// The CRM's host that comes with the client, or that the user named.
    pub(crate) hostname: Option<String>,
    /// The client of the account, if it is one.
    account_client: Option<SignInClient>,
}

/// Chooses the client of a sign-in: that of an account, for whoever is proved to belong to it, else the connector's own.
///
/// This is the one place that decides it: what the browser is sent to the CRM with, what the code is exchanged with, and
/// what is kept for renewals.
///
/// # Errors
/// If no client can be used, in words.
pub(crate) async fn choose(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    proxy_id: Option<&str>,
    asker: &Asker<'_>,
    own: OAuth,
) -> Result<Chosen, CallbackError> {
    let place = Place { platform: platform.name.clone(), proxy_id: proxy_id.map(str::to_owned) };
    let claims = Claims {
        account_id: asker.claimed_account_id.map(str::to_owned),
        extension_id: asker.claimed_extension_id.map(str::to_owned),
        extension_hash: asker.claimed_extension_hash.map(str::to_owned),
    };
    let hostname = asker.hostname.map(str::to_owned);
    let account_client =
        managed_oauth::client(services, place, &claims, asker.proved, asker.is_begun).await?;
    let Some(account_client) = account_client else {
        return Ok(Chosen { oauth: own, managed: None, hostname, account_client: None });
    };
    let oauth = account_client.values.put_into(&own);
    Ok(Chosen {
        managed: account_client.values.as_client(&oauth),
        hostname: account_client.values.hostname.clone().or(hostname),
        oauth,
        account_client: Some(account_client),
    })
}

/// Tells a user of App Connect what may be missing besides the connector's own client. Everybody is told who names an
/// extension, whether or not an account has a client.
pub(crate) fn explained(error: CallbackError, asker: &Asker<'_>) -> CallbackError {
    let names_extension = asker.claimed_extension_id.is_some() || asker.claimed_extension_hash.is_some();
    match error {
        CallbackError::Failed(words) if names_extension && words == OAuthError::NoClientId.to_string() => {
            CallbackError::Failed(NO_CLIENT.to_owned())
        }
        error => error,
    }
}

/// What a document without a client says to a user of App Connect.
const NO_CLIENT: &str = "Expected \"clientId\" to exist: this connector has no OAuth client of its own. If your account's \
                         admins entered one, begin the sign-in again in App Connect and finish it within 15 minutes.";

/// A user signed in with the client that was chosen, and is stored. A client that an admin entered is the account's from
/// now on.
///
/// # Errors
/// If what follows from it cannot be stored. The user is signed in all the same.
pub(crate) async fn signed_in(services: &Services, chosen: &Chosen) -> Result<(), StoreError> {
    match &chosen.account_client {
        Some(client) => client.signed_in(services).await,
        None => Ok(()),
    }
}
