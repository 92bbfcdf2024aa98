//! `app-connect import curl`

mod command;

use std::io::Read as _;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use url::Url;

use command::Request;

use super::draft::Draft;
use super::{mapping, placeholder, target};
use crate::cli::CliError;
use crate::config::operations::OperationName;
use crate::engine::cases::redact::is_secret_key;
use crate::engine::looks_secret;

/// Makes an operation from a curl command, as browsers and vendors' pages give it. Credentials become
/// templates; the numbers and addresses of people become placeholders.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The command, as one quoted text; - or nothing reads standard input.
    command: Option<String>,
    /// Read the command from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    file: Option<PathBuf>,
    #[command(flatten)]
    target: target::Arguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let text = match (&arguments.command, &arguments.file) {
        (Some(command), _) if command != "-" => command.clone(),
        (_, Some(path)) => {
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?
        }
        _ => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
            text
        }
    };
    let request = Request::read(&text).map_err(|problem| format!("the curl command: {problem}"))?;
    arguments.target.deliver(&request.draft(arguments.target.operation)?)
}

/// Headers that the client sets, or that say something about a browser only.
const CLIENTS: &[&str] = &[
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "accept-language",
    "user-agent",
    "origin",
    "referer",
    "dnt",
    "priority",
    "pragma",
    "cache-control",
    "if-none-match",
    "if-modified-since",
    "te",
    "upgrade-insecure-requests",
];

impl Request {
    fn draft(&self, operation: Option<OperationName>) -> Result<Draft, String> {
        let text = self.url.as_deref().ok_or("the curl command: it has no address")?;
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&with_scheme)
            .map_err(|error| format!("the curl command: its address cannot be read: {error}"))?;
        let mut draft = Draft {
            base_url: url.origin().ascii_serialization(),
            path: path(&url, operation),
            mapping: operation.and_then(|operation| mapping::mapping(operation, None)),
            ..Draft::default()
        };
        for (name, value) in url.query_pairs() {
            add(&mut draft.query, &name, value_of(operation, &name, &Value::from(&*value)));
        }
        self.read_headers(&mut draft);
        if self.user || !url.username().is_empty() || url.password().is_some() {
            draft.auth = Some(basic());
        } else if self.bearer {
            draft.auth = Some(scheme("Bearer"));
        }
        let sends = self.read_body(operation, &mut draft);
        draft.method = match &self.method {
            Some(method) => method.clone(),
            None if sends => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        if operation.is_none() {
            draft.notes.push("with --as OPERATION its variables and its mapping are proposed".to_owned());
        }
        Ok(draft)
    }

    fn read_headers(&self, draft: &mut Draft) {
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            if lower == "authorization" {
                draft.auth = Some(match value.split_once(' ') {
                    Some((word, _)) if word.eq_ignore_ascii_case("basic") => basic(),
                    Some((word, _)) if !looks_secret("", word) => scheme(word),
                    _ => json!({"type": "apiKey", "credentialTemplate": "{{apiKey}}", "encode": "none"}),
                });
            } else if lower == "cookie" {
                draft.notes.push(
                    "a cookie is left out: it is the session of a browser; ask the CRM's documentation for an API key"
                        .to_owned(),
                );
            } else if is_secret(name, value) {
                if draft.auth.is_none() {
                    draft.auth = Some(json!({
                        "type": "apiKey", "headerName": name, "credentialTemplate": "{{apiKey}}", "encode": "none",
                    }));
                } else {
                    draft.headers.insert(name.clone(), "{{apiKey}}".into());
                }
            } else if !(CLIENTS.contains(&lower.as_str())
                || lower.starts_with("sec-")
                || lower.starts_with("x-requested-with")
                || (lower == "accept" && value.contains("*/*"))
                || lower == "content-type")
            {
                draft.headers.insert(name.clone(), value.as_str().into());
            }
        }
    }

    /// The body, and with `--get` what goes into the query. Whether one is sent.
    fn read_body(&self, operation: Option<OperationName>, draft: &mut Draft) -> bool {
        if !self.fields.is_empty() {
            draft.body = Some(fields(
                operation,
                self.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())),
            ));
            draft.headers.insert("Content-Type".to_owned(), "multipart/form-data".into());
            return true;
        }
        if self.data.is_empty() {
            return false;
        }
        let text = self.data.join(if self.json { "" } else { "&" });
        if self.get {
            for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
                add(&mut draft.query, &name, value_of(operation, &name, &Value::from(&*value)));
            }
            return false;
        }
        let content_type = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = content_type.map(|(_, value)| value.as_str());
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            draft.body = Some(value_of(operation, "", &value));
            if let Some(other) = content_type.filter(|value| !value.starts_with("application/json")) {
                draft.headers.insert("Content-Type".to_owned(), other.into());
            }
            return true;
        }
        match content_type {
            Some(other) if !other.contains("x-www-form-urlencoded") => {
                // A text of its own may hold anything: none of it is taken over.
                draft.body = Some(placeholder::open("body").into());
                draft.headers.insert("Content-Type".to_owned(), other.into());
                draft.notes.push("the body is no JSON and no form; write it as a template".to_owned());
            }
            _ => {
                let pairs: Vec<(String, String)> =
                    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
                draft.body =
                    Some(fields(operation, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))));
                draft.headers.insert("Content-Type".to_owned(), "application/x-www-form-urlencoded".into());
            }
        }
        true
    }
}

