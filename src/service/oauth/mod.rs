//! Signing in with OAuth. [`start`] sends a browser to the CRM, [`callback`] takes what it comes back with: exchanges the
//! code, asks the CRM who it is, and issues a session.
//!
//! What proves what:
//!
//! - The code proves to the CRM who the CRM's user is.
//! - The RingCentral account and extension that a callback names are claims. They are kept apart
//!   (`User::claimed_account_id`), and open nothing of an account.
//! - A RingCentral token proves both: in the callback itself, when this server began the sign-in (for the browser that
//!   began it), or with a later request of the user ([`accounts`](super::accounts)).

pub(crate) mod client;
mod exchange;
mod redirect;
mod start;
mod state;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use self::client::Asker;
use self::redirect::Redirect;
pub use self::start::{Start, Started, start};
use self::state::{Begun, BegunId, Signer};
use super::coordination::detached;
use super::coordination::single_flight::{Joined, SingleFlight};
use super::invoke::Unsaved;
use super::ringcentral::{self, Extension};
use super::stored_ids::check_id;
use super::users::{self, Admission, Claimed, LoggedIn, LoginError};
use super::wording::store_failed;
use super::{ResolvedPlatform, Services, credentials};
use crate::connector::documents::Audience;
use crate::connector::inputs::{GetUserInfo, OAuthSignIn};
use crate::connector::invocation;
use crate::connector::{Interface, ReturnMessage};
use crate::credential::Credential;
use crate::engine::oauth::refused_in_words;
use crate::store::{Secret, StoreError};

/// How long a callback waits for another one with the same code.
const PATIENCE: Duration = Duration::from_secs(90);

/// What `GET /oauth-callback` brings.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    /// The address that the browser came back to. Absent if that is this server.
    pub callback_uri: Option<String>,
    /// The code, where it is not in that address.
    pub code: Option<String>,
    /// The state, where it is not in that address.
    pub state: Option<String>,
    /// The error, where it is not in that address.
    pub error: Option<String>,
    /// The CRM's host that the user named.
    pub hostname: Option<String>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
    /// The document.
    pub proxy_id: Option<String>,
    /// Where the CRM says that the code is exchanged. Used only at a host that the document allows (Q7).
    pub token_url: Option<String>,
    /// The address of the CRM's API, for connectors.
    pub api_url: Option<String>,
    /// The user's name at the CRM, for connectors.
    pub username: Option<String>,
    /// The RingCentral account that the client names.
    pub claimed_account_id: Option<String>,
    /// The hashed id of the RingCentral extension that the client names.
    pub claimed_extension_hash: Option<String>,
    /// A RingCentral token, which proves both.
    pub rc_access_token: Option<String>,
    /// The cookies of the request.
    pub cookies: Option<String>,
    /// All parameters of the request, for connectors.
    pub query: Map<String, Value>,
}

/// A sign-in that worked.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub logged_in: LoggedIn,
    /// Whether this server began the sign-in, and the browser itself came back here.
    pub is_page: bool,
}

/// Why a sign-in with OAuth failed. Nothing is stored then.
#[derive(Debug, Clone)]
pub enum CallbackError {
    /// The request lacks something; bare text, as on the reference server.
    Bare(&'static str),
    /// In one line.
    Failed(String),
    /// Explained to the user.
    Refused(ReturnMessage),
}

impl From<LoginError> for CallbackError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused(message) => Self::Refused(message),
            LoginError::Missing(fields) => Self::Failed(format!("Please fill in: {}.", fields.join(", "))),
            LoginError::Upstream(words) => Self::Failed(words),
        }
    }
}

impl From<StoreError> for CallbackError {
    fn from(error: StoreError) -> Self {
        Self::Refused(store_failed(&error))
    }
}

/// What sign-ins with OAuth need beyond one request.
pub struct SignIns {
    signer: Signer,
    in_flight: Arc<SingleFlight<Result<LoggedIn, CallbackError>, CodeKey>>,
}

/// A code that is exchanged once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CodeKey {
    platform: String,
    proxy_id: Option<String>,
    code: String,
}

impl SignIns {
    /// Whose states are signed with this secret.
    pub fn new(secret: &Secret) -> Self {
        Self { signer: Signer::new(secret), in_flight: Arc::default() }
    }
}

/// One callback that was read.
struct Arrival {
    callback: Callback,
    redirect: Redirect,
    begun: Option<(BegunId, Begun)>,
    proxy_id: Option<String>,
}

