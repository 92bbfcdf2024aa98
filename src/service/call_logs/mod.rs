//! Call logs: one CRM record for a call, created once, updated, given a disposition, looked up. They
//! never leave the platform, the document and the RingCentral account (Q4).

mod create;
mod disposition;
mod extension;
mod input;
mod look_up;
mod note;
mod requests;
mod text;
mod update;

use serde_json::{Value, json};

pub use self::create::{Created, SharedAnswer, create};
pub use self::disposition::{Disposed, set_disposition};
pub use self::look_up::{LookedUp, look_up};
pub use self::note::{NoteKept, keep_note};
pub use self::requests::{
    CreateCallLogRequest, DispositionRequest, KeepNoteRequest, LookUpCallLogsQuery, UpdateCallLogRequest,
};
pub use self::update::{Updated, update};
use super::session::Session;
use super::tenants::Tenants;
use super::wording::{Refusal, store_failed};
use super::{ResolvedPlatform, Services};
use crate::connector::inputs::GetCallLog;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::engine::operation::LogFormat;
use crate::engine::time::to_iso;
use crate::store::{CallLog, Extension, User};

/// What the request's headers say about the caller.
#[derive(Debug, Default, Clone)]
pub struct Caller {
    /// The hashed account id, where the client sends it.
    pub hashed_account_id: Option<String>,
    /// Whether server-side logging is calling.
    pub is_from_sscl: bool,
}

pub(super) fn refusal(text: impl Into<String>, ttl: u32) -> Refusal {
    Refusal::new(ReturnMessage::warning(text, ttl))
}

/// The user of a session, signed in at the CRM.
async fn connected(services: &Services, session: &Session) -> Result<User, Refusal> {
    match services.connected_user(session).await {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(refusal("User not found", 5000)),
        Err(error) => Err(Refusal::new(store_failed(&error))),
    }
}

/// The log of a session that an extension asks for.
async fn stored(
    platform: &ResolvedPlatform<'_>,
    scopes: &Tenants,
    session_id: &str,
    asked: &Extension,
) -> Result<Option<CallLog>, Refusal> {
    let failed = |error| Refusal::new(store_failed(&error));
    for scope in scopes.all() {
        let logs = platform.services.store.call_logs(scope, session_id).await.map_err(failed)?;
        if let Some(log) = extension::find(logs, asked)
            && scopes.reaches(platform, scope, &log.user_id).await.map_err(failed)?
        {
            return Ok(Some(log));
        }
    }
    Ok(None)
}

/// The log of a session that is to be changed. Without an extension it must be the only one (Q100).
async fn stored_to_change(
    platform: &ResolvedPlatform<'_>,
    scopes: &Tenants,
    session_id: &str,
    asked: &Extension,
) -> Result<Option<CallLog>, Refusal> {
    if extension::is_unnamed(asked) {
        let failed = |error| Refusal::new(store_failed(&error));
        let mut count = 0;
        for scope in scopes.all() {
            for log in platform.services.store.call_logs(scope, session_id).await.map_err(failed)? {
                let is_reached = scopes.reaches(platform, scope, &log.user_id).await.map_err(failed)?;
                count += usize::from(is_reached);
            }
        }
        if count > 1 {
            return Err(refusal(
                format!(
                    "The call of session {session_id} is logged for {count} extensions, so nothing was changed. Name the extension (extensionNumber, hashedExtensionId or rcExtensionId)."
                ),
                5000,
            ));
        }
    }
    stored(platform, scopes, session_id, asked).await
}

/// The format of a platform's log text.
pub(super) async fn log_format(platform: &ResolvedPlatform<'_>, user: &User) -> Result<LogFormat, CallError> {
    match platform.serving(Interface::GET_LOG_FORMAT_TYPE) {
        Ok(connector) => Ok(connector.get_log_format_type(&platform.call(Some(user), None)).await?.value),
        Err(_) => Ok(LogFormat::default()),
    }
}

/// What templates and connectors see of a stored log, in the reference's members.
fn existing_call_log(log: &CallLog) -> Value {
    let at = |ms: i64| jiff::Timestamp::from_millisecond(ms).map(to_iso).unwrap_or_default();
    json!({
        "id": log.call_id,
        "sessionId": log.session_id,
        "extensionNumber": log.extension.number.as_deref().unwrap_or_default(),
        "hashedExtensionId": log.extension.hashed_id.as_deref().unwrap_or_default(),
        "platform": log.platform,
        "thirdPartyLogId": log.third_party_log_id,
        "userId": log.user_id,
        "contactId": log.contact_id,
        "createdAt": at(log.created_at),
        "updatedAt": at(log.updated_at),
    })
}

/// The message if nothing serves an interface.
fn served(platform: &ResolvedPlatform<'_>, interface: Interface) -> Result<(), Refusal> {
    platform.serving(interface).map(drop).map_err(|error| failed(&error, interface, platform))
}

/// A log with the id of its record. Where the CRM did not tell the id when the record was made, it is
/// asked by session, and what it says is kept.
async fn reached(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    log: CallLog,
    interface: Interface,
) -> Result<CallLog, Refusal> {
    if !log.third_party_log_id.is_empty() {
        return Ok(log);
    }
    if !platform.serves(Interface::GET_CALL_LOG) || !platform.finds_by_session() {
        return Err(without_id());
    }
    let input = GetCallLog {
        log_id: String::new(),
        session_id: log.session_id.clone(),
        contact_id: log.contact_id.clone(),
    };
    let reply = platform.invoke::<invocation::GetCallLog>(user, &input).await;
    let reply = reply.map_err(|error| failed(&error, interface, platform))?;
    let Some(id) = reply.value.id else { return Err(without_id()) };
    let scopes = Tenants::of(platform, user);
    // An update of that record would write one extension's call over another's.
    if is_of_another(platform, &scopes, &log.session_id, &id).await? {
        return Err(without_id());
    }
    let log = CallLog { third_party_log_id: id, ..log };
    if let Err(error) = platform.services.store.update_call_log(&log).await {
        // It is looked for again the next time.
        store_failed(&error);
    }
    Ok(log)
}

/// Whether a record is known as another log of the same session.
async fn is_of_another(
    platform: &ResolvedPlatform<'_>,
    scopes: &Tenants,
    session_id: &str,
    id: &str,
) -> Result<bool, Refusal> {
    for scope in scopes.all() {
        let logs = platform.services.store.call_logs(scope, session_id).await;
        let logs = logs.map_err(|error| Refusal::new(store_failed(&error)))?;
        if logs.iter().any(|log| log.third_party_log_id == id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// For a record whose id the CRM did not tell (Q13), and that is not found by its session.
fn without_id() -> Refusal {
    refusal("The call is logged, but the CRM did not say under which id: its record cannot be reached.", 5000)
}

pub(super) fn failed(error: &CallError, interface: Interface, platform: &ResolvedPlatform<'_>) -> Refusal {
    Refusal::new(super::wording::message(error, interface, &platform.name))
}
