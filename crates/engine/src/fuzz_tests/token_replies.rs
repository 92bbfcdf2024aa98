//! Replies of token endpoints: bytes of any kind, read for tokens.

use std::time::Duration;

use http::HeaderMap;

use super::harness::{Target, fuzz};
use super::{outcome, parts};
use crate::decode::decode;
use crate::exchange::UpstreamResponse;
use crate::failure::{FailedResponse, Failure, FailureKind};
use crate::oauth::{Grant, OAuth, TokenRefusal, granted};
use crate::secret::Secret;

const BUDGET: Duration = Duration::from_millis(500);

#[test]
fn token_replies() {
    fuzz(Target { name: "token_replies", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "200\n---\n",
    "400\n---\n",
    "{\"access_token\":\"at\"}",
    "\"access_token\":",
    "\"refresh_token\":\"rt\"",
    "\"expires_in\":3600",
    "\"expires_in\":\"3600\"",
    "\"expires_in\":-1",
    "\"expires_in\":1e308",
    "\"error\":\"invalid_grant\"",
    "\"error\":{\"code\":\"invalid_grant\"}",
    "\"error_description\":\"",
    "access_token=at&expires_in=3600",
    "error=invalid_grant",
    "&",
    "=",
    "%",
    "%00",
    "<html>",
    "[",
    "\\ud800",
    "the-refresh-token",
    "null",
];

/// A status, and the body.
fn run(input: &[u8]) -> u64 {
    let [status, body] = parts::<2>(input);
    let status = status.trim().parse().ok().filter(|status| (200..600).contains(status)).unwrap_or(200);
    let decoded = decode(body.as_bytes(), None);
    let answer = if status < 300 {
        Ok(UpstreamResponse::new(status, HeaderMap::new(), decoded.body, decoded.kind))
    } else {
        let mut failure = Failure::new(FailureKind::Status(status), "refused");
        failure.response = Some(Box::new(FailedResponse { headers: HeaderMap::new(), body: decoded.body }));
        Err(failure)
    };
    let token = Secret::new("the-refresh-token");
    let read = granted(answer, &OAuth::default(), &Grant::Refresh { token: &token });
    match read {
        Ok(granted) => {
            assert!(status < 300 && !granted.access_token.expose().trim().is_empty());
            outcome((1, granted.refresh_token.is_some(), granted.expires_in.map(|life| life.is_zero())))
        }
        Err(refusal) => {
            let words = refusal.to_string();
            assert!(!words.trim().is_empty() && !words.contains(['\n', '\r']), "{words:?}");
            assert!(!words.contains("the-refresh-token"), "{words:?}");
            let kind = match &refusal {
                TokenRefusal::InvalidGrant => "invalid",
                TokenRefusal::Refused { .. } => "refused",
                TokenRefusal::Failed(_) => "failed",
                TokenRefusal::NoToken => "none",
                TokenRefusal::NotATokenReply { found } => found,
            };
            outcome((2, kind))
        }
    }
}
