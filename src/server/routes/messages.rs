//! Messages.

use actix_web::{HttpResponse, web};

use crate::server::extract::Body;
use crate::server::intake::LOG_LIMIT;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::messages::{self, MessageLogRequest};

/// `POST /messageLog`
pub(super) async fn log(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<MessageLogRequest, LOG_LIMIT>,
) -> HttpResponse {
    reply::answer(&messages::log(&services, &session.0, body.0).await)
}
