//! The routes: one list.

mod appointments;
mod call_down;
mod call_logs;
mod connectors;
mod contacts;
mod management;
mod messages;
mod metrics;
mod oauth;
mod openapi;
mod plugins;
mod profile;
mod proxy_configs;
mod public;
mod settings;
mod users;

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use actix_web::web::ServiceConfig;
use schemars::JsonSchema;
use serde::Serialize;

use super::route::text;
use super::route::{Route, delete, get, patch, post, put, register_refusal};
use crate::connector::ReturnMessage;
use crate::metrics::CONTENT_TYPE as METRICS;
use crate::service::appointments::{self as appointment, input::Invalid};
use crate::service::wording::Refusal;
use crate::service::{
    admin_settings, call_logs as logs, contacts as found, license, messages as message,
    profile as user_profile, users as user,
};

pub(super) use metrics::reply as metrics_reply;
pub(super) use openapi::Description;

/// It worked.
#[derive(Debug, Serialize, JsonSchema)]
struct Successful {
    /// Always true.
    successful: bool,
}

const NO_ADMIN: &str = "The RingCentral token is missing, or RingCentral could not be asked";

/// Every route, as it is registered, counted and documented. A new one is one entry here; what its
/// handler's arguments need (a session, the admin token, parameters, a body) is documented by itself.
pub(super) fn table() -> Vec<Route> {
    let mut routes = clients();
    routes.extend(connectors::table());
    routes.extend(management::table());
    routes.extend(oauth::table());
    routes
}

/// Whether a pattern is of routes that App Connect's clients ask for.
pub(super) fn is_for_clients(pattern: &str) -> bool {
    static PATTERNS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        table().iter().filter(|route| route.is_for_clients).map(|route| route.path).collect()
    });
    PATTERNS.contains(pattern)
}

