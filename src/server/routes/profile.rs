//! What is known of the session's user at the CRM.

use actix_web::{HttpResponse, web};
use serde_json::Value;

use crate::members::{Given, members};
use crate::server::extract::Query;
use crate::server::public::Public;
use crate::server::reply;
use crate::server::session::{Authenticated, Visitor};
use crate::service::account_data::{self, NoData};
use crate::service::license::{self, LicenseStatus};
use crate::service::{Services, profile};

members! {
    /// Which data of the account are asked for.
    pub(super) struct AccountDataQuery {
        /// The keys, separated by commas.
        #[schemars(required)]
        keys as "keys": Option<Given<String>>,
    }
}

/// `GET /licenseStatus`: without a session the licence is invalid, which is no error; only a bad
/// token in the query is one (recordings 15).
pub(super) async fn license_status(
    _: Public,
    services: web::Data<Services>,
    visitor: Visitor,
) -> HttpResponse {
    match visitor {
        Visitor::BadToken => reply::text(400, "Invalid JWT token"),
        Visitor::Unknown => reply::json(200, &LicenseStatus::no_session()),
        Visitor::User(session) => match license::status(&services, &session).await {
            Ok(_) if session.has_ended() => reply::json(200, &LicenseStatus::no_session()),
            Ok(license) => reply::json(200, &license),
            Err(error) => reply::store_failed(&error),
        },
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
    services: web::Data<Services>,
    session: Authenticated,
    query: Query<AccountDataQuery>,
) -> HttpResponse {
    let named = query.0.keys.as_deref().and_then(Value::as_str).unwrap_or_default();
    let keys: Vec<&str> = named.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return reply::text(400, "Missing keys");
    }
    match account_data::refuse(&services, &session.0, &keys).await {
        NoData::Refused(refusal) => reply::json(200, &refusal),
        NoData::UnknownKeys(refusal) => reply::json(400, &refusal),
    }
}
