//! What the client sends about a call, as connectors take it.

use serde_json::{Map, Value};

use super::{Caller, CreateCallLogRequest, refusal};
use crate::connector::inputs::CreateCallLog;
use crate::engine::text::{id_text, to_text};
use crate::engine::time::{add_seconds, parse_client_time, to_iso};
use crate::members::Given;
use crate::service::Services;
use crate::service::hashing::hashed;
use crate::service::wording::Refusal;

/// The input of `createCallLog` without its text.
///
/// # Errors
/// If the call has no contact, or a start that cannot be read; nothing was sent then.
pub(super) fn new_call_log(
    services: &Services,
    mut request: CreateCallLogRequest,
    caller: Caller,
) -> Result<CreateCallLog, Refusal> {
    let text = |value: Option<&Value>| value.map(|value| to_text(value).into_owned()).unwrap_or_default();
    // Connectors see it apart from the rest, which has null in its place.
    let call_log = request.log_info.replace(Value::Null.into()).map(Given::into_value).unwrap_or_default();
    let inbound = call_log.get("direction").and_then(Value::as_str) == Some("Inbound");
    let number = call_log.pointer(if inbound { "/from/phoneNumber" } else { "/to/phoneNumber" }).cloned();
    let contact_id = request.contact_id.as_deref().filter(|id| is_id(id)).cloned();
    let Some(contact_id) = contact_id else {
        return Err(refusal(format!("Contact not found for number {}", text(number.as_ref())), 5000));
    };
    let name = text(request.contact_name.as_deref());
    let mut contact_info = Map::new();
    contact_info.insert("id".to_owned(), contact_id);
    if let Some(number) = number {
        contact_info.insert("phoneNumber".to_owned(), number);
    }
    let kind = request.contact_type.as_deref().cloned().unwrap_or_else(|| "".into());
    contact_info.insert("type".to_owned(), kind);
    contact_info.insert("name".to_owned(), name.clone().into());
    let subject = match call_log.get("customSubject") {
        Some(custom) if !custom.is_null() => to_text(custom).into_owned(),
        _ => {
            let direction = call_log.get("direction").map_or("undefined".into(), to_text);
            let word = if direction == "Outbound" { "to" } else { "from" };
            format!("{direction} Call {word} {name}")
        }
    };
    let (start_time, end_time) =
        times(call_log.get("startTime"), call_log.get("duration"), "logInfo.startTime")?;
    let of_voicemail = |pointer: &str| call_log.pointer(pointer).cloned().map(Given::from);
    request.voicemail_link = request.voicemail_link.or_else(|| of_voicemail("/voicemail/link"));
    request.voicemail_message_id =
        request.voicemail_message_id.or_else(|| of_voicemail("/voicemail/messageId"));
    Ok(CreateCallLog {
        contact_info: Value::Object(contact_info),
        subject,
        start_time,
        end_time,
        composed_log_details: String::new(),
        hashed_account_id: account_hash(services, &caller, call_log.get("accountId")),
        assigned_user_id: None,
        is_from_sscl: caller.is_from_sscl,
        call_log,
        idempotency_key: None,
        request: request.into_value(),
    })
}

/// The hash of the account: the caller's own, else that of the account that the request names; `None` if it names
/// none (Q93).
pub(super) fn account_hash(services: &Services, caller: &Caller, account: Option<&Value>) -> Option<String> {
    let of_request = || account.and_then(id_text).map(|id| hashed(services, &id));
    caller.hashed_account_id.clone().or_else(of_request)
}

/// Start and end, ISO 8601. A start that cannot be read is refused before anything is sent (Q31);
/// a call without a start has neither (Q49).
pub(super) fn times(
    start: Option<&Value>,
    duration: Option<&Value>,
    member: &str,
) -> Result<(Option<String>, Option<String>), Refusal> {
    let Some(start) = start.filter(|start| !start.is_null()) else {
        return Ok((None, None));
    };
    let Some(instant) = parse_client_time(start) else {
        return Err(refusal(
            format!(
                "The call's start time cannot be read ({member}). Send ISO 8601 or milliseconds since 1970."
            ),
            5000,
        ));
    };
    let seconds = match duration {
        Some(Value::String(text)) => text.trim().parse().unwrap_or(0.0),
        other => other.and_then(Value::as_f64).unwrap_or(0.0),
    };
    let end = add_seconds(instant, seconds).map(to_iso);
    Ok((Some(to_iso(instant)), end))
}

fn is_id(value: &Value) -> bool {
    id_text(value).is_some_and(|id| !id.is_empty()) && value.as_f64() != Some(0.0)
}
