//! Call logs.

use actix_web::{HttpResponse, web};
use serde_json::Value;

use crate::members::{Given, members};
use crate::server::extract::{Body, Headers, Query};
use crate::server::intake::LOG_LIMIT;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::call_logs::{
    self, Caller, CreateCallLogRequest, DispositionRequest, KeepNoteRequest, LookUpCallLogsQuery,
    UpdateCallLogRequest,
};

members! {
    /// Who logs a call.
    pub(super) struct CallerHeaders {
        /// The keyed hash of the RingCentral account; else that of the account in the call.
        hashed_account_id as "rc-account-id": Option<Given<String>>,
        /// The document does not tell it: every client sends one.
        #[schemars(skip)]
        user_agent as "user-agent": Option<Given<String>>,
    }
}

impl From<CallerHeaders> for Caller {
    fn from(headers: CallerHeaders) -> Self {
        let hash = headers.hashed_account_id.as_deref().and_then(Value::as_str);
        Self {
            hashed_account_id: hash.filter(|id| !id.is_empty()).map(str::to_owned),
            is_from_sscl: headers.user_agent.as_deref().and_then(Value::as_str) == Some("SSCL"),
        }
    }
}

/// `POST /callLog`
pub(super) async fn create(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<CallerHeaders>,
    body: Body<CreateCallLogRequest, LOG_LIMIT>,
) -> HttpResponse {
    reply::answer(&call_logs::create(&services, &session.0, body.0, headers.0.into()).await)
}

/// `PATCH /callLog`
pub(super) async fn update(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<CallerHeaders>,
    body: Body<UpdateCallLogRequest, LOG_LIMIT>,
) -> HttpResponse {
    reply::answer(&call_logs::update(&services, &session.0, body.0, headers.0.into()).await)
}

/// `PUT /callDisposition`
pub(super) async fn set_disposition(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<DispositionRequest>,
) -> HttpResponse {
    reply::answer(&call_logs::set_disposition(&services, &session.0, body.0).await)
}

/// `POST /callLog/cacheNote`
pub(super) async fn keep_note(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<KeepNoteRequest, LOG_LIMIT>,
) -> HttpResponse {
    reply::answer(&call_logs::keep_note(&services, &session.0, &body.0).await)
}

/// `GET /callLog?sessionIds=&requireDetails=&extensionNumber=&hashedExtensionId=`
pub(super) async fn look_up(
    services: web::Data<Services>,
    session: Authenticated,
    query: Query<LookUpCallLogsQuery>,
) -> HttpResponse {
    reply::answer(&call_logs::look_up(&services, &session.0, &query.0).await)
}
