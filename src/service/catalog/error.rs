//! Why something cannot be done with a connector, with a code that never changes its meaning.

use serde_json::{Value, json};

use super::verdict::Verdict;
use crate::service::bounded_work::{COME_AGAIN, Unfinished};
use crate::store::StoreError;

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// No such connector.
    #[error("There is no connector \"{0}\". List them at GET /console/api/v1/connectors.")]
    UnknownConnector(String),
    /// No such revision.
    #[error("The connector \"{proxy_id}\" has no revision {number}.")]
    UnknownRevision {
        /// The connector.
        proxy_id: String,
        /// The number asked for.
        number: u64,
    },
    /// A connector of this id is there already.
    #[error("There is a connector \"{0}\" already. Upload a revision of it, or choose another proxyId.")]
    Exists(String),
    /// Somebody else changed it meanwhile.
    #[error(
        "The connector was changed meanwhile: its ETag is \"{current}\". Read it again, and repeat the change with the new ETag if it is still meant."
    )]
    Changed {
        /// The ETag now, without quotes.
        current: u64,
    },
    /// The request names something that does not fit.
    #[error("{message}")]
    Invalid {
        /// The member or parameter.
        at: &'static str,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// A state in which it makes no sense.
    #[error("{message}")]
    State {
        /// Stable code.
        code: &'static str,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// The text is not JSON.
    #[error("The proxyConfig is not JSON; `diagnostics` says where. Nothing is stored.")]
    NotJson(Value),
    /// The text is nested too deeply.
    #[error(
        "The proxyConfig has more than {} brackets open at once, or keys that are too long; `diagnostics` says where. Nothing is stored.",
        crate::config::source::MAX_DEPTH
    )]
    TooDeep(Value),
    /// The text is too long.
    #[error("The {what} has {bytes} bytes; it has at most {limit}. Nothing is stored.")]
    TooLarge {
        /// What is too long.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: u64,
    },
    /// A secret would be stored where everybody can read it.
    #[error(
        "{what} holds a secret, which would be readable from then on. Set `secretKey` or `clientSecret` of the connector, and write {{{{secretKey}}}} where it is needed. Nothing is stored."
    )]
    SecretInText {
        /// Where it stands.
        what: &'static str,
        /// Where exactly, if that is known.
        diagnostics: Value,
    },
    /// A secret is to be set that everybody can read already.
    #[error(
        "{what} of revision {number} holds this secret, where everybody can read it, and revisions stay. Replace the secret where it was issued, and set the new one. Nothing is stored."
    )]
    SecretIsKnown {
        /// The text, the note or a case.
        what: &'static str,
        /// The revision.
        number: u64,
    },
    /// The revision cannot run.
    #[error(
        "Revision {number} has errors and cannot run, so it cannot become active, not even by force. Upload a revision without them."
    )]
    HasErrors {
        /// The revision.
        number: u64,
        /// What was found.
        verdict: Box<Verdict>,
    },
    /// The revision has mistakes, or fails its cases.
    #[error(
        "Revision {number} has mistakes or fails fixture cases. Mend it, or send `force` with a `reason`, which is recorded."
    )]
    ChecksFailed {
        /// The revision.
        number: u64,
        /// What was found.
        verdict: Box<Verdict>,
    },
    /// As many checks as the server runs at a time are under way.
    #[error("The server is busy with other checks. Nothing was done; try again in {COME_AGAIN} seconds.")]
    Busy,
    /// Too many trials of one token are under way.
    #[error(
        "{0} trials of this API token are under way, which is as many as may be. Try again once one has ended."
    )]
    TooManyTrials(usize),
    /// A check came to no end.
    #[error(
        "Checking the proxyConfig failed within the server. Please report this: it is a defect of the program."
    )]
    Panicked,
    /// The store failed.
    #[error(
        "The store failed; the server's log says why. What was in service stays in service. Once the store works again, look whether a change that was sent is kept."
    )]
    Store(#[from] StoreError),
}

impl From<Unfinished> for ConnectorError {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Busy => Self::Busy,
            Unfinished::Panicked => Self::Panicked,
        }
    }
}

impl ConnectorError {
    pub(super) fn invalid(at: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { at, message: message.into() }
    }

    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownConnector(_) => "unknown_connector",
            Self::UnknownRevision { .. } => "unknown_revision",
            Self::Exists(_) => "connector_exists",
            Self::Changed { .. } => "changed_meanwhile",
            Self::Invalid { .. } => "invalid_request",
            Self::State { code, .. } => code,
            Self::NotJson(_) => "not_json",
            Self::TooDeep(_) => "too_deep",
            Self::TooLarge { .. } | Self::Store(StoreError::TooLarge { .. }) => "too_large",
            Self::SecretInText { .. } | Self::SecretIsKnown { .. } => "secret_in_text",
            Self::HasErrors { .. } => "revision_has_errors",
            Self::ChecksFailed { .. } => "checks_failed",
            Self::Busy => "busy",
            Self::TooManyTrials(_) => "too_many_trials",
            Self::Panicked => "server_failed",
            Self::Store(_) => "store_failed",
        }
    }

    /// When to come again, in seconds.
    pub fn retry_after(&self) -> Option<u64> {
        matches!(self, Self::Busy | Self::TooManyTrials(_)).then_some(COME_AGAIN)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownConnector(_) | Self::UnknownRevision { .. } => 404,
            Self::Exists(_) | Self::State { .. } => 409,
            Self::Changed { .. } => 412,
            Self::Invalid { .. } | Self::NotJson(_) | Self::TooDeep(_) => 400,
            Self::TooLarge { .. } | Self::Store(StoreError::TooLarge { .. }) => 413,
            Self::SecretInText { .. }
            | Self::SecretIsKnown { .. }
            | Self::HasErrors { .. }
            | Self::ChecksFailed { .. } => 422,
            Self::TooManyTrials(_) => 429,
            Self::Busy => 503,
            Self::Panicked | Self::Store(_) => 500,
        }
    }

    /// The reply: `{"error": {"code", "message", …}}`.
    pub fn to_json(&self) -> Value {
        let message = match self {
            Self::Store(StoreError::TooLarge { limit, .. }) => {
                format!(
                    "The connector's record would be longer than {limit} bytes. Shorten its manifest or its list of accounts."
                )
            }
            Self::Store(error) => {
                tracing::error!(%error, "store");
                self.to_string()
            }
            _ => self.to_string(),
        };
        let mut error = json!({"code": self.code(), "message": message});
        match self {
            Self::Invalid { at, .. } => error["at"] = json!(at),
            Self::NotJson(found) | Self::TooDeep(found) | Self::SecretInText { diagnostics: found, .. } => {
                error["diagnostics"] = found.clone();
            }
            Self::HasErrors { verdict, .. } | Self::ChecksFailed { verdict, .. } => {
                error["checks"] = json!(verdict);
            }
            Self::Changed { current } => error["etag"] = json!(format!("\"{current}\"")),
            _ => {}
        }
        json!({"error": error})
    }
}
