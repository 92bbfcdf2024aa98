//! One operation: method, headers, query, body, timeout.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use indexmap::IndexMap;
use serde_json::Value;

use super::super::body::BodyTemplate;
use super::super::encode::header_value;
use super::super::exchange::HostPattern;
use super::super::operation::{HeaderTemplate, Operation, QueryTemplate};
use super::super::problem::{Part, Problem};
use super::super::template::{Place, Template, compile_value};
use super::super::text::to_text;
use super::super::variables::Variable;
use super::{auth, mapping, timeout, url};
use crate::config::diagnostic::Code;
use crate::config::document::{Document, METHODS, OperationRef};
use crate::config::operations::OperationName;
use crate::config::pointer;
use crate::config::suggest::nearest;

/// Headers that the HTTP client sets itself.
const MANAGED: &[&str] =
    &["host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "proxy-connection"];

const DEFAULT_HEADERS: &str = "/requestDefaults/defaultHeaders";

/// What the operations of a document share.
pub(super) struct RequestCompiler<'a> {
    pub(super) document: &'a Document,
    pub(super) base: &'a url::Base<'a>,
    pub(super) allowed_hosts: &'a Arc<[HostPattern]>,
}

impl RequestCompiler<'_> {
    pub(super) fn operation(&self, operation: &OperationRef<'_>, problems: &mut Vec<Problem>) -> Operation {
        let name = operation.name;
        let root = format!("/operations/{name}");
        let method = method(operation.method, &root, problems);
        let url = self.base.url(name, operation.url, problems);
        let headers = self.headers(operation, &root, problems);
        let query = query(operation, &root, problems);
        let body = body(operation, &method, &root, problems);
        let credential = auth::credential(name, operation.auth, self.document, problems);
        let defaults = self.document.request_defaults.as_ref();
        let mut wanted: Vec<Variable> = body.wanted();
        wanted.extend(url.wanted());
        wanted.extend(credential.wanted());
        for (_, header) in &headers {
            if let HeaderTemplate::Value(template) = header {
                wanted.extend(template.wanted());
            }
        }
        match &query {
            QueryTemplate::Parameters(parameters) => parameters.iter().for_each(|(_, value)| wanted.extend(value.wanted())),
            QueryTemplate::Whole(template) => wanted.extend(template.wanted()),
        }
        wanted.sort_unstable();
        wanted.dedup();
        Operation {
            name,
            method,
            timeout: timeout(operation.timeout_seconds)
                .or_else(|| timeout(defaults.and_then(|defaults| defaults.timeout_seconds)))
                .unwrap_or(Duration::from_secs(30)),
            url,
            query,
            headers: headers.into(),
            credential,
            body,
            mapping: mapping::compile(operation, &root, problems),
            wanted: wanted.into(),
        }
    }

    /// Default headers, then the operation's own, which win whatever their spelling.
    fn headers(&self, operation: &OperationRef<'_>, root: &str, problems: &mut Vec<Problem>) -> Vec<(HeaderName, HeaderTemplate)> {
        let mut compiled: IndexMap<HeaderName, HeaderTemplate> = IndexMap::new();
        let defaults = self.document.request_defaults.as_ref().and_then(|defaults| defaults.default_headers.as_ref());
        let own_pointer = format!("{root}/headers");
        for (headers, pointer, shared) in [(defaults, DEFAULT_HEADERS, true), (operation.headers, own_pointer.as_str(), false)] {
            let mut found = Vec::new();
            let mut seen: Vec<(HeaderName, &str)> = Vec::new();
            for (name, value) in headers.into_iter().flatten() {
                let at = pointer::join(pointer, name);
                let Some(header) = header_name(name, &at, &mut found) else { continue };
                if let Some((_, other)) = seen.iter().find(|(known, _)| *known == header) {
                    found.push(
                        Problem::new(Code::DuplicateHeader, &at, format!("`{name}` is the same header as `{other}`"))
                            .part(Part::Key)
                            .help("keep one of them; the last one wins"),
                    );
                }
                seen.push((header.clone(), name));
                match header_template(operation.name, value, &at, &mut found) {
                    Some(template) => compiled.insert(header, template),
                    // A null of the operation does not take a default header away, as on the
                    // reference server.
                    None => compiled.get(&header).is_none().then_some(()).and(None),
                };
            }
            if shared {
                // Every operation compiles the shared headers: one finding is enough.
                found.retain(|problem| !problems.iter().any(|known| known.pointer == problem.pointer && known.code == problem.code));
            }
            problems.extend(found);
        }
        compiled.into_iter().collect()
    }
}

fn method(text: Option<&str>, root: &str, problems: &mut Vec<Problem>) -> Method {
    let Some(text) = text else { return Method::GET };
    let upper = text.to_ascii_uppercase();
    if METHODS.contains(&upper.as_str()) && let Ok(method) = Method::from_bytes(upper.as_bytes()) {
        return method;
    }
    // The schema allows upper and lower case; mixed case is accepted here as it is by the reference.
    let problem = Problem::new(Code::UnknownMethod, format!("{root}/method"), format!("`{text}` is not a method that can be sent"));
    problems.push(match nearest(&upper, METHODS.iter().copied()) {
        Some(method) => problem.help(format!("did you mean `{method}`?")),
        None => problem.help(format!("the methods are {}", METHODS.join(", "))),
    });
    Method::GET
}

