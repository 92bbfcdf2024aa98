//! The management API: who calls it, in which version something was read, what is submitted, and how
//! it is refused: `{"error": {"code", "message", …}}` with codes that never change their meaning.

mod body;
mod caller;

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::http::header::{HeaderValue, IF_MATCH, RETRY_AFTER};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev};
use serde_json::{Value, json};

pub(super) use self::body::{Members, Text};
pub(super) use self::caller::{ManagementCaller, scope};
use super::reply;
use crate::service::catalog::ConnectorError;

/// A refusal.
#[derive(Debug)]
pub(super) struct ManagementError {
    status: u16,
    body: Value,
    /// When to come again, in seconds.
    retry_after: Option<u64>,
}

impl ManagementError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, body: json!({"error": {"code": code, "message": message.into()}}), retry_after: None }
    }

    /// The refusal with the seconds after which to come again.
    fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A member or parameter that does not fit.
    pub(super) fn invalid(at: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let body = json!({"error": {"code": "invalid_request", "message": message, "at": at}});
        Self { status: 400, body, retry_after: None }
    }
}

impl From<ConnectorError> for ManagementError {
    fn from(error: ConnectorError) -> Self {
        Self { status: error.status(), body: error.to_json(), retry_after: None }
    }
}

impl std::fmt::Display for ManagementError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.body.pointer("/error/code").and_then(Value::as_str).unwrap_or("error"))
    }
}

impl ResponseError for ManagementError {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = reply::json(self.status, &self.body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What a request sends, or what is wrong with it: handlers look at it once they know who is asking.
pub(super) type Sent<T> = Result<T, ManagementError>;

/// The version in which a record was read (`If-Match`).
#[derive(Debug)]
pub(super) struct IfMatch(pub(super) u64);

impl FromRequest for IfMatch {
    type Error = ManagementError;
    type Future = Ready<Result<Self, ManagementError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let header = request.headers().get(IF_MATCH).map(|value| value.to_str().unwrap_or_default().trim());
        ready(match header {
            None | Some("*") => Err(ManagementError::new(
                428,
                "if_match_missing",
                "Say which version is meant: send the `etag` of the connector as read before, in the header If-Match. `*` would overwrite what others changed.",
            )),
            Some(tag) => tag
                .strip_prefix('"')
                .and_then(|tag| tag.strip_suffix('"'))
                .and_then(|version| version.parse().ok())
                .map(Self)
                .ok_or_else(|| {
                    ManagementError::new(
                        412,
                        "changed_meanwhile",
                        "The header If-Match holds no ETag of a connector. Send the one that reading the connector gave, quotes included.",
                    )
                }),
        })
    }
}
