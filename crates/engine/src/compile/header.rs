//! Headers of requests: names and values that HTTP allows, each once.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};
use indexmap::IndexMap;
use serde_json::Value;

use super::super::encode::header_value;
use super::super::header_template::HeaderTemplate;
use super::super::template::{Place, Template, compile_value};
use super::super::text::to_text;
use super::Shared;
use crate::config::diagnostic::Code;
use crate::config::document::{Document, OperationRef};
use crate::config::pointer;
use crate::config::problem::{Part, Problem, Problems};

/// Headers that the HTTP client sets itself.
const MANAGED: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "proxy-connection",
];

const DEFAULT_HEADERS: &str = "/requestDefaults/defaultHeaders";

/// Compiles the default headers, then the operation's own, which win whatever their spelling.
pub(super) fn compile(
    operation: &OperationRef<'_>,
    document: &Document,
    shared: &Shared,
    problems: &mut Problems,
) -> Vec<(HeaderName, HeaderTemplate)> {
    // A header that is not sent is none here.
    let mut compiled: IndexMap<HeaderName, Option<HeaderTemplate>> = IndexMap::new();
    let defaults = document.request_defaults.as_ref().and_then(|defaults| defaults.default_headers.as_ref());
    let mut found = problems.part();
    add(defaults, DEFAULT_HEADERS, operation, Some(shared), &mut compiled, &mut found);
    // Every operation compiles the shared headers; what is found there is reported once.
    problems.append_new(found);
    let own = format!("/operations/{}/headers", operation.name);
    add(operation.headers, &own, operation, None, &mut compiled, problems);
    compiled.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn add(
    headers: Option<&IndexMap<String, Value>>,
    at: &str,
    operation: &OperationRef<'_>,
    shared: Option<&Shared>,
    compiled: &mut IndexMap<HeaderName, Option<HeaderTemplate>>,
    problems: &mut Problems,
) {
    let mut seen: HashMap<HeaderName, &str> = HashMap::new();
    for (name, value) in headers.into_iter().flatten() {
        let at = pointer::join(at, name);
        let Some(header) = header_name(name, &at, problems) else { continue };
        if let Some(other) = seen.insert(header.clone(), name)
            && problems.takes(Code::DuplicateHeader)
        {
            problems.push(
                Problem::new(
                    Code::DuplicateHeader,
                    &at,
                    format!("`{name}` and `{other}` are the same header: case does not count"),
                )
                .part(Part::Key)
                .label("replaces the other one")
                .help("keep one of them; the last one wins"),
            );
        }
        let readers = shared.map(|shared| shared.header(&header)).unwrap_or_default();
        let place = Place { shared: &readers, ..Place::own(operation.name, &at) };
        let mut found = problems.part();
        let template = template(value, place, &mut found);
        if shared.is_none() || readers.contains(&operation.name) {
            problems.append(found);
        }
        if *value == Value::Bool(false) {
            // Not sent, neither this one nor the default (Q60).
            compiled.insert(header, None);
            continue;
        }
        // A null of the operation does not take a default header away, as on the reference server.
        if let Some(template) = template {
            compiled.insert(header, Some(template));
        }
    }
}

/// What is wrong with a header name that stands as the value at a pointer.
pub(super) fn name_problem(name: &str, pointer: String) -> Problem {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let (message, part) = match name.char_indices().find(|(_, c)| !allowed(*c)) {
        Some((at, ' ')) => (format!("`{name}` is no header name: it holds a space"), Part::Text(at..at + 1)),
        Some((at, c)) => {
            let message =
                format!("`{}` is no header name: it holds `{}`", name.escape_debug(), c.escape_debug());
            (message, Part::Text(at..at + c.len_utf8()))
        }
        None => ("the name of this header is empty".to_owned(), Part::Value),
    };
    Problem::new(Code::HeaderName, pointer, message)
        .part(part)
        .help("use letters, digits and hyphens, such as `X-Api-Key`")
}

pub(super) fn header_name(name: &str, at: &str, problems: &mut Problems) -> Option<HeaderName> {
    if name.contains("{{") {
        problems.push(
            Problem::new(Code::TemplateInKey, at, "header names are not templates; this header is not sent")
                .part(Part::Key)
                .help("write the name out; its value can be a template"),
        );
        return None;
    }
    let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
        problems.push(name_problem(name, at.to_owned()).part(Part::Key));
        return None;
    };
    if MANAGED.contains(&header.as_str()) {
        let (message, help) = if header == http::header::HOST {
            (
                format!("`{name}` replaces the host of the URL in what the CRM sees"),
                "leave it out unless the CRM asks for it",
            )
        } else {
            (format!("the HTTP client sets `{name}` itself; this value is not sent"), "leave it out")
        };
        problems.push(Problem::new(Code::ManagedHeader, at, message).part(Part::Key).help(help));
    }
    Some(header)
}

pub(super) fn template(value: &Value, place: Place<'_>, problems: &mut Problems) -> Option<HeaderTemplate> {
    let template = match value {
        Value::Null => return None,
        Value::String(text) => compile_value(text, place, problems),
        other => Template::Literal(to_text(other).into()),
    };
    let Template::Literal(text) = &template else { return Some(HeaderTemplate::Value(template)) };
    let control = text.char_indices().find(|(_, c)| c.is_control());
    let literal: Option<HeaderValue> = control.is_none().then(|| header_value(text)).flatten();
    if literal.is_none() {
        let problem = match control {
            Some((at, c)) => {
                let what = if matches!(c, '\n' | '\r') { "a line break" } else { "a control character" };
                Problem::new(
                    Code::HeaderValue,
                    place.pointer,
                    format!("the header value holds {what}, which HTTP does not allow"),
                )
                .part(Part::Text(at..at + c.len_utf8()))
            }
            None => Problem::new(Code::HeaderValue, place.pointer, "HTTP does not allow this header value"),
        };
        problems.push(problem.help("a header is one line of text: remove it"));
    }
    literal.map(HeaderTemplate::Literal)
}