/// What App Connect's clients and operators ask for.
fn clients() -> Vec<Route> {
    vec![
        get("/isAlive", public::is_alive, "Says that the server answers").with(
            200,
            "text/plain",
            "`OK`",
            text,
        ),
        get("/readyz", public::readiness, "Says whether the server can serve requests")
            .for_operators()
            .reply::<public::Readiness>(200, "It can")
            .reply::<public::Readiness>(503, "It cannot, and why"),
        get("/implementedInterfaces", public::implemented_interfaces, "Lists what a platform can do")
            .reply::<BTreeMap<String, bool>>(200, "Each interface, and whether it is fulfilled")
            .text(400, "Neither a platform nor a proxyId is named")
            .error(404, "No document with this proxyId is in service"),
        get(
            "/proxyConfigs",
            proxy_configs::list,
            "Lists the documents in service and what is wrong with them",
        )
        .reply::<proxy_configs::ProxyConfigs>(200, "The documents"),
        get("/serverVersionInfo", public::server_version_info, "Names the version of the server")
            .reply::<public::Version>(200, "The version"),
        get("/releaseNotes", public::release_notes, "Lists release notes; documents have none")
            .reply::<BTreeMap<String, serde_json::Value>>(200, "An empty object"),
        get("/crmManifest", public::crm_manifest, "Reads the manifest of the server's platforms")
            .reply::<BTreeMap<String, serde_json::Value>>(200, "The manifest")
            .text(400, "It has no such platform, or the server has none"),
        get("/userInfoHash", public::user_info_hash, "Hashes the ids of an extension and an account")
            .reply::<public::UserInfoHash>(
            200,
            "Salted SHA-256, hexadecimal; a missing id counts as `undefined`",
        ),
        get("/metrics", metrics::read, "What the server counts, for Prometheus").with(
            200,
            METRICS,
            "OpenMetrics text",
            text,
        ),
        get("/openapi.json", openapi::document, "This document")
            .for_operators()
            .reply::<BTreeMap<String, serde_json::Value>>(200, "OpenAPI 3.1"),
        get("/docs", openapi::page, "This document as a page")
            .for_operators()
            .text(200, "A page without scripts"),
        post("/apiKeyLogin", users::api_key_login, "Signs in with an API key")
            .reply::<user::LoggedIn>(200, "The session")
            .reply::<users::Message>(400, "The sign-in is refused, and why")
            .reply::<users::MissingFields>(400, "Required fields of the sign-in page are not filled in")
            .text(400, "No platform is named"),
        post("/unAuthorize", users::un_authorize, "Signs out")
            .reply::<ReturnMessage>(200, "Signed out; a warning where the CRM's own sign-out failed")
            .text(400, "The user is unknown")
            .reply::<ReturnMessage>(500, "The store failed"),
        get("/licenseStatus", profile::license_status, "Tells the state of the user's licence")
            .reply::<license::LicenseStatus>(
                200,
                "The state; invalid without a session, the last known one in an outage",
            )
            .text(400, "The token in the query is no session")
            .error(500, "The store failed"),
        get("/plugin/licenseStatus", plugins::license_status, "Tells the state of a plugin's licence")
            .empty(200, "Nothing: no plugin is installed")
            .error(500, "The store failed"),
        get("/authValidation", profile::auth_validation, "Asks the CRM whether the session holds")
            .reply::<user_profile::Checked>(200, "Whether it does")
            .reply::<Refusal>(400, "It could not be asked, and why"),
        get("/hostname", profile::hostname, "Tells the CRM host of the user")
            .text(200, "The host; an empty reply without a type if none is known")
            .error(500, "The store failed"),
        get("/accountData", profile::account_data, "Reads what connectors keep for the account")
            .reply::<Refusal>(200, "The user is unknown")
            .reply::<Refusal>(400, "No such data: documents keep none"),
        post("/user/refreshInfo", profile::refresh_info, "Reads the user's profile from the CRM again")
            .reply::<user_profile::Checked>(200, "Done, or not needed")
            .reply::<Refusal>(200, "It could not be done, and why"),
        get("/user/settings", settings::read, "Reads the user's settings, with those that admins manage")
            .reply::<BTreeMap<String, serde_json::Value>>(200, "The settings by key")
            .text(403, "The RingCentral token is of another account than the user")
            .error(500, "The store failed"),
        post("/user/settings", settings::change, "Changes the user's settings")
            .reply::<settings::UserSettings>(200, "All of the user's settings")
            .error(500, "The store failed"),
        get("/user/preloadSettings", settings::preload, "Reads what admins manage, before anybody signs in")
            .reply::<settings::UserSettings>(
                200,
                "The settings, without values if only the hash of the account is given",
            )
            .reply::<settings::NothingPreloaded>(200, "None are managed")
            .text(400, "Neither an account nor a RingCentral token is given")
            .error(400, "RingCentral could not be asked")
            .text(403, "The RingCentral token is of another account than the session's user")
            .error(500, "The store failed"),
        get("/admin/settings", settings::read_managed, "Reads what admins manage")
            .reply::<admin_settings::AdminSettings>(200, "The settings")
            .reply::<settings::NothingManaged>(200, "There are none")
            .error(400, NO_ADMIN)
            .text(403, "The RingCentral user is no admin, or of another account than the session's user")
            .error(500, "The store failed"),
        post("/admin/settings", settings::change_managed, "Changes what admins manage")
            .text(200, "They are changed")
            .text(403, "The RingCentral user is no admin, or of another account than the session's user")
            .error(500, "The store failed"),
        get("/calldown", call_down::list, "Lists the user's contacts to call")
            .reply::<call_down::CallDownItems>(200, "The items; those without a date first")
            .error(400, "The user is unknown")
            .error(500, "The store failed"),
        post("/calldown", call_down::schedule, "Puts a contact on the list")
            .reply::<call_down::CallDownScheduled>(200, "The item")
            .error(500, "The store failed"),
        patch("/calldown/{id}", call_down::change, "Changes an item of the list")
            .reply::<Successful>(200, "It is changed")
            .error(500, "The store failed"),
        delete("/calldown/{id}", call_down::remove, "Removes an item from the list")
            .reply::<Successful>(200, "It is removed")
            .error(400, "The user or the item is unknown")
            .error(500, "The store failed"),
        get("/contact", contacts::find, "Finds the contacts with a phone number")
            .answer::<found::Found>("The contacts, or none")
            .error(400, "No phone number, more than one, or too many formats"),
        post("/contact", contacts::create, "Creates a contact")
            .answer::<found::Found>("The contact")
            .reply::<Refusal>(400, "Nothing of the platform creates contacts, and no client was offered it"),
        get("/custom/contact/search", contacts::search, "Finds contacts by name")
            .answer::<found::Found>("The contacts, or none")
            .error(400, "More than one name"),
        get("/appointments", appointments::list, "Lists the appointments of a range of days")
            .answer::<appointment::Listed>("The appointments")
            .reply::<Invalid>(400, "One day without the other, or no days"),
        post("/appointments", appointments::create, "Creates an appointment")
            .answer::<appointment::Done>("The appointment is created")
            .reply::<Invalid>(400, "What is wrong with the appointment"),
        patch("/appointments/{appointmentId}", appointments::update, "Changes an appointment")
            .answer::<appointment::Done>("The appointment as it is now")
            .reply::<Invalid>(400, "What is wrong with the change"),
        post(
            "/appointments/{appointmentId}/status",
            appointments::set_status,
            "Sets the status of an appointment",
        )
        .answer::<appointment::Done>("The appointment as it is now")
        .reply::<Invalid>(400, "No status"),
        get("/appointments/{appointmentId}/refresh", appointments::refresh, "Reads an appointment again")
            .answer::<appointment::Done>("The appointment as it is now"),
        post("/appointments/{appointmentId}/confirm", appointments::confirm, "Confirms an appointment")
            .answer::<appointment::Done>("The appointment, or a message that it is confirmed"),
        post("/appointments/{appointmentId}/cancel", appointments::cancel, "Cancels an appointment")
            .answer::<appointment::Done>("The appointment, or a message that it is cancelled"),
        get("/callLog", call_logs::look_up, "Looks up the logs of calls")
            .answer::<logs::LookedUp>("One entry for each session, in the order asked"),
        post("/callLog", call_logs::create, "Logs a call").answer::<logs::Created>("The call is logged"),
        patch("/callLog", call_logs::update, "Updates the log of a call")
            .answer::<logs::Updated>("The log is updated"),
        post("/callLog/cacheNote", call_logs::keep_note, "Keeps the note of a call that the server will log")
            .answer::<logs::NoteKept>("The note is kept for an hour"),
        put("/callDisposition", call_logs::set_disposition, "Sets the outcome of a logged call")
            .answer::<logs::Disposed>("The outcome is set"),
        post("/messageLog", messages::log, "Logs the messages of a conversation")
            .answer::<message::Logged>("What was logged, and what was not"),
    ]
}

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig) {
    // The router asks one after the other: a pattern with parameters costs more than a comparison.
    let mut routes = table();
    routes.sort_by_key(|route| route.path.contains('{'));
    let mut paths: Vec<(&str, Vec<&str>)> = Vec::new();
    for route in routes {
        match paths.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, methods)) => methods.push(route.method_name()),
            None => paths.push((route.path, vec![route.method_name()])),
        }
        route.register(config);
    }
    for (path, methods) in paths {
        register_refusal(path, &methods, config);
    }
}
