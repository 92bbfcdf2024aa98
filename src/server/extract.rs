//! What a handler takes of a request: its body, its query string, its headers, each as a type; and clear words about
//! what cannot be used.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev};
use serde_json::{Map, Value};

use super::base::{Base, WrongBase};
use super::intake::{self, USUAL_LIMIT, Unread};
use super::reply;
use crate::engine::json::count_values;
use crate::members::{Members, Wrong};

/// How deep the names of form fields nest.
const MAX_DEPTH: usize = 16;

/// A request body of at most `LIMIT` bytes: a JSON object or a form; no body is an empty object.
#[derive(Debug)]
pub(super) struct Body<T, const LIMIT: usize = USUAL_LIMIT>(pub(super) T);

/// The query string: the members of `T` are its parameters. A name that is repeated gives a list.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

/// The request's headers: the members of `T` are their names. A value that is not plain text is null.
#[derive(Debug)]
pub(super) struct Headers<T>(pub(super) T);

/// A request that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// It is not taken.
    #[error("{0}")]
    Unread(Unread),
    /// Not JSON. The parser's words name line and column, never content.
    #[error("The request body is not JSON: {0}.")]
    NotJson(String),
    /// JSON of another type.
    #[error("The request body is {0}; it has to be a JSON object.")]
    NotAnObject(&'static str),
    /// A member that cannot be used.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// It names another document than its path.
    #[error(transparent)]
    WrongBase(#[from] WrongBase),
}

impl ResponseError for RequestError {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        match self {
            Self::Unread(unread) => reply::unread(*unread, reply::error(unread.status(), &self.to_string())),
            Self::Wrong(Wrong::Bare(words)) => reply::text(400, words),
            Self::WrongBase(wrong) => reply::wrong_base(wrong),
            _ => reply::error(400, &self.to_string()),
        }
    }
}

impl<T: Members + Send + 'static, const LIMIT: usize> FromRequest for Body<T, LIMIT> {
    type Error = RequestError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, RequestError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let base = Base::of(request);
        let bytes = intake::read(request, payload, LIMIT);
        Box::pin(async move {
            let count = if is_form { intake::count_fields } else { count_values };
            let parsed = intake::parsed(bytes.await.map_err(RequestError::Unread)?, count, move |bytes| {
                let mut object = if is_form { form(bytes) } else { json(bytes)? };
                taken(&mut object, base.as_ref())
            });
            parsed.await.map_err(RequestError::Unread)?.map(Self)
        })
    }
}

impl<T: Members> FromRequest for Query<T> {
    type Error = RequestError;
    type Future = Ready<Result<Self, RequestError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let base = Base::of(request);
        ready(taken(&mut query(request.query_string()), base.as_ref()).map(Self))
    }
}

/// The members of a request, which may leave out the document that its path names.
fn taken<T: Members>(object: &mut Map<String, Value>, base: Option<&Base>) -> Result<T, RequestError> {
    if let Some(base) = base {
        base.fill::<T>(object)?;
    }
    Ok(T::take(object)?)
}

impl<T: Members> Headers<T> {
    /// The headers of a request.
    pub(super) fn of(request: &HttpRequest) -> Result<T, Wrong> {
        let value =
            |name: &str| Some(request.headers().get(name)?.to_str().ok().map_or(Value::Null, Value::from));
        let named = T::NAMES.iter().filter_map(|name| Some(((*name).to_owned(), value(name)?)));
        T::take(&mut named.collect())
    }
}

impl<T: Members> FromRequest for Headers<T> {
    type Error = RequestError;
    type Future = Ready<Result<Self, RequestError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Self::of(request).map(Self).map_err(RequestError::from))
    }
}

/// The object in a body that is no form.
fn json(bytes: &[u8]) -> Result<Map<String, Value>, RequestError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match parse(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(other) => Err(RequestError::NotAnObject(crate::json_kind::kind(&other))),
        Err(error) => {
            let why = if error.is_eof() {
                "it ends too early"
            } else if is_too_deep(&error) {
                "it is nested too deeply"
            } else {
                "a syntax error"
            };
            let (line, column) = (error.line(), error.column());
            Err(RequestError::NotJson(format!("{why} at line {line}, column {column}")))
        }
    }
}

/// Whether the parser stopped before it would recurse too far. It has no kind for that.
pub(super) fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit")
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
