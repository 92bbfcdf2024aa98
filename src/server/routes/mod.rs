//! The routes: one list.

mod call_logs;
mod contacts;
mod metrics;
mod openapi;
mod proxy_configs;
mod public;
mod users;

use std::collections::BTreeMap;

use actix_web::web::ServiceConfig;

use super::openapi::text;
use super::route::{Route, get, post};
use crate::api;
use crate::connector::ReturnMessage;
use crate::metrics::CONTENT_TYPE as METRICS;
use crate::service::{call_logs as logs, contacts as found, users as user};

pub(super) use metrics::reply as metrics_reply;

/// Every route, as it is registered, counted and documented. A new one is one entry here; what its
/// handler's arguments need (a session, the admin token, a body) is documented by itself.
pub(super) fn table() -> Vec<Route> {
    vec![
        get("/isAlive", public::is_alive, "Says that the server answers").with(
            200,
            "text/plain",
            "`OK`",
            text,
        ),
        get("/implementedInterfaces", public::implemented_interfaces, "Lists what a platform can do")
            .query::<api::InterfacesQuery>()
            .reply::<BTreeMap<String, bool>>(200, "Each interface, and whether it is fulfilled")
            .text(400, "Neither a platform nor a proxyId is named")
            .error(404, "No document with this proxyId is in service"),
        get(
            "/proxyConfigs",
            proxy_configs::list,
            "Lists the documents in service and what is wrong with them",
        )
        .reply::<api::ProxyConfigs>(200, "The documents"),
        get("/metrics", metrics::read, "What the server counts, for Prometheus").with(
            200,
            METRICS,
            "OpenMetrics text",
            text,
        ),
        get("/openapi.json", openapi::document, "This document")
            .reply::<BTreeMap<String, serde_json::Value>>(200, "OpenAPI 3.1"),
        get("/docs", openapi::page, "This document as a page").text(200, "A page without scripts"),
        post("/apiKeyLogin", users::api_key_login, "Signs in with an API key")
            .headers::<api::RingCentralHeaders>()
            .body::<api::ApiKeyLoginRequest>()
            .reply::<user::LoggedIn>(200, "The session")
            .reply::<api::Message>(400, "The sign-in is refused, and why")
            .text(400, "No platform is named"),
        post("/unAuthorize", users::un_authorize, "Signs out")
            .reply::<ReturnMessage>(200, "Signed out; a warning where the CRM's own sign-out failed")
            .text(400, "The user is unknown")
            .reply::<ReturnMessage>(500, "The store failed"),
        get("/contact", contacts::find, "Finds the contacts with a phone number")
            .query::<api::FindContactQuery>()
            .answer::<found::Found>("The contacts, or none")
            .error(400, "No phone number, or more than one"),
        post("/contact", contacts::create, "Creates a contact")
            .body::<api::CreateContactRequest>()
            .answer::<found::Found>("The contact"),
        get("/custom/contact/search", contacts::search, "Finds contacts by name")
            .query::<api::SearchContactQuery>()
            .answer::<found::Found>("The contacts, or none")
            .error(400, "More than one name"),
        get("/callLog", call_logs::look_up, "Looks up the logs of calls")
            .query::<api::LookUpCallLogsQuery>()
            .answer::<logs::LookedUp>("One entry for each session, in the order asked"),
        post("/callLog", call_logs::create, "Logs a call")
            .body::<api::CreateCallLogRequest>()
            .answer::<logs::Created>("The call is logged"),
    ]
}

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig) {
    for route in table() {
        route.register(config);
    }
}
