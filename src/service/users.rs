//! Signing in with an API key, and signing out.

mod admitted;
mod record;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::credentials::{self, SignIn, form_grant};
use super::developer_portal::Published;
use super::invoke::Unsaved;
use super::managed_sign_in::{ManagedSignIn, Unfilled};
use super::session::Session;
use super::stored_ids::check_id;
use super::wording::{Refusal, message, not_in_service, store_failed};
use super::{ResolvedPlatform, Services, ringcentral, user_record};
use crate::connector::documents::Audience;
use crate::connector::inputs::GetUserInfo;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::credential::Credential;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::oauth::TokenRefusal;
use crate::engine::results::MapError;
use crate::store::{Secret, StoreError, UserKey};
pub(super) use admitted::{Admission, admit, identify};
pub(super) use record::{Claimed, keep_additional_info, zone};

/// What `POST /apiKeyLogin` submits.
#[derive(Debug, Default)]
pub struct ApiKeyLogin {
    /// The platform name.
    pub platform: String,
    /// The document to sign in through.
    pub proxy_id: Option<String>,
    /// The key.
    pub api_key: Option<Secret>,
    /// The CRM's host.
    pub hostname: Option<String>,
    /// The fields of the sign-in page.
    pub additional_info: Option<Map<String, Value>>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
    /// The RingCentral token, which names the account.
    pub rc_access_token: Option<String>,
    /// The connector in the developer portal.
    pub published: Option<Published>,
}

/// What a sign-in gives.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// The session token.
    pub jwt_token: String,
    /// The user's name; absent if the CRM gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// What to show.
    pub return_message: ReturnMessage,
}

/// Why a sign-in failed.
#[derive(Debug, Clone)]
pub enum LoginError {
    /// Explained to the user.
    Refused(ReturnMessage),
    /// Required fields of the sign-in page that nobody filled in.
    Missing(Vec<String>),
    /// The CRM or the RingCentral platform failed; one line.
    Upstream(String),
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Refused(store_failed(&error))
    }
}

pub(super) fn too_long(refusal: Refusal) -> LoginError {
    LoginError::Refused(refusal.return_message.type_first())
}

pub(super) fn refused(message: impl Into<String>) -> LoginError {
    LoginError::Refused(ReturnMessage::warning(message, 1000).type_first())
}

