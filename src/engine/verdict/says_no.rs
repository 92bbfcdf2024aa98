//! Whether JSON that came with a status of success says that nothing was done. CRMs have no common
//! shape for this; `fixtures/replies/` has what their documentation shows, and replies that only look
//! like it. A record is never taken for a refusal because of a field that is called `status` or `error`.

use serde_json::{Map, Value};

use super::wording::{sounds_like_failure, sounds_like_success};
use crate::engine::text::{is_named, to_text};

/// How deep a refusal may be wrapped, such as `data.updateCall`.
const MAX_DEPTH: usize = 4;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct No {
    /// Whether it is a flag that exists to say so: it counts even beside what the mapping wants.
    pub(super) is_flag: bool,
    /// The failing HTTP status that it names.
    pub(super) status: Option<u16>,
}

/// Flags of success.
const FLAGS: &[&str] = &["success", "ok", "successful", "succeeded", "issuccess", "issuccessful", "isok"];

/// Members that are there, or not empty, only where something failed.
const ERRORS: &[&str] = &[
    "error",
    "errors",
    "fault",
    "faults",
    "faultstring",
    "exception",
    "exceptions",
    "errorcode",
    "errcode",
    "errno",
    "errormessage",
    "errormessages",
    "errormsg",
    "errmsg",
    "errorinfo",
    "errordetails",
    "errordescription",
    "errortext",
    "errorlist",
    "fielderrors",
    "validationerrors",
    "usererrors",
    "modelstate",
    "iserror",
    "haserror",
    "haserrors",
];

/// Members whose word says how it went.
const STATES: &[&str] = &["status", "result", "stat", "outcome", "resultstatus", "requeststatus"];

/// Words of such members.
const BAD_STATES: &[&str] = &[
    "err",
    "fail",
    "failed",
    "failure",
    "nok",
    "notok",
    "ko",
    "exception",
    "unauthorized",
    "unauthenticated",
    "forbidden",
    "badrequest",
];

/// Members that name a status of HTTP.
const STATUSES: &[&str] = &[
    "status",
    "code",
    "statuscode",
    "httpstatus",
    "httpstatuscode",
    "httpcode",
    "errorstatus",
    "errorcode",
    "responsecode",
    "resultcode",
];

/// Codes that programs compare.
const CODES: &[&str] = &["code", "resultcode", "responsecode", "returncode", "statuscode"];

/// Sentences for people.
const MESSAGES: &[&str] =
    &["message", "msg", "detail", "description", "reason", "title", "statusmessage", "statustext"];

/// Members around an answer that say nothing about it.
const AROUND: &[&str] = &[
    "time",
    "timestamp",
    "requestid",
    "traceid",
    "correlationid",
    "meta",
    "metadata",
    "info",
    "links",
    "version",
    "apiversion",
    "extensions",
    "cost",
    "total",
    "count",
    "jsonrpc",
    "id",
];

/// Members that wrap what was asked for.
const PAYLOADS: &[&str] =
    &["data", "result", "results", "record", "records", "response", "items", "d", "body"];

/// Objects that say how it went, beside the payload.
const HEADS: &[&str] = &["status", "meta", "header", "head", "response", "result", "responsestatus"];

/// Whatever else refusals are made of.
const REFUSAL: &[&str] = &[
    "messages",
    "details",
    "type",
    "object",
    "instance",
    "category",
    "subcategory",
    "path",
    "trace",
    "stacktrace",
    "help",
    "helpurl",
    "moreinfo",
    "documentation",
    "documentationurl",
    "hint",
    "subcode",
    "debugid",
    "exceptiontype",
    "context",
    "field",
    "fields",
    "property",
    "severity",
    "level",
    "logref",
    "locale",
    "localizedmessage",
    "usermessage",
    "developermessage",
    "internalmessage",
    "innererror",
    "target",
    "needed",
    "provided",
    "retryafter",
    "method",
    "oerrordetails",
    "failed",
    "failure",
];

/// What a record is known by.
const IDS: &[&str] = &["id", "uuid", "guid", "recordid"];

/// Whether a reply's body says no.
pub(super) fn says_no(body: &Value) -> Option<No> {
    value(body, MAX_DEPTH)
}

