//! What is known of a connected user: whether the CRM still accepts them, and who they are there.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::session::Session;
use super::wording::{Refusal, message, store_failed};
use super::{Services, user_record, users};
use crate::connector::documents::Audience;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, NotRenewed, ReturnMessage};
use crate::engine::failure::{Failure, FailureKind};
use crate::store::{StoreError, User};

/// An answer that says whether it worked.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Whether it did.
    pub successful: bool,
    /// What to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_message: Option<ReturnMessage>,
}

fn unknown_user() -> ReturnMessage {
    ReturnMessage::warning("User not found", 5000)
}

/// The CRM's host of the session's user; `None` inside where there is none.
///
/// # Errors
/// If the store cannot be read.
pub async fn hostname(services: &Services, session: &Session) -> Result<Option<Option<String>>, StoreError> {
    Ok(session.user(&*services.store).await?.map(|user| user.hostname))
}

/// Asks the CRM whether it still accepts the user (Q29).
///
/// # Errors
/// If that cannot be found out: an outage says nothing about the user.
pub async fn auth_validation(services: &Services, session: &Session) -> Result<Checked, Refusal> {
    let refused = |message| Ok(Checked { successful: false, return_message: Some(message) });
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return refused(unknown_user()),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let platform = &user.key.platform;
    let failed = |error: &CallError| message(error, Interface::AUTH_VALIDATION, platform);
    match ask(services, &user).await {
        Ok((true, text)) => {
            let text = text.unwrap_or_else(|| "Authentication is valid.".to_owned());
            Ok(Checked { successful: true, return_message: Some(ReturnMessage::success(text, 1000)) })
        }
        Ok((false, text)) => refused(ReturnMessage::warning(
            text.unwrap_or_else(|| {
                format!("{platform} no longer accepts this connection. Please connect it again.")
            }),
            5000,
        )),
        Err(
            error @ (CallError::Failed(Failure { kind: FailureKind::Status(401 | 403), .. })
            | CallError::NotRenewed(NotRenewed::Revoked)),
        ) => refused(failed(&error)),
        Err(error) => Err(Refusal::new(failed(&error))),
    }
}

async fn ask(services: &Services, user: &User) -> Result<(bool, Option<String>), CallError> {
    let platform = services.platform_of(&user.key.platform, user);
    platform.serving_or_tell(Interface::AUTH_VALIDATION)?;
    let reply = platform.invoke::<invocation::AuthValidation>(user, &()).await?.value;
    Ok((reply.successful, reply.message))
}

/// Reads the user's profile again. A platform that cannot do so is content with what is known
/// (recordings 17, `refreshInfo`).
///
/// # Errors
/// If the user is unknown, or the CRM fails or names somebody else.
pub async fn refresh_info(services: &Services, session: &Session) -> Result<Checked, Refusal> {
    let refusal = |error: &StoreError| Refusal::new(store_failed(error));
    let user = services.connected_user(session).await.map_err(|error| refusal(&error))?;
    let proxy_id = user.as_ref().map_or(&session.proxy_id, |user| &user.key.proxy_id);
    let account = user.as_ref().and_then(|user| user.rc_account_id.as_deref());
    let platform = services.platform(&session.platform, proxy_id.as_deref(), Audience::Account(account));
    if user.is_some() {
        platform.in_service()?;
    }
    if !platform.serves(Interface::REFRESH_USER_INFO) {
        return Ok(Checked { successful: true, return_message: None });
    }
    let Some(user) = user else {
        return Err(Refusal::new(unknown_user()));
    };
    let failed =
        |error: CallError| Refusal::new(message(&error, Interface::REFRESH_USER_INFO, &session.platform));
    let reply = platform.invoke::<invocation::RefreshUserInfo>(&user, &()).await.map_err(failed)?;
    let info = reply.value;
    if !info.id.is_empty() && user.crm_id() != info.id {
        return Err(Refusal::new(ReturnMessage::warning(
            format!(
                "{} says that this connection belongs to another user. Please connect it again.",
                session.platform
            ),
            5000,
        )));
    }
    // Asking took a while: what changed meanwhile stays, and who signed out stays signed out.
    let changed = user_record::change(services, &user.key, |user| {
        if !user.credential.is_connected() {
            return;
        }
        users::keep_additional_info(&mut user.platform_additional_info, &info);
        if let Some(name) = info.name.as_ref().and_then(Value::as_str) {
            user.name = Some(name.to_owned());
        }
        (user.timezone_name, user.timezone_offset) = users::zone(Some(user), &info);
        if let Some(api_key) = &info.overriding_api_key {
            user.credential.secret = api_key.clone();
        }
    });
    let changed = changed.await.map_err(|error| refusal(&error))?;
    if changed.is_none_or(|user| !user.credential.is_connected()) {
        return Err(Refusal::new(unknown_user()));
    }
    let message = reply.message.unwrap_or_else(|| {
        ReturnMessage::success(info.message.unwrap_or_else(|| "User information refreshed.".to_owned()), 1000)
    });
    Ok(Checked { successful: true, return_message: Some(message) })
}
