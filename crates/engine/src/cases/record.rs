//! A case from a live exchange.

use std::path::Path;

use http::HeaderName;
use serde_json::{Map, Value, json};

use super::redact::Redaction;
use super::{Case, Content, Outcome, RESULT, Wording, files, recorded_exchange, run, text};
use crate::config::operations::OperationName;
use crate::exchange::UpstreamResponse;
use crate::failure::Failure;
use crate::operation::CompiledDocument;
use crate::phone::parsed_phone_number;
use crate::trial::region;
use crate::variables::Variable;

/// What was sent and answered.
#[derive(Debug)]
pub struct Live<'a> {
    /// The document's file.
    pub document: &'a Path,
    /// The document as it was read.
    pub source: &'a Value,
    /// The document, ready to run.
    pub config: &'a CompiledDocument,
    /// What ran.
    pub operation: OperationName,
    /// The variables that the request was made from.
    pub variables: &'a Map<String, Value>,
    /// The same with every credential replaced by its name.
    pub masked: &'a Map<String, Value>,
    /// What the CRM answered.
    pub answered: Result<UpstreamResponse, Failure>,
    /// What users read about failures.
    pub wording: Wording,
}

/// A case that was made.
#[derive(Debug)]
pub struct Recorded {
    /// The files of its folder, by name.
    pub files: Vec<(&'static str, String)>,
    /// What was taken out, in words.
    pub redacted: String,
    /// Where something else comes of the redacted reply than of the one that came.
    pub changed: Vec<String>,
}

/// Makes a case: takes out credentials, personal data and `texts`, and expects what comes of the rest.
///
/// # Errors
/// If the CRM did not answer, or the files would not make a case: why.
pub fn record(live: &Live<'_>, description: &str, texts: &[String]) -> Result<Recorded, String> {
    let source = live.source.to_string().to_ascii_lowercase();
    let keeps = |name: &HeaderName| is_kept(name.as_str(), &source);
    let reply = recorded_exchange::response_file(&live.answered, &keeps).ok_or("the CRM did not answer")?;
    let raw = outcome(live, live.variables.clone(), &reply)?;
    let mut redaction = Redaction::new(live.variables, live.masked, texts).keeping_literals_of(live.source);
    let masked = Value::Object(live.masked.clone());
    redaction.collect(&masked);
    redaction.collect(&reply);
    // What the document reads as a name is one, whatever the CRM calls it.
    raw.actual.iter().filter(|(file, _)| *file == RESULT).for_each(|(_, result)| redaction.collect(result));
    let mut input = match redaction.apply(&masked) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if input.contains_key("parsedPhoneNumber")
        && let Some(number) = input.get("phoneNumber").and_then(Value::as_str)
    {
        input
            .insert("parsedPhoneNumber".to_owned(), parsed_phone_number(number, region(live.config, &input)));
    }
    // What another recording would have another of.
    for variable in [Variable::IdempotencyKey, Variable::Now] {
        if let Some(value) = input.get_mut(variable.name()) {
            *value = serde_json::from_str(variable.example()).unwrap_or_default();
        }
    }
    let reply = redaction.apply(&reply);
    let redacted = outcome(live, input.clone(), &reply)?;
    let mut files = vec![
        ("case.json", text(&json!({"operation": live.operation.as_str(), "description": description}))),
        ("input.json", text(&Value::Object(input))),
        ("response.json", text(&reply)),
    ];
    files.extend(redacted.actual.iter().map(|(file, value)| (*file, text(value))));
    Ok(Recorded { files, redacted: redaction.summary(), changed: changes(&raw, &redacted) })
}

/// Headers that say something about a reply: what clients act on, and what the document names.
fn is_kept(name: &str, source: &str) -> bool {
    match name {
        "content-type" | "retry-after" => true,
        "set-cookie" | "authorization" | "www-authenticate" => false,
        name => source.contains(&format!("headers.{name}")) || source.contains(&format!("\"{name}\"")),
    }
}

fn outcome(live: &Live<'_>, input: Map<String, Value>, reply: &Value) -> Result<Outcome, String> {
    let reply = reply.as_object().ok_or("a reply is an object")?;
    let content = Content {
        operation: live.operation,
        description: String::new(),
        input,
        response: recorded_exchange::response(reply)?,
        request: None,
        result: None,
    };
    let case = Case {
        proxy_id: files::proxy_id(live.document),
        config: live.document.to_owned(),
        name: String::new(),
        directory: live.document.to_owned(),
        content: Ok(content),
    };
    let outcome = run(&case, live.config, live.wording);
    outcome.error.clone().map_or(Ok(outcome), Err)
}

/// Where the shapes of two results differ: a value that is missing in one, or of another type.
fn changes(raw: &Outcome, redacted: &Outcome) -> Vec<String> {
    let result = |outcome: &Outcome| {
        outcome.actual.iter().find(|(file, _)| *file == RESULT).map(|(_, value)| value.clone())
    };
    let mut changed = Vec::new();
    if raw.rule != redacted.rule {
        changed.push("another error rule fits".to_owned());
    }
    let (raw, redacted) = (result(raw).unwrap_or_default(), result(redacted).unwrap_or_default());
    compare(String::new(), &raw, &redacted, &mut changed);
    changed
}

fn compare(at: String, one: &Value, other: &Value, changed: &mut Vec<String>) {
    use crate::config::pointer::join;
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            for (key, member) in one {
                compare(join(&at, key), member, &other[key], changed);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (item, other)) in one.iter().zip(other).enumerate() {
                compare(format!("{at}/{index}"), item, other, changed);
            }
        }
        (Value::Object(_), _) | (Value::Array(_), _) => changed.push(format!("result.json {at}")),
        (one, other) if std::mem::discriminant(one) != std::mem::discriminant(other) => {
            changed.push(format!("result.json {at}"));
        }
        _ => {}
    }
}
