//! What is submitted to the management API: a text, or a JSON object read member by member.

use std::future::Future;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev, web};
use serde_json::{Map, Value};

use super::ManagementError;
use crate::config::suggest::nearest;
use crate::json_kind::kind;
use crate::server::body::MAX_BYTES;

/// A body as it was sent: UTF-8, at most 10 MiB.
pub(in crate::server) struct Text(pub(in crate::server) String);

/// A JSON object; an empty body is an empty object. Members are taken one by one, and what is left at
/// the end is refused.
pub(in crate::server) struct Members {
    members: Map<String, Value>,
    known: Vec<&'static str>,
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ManagementError>>>>;

fn read(request: &HttpRequest, payload: &mut dev::Payload) -> Reading<String> {
    let bytes = web::Bytes::from_request(request, payload);
    Box::pin(async move {
        let bytes = bytes.await.map_err(|error| match error.as_response_error().status_code().as_u16() {
            413 => ManagementError::new(
                413,
                "too_large",
                format!("The request body is larger than {MAX_BYTES} bytes. Nothing is stored."),
            ),
            _ => ManagementError::new(400, "incomplete", "The request body broke off before its end."),
        })?;
        String::from_utf8(bytes.to_vec()).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            let message = format!(
                "The request body is not UTF-8: byte {} (on line {line}) is not part of a character. Nothing is stored.",
                valid.len() + 1
            );
            ManagementError::new(400, "not_utf8", message)
        })
    })
}

impl FromRequest for Text {
    type Error = ManagementError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let text = read(request, payload);
        Box::pin(async move { Ok(Self(text.await?)) })
    }
}

impl FromRequest for Members {
    type Error = ManagementError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let text = read(request, payload);
        Box::pin(async move {
            let text = text.await?;
            if text.trim().is_empty() {
                return Ok(Self::of(Map::new()));
            }
            match serde_json::from_str(&text) {
                Ok(Value::Object(members)) => Ok(Self::of(members)),
                Ok(other) => Err(ManagementError::invalid(
                    "",
                    format!("The request body is {}; it has to be a JSON object.", kind(&other)),
                )),
                Err(error) => {
                    // The parser stops before it recurses too far, and has no kind for that.
                    let too_deep = error.to_string().starts_with("recursion limit");
                    let (code, what) = match () {
                        () if too_deep => ("too_deep", "is nested too deeply"),
                        () if error.is_eof() => ("not_json", "is not JSON: it ends too early"),
                        () => ("not_json", "is not JSON: a syntax error"),
                    };
                    let (line, column) = (error.line(), error.column());
                    let message = format!(
                        "The request body {what} at line {line}, column {column}. Nothing is stored."
                    );
                    Err(ManagementError::new(400, code, message))
                }
            }
        })
    }
}

impl Members {
    fn of(members: Map<String, Value>) -> Self {
        Self { members, known: Vec::new() }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.members.remove(name)
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, ManagementError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(ManagementError::invalid(name, format!("`{name}` has to be {expected}."))),
            },
        }
    }

    /// A text.
    pub(in crate::server) fn text(&mut self, name: &'static str) -> Result<Option<String>, ManagementError> {
        self.read(name, "text", as_text)
    }

    /// A text that has to be there.
    pub(in crate::server) fn needed_text(&mut self, name: &'static str) -> Result<String, ManagementError> {
        self.text(name)?
            .ok_or_else(|| ManagementError::invalid(name, format!("`{name}` is missing: a text.")))
    }

    /// A whole number, where there is one.
    pub(in crate::server) fn number_if(
        &mut self,
        name: &'static str,
    ) -> Result<Option<u64>, ManagementError> {
        self.read(name, "a whole number", |value| value.as_u64())
    }

    /// A whole number.
    pub(in crate::server) fn number(&mut self, name: &'static str) -> Result<u64, ManagementError> {
        let number = self.number_if(name)?;
        number.ok_or_else(|| ManagementError::invalid(name, format!("`{name}` is missing: a whole number.")))
    }

    /// An object.
    pub(in crate::server) fn object(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Map<String, Value>>, ManagementError> {
        self.read(name, "an object", as_object)
    }

    /// A list.
    pub(in crate::server) fn list(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<Value>>, ManagementError> {
        self.read(name, "a list", |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    /// Something that may be taken away with null: absent, null, or what `read` makes of it.
    fn clearable<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<Option<T>>, ManagementError> {
        if !self.members.contains_key(name) {
            self.known.push(name);
            return Ok(None);
        }
        self.read(name, expected, read).map(Some)
    }

    /// A text, or null to take it away.
    pub(in crate::server) fn clearable_text(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Option<String>>, ManagementError> {
        self.clearable(name, "text or null", as_text)
    }

    /// An object, or null to take it away.
    pub(in crate::server) fn clearable_object(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Option<Map<String, Value>>>, ManagementError> {
        self.clearable(name, "an object or null", as_object)
    }

    /// A list of texts, or null to take it away.
    pub(in crate::server) fn clearable_texts<T: FromIterator<String>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Option<T>>, ManagementError> {
        self.clearable(name, "a list of texts or null", |value| match value {
            Value::Array(items) => items.into_iter().map(as_text).collect(),
            _ => None,
        })
    }

    /// The members as they are.
    pub(in crate::server) fn into_value(self) -> Value {
        Value::Object(self.members)
    }

    /// Refuses members that were not asked for.
    pub(in crate::server) fn finish(self) -> Result<(), ManagementError> {
        let Some(unknown) = self.members.keys().next() else { return Ok(()) };
        let hint = match nearest(unknown, self.known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("there are {}", self.known.join(", ")),
        };
        Err(ManagementError::invalid("", format!("The request body has an unknown member; {hint}")))
    }
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn as_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
