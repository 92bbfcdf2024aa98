//! Renders an operation into a request: pure, so that `explain`, fixture cases and the server show
//! and send the same bytes.

pub(super) mod error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;

pub use self::error::RenderError;
use super::blocks::RenderProblem;
use super::body::{BodyTemplate, MAX_BODY};
use super::budget::{self, RENDER_STEPS};
use super::encode::{Encoding, Parameters, Slot, header_value};
use super::exchange::RequestSpec;
use super::header_template::HeaderTemplate;
use super::inputs::Inputs;
use super::json;
use super::missing::{Demand, is_nothing};
use super::multipart;
use super::operation::{Credential, CredentialSource, Operation, QueryTemplate};
use super::template::{Output, Scope, Template};
use super::text::to_text;
use super::text_body::{Format, is_json};
use super::variables::Variable;
use crate::config::document::QueryStyle;

/// The name and version this server gives itself.
pub const USER_AGENT: &str = concat!("app-connect/", env!("CARGO_PKG_VERSION"));

/// Tells a CRM which App Connect server is calling; every outbound request carries it.
pub const VERSION_HEADER: HeaderName = HeaderName::from_static("unified-crm-extension-version");

/// The longest URL, in bytes: what the HTTP client can send.
pub(super) const MAX_URL: usize = 65_534;

/// The longest header, in bytes. Most servers refuse 8 or 16 KiB; tokens are the longest that is sent.
const MAX_HEADER: usize = 64 * 1024;

/// The longest headers of a request together, in bytes.
const MAX_HEADERS: usize = 256 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// The host that an operation asks, with its port where that is not the scheme's own, where a template
/// chooses it.
pub fn chosen_host(operation: &Operation, inputs: &Inputs<'_>) -> Option<String> {
    operation.url.chosen_host(&Scope::new(inputs, &operation.wanted))
}

/// Renders the request of an operation.
///
/// # Errors
/// If a value cannot stand in its place, a credential is missing, or the request would be too long or too
/// much work: nothing may be sent then.
pub fn render(operation: &Operation, inputs: &Inputs<'_>) -> Result<RequestSpec, RenderError> {
    let rendered = budget::within(RENDER_STEPS, || {
        let rendered = render_counted(operation, inputs);
        match budget::is_spent() {
            // What was not read for want of steps may look like something that is missing.
            true if rendered.is_ok() => Err(RenderProblem::from(budget::Spent).into()),
            _ => rendered,
        }
    });
    rendered.map_err(|error| error.below(operation.name.as_str()))
}

