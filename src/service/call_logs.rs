//! Call logs: created, and looked up within their account. A session that is logged already is refused;
//! two requests for one session at the same moment are not told apart yet.

use aws_lc_rs::digest::{SHA256, digest};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::clock::now_ms;
use super::outcome::{Refusal, message, store_failed};
use super::session::Session;
use super::{Services, composition};
use crate::connector::inputs::{CreateCallLog, GetCallLog};
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::engine::mapped::CallLogInfo;
use crate::engine::text::{id_text, to_text};
use crate::engine::time::{add_seconds, parse_instant, to_iso};
use crate::hex::hex;
use crate::store::{CallLog, Owner, Saved, Scope, User};

/// The answer to a new call log.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CreatedCallLog")]
pub struct Created {
    /// Whether the call is logged.
    pub successful: bool,
    /// The record's id; absent where the CRM's answer has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
    /// What to show.
    pub return_message: ReturnMessage,
}

/// Where the logs of a user are looked up: never outside of the platform, the document and the
/// RingCentral account or, without one, the user (Q4).
pub fn scope(user: &User) -> Scope {
    Scope {
        platform: user.key.platform.clone(),
        proxy_id: user.key.proxy_id.clone(),
        owner: match &user.rc_account_id {
            Some(account) => Owner::RcAccount(account.clone()),
            None => Owner::User(user.key.id.clone()),
        },
    }
}

/// What the request's headers say about the caller.
#[derive(Debug, Default, Clone)]
pub struct Caller {
    /// The hashed account id, where the client sends it.
    pub hashed_account_id: Option<String>,
    /// Whether server-side logging is calling.
    pub is_from_sscl: bool,
}

/// Logs a call.
///
/// # Errors
/// Where the user is unknown, the call is logged already, or the CRM fails.
pub async fn create(
    services: &Services,
    session: &Session,
    request: Value,
    caller: Caller,
) -> Result<Created, Refusal> {
    let warning = |text: String, ttl: u32| Refusal::new(ReturnMessage::warning(text, ttl));
    let user = match session.connected_user(&*services.store).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(warning("User not found".to_owned(), 5000)),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let Some(session_id) = request.pointer("/logInfo/sessionId").and_then(id_text) else {
        return Err(warning("The call has no sessionId (logInfo.sessionId).".to_owned(), 5000));
    };
    let scope = scope(&user);
    let extension = extension(&request);
    let stored = services
        .store
        .call_logs(&scope, &session_id)
        .await
        .map_err(|error| Refusal::new(store_failed(&error)))?;
    let existing = || warning(format!("Existing log for session {session_id}"), 3000);
    if stored.iter().any(|log| log.extension == extension) {
        return Err(existing());
    }
    let platform = services.platform(&session.platform, user.key.proxy_id.as_deref());
    let fail = |error: &CallError| Refusal::new(message(error, Interface::CreateCallLog, &session.platform));
    let connector = platform.serving(Interface::CreateCallLog).map_err(|error| fail(&error))?;
    let auth_header = platform.auth_header(&user.access_token).await.map_err(|error| fail(&error))?;
    let call = platform.call(Some(&user), auth_header.as_deref());
    let format = match platform.serving(Interface::GetLogFormatType) {
        Ok(connector) => connector.get_log_format_type(&call).await.map_err(|error| fail(&error))?.value,
        Err(_) => Default::default(),
    };
    let input = input(services, request, caller, format)?;
    let contact_id = input.contact_info.get("id").and_then(id_text);
    let reply = connector.create_call_log(&call, &input).await.map_err(|error| fail(&error))?;
    let now = now_ms();
    let log = CallLog {
        scope,
        session_id: session_id.clone(),
        extension,
        // Empty where the CRM's answer has no id: the record exists all the same, and is not made
        // a second time (Q13).
        third_party_log_id: reply.value.log_id.clone().unwrap_or_default(),
        contact_id,
        user_id: user.key.id.clone(),
        platform: session.platform.clone(),
        created_at: now,
        updated_at: now,
    };
    match services.store.save_call_log(&log).await {
        Ok(Saved::Inserted) => {}
        Ok(Saved::Existing(_)) => return Err(existing()),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    }
    let return_message = match (&reply.value.log_id, reply.message) {
        (_, Some(message)) => message,
        (Some(_), None) => ReturnMessage::success("Call logged", 2000),
        (None, None) => {
            let at = match reply.mapping_problems.first() {
                Some(problem) => {
                    format!("its id was not found at {} (found {})", problem.path, problem.found)
                }
                None => "its proxyConfig does not say where its id is (createCallLog.responseMapping.idPath)"
                    .to_owned(),
            };
            ReturnMessage::warning(format!("Call logged, but {at}: it cannot be updated later."), 5000)
        }
    };
    Ok(Created { successful: true, log_id: reply.value.log_id, return_message })
}

