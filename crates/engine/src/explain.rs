//! Where the values of a request come from.

use http::HeaderName;
use indexmap::IndexMap;
use serde_json::Value;

use super::exchange::RequestSpec;
use super::inputs::{Found, Inputs};
use super::oauth::SIGN_IN;
use super::operation::{CredentialSource, Operation, RateLimit};
use super::template::{Output, Place, Scope, Segments, Template, compile_value, split_url};
use super::template::{compile_raw, compile_text};
use super::text::to_text;
use super::url::Head;
use super::variables::Variable;
use crate::config::operations::OperationName;
use crate::config::pointer;
use crate::config::problem::Problems;

/// One template that a request is made from, and what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Where it stands, below the operation (`body/subject`) or, where the operations share it,
    /// below the document (`requestDefaults/baseUrl`).
    pub place: String,
    /// The template.
    pub template: String,
    /// What it rendered to, before it is encoded for its place; absent if it yields nothing.
    pub value: Option<Value>,
    /// The variables that it reads.
    pub variables: Vec<&'static str>,
}

/// So many templates are shown: nobody reads more, and each is rendered by itself.
const MOST: usize = 500;

/// So long are their values together at most, in bytes; the last may be as long as a value can be.
const MOST_BYTES: usize = 1024 * 1024;

/// The templates that an operation's request is made from: base URL, URL, query, headers, body and
/// credential. What the request does not hold is left out: a header that another one replaces, a
/// URL's fragment. `document` is what the operation was compiled from.
pub fn origins(operation: &Operation, document: &Value, inputs: &Inputs<'_>) -> Vec<Origin> {
    let mut list = List { operation: operation.name, inputs, origins: Vec::new(), bytes: 0, omitted: 0 };
    let own = document.pointer(&format!("/operations/{}", operation.name)).unwrap_or(&Value::Null);
    let url = own.get("url").and_then(Value::as_str).unwrap_or_default();
    let parts = split_url(url);
    if parts.head == Segments::Relative && matches!(operation.url.head, Head::Templated(_)) {
        let base = document.pointer("/requestDefaults/baseUrl").and_then(Value::as_str).unwrap_or_default();
        if !base.is_empty() {
            list.add("requestDefaults/baseUrl", base.split('#').next().unwrap_or_default());
        }
    }
    list.add("url", &url[..parts.query.map_or(parts.path.end, |query| query.end)]);
    if let Some(query @ (Value::String(_) | Value::Object(_))) = own.get("query") {
        list.visit("query", query);
    }
    for (place, value) in headers(operation, document, own.get("headers")) {
        if let Value::String(text) = value {
            list.add(&place, text);
        }
    }
    if let Some(name) = &operation.idempotency_header
        && !headers(operation, document, own.get("headers"))
            .any(|(place, _)| place.to_ascii_lowercase().ends_with(&format!("headers/{name}")))
    {
        let own_header = own.get("idempotencyHeader").filter(|header| !header.is_null());
        let (place, header) = match own_header {
            Some(header) => ("idempotencyHeader/value", Some(header)),
            None => (
                "requestDefaults/idempotencyHeader/value",
                document.pointer("/requestDefaults/idempotencyHeader"),
            ),
        };
        let value = header.and_then(|header| header.get("value")).and_then(Value::as_str);
        list.add(place, value.unwrap_or("{{idempotencyKey}}"));
    }
    if let Some(body) = own.get("body") {
        list.visit("body", body);
    }
    match &operation.credential.source {
        CredentialSource::Template { source, .. } => list.add("auth/credentialTemplate", source),
        CredentialSource::Prepared { scheme } => {
            list.origins.push(prepared(operation.name, scheme.as_deref(), inputs));
        }
    }
    list.finish()
}

/// The templates that the requests of signing in with OAuth are made from: the URLs, the client, and what the document
/// adds to them. `document` is what the settings were compiled from.
pub fn sign_in_origins(document: &Value, inputs: &Inputs<'_>) -> Vec<Origin> {
    let mut list = List { operation: SIGN_IN, inputs, origins: Vec::new(), bytes: 0, omitted: 0 };
    let auth = document.get("auth").unwrap_or(&Value::Null);
    for place in [
        "authorizationUrl",
        "authorizationParameters",
        "tokenUrl",
        "clientId",
        "clientSecret",
        "tokenRequest/query",
        "tokenRequest/headers",
        "tokenRequest/fields",
        "refresh/tokenUrl",
    ] {
        if let Some(value) = auth.pointer(&format!("/{place}")) {
            list.visit(&format!("auth/{place}"), value);
        }
    }
    list.finish()
}

/// What is done about replies and failures beyond the usual, in words: the rules of `errorMapping` in
/// the order in which they are tried, `retry`, and the connector's limits. Empty where the document
/// says nothing about them.
pub fn policies(operation: &Operation, limit: Option<RateLimit>) -> Vec<String> {
    let mut lines: Vec<String> = operation.errors.iter().map(|rule| rule.to_string()).collect();
    if let Some(retry) = &operation.retry {
        lines.push(format!("retry: {retry}, all within {} s", operation.timeout.as_secs_f64()));
    }
    if let Some(limit) = limit {
        let budget = limit.budget.map_or_else(String::new, |budget| {
            format!(", {} in {} s", budget.requests, budget.per.as_secs_f64())
        });
        lines.push(format!("rateLimit: at most {} requests at the same time{budget}", limit.max_concurrent));
    }
    lines
}

