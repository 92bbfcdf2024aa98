//! Errors by field: which field an error is about, and objects whose keys are the fields.

use serde_json::{Map, Value};

use super::{MAX_ERRORS, find, joined, member};

/// Members of an error that name its field.
const FIELDS: &[&str] = &[
    "field",
    "property",
    "fieldname",
    "propertyname",
    "propertypath",
    "apiname",
    "attribute",
    "param",
    "parameter",
    "name",
    "path",
    "target",
    "expression",
    "location",
    "loc",
    "fields",
    "key",
];

/// Members of an error that hold such a member.
const HOLDERS: &[&str] = &["source", "details", "context", "extensions", "meta"];

/// Keys of errors that are about no field in particular (Django, Rails).
const NO_FIELDS: &[&str] =
    &["non_field_errors", "nonFieldErrors", "__all__", "base", "_schema", "general", ""];

/// The field that an error is about.
pub(super) fn field_of(members: &Map<String, Value>) -> Option<String> {
    named(members, FIELDS).or_else(|| {
        HOLDERS.iter().find_map(|holder| {
            let held = member(members, holder)?.as_object()?;
            named(held, &["pointer"]).or_else(|| named(held, FIELDS))
        })
    })
}

/// The field that the details of a lone error name (Zoho).
pub(super) fn in_details(members: &Map<String, Value>) -> Option<String> {
    let details = member(members, "details")?.as_object()?;
    named(details, &["apiname", "field", "fieldname"])
}

fn named(members: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let field = match member(members, name)? {
            Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
            Value::Array(items) => {
                let steps = items.iter().filter_map(Value::as_str).filter(|step| *step != "body");
                steps.collect::<Vec<_>>().join(".")
            }
            _ => return None,
        };
        Some(field).filter(|field| !field.is_empty() && field.chars().count() <= 80)
    })
}

/// An object whose keys are the fields, each with a list of errors or with an object of the same kind.
pub(super) fn by_field(members: &Map<String, Value>, depth: usize) -> Option<String> {
    let mut found = Vec::new();
    collect(members, "", depth, &mut found);
    joined(found)
}

fn collect(members: &Map<String, Value>, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for (key, value) in members {
        let field = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            _ if found.len() >= MAX_ERRORS => return,
            Value::Array(items) if items.iter().all(Value::is_string) => {
                let words: Vec<&str> = items.iter().filter_map(Value::as_str).take(MAX_ERRORS).collect();
                if !words.is_empty() {
                    found.push(about(&field, words.join(" ")));
                }
            }
            Value::Array(items) => {
                for item in items.iter().take(MAX_ERRORS) {
                    match (find(item, depth), item) {
                        (Some(words), _) => found.push(about(&field, words)),
                        (None, Value::Object(inner)) => collect(inner, &field, depth, found),
                        _ => {}
                    }
                }
                found.truncate(MAX_ERRORS);
            }
            Value::Object(inner) => collect(inner, &field, depth, found),
            Value::String(text) if is_complaint(text) => found.push(about(&field, text.clone())),
            _ => {}
        }
    }
}

/// Words with which a sentence says what is wrong with a value.
const COMPLAINTS: &[&str] = &[
    "is", "must", "should", "required", "invalid", "missing", "cannot", "can't", "not", "already", "too",
    "needs", "exceeds",
];

/// Whether a text that stands where a field's value stands says what is wrong with it. A value that came
/// back is not shown.
fn is_complaint(text: &str) -> bool {
    let mut words = text.split_whitespace();
    text.len() <= 200
        && !text.contains(|c: char| c == '@' || c.is_ascii_digit())
        && text.contains(' ')
        && words.any(|word| COMPLAINTS.iter().any(|known| word.trim_matches('.').eq_ignore_ascii_case(known)))
}

/// Words about a field.
pub(super) fn about(field: &str, words: String) -> String {
    if NO_FIELDS.contains(&field) || words.to_lowercase().contains(&field.to_lowercase()) {
        return words;
    }
    format!("{field}: {words}")
}