pub(super) fn header_name_problem(name: &str, pointer: String) -> Problem {
    let reason = match name.chars().find(|character| !character.is_ascii_graphic() || "()<>@,;:\\\"/[]?={}".contains(*character)) {
        Some(' ') => "a header name has no spaces".to_owned(),
        Some(character) => format!("a header name cannot hold `{}`", character.escape_default()),
        None => "a header name cannot be empty".to_owned(),
    };
    Problem::new(Code::HeaderName, pointer, format!("`{}` is not a header name: {reason}", name.escape_debug()))
        .part(Part::Key)
        .help("use letters, digits and hyphens, such as `X-Api-Key`")
}

fn header_name(name: &str, at: &str, problems: &mut Vec<Problem>) -> Option<HeaderName> {
    if name.contains("{{") {
        problems.push(key_problem(at));
        return None;
    }
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(header) => {
            if MANAGED.contains(&header.as_str()) {
                problems.push(
                    Problem::new(Code::ManagedHeader, at, format!("the HTTP client sets `{name}` itself"))
                        .part(Part::Key)
                        .help(if header == http::header::HOST {
                            "the request goes to the URL's host with this `Host`; leave it out unless the CRM asks for it"
                        } else {
                            "leave it out; it is not sent"
                        }),
                );
            }
            Some(header)
        }
        Err(_) => {
            problems.push(header_name_problem(name, at.to_owned()));
            None
        }
    }
}

fn header_template(operation: OperationName, value: &Value, at: &str, problems: &mut Vec<Problem>) -> Option<HeaderTemplate> {
    let template = match value {
        Value::Null => return None,
        Value::String(text) => compile_value(text, Place { operation, pointer: at, offset: 0 }, problems),
        other => Template::Literal(to_text(other).into()),
    };
    let Template::Literal(text) = &template else { return Some(HeaderTemplate::Value(template)) };
    let literal: Option<HeaderValue> = (!text.chars().any(char::is_control)).then(|| header_value(text)).flatten();
    if literal.is_none() {
        problems.push(
            Problem::new(Code::HeaderValue, at, "the header value holds a line break or another control character")
                .help("a header is one line; remove the control character"),
        );
    }
    literal.map(HeaderTemplate::Literal)
}

fn key_problem(at: &str) -> Problem {
    Problem::new(Code::TemplateInKey, at, "keys are not templates; the braces are sent as they stand")
        .part(Part::Key)
        .help("put the expression into the value, or pass an object with `{{variable}}` as the whole value")
}

fn query(operation: &OperationRef<'_>, root: &str, problems: &mut Vec<Problem>) -> QueryTemplate {
    let at = format!("{root}/query");
    match operation.query {
        Some(Value::Object(parameters)) => QueryTemplate::Parameters(
            parameters
                .iter()
                .map(|(name, value)| {
                    let pointer = pointer::join(&at, name);
                    if name.contains("{{") {
                        problems.push(key_problem(&pointer));
                    }
                    (Box::from(name.as_str()), json(operation.name, value, &pointer, problems))
                })
                .collect(),
        ),
        Some(Value::String(text)) => {
            let template = compile_value(text, Place { operation: operation.name, pointer: &at, offset: 0 }, problems);
            if matches!(template, Template::Literal(_) | Template::Text(_)) {
                problems.push(
                    Problem::new(Code::QueryNotObject, &at, "`query` is text, not an object of parameters")
                        .help("write `{ \"name\": \"{{value}}\" }`, or put the query into `url`"),
                );
            }
            QueryTemplate::Whole(template)
        }
        _ => QueryTemplate::Parameters(Box::default()),
    }
}

fn body(operation: &OperationRef<'_>, method: &Method, root: &str, problems: &mut Vec<Problem>) -> BodyTemplate {
    let at = format!("{root}/body");
    // What JavaScript takes for false counts as no body, and no body is an empty object.
    let Some(body) = operation.body.filter(|body| super::super::mapping::is_truthy(body)) else {
        return BodyTemplate::Literal(Box::from(&b"{}"[..]));
    };
    if matches!(*method, Method::GET | Method::HEAD) && body.as_object().is_none_or(|members| !members.is_empty()) {
        problems.push(
            Problem::new(Code::BodyOnGet, &at, format!("`{}` sends a body with {method}, which many servers ignore or refuse", operation.name))
                .part(Part::Key)
                .help("use `query`, or another method"),
        );
    }
    json(operation.name, body, &at, problems)
}

fn json(operation: OperationName, value: &Value, at: &str, problems: &mut Vec<Problem>) -> BodyTemplate {
    report_keys(value, at, problems);
    BodyTemplate::compile(value, at, &mut |text, pointer| compile_value(text, Place { operation, pointer, offset: 0 }, problems))
}

fn report_keys(value: &Value, at: &str, problems: &mut Vec<Problem>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let pointer = pointer::join(at, key);
                if key.contains("{{") {
                    problems.push(key_problem(&pointer));
                }
                report_keys(member, &pointer, problems);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                report_keys(item, &format!("{at}/{index}"), problems);
            }
        }
        _ => {}
    }
}