fn basic() -> Value {
    json!({"type": "apiKey", "scheme": "Basic", "credentialTemplate": "{{apiKey}}:", "encode": "base64"})
}

fn scheme(word: &str) -> Value {
    json!({"type": "apiKey", "scheme": word, "credentialTemplate": "{{apiKey}}", "encode": "none"})
}

fn fields<'a>(operation: Option<OperationName>, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut members = Map::new();
    for (name, value) in pairs {
        add(&mut members, name, value_of(operation, name, &Value::from(value)));
    }
    Value::Object(members)
}

/// A parameter that comes twice is a list.
fn add(members: &mut Map<String, Value>, name: &str, value: Value) {
    match members.get_mut(name) {
        None => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = json!([first.take(), value]),
    }
}

/// The path; what names a record in it becomes a variable.
fn path(url: &Url, operation: Option<OperationName>) -> String {
    let mut segments: Vec<String> = url.path().split('/').map(str::to_owned).collect();
    if segments.iter().all(String::is_empty) {
        return "/".to_owned();
    }
    // A version such as v3 is none.
    let names_record = |segment: &String| {
        segment.bytes().any(|byte| byte.is_ascii_digit()) && !(segment.len() <= 3 && segment.starts_with('v'))
    };
    for segment in &mut segments {
        if looks_secret("", segment) && segment.len() >= 24 && placeholder::record(operation).is_none() {
            *segment = placeholder::open("id");
        }
        if segment.contains('$') || segment.contains("%7B") {
            *segment = placeholder::open("id");
        }
    }
    if let Some(template) = placeholder::record(operation)
        && let Some(segment) = segments.iter_mut().rev().find(|segment| names_record(segment))
    {
        *segment = template.to_owned();
    }
    segments.join("/")
}

/// A value with templates in the places of credentials, of people's data and of what the operation has a
/// variable for.
fn value_of(operation: Option<OperationName>, name: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, member)| (key.clone(), value_of(operation, key, member)));
            Value::Object(members.collect())
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| value_of(operation, name, item)).collect())
        }
        Value::String(text) if is_secret(name, text) => "{{apiKey}}".into(),
        Value::String(text) if is_number(text) => placeholder::variable(operation, "phone")
            .map_or_else(|| placeholder::open("phoneNumber").into(), Value::from),
        Value::String(_) | Value::Number(_) | Value::Null
            if placeholder::variable(operation, name).is_some() =>
        {
            placeholder::variable(operation, name).map(Value::from).unwrap_or_default()
        }
        Value::String(text) if text.contains('@') || is_shell_variable(text) => {
            placeholder::open(name).into()
        }
        other => other.clone(),
    }
}

fn is_secret(name: &str, text: &str) -> bool {
    let named = is_secret_key(name)
        || matches!(
            name.to_ascii_lowercase().as_str(),
            "key" | "sig" | "signature" | "auth" | "jwt" | "session"
        );
    (named && !text.is_empty()) || looks_secret(name, text)
}

fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text.chars().all(|letter| letter.is_ascii_digit() || " +()-./".contains(letter));
    plain
        && (8..=15).contains(&digits)
        && (text.starts_with('+') || text.contains(['(', '-', ' ']))
        && !is_date(text)
}

/// `2026-07-01` has digits and dashes as well.
fn is_date(text: &str) -> bool {
    text.get(..10).is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok())
}

fn is_shell_variable(text: &str) -> bool {
    text.split('$')
        .skip(1)
        .any(|rest| rest.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '{'))
}
