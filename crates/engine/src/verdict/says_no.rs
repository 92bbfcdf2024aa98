//! Whether JSON that came with a status of success says that nothing was done. CRMs have no common
//! shape for this; `fixtures/replies/` has what their documentation shows, and replies that only look
//! like it. A record is never taken for a refusal because of a field that is called `status` or `error`.

mod names;

use serde_json::{Map, Value};

use self::names::*;
use super::wording::{sounds_like_failure, sounds_like_success};
use crate::text::{head, is_named, to_text};

/// How deep a refusal may be wrapped, such as `data.updateCall`.
const MAX_DEPTH: usize = 4;

/// The longest text that is looked into for JSON, in bytes.
const LONGEST_INNER: usize = 64 * 1024;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct No {
    /// Whether it is a flag that exists to say so: it counts even beside what the mapping wants.
    pub(super) is_flag: bool,
    /// The failing HTTP status that it names.
    pub(super) status: Option<u16>,
}

/// Whether a reply's body says no.
pub(super) fn says_no(body: &Value) -> Option<No> {
    value(body, MAX_DEPTH)
}

/// Whether a form (`success=false&message=…`) or a call of a function (JSONP) says no.
pub(super) fn wrapped_says_no(text: &str) -> bool {
    let text = text.trim();
    let called = text.trim_end_matches(';').strip_suffix(')').and_then(|text| text.split_once('('));
    if let Some((name, inner)) = called
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.$".contains(&b))
    {
        return json_inside(inner).is_some_and(|inner| says_no(&inner).is_some());
    }
    let is_form = text.contains('=') && !text.contains(|c: char| c.is_whitespace() || "<>{}".contains(c));
    is_form && {
        let pairs = url::form_urlencoded::parse(head(text, LONGEST_INNER).as_bytes());
        let members = pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
        says_no(&Value::Object(members.collect())).is_some()
    }
}

/// Whether a name is that of a member of refusals: a text that stands there may be a refusal's words.
pub(crate) fn is_refusals_word(name: &str) -> bool {
    is_envelope(name)
}

fn value(body: &Value, depth: usize) -> Option<No> {
    match body {
        Value::Object(members) if depth > 0 => object(members, depth),
        Value::Array(items) if depth > 0 => list(items, depth - 1),
        Value::Bool(false) => Some(No { is_flag: false, status: None }),
        Value::String(text) => match json_inside(text).filter(|_| depth > 0) {
            Some(inner) => value(&inner, depth - 1),
            None => sounds_like_failure(text).then_some(No { is_flag: false, status: None }),
        },
        _ => None,
    }
}

/// Whether every item says no: if some were done, something was done.
fn list(items: &[Value], depth: usize) -> Option<No> {
    let mut all = None;
    for item in items {
        let no = object(item.as_object()?, depth)?;
        all.get_or_insert(No { is_flag: false, ..no });
    }
    all
}

