//! The routes: one list.

mod call_logs;
mod contacts;
mod messages;
mod metrics;
mod proxy_configs;
mod public;
mod users;

use actix_web::web::ServiceConfig;

use super::route::{Route, get, patch, post, put};

pub(super) use metrics::reply as metrics_reply;

/// Every route, as it is registered, counted and documented.
pub(super) fn table() -> Vec<Route> {
    vec![
        get("/isAlive", public::is_alive),
        get("/implementedInterfaces", public::implemented_interfaces),
        get("/proxyConfigs", proxy_configs::list),
        get("/metrics", metrics::read),
        post("/apiKeyLogin", users::api_key_login),
        post("/unAuthorize", users::un_authorize),
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