/// Signs in: asks the CRM who the key belongs to, stores the user, issues a session token.
///
/// # Errors
/// If the key is not accepted, or the document cannot tell who it belongs to. Nothing is stored
/// then.
pub async fn api_key_login(services: &Services, login: ApiKeyLogin) -> Result<LoggedIn, LoginError> {
    let hostname = login.hostname.as_deref().unwrap_or_default();
    for (what, id) in [("platform", login.platform.as_str()), ("hostname", hostname)] {
        check_id(what, id).map_err(too_long)?;
    }
    let extension = match login.rc_access_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => {
            Some(ringcentral::extension(services, token).await.map_err(|failure| upstream(&failure))?)
        }
        None => None,
    };
    let rc_account_id = extension.as_ref().map(|extension| extension.account_id.clone());
    let account = Audience::Account(rc_account_id.as_deref());
    let platform = services.platform(&login.platform, login.proxy_id.as_deref(), account);
    if let Some(proxy_id) = &login.proxy_id
        && services.documents.snapshot().is_closed_to(proxy_id, account)
    {
        return Err(refused(format!(
            "The connector \"{proxy_id}\" is not open to your RingCentral account. Ask whoever manages it to add the account."
        )));
    }
    if login.proxy_id.is_some() && platform.proxy.is_none() {
        // A registered connector does not stand in for a document that the request names.
        return Err(unsupported(&platform, login.proxy_id.as_deref()));
    }
    if !platform.serves(Interface::GET_USER_INFO) {
        return Err(unsupported(&platform, login.proxy_id.as_deref()));
    }
    let source = credentials::of(&platform).await.map_err(|error| call_failed(&error))?;
    if source.sign_in() == SignIn::Page {
        return Err(refused(format!(
            "{} is connected with OAuth, not with an API key. Connect it through its own sign-in page.",
            login.platform
        )));
    }
    let mut input = GetUserInfo {
        api_key: login.api_key.clone().filter(|key| !key.expose().is_empty()),
        additional_info: login.additional_info,
        hostname: login.hostname,
        user_email: login.user_email,
        oauth: None,
    };
    let managed = match &extension {
        Some(extension) => {
            let proxy_id = login.proxy_id.as_deref();
            let published = login.published.as_ref();
            let mut managed =
                ManagedSignIn::begin(services, extension, &login.platform, proxy_id, published).await;
            managed.fill(&mut input).await?;
            Some(managed)
        }
        None => None,
    };
    if let Some(proxy) = &platform.proxy {
        // What is kept is the host itself: users are told apart by it.
        input.hostname = input.hostname.map(|typed| proxy.typed_host(&typed));
    }
    let granted = match source.sign_in() {
        SignIn::Form => Some(match form_grant::sign_in(&platform, &mut input).await {
            Ok(granted) => granted,
            Err(refusal) => {
                if let Some(managed) = managed.filter(|_| matches!(refusal, TokenRefusal::InvalidGrant)) {
                    managed.refused().await?;
                }
                return Err(no_token(&login.platform, &refusal));
            }
        }),
        SignIn::Key | SignIn::Page => None,
    };
    let typed = || input.api_key.clone().map(Credential::new).unwrap_or_default();
    let credential = granted.clone().unwrap_or_else(typed);
    let authorization = credentials::authorization_by(source, &platform, &credential).await;
    let authorization = authorization.map_err(|error| call_failed(&error))?;
    let authorization = authorization.as_deref();
    let nobody = Unsaved { user: None, authorization };
    let reply = match platform.invoke_unsaved::<invocation::GetUserInfo>(nobody, &input).await {
        Ok(reply) => reply,
        Err(error) => {
            if let Some(managed) = managed.filter(|_| refuses_credentials(&error)) {
                managed.refused().await?;
            }
            return Err(call_failed(&error));
        }
    };
    let identified = identify(&platform, reply)?;
    if let Some(managed) = &managed {
        managed.accepted().await?;
    }
    let token = identified.info.overriding_api_key.as_ref().or(input.api_key.as_ref()).cloned();
    let credential = granted.unwrap_or_else(|| token.map(Credential::new).unwrap_or_default());
    let admission = Admission {
        platform: &platform,
        proxy_id: login.proxy_id,
        submitted: input,
        credential,
        authorization,
        extension: extension.as_ref(),
        claimed: Claimed::default(),
    };
    admit(services, admission, identified).await
}

/// Why what was filled in gave no token.
fn no_token(platform: &str, refusal: &TokenRefusal) -> LoginError {
    match refusal {
        TokenRefusal::InvalidGrant => refused(format!(
            "{platform} did not accept what was filled in. Check the fields of the sign-in page, and try again."
        )),
        TokenRefusal::Failed(failure)
            if matches!(failure.kind, FailureKind::Blocked | FailureKind::Missing | FailureKind::Limited) =>
        {
            refused(format!("Could not sign in: {failure}."))
        }
        TokenRefusal::Failed(failure) => upstream(failure),
        refusal => refused(format!("Could not sign in: {refusal}")),
    }
}

/// Whether the CRM says that what was filled in is wrong; an outage says nothing about it.
fn refuses_credentials(error: &CallError) -> bool {
    matches!(error, CallError::Failed(Failure { kind: FailureKind::Status(400..=428), .. }))
}

impl From<Unfilled> for LoginError {
    fn from(unfilled: Unfilled) -> Self {
        match unfilled {
            Unfilled::Missing(fields) => Self::Missing(fields),
            Unfilled::Store(error) => error.into(),
        }
    }
}

pub(super) fn unsupported(platform: &ResolvedPlatform<'_>, proxy_id: Option<&str>) -> LoginError {
    match (proxy_id, platform.is_known()) {
        (Some(proxy_id), _) if platform.proxy.is_none() => {
            refused(format!("Unknown proxyId \"{proxy_id}\": no proxyConfig of this name is in service."))
        }
        (None, false) => refused(format!(
            "Unknown platform \"{}\": no connector is registered for it, and the request names no proxyId.",
            platform.name
        )),
        _ => refused("Could not load user information. The platform does not support getUserInfo operation."),
    }
}

