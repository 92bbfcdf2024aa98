//! The CRM's own explanation of a failure, wherever its answer has it: bounded, one line of plain
//! text. Credentials were masked before it gets here.

mod fields;

use serde_json::{Map, Value};

use self::fields::{by_field, field_of, in_details};
use super::plain_text::plain_text;
use crate::engine::decode::{self, Sort};
use crate::engine::failure::{FailedResponse, Failure};
use crate::engine::text::{head, is_named, one_line, to_text};

/// The longest explanation, in characters.
const MAX_CHARACTERS: usize = 300;

/// How much of a text is looked at for it, with its tags and entities.
pub(super) const MAX_BYTES: usize = 4 * 1024;

/// How deep it is looked for.
const MAX_DEPTH: usize = 6;

/// How many of a list's errors are told.
const MAX_ERRORS: usize = 3;

/// Members that hold a sentence or lead to one, the likeliest first; in any case, with any separators.
const SENTENCES: &[&str] = &[
    "message",
    "errordescription",
    "errormessage",
    "errortext",
    "errormsg",
    "errmsg",
    "detailmessage",
    "defaultmessage",
    "diagnostics",
    "detail",
    "description",
    "msg",
    "responsemessage",
    "longmessage",
    "error",
    "err",
    "title",
    "faultstring",
    "fault",
    "reason",
    "errorinfo",
    "value",
    "data",
    "result",
    "status",
    "response",
    "responsestatus",
    "meta",
];

/// Members that hold one error for each field.
const LISTS: &[&str] = &[
    "errors",
    "fielderrors",
    "validationerrors",
    "validationmessages",
    "usererrors",
    "modelstate",
    "details",
    "oerrordetails",
    "errordetails",
    "invalidparams",
    "violations",
    "constraintviolations",
    "fieldviolations",
    "issue",
    "messages",
];

/// Members that name a reason for programs: better than no reason.
const CODES: &[&str] = &["errorcode", "code", "errcode", "resultcode"];

/// Members that list the rights that are missing.
const RIGHTS: &[&str] = &["requiredscopes", "missingscopes", "neededscopes", "requiredpermissions", "needed"];

/// The explanation, where the answer has one.
pub(super) fn own_words(failure: &Failure) -> Option<String> {
    let FailedResponse { headers, body } = failure.response.as_deref()?;
    let words = match body {
        Value::String(text) => in_text(text, decode::content_type(headers))?,
        Value::Object(members) => {
            let words =
                find(body, MAX_DEPTH).or_else(|| by_field(members, MAX_DEPTH)).or_else(|| code(members))?;
            with_rights(words, body)
        }
        _ => with_rights(find(body, MAX_DEPTH)?, body),
    };
    Some(one_line(&plain_text(head(&words, MAX_BYTES)), MAX_CHARACTERS)).filter(|line| !line.is_empty())
}

/// Elements of XML that hold a sentence.
const ELEMENTS: &[&str] =
    &["message", "faultstring", "errormessage", "description", "detail", "text", "reason", "error", "title"];

/// A sentence, or the one in XML; of a web page, its title. JSON that was cut off is not meant for people.
fn in_text(text: &str, content_type: Option<&str>) -> Option<String> {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) {
        return None;
    }
    let elements = match decode::sort(text, content_type) {
        // Plain words, whatever their content type.
        _ if !start.starts_with('<') => return Some(text.to_owned()),
        Sort::Page => &["title"][..],
        _ => ELEMENTS,
    };
    // The same length as the text, so that places in one are places in the other.
    let lower = text.to_ascii_lowercase();
    elements.iter().find_map(|name| {
        let (at, _) = lower.match_indices(name).find(|(at, _)| {
            lower[..*at].ends_with(['<', ':']) && lower[at + name.len()..].starts_with(['>', ' '])
        })?;
        let content = at + lower[at..].find('>')? + 1;
        let end = content + lower[content..].find("</")?;
        Some(text[content..end].trim().to_owned()).filter(|words| !words.is_empty() && !words.contains('<'))
    })
}

