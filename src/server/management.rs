//! The management API: who calls it, in which version something was read, what is submitted, and how
//! it is refused: `{"error": {"code", "message", …}}` with codes that never change their meaning.

mod body;
mod caller;

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

pub(super) use self::body::{Submitted, Text};
pub(super) use self::caller::{ManagementCaller, enter, scope};
use super::extract::Headers;
use super::intake::Unread;
use super::reply;
use crate::members::{Given, Wrong, members};
use crate::service::catalog::{ConnectorError, Verdict};

/// A refusal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ConsoleError")]
pub(super) struct ManagementErrorReply {
    /// What is wrong.
    error: ManagementErrorBody,
}

/// What is wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ConsoleErrorBody")]
struct ManagementErrorBody {
    /// Stable, for programs.
    #[schemars(extend("enum" = [
        "account_not_allowed", "account_not_pinned", "busy", "changed_meanwhile", "checks_failed", "connector_exists",
        "connector_retired", "console_closed", "export_too_large", "if_match_missing", "incomplete", "invalid_request", "not_json",
        "not_utf8", "nothing_to_roll_back", "revision_has_errors", "scope_missing", "secret_in_text",
        "server_failed", "store_failed", "token_expired", "too_deep", "too_large", "too_many_failures",
        "too_many_trials", "too_slow", "unauthorized", "unknown_connector", "unknown_revision", "unknown_token",
    ]))]
    code: String,
    /// What is wrong and how to mend it, for people.
    message: String,
    /// The member or parameter that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// The ETag of the connector as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// What was found in the text, as `app-connect validate --format json` writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostics: Option<Vec<Value>>,
    /// Why the revision is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Verdict>,
}

/// A refusal.
#[derive(Debug)]
pub(super) struct ManagementError {
    status: u16,
    body: Value,
    /// When to come again, in seconds.
    retry_after: Option<u64>,
    /// Why the body was not taken, if that is what is wrong.
    unread: Option<Unread>,
}

impl ManagementError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({"error": {"code": code, "message": message.into()}}),
            retry_after: None,
            unread: None,
        }
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
        Self { status: 400, body, retry_after: None, unread: None }
    }
}

impl From<Wrong> for ManagementError {
    fn from(wrong: Wrong) -> Self {
        Self::invalid(wrong.at(), wrong.to_string())
    }
}

impl From<ConnectorError> for ManagementError {
    fn from(error: ConnectorError) -> Self {
        Self { status: error.status(), body: error.to_json(), retry_after: error.retry_after(), unread: None }
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
        match self.unread {
            Some(unread) => reply::unread(unread, response),
            None => response,
        }
    }
}

/// What a request sends, or what is wrong with it: handlers look at it once they know who is asking.
pub(super) type Sent<T> = Result<T, ManagementError>;

members! {
    /// In which version the connector was read.
    pub(super) struct IfMatchHeader {
        /// The `etag` of the connector as it was read, quotes included.
        #[schemars(required)]
        if_match as "If-Match": Option<Given<String>>,
    }
}

/// The version in which a record was read.
#[derive(Debug)]
pub(super) struct IfMatch(pub(super) u64);

impl FromRequest for IfMatch {
    type Error = ManagementError;
    type Future = Ready<Result<Self, ManagementError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Headers::<IfMatchHeader>::of(request).map_err(ManagementError::from).and_then(version))
    }
}

fn version(header: IfMatchHeader) -> Result<IfMatch, ManagementError> {
    match header.if_match.as_deref().map(|tag| tag.as_str().unwrap_or_default().trim()) {
        None | Some("*") => Err(ManagementError::new(
            428,
            "if_match_missing",
            "Say which version is meant: send the `etag` of the connector as read before, in the header If-Match. `*` would overwrite what others changed.",
        )),
        Some(tag) => tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .and_then(|version| version.parse().ok())
            .map(IfMatch)
            .ok_or_else(|| {
                ManagementError::new(
                    412,
                    "changed_meanwhile",
                    "The header If-Match holds no ETag of a connector. Send the one that reading the connector gave, quotes included.",
                )
            }),
    }
}
