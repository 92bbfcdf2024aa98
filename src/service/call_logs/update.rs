//! Updating a log: what changed goes into the text that the CRM holds now, so that nothing a person
//! wrote there is lost.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Caller, UpdateCallLogRequest, connected, existing_call_log, failed, input, log_format, reached, refusal,
    served, stored, text,
};
use crate::config::operations::OperationName;
use crate::connector::inputs::{GetCallLog, UpdateCallLog};
use crate::connector::invocation;
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::engine::operation::LogFormat;
use crate::engine::results::{CallLogInfo, RecordText};
use crate::engine::text::{id_text, to_text};
use crate::service::composition::{Settings, limit};
use crate::service::coordination::claims;
use crate::service::coordination::detached;
use crate::service::coordination::lease::{self, Lease, LeaseAnswer};
use crate::service::coordination::single_flight::Joined;
use crate::service::session::Session;
use crate::service::tenants::Tenants;
use crate::service::wording::{self, Refusal, store_failed};
use crate::service::{ResolvedPlatform, Services};
use crate::store::{CallLog, ClaimKey, ClaimSubject, Tenant, User};

/// The answer to an update.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UpdatedCallLog")]
pub struct Updated {
    /// Always true.
    pub successful: bool,
    /// The record's id.
    pub log_id: String,
    /// The note as the connector changed it; documents change none.
    pub updated_note: Option<Value>,
    /// What to show.
    pub return_message: ReturnMessage,
}

/// How long a server may keep the others that share its store from updating the same log: longer than
/// reading and writing it take with the usual time-outs.
const LEASE: Duration = Duration::from_secs(2 * 60);

/// Updates a log. What was begun is finished even where the client hangs up.
///
/// # Errors
/// If the user or the log is unknown, the present text cannot be read (Q15), or the CRM fails.
pub async fn update(
    services: &Services,
    session: &Session,
    request: UpdateCallLogRequest,
    caller: Caller,
) -> Result<Updated, Refusal> {
    let (services, session) = (services.clone(), session.clone());
    let answer = detached::finish(async move { prepared(&services, &session, request, caller).await }).await;
    answer.unwrap_or_else(|| {
        Err(refusal("The server is stopping. Please update the call log again in a moment.", 5000))
    })
}

async fn prepared(
    services: &Services,
    session: &Session,
    request: UpdateCallLogRequest,
    caller: Caller,
) -> Result<Updated, Refusal> {
    let user = connected(services, session).await?;
    let Some(session_id) = request.session_id.as_deref().and_then(id_text) else {
        return Err(refusal("The call has no sessionId.", 5000));
    };
    let asked = request.named_extension().resolve(services);
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let Some(log) = stored(&platform, &Tenants::of(&platform, &user), &session_id, &asked).await? else {
        return Err(refusal(format!("Cannot find log for session {session_id}"), 3000));
    };
    served(&platform, Interface::UPDATE_CALL_LOG)?;
    let (start_time, end_time) =
        input::times(request.start_time.as_deref(), request.duration.as_deref(), "startTime")?;
    let fail = |error: &CallError| failed(error, Interface::UPDATE_CALL_LOG, &platform);
    let log = reached(&platform, &user, log, Interface::UPDATE_CALL_LOG).await?;

    // Reading and writing are two requests: an update between them would be lost.
    let key = ClaimKey { scope: log.scope.clone(), subject: ClaimSubject::Call(session_id) };
    let _turn = loop {
        match services.calls_in_flight.join(&key, claims::PATIENCE).await {
            Joined::Leader(turn) => break turn,
            Joined::Shared(_) | Joined::Ended => {}
            Joined::Waiting => return Err(being_logged()),
        }
    };
    let lease = lease_of(services, &key.scope, &log.session_id).await?;
    let updated: Result<Updated, Refusal> = async {
        let format = log_format(&platform, &user).await.map_err(|error| fail(&error))?;
        let present = match format {
            LogFormat::Custom => None,
            _ => read(&platform, &user, &log).await?,
        };
        match present.as_ref().map(|present| present.text) {
            None | Some(RecordText::Found) => {}
            Some(RecordText::Missing) => return Err(unrecognized(&platform)),
            // What was written cannot have become null by itself.
            Some(RecordText::Null) if platform.writes_text() => return Err(kept_back(&platform)),
            Some(RecordText::Null) => {}
        }
        let existing = present
            .as_ref()
            .map_or(Ok(String::new()), text_of)
            .map_err(|found| unreadable(&platform, found))?;
        if existing.len() > limit::LONGEST_TEXT {
            return Err(too_long(&platform));
        }
        let said = request.text().said(&Settings::of(&user));
        let limit = platform.text_limit(OperationName::UPDATE_CALL_LOG);
        let mut text = text::composed(said, existing, format, limit).await;
        let mut input = UpdateCallLog {
            log_id: log.third_party_log_id.clone(),
            existing_call_log: existing_call_log(&log),
            existing_call_log_details: present.map(|present| present.full_log_response),
            start_time,
            end_time,
            composed_log_details: text.text().to_owned(),
            hashed_account_id: Some(input::account_hash(services, &caller, request.account_id.as_deref())),
            is_from_sscl: caller.is_from_sscl,
            request: with_legs(request),
        };
        let reply = loop {
            match platform.invoke::<invocation::UpdateCallLog>(&user, &input).await {
                Ok(reply) => break reply,
                Err(error) if text.shorten(&error).await => {
                    input.composed_log_details = text.text().to_owned()
                }
                Err(error) => return Err(fail(&error)),
            }
        };
        let message = reply.message.unwrap_or_else(|| ReturnMessage::success("Call log updated.", 3000));
        Ok(Updated {
            successful: true,
            log_id: log.third_party_log_id,
            updated_note: None,
            return_message: text.told(message, &platform.name),
        })
    }
    .await;
    if let Some(lease) = lease {
        lease.end(&*services.store).await;
    }
    updated
}