fn find(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Array(items) if depth > 0 => list(items, depth),
        Value::Object(members) if depth > 0 => {
            let sentence = SENTENCES.iter().find_map(|name| {
                let value = member(members, name)?;
                // A word such as `error` says nothing.
                let is_state = matches!(*name, "status" | "result" | "data" | "response" | "meta");
                if is_state && value.is_string() { None } else { find(value, depth - 1) }
            });
            let errors =
                LISTS.iter().find_map(|name| errors(member(members, name)?, *name == "details", depth - 1));
            // A general sentence, and below it the one that says why (Odoo).
            let inner = member(members, "data").filter(|inner| inner.is_object());
            let inner = inner
                .and_then(|inner| find(inner, depth - 1))
                .filter(|words| Some(words) != sentence.as_ref());
            let field = in_details(members);
            match (sentence, errors.or(inner).or(field)) {
                (Some(sentence), Some(errors)) if sentence.contains(&errors) => Some(sentence),
                (Some(sentence), Some(errors)) => {
                    Some(format!("{}: {errors}", sentence.trim_end_matches(['.', ':', ' '])))
                }
                (sentence, errors) => sentence.or(errors).or_else(|| only(members, depth)),
            }
        }
        _ => None,
    }
}

/// What is inside where there is nothing but one object, such as a field of GraphQL.
fn only(members: &Map<String, Value>, depth: usize) -> Option<String> {
    let mut filled = members.values().filter(|value| !value.is_null());
    match (filled.next(), filled.next()) {
        (Some(inner @ Value::Object(_)), None) => find(inner, depth - 1),
        _ => None,
    }
}

/// The member of this name, in any case and with any separators.
fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.iter().find(|(key, _)| is_named(key, name)).map(|(_, value)| value)
}

fn list(items: &[Value], depth: usize) -> Option<String> {
    let found = items.iter().filter_map(|item| one_error(item, depth - 1)).take(MAX_ERRORS);
    joined(found.collect())
}

fn joined(found: Vec<String>) -> Option<String> {
    (!found.is_empty()).then(|| found.join("; "))
}

/// One error of a list, with the field that it is about.
fn one_error(item: &Value, depth: usize) -> Option<String> {
    let Value::Object(members) = item else { return find(item, depth) };
    let words = find(item, depth).or_else(|| by_field(members, depth)).or_else(|| code(members))?;
    Some(match field_of(members) {
        Some(field) => fields::about(&field, words),
        None => words,
    })
}

/// What stands below `errors`: a list, a text, or an object whose keys are the fields.
fn errors(value: &Value, is_details: bool, depth: usize) -> Option<String> {
    let Value::Object(members) = value else { return find(value, depth) };
    // An object of details is for programs, ids and limits, unless it has a text of its own (FHIR) or a
    // list for each field.
    if is_details {
        let text = member(members, "text").and_then(Value::as_str).map(str::to_owned);
        return text.or_else(|| by_field(members, depth));
    }
    if let Some(words) = find(value, depth) {
        return Some(words);
    }
    let found = members.iter().filter_map(|(field, value)| match value {
        Value::Number(_) | Value::Bool(_) => Some(format!("{field}: {}", to_text(value))),
        value => {
            let depth = depth.checked_sub(1)?;
            let words = find(value, depth).or_else(|| by_rule(value))?;
            Some(fields::about(field, words))
        }
    });
    joined(found.take(MAX_ERRORS).collect())
}

/// The sentences below a field, whose keys are the rules that it breaks (Laminas).
fn by_rule(value: &Value) -> Option<String> {
    let sentences = value.as_object()?.values().filter_map(Value::as_str).filter(|text| text.contains(' '));
    joined(sentences.take(MAX_ERRORS).map(str::to_owned).collect())
}

/// A code instead of a sentence.
fn code(members: &Map<String, Value>) -> Option<String> {
    let code = CODES.iter().find_map(|name| member(members, name)?.as_str());
    code.filter(|code| code.contains(|c: char| c.is_ascii_alphabetic())).map(str::to_owned)
}

/// The words, and which rights the CRM asks for.
fn with_rights(words: String, body: &Value) -> String {
    match rights(body, MAX_DEPTH) {
        Some(rights) if !words.contains(&rights) => {
            format!("{} (needed: {rights})", words.trim_end_matches(['.', ' ']))
        }
        _ => words,
    }
}

fn rights(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::Object(members) if depth > 0 => {
            let named = RIGHTS.iter().find_map(|name| match member(members, name)? {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                Value::Array(items) => {
                    let names: Vec<&str> = items.iter().filter_map(Value::as_str).take(MAX_ERRORS).collect();
                    (!names.is_empty()).then(|| names.join(", "))
                }
                _ => None,
            });
            named.or_else(|| members.values().find_map(|member| rights(member, depth - 1)))
        }
        Value::Array(items) if depth > 0 => {
            items.iter().take(MAX_ERRORS).find_map(|item| rights(item, depth - 1))
        }
        _ => None,
    }
}
