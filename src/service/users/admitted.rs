//! What every kind of sign-in does once the CRM has said who it is: the record, the session, the connector's last word.

use serde_json::Value;

use super::record::{Claimed, save};
use super::{LoggedIn, LoginError, refused, too_long};
use crate::connector::inputs::GetUserInfo;
use crate::connector::invocation::PostSaveUserInfo;
use crate::connector::{Interface, Reply, ReturnMessage};
use crate::credential::Credential;
use crate::engine::results::UserInfo;
use crate::service::invoke::Unsaved;
use crate::service::ringcentral::Extension;
use crate::service::stored_ids::check_id;
use crate::service::{ResolvedPlatform, Services, adoption, managed_sign_in};
use crate::user::ManagedFields;

/// Somebody whom the CRM named.
pub(in crate::service) struct Identified {
    /// What the CRM says of them.
    pub(in crate::service) info: UserInfo,
    /// What to show.
    message: ReturnMessage,
}

impl Identified {
    /// Tells of something that did not keep them from signing in.
    pub(in crate::service) fn warn(&mut self, words: &str) {
        let text = format!("{} {words}", self.message.message);
        self.message = ReturnMessage::warning(text, 5000).type_first();
    }
}

/// How somebody comes in.
pub(in crate::service) struct Admission<'a> {
    /// The platform that they sign in to.
    pub(in crate::service) platform: &'a ResolvedPlatform<'a>,
    /// The document that they sign in through.
    pub(in crate::service) proxy_id: Option<String>,
    /// What they submitted.
    pub(in crate::service) submitted: GetUserInfo,
    /// What is kept to ask the CRM with.
    pub(in crate::service) credential: Credential,
    /// The `Authorization` value of that credential.
    pub(in crate::service) authorization: Option<&'a str>,
    /// Who they are at RingCentral, by a token.
    pub(in crate::service) extension: Option<&'a Extension>,
    /// Who they say they are there.
    pub(in crate::service) claimed: Claimed,
    /// What admins filled in for them.
    pub(in crate::service) managed: ManagedFields,
}

/// Who signed in, from the reply of `getUserInfo`.
///
/// # Errors
/// If the reply names nobody, or an id that is too long to keep.
pub(in crate::service) fn identify(
    platform: &ResolvedPlatform<'_>,
    reply: Reply<UserInfo>,
) -> Result<Identified, LoginError> {
    if reply.value.id.is_empty() {
        return Err(refused(format!(
            "Could not tell who signed in: {} gave no user id. Nothing was stored.",
            platform.name
        )));
    }
    check_id(&format!("user id of {}", platform.name), &reply.value.id).map_err(too_long)?;
    let message = reply.message.unwrap_or_else(|| {
        let text = reply.value.message.clone().unwrap_or_else(|| format!("Connected to {}.", platform.name));
        ReturnMessage::success(text, 1000).type_first()
    });
    Ok(Identified { info: reply.value, message })
}

/// Stores the user, issues a session and tells the connector.
///
/// # Errors
/// If the user cannot be stored.
pub(in crate::service) async fn admit(
    services: &Services,
    admission: Admission<'_>,
    identified: Identified,
) -> Result<LoggedIn, LoginError> {
    let Identified { info, message } = identified;
    let (platform, authorization) = (admission.platform, admission.authorization);
    let mut name: Option<Value> = info.name.clone();
    let user = managed_sign_in::with_values(services, save(services, admission, &info).await?).await?;
    adoption::user_seen(services, &user);
    let jwt_token = services
        .sessions
        .issue(&user.key, user.session_epoch)
        .ok_or_else(|| LoginError::Upstream("the session token cannot be signed".to_owned()))?;
    let saved = Unsaved { user: Some(&user), authorization };
    if platform.serves(Interface::POST_SAVE_USER_INFO) {
        match platform.invoke_unsaved::<PostSaveUserInfo>(saved, &info).await {
            Ok(reply) => name = reply.value.and_then(|info| info.name).or(name),
            Err(error) => tracing::warn!(platform = platform.name, %error, "postSaveUserInfo"),
        }
    }
    Ok(LoggedIn { jwt_token, name, return_message: message })
}
