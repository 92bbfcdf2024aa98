//! The call-down list.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::server::body::{Body, query};
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::call_down::{self, CallDownError};

/// `GET /calldown?status=`
pub(super) async fn list(
    request: HttpRequest,
    services: web::Data<Services>,
    session: Authenticated,
) -> HttpResponse {
    let parameters = query(request.query_string());
    let status = parameters.get("status").and_then(Value::as_str);
    match call_down::list(&services, &session.0, status).await {
        Ok(items) => reply::json(200, &json!({"successful": true, "items": items})),
        Err(error) => refused(&error),
    }
}

/// `POST /calldown`
pub(super) async fn schedule(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body,
) -> HttpResponse {
    match call_down::schedule(&services, &session.0, &body.0).await {
        Ok(id) => reply::json(200, &json!({"successful": true, "id": id})),
        Err(error) => refused(&error),
    }
}

/// `PATCH /calldown/{id}`
pub(super) async fn change(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
    body: Body,
) -> HttpResponse {
    done(&call_down::change(&services, &session.0, &id, &body.0).await)
}

/// `DELETE /calldown/{id}`
pub(super) async fn remove(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
) -> HttpResponse {
    done(&call_down::remove(&services, &session.0, &id).await)
}

fn done(outcome: &Result<(), CallDownError>) -> HttpResponse {
    match outcome {
        Ok(()) => reply::json(200, &json!({"successful": true})),
        Err(error) => refused(error),
    }
}

fn refused(error: &CallDownError) -> HttpResponse {
    match error {
        CallDownError::Store(error) => reply::store_failed(error),
        CallDownError::NoRandomness(_) => reply::error(500, &error.to_string()),
        CallDownError::UnknownUser | CallDownError::UnknownItem | CallDownError::NothingToChange => {
            reply::error(400, &error.to_string())
        }
    }
}
