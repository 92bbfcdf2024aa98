//! The console itself: `/console/api/v1/tokens` and `/console/api/v1/audit`.

use std::collections::BTreeSet;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::api::connectors::ManagementErrorReply;
use crate::api::management as api;
use crate::server::body::query;
use crate::server::management::{ManagementCaller, ManagementError, Members, Sent, scope};
use crate::server::reply;
use crate::server::route::{Route, delete, get, post};
use crate::service::Services;
use crate::service::management::api_tokens::{self, Issued, NewToken, Token, TokenError};
use crate::service::management::audit::Page;
use crate::service::management::{TokenScope, audit as log};

const TOKENS: &str = "/console/api/v1/tokens";

/// As many entries of the audit log come at once where nothing is said.
const PAGE: u64 = 100;

/// The most that come at once.
const LARGEST_PAGE: u64 = 500;

type Answer = Result<HttpResponse, ManagementError>;

/// The routes.
pub(super) fn table() -> Vec<Route> {
    vec![
        get(TOKENS, list_tokens, "Lists the API tokens")
            .reply::<api::Tokens>(200, "The tokens, without their secrets"),
        post(TOKENS, create_token, "Makes an API token")
            .json_body::<api::NewToken>()
            .reply::<api::IssuedToken>(201, "The token; its secret is shown this once")
            .reply::<ManagementErrorReply>(400, "It has no name or no scope, or is valid too long"),
        post("/console/api/v1/tokens/{id}/rotate", rotate_token, "Replaces the secret of an API token")
            .json_body::<api::Rotation>()
            .reply::<api::IssuedToken>(200, "The token; the old secret has ended")
            .reply::<ManagementErrorReply>(400, "It would be expired, or valid too long")
            .reply::<ManagementErrorReply>(404, "There is no such token"),
        delete("/console/api/v1/tokens/{id}", revoke_token, "Revokes an API token")
            .reply::<Token>(200, "The token, which has ended")
            .reply::<ManagementErrorReply>(404, "There is no such token"),
        get("/console/api/v1/audit", audit, "Reads who changed what")
            .query::<api::AuditQuery>()
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
    Ok(reply::json(200, &json!({"tokens": api_tokens::list(&*services.store, &services.clock).await?})))
}

async fn create_token(
    caller: ManagementCaller<scope::Admin>,
    services: web::Data<Services>,
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let new = NewToken {
        name: body.needed_text("name")?,
        scopes: scopes(body.list("scopes")?.unwrap_or_default())?,
        valid_days: days(&mut body)?,
    };
    body.finish()?;
    Ok(shown(201, &api_tokens::create(&*services.store, &services.clock, &caller, new).await?))
}

async fn rotate_token(
    caller: ManagementCaller<scope::Admin>,
    services: web::Data<Services>,
    id: web::Path<String>,
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let valid_days = days(&mut body)?;
    body.finish()?;
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
    request: HttpRequest,
) -> Answer {
    let parameters = query(request.query_string());
    let number = |name: &'static str, otherwise: u64| match parameters.get(name) {
        None => Ok(otherwise),
        Some(value) => value
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
            .ok_or_else(|| ManagementError::invalid(name, format!("`{name}` has to be one whole number."))),
    };
    let (after, limit) = (number("after", 0)?, number("limit", PAGE)?.clamp(1, LARGEST_PAGE));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(reply::json(200, &log::page(&*services.store, after, limit).await?))
}

/// A token with its secret, which no cache keeps.
fn shown(status: u16, issued: &Issued) -> HttpResponse {
    let whole = json!({"token": issued.token, "secret": issued.secret.expose()});
    let mut response = reply::json(status, &whole);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn scopes(names: Vec<Value>) -> Result<BTreeSet<TokenScope>, ManagementError> {
    let read = |name: Value| {
        name.as_str().and_then(TokenScope::parse).ok_or_else(|| {
            let known = TokenScope::ALL.map(TokenScope::as_str).join(", ");
            ManagementError::invalid(
                "scopes",
                format!("`scopes` has an unknown item; the scopes are {known}."),
            )
        })
    };
    names.into_iter().map(read).collect()
}

fn days(body: &mut Members) -> Result<Option<u32>, ManagementError> {
    // What does not fit is longer than any validity.
    Ok(body.number_if("validDays")?.map(|days| u32::try_from(days).unwrap_or(u32::MAX)))
}
