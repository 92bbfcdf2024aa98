//! Why a request of OAuth could not be made.

use crate::failure::{Failure, FailureKind};
use crate::render::RenderError;

/// Why a request of OAuth could not be made: nothing was sent. The text never holds a value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OAuthError {
    /// There is no client id (recordings 20, `unknown-proxyId`).
    #[error("Expected \"clientId\" to exist")]
    NoClientId,
    /// There is no token URL.
    #[error("Expected \"accessTokenUri\" to exist")]
    NoTokenUrl,
    /// There is no authorization URL.
    #[error("The connector has no `authorizationUrl`: nobody can be sent to the CRM's sign-in page")]
    NoAuthorizationUrl,
    /// A URL is not one that can be opened.
    #[error("`{0}` is not a URL that can be requested")]
    Url(&'static str),
    /// A template chose a host that is not allowed.
    #[error(
        "{0} is not among the hosts that this document may reach; name it in `requestDefaults.allowedHosts`"
    )]
    Host(String),
    /// A value cannot stand in its place, or one is missing.
    #[error("{0}")]
    Render(#[from] RenderError),
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::Render(error) => error.into(),
            error => Self::new(FailureKind::Blocked, error.to_string()),
        }
    }
}
