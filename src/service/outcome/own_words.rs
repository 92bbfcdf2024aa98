//! The CRM's own explanation of a failure, wherever its answer has it: bounded, one line of plain
//! text. Credentials were masked before it gets here.

use serde_json::{Map, Value};

use crate::engine::failure::Failure;
use crate::engine::text::{one_line, to_text};

/// The longest explanation, in characters.
const MAX_CHARACTERS: usize = 300;

/// How deep it is looked for.
const MAX_DEPTH: usize = 5;

/// How many of a list's errors are told.
const MAX_ERRORS: usize = 3;

/// Members that hold a sentence or lead to one, the likeliest first; in any case.
const SENTENCES: &[&str] = &[
    "message",
    "error_description",
    "errormessage",
    "error_message",
    "detail",
    "description",
    "msg",
    "error",
    "title",
    "faultstring",
    "fault",
    "reason",
    "value",
    "data",
    "o:errordetails",
];

/// Members that hold one error for each field.
const LISTS: &[&str] =
    &["errors", "fielderrors", "field_errors", "validationerrors", "validation_errors", "details"];

/// Members of a field's error that name the field.
const FIELDS: &[&str] = &["field", "property", "fieldname", "name", "path"];

/// The explanation, where the answer has one.
pub(super) fn own_words(failure: &Failure) -> Option<String> {
    let body = &failure.response.as_ref()?.body;
    let words = match body {
        // A page, or JSON that was cut off, is not meant for people who use a phone.
        Value::String(text) if text.trim_start().starts_with(['<', '{', '[']) => return None,
        Value::String(text) => text.clone(),
        _ => find(body, MAX_DEPTH)?,
    };
    Some(one_line(&words, MAX_CHARACTERS)).filter(|line| !line.is_empty())
}

fn find(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Array(items) if depth > 0 => list(items, depth),
        Value::Object(members) if depth > 0 => {
            let sentence = SENTENCES.iter().find_map(|name| find(member(members, name)?, depth - 1));
            let errors = LISTS.iter().find_map(|name| {
                let errors_of = member(members, name)?;
                // An object of details is for programs: ids, limits, names of classes.
                let is_technical = *name == "details" && errors_of.is_object();
                if is_technical { None } else { errors(errors_of, depth - 1) }
            });
            match (sentence, errors) {
                (Some(sentence), Some(errors)) if sentence != errors => {
                    Some(format!("{}: {errors}", sentence.trim_end_matches(['.', ':', ' '])))
                }
                (sentence, errors) => sentence.or(errors),
            }
        }
        _ => None,
    }
}

fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn list(items: &[Value], depth: usize) -> Option<String> {
    let found: Vec<String> =
        items.iter().filter_map(|item| one_error(item, depth - 1)).take(MAX_ERRORS).collect();
    (!found.is_empty()).then(|| found.join("; "))
}

/// One error of a list, with the field that it is about.
fn one_error(item: &Value, depth: usize) -> Option<String> {
    let words = find(item, depth)?;
    let field = item.as_object().and_then(|members| {
        FIELDS.iter().find_map(|name| member(members, name)?.as_str()).filter(|field| !words.contains(field))
    });
    Some(match field {
        Some(field) => format!("{field}: {words}"),
        None => words,
    })
}

/// What stands below `errors`: a list, a text, or an object whose keys are the fields.
fn errors(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::Object(fields) if depth > 0 => {
            if let Some(words) = find(value, depth) {
                return Some(words);
            }
            let found: Vec<String> = fields
                .iter()
                .filter_map(|(field, value)| match value {
                    Value::Number(_) | Value::Bool(_) => Some(format!("{field}: {}", to_text(value))),
                    value => Some(format!("{field}: {}", find(value, depth - 1)?)),
                })
                .take(MAX_ERRORS)
                .collect();
            (!found.is_empty()).then(|| found.join("; "))
        }
        value => find(value, depth),
    }
}
