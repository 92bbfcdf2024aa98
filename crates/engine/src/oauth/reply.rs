//! What a token endpoint answers (RFC 6749, section 5): tokens, or why there are none.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::{Grant, OAuth};
use crate::exchange::{BodyKind, UpstreamResponse};
use crate::failure::{Failure, FailureKind};
use crate::secret::Secret;
use crate::text::{one_line, to_text};

/// The longest life of a token: what is longer counts as this.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// So long are the words of a token endpoint at most, in characters.
const LONGEST_WORDS: usize = 300;

/// Shorter secrets are not looked for in the words of a token endpoint: they are parts of ordinary words.
const SHORTEST_SECRET: usize = 6;

/// What a token endpoint gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    /// The access token.
    pub access_token: Secret,
    /// The refresh token; absent if there is none, or if the one that was used stays.
    pub refresh_token: Option<Secret>,
    /// How long the access token lives; absent where nobody says so.
    pub expires_in: Option<Duration>,
    /// The whole reply, as an object. It holds the tokens.
    pub reply: Value,
    /// What of the reply could not be used, for the log. It holds no value of the reply.
    pub warning: Option<&'static str>,
}

/// Why a token endpoint gave no tokens. The words are those of recordings 20 where they have some.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenRefusal {
    /// The code or refresh token is worth nothing any more: the user has to sign in again.
    InvalidGrant,
    /// Something else was refused: it may be mended, and nobody is signed out.
    Refused {
        /// The code of the error, such as `invalid_client`; empty where there is none.
        code: String,
        /// What people read.
        words: String,
    },
    /// There is no answer that says anything, or nothing was sent.
    Failed(Failure),
    /// The reply is one of a token endpoint, and has no access token (Q8).
    NoToken,
    /// The reply is none of a token endpoint: a page, a list, a text.
    NotATokenReply {
        /// What it is, in words.
        found: &'static str,
    },
}

impl TokenRefusal {
    /// Whether the user has to sign in again: only `invalid_grant` says so.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::InvalidGrant)
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidGrant => f.write_str(refused_in_words("invalid_grant").unwrap_or_default()),
            Self::Refused { words, .. } => f.write_str(words),
            Self::Failed(failure) => match failure.kind {
                // Recordings 24, `oauth-refresh-fails`.
                FailureKind::Status(status) => write!(f, "HTTP status {status}"),
                _ => f.write_str(&failure.message),
            },
            Self::NoToken => f.write_str(
                "The CRM's token endpoint gave no access token. Check `tokenUrl` and the app that is registered at the CRM.",
            ),
            Self::NotATokenReply { found } => {
                write!(f, "The CRM's token endpoint answered with {found} instead of tokens. Check `tokenUrl`.")
            }
        }
    }
}

impl std::error::Error for TokenRefusal {}

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Failed(failure) => failure,
            TokenRefusal::InvalidGrant | TokenRefusal::Refused { .. } => {
                Self::new(FailureKind::Status(400), refusal.to_string())
            }
            TokenRefusal::NoToken | TokenRefusal::NotATokenReply { .. } => {
                Self::new(FailureKind::NotJson, refusal.to_string())
            }
        }
    }
}

/// The text of RFC 6749 (sections 4.1.2.1 and 5.2) for an error code; nothing for a code that is not there.
pub fn refused_in_words(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_request" => {
            "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed."
        }
        "invalid_client" => {
            "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."
        }
        "invalid_grant" => {
            "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
        }
        "unauthorized_client" => {
            "The client is not authorized to request an authorization code using this method."
        }
        "unsupported_grant_type" => {
            "The authorization grant type is not supported by the authorization server."
        }
        "access_denied" => "The resource owner or authorization server denied the request.",
        "unsupported_response_type" => {
            "The authorization server does not support obtaining an authorization code using this method."
        }
        "invalid_scope" => "The requested scope is invalid, unknown, or malformed.",
        "server_error" => {
            "The authorization server encountered an unexpected condition that prevented it from fulfilling the request. (This error code is needed because a 500 Internal Server Error HTTP status code cannot be returned to the client via an HTTP redirect.)"
        }
        "temporarily_unavailable" => {
            "The authorization server is currently unable to handle the request due to a temporary overloading or maintenance of the server."
        }
        _ => return None,
    })
}