/// The headers that are sent, with their places: the operation's replace the default ones, the
/// credential replaces either, whatever their spelling.
fn headers<'a>(
    operation: &Operation,
    document: &'a Value,
    own: Option<&'a Value>,
) -> impl Iterator<Item = (String, &'a Value)> {
    let mut sent: IndexMap<HeaderName, (String, &'a Value)> = IndexMap::new();
    let defaults = document.pointer("/requestDefaults/defaultHeaders");
    for (at, members) in [("requestDefaults/defaultHeaders", defaults), ("headers", own)] {
        for (name, value) in members.and_then(Value::as_object).into_iter().flatten() {
            // A null replaces nothing.
            if !value.is_null()
                && let Ok(header) = HeaderName::from_bytes(name.as_bytes())
            {
                sent.insert(header, (pointer::join(at, name), value));
            }
        }
    }
    sent.shift_remove(&operation.credential.header);
    sent.into_values()
}

/// The credential of a document without a `credentialTemplate`. At the sign-in it is made from
/// what the user typed in, later from what was kept.
fn prepared(operation: OperationName, scheme: Option<&str>, inputs: &Inputs<'_>) -> Origin {
    let header = inputs.find(Variable::AuthHeader, &[]);
    let value = header.as_ref().map(Found::to_text).map(|header| match header.split_once(' ') {
        Some((prepared, _)) => format!("{} ***", scheme.unwrap_or(prepared)),
        None => "***".to_owned(),
    });
    let signs_in = operation.descriptor().signs_in;
    let source = if signs_in { Variable::ApiKey } else { Variable::UserAccessToken };
    Origin {
        place: "auth".to_owned(),
        template: "(prepared by the server)".to_owned(),
        value: value.map(Value::String),
        variables: vec![source.name()],
    }
}

/// The origins found so far.
struct List<'a> {
    operation: OperationName,
    inputs: &'a Inputs<'a>,
    origins: Vec<Origin>,
    /// How long the values are together.
    bytes: usize,
    /// Templates that are not among them.
    omitted: usize,
}

impl List<'_> {
    /// The origins; of very many the first, and how many there are besides.
    fn finish(mut self) -> Vec<Origin> {
        if self.omitted > 0 {
            self.origins.push(Origin {
                place: "…".to_owned(),
                template: format!("(and {} more templates)", self.omitted),
                value: None,
                variables: Vec::new(),
            });
        }
        self.origins
    }

    /// Adds every template in a value.
    fn visit(&mut self, place: &str, value: &Value) {
        match value {
            Value::String(text) => self.add(place, text),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.visit(&format!("{place}/{at}"), item);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    self.visit(&pointer::join(place, key), member);
                }
            }
            _ => {}
        }
    }

    /// Adds a text that holds an expression.
    fn add(&mut self, place: &str, text: &str) {
        if !text.contains("{{") {
            return;
        }
        if self.origins.len() >= MOST || self.bytes > MOST_BYTES {
            self.omitted += 1;
            return;
        }
        let at = Place::own(self.operation, place);
        // The document was compiled already: its problems are known.
        let problems = &mut Problems::default();
        let template = match place {
            "requestDefaults/baseUrl" => Template::Text(compile_raw(text, at, problems)),
            "url" | "auth/credentialTemplate" => Template::Text(compile_text(text, at, problems)),
            _ => compile_value(text, at, problems),
        };
        let mut variables = template.sources();
        variables.sort_unstable();
        variables.dedup();
        let wanted = template.wanted();
        let scope = Scope::new(self.inputs, &wanted);
        let value = match template.evaluate(&scope) {
            // Nothing is sent then, and the rendering says why.
            Err(_) => return,
            Ok(Output::Missing) => None,
            Ok(Output::Text(text)) => Some(Value::String(text.into_owned())),
            Ok(Output::Json(value)) => Some(value.into_owned()),
        };
        self.bytes += value.as_ref().map_or(0, |value| to_text(value).len());
        self.origins.push(Origin {
            place: place.to_owned(),
            template: text.to_owned(),
            value,
            variables: variables.into_iter().map(|variable| variable.name()).collect(),
        });
    }
}

/// A value in at most `limit` characters, for one line of a table.
pub fn shortened(value: &Value, limit: usize) -> String {
    let text = match value {
        Value::String(text) => format!("{text:?}"),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        scalar => to_text(scalar).into_owned(),
    };
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// A header's value as it may be shown: of a credential, the word before it.
pub fn header_text(value: &http::HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !value.is_sensitive() {
        return text.into_owned();
    }
    match text.split_once(' ') {
        Some((scheme, _)) => format!("{scheme} ***"),
        None => "***".to_owned(),
    }
}

/// The request as a command for a POSIX shell. Credentials are masked.
pub fn curl(request: &RequestSpec) -> String {
    let mut text = format!("curl -X {} {}", request.method, quoted(request.url.as_str()));
    for (name, value) in &request.headers {
        text.push_str(&format!(" \\\n  -H {}", quoted(&format!("{name}: {}", header_text(value)))));
    }
    if let Some(body) = &request.body {
        text.push_str(&format!(" \\\n  --data-raw {}", quoted(&String::from_utf8_lossy(body))));
    }
    text
}

/// Quoted for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
