//! Whether the server's OpenAPI document says what the server answers. The client of the tests asks it of every
//! reply, so that each test also tests the document.
use super::client::{Request, Response};
use super::http;
use app_connect::server::openapi_document;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// As many errors of one body are told.
const TOLD: usize = 3;

/// As much of a body is told, in characters.
const SHOWN: usize = 600;

static SERVERS: LazyLock<Mutex<HashSet<SocketAddr>>> = LazyLock::new(Mutex::default);

/// Every reply from this address is checked from now on.
pub fn begin(address: SocketAddr) {
    servers().insert(address);
}

/// The server has ended; the next one at its address may be another.
pub fn end(address: SocketAddr) {
    servers().remove(&address);
}

fn servers() -> std::sync::MutexGuard<'static, HashSet<SocketAddr>> {
    SERVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Panics if the document does not say that the server may answer this to that.
pub fn check(address: SocketAddr, request: &Request, response: &Response) {
    if servers().contains(&address)
        && let Err(wrong) = agreed(request, response)
    {
        let text = response.text();
        let shown = beginning(&text, SHOWN);
        panic!("the OpenAPI document does not agree with a reply: {wrong}\nThe reply: {shown}");
    }
}

fn beginning(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

/// Also used by the tests of this file's own rules.
pub fn agreed(request: &Request, response: &Response) -> Result<(), String> {
    let method = match request.method.as_str() {
        // Answered before any route.
        "OPTIONS" => return Ok(()),
        // As GET, without a body.
        "HEAD" => "get".to_owned(),
        other => other.to_lowercase(),
    };
    let path = request.target.split('?').next().unwrap_or_default();
    let status = response.status;
    let (path, is_below) = match below_base(path) {
        Some(path) => (path, true),
        None => (path, false),
    };
    if is_below && status == 404 && response.header("content-type").is_some_and(|kind| kind.contains("json"))
    {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        return if body["error"].is_string() {
            Ok(())
        } else {
            Err("404 below a base names no error".to_owned())
        };
    }
    let Some(pattern) = pattern(path, &method) else {
        return match status {
            404 | 405 => Ok(()),
            // What is no HTTP has no route: the HTTP library answers.
            400 if response.body.is_empty() => Ok(()),
            _ => Err(format!("{} {path} is not described, and answers {status}", request.method)),
        };
    };
    let operation = &openapi_document()["paths"][pattern][&method];
    // Such an operation names its own server: it has no base.
    if is_below && operation["servers"].is_array() {
        return if status == 404 { Ok(()) } else { Err(format!("{path} answers {status} below a base")) };
    }
    let what = format!("{} {pattern}", request.method);
    let described = &operation["responses"][status.to_string()];
    if !described.is_object() {
        return Err(format!("{what}: the status {status} is not described"));
    }
    if request.method != "HEAD" {
        body_agrees(&what, pattern, &method, described, response)?;
    }
    if let Some(missing) = missing_parameter(operation, request)
        && was_done(response)
    {
        return Err(format!("{what}: {missing} is called required; without it the answer is {status}"));
    }
    Ok(())
}

/// The path behind the base of a document.
fn below_base(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/p/")?;
    rest.find('/').map(|end| &rest[end..])
}

fn body_agrees(
    what: &str,
    pattern: &str,
    method: &str,
    described: &Value,
    response: &Response,
) -> Result<(), String> {
    let status = response.status;
    let types = described["content"].as_object();
    let Some(sent) = response.header("content-type") else {
        // An empty text has no type, as on the reference server (recordings 17).
        return if response.body.is_empty()
            && types.is_none_or(|types| !types.contains_key("application/json"))
        {
            Ok(())
        } else {
            Err(format!("{what}: the reply {status} names no content type"))
        };
    };
    // Names of types may have parameters of their own: that of the metrics does.
    let short = sent.split(';').next().unwrap_or_default().trim();
    let Some(content_type) =
        types.into_iter().flatten().map(|(name, _)| name).find(|name| *name == sent || *name == short)
    else {
        return Err(format!("{what}: {status} as {short} is not described"));
    };
    if short != "application/json" {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|error| format!("{what}: the body of {status} is no JSON: {error}"))?;
    let validator = validator(pattern, method, status, content_type);
    let wrong: Vec<String> = validator
        .iter_errors(&body)
        .take(TOLD)
        .map(|error| {
            format!("at {:?}: {}", error.instance_path().to_string(), beginning(&error.to_string(), 300))
        })
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{what}: the body of {status} breaks its schema: {}", wrong.join("; ")))
}

/// A parameter that the document calls required and that the request does not bring.
fn missing_parameter(operation: &Value, request: &Request) -> Option<String> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let in_query = |name: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(given, _)| given == name);
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.filter(|parameter| parameter["required"] == true).find_map(|parameter| {
        let name = parameter["name"].as_str()?;
        let is_given = match parameter["in"].as_str()? {
            "query" => in_query(name),
            "header" => http::header(&request.headers, name).is_some(),
            _ => true,
        };
        (!is_given).then(|| format!("the parameter {name}"))
    })
}

/// Refusals have status 200 too, and say so.
fn was_done(response: &Response) -> bool {
    let refused = |body: &Value| body["successful"] == false;
    (200..300).contains(&response.status)
        && !serde_json::from_slice(&response.body).is_ok_and(|body: Value| refused(&body))
}

/// The path of the document which serves this one: a plain one rather than one with parameters.
fn pattern(path: &str, method: &str) -> Option<&'static str> {
    let paths = openapi_document()["paths"].as_object()?;
    let fits = |pattern: &str| {
        let (mut theirs, mut ours) = (path.split('/'), pattern.split('/'));
        loop {
            match (theirs.next(), ours.next()) {
                (None, None) => return true,
                (Some(part), Some(pattern)) if pattern.starts_with('{') => {
                    if part.is_empty() {
                        return false;
                    }
                }
                (Some(part), Some(pattern)) if part == pattern => {}
                _ => return false,
            }
        }
    };
    let mut fitting = paths.iter().filter(|(pattern, methods)| fits(pattern) && methods[method].is_object());
    let plain = fitting.clone().find(|(pattern, _)| !pattern.contains('{'));
    plain.or_else(|| fitting.next()).map(|(pattern, _)| pattern.as_str())
}

/// Each schema is compiled once, if a reply needs it.
fn validator(pattern: &str, method: &str, status: u16, content_type: &str) -> Arc<Validator> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let key = format!("{method} {pattern} {status} {content_type}");
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || {
        let response = &openapi_document()["paths"][pattern][method]["responses"][status.to_string()];
        let mut schema = json!({"components": openapi_document()["components"].clone()});
        let own = response["content"][content_type]["schema"].as_object().cloned().unwrap_or_default();
        schema.as_object_mut().expect("an object").extend(own);
        Arc::new(jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{pattern}: {error}")))
    };
    Arc::clone(compiled.entry(key).or_insert_with(compile))
}
