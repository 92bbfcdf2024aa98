//! One operation: method, headers, query, body, timeout.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderName, Method};
use serde_json::Value;

use super::super::body::BodyTemplate;
use super::super::error_rule::ErrorRule;
use super::super::header_template::HeaderTemplate;
use super::super::operation::{LogFormat, Operation, Parameter, QueryTemplate, TextLimit};
use super::super::phone::parse_region;
use super::super::template::{
    Place, Template, compile_member, compile_parameter, compile_value, first_value,
};
use super::super::text_body::{Format, is_json};
use super::super::truncate::Unit;
use super::super::variables::Variable;
use super::contract::CompileMapping;
use super::field::Compiler;
use super::{Shared, auth, delivery, errors, header, missing, timeout, url};
use crate::config::diagnostic::Code;
use crate::config::document::{Document, METHODS, OperationRef, optional_parameter};
use crate::config::pointer;
use crate::config::problem::{Part, Problem, Problems};
use crate::config::suggest::nearest;

/// What the operations of a document share.
pub(super) struct RequestCompiler<'a> {
    pub(super) document: &'a Document,
    pub(super) base: &'a url::Base<'a>,
    pub(super) shared: &'a Shared,
    /// The document's own rules about errors.
    pub(super) errors: &'a [Arc<ErrorRule>],
}

impl RequestCompiler<'_> {
    pub(super) fn operation(
        &self,
        operation: &OperationRef<'_>,
        compile_mapping: CompileMapping,
        problems: &mut Problems,
    ) -> Operation {
        let name = operation.name;
        let root = format!("/operations/{name}");
        let method = method(operation.method, &root, problems);
        let url = self.base.url(name, operation.url, self.shared, problems);
        let mut headers = header::compile(operation, self.document, self.shared, problems);
        let sent_method = method.clone().unwrap_or(Method::GET);
        let idempotency = delivery::idempotency_header(operation, &sent_method, self.document, problems);
        let idempotency_header = idempotency.as_ref().map(|(name, _)| name.clone());
        let mut is_keyed = false;
        if let Some((name, value)) = idempotency {
            // What the operation itself writes into that header is its key.
            let own = operation
                .headers
                .into_iter()
                .flatten()
                .any(|(own, value)| !value.is_null() && name.as_str().eq_ignore_ascii_case(own));
            if operation.idempotency_header.is_some() || !own {
                is_keyed = matches!(&value, HeaderTemplate::Value(template) if template.sources().contains(&Variable::IdempotencyKey));
                headers.retain(|(known, _)| *known != name);
                headers.push((name, value));
            }
        }
        let effect = delivery::effect(operation, &sent_method, problems);
        let may_repeat = effect.is_repeatable() || idempotency_header.is_some();
        let retry = delivery::retry(operation, &sent_method, may_repeat, self.document, problems);
        let query = query(operation, &root, problems);
        let body = body(operation, method.as_ref(), &root, problems);
        check_text(operation, &headers, problems);
        let credential = auth::credential(name, operation.auth, self.document, self.shared, problems);
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
            QueryTemplate::Parameters(parameters) => {
                parameters.iter().for_each(|(_, parameter)| wanted.extend(parameter.value.wanted()))
            }
            QueryTemplate::Whole(template) => wanted.extend(template.wanted()),
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut sources = body.sources();
        sources.extend(url.sources());
        sources.extend(credential.sources());
        for (_, header) in &headers {
            if let HeaderTemplate::Value(template) = header {
                sources.extend(template.sources());
            }
        }
        match &query {
            QueryTemplate::Parameters(parameters) => {
                parameters.iter().for_each(|(_, parameter)| sources.extend(parameter.value.sources()))
            }
            QueryTemplate::Whole(template) => sources.extend(template.sources()),
        }
        let max_length = text_limit(operation, self.document, &sources, &root, problems);
        let own_errors = errors::compile(
            operation.error_mapping.unwrap_or_default(),
            &format!("{root}/errorMapping"),
            problems,
        );
        let own = own_errors.len();
        let compiled = Operation {
            name,
            method: sent_method,
            timeout: timeout(operation.timeout_seconds)
                .or_else(|| timeout(defaults.and_then(|defaults| defaults.timeout_seconds)))
                .unwrap_or(Duration::from_secs(30)),
            url,
            query,
            query_style: operation
                .query_style
                .or(defaults.and_then(|defaults| defaults.query_style))
                .unwrap_or_default(),
            headers: headers.into(),
            credential,
            body,
            mapping: compile_mapping(
                operation.mapping,
                &mut Compiler { operation: name, root: &root, problems },
            ),
            wanted: wanted.into(),
            max_length,
            region: region(self.document),
            reads_is_extension: sources.contains(&Variable::IsExtension),
            errors: own_errors.into_iter().chain(self.errors.iter().cloned()).collect(),
            retry,
            idempotency_header,
            is_keyed,
            reads_idempotency_key: sources.contains(&Variable::IdempotencyKey),
            writes_text: sources.contains(&Variable::ComposedLogDetails),
            reads_session_id: sources.contains(&Variable::SessionId),
            reads_now: sources.contains(&Variable::Now),
            reads_next_page: sources.contains(&Variable::NextPage),
            effect,
        };
        errors::check_no_match(&compiled, own, problems);
        missing::check(&compiled, operation, problems);
        compiled
    }
}

