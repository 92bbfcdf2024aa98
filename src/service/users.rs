//! Signing in with an API key, and signing out.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::credentials::{self, SignIn};
use super::developer_portal::Published;
use super::invoke::Unsaved;
use super::managed_sign_in::{ManagedSignIn, Unfilled};
use super::session::Session;
use super::wording::{message, not_in_service, store_failed};
use super::{ResolvedPlatform, Services, ringcentral, user_record};
use crate::connector::documents::Audience;
use crate::connector::inputs::GetUserInfo;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::credential::Credential;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::mapped::{MapError, UserInfo};
use crate::store::{Secret, StoreError, User, UserKey};
use crate::user::TENANT_HOST_MARK;

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
#[derive(Debug, Serialize, JsonSchema)]
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
#[derive(Debug)]
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

fn refused(message: impl Into<String>) -> LoginError {
    LoginError::Refused(ReturnMessage::warning(message, 1000).type_first())
}

/// Signs in: asks the CRM who the key belongs to, stores the user, issues a session token.
///
/// # Errors
/// If the key is not accepted, or the document cannot tell who it belongs to. Nothing is stored
/// then.
pub async fn api_key_login(services: &Services, login: ApiKeyLogin) -> Result<LoggedIn, LoginError> {
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
    if !platform.serves(Interface::GetUserInfo) {
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
    let credential = input.api_key.clone().map(Credential::new).unwrap_or_default();
    let authorization = credentials::authorization(&platform, &credential).await;
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
    if reply.value.id.is_empty() {
        return Err(refused(format!(
            "Could not tell who signed in: {} gave no user id. Nothing was stored.",
            login.platform
        )));
    }
    let message = reply.message.unwrap_or_else(|| {
        let text = reply.value.message.clone().unwrap_or_else(|| format!("Connected to {}.", login.platform));
        ReturnMessage::success(text, 1000).type_first()
    });
    if let Some(managed) = &managed {
        managed.accepted().await?;
    }
    let name = reply.value.name.clone();
    let user = save(services, &platform, login.proxy_id, input, reply.value, extension.as_ref()).await?;
    let jwt_token = services
        .sessions
        .issue(&user.key)
        .ok_or_else(|| LoginError::Upstream("the session token cannot be signed".to_owned()))?;
    let saved = Unsaved { user: Some(&user), authorization };
    if platform.serves(Interface::PostSaveUserInfo)
        && let Err(error) = platform.invoke_unsaved::<invocation::PostSaveUserInfo>(saved, &()).await
    {
        tracing::warn!(platform = login.platform, %error, "postSaveUserInfo");
    }
    Ok(LoggedIn { jwt_token, name, return_message: message })
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

fn unsupported(platform: &ResolvedPlatform<'_>, proxy_id: Option<&str>) -> LoginError {
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

fn upstream(failure: &Failure) -> LoginError {
    LoginError::Upstream(ringcentral::explain(failure))
}

fn call_failed(error: &CallError) -> LoginError {
    match error {
        CallError::NotSupported(_) => {
            refused("Could not load user information. The platform does not support getUserInfo operation.")
        }
        CallError::NotInService(missing) => LoginError::Refused(not_in_service(missing)),
        CallError::Message(message) => LoginError::Refused((**message).clone()),
        CallError::Unmapped(MapError::NoUserId { .. }) => {
            refused(format!("Could not tell who signed in: {error}. Nothing was stored."))
        }
        CallError::Unmapped(_) => refused(format!("Could not load user information: {error}.")),
        // The document explains this failure itself.
        CallError::Failed(failure) if failure.message_override.is_some() => {
            LoginError::Refused(message(error, Interface::GetUserInfo, "the CRM"))
        }
        CallError::Failed(failure)
            if matches!(failure.kind, FailureKind::Blocked | FailureKind::Missing | FailureKind::Limited) =>
        {
            refused(format!("Could not sign in: {failure}."))
        }
        // A refusal in spite of its status: its words say more than the number.
        CallError::Failed(Failure { kind: FailureKind::Status(200..=299), .. }) => {
            LoginError::Refused(message(error, Interface::GetUserInfo, "the CRM"))
        }
        CallError::Failed(failure) => upstream(failure),
    }
}

/// Stores the user. Of one who signs in again, what is not submitted now is kept, and additional
/// info is merged (recordings 01, `relogin-same-user`).
async fn save(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    proxy_id: Option<String>,
    submitted: GetUserInfo,
    info: UserInfo,
    extension: Option<&ringcentral::Extension>,
) -> Result<User, LoginError> {
    let asked = host_of_sign_in(platform, &submitted);
    let who = SigningIn { platform, proxy_id, submitted: &submitted, id: &info.id, asked };
    // Whoever has this id, at whichever host.
    let _turn = services.record_locks.take(&who.key(None)).await;
    loop {
        let (key, before) = who.record(services).await?;
        let now = services.clock.now_ms();
        let mut user = signed_in(before.as_ref(), &key, &submitted, &info, extension, now);
        user.tenant_host = who.asked.clone();
        if services.store.change_user(before.as_ref(), &user).await? {
            return Ok(user);
        }
    }
}

/// Somebody who signs in, whom the CRM told apart by an id.
struct SigningIn<'a> {
    platform: &'a ResolvedPlatform<'a>,
    proxy_id: Option<String>,
    submitted: &'a GetUserInfo,
    /// The CRM's id.
    id: &'a str,
    /// The host that was asked, where it is one of several: the id means somebody there alone.
    asked: Option<String>,
}

impl SigningIn<'_> {
    fn key(&self, tenant_host: Option<&str>) -> UserKey {
        let name = &self.platform.name;
        let id = match tenant_host {
            Some(tenant_host) => format!("{}{TENANT_HOST_MARK}{tenant_host}-{name}", self.id),
            None => format!("{}-{name}", self.id),
        };
        UserKey { id, platform: name.clone(), proxy_id: self.proxy_id.clone() }
    }

    /// The record of this person, or the place for it: two people never become one user (Q1). The first
    /// of an id has it alone, as everybody has on the reference server; at further hosts the host stands
    /// in the key.
    async fn record(&self, services: &Services) -> Result<(UserKey, Option<User>), LoginError> {
        let store = &services.store;
        let plain = self.key(None);
        let Some(asked) = &self.asked else {
            let before = store.get_user(&plain).await?;
            return Ok((plain, before));
        };
        let of_host = self.key(Some(asked));
        for (key, may_be_made) in [(of_host.clone(), false), (plain, true), (of_host, true)] {
            match store.get_user(&key).await? {
                None if may_be_made => return Ok((key, None)),
                None => {}
                Some(user) if self.is(&user, asked) => return Ok((key, Some(user))),
                Some(_) => {}
            }
        }
        Err(refused("Somebody else has this user id already. Ask whoever made the connector."))
    }

    /// Whether a stored user is of the host that was asked. Of one that was imported, this is the host
    /// that would be asked with what is stored, or else the host name says it.
    fn is(&self, stored: &User, asked: &str) -> bool {
        if let Some(tenant_host) = &stored.tenant_host {
            return tenant_host == asked;
        }
        let again = GetUserInfo {
            api_key: None,
            additional_info: Some(stored.platform_additional_info.clone()),
            hostname: stored.hostname.clone(),
            user_email: None,
        };
        match (host_of_sign_in(self.platform, &again), &stored.hostname, &self.submitted.hostname) {
            (Some(host), ..) => host == asked,
            (None, Some(stored), Some(submitted)) => stored.eq_ignore_ascii_case(submitted),
            _ => true,
        }
    }
}

/// The host that is asked who signs in, where a template chooses it.
fn host_of_sign_in(platform: &ResolvedPlatform<'_>, submitted: &GetUserInfo) -> Option<String> {
    platform.proxy.as_ref()?.host_of_sign_in(&platform.call(None, None), submitted)
}

fn signed_in(
    before: Option<&User>,
    key: &UserKey,
    submitted: &GetUserInfo,
    info: &UserInfo,
    extension: Option<&ringcentral::Extension>,
    now: i64,
) -> User {
    let mut additional_info = before.map(|user| user.platform_additional_info.clone()).unwrap_or_default();
    for (name, value) in submitted.additional_info.iter().flatten() {
        // A password signs in once; an API key is kept once, as the token (Q51).
        if name != "password" && name != "apiKey" {
            additional_info.insert(name.clone(), value.clone());
        }
    }
    keep_additional_info(&mut additional_info, info);
    if let Some(proxy_id) = &key.proxy_id {
        additional_info.shift_remove("proxyId");
        additional_info.insert("proxyId".to_owned(), proxy_id.as_str().into());
    }
    let kept = |choose: fn(&User) -> Option<String>| before.and_then(choose);
    let (timezone_name, timezone_offset) = zone(before, info);
    let token = info.overriding_api_key.as_ref().or(submitted.api_key.as_ref()).cloned();
    User {
        name: info
            .name
            .as_ref()
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| kept(|user| user.name.clone())),
        hostname: submitted.hostname.clone().or_else(|| kept(|user| user.hostname.clone())),
        timezone_name,
        timezone_offset,
        credential: token.map(Credential::new).unwrap_or_default(),
        rc_account_id: extension
            .map(|extension| extension.account_id.clone())
            .or_else(|| kept(|user| user.rc_account_id.clone())),
        region: extension
            .and_then(|extension| extension.region.clone())
            .or_else(|| kept(|user| user.region.clone())),
        platform_additional_info: additional_info,
        user_settings: before.and_then(|user| user.user_settings.clone()),
        tenant_host: None,
        was_alone: before.is_some_and(|user| user.was_alone || user.rc_account_id.is_none()),
        created_at: before.map_or(now, |user| user.created_at),
        updated_at: now,
        key: key.clone(),
    }
}

