//! `/_sandbox/…`: what a test sets and reads from outside. Needs no credential, never fails by a
//! fault and is not written down.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use serde_json::{Value, json};

use super::Shared;
use super::faults::Faults;
use super::input::Input;
use super::oauth::OAuthRules;
use super::reply::{ApiError, resource};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(
            "/_sandbox/faults",
            [
                (Method::GET, web::to(faults)),
                (Method::PUT, web::to(set_faults)),
                (Method::DELETE, web::to(clear_faults)),
            ],
        ))
        .service(resource(
            "/_sandbox/oauth",
            [(Method::GET, web::to(rules)), (Method::PUT, web::to(set_rules))],
        ))
        .service(resource("/_sandbox/oauth/expire", [(Method::POST, web::to(expire))]))
        .service(resource("/_sandbox/oauth/revoke", [(Method::POST, web::to(revoke))]))
        .service(resource("/_sandbox/ringcentral/expire", [(Method::POST, web::to(expire_ringcentral))]))
        .service(resource("/_sandbox/ringcentral/revoke", [(Method::POST, web::to(revoke_ringcentral))]))
        .service(resource("/_sandbox/reset", [(Method::POST, web::to(reset))]))
        .service(resource("/_sandbox/requests", [(Method::GET, web::to(requests))]));
}

async fn faults(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(&*shared.faults())
}

async fn set_faults(shared: Data<Shared>, body: Bytes) -> Result<HttpResponse, ApiError> {
    let json: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::broken_json(format!("The body is not JSON: {error}.")))?;
    let refuse = |problem| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fault", problem);
    let faults: Faults = serde_json::from_value(json).map_err(|error| refuse(error.to_string()))?;
    shared.set_faults(faults).map_err(refuse)?;
    Ok(HttpResponse::Ok().json(&*shared.faults()))
}

async fn clear_faults(shared: Data<Shared>) -> HttpResponse {
    shared.faults().faults.clear();
    HttpResponse::NoContent().finish()
}

async fn rules(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(&shared.crm().rules)
}

async fn set_rules(shared: Data<Shared>, body: Bytes) -> Result<HttpResponse, ApiError> {
    let json: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::broken_json(format!("The body is not JSON: {error}.")))?;
    let rules: OAuthRules = serde_json::from_value(json).map_err(|error| {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_rules", error.to_string())
    })?;
    let mut crm = shared.crm();
    crm.rules = rules;
    Ok(HttpResponse::Ok().json(&crm.rules))
}

/// `{"user_id"}` of a request, or nothing for everybody.
fn whose(body: &Bytes) -> Result<Option<String>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut input = Input::body(body)?;
    let mut user_id = None;
    input.text("user_id", &mut user_id);
    input.finish()?;
    Ok(user_id)
}

async fn expire(shared: Data<Shared>, body: Bytes) -> Result<HttpResponse, ApiError> {
    let (user_id, mut crm) = (whose(&body)?, shared.crm());
    let now = crm.now();
    let expired = crm.grants.expire_of(user_id.as_deref(), now);
    Ok(HttpResponse::Ok().json(json!({ "expired": expired })))
}

async fn revoke(shared: Data<Shared>, body: Bytes) -> Result<HttpResponse, ApiError> {
    let revoked = shared.crm().grants.revoke_of(whose(&body)?.as_deref());
    Ok(HttpResponse::Ok().json(json!({ "revoked": revoked })))
}

async fn expire_ringcentral(shared: Data<Shared>, body: Bytes) -> Result<HttpResponse, ApiError> {
    let (user_id, mut crm) = (whose(&body)?, shared.crm());
    let now = crm.now();
    let expired = crm.ringcentral.grants.expire_of(user_id.as_deref(), now);
    Ok(HttpResponse::Ok().json(json!({ "expired": expired })))
}

async fn revoke_ringcentral(shared: Data<Shared>, body: Bytes) -> Result<HttpResponse, ApiError> {
    let revoked = shared.crm().ringcentral.grants.revoke_of(whose(&body)?.as_deref());
    Ok(HttpResponse::Ok().json(json!({ "revoked": revoked })))
}

async fn reset(shared: Data<Shared>) -> HttpResponse {
    shared.reset();
    HttpResponse::NoContent().finish()
}

async fn requests(shared: Data<Shared>) -> HttpResponse {
    let requests = shared.requests();
    let requests: Vec<Value> = requests
        .iter()
        .map(|request| {
            json!({
                "method": request.method,
                "path": request.path,
                "headers": request.headers,
                "body": String::from_utf8_lossy(&request.body),
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({ "requests": requests }))
}