fn input(
    services: &Services,
    mut request: Value,
    caller: Caller,
    format: crate::engine::operation::LogFormat,
) -> Result<CreateCallLog, Refusal> {
    let text = |value: Option<&Value>| value.map(|value| to_text(value).into_owned()).unwrap_or_default();
    let call_log = request.get_mut("logInfo").map(Value::take).unwrap_or_default();
    let inbound = call_log.get("direction").and_then(Value::as_str) == Some("Inbound");
    let number = call_log.pointer(if inbound { "/from/phoneNumber" } else { "/to/phoneNumber" }).cloned();
    let name = text(request.get("contactName"));
    let mut contact_info = serde_json::Map::new();
    for (key, value) in [
        ("id", request.get("contactId").cloned()),
        ("phoneNumber", number),
        ("type", Some(request.get("contactType").cloned().unwrap_or_else(|| "".into()))),
        ("name", Some(name.clone().into())),
    ] {
        if let Some(value) = value {
            contact_info.insert(key.to_owned(), value);
        }
    }
    let subject = match call_log.get("customSubject") {
        Some(custom) if !custom.is_null() => to_text(custom).into_owned(),
        _ => {
            let direction = text(call_log.get("direction"));
            let word = if direction == "Outbound" { "to" } else { "from" };
            format!("{direction} Call {word} {name}")
        }
    };
    let (start_time, end_time) = times(&call_log)?;
    for (link, id) in [("voicemailLink", "/voicemail/link"), ("voicemailMessageId", "/voicemail/messageId")] {
        if request.get(link).is_none()
            && let Some(found) = call_log.pointer(id).cloned()
            && let Some(members) = request.as_object_mut()
        {
            members.insert(link.to_owned(), found);
        }
    }
    let note = request.get("note").and_then(Value::as_str).map(str::to_owned);
    let account =
        call_log.get("accountId").map_or_else(|| "undefined".to_owned(), |id| to_text(id).into_owned());
    Ok(CreateCallLog {
        contact_info: Value::Object(contact_info),
        subject,
        start_time,
        end_time,
        composed_log_details: composition::call_log(format, note.as_deref()),
        hashed_account_id: Some(caller.hashed_account_id.unwrap_or_else(|| hashed(services, &account))),
        is_from_sscl: caller.is_from_sscl,
        call_log,
        request,
    })
}

/// Start and end, ISO 8601. A start that cannot be read is refused before anything is sent (Q31);
/// a call without a start has neither.
fn times(call_log: &Value) -> Result<(Option<String>, Option<String>), Refusal> {
    let Some(start) = call_log.get("startTime").filter(|start| !start.is_null()) else {
        return Ok((None, None));
    };
    let Some(instant) = parse_instant(start) else {
        return Err(Refusal::new(ReturnMessage::warning(
            "The call's start time cannot be read (logInfo.startTime). Send ISO 8601 or milliseconds since 1970.",
            5000,
        )));
    };
    let seconds = call_log.get("duration").and_then(Value::as_f64).unwrap_or(0.0);
    let end = add_seconds(instant, seconds).map(to_iso);
    Ok((Some(to_iso(instant)), end))
}