/// How long the composed text may be. A limit for an operation that sends none is reported.
fn text_limit(
    operation: &OperationRef<'_>,
    document: &Document,
    sources: &[Variable],
    root: &str,
    problems: &mut Problems,
) -> Option<TextLimit> {
    let format = LogFormat::parse(document.meta.as_ref().and_then(|meta| meta.log_format.as_deref()));
    let reads = |variable| sources.contains(&variable);
    // A conversation is composed as plain text if the document names no format.
    let has_text = (format != LogFormat::Custom && reads(Variable::ComposedLogDetails))
        || reads(Variable::SharedSmsLogContent);
    let key = match (operation.max_length, operation.max_length_unit) {
        (Some(_), _) => "maxLength",
        (None, Some(_)) => "maxLengthUnit",
        (None, None) => return None,
    };
    if !has_text || operation.max_length.is_none() {
        let why = if has_text {
            "`maxLength` is missing"
        } else {
            "the operation sends no text that this server composes"
        };
        problems.push(
            Problem::new(Code::LengthWithoutText, format!("{root}/{key}"), format!("`{key}` has no effect: {why}"))
                .part(Part::Key)
                .help("use `composedLogDetails` (with `meta.logFormat`) or `sharedSMSLogContent`, or shorten the text with `truncate`"),
        );
    }
    let unit = match operation.max_length_unit {
        Some("bytes") => Unit::Bytes,
        _ => Unit::Utf16,
    };
    let length = super::number(operation.max_length?, 100.0, 10_000_000.0) as usize;
    has_text.then_some(TextLimit { length, unit })
}

/// The method; none if it is not known, which is reported.
fn method(text: Option<&str>, root: &str, problems: &mut Problems) -> Option<Method> {
    let Some(text) = text else { return Some(Method::GET) };
    let upper = text.to_ascii_uppercase();
    if METHODS.contains(&upper.as_str())
        && let Ok(method) = Method::from_bytes(upper.as_bytes())
    {
        return Some(method);
    }
    // Mixed case, which the schema does not list, is accepted as it is by the reference.
    let problem = Problem::new(
        Code::UnknownMethod,
        format!("{root}/method"),
        format!("`{text}` is no HTTP method that can be sent"),
    );
    problems.push(match nearest(&upper, METHODS.iter().copied()) {
        Some(method) => problem.help(format!("did you mean `{method}`?")),
        None => problem.help(format!("the methods are {}", METHODS.join(", "))),
    });
    None
}

fn key_problem(at: &str) -> Problem {
    Problem::new(Code::TemplateInKey, at, "keys are not templates; the braces are sent as they stand")
        .part(Part::Key)
        .help("put the expression into the value, or pass an object with `{{variable}}` as the whole value")
}

/// The document's region, where it is one.
pub(super) fn region(document: &Document) -> Option<Box<str>> {
    let region = document.meta.as_ref()?.region.as_deref()?.trim();
    parse_region(region).map(|_| region.to_ascii_uppercase().into())
}

