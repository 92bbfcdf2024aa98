//! The management API: who calls it, in which version something was read, what is submitted, and how
//! it is refused: `{"error": {"code", "message", …}}` with codes that never change their meaning.

mod body;

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev};
use serde_json::{Value, json};

pub(super) use self::body::{Members, Text};
use super::admin::{self, NoAdmin};
use super::reply;
use crate::service::connectors::ConnectorError;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Read everything but secrets.
    Read,
    /// Upload, configure, retire nothing that serves.
    Edit,
    /// Decide what serves, and send a connector's secrets.
    Activate,
}

/// Somebody with a token for the management API.
#[derive(Debug)]
pub(super) struct ConsoleCaller {
    name: String,
}

impl ConsoleCaller {
    /// As the audit log names them.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Demands a scope; the admin token has all of them.
    pub(super) fn may(&self, _scope: Scope) -> Result<(), ConsoleError> {
        Ok(())
    }
}

/// A refusal.
#[derive(Debug)]
pub(super) struct ConsoleError {
    status: u16,
    body: Value,
}

impl ConsoleError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, body: json!({"error": {"code": code, "message": message.into()}}) }
    }

    /// A member or parameter that does not fit.
    pub(super) fn invalid(at: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let body = json!({"error": {"code": "invalid_request", "message": message, "at": at}});
        Self { status: 400, body }
    }
}

impl From<ConnectorError> for ConsoleError {
    fn from(error: ConnectorError) -> Self {
        Self { status: error.status(), body: error.to_json() }
    }
}

impl std::fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.body.pointer("/error/code").and_then(Value::as_str).unwrap_or("error"))
    }
}

impl ResponseError for ConsoleError {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        reply::json(self.status, &self.body)
    }
}

impl FromRequest for ConsoleCaller {
    type Error = ConsoleError;
    type Future = Ready<Result<Self, ConsoleError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let caller = Self { name: "admin".to_owned() };
        ready(admin::check(request).map(|()| caller).map_err(|error| match error {
            NoAdmin::Closed => ConsoleError::new(403, "console_closed", error.to_string()),
            NoAdmin::Wrong => ConsoleError::new(401, "unauthorized", error.to_string()),
        }))
    }
}

/// The version in which a record was read (`If-Match`).
#[derive(Debug)]
pub(super) struct IfMatch(pub(super) u64);

impl FromRequest for IfMatch {
    type Error = ConsoleError;
    type Future = Ready<Result<Self, ConsoleError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let header = request.headers().get(IF_MATCH).map(|value| value.to_str().unwrap_or_default().trim());
        ready(match header {
            None | Some("*") => Err(ConsoleError::new(
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
                    ConsoleError::new(
                        412,
                        "changed_meanwhile",
                        "The header If-Match holds no ETag of a connector. Send the one that reading the connector gave, quotes included.",
                    )
                }),
        })
    }
}