/// Reads the answer of a token endpoint: JSON, a form, or JSON written as a text. An `error` member refuses, whatever
/// the status is.
///
/// # Errors
/// If there are no tokens in it.
pub fn granted(
    answer: Result<UpstreamResponse, Failure>,
    oauth: &OAuth,
    grant: &Grant<'_>,
) -> Result<Granted, TokenRefusal> {
    let response = match answer {
        Ok(response) => response,
        Err(failure) => {
            let body = failure.response.as_ref().map(|response| members(&response.body));
            let refusal = body.and_then(Result::ok).and_then(|reply| refusal(&reply, oauth, grant));
            return Err(refusal.unwrap_or(TokenRefusal::Failed(failure)));
        }
    };
    let reply = match (response.kind, members(response.body())) {
        (BodyKind::Empty, _) => return Err(TokenRefusal::NotATokenReply { found: "nothing" }),
        (_, Ok(reply)) => reply,
        (_, Err(found)) => return Err(TokenRefusal::NotATokenReply { found }),
    };
    if let Some(refusal) = refusal(&reply, oauth, grant) {
        return Err(refusal);
    }
    let text = |name: &str| reply.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let access_token = text("access_token").map(Secret::new).ok_or(TokenRefusal::NoToken)?;
    let keeps = oauth.keeps_refresh_token && matches!(grant, Grant::Refresh { .. });
    let refresh_token = text("refresh_token").filter(|_| !keeps).map(Secret::new);
    let (expires_in, warning) = match lifetime(reply.get("expires_in")) {
        Ok(lifetime) => (lifetime.or(oauth.lifetime), None),
        Err(warning) => (oauth.lifetime, Some(warning)),
    };
    Ok(Granted { access_token, refresh_token, expires_in, reply, warning })
}

/// The reply as an object; what it is instead, in words, if it is none of a token endpoint.
fn members(body: &Value) -> Result<Value, &'static str> {
    let text = match body {
        Value::Object(_) => return Ok(body.clone()),
        Value::String(text) => text.trim(),
        Value::Array(_) => return Err("a list"),
        _ => return Err("a single value"),
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => return Ok(Value::Object(members)),
        Ok(Value::Array(_)) => return Err("a list"),
        _ => {}
    }
    if text.is_empty() {
        return Err("nothing");
    }
    if text.starts_with('<') {
        return Err("a page");
    }
    let form: serde_json::Map<String, Value> = url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    let is_reply =
        ["access_token", "error", "token_type", "refresh_token"].iter().any(|name| form.contains_key(*name));
    if is_reply { Ok(Value::Object(form)) } else { Err("a text") }
}

/// Why the reply refuses, if it does.
fn refusal(reply: &Value, oauth: &OAuth, grant: &Grant<'_>) -> Option<TokenRefusal> {
    let said = |name: &str| reply.get(name).filter(|value| is_something(value));
    let code = said("error").map(|error| match error {
        // `{"error": {"code": "invalid_grant", "message": "…"}}`
        Value::Object(members) => {
            ["code", "error", "type"].iter().find_map(|name| members.get(*name)).map(to_text)
        }
        error => Some(to_text(error)),
    });
    let code = code.map(Option::unwrap_or_default);
    let description = said("error_description").or_else(|| reply.pointer("/error/message"));
    if code.is_none() && description.is_none() {
        return None;
    }
    let code = code.unwrap_or_default();
    if code.trim().eq_ignore_ascii_case("invalid_grant") {
        return Some(TokenRefusal::InvalidGrant);
    }
    let words = match refused_in_words(&code) {
        Some(words) => words.to_owned(),
        None => description.map(to_text).unwrap_or(code.clone()).into_owned(),
    };
    let shown = |text: &str| one_line(&without_secrets(text, oauth, grant), LONGEST_WORDS);
    let words = match shown(&words) {
        words if words.is_empty() => {
            "The CRM's token endpoint refused the request without saying why.".to_owned()
        }
        words => words,
    };
    Some(TokenRefusal::Refused { code: shown(&code), words })
}

/// Whether JavaScript takes a value for true.
fn is_something(value: &Value) -> bool {
    crate::truthy::is_truthy(value)
}

/// A token endpoint may repeat what it was sent.
fn without_secrets(text: &str, oauth: &OAuth, grant: &Grant<'_>) -> String {
    let client = oauth.client_secret.as_ref().map(Secret::expose);
    let mut text = text.to_owned();
    for secret in grant.secrets().into_iter().chain(client).filter(|secret| secret.len() >= SHORTEST_SECRET) {
        for written in crate::encode::as_in_urls(secret) {
            text = text.replace(&written, "***");
        }
    }
    text
}

/// How long a token lives: absent if the reply does not say it.
///
/// # Errors
/// What is wrong with it, for the log.
fn lifetime(expires_in: Option<&Value>) -> Result<Option<Duration>, &'static str> {
    let seconds = match expires_in {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    match seconds {
        Some(seconds) if seconds.is_nan() => Err("`expires_in` of the token reply is no number of seconds"),
        // Over already: it is renewed before it is used.
        Some(seconds) if seconds <= 0.0 => Ok(Some(Duration::ZERO)),
        Some(seconds) => Ok(Some(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST))),
        None => Err("`expires_in` of the token reply is no number of seconds"),
    }
}
