//! `/me`, `/users` and `/logout`.

use actix_web::http::Method;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::Shared;
use super::auth::Caller;
use super::input::Input;
use super::page::Page;
use super::reply::{ApiError, resource};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/me", [(Method::GET, web::to(me))]))
        .service(resource("/users", [(Method::GET, web::to(list))]))
        .service(resource("/users/{id}", [(Method::GET, web::to(get))]))
        .service(resource("/logout", [(Method::POST, web::to(logout))]));
}

async fn me(shared: Data<Shared>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(shared.crm().users.get(&caller.user_id)?))
}

async fn list(shared: Data<Shared>, _: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut input = Input::query(request.query_string());
    let mut email: Option<String> = None;
    input.text("email", &mut email);
    let page = Page::read(input)?;
    let crm = shared.crm();
    let rows: Vec<_> = crm
        .users
        .rows()
        .filter(|(_, user)| {
            let asked = email.as_deref();
            asked.is_none_or(|email| user.email.eq_ignore_ascii_case(email))
        })
        .collect();
    Ok(HttpResponse::Ok().json(page.of("users", &rows)?))
}

async fn get(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(shared.crm().users.get(&id)?))
}

/// Ends the sign-in behind an access token. An API key has none, so there it changes nothing.
async fn logout(shared: Data<Shared>, caller: Caller) -> HttpResponse {
    if let Some(grant) = caller.grant {
        shared.crm().grants.revoke(grant);
    }
    HttpResponse::NoContent().finish()
}