fn being_logged() -> Refusal {
    refusal("This call is being logged already. Please try again in a moment.", 5000)
}

/// The turn among the servers that share the store; `None` if there is only this one.
async fn lease_of(services: &Services, scope: &Tenant, session_id: &str) -> Result<Option<Lease>, Refusal> {
    if !services.store.is_shared() {
        return Ok(None);
    }
    let parts =
        vec![Some("call log".to_owned()), Some(json!(scope).to_string()), Some(session_id.to_owned())];
    loop {
        let asked =
            lease::ask(&*services.store, &services.instance, parts.clone(), LEASE, claims::PATIENCE).await;
        match asked.map_err(|error| Refusal::new(store_failed(&error)))? {
            LeaseAnswer::Held(lease) => return Ok(Some(lease)),
            LeaseAnswer::Ended => {}
            LeaseAnswer::Waiting => return Err(being_logged()),
        }
    }
}

/// The record as the CRM holds it; `None` if the connector cannot read it.
async fn read(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    log: &CallLog,
) -> Result<Option<CallLogInfo>, Refusal> {
    if !platform.serves(Interface::GET_CALL_LOG) {
        return Ok(None);
    }
    let input = GetCallLog {
        log_id: log.third_party_log_id.clone(),
        session_id: log.session_id.clone(),
        contact_id: log.contact_id.clone(),
    };
    match platform.invoke::<invocation::GetCallLog>(user, &input).await {
        Ok(reply) => Ok(Some(reply.value)),
        Err(error) => {
            let message = wording::message(&error, Interface::UPDATE_CALL_LOG, &platform.name);
            Err(Refusal::new(message.detail(
                "The record's present text could not be read, so nothing was changed. Please try again.",
            )))
        }
    }
}

/// The present text: the whole body, or the note where the body is empty. What is there and is not
/// text is told by its kind.
fn text_of(present: &CallLogInfo) -> Result<String, &'static str> {
    for value in [&present.full_body, &present.note].into_iter().flatten() {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::String(text) if text.is_empty() => {}
            Value::Number(number) if number.as_f64() == Some(0.0) => {}
            Value::Array(_) | Value::Object(_) => return Err(crate::json_kind::kind(value)),
            value => return Ok(to_text(value).into_owned()),
        }
    }
    Ok(String::new())
}

fn unreadable(platform: &ResolvedPlatform<'_>, found: &str) -> Refusal {
    let detail = format!(
        "The record's present text at {} is {found} and not text, so nothing was changed. Its proxyConfig has to name the text (getCallLog.responseMapping.fullBodyPath).",
        platform.name
    );
    Refusal::new(ReturnMessage::warning("Error updating call log", 5000).detail(detail))
}

/// What is so long is no log, and would take long to change.
fn too_long(platform: &ResolvedPlatform<'_>) -> Refusal {
    let detail = format!(
        "The record's present text at {} is longer than {} MiB, so nothing was changed. Please shorten it there, and try again.",
        platform.name,
        limit::LONGEST_TEXT >> 20
    );
    Refusal::new(ReturnMessage::warning("Error updating call log", 5000).detail(detail))
}

/// What came back may say that the record is locked, or that it is somewhere else: taken for an empty
/// record it would be overwritten.
fn unrecognized(platform: &ResolvedPlatform<'_>) -> Refusal {
    let detail = format!(
        "What {} answered when asked for the record does not have its text, so nothing was changed. Please try again. If it stays so, the proxyConfig has to name the text (getCallLog.responseMapping.fullBodyPath).",
        platform.name
    );
    Refusal::new(ReturnMessage::warning("Error updating call log", 5000).detail(detail))
}

/// Where the record has null instead of the text that was written there.
fn kept_back(platform: &ResolvedPlatform<'_>) -> Refusal {
    let detail = format!(
        "{} answered with null instead of the record's text, so nothing was changed: you may not be allowed to read it. If the text was deleted there, write something in its place, and try again.",
        platform.name
    );
    Refusal::new(ReturnMessage::warning("Error updating call log", 5000).detail(detail))
}

/// Templates always see a list of legs (recordings 11, `no-fields`).
fn with_legs(mut request: UpdateCallLogRequest) -> Value {
    let legs = request.legs.take().filter(|legs| !legs.is_null());
    request.legs = Some(legs.unwrap_or_else(|| Value::Array(Vec::new()).into()));
    request.into_value()
}
