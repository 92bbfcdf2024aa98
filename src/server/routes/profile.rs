//! What is known of the session's user at the CRM.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::server::body::query;
use crate::server::public::Public;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::account_data::{self, NoData};
use crate::service::license::{self, LicenseStatus};
use crate::service::{Services, profile};

/// `GET /licenseStatus`: without a session the licence is invalid, which is no error; only a bad
/// token in the query is one (recordings 15).
pub(super) async fn license_status(
    _: Public,
    request: HttpRequest,
    services: web::Data<Services>,
    session: Option<Authenticated>,
) -> HttpResponse {
    let Some(session) = session else {
        let in_query = query(request.query_string());
        let in_query =
            in_query.get("jwtToken").and_then(Value::as_str).is_some_and(|token| !token.is_empty());
        return if in_query && !request.headers().contains_key(AUTHORIZATION) {
            reply::text(400, "Invalid JWT token")
        } else {
            reply::json(200, &LicenseStatus::no_session())
        };
    };
    match license::status(&services, &session.0).await {
        Ok(license) => reply::json(200, &license),
        Err(error) => reply::store_failed(&error),
    }
}

/// `GET /authValidation`
pub(super) async fn auth_validation(services: web::Data<Services>, session: Authenticated) -> HttpResponse {
    match profile::auth_validation(&services, &session.0).await {
        Ok(checked) => reply::json(200, &checked),
        Err(refusal) => reply::json(400, &refusal),
    }
}

/// `POST /user/refreshInfo`
pub(super) async fn refresh_info(services: web::Data<Services>, session: Authenticated) -> HttpResponse {
    reply::answer(&profile::refresh_info(&services, &session.0).await)
}

/// `GET /hostname`
pub(super) async fn hostname(services: web::Data<Services>, session: Authenticated) -> HttpResponse {
    match profile::hostname(&services, &session.0).await {
        // Typed by somebody, and a browser takes the reply for a page.
        Ok(Some(Some(hostname))) => reply::text(200, &reply::escaped(&hostname)),
        Ok(Some(None)) => HttpResponse::Ok().finish(),
        Ok(None) => reply::text(400, "User not found"),
        Err(error) => reply::store_failed(&error),
    }
}

/// `GET /accountData?keys=`
pub(super) async fn account_data(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    let parameters = query(request.query_string());
    let named = parameters.get("keys").and_then(Value::as_str).unwrap_or_default();
    let keys: Vec<&str> = named.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return reply::text(400, "Missing keys");
    }
    match account_data::refuse(&services, &session.0, &keys).await {
        NoData::Refused(refusal) => reply::json(200, &refusal),
        NoData::UnknownKeys(refusal) => reply::json(400, &refusal),
    }
}
