//! The settings of server-side logging, for admins of an account.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value};

use crate::engine::mapping::is_truthy;
use crate::members::{Given, members};
use crate::server::extract::{Body, Headers, Query};
use crate::server::reply;
use crate::server::ringcentral::{RingCentralHeaders, RingCentralQuery, refused, token};
use crate::server::route::{Route, get, post};
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::server_logging::{self, Saved, SettingsError};
use crate::service::wording::Refusal;

members! {
    /// Settings to save.
    pub(super) struct ServerLoggingSettingsRequest {
        /// The settings, as the manifest's `serverSideLogging.additionalFields` names them.
        #[schemars(required)]
        additional_field_values as "additionalFieldValues": Option<Given<Map<String, Value>>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

/// The routes.
pub(super) fn table() -> Vec<Route> {
    const PATH: &str = "/admin/serverLoggingSettings";
    const NO_ADMIN: &str = "The RingCentral user is no admin, or of another account than the session's user";
    vec![
        get(PATH, read, "Reads the organisation's settings of server-side logging at the CRM")
            .reply::<BTreeMap<String, Value>>(200, "The settings; empty if the connector reads none")
            .text(400, "The user is unknown")
            .error(400, "The RingCentral token is missing, or RingCentral could not be asked")
            .reply::<Refusal>(400, "The CRM failed, and how")
            .reply::<Refusal>(401, "The session at the CRM is over: the user has to connect again")
            .text(403, NO_ADMIN)
            .error(500, "The store failed"),
        post(PATH, save, "Saves the organisation's settings of server-side logging at the CRM")
            .answer::<Saved>("They are saved")
            .text(400, "No settings, or the user is unknown")
            .reply::<Refusal>(400, "The CRM failed, and how")
            .text(403, NO_ADMIN)
            .error(500, "The store failed"),
    ]
}

/// `GET /admin/serverLoggingSettings`
async fn read(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
) -> HttpResponse {
    let token = token(headers.0, [query.0.rc_access_token]);
    match server_logging::read(&services, &session.0, token.as_deref()).await {
        Ok(settings) => reply::json(200, &settings),
        Err(error) => not_done(&error),
    }
}

/// `POST /admin/serverLoggingSettings`. That there is nothing to save is told before anything else (recordings 25,
/// `settings-post-no-values-unknown-user`).
async fn save(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
    body: Body<ServerLoggingSettingsRequest>,
) -> HttpResponse {
    let values = body.0.additional_field_values.map(Given::into_value).filter(is_truthy);
    let Some(values) = values else { return reply::text(400, "Missing additionalFieldValues") };
    let token = token(headers.0, [body.0.rc_access_token, query.0.rc_access_token]);
    match server_logging::save(&services, &session.0, token.as_deref(), values).await {
        Ok(saved) => reply::json(200, &saved),
        Err(error) => not_done(&error),
    }
}

fn not_done(error: &SettingsError) -> HttpResponse {
    match error {
        SettingsError::UnknownUser => reply::text(400, "User not found"),
        SettingsError::Account(error) => refused(error),
        SettingsError::NotSupported(refusal) => reply::json(200, refusal),
        SettingsError::Failed(refusal) => reply::json(400, refusal),
    }
}