/// The reference's salted hash of an id, hexadecimal SHA-256 (recordings 17, `userInfoHash`).
pub fn hashed(services: &Services, id: &str) -> String {
    let salted = format!("{id}:{}", services.hash_key.expose());
    hex(digest(&SHA256, salted.as_bytes()).as_ref())
}

/// The extension that logs: its hashed id, else its number.
fn extension(request: &Value) -> Option<String> {
    ["hashedExtensionId", "extensionNumber"].into_iter().find_map(|key| request.get(key).and_then(id_text))
}

/// The answer to a lookup.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LookedUpCallLogs")]
pub struct LookedUp {
    /// Whether the lookup worked.
    pub successful: bool,
    /// One entry for each session, in the order asked.
    #[schemars(with = "Vec<crate::api::LookedUpCallLog>")]
    pub logs: Vec<Value>,
    /// What to show; null without details.
    pub return_message: Option<ReturnMessage>,
}

/// Looks up the logs of sessions, with what the CRM holds now where details are asked for. Each
/// session has its own outcome (Q26).
///
/// # Errors
/// Where the user is unknown or no session is named.
pub async fn look_up(
    services: &Services,
    session: &Session,
    session_ids: &str,
    details: bool,
) -> Result<LookedUp, Refusal> {
    let refusal = |text: &str| Refusal::new(ReturnMessage::warning(text, 5000));
    let user = match session.connected_user(&*services.store).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(refusal("User not found")),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let ids: Vec<&str> = session_ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Err(refusal("No session is named (sessionIds)."));
    }
    let scope = scope(&user);
    let platform = services.platform(&session.platform, user.key.proxy_id.as_deref());
    let mut logs = Vec::with_capacity(ids.len());
    let mut return_message = None;
    for id in ids {
        let stored =
            services.store.call_logs(&scope, id).await.map_err(|error| Refusal::new(store_failed(&error)))?;
        let Some(log) = stored.into_iter().next() else {
            logs.push(json!({"sessionId": id, "matched": false}));
            continue;
        };
        let mut entry = serde_json::Map::new();
        entry.insert("sessionId".to_owned(), id.into());
        entry.insert("matched".to_owned(), true.into());
        if !log.third_party_log_id.is_empty() {
            entry.insert("logId".to_owned(), log.third_party_log_id.clone().into());
        }
        if details {
            match read(&platform, &user, &log).await {
                Ok(info) => {
                    entry.insert("logData".to_owned(), serde_json::to_value(info).unwrap_or_default());
                    return_message.get_or_insert_with(|| ReturnMessage::success("Call log fetched.", 3000));
                }
                Err(error) => {
                    let failed = message(&error, Interface::GetCallLog, &session.platform);
                    entry.insert("logData".to_owned(), Value::Null);
                    if !matches!(error, CallError::NotSupported(_)) {
                        entry.insert(
                            "returnMessage".to_owned(),
                            serde_json::to_value(&failed).unwrap_or_default(),
                        );
                    }
                    return_message = Some(failed);
                }
            }
        }
        logs.push(Value::Object(entry));
    }
    Ok(LookedUp { successful: true, logs, return_message })
}

async fn read(platform: &super::Platform<'_>, user: &User, log: &CallLog) -> Result<CallLogInfo, CallError> {
    let connector = platform.serving(Interface::GetCallLog)?;
    if log.third_party_log_id.is_empty() {
        let text = "The call is logged, but the CRM did not say under which id: its record cannot be read.";
        return Err(CallError::Message(Box::new(ReturnMessage::warning(text, 5000))));
    }
    let auth_header = platform.auth_header(&user.access_token).await?;
    let call = platform.call(Some(user), auth_header.as_deref());
    let input = GetCallLog { log_id: log.third_party_log_id.clone(), contact_id: log.contact_id.clone() };
    Ok(connector.get_call_log(&call, &input).await?.value)
}
