//! The management API: what developers and operators change while the server runs, who may, and the
//! record of who did.
//!
//! # For whoever adds a route to it
//!
//! - A handler takes `server::management::ManagementCaller<scope::Edit>`, or another scope, and returns
//!   `Result<HttpResponse, ManagementError>`. The extractor answers 401, 403 and 429 itself, and the OpenAPI
//!   document names the scope.
//! - A change goes through [`audit::commit`] with an [`audit::Event`]: the documents
//!   and the entry that tells of them are stored together or not at all. It gives false where one of
//!   *your* documents is no longer as `before` says, as `Store::change_documents` does; that somebody
//!   else wrote an entry meanwhile is settled inside.
//! - What runs a connector's secrets and changes nothing is recorded before it runs, by an event without
//!   changes.
//! - What takes long because somebody sent much goes through `service::bounded_work`.
//! - `detail` is JSON for people: ids, names, revisions, reasons. Never a secret, a token or a phone
//!   number.
//! - Paths of the management API begin with `/console/api/v1/`.

pub mod api_tokens;
pub mod audit;
mod caller;

use std::net::IpAddr;

pub use self::caller::{Caller, Forbidden, TokenScope};
use super::clock::Clock;
use super::wrong_tokens::WrongTokens;
use crate::secret::Secret;
use crate::store::{Store, StoreError};

/// Who may call the management API.
pub struct ApiTokens {
    /// A token of the environment, which is valid before any other token exists.
    bootstrap: Option<Secret>,
    wrong: WrongTokens,
}

/// Why somebody may not enter.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody may: there is no token.
    #[error(
        "The console is closed: there is no API token. With the server stopped, make one with `app-connect token create --name NAME --scope admin`, or start the server with APP_CONSOLE_BOOTSTRAP_TOKEN set and make one with POST /console/api/v1/tokens."
    )]
    Closed,
    /// The request has no token.
    #[error("This route takes an API token: send it as bearer token.")]
    Missing,
    /// The token is none of this server's, or was revoked or rotated.
    #[error("The API token is not valid: it may have been revoked or rotated.")]
    Wrong,
    /// It was valid.
    #[error("The API token has expired: have it rotated with a later date.")]
    Expired,
    /// Too many failures.
    #[error("Too many requests with a wrong API token came from this address. Try again in {0} seconds.")]
    Limited(u64),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl ApiTokens {
    /// Without a bootstrap token, only the tokens of the store are valid.
    pub fn new(bootstrap: Option<Secret>, clock: Clock) -> Self {
        Self { bootstrap, wrong: WrongTokens::new(clock) }
    }

    /// Who presents this token. Wrong ones are counted ([`super::wrong_tokens`]), and where there were too
    /// many, a token is not looked at. `now` is the time of day, by which tokens expire.
    ///
    /// # Errors
    /// If nobody may enter, or this token does not open.
    pub async fn enter(
        &self,
        store: &dyn Store,
        presented: Option<&Secret>,
        address: Option<IpAddr>,
        now: i64,
    ) -> Result<Caller, Refused> {
        let Some(token) = presented else {
            return Err(self.closed_or(store, Refused::Missing).await?);
        };
        let meant = api_tokens::meant(store, token).await?;
        let id = meant.as_ref().map(|meant| meant.id());
        let attempt = self.wrong.attempt(token, id, address).map_err(Refused::Limited)?;
        let judged = match meant {
            _ if self.bootstrap.as_ref() == Some(token) => Ok(Caller::bootstrap()),
            Some(meant) => meant.open(token, now),
            None => Err(Refused::Wrong),
        };
        match judged {
            Ok(caller) => {
                attempt.opened();
                Ok(caller)
            }
            Err(refused) => {
                let refused = self.closed_or(store, refused).await?;
                // Where there is no token, nothing can be guessed.
                if !matches!(refused, Refused::Closed) {
                    attempt.failed();
                }
                Err(refused)
            }
        }
    }

    async fn closed_or(&self, store: &dyn Store, refused: Refused) -> Result<Refused, StoreError> {
        let is_open = self.bootstrap.is_some() || api_tokens::exist(store).await?;
        Ok(if is_open { refused } else { Refused::Closed })
    }
}
