//! Why an exchange with a CRM failed: one exhaustive list.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

/// The kinds of failure, exhaustive so that every edge decides about each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The host name does not resolve.
    Dns,
    /// Nothing accepts connections there.
    Refused,
    /// The TLS handshake failed: certificate, name or protocol.
    Tls,
    /// No complete answer within the operation's timeout.
    Timeout,
    /// The connection broke before the answer was complete.
    Reset,
    /// The answer is larger than the cap.
    TooLarge,
    /// The answer should have been JSON and is not.
    NotJson,
    /// The CRM answered with a status of success, and nothing in its answer shows that it did what it was
    /// asked.
    Unconfirmed,
    /// The CRM answered with this status, outside 200–299, or with one that the document's
    /// `errorMapping` takes for this failure.
    Status(u16),
    /// This server refused to send: egress guard, host policy, or a value that HTTP cannot carry.
    Blocked,
    /// This server did not send: a value is missing without which other records would be meant.
    Missing,
    /// This server did not send: the connector's own limit left no turn within the timeout.
    Limited,
}

impl FailureKind {
    /// Stable name for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::TooLarge => "too-large",
            Self::NotJson => "not-json",
            Self::Unconfirmed => "unconfirmed",
            Self::Status(_) => "status",
            Self::Blocked => "blocked",
            Self::Missing => "missing",
            Self::Limited => "limited",
        }
    }

    /// Whether the CRM may have done what it was asked: it was asked, and did not say.
    pub fn is_in_doubt(self) -> bool {
        match self {
            Self::Timeout | Self::Reset | Self::TooLarge | Self::NotJson | Self::Unconfirmed => true,
            // What stands in front of a CRM answers so where it waited in vain, and a CRM where it broke
            // down in the middle: none of them says that nothing was done.
            Self::Status(408 | 499 | 500..) => true,
            Self::Dns
            | Self::Refused
            | Self::Tls
            | Self::Status(_)
            | Self::Blocked
            | Self::Missing
            | Self::Limited => false,
        }
    }

    /// Whether the CRM took the request for what it is and refused what it asks: a mended one is
    /// another request.
    pub fn is_about_content(self) -> bool {
        match self {
            Self::Status(401 | 403 | 407 | 409 | 423 | 425 | 429) => false,
            Self::Status(status) => status < 500 && !self.is_in_doubt(),
            _ => false,
        }
    }
}

/// A failed exchange: the kind, a sentence for the person who runs the connector, and the CRM's
/// answer where there was one. The text never holds URLs, credentials or bodies.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// One sentence, safe to log and to show.
    pub message: String,
    /// The CRM's answer for [`FailureKind::Status`], [`FailureKind::NotJson`] and
    /// [`FailureKind::Unconfirmed`].
    pub response: Option<Box<FailedResponse>>,
    /// The status that the CRM answered with, where it is not what the failure is about.
    pub answered: Option<u16>,
    /// What the document's `errorMapping` says about it, in place of the usual words.
    pub message_override: Option<Box<MessageOverride>>,
    /// Whether the CRM may have done what it was asked, in this attempt or in one before it.
    pub in_doubt: bool,
    /// Whether a redirect answered what was asked, and only the page that it named failed.
    pub was_redirected: bool,
    /// How long the CRM asks to wait, where the document retries.
    pub wait: Option<Duration>,
}

/// The words of an `errorMapping` rule, rendered: one line each, without credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageOverride {
    /// Instead of the usual message.
    pub message: Option<String>,
    /// How it is presented.
    pub presentation: Presentation,
    /// How long it is shown, in milliseconds.
    pub ttl: Option<u32>,
    /// Instead of the usual sentences below the message.
    pub details: Option<Vec<String>>,
}

/// How a message is presented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presentation {
    /// As the outcome itself says it: a warning for a failure, a success else.
    #[default]
    Usual,
    /// As a success.
    Success,
    /// As a warning.
    Warning,
    /// As an error.
    Error,
}

/// The answer that came with a failing status: its headers (rate limits) and bounded body (the
/// CRM's own words).
#[derive(Debug, Clone, PartialEq)]
pub struct FailedResponse {
    /// Response headers.
    pub headers: HeaderMap,
    /// The body, parsed where it was JSON, else text of at most 64 KiB.
    pub body: serde_json::Value,
}

impl Failure {
    /// A failure without an answer.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            response: None,
            answered: None,
            message_override: None,
            in_doubt: kind.is_in_doubt(),
            was_redirected: false,
            wait: None,
        }
    }

    /// The status the CRM answered with, where it answered.
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            FailureKind::Status(status) => Some(status),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_answered_is_in_doubt() {
        use FailureKind::*;
        for kind in [Timeout, Reset, TooLarge, NotJson, Unconfirmed] {
            assert!(Failure::new(kind, "").in_doubt, "{kind:?}");
        }
        for status in [408, 499, 500, 501, 502, 503, 504, 511, 520, 521, 522, 523, 524, 530, 599] {
            assert!(Failure::new(Status(status), "").in_doubt, "{status}");
        }
        for kind in [Dns, Refused, Tls, Blocked, Limited] {
            assert!(!Failure::new(kind, "").in_doubt, "{kind:?}");
        }
        for status in [200, 302, 400, 401, 403, 404, 405, 409, 410, 413, 422, 423, 425, 429, 451] {
            assert!(!Failure::new(Status(status), "").in_doubt, "{status}");
        }
    }

    #[test]
    fn what_is_refused_for_what_it_asks_is_told_apart() {
        use FailureKind::*;
        assert!([200, 302, 400, 404, 405, 410, 413, 422].into_iter().all(|it| Status(it).is_about_content()));
        let others = [401, 403, 407, 408, 409, 425, 429, 499, 500, 503];
        assert!(!others.into_iter().any(|it| Status(it).is_about_content()));
        assert!(
            ![Dns, Refused, Tls, Timeout, Reset, TooLarge, NotJson, Unconfirmed, Blocked, Limited]
                .into_iter()
                .any(FailureKind::is_about_content)
        );
    }
}