pub(super) fn upstream(failure: &Failure) -> LoginError {
    LoginError::Upstream(ringcentral::explain(failure))
}

pub(super) fn call_failed(error: &CallError) -> LoginError {
    match error {
        CallError::NotSupported(_) => {
            refused("Could not load user information. The platform does not support getUserInfo operation.")
        }
        CallError::NotInService(missing) => LoginError::Refused(not_in_service(missing)),
        CallError::Message(message) => LoginError::Refused((**message).clone()),
        CallError::NotRenewed(error) => LoginError::Upstream(error.to_string()),
        CallError::Unmapped(MapError::NoUserId { .. }) => {
            refused(format!("Could not tell who signed in: {error}. Nothing was stored."))
        }
        CallError::Unmapped(_) => refused(format!("Could not load user information: {error}.")),
        // The document explains this failure itself.
        CallError::Failed(failure) if failure.message_override.is_some() => {
            LoginError::Refused(message(error, Interface::GET_USER_INFO, "the CRM"))
        }
        CallError::Failed(failure)
            if matches!(failure.kind, FailureKind::Blocked | FailureKind::Missing | FailureKind::Limited) =>
        {
            refused(format!("Could not sign in: {failure}."))
        }
        // A refusal in spite of its status: its words say more than the number.
        CallError::Failed(Failure { kind: FailureKind::Status(200..=299), .. }) => {
            LoginError::Refused(message(error, Interface::GET_USER_INFO, "the CRM"))
        }
        CallError::Failed(failure) => upstream(failure),
    }
}

/// How signing out ended.
#[derive(Debug)]
pub enum SignOut {
    /// Signed out here; the message says whether the CRM heard of it.
    Done(ReturnMessage),
    /// No such user.
    UnknownUser,
    /// The store failed.
    Failed(ReturnMessage),
}

/// Signs out: ends the session at the CRM where the connector can, and forgets the tokens. A CRM
/// that fails does not keep anybody signed in (Q33).
pub async fn un_authorize(services: &Services, session: &Session) -> SignOut {
    let user = match session.user(&*services.store).await {
        Ok(Some(user)) => user,
        Ok(None) => return SignOut::UnknownUser,
        Err(error) => return SignOut::Failed(store_failed(&error)),
    };
    let platform = services.platform_of(&session.platform, &user);
    let mut message = ReturnMessage::success("Logged out", 1000).type_first();
    let connected = user.credential.is_connected();
    if connected && platform.in_service().is_err() {
        message = ReturnMessage::warning(
            format!("Logged out here, but {} could not be told: its connector is not in service. Revoke the key there if you need to.", session.platform),
            3000,
        )
        .type_first();
    } else if connected && platform.serves(Interface::UN_AUTHORIZE) {
        // A CRM may hear of it even where the credential cannot be made.
        let authorization = credentials::authorization(&platform, &user.credential).await.ok().flatten();
        let leaving = Unsaved { user: Some(&user), authorization: authorization.as_deref() };
        if let Err(error) = platform.invoke_unsaved::<invocation::UnAuthorize>(leaving, &()).await {
            let reason = match &error {
                CallError::Failed(Failure { kind: FailureKind::Status(status), .. }) => {
                    format!("HTTP {status}")
                }
                other => other.to_string(),
            };
            message = ReturnMessage::warning(
                format!("Logged out here, but {} could not be told ({reason}). Revoke the key there if you need to.", session.platform),
                3000,
            )
            .type_first();
        }
    }
    match forget_tokens(services, &user.key).await {
        Ok(()) => SignOut::Done(message),
        Err(error) => SignOut::Failed(store_failed(&error)),
    }
}

/// What changed while the CRM was told stays, the tokens excepted.
async fn forget_tokens(services: &Services, key: &UserKey) -> Result<(), StoreError> {
    user_record::change(services, key, |user| user.credential.forget()).await.map(drop)
}
