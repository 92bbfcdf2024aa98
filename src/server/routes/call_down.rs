//! The call-down list.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Successful;
use crate::members::{Given, members};
use crate::server::extract::{Body, Query};
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::call_down::{self, CallDownError, ChangeCallDownRequest, Item, ScheduleCallDownRequest};

members! {
    /// Which items of the call-down list are asked for.
    pub(super) struct CallDownQuery {
        /// `All`, `Called` or `Not Called`.
        status as "status": Option<Given<String>>,
    }
}

/// The call-down list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CallDownItems {
    /// Always true.
    successful: bool,
    /// The items.
    items: Vec<Item>,
}

/// A new item of the call-down list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CallDownScheduled {
    /// Always true.
    successful: bool,
    /// Its id.
    id: String,
}

/// `GET /calldown?status=`
pub(super) async fn list(
    services: web::Data<Services>,
    session: Authenticated,
    query: Query<CallDownQuery>,
) -> HttpResponse {
    let status = query.0.status.as_deref().and_then(Value::as_str);
    match call_down::list(&services, &session.0, status).await {
        Ok(items) => reply::json(200, &CallDownItems { successful: true, items }),
        Err(error) => refused(&error),
    }
}

/// `POST /calldown`
pub(super) async fn schedule(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<ScheduleCallDownRequest>,
) -> HttpResponse {
    match call_down::schedule(&services, &session.0, &body.0).await {
        Ok(id) => reply::json(200, &CallDownScheduled { successful: true, id }),
        Err(error) => refused(&error),
    }
}

/// `PATCH /calldown/{id}`
pub(super) async fn change(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
    body: Body<ChangeCallDownRequest>,
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
        Ok(()) => reply::json(200, &Successful { successful: true }),
        Err(error) => refused(error),
    }
}

fn refused(error: &CallDownError) -> HttpResponse {
    match error {
        CallDownError::Store(error) => reply::store_failed(error),
        CallDownError::NoRandomness(_) => reply::error(500, &error.to_string()),
        CallDownError::TooMuch(error) => reply::too_much(error),
        CallDownError::UnknownUser | CallDownError::UnknownItem | CallDownError::NothingToChange => {
            reply::error(400, &error.to_string())
        }
    }
}
