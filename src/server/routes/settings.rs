//! Settings: users' own, and what admins manage for their account.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use crate::server::body::{Body, BodyError, query};
use crate::server::public::Public;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::admin_settings::{self, AccountError, Submitted};
use crate::service::settings::{self, Account};

/// `GET /user/settings?rcAccountId=`
pub(super) async fn read(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    own(settings::read(&services, &session.0, account(&request)).await)
}

/// `POST /user/settings`
pub(super) async fn change(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> Result<HttpResponse, BodyError> {
    let mut body = body;
    let set = body.object("userSettings")?.unwrap_or_default();
    let remove = match body.0.remove("settingKeysToRemove") {
        Some(Value::Array(keys)) => keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(key)) => vec![key],
        _ => Vec::new(),
    };
    let settings = settings::change(&services, &session.0, set, &remove).await;
    Ok(own(settings.map(|settings| {
        settings.map(|settings| Map::from_iter([("userSettings".to_owned(), Value::Object(settings))]))
    })))
}

fn own(settings: Result<Option<Map<String, Value>>, crate::store::StoreError>) -> HttpResponse {
    match settings {
        Ok(Some(settings)) => reply::json(200, &settings),
        Ok(None) => reply::text(400, "User not found"),
        Err(error) => reply::store_failed(&error),
    }
}

/// `GET /user/preloadSettings?rcAccountId=`
pub(super) async fn preload(_: Public, request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    match settings::preload(&services, account(&request)).await {
        Ok(Some(Some(settings))) => reply::json(200, &json!({"userSettings": settings})),
        Ok(Some(None)) => reply::json(200, &json!({})),
        Ok(None) => reply::text(400, "Cannot find rc user login"),
        Err(error) => refused(&error),
    }
}

/// `GET /admin/settings`
pub(super) async fn read_managed(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    match session.0.user(&*services.store).await {
        Ok(Some(_)) => {}
        Ok(None) => return reply::text(400, "User not found"),
        Err(error) => return reply::store_failed(&error),
    }
    match admin_settings::load(&services, account(&request).token.as_deref()).await {
        Ok(Some(settings)) => reply::json(200, &settings),
        Ok(None) => reply::json(200, &json!({"customAdapter": null, "userSettings": {}})),
        Err(error) => refused(&error),
    }
}

/// `POST /admin/settings`
pub(super) async fn change_managed(
    _: Public,
    request: HttpRequest,
    services: web::Data<Services>,
    body: Body,
) -> Result<HttpResponse, BodyError> {
    let mut body = body;
    let mut members = Body(body.object("adminSettings")?.unwrap_or_default());
    let submitted = Submitted {
        user_settings: members.object("userSettings")?,
        custom_adapter: members.0.remove("customAdapter").filter(|value| !value.is_null()),
        user_mappings: members.0.remove("userMappings").filter(|value| !value.is_null()),
    };
    Ok(match admin_settings::save(&services, account(&request).token.as_deref(), submitted).await {
        Ok(()) => reply::text(200, "Admin settings updated"),
        Err(error) => refused(&error),
    })
}

fn refused(error: &AccountError) -> HttpResponse {
    match error {
        AccountError::NotAdmin => reply::text(403, &error.to_string()),
        AccountError::NoToken | AccountError::Upstream(_) => reply::error(400, &error.to_string()),
        AccountError::Store(error) => reply::store_failed(error),
    }
}

/// The RingCentral token of the header, else of the query, and the hashed account id.
fn account(request: &HttpRequest) -> Account {
    let mut parameters = query(request.query_string());
    let mut parameter = |name: &str| match parameters.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let header = request.headers().get("x-rc-access-token").and_then(|value| value.to_str().ok());
    let header = header.filter(|token| !token.trim().is_empty()).map(str::to_owned);
    Account { token: header.or_else(|| parameter("rcAccessToken")), hashed_id: parameter("rcAccountId") }
}
