//! Beginning a sign-in: where the browser goes, and what is kept until it comes back.

use url::form_urlencoded::Serializer;

use super::client::{self, Asker};
use super::redirect::SIGNED;
use super::state::Begun;
use super::{Callback, CallbackError, exchange};
use crate::connector::inputs::GetUserInfo;
use crate::engine::oauth::{OAuth, pkce};
use crate::service::stored_ids::check_id;
use crate::service::{Services, ringcentral, users};
use crate::store::Secret;

/// What `GET /oauth/start` brings.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The platform.
    pub platform: String,
    /// The document.
    pub proxy_id: Option<String>,
    /// The CRM's host that the user named.
    pub hostname: Option<String>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
    /// The RingCentral account that the client names.
    pub claimed_account_id: Option<String>,
    /// The hashed id of the RingCentral extension that the client names.
    pub claimed_extension_hash: Option<String>,
    /// A RingCentral token, which proves both.
    pub rc_access_token: Option<String>,
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Started {
    /// Where the browser goes.
    pub location: String,
    /// The cookie of the browser that began it: name and value.
    pub cookie: (String, Secret),
    /// Whether the browser comes back over an encrypted connection.
    pub is_encrypted: bool,
}

/// Begins a sign-in.
///
/// # Errors
/// If nothing serves the platform, or the document does not say where people sign in.
pub async fn start(services: &Services, start: Start) -> Result<Started, CallbackError> {
    if start.platform.is_empty() {
        return Err(CallbackError::Bare("Missing platform name"));
    }
    for (what, id) in [
        ("platform", Some(&start.platform)),
        ("proxyId", start.proxy_id.as_ref()),
        ("hostname", start.hostname.as_ref()),
        ("userEmail", start.user_email.as_ref()),
        ("rcAccountId", start.claimed_account_id.as_ref()),
        ("rc-extension-id", start.claimed_extension_hash.as_ref()),
    ] {
        check_id(what, id.map(String::as_str).unwrap_or_default()).map_err(users::too_long)?;
    }
    let proved = match start.rc_access_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => {
            let extension = ringcentral::extension(services, token).await;
            Some(extension.map_err(|failure| CallbackError::Failed(ringcentral::explain(&failure)))?)
        }
        None => None,
    };
    let account =
        proved.as_ref().map(|extension| &extension.account_id).or(start.claimed_account_id.as_ref());
    let proxy_id = start.proxy_id.as_deref();
    let platform = super::platform(services, &start.platform, proxy_id, account.map(String::as_str))?;
    let asked = Callback {
        user_email: start.user_email.clone(),
        claimed_account_id: start.claimed_account_id.clone(),
        ..Callback::default()
    };
    let own = exchange::settings(&platform, &asked, start.hostname.as_deref()).await?;
    let asker = Asker {
        proved: proved.as_ref(),
        claimed_account_id: start.claimed_account_id.as_deref(),
        claimed_extension_id: None,
        claimed_extension_hash: start.claimed_extension_hash.as_deref(),
        hostname: own.hostname.as_deref().or(start.hostname.as_deref()),
        is_begun: true,
    };
    let chosen = client::choose(services, &platform, proxy_id, &asker, own.oauth).await?;
    let verifier = match uses_pkce(&chosen.oauth) {
        true => Some(pkce::verifier().ok_or_else(|| {
            CallbackError::Failed(
                "The system gives no random numbers, so no sign-in can be begun.".to_owned(),
            )
        })?),
        false => None,
    };
    let mut submitted = GetUserInfo {
        hostname: chosen.hostname.clone(),
        user_email: start.user_email.clone(),
        ..GetUserInfo::default()
    };
    if let Some(proxy) = &platform.proxy {
        submitted.hostname = submitted.hostname.map(|typed| proxy.typed_host(&typed));
    }
    exchange::check_settings(&platform, &chosen.oauth, &submitted)?;
    let inputs = exchange::inputs(&platform, &submitted);
    let challenge = verifier.as_ref().map(pkce::challenge);
    // A document that cannot be used says so before anything is kept.
    let url = |state: &str| {
        let url = chosen.oauth.authorization_url(&inputs, state, challenge.as_deref());
        url.map_err(|error| CallbackError::Failed(error.to_string()))
    };
    url("state")?;
    let begun = Begun {
        platform: start.platform.clone(),
        proxy_id: start.proxy_id.clone(),
        hostname: start.hostname.clone(),
        user_email: start.user_email.clone(),
        verifier: verifier.map(|verifier| verifier.expose().to_owned()),
        claimed_account_id: start.claimed_account_id.clone(),
        claimed_extension_hash: start.claimed_extension_hash.clone(),
        proved: proved.as_ref().map(Into::into),
        browser_hash: String::new(),
        expires_at: 0,
    };
    let signed = services.sign_ins.signer.begin(services, begun).await?;
    let mut state = Serializer::new(String::new());
    state.append_pair("platform", &start.platform).append_pair(SIGNED, &signed.token);
    let location = url(&state.finish())?;
    let redirect_uri = chosen.oauth.redirect_uri.as_deref().unwrap_or_default();
    Ok(Started {
        location: location.into(),
        cookie: (signed.id.cookie(), signed.browser),
        is_encrypted: redirect_uri.starts_with("https:"),
    })
}

/// Unless the document says otherwise: a CRM that does not know PKCE ignores it (RFC 7636, section 5).
fn uses_pkce(oauth: &OAuth) -> bool {
    oauth.pkce.unwrap_or(true)
}
