//! The console: its tokens and its audit log.

use std::collections::BTreeSet;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::server::body::{Body, query};
use crate::server::console::{ConsoleCaller, ConsoleRefusal};
use crate::server::reply;
use crate::service::Services;
use crate::service::console::tokens::{self, Issued, NewToken, TokenError};
use crate::service::console::{Scope, audit as log};

/// As many entries of the audit log come at once where nothing is said.
const PAGE: u64 = 100;

/// The most that come at once.
const LARGEST_PAGE: u64 = 500;

type Answer = Result<HttpResponse, ConsoleRefusal>;

impl From<TokenError> for ConsoleRefusal {
    fn from(error: TokenError) -> Self {
        let words = error.to_string();
        match error {
            TokenError::Invalid(_) => Self::Invalid(words),
            TokenError::Unknown(_) => Self::Unknown(words),
            TokenError::NoRandomness => Self::Failed(words),
            TokenError::Store(error) => Self::Store(error),
        }
    }
}

/// `GET /console/api/v1/tokens`
pub(super) async fn list_tokens(caller: ConsoleCaller, services: web::Data<Services>) -> Answer {
    caller.may(Scope::Admin)?;
    Ok(reply::json(200, &json!({"tokens": tokens::list(&*services.store).await?})))
}

/// `POST /console/api/v1/tokens`
pub(super) async fn create_token(
    caller: ConsoleCaller,
    services: web::Data<Services>,
    mut body: Body,
) -> Answer {
    caller.may(Scope::Admin)?;
    let new = NewToken {
        name: body.text("name")?.unwrap_or_default(),
        scopes: scopes(body.0.remove("scopes"))?,
        valid_days: days(body.0.remove("validDays"))?,
    };
    Ok(shown(201, &tokens::create(&*services.store, &caller, new).await?))
}

/// `POST /console/api/v1/tokens/{id}/rotate`
pub(super) async fn rotate_token(
    caller: ConsoleCaller,
    services: web::Data<Services>,
    id: web::Path<String>,
    mut body: Body,
) -> Answer {
    caller.may(Scope::Admin)?;
    let valid_days = days(body.0.remove("validDays"))?;
    Ok(shown(200, &tokens::rotate(&*services.store, &caller, &id, valid_days).await?))
}

/// `DELETE /console/api/v1/tokens/{id}`
pub(super) async fn revoke_token(
    caller: ConsoleCaller,
    services: web::Data<Services>,
    id: web::Path<String>,
) -> Answer {
    caller.may(Scope::Admin)?;
    Ok(reply::json(200, &tokens::revoke(&*services.store, &caller, &id).await?))
}

/// `GET /console/api/v1/audit?after=&limit=`
pub(super) async fn audit(
    caller: ConsoleCaller,
    services: web::Data<Services>,
    request: HttpRequest,
) -> Answer {
    caller.may(Scope::Admin)?;
    let parameters = query(request.query_string());
    let number = |name: &str, otherwise: u64| match parameters.get(name) {
        None => Ok(otherwise),
        Some(value) => value
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
            .ok_or_else(|| ConsoleRefusal::Invalid(format!("`{name}` has to be one whole number."))),
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

fn scopes(given: Option<Value>) -> Result<BTreeSet<Scope>, ConsoleRefusal> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    let Some(Value::Array(names)) = given else {
        return Err(ConsoleRefusal::Invalid(format!("`scopes` has to be a list of any of {}.", known())));
    };
    let read = |name: Value| {
        name.as_str().and_then(Scope::parse).ok_or_else(|| {
            ConsoleRefusal::Invalid(format!("`scopes` has an unknown item; the scopes are {}.", known()))
        })
    };
    names.into_iter().map(read).collect()
}

fn days(given: Option<Value>) -> Result<Option<u32>, ConsoleRefusal> {
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().and_then(|days| u32::try_from(days).ok()).map(Some).ok_or_else(|| {
            ConsoleRefusal::Invalid("`validDays` has to be a whole number of days.".to_owned())
        }),
    }
}
