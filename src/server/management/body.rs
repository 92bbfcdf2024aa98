//! What is submitted to the management API: a text, or a JSON object of which every member is known.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev, web};
use serde_json::{Map, Value};

use super::ManagementError;
use crate::config::suggest::nearest;
use crate::engine::json::count_values;
use crate::json_kind::kind;
use crate::members::{Members, Wrong};
use crate::server::extract::is_too_deep;
use crate::server::intake::{self, TEXT_LIMIT, USUAL_LIMIT, Unread};

/// A body as it was sent: UTF-8, at most 10 MiB. It should be JSON of the type `T`.
pub(in crate::server) struct Text<T> {
    pub(in crate::server) text: String,
    documented: PhantomData<fn() -> T>,
}

/// A JSON object with the members of `T` and no others, in at most `LIMIT` bytes; an empty body is an empty object.
/// `I` is what a service takes.
pub(in crate::server) struct Submitted<T, I = T, const LIMIT: usize = USUAL_LIMIT> {
    pub(in crate::server) input: I,
    documented: PhantomData<fn() -> T>,
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ManagementError>>>>;

fn read(
    request: &HttpRequest,
    payload: &mut dev::Payload,
    limit: usize,
) -> impl Future<Output = Result<web::Bytes, ManagementError>> + use<> {
    let bytes = intake::read(request, payload, limit);
    async move { bytes.await.map_err(ManagementError::from) }
}

fn utf8(bytes: &[u8]) -> Result<&str, ManagementError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = format!(
            "The request body is not UTF-8: byte {} (on line {line}) is not part of a character. Nothing is stored.",
            valid.len() + 1
        );
        ManagementError::new(400, "not_utf8", message)
    })
}

impl From<Unread> for ManagementError {
    fn from(unread: Unread) -> Self {
        let code = match unread {
            Unread::TooLarge(_) | Unread::TooManyValues(_) => "too_large",
            Unread::Incomplete => "incomplete",
            Unread::TooSlow => "too_slow",
            Unread::Overloaded => "busy",
        };
        let mut error = Self::new(unread.status(), code, format!("{unread} Nothing is stored."));
        error.unread = Some(unread);
        error
    }
}

impl<T: 'static> FromRequest for Text<T> {
    type Error = ManagementError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let bytes = read(request, payload, TEXT_LIMIT);
        Box::pin(async move {
            let text = utf8(&bytes.await?)?.to_owned();
            Ok(Self { text, documented: PhantomData })
        })
    }
}

impl<T, I, const LIMIT: usize> FromRequest for Submitted<T, I, LIMIT>
where
    T: Members + 'static,
    I: TryFrom<T, Error: Into<Wrong>> + Send + 'static,
{
    type Error = ManagementError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let bytes = read(request, payload, LIMIT);
        Box::pin(async move {
            let input = intake::parsed(bytes.await?, intake::MOST_VALUES, count_values, |bytes| {
                let mut object = object(utf8(bytes)?)?;
                let input = I::try_from(T::take(&mut object)?).map_err(Into::into)?;
                match object.keys().next() {
                    None => Ok(input),
                    Some(unknown) => Err(unknown_member(unknown, T::NAMES)),
                }
            });
            Ok(Self { input: input.await??, documented: PhantomData })
        })
    }
}

fn object(text: &str) -> Result<Map<String, Value>, ManagementError> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(other) => Err(ManagementError::invalid(
            "",
            format!("The request body is {}; it has to be a JSON object.", kind(&other)),
        )),
        Err(error) => {
            let (code, what) = if is_too_deep(&error) {
                ("too_deep", "is nested too deeply")
            } else if error.is_eof() {
                ("not_json", "is not JSON: it ends too early")
            } else {
                ("not_json", "is not JSON: a syntax error")
            };
            let (line, column) = (error.line(), error.column());
            let message =
                format!("The request body {what} at line {line}, column {column}. Nothing is stored.");
            Err(ManagementError::new(400, code, message))
        }
    }
}

fn unknown_member(unknown: &str, known: &[&'static str]) -> ManagementError {
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    ManagementError::invalid("", format!("The request body has an unknown member; {hint}"))
}