/// The name and the offset of a user's time zone. They belong together, so the earlier ones stay only
/// where the CRM told neither: with one of them alone, the other would name another zone.
pub(super) fn zone(before: Option<&User>, info: &UserInfo) -> (Option<String>, Option<Value>) {
    match before {
        Some(user) if !info.tells_zone => (user.timezone_name.clone(), user.timezone_offset.clone()),
        _ => (info.timezone_name.clone(), info.timezone_offset.clone()),
    }
}

/// Keeps what the CRM told of a user beyond name and time zone.
pub(super) fn keep_additional_info(kept: &mut Map<String, Value>, info: &UserInfo) {
    for name in &info.missing_additional_info {
        kept.shift_remove(name);
    }
    kept.extend(info.platform_additional_info.clone());
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
    } else if connected && platform.serves(Interface::UnAuthorize) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_earlier_zone_stays_only_where_the_crm_tells_none() {
        let key = UserKey { platform: "acme".to_owned(), id: "7".to_owned(), proxy_id: None };
        let submitted =
            GetUserInfo { api_key: None, additional_info: None, hostname: None, user_email: None };
        let new = UserInfo {
            timezone_name: Some("Europe/Paris".to_owned()),
            timezone_offset: Some(json!(60)),
            tells_zone: true,
            ..UserInfo::new("7")
        };
        let user = signed_in(None, &key, &submitted, &new, None, 1);
        let next = |info: UserInfo| {
            let user = signed_in(Some(&user), &key, &submitted, &info, None, 2);
            (user.timezone_name, user.timezone_offset)
        };
        assert_eq!(next(UserInfo::new("7")), (Some("Europe/Paris".to_owned()), Some(json!(60))));
        let unknown = UserInfo { tells_zone: true, ..UserInfo::new("7") };
        assert_eq!(next(unknown.clone()), (None, None));
        assert_eq!(
            next(UserInfo { timezone_offset: Some(json!(-300)), ..unknown }),
            (None, Some(json!(-300)))
        );
    }
}
