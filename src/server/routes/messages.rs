//! Messages.

use actix_web::{HttpResponse, web};
use serde_json::Value;

use crate::server::body::Body;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::{Services, messages};

/// `POST /messageLog`
pub(super) async fn log(services: web::Data<Services>, session: Authenticated, body: Body) -> HttpResponse {
    reply::answer(&messages::log(&services, &session.0, Value::Object(body.0)).await)
}