fn query(operation: &OperationRef<'_>, root: &str, problems: &mut Problems) -> QueryTemplate {
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
                    let (value, pointer, optional) = match optional_parameter(value) {
                        Some((value, optional)) => (value, pointer::join(&pointer, "value"), optional),
                        None => (value, pointer, false),
                    };
                    report_keys(value, &pointer, problems);
                    let value = BodyTemplate::compile(value, &pointer, &mut |text, pointer| {
                        compile_parameter(text, Place::own(operation.name, pointer), problems)
                    });
                    (Box::from(name.as_str()), Parameter { value, optional })
                })
                .collect(),
        ),
        Some(Value::String(text)) => {
            let template = compile_value(text, Place::own(operation.name, &at), problems);
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

fn body(
    operation: &OperationRef<'_>,
    method: Option<&Method>,
    root: &str,
    problems: &mut Problems,
) -> BodyTemplate {
    let at = format!("{root}/body");
    let bodiless = method.filter(|method| matches!(**method, Method::GET | Method::HEAD));
    // What JavaScript takes for false counts as no body. No body is an empty object, but where front
    // ends refuse one (Q57).
    let Some(body) = operation.body.filter(|body| crate::truthy::is_truthy(body)) else {
        return match bodiless {
            Some(_) => BodyTemplate::Absent,
            None => BodyTemplate::Literal(Box::from(&b"{}"[..])),
        };
    };
    if let Some(method) = bodiless
        && body.as_str() == Some("{{omit}}")
    {
        problems.push(
            Problem::new(
                Code::NeedlessOmit,
                &at,
                format!("`{}` sends no body with {method} anyway: this does nothing", operation.name),
            )
            .help("remove `body`"),
        );
    } else if let Some(method) = bodiless {
        problems.push(
            Problem::new(
                Code::BodyOnGet,
                &at,
                format!(
                    "`{}` sends a body with {method}, which many servers ignore or refuse",
                    operation.name
                ),
            )
            .part(Part::Key)
            .help("use `query`, or another method"),
        );
    }
    report_keys(body, &at, problems);
    BodyTemplate::compile(body, &at, &mut |text, pointer| {
        let place = Place::own(operation.name, pointer);
        // A whole text stays one.
        if pointer == at {
            compile_value(text, place, problems)
        } else {
            compile_member(text, place, problems)
        }
    })
}

/// Reports what is surprising about a body that is JSON written as a text.
fn check_text(
    operation: &OperationRef<'_>,
    headers: &[(HeaderName, HeaderTemplate)],
    problems: &mut Problems,
) {
    let Some(Value::String(text)) = operation.body else { return };
    let declared = headers.iter().find(|(name, _)| *name == CONTENT_TYPE).map(|(_, value)| value);
    let content_type = match declared {
        None => "",
        Some(HeaderTemplate::Literal(value)) => value.to_str().unwrap_or_default(),
        Some(HeaderTemplate::Value(_)) => return,
    };
    let at = format!("/operations/{}/body", operation.name);
    let value = first_value(text);
    if !text.trim_start().starts_with(['{', '['])
        // What an expression yields is not known here.
        || text.trim_start().starts_with("{{")
        || Format::of(content_type, text) != Format::Json
    {
        return;
    }
    if content_type.is_empty() {
        problems.push(
            Problem::new(
                Code::TextAsForm,
                &at,
                "the body is JSON written as a text, and is sent as a form without `Content-Type`",
            )
            .help("write the body as an object, or set `Content-Type` to `application/json`"),
        );
    }
    if let Some(value) = value {
        let shown = text[value.clone()].to_owned();
        problems.push(
            Problem::new(
                Code::JsonAsText,
                &at,
                format!("`{shown}` stands in JSON that is written as a text: it is escaped here, but not on the reference server"),
            )
            .part(Part::Text(value))
            .help("write the body as an object; a member that is `{{#if a}}1{{else}}2{{/if}}` is a number there"),
        );
    } else if !text.contains("{{") && !is_json(text) {
        problems.push(
            Problem::new(Code::TextAsForm, &at, "the body begins like JSON and is none, so it is not sent")
                .help("write the body as an object"),
        );
    }
}

fn report_keys(value: &Value, at: &str, problems: &mut Problems) {
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
