//! The routes: one list.

mod call_down;
mod call_logs;
mod contacts;
mod messages;
mod metrics;
mod profile;
mod proxy_configs;
mod public;
mod settings;
mod users;

use actix_web::web::ServiceConfig;

use super::route::{Route, delete, get, patch, post, put};

pub(super) use metrics::reply as metrics_reply;

/// Every route, as it is registered, counted and documented.
pub(super) fn table() -> Vec<Route> {
    vec![
        get("/isAlive", public::is_alive),
        get("/implementedInterfaces", public::implemented_interfaces),
        get("/serverVersionInfo", public::server_version_info),
        get("/releaseNotes", public::release_notes),
        get("/userInfoHash", public::user_info_hash),
        get("/proxyConfigs", proxy_configs::list),
        get("/metrics", metrics::read),
        post("/apiKeyLogin", users::api_key_login),
        post("/unAuthorize", users::un_authorize),
        get("/licenseStatus", profile::license_status),
        get("/authValidation", profile::auth_validation),
        get("/hostname", profile::hostname),
        get("/accountData", profile::account_data),
        post("/user/refreshInfo", profile::refresh_info),
        get("/user/settings", settings::read),
        post("/user/settings", settings::change),
        get("/user/preloadSettings", settings::preload),
        get("/admin/settings", settings::read_managed),
        post("/admin/settings", settings::change_managed),
        get("/calldown", call_down::list),
        post("/calldown", call_down::schedule),
        patch("/calldown/{id}", call_down::change),
        delete("/calldown/{id}", call_down::remove),
        get("/contact", contacts::find),
        post("/contact", contacts::create),
        get("/custom/contact/search", contacts::search),
        get("/callLog", call_logs::look_up),
        post("/callLog", call_logs::create),
        patch("/callLog", call_logs::update),
        post("/callLog/cacheNote", call_logs::keep_note),
        put("/callDisposition", call_logs::set_disposition),
        post("/messageLog", messages::log),
    ]
}

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig) {
    for route in table() {
        route.register(config);
    }
}