/// Signs in with the code that the CRM sent the browser back with. Simultaneous callbacks with one code share one
/// exchange, and its answer.
///
/// # Errors
/// If the callback is not complete, the CRM refuses the code, or it does not say who signed in.
pub async fn callback(services: &Services, callback: Callback) -> Result<SignedIn, CallbackError> {
    let redirect = redirect::read(&callback)?;
    let sign_ins = &services.sign_ins;
    let id = match &redirect.state.signed {
        Some(token) => Some(sign_ins.signer.verify(services, token)?),
        None => None,
    };
    let proxy_id = callback.proxy_id.clone().or_else(|| redirect.state.proxy_id.clone());
    let is_page = id.is_some() && redirect.uri.is_none();
    let Some(code) = redirect.code.clone().filter(|_| redirect.error.is_none()) else {
        let answer = Box::pin(first(services, callback, redirect, id, proxy_id)).await;
        return answer.map(|logged_in| SignedIn { logged_in, is_page });
    };
    let key = CodeKey { platform: redirect.platform.clone(), proxy_id: proxy_id.clone(), code };
    let answer = match sign_ins.in_flight.join(&key, PATIENCE).await {
        Joined::Leader(leader) => {
            let services = services.clone();
            // Finished even where the client hangs up: the code is spent, and others may wait for the answer.
            let work = async move {
                let answer = first(&services, callback, redirect, id, proxy_id).await;
                leader.finish(answer.clone());
                answer
            };
            Box::pin(detached::finish(work)).await.unwrap_or_else(|| Err(interrupted()))
        }
        Joined::Shared(answer) => answer,
        Joined::Ended | Joined::Waiting => Err(interrupted()),
    };
    answer.map(|logged_in| SignedIn { logged_in, is_page })
}

fn interrupted() -> CallbackError {
    CallbackError::Failed("The sign-in was interrupted. Please connect again.".to_owned())
}

async fn first(
    services: &Services,
    callback: Callback,
    redirect: Redirect,
    id: Option<BegunId>,
    proxy_id: Option<String>,
) -> Result<LoggedIn, CallbackError> {
    let begun = match id {
        Some(id) => {
            let begun = state::read(services, &id).await?;
            Some((id, begun))
        }
        None => None,
    };
    let arrival = match begun {
        Some((id, begun)) => Arrival {
            redirect: Redirect { platform: begun.platform.clone(), ..redirect },
            proxy_id: begun.proxy_id.clone(),
            begun: Some((id, begun)),
            callback,
        },
        None => Arrival { callback, redirect, begun: None, proxy_id },
    };
    sign_in(services, arrival).await
}

impl Arrival {
    fn begun(&self) -> Option<&Begun> {
        self.begun.as_ref().map(|(_, begun)| begun)
    }

    /// What was said when the sign-in began goes before what the callback says.
    fn said(
        &self,
        in_begun: impl Fn(&Begun) -> Option<&String>,
        in_callback: Option<&String>,
    ) -> Option<String> {
        let filled = |text: &&String| !text.is_empty();
        self.begun().and_then(in_begun).filter(filled).or(in_callback.filter(filled)).cloned()
    }

    fn hostname(&self) -> Option<String> {
        self.said(|begun| begun.hostname.as_ref(), self.callback.hostname.as_ref())
            .or_else(|| self.redirect.state.hostname.clone())
    }

    fn claimed(&self) -> Claimed {
        Claimed {
            account_id: self
                .said(|begun| begun.claimed_account_id.as_ref(), self.callback.claimed_account_id.as_ref()),
            extension_hash: self.said(
                |begun| begun.claimed_extension_hash.as_ref(),
                self.callback.claimed_extension_hash.as_ref(),
            ),
        }
    }

    /// Who signs in at RingCentral, if it is proved. What was proved when the sign-in began counts for the browser that
    /// began it: anybody may be sent to the address at which another one's sign-in goes on.
    async fn proved(&self, services: &Services) -> Result<Option<Extension>, CallbackError> {
        if let Some(token) = self.callback.rc_access_token.as_deref().filter(|token| !token.is_empty()) {
            let extension = ringcentral::extension(services, token).await;
            return match extension {
                Ok(extension) => Ok(Some(extension)),
                Err(failure) => Err(CallbackError::Failed(ringcentral::explain(&failure))),
            };
        }
        let Some((id, begun)) = &self.begun else { return Ok(None) };
        let cookie = self.callback.cookies.as_deref().and_then(|cookies| cookie(cookies, &id.cookie()));
        Ok(begun.proved.clone().filter(|_| begun.is_of_browser(cookie)).map(Extension::from))
    }
}

/// The value of a cookie.
fn cookie<'c>(cookies: &'c str, name: &str) -> Option<&'c str> {
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