/// Whether a name is that of a member of refusals: a text that stands there may be a refusal's words.
pub(super) fn is_refusals_word(name: &str) -> bool {
    is_envelope(name)
}

fn value(body: &Value, depth: usize) -> Option<No> {
    match body {
        Value::Object(members) if depth > 0 => object(members, depth),
        // Each item: where some were done, something was done.
        Value::Array(items) if depth > 0 && !items.is_empty() => {
            let mut all = None;
            for item in items {
                let no = object(item.as_object()?, depth - 1)?;
                all.get_or_insert(no);
            }
            all
        }
        Value::Bool(false) => Some(No { is_flag: false, status: None }),
        Value::String(text) => sounds_like_failure(text).then_some(No { is_flag: false, status: None }),
        _ => None,
    }
}

fn object(members: &Map<String, Value>, depth: usize) -> Option<No> {
    let is_outer = depth == MAX_DEPTH;
    let status = failing_status(members);
    let sign = Some(No { is_flag: false, status });
    let has_errors = all(members, ERRORS).any(is_error) || all(members, &["failed"]).any(|it| *it == true);
    let calls = get(members, "jsonrpc").is_some();
    if calls && has_errors {
        return Some(No { is_flag: true, status });
    }
    let is_identified = !calls && all(members, IDS).any(|id| !is_nothing(id));
    let others = members.iter().filter(|(name, value)| !is_nothing(value) && !is_envelope(name)).count();
    if all(members, FLAGS).any(is_no) && (is_outer || !is_identified) {
        return Some(No { is_flag: is_outer, status });
    }
    if all(members, FLAGS).any(is_yes) {
        return None;
    }
    if has_errors {
        let answered = get(members, "data").or_else(|| get(members, "result"));
        let is_partly_done = match answered {
            Some(Value::Object(fields)) => fields.values().any(|field| !is_nothing(field)),
            Some(Value::Array(items)) => {
                !items.is_empty() && value(&Value::Array(items.clone()), 1).is_none()
            }
            _ => false,
        };
        if !(is_partly_done || (is_identified && others > 0)) {
            return sign;
        }
    }
    if is_sugar_error(members) {
        return sign;
    }
    let mut filled = members
        .iter()
        .filter(|(name, value)| !is_nothing(value) && !AROUND.iter().any(|around| is_named(name, around)));
    let only = match (filled.next(), filled.next()) {
        (Some((_, only)), None) if !is_identified => Some(only),
        _ => None,
    };
    let is_wrapper = only.is_some_and(|only| only.is_object() || only.is_array());
    let is_record = is_identified || (others > 0 && !is_wrapper) || all(members, PAYLOADS).any(has_id);
    if is_record {
        return None;
    }
    let messages = || all(members, MESSAGES).filter_map(Value::as_str).filter(|text| !text.trim().is_empty());
    let has_words = || messages().next().is_some() || all(members, CODES).any(|code| !is_nothing(code));
    let is_bad_state = all(members, STATES).any(is_bad)
        || ["type", "object"].iter().any(|name| {
            let kind = get(members, name).and_then(Value::as_str).unwrap_or_default();
            kind.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"))
        });
    if is_bad_state && (is_outer || has_words()) {
        return sign;
    }
    if status.is_some() && !has_answer(members) {
        return sign;
    }
    let heads = all(members, HEADS).filter(|head| head.is_object());
    for head in heads {
        if let Some(no) = value(head, depth - 1) {
            return Some(No { is_flag: false, status: status.or(no.status) });
        }
    }
    let bad_code = all(members, CODES).any(|code| !is_nothing(code) && !is_good(code));
    if bad_code && !has_answer(members) && messages().next().is_some_and(|text| !sounds_like_success(text)) {
        return sign;
    }
    match only {
        // Nothing but a sentence.
        Some(Value::String(text)) if messages().next().is_some() && sounds_like_failure(text) => sign,
        Some(inner @ (Value::Object(_) | Value::Array(_))) => {
            value(inner, depth - 1).map(|no| No { is_flag: false, ..no })
        }
        _ => None,
    }
}

