//! The routes: one list.

mod call_logs;
mod contacts;
mod messages;
mod proxy_configs;
mod public;
mod users;

use actix_web::web::{ServiceConfig, get, patch, post, put};

pub(super) use proxy_configs::Admin;

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/isAlive", get().to(public::is_alive))
        .route("/implementedInterfaces", get().to(public::implemented_interfaces))
        .route("/proxyConfigs", get().to(proxy_configs::list))
        .route("/apiKeyLogin", post().to(users::api_key_login))
        .route("/unAuthorize", post().to(users::un_authorize))
        .route("/contact", get().to(contacts::find))
        .route("/contact", post().to(contacts::create))
        .route("/custom/contact/search", get().to(contacts::search))
        .route("/callLog", get().to(call_logs::look_up))
        .route("/callLog", post().to(call_logs::create))
        .route("/callLog", patch().to(call_logs::update))
        .route("/callLog/cacheNote", post().to(call_logs::keep_note))
        .route("/callDisposition", put().to(call_logs::set_disposition))
        .route("/messageLog", post().to(messages::log));
}
