//! `call-log` and `message-store` of an extension.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::caller::Caller;
use super::history::{self, Call, Message, Range};
use super::people::Person;
use super::reply::{Paging, RcError};
use crate::sandbox::Shared;
use crate::sandbox::oauth::Form;

/// The longest page, as at RingCentral.
const LONGEST_PAGE: usize = 1000;

/// A page where none is asked for, as at RingCentral.
const PAGE: usize = 100;

pub(super) async fn calls(
    shared: Data<Shared>,
    caller: Caller,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, RcError> {
    let (person, range, paging, now) = asked(&shared, &caller, &path, &request)?;
    let all: Vec<Value> =
        history::calls(person, range, now).iter().map(|call| call_record(person, call)).collect();
    Ok(HttpResponse::Ok().json(paging.of(&request, &all)))
}

pub(super) async fn messages(
    shared: Data<Shared>,
    caller: Caller,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, RcError> {
    let (person, range, paging, now) = asked(&shared, &caller, &path, &request)?;
    let all = history::messages(person, range, now);
    let all: Vec<Value> = all.iter().map(|message| message_record(person, message)).collect();
    Ok(HttpResponse::Ok().json(paging.of(&request, &all)))
}

fn asked(
    shared: &Shared,
    caller: &Caller,
    path: &(String, String),
    request: &HttpRequest,
) -> Result<(&'static Person, Range, Paging, Timestamp), RcError> {
    let person = caller.extension(&path.0, &path.1)?;
    let now = shared.crm().now();
    let form = Form::decoded(request.query_string().as_bytes());
    let to = time(&form, "dateTo")?.unwrap_or(now);
    // RingCentral: the last 24 hours.
    let from = time(&form, "dateFrom")?.unwrap_or(now - 24.hours());
    if to < from {
        return Err(RcError::parameter("dateTo", "is before dateFrom"));
    }
    let page = count(&form, "page", usize::MAX)?.unwrap_or(1);
    let per_page = count(&form, "perPage", LONGEST_PAGE)?.unwrap_or(PAGE);
    Ok((person, Range { from, to }, Paging { page, per_page }, now))
}

fn time(form: &Form, name: &str) -> Result<Option<Timestamp>, RcError> {
    let read = |text: &str| {
        text.parse().map_err(|_| RcError::parameter(name, "must be like 2026-03-02T09:00:00.000Z"))
    };
    form.text(name).map(read).transpose()
}

fn count(form: &Form, name: &str, largest: usize) -> Result<Option<usize>, RcError> {
    let read = |text: &str| {
        let number = text.parse().ok().filter(|number| (1..=largest).contains(number));
        number.ok_or_else(|| RcError::parameter(name, "must be a whole number from 1 within the limit"))
    };
    form.text(name).map(read).transpose()
}

fn call_record(person: &Person, call: &Call) -> Value {
    let own = json!({
        "phoneNumber": person.phone, "extensionNumber": person.number, "name": person.name(),
    });
    let peer = json!({ "phoneNumber": call.peer });
    let (from, to) = if call.is_inbound { (peer, own) } else { (own, peer) };
    json!({
        "id": call.id,
        "sessionId": call.id,
        "telephonySessionId": format!("s-{}", call.id),
        "startTime": call.at,
        "duration": call.seconds,
        "type": "Voice",
        "internalType": "LongDistance",
        "direction": direction(call.is_inbound),
        "action": if call.is_inbound { "Phone Call" } else { "VoIP Call" },
        "result": call.result,
        "from": from,
        "to": to,
    })
}

fn message_record(person: &Person, message: &Message) -> Value {
    let own = json!({ "phoneNumber": person.phone, "name": person.name() });
    let peer = json!({ "phoneNumber": message.peer });
    let (from, to) = if message.is_inbound { (peer, own) } else { (own, peer) };
    json!({
        "id": message.id,
        "type": message.kind,
        "direction": direction(message.is_inbound),
        "creationTime": message.at,
        "lastModifiedTime": message.at,
        "readStatus": "Read",
        "messageStatus": if message.is_inbound { "Received" } else { "Sent" },
        "subject": (message.kind == "SMS").then_some("See you tomorrow at ten."),
        "from": from,
        "to": [to],
    })
}

fn direction(is_inbound: bool) -> &'static str {
    if is_inbound { "Inbound" } else { "Outbound" }
}
