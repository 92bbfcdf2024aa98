//! The console itself: `/console/api/v1/tokens` and `/console/api/v1/audit`.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use crate::members::{Given, members};
use crate::server::extract::Query;
use crate::server::management::{
    ManagementCaller, ManagementError, ManagementErrorReply, Sent, Submitted, scope,
};
use crate::server::reply;
use crate::server::route::{Route, delete, get, post};
use crate::service::Services;
use crate::service::management::api_tokens::{self, Issued, NewToken, Rotation, Token, TokenError};
use crate::service::management::audit as log;
use crate::service::management::audit::Page;

const TOKENS: &str = "/console/api/v1/tokens";

/// As many entries of the audit log come at once where nothing is said.
const PAGE: u64 = 100;

/// The most that come at once.
const LARGEST_PAGE: u64 = 500;

members! {
    /// Which entries of the audit log.
    struct AuditQuery {
        /// The number of the last entry that is known already; without it, from the first.
        after as "after": Option<Given<u64>>,
        /// How many, up to 500; without it, 100.
        limit as "limit": Option<Given<u64>>,
    }
}

/// The API tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiTokens")]
struct Tokens {
    /// Oldest first.
    tokens: Vec<Token>,
}

/// A token with its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IssuedApiToken")]
struct IssuedToken<'a> {
    /// The token.
    token: &'a Token,
    /// The text to send as bearer token. It is shown this once, and kept nowhere.
    #[schemars(extend("format" = "password"))]
    secret: &'a str,
}

type Answer = Result<HttpResponse, ManagementError>;

/// The routes.
pub(super) fn table() -> Vec<Route> {
    vec![
        get(TOKENS, list_tokens, "Lists the API tokens")
            .reply::<Tokens>(200, "The tokens, without their secrets"),
        post(TOKENS, create_token, "Makes an API token")
            .reply::<IssuedToken<'_>>(201, "The token; its secret is shown this once")
            .reply::<ManagementErrorReply>(400, "It has no name or no scope, or is valid too long"),
        post("/console/api/v1/tokens/{id}/rotate", rotate_token, "Replaces the secret of an API token")
            .reply::<IssuedToken<'_>>(200, "The token; the old secret has ended")
            .reply::<ManagementErrorReply>(400, "It would be expired, or valid too long")
            .reply::<ManagementErrorReply>(404, "There is no such token"),
        delete("/console/api/v1/tokens/{id}", revoke_token, "Revokes an API token")
            .reply::<Token>(200, "The token, which has ended")
            .reply::<ManagementErrorReply>(404, "There is no such token"),
        get("/console/api/v1/audit", audit, "Reads who changed what")
            .reply::<Page>(200, "Entries, oldest first")
            .reply::<ManagementErrorReply>(400, "A parameter is no number"),
    ]
}

impl From<TokenError> for ManagementError {
    fn from(error: TokenError) -> Self {
        let words = error.to_string();
        match error {
            TokenError::Invalid { at, .. } => Self::invalid(at, words),
            TokenError::Unknown(_) => Self::new(404, "unknown_token", words),
            TokenError::NoRandomness(_) => Self::new(500, "server_failed", words),
            TokenError::Store(error) => error.into(),
        }
    }
}

async fn list_tokens(_: ManagementCaller<scope::Admin>, services: web::Data<Services>) -> Answer {
    Ok(reply::json(200, &Tokens { tokens: api_tokens::list(&*services.store, &services.clock).await? }))
}

async fn create_token(
    caller: ManagementCaller<scope::Admin>,
    services: web::Data<Services>,
    body: Sent<Submitted<NewToken>>,
) -> Answer {
    Ok(shown(201, &api_tokens::create(&*services.store, &services.clock, &caller, body?.input).await?))
}

async fn rotate_token(
    caller: ManagementCaller<scope::Admin>,
    services: web::Data<Services>,
    id: web::Path<String>,
    body: Sent<Submitted<Rotation>>,
) -> Answer {
    let valid_days = body?.input.valid_days;
    Ok(shown(200, &api_tokens::rotate(&*services.store, &services.clock, &caller, &id, valid_days).await?))
}

async fn revoke_token(
    caller: ManagementCaller<scope::Admin>,
    services: web::Data<Services>,
    id: web::Path<String>,
) -> Answer {
    Ok(reply::json(200, &api_tokens::revoke(&*services.store, &services.clock, &caller, &id).await?))
}

async fn audit(
    _: ManagementCaller<scope::Admin>,
    services: web::Data<Services>,
    query: Query<AuditQuery>,
) -> Answer {
    let AuditQuery { after, limit } = query.0;
    let after = number("after", after)?.unwrap_or(0);
    let limit = number("limit", limit)?.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(reply::json(200, &log::page(&*services.store, after, limit).await?))
}

/// A token with its secret, which no cache keeps.
fn shown(status: u16, issued: &Issued) -> HttpResponse {
    let whole = IssuedToken { token: &issued.token, secret: issued.secret.expose() };
    let mut response = reply::json(status, &whole);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn number(name: &str, given: Option<Given<u64>>) -> Result<Option<u64>, ManagementError> {
    let read = |given: Given<u64>| {
        let number = given.as_str().and_then(|text| text.parse().ok());
        number.ok_or_else(|| ManagementError::invalid(name, format!("`{name}` has to be one whole number.")))
    };
    given.map(read).transpose()
}
