//! Messages.

use actix_web::{HttpResponse, web};

use crate::server::extract::Body;
use crate::server::intake::LOG_LIMIT;
use crate::server::reply;
use crate::server::route::{Route, post};
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::messages::{self, MatchRequest, Matched, MessageLogRequest};
use crate::service::wording::Refusal;

/// `POST /messageLog`
pub(super) async fn log(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<MessageLogRequest, LOG_LIMIT>,
) -> HttpResponse {
    reply::answer(&messages::log(&services, &session.0, body.0).await)
}

/// The routes that are not in the list of `mod.rs`.
pub(super) fn table() -> Vec<Route> {
    vec![
        post("/messageLog/match", find, "Tells which messages of a conversation are logged")
            .answer::<Matched>("Whether each message is logged")
            .reply::<Refusal>(400, "The conversation or the messages are missing, or there are too many"),
    ]
}

/// `POST /messageLog/match`
async fn find(
    session: Authenticated,
    services: web::Data<Services>,
    body: Body<MatchRequest>,
) -> HttpResponse {
    match messages::matched(&services, &session.0, body.0).await {
        Ok(answer) => reply::answer(&answer),
        Err(invalid) => reply::json(400, &invalid.refusal()),
    }
}