/// The object or list of a text that is JSON itself (Apex, ASP.NET).
fn json_inside(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.len() > LONGEST_INNER || !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn object(members: &Map<String, Value>, depth: usize) -> Option<No> {
    if depth == 0 {
        return None;
    }
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
    let messages = || all(members, MESSAGES).filter_map(Value::as_str).filter(|text| !text.trim().is_empty());
    if is_identified && others == 0 && has_errors_id(members, status) {
        return Some(No { is_flag: true, status });
    }
    if all(members, FLAGS).any(is_no) && (is_outer || !is_identified || others == 0) {
        return Some(No { is_flag: is_outer || is_identified, status });
    }
    if all(members, FLAGS).any(is_yes) {
        return None;
    }
    if has_errors && !is_partly_done(members) && !(is_identified && others > 0) {
        return sign;
    }
    if is_sugar_error(members) {
        return sign;
    }
    let mut filled = members
        .iter()
        .filter(|(name, value)| !is_nothing(value) && !AROUND.iter().any(|around| is_named(name, around)));
    let only = match (filled.next(), filled.next()) {
        (Some(only), None) if !is_identified => Some(only),
        _ => None,
    };
    // A flag of what was asked for, beside its id.
    let mut records = all(members, PAYLOADS).filter(|payload| has_id(payload)).filter_map(Value::as_object);
    if let Some(no) = records.find_map(|record| object(record, depth - 1).filter(|no| no.is_flag)) {
        return Some(no);
    }
    let is_wrapper = only.is_some_and(|(_, only)| only.is_object() || only.is_array());
    let is_record = is_identified || (others > 0 && !is_wrapper) || all(members, PAYLOADS).any(has_id);
    if is_record {
        return None;
    }
    if all(members, WEAK_FLAGS).any(is_no) || (is_outer && all(members, STATES).any(|state| *state == false))
    {
        return sign;
    }
    let has_words = || messages().next().is_some() || all(members, CODES).any(|code| !is_nothing(code));
    let regrets = || messages().next().is_some_and(|text| !sounds_like_success(text));
    let is_bad_state = all(members, STATES).any(is_bad)
        || ["type", "object"].iter().any(|name| {
            let kind = get(members, name).and_then(Value::as_str).unwrap_or_default();
            head(kind, 5).eq_ignore_ascii_case("error")
        });
    if is_bad_state && (is_outer || has_words()) {
        return sign;
    }
    if all(members, STATES).any(|state| is_word_of(state, WEAK_STATES)) && regrets() {
        return sign;
    }
    let is_answered = has_answer(members);
    if status.is_some() && !is_answered {
        return sign;
    }
    for head in all(members, HEADS).filter_map(Value::as_object) {
        if let Some(no) = object(head, depth - 1) {
            return Some(No { is_flag: false, status: status.or(no.status) });
        }
        if !is_answered && all(head, STATES).any(is_bad) {
            return sign;
        }
    }
    let bad_code = all(members, CODES).any(|code| !is_nothing(code) && !is_good(code));
    if bad_code && !is_answered && regrets() {
        return sign;
    }
    match only {
        // Nothing but a sentence.
        Some((name, Value::String(text))) if LONE.iter().any(|lone| is_named(name, lone)) => {
            if sounds_like_failure(text) {
                sign
            } else {
                None
            }
        }
        Some((_, Value::String(text))) => value(&json_inside(text)?, depth - 1),
        Some((_, inner @ (Value::Object(_) | Value::Array(_)))) => value(inner, depth - 1),
        _ => None,
    }
}

/// Whether an id beside nothing but words is that of an error: it is a word (Heroku, DigitalOcean) or a
/// status itself, or one stands beside it.
fn has_errors_id(members: &Map<String, Value>, status: Option<u16>) -> bool {
    let is_word = |id: &Value| {
        failing(id).is_some()
            || id
                .as_str()
                .is_some_and(|id| id.bytes().all(|b| b.is_ascii_alphabetic() || b"_-. ".contains(&b)))
    };
    let mut sentences = all(members, MESSAGES).filter_map(Value::as_str);
    match sentences.next() {
        Some(sentence) if !sounds_like_success(sentence) => {
            status.is_some() || (all(members, IDS).any(is_word) && sounds_like_failure(sentence))
        }
        _ => false,
    }
}

/// Whether some of what was asked was done in spite of errors, as with GraphQL.
fn is_partly_done(members: &Map<String, Value>) -> bool {
    match get(members, "data").or_else(|| get(members, "result")) {
        Some(Value::Object(fields)) => fields.values().any(|field| !is_nothing(field)),
        Some(Value::Array(items)) => !items.is_empty() && list(items, 1).is_none(),
        _ => false,
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
            !good.iter().any(|good| text.eq_ignore_ascii_case(good))
                && !head(text, 9).eq_ignore_ascii_case("no errors")
                && !is_good_word(text)
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
    let starts = |text: &str| head(text.trim(), 5).eq_ignore_ascii_case("error");
    value.as_str().is_some_and(starts) || is_word_of(value, BAD_STATES)
}

fn is_word_of(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|text| words.iter().any(|word| is_named(text, word)))
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
        || (!text.is_empty() && text.bytes().all(|b| b == b'0'))
        || head(text, 7).eq_ignore_ascii_case("success")
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
    [FLAGS, WEAK_FLAGS, ERRORS, STATES, STATUSES, CODES, MESSAGES, AROUND, PAYLOADS, HEADS, REFUSAL]
        .iter()
        .any(|names| names.iter().any(|known| is_named(name, known)))
        || head(name, 5).eq_ignore_ascii_case("error")
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
