//! `/license` and `/settings/logging`.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data, ServiceConfig};

use super::Shared;
use super::auth::Caller;
use super::input::Input;
use super::reply::{ApiError, resource};

const LOGGED_AS: [&str; 2] = ["admin", "user"];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/license", [(Method::GET, web::to(license))]))
        .service(resource("/settings/logging", [(Method::GET, web::to(get)), (Method::PUT, web::to(put))]));
}

async fn license(shared: Data<Shared>, _: Caller) -> HttpResponse {
    HttpResponse::Ok().json(&shared.crm().license)
}

async fn get(shared: Data<Shared>, _: Caller) -> HttpResponse {
    HttpResponse::Ok().json(&shared.crm().logging)
}

/// Fields that are absent keep their value.
async fn put(shared: Data<Shared>, caller: Caller, body: Bytes) -> Result<HttpResponse, ApiError> {
    caller.must_be_admin()?;
    let mut input = Input::body(&body)?;
    let mut crm = shared.crm();
    let mut logging = crm.logging.clone();
    input.flag("enabled", &mut logging.enabled);
    input.required_choice("logged_as", &LOGGED_AS, &mut logging.logged_as);
    input.phones("excluded_numbers", &mut logging.excluded_numbers);
    input.finish()?;
    logging.updated_at = crm.now();
    crm.logging = logging;
    Ok(HttpResponse::Ok().json(&crm.logging))
}
