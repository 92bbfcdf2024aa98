//! Contacts.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::connector::inputs::{CreateContact, FindContact};
use crate::server::body::{Body, query};
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::{Services, contacts};

/// `GET /contact?phoneNumber=`
pub(super) async fn find(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    let mut parameters = query(request.query_string());
    let phone_number = match parameters.get("phoneNumber") {
        Some(Value::String(number)) => contacts::phone_number(number),
        Some(_) => return reply::error(400, "phoneNumber is given more than once."),
        None => return reply::error(400, "phoneNumber is missing."),
    };
    let force_refresh = parameters.get("isForceRefreshAccountData").and_then(Value::as_str) == Some("true");
    let input = FindContact {
        phone_number,
        overriding_format: parameters.remove("overridingFormat"),
        is_extension: parameters.remove("isExtension").unwrap_or(Value::Bool(false)),
    };
    reply::answer(&contacts::find(&services, &session.0, input, force_refresh).await)
}

/// `POST /contact`
pub(super) async fn create(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> HttpResponse {
    let mut body = body.0;
    let input = CreateContact {
        phone_number: body.remove("phoneNumber"),
        new_contact_name: body.remove("newContactName"),
        new_contact_type: body.remove("newContactType"),
        additional_submission: body.remove("additionalSubmission"),
        idempotency_key: None,
    };
    reply::answer(&contacts::create(&services, &session.0, input).await)
}

/// `GET /custom/contact/search?name=`
pub(super) async fn search(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    let name = match query(request.query_string()).remove("name") {
        Some(Value::String(name)) => Some(name),
        Some(_) => return reply::error(400, "name is given more than once."),
        None => None,
    };
    reply::answer(&contacts::search(&services, &session.0, name).await)
}