/// The error object of SugarCRM and SuiteCRM before version 8.
fn is_sugar_error(members: &Map<String, Value>) -> bool {
    let is_text = |name| get(members, name).is_some_and(Value::is_string);
    members.len() == 3
        && is_text("name")
        && is_text("description")
        && get(members, "number").is_some_and(|number| number.is_number() && !is_nothing(number))
}

/// Whether there is something besides words about how it went.
fn has_answer(members: &Map<String, Value>) -> bool {
    all(members, PAYLOADS).any(|payload| {
        !is_nothing(payload) && payload.as_str().is_none() && (payload.is_array() || has_id(payload))
    })
}

fn has_id(value: &Value) -> bool {
    match value {
        Value::Object(members) => all(members, IDS).any(|id| !is_nothing(id)),
        Value::Array(items) => items.first().is_some_and(has_id),
        _ => false,
    }
}

fn failing_status(members: &Map<String, Value>) -> Option<u16> {
    let own = all(members, STATUSES).find_map(failing);
    own.or_else(|| {
        let mut errors = all(members, &["error", "errors", "fault"]).filter_map(|error| match error {
            Value::Array(items) => items.first()?.as_object(),
            error => error.as_object(),
        });
        errors.find_map(|error| all(error, STATUSES).find_map(failing))
    })
}

fn failing(value: &Value) -> Option<u16> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.trim().get(..3).filter(|_| text.trim().len() == 3)?.parse().ok()?,
        _ => return None,
    };
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

fn is_no(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => ["false", "0", "no", "n", "fail", "failed", "failure", "error"]
            .iter()
            .any(|no| text.trim().eq_ignore_ascii_case(no)),
        _ => false,
    }
}

fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            ["true", "1", "yes", "y", "ok"].iter().any(|yes| text.trim().eq_ignore_ascii_case(yes))
        }
        _ => false,
    }
}

/// Whether what stands where errors stand is one.
fn is_error(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let good = ["", "0", "false", "null", "none", "no", "n/a", "no error", "noerror", "no_error"];
            !good.iter().any(|good| text.eq_ignore_ascii_case(good)) && !is_good_word(text)
        }
        Value::Array(items) => items.iter().any(is_error),
        Value::Object(members) => {
            let code = all(members, &["code", "errorcode", "errno"]).find(|code| !code.is_null());
            let sentence = all(members, MESSAGES).find_map(Value::as_str).unwrap_or_default();
            match code {
                Some(code) if is_good(code) => !sentence.is_empty() && !sounds_like_success(sentence),
                Some(_) => true,
                None => members.values().any(is_error),
            }
        }
        value => !is_nothing(value),
    }
}

fn is_bad(value: &Value) -> bool {
    let Value::String(text) = value else { return false };
    let text = text.trim();
    text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"))
        || BAD_STATES.iter().any(|bad| is_named(text, bad))
}

/// Whether a code is one of success.
fn is_good(code: &Value) -> bool {
    match code {
        Value::Number(number) => number.as_f64() == Some(0.0) || number.as_u64().is_some_and(is_success),
        code => is_good_word(&to_text(code)),
    }
}

fn is_good_word(text: &str) -> bool {
    let text = text.trim();
    text.parse().is_ok_and(is_success)
        || text == "0"
        || text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("success"))
        || ["ok", "done", "created", "updated", "saved", "accepted", "completed"]
            .iter()
            .any(|good| text.eq_ignore_ascii_case(good))
}

fn is_success(status: u64) -> bool {
    (200..300).contains(&status)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn is_envelope(name: &str) -> bool {
    [FLAGS, ERRORS, STATES, STATUSES, CODES, MESSAGES, AROUND, PAYLOADS, HEADS, REFUSAL]
        .iter()
        .any(|names| names.iter().any(|known| is_named(name, known)))
        || name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"))
}

/// The members of these names.
fn all<'v>(
    members: &'v Map<String, Value>,
    names: &'static [&'static str],
) -> impl Iterator<Item = &'v Value> {
    members.iter().filter(|(key, _)| names.iter().any(|name| is_named(key, name))).map(|(_, value)| value)
}

fn get<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.iter().find(|(key, _)| is_named(key, name)).map(|(_, value)| value)
}