fn render_counted(operation: &Operation, inputs: &Inputs<'_>) -> Result<RequestSpec, RenderError> {
    let scope = Scope::new(inputs, &operation.wanted)
        .in_region(operation.region.as_deref())
        .demanding(operation.demands());
    let query = render_query(&operation.query, operation.query_style, &scope)?;
    let (mut url, hosts) = operation.url.render(&scope, &query).map_err(|error| error.at("url"))?;
    check_length("URL", url.as_str().len(), MAX_URL)?;
    url.set_fragment(None);
    scope.enter(|_| Default::default());
    let mut headers = HeaderMap::with_capacity(operation.headers.len() + 6);
    for (name, template) in &operation.headers {
        render_header(name, template, &scope, &mut headers)
            .map_err(|error| error.below(&format!("headers/{name}")))?;
    }
    render_credential(&operation.credential, inputs, &scope, &mut headers)?;
    let length = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    check_length("headers together", length, MAX_HEADERS)?;
    scope.enter(|demands| demands.body);
    let body = render_body(operation, &scope, &mut headers).map_err(|error| error.at("body"))?;
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json, text/plain, */*"));
    headers.entry(VERSION_HEADER).or_insert(HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    Ok(RequestSpec {
        method: operation.method.clone(),
        url,
        headers,
        sensitive_body: body.is_some() && operation.body.is_secret(),
        body,
        timeout: operation.timeout,
        hosts,
    })
}

/// The JSON of an operation's body alone, before the content type decides how it is sent; `None`
/// where it yields nothing. What `benches/engine.rs` compares with the same work by hand.
///
/// # Errors
/// If a template exceeds a bound or a helper refuses its arguments.
pub fn body_json(operation: &Operation, inputs: &Inputs<'_>) -> Result<Option<Vec<u8>>, RenderError> {
    let scope = Scope::new(inputs, &operation.wanted);
    let mut bytes = Vec::with_capacity(256);
    Ok(operation.body.write(&scope, &mut bytes)?.then_some(bytes))
}

fn render_query(query: &QueryTemplate, style: QueryStyle, scope: &Scope<'_>) -> Result<String, RenderError> {
    let parameters = Parameters { style, encoding: Encoding::Query, most: MAX_URL };
    let mut text = String::new();
    scope.enter(|demands| demands.query);
    match query {
        QueryTemplate::Parameters(templates) => {
            for (name, parameter) in templates {
                scope.enter(|demands| if parameter.optional { Demand::Nothing } else { demands.query });
                let value = parameter
                    .value
                    .to_value(scope)
                    .map_err(|problem| RenderError::from(problem).at(&format!("query/{name}")))?;
                // What may be missing is left out, rather than sent as a filter that is empty.
                if let Some(value) = value.filter(|value| !parameter.optional || !is_nothing(value)) {
                    parameters.append(name, &value, &mut text);
                    check_length("URL", text.len(), MAX_URL)?;
                }
            }
        }
        QueryTemplate::Whole(template) => {
            match template.evaluate(scope).map_err(|problem| RenderError::from(problem).at("query"))? {
                Output::Missing => {}
                Output::Json(value) => match &*value {
                    Value::Null => {}
                    Value::Object(members) => {
                        for (name, value) in members {
                            parameters.append(name, value, &mut text);
                        }
                    }
                    other => return Err(RenderError::Query(crate::json_kind::kind(other))),
                },
                Output::Text(_) => return Err(RenderError::Query("text")),
            }
        }
    }
    check_length("URL", text.len(), MAX_URL)?;
    Ok(text)
}

pub(super) fn render_header(
    name: &HeaderName,
    template: &HeaderTemplate,
    scope: &Scope<'_>,
    headers: &mut HeaderMap,
) -> Result<(), RenderError> {
    let template = match template {
        HeaderTemplate::Literal(value) => {
            headers.insert(name, value.clone());
            return Ok(());
        }
        HeaderTemplate::Value(template) => template,
    };
    let rendered = match template.evaluate(scope)? {
        Output::Missing => return Ok(()),
        // As the reference's HTTP client does (Q60).
        Output::Json(value) if value.is_null() || *value == Value::Bool(false) => return Ok(()),
        Output::Json(value) => to_text(&value).into_owned(),
        Output::Text(text) => text.into_owned(),
    };
    check_length(&format!("header {name}"), rendered.len(), MAX_HEADER)?;
    let mut text = String::with_capacity(rendered.len());
    Slot::Header.encode(&rendered, &mut text);
    let mut value = header_value(&text).ok_or_else(|| RenderError::Header(name.to_string()))?;
    value.set_sensitive(template.is_secret());
    headers.insert(name, value);
    Ok(())
}

fn render_credential(
    credential: &Credential,
    inputs: &Inputs<'_>,
    scope: &Scope<'_>,
    headers: &mut HeaderMap,
) -> Result<(), RenderError> {
    let text = match &credential.source {
        CredentialSource::Template { template, source, scheme, base64 } => {
            if let Some(missing) = template.missing_credential(scope) {
                return Err(RenderError::Credential(format!("`{missing}` in \"{source}\" has no value")));
            }
            let rendered = template.render(scope, Slot::Json)?.unwrap_or_default();
            let token = if *base64 { STANDARD.encode(rendered) } else { rendered };
            match scheme {
                Some(scheme) => format!("{scheme} {token}"),
                None => token,
            }
        }
        CredentialSource::Prepared { scheme } => {
            let prepared = inputs.find(Variable::AuthHeader, &[]);
            let Some(prepared) = prepared.as_ref().map(super::inputs::Found::to_text) else {
                return Err(RenderError::Credential("`apiKey` has no value".to_owned()));
            };
            match (scheme, prepared.split_once(' ')) {
                (Some(scheme), Some((_, token))) => format!("{scheme} {token}"),
                _ => prepared.into_owned(),
            }
        }
    };
    check_length(&format!("header {}", credential.header), text.len(), MAX_HEADER)?;
    let mut clean = String::with_capacity(text.len());
    Slot::Header.encode(&text, &mut clean);
    let mut value = header_value(&clean).ok_or_else(|| RenderError::Header(credential.header.to_string()))?;
    value.set_sensitive(true);
    headers.insert(&credential.header, value);
    Ok(())
}

/// Writes the body and settles the content type, as the reference's HTTP client does (recordings
/// 03 and 05): objects are JSON unless the content type asks for a form, texts are sent as they
/// are unless it asks for JSON.
fn render_body(
    operation: &Operation,
    scope: &Scope<'_>,
    headers: &mut HeaderMap,
) -> Result<Option<Vec<u8>>, RenderError> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let declared = declared.unwrap_or_default().to_ascii_lowercase();
    let mut bytes = Vec::with_capacity(256);
    let present = match &operation.body {
        BodyTemplate::Template(Template::Text(template)) => match template.render(scope, Slot::Marked)? {
            Some(marked) => {
                let format = Format::of(&declared, &marked);
                let text = format.fill(&marked);
                if format == Format::Json && declared.contains("json") && !is_json(&text) {
                    return Err(RenderError::Body);
                }
                json::write(text.as_str(), &mut bytes);
                true
            }
            None => false,
        },
        body => body.write(scope, &mut bytes)?,
    };
    check_length("body", bytes.len(), MAX_BODY)?;
    if !present {
        if has_body(&operation.method) && declared.is_empty() {
            headers.insert(header::CONTENT_TYPE, FORM);
        }
        return Ok(None);
    }
    if bytes.first() == Some(&b'"') {
        let text: String = serde_json::from_slice(&bytes).unwrap_or_default();
        return Ok(Some(if declared.contains("application/json") {
            if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
                text.trim().as_bytes().to_vec()
            } else if matches!(operation.body, BodyTemplate::Literal(_))
                && text.trim_start().starts_with(['{', '['])
            {
                return Err(RenderError::Body);
            } else {
                bytes
            }
        } else {
            if declared.is_empty() {
                headers.insert(header::CONTENT_TYPE, FORM);
            }
            text.into_bytes()
        }));
    }
    if declared.contains("application/x-www-form-urlencoded") {
        return Ok(Some(form(&bytes, operation.query_style)?.into_bytes()));
    }
    if declared.contains("multipart/form-data") {
        let (content_type, body) = multipart::encode(&fields(&bytes, operation.query_style)?);
        headers.insert(header::CONTENT_TYPE, content_type);
        return Ok(Some(body));
    }
    if declared.is_empty() {
        headers.insert(header::CONTENT_TYPE, JSON);
    }
    Ok(Some(bytes))
}

fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn form(json: &[u8], style: QueryStyle) -> Result<String, RenderError> {
    let parameters = Parameters { style, encoding: Encoding::Form, most: MAX_BODY };
    let mut text = String::new();
    if let Ok(Value::Object(members)) = serde_json::from_slice(json) {
        for (name, value) in &members {
            parameters.append(name, value, &mut text);
        }
    }
    check_length("body", text.len(), MAX_BODY)?;
    Ok(text)
}

/// The fields of a multipart form: nested values get the same bracketed names as in a query.
fn fields(json: &[u8], style: QueryStyle) -> Result<Vec<(String, String)>, RenderError> {
    let text = form(json, style)?;
    Ok(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}

pub(super) fn check_length(part: &str, length: usize, limit: usize) -> Result<(), RenderError> {
    match length > limit {
        true => Err(RenderError::TooLong { part: part.to_owned(), limit }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
