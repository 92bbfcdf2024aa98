//! Request bodies and query strings: JSON, forms, and clear words about anything else.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev, web};
use serde_json::{Map, Value};

use super::reply;

/// The largest request body, in bytes.
pub(super) const MAX_BYTES: usize = 10 * 1024 * 1024;

/// How deep the names of form fields nest.
const MAX_DEPTH: usize = 16;

/// A request body: a JSON object or a form; no body is an empty object.
#[derive(Debug)]
pub(super) struct Body(pub(super) Map<String, Value>);

/// A body that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// Larger than [`MAX_BYTES`].
    #[error("The request body is larger than {MAX_BYTES} bytes.")]
    TooLarge,
    /// It broke off.
    #[error("The request body broke off before its end.")]
    Incomplete,
    /// Not JSON. The parser's words name line and column, never content.
    #[error("The request body is not JSON: {0}.")]
    NotJson(String),
    /// JSON of another type.
    #[error("The request body is {0}; it has to be a JSON object.")]
    NotAnObject(&'static str),
    /// A member of another type.
    #[error("`{0}` has to be {1}.")]
    WrongType(&'static str, &'static str),
}

impl ResponseError for BodyError {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let status = if matches!(self, Self::TooLarge) { 413 } else { 400 };
        reply::error(status, &self.to_string())
    }
}

impl FromRequest for Body {
    type Error = BodyError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, BodyError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|error| {
                if error.as_response_error().status_code() == 413 {
                    BodyError::TooLarge
                } else {
                    BodyError::Incomplete
                }
            })?;
            if is_form {
                return Ok(Self(form(&bytes)));
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(Self(Map::new()));
            }
            match parse(&bytes) {
                Ok(Value::Object(members)) => Ok(Self(members)),
                Ok(other) => Err(BodyError::NotAnObject(crate::json_kind::kind(&other))),
                Err(error) => Err(BodyError::NotJson(format!(
                    "{} at line {}, column {}",
                    match () {
                        () if error.is_eof() => "it ends too early",
                        // The parser stops before it recurses too far, and has no kind for that.
                        () if error.to_string().starts_with("recursion limit") => "it is nested too deeply",
                        () => "a syntax error",
                    },
                    error.line(),
                    error.column()
                ))),
            }
        })
    }
}

impl Body {
    /// Takes a member that is text; null counts as absent.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, BodyError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(BodyError::WrongType(name, "text")),
        }
    }

    /// Takes a member that is an object; null counts as absent.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Option<Map<String, Value>>, BodyError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(BodyError::WrongType(name, "an object")),
        }
    }
}

/// As [`serde_json::from_slice`]; where the whole is UTF-8 the parser need not check each string.
fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    std::str::from_utf8(bytes).map_or_else(|_| serde_json::from_slice(bytes), serde_json::from_str)
}

/// A query string as an object: repeated names give a list, as on the reference server
/// (recordings 04, `phone-repeated-option`).
pub(super) fn query(text: &str) -> Map<String, Value> {
    form(text.as_bytes())
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    let mut root = Value::Object(Map::new());
    for (name, value) in url::form_urlencoded::parse(bytes) {
        insert(&mut root, &path(&name), Value::String(value.into_owned()));
    }
    match root {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// `a[b][]` is the path a, b, and the empty segment that appends.
fn path(name: &str) -> Vec<&str> {
    match name.split_once('[') {
        Some((first, rest)) if !first.is_empty() && rest.ends_with(']') => {
            let rest = &rest[..rest.len() - 1];
            let path: Vec<&str> = std::iter::once(first).chain(rest.split("][")).collect();
            if path.len() > MAX_DEPTH { vec![name] } else { path }
        }
        _ => vec![name],
    }
}

fn insert(target: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        match target {
            Value::Null => *target = value,
            Value::Array(items) => items.push(value),
            _ => *target = Value::Array(vec![target.take(), value]),
        }
        return;
    };
    if first.is_empty() && !target.is_object() {
        if !target.is_array() {
            *target = Value::Array(Vec::new());
        }
        if let Value::Array(items) = target {
            let mut item = Value::Null;
            insert(&mut item, rest, value);
            items.push(item);
        }
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(members) = target {
        insert(members.entry(*first).or_insert(Value::Null), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_nest_and_repeat() {
        for (text, expected) in [
            ("a=1&b=x+y%21", json!({"a": "1", "b": "x y!"})),
            ("a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
            ("i[a]=1&i[b][c]=2", json!({"i": {"a": "1", "b": {"c": "2"}}})),
            ("l[]=1&l[]=2", json!({"l": ["1", "2"]})),
            ("[a]=1&b[=2&", json!({"[a]": "1", "b[": "2"})),
            ("", json!({})),
        ] {
            assert_eq!(Value::Object(query(text)), expected, "{text}");
        }
    }
}
