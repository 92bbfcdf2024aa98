//! Call logs.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::server::body::{Body, query};
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::call_logs::{self, Caller, LookUpRequest};

/// `POST /callLog`
pub(super) async fn create(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> HttpResponse {
    reply::answer(&call_logs::create(&services, &session.0, Value::Object(body.0), caller(&request)).await)
}

/// `PATCH /callLog`
pub(super) async fn update(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> HttpResponse {
    reply::answer(&call_logs::update(&services, &session.0, Value::Object(body.0), caller(&request)).await)
}

/// `PUT /callDisposition`
pub(super) async fn set_disposition(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> HttpResponse {
    reply::answer(&call_logs::set_disposition(&services, &session.0, Value::Object(body.0)).await)
}

/// `POST /callLog/cacheNote`
pub(super) async fn keep_note(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> HttpResponse {
    reply::answer(&call_logs::keep_note(&services, &session.0, &Value::Object(body.0)).await)
}

/// `GET /callLog?sessionIds=&requireDetails=&extensionNumber=&hashedExtensionId=`
pub(super) async fn look_up(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    let parameters = query(request.query_string());
    let text = |name: &str| match parameters.get(name) {
        Some(Value::String(text)) => text.clone(),
        // Repeated names are one list, as commas make it.
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => String::new(),
    };
    let (session_ids, details) = (text("sessionIds"), text("requireDetails") == "true");
    let asked = LookUpRequest { session_ids, details, extension: Value::Object(parameters) };
    reply::answer(&call_logs::look_up(&services, &session.0, &asked).await)
}

fn caller(request: &HttpRequest) -> Caller {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    Caller {
        hashed_account_id: header("rc-account-id").filter(|id| !id.is_empty()).map(str::to_owned),
        is_from_sscl: header("user-agent") == Some("SSCL"),
    }
}