async fn sign_in(services: &Services, arrival: Arrival) -> Result<LoggedIn, CallbackError> {
    let platform_name = arrival.redirect.platform.as_str();
    let hostname = arrival.hostname();
    let claimed = arrival.claimed();
    for (what, id) in [
        ("platform", Some(platform_name)),
        ("proxyId", arrival.proxy_id.as_deref()),
        ("hostname", hostname.as_deref()),
        ("rcAccountId", claimed.account_id.as_deref()),
        ("rc-extension-id", claimed.extension_hash.as_deref()),
    ] {
        check_id(what, id.unwrap_or_default()).map_err(users::too_long)?;
    }
    let proved = arrival.proved(services).await?;
    let account = proved.as_ref().map(|extension| &extension.account_id).or(claimed.account_id.as_ref());
    let proxy_id = arrival.proxy_id.clone();
    let platform = platform(services, platform_name, proxy_id.as_deref(), account.map(String::as_str))?;
    let asker = Asker {
        proved: proved.as_ref(),
        claimed_account_id: claimed.account_id.as_deref(),
        hostname: hostname.as_deref(),
    };
    let own = exchange::settings(&platform, &arrival.callback, hostname.as_deref()).await?;
    let asker = Asker { hostname: own.hostname.as_deref().or(asker.hostname), ..asker };
    let chosen = client::choose(services, &platform, proxy_id.as_deref(), &asker, own.oauth).await?;
    let mut submitted = GetUserInfo {
        user_email: arrival.said(|begun| begun.user_email.as_ref(), arrival.callback.user_email.as_ref()),
        hostname: chosen.hostname.clone(),
        ..GetUserInfo::default()
    };
    if let Some(proxy) = &platform.proxy {
        submitted.hostname = submitted.hostname.map(|typed| proxy.typed_host(&typed));
    }
    exchange::check_settings(&platform, &chosen.oauth, &submitted)?;
    arrival.redirect.check(chosen.oauth.redirect_uri.as_deref())?;
    if let Some((id, _)) = &arrival.begun {
        state::redeem(services, id).await?;
    }
    if let Some(error) = &arrival.redirect.error {
        return Err(CallbackError::Failed(denied(error)));
    }
    let Some(code) = &arrival.redirect.code else {
        return Err(CallbackError::Failed("Missing code, unable to request token".to_owned()));
    };
    let verifier = arrival.begun().and_then(|begun| begun.verifier.as_deref()).map(Secret::new);
    let granted =
        exchange::exchange_code(&platform, &chosen.oauth, code, verifier.as_ref(), &submitted).await?;
    let credential = Credential {
        client: chosen.managed.clone(),
        ..credentials::granted(services.clock.now_ms(), &granted)
    };
    submitted.oauth = Some(Box::new(OAuthSignIn {
        access_token: granted.access_token,
        reply: granted.reply,
        token_url: chosen.oauth.token_url.as_ref().map(|url| url.as_str().to_owned()),
        api_url: arrival.callback.api_url.clone(),
        username: arrival.callback.username.clone(),
        callback_uri: arrival.callback.callback_uri.clone().unwrap_or_default(),
        query: arrival.callback.query.clone(),
    }));
    let authorization = credentials::authorization(&platform, &credential).await;
    let authorization = authorization.map_err(|error| users::call_failed(&error))?;
    let authorization = authorization.as_deref();
    let nobody = Unsaved { user: None, authorization };
    let reply = platform.invoke_unsaved::<invocation::GetUserInfo>(nobody, &submitted).await;
    let identified = users::identify(&platform, reply.map_err(|error| users::call_failed(&error))?)?;
    let admission = Admission {
        platform: &platform,
        proxy_id: proxy_id.clone(),
        submitted,
        credential,
        authorization,
        extension: proved.as_ref(),
        claimed: claimed.clone(),
    };
    let logged_in = users::admit(services, admission, identified).await?;
    if let Err(error) = client::signed_in(services, &platform, proxy_id.as_deref(), &asker, &chosen).await {
        tracing::warn!(platform = platform.name, ?error, "the client of an account");
    }
    Ok(logged_in)
}

/// The platform, with the document as the account has it. A document that is open to some accounts alone lets those in
/// who claim such an account, and nothing more: their later requests need the account proved.
///
/// # Errors
/// If nothing serves it.
fn platform<'s>(
    services: &'s Services,
    name: &str,
    proxy_id: Option<&str>,
    account: Option<&str>,
) -> Result<ResolvedPlatform<'s>, CallbackError> {
    let audience = Audience::Account(account);
    let platform = services.platform(name, proxy_id, audience);
    if let Some(proxy_id) = proxy_id
        && services.documents.snapshot().is_closed_to(proxy_id, audience)
    {
        return Err(CallbackError::Failed(format!(
            "The connector \"{proxy_id}\" is not open to your RingCentral account. Ask whoever manages it to add the account."
        )));
    }
    if proxy_id.is_some_and(|_| platform.proxy.is_none()) || !platform.is_known() {
        let words = match users::unsupported(&platform, proxy_id) {
            LoginError::Refused(message) => message.message,
            LoginError::Upstream(words) => words,
            LoginError::Missing(_) => String::new(),
        };
        return Err(CallbackError::Failed(words));
    }
    if !platform.serves(Interface::GET_USER_INFO) {
        return Err(users::unsupported(&platform, proxy_id).into());
    }
    Ok(platform)
}

/// What a CRM says instead of a code: the words of RFC 6749, or the code itself as text.
fn denied(error: &str) -> String {
    match refused_in_words(error) {
        Some(words) => words.to_owned(),
        None => crate::engine::text::one_line(error, 200),
    }
}
