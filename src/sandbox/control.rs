//! `/_sandbox/…`: what a test sets and reads from outside. Needs no credential, never fails by a
//! fault and is not written down.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use serde_json::{Value, json};

use super::Shared;
use super::faults::Faults;
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
