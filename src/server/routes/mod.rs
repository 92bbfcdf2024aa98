//! The routes: one list.

mod call_down;
mod call_logs;
mod contacts;
mod profile;
mod proxy_configs;
mod public;
mod settings;
mod users;

use actix_web::web::{ServiceConfig, delete, get, patch, post};

pub(super) use proxy_configs::Admin;

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/isAlive", get().to(public::is_alive))
        .route("/implementedInterfaces", get().to(public::implemented_interfaces))
        .route("/serverVersionInfo", get().to(public::server_version_info))
        .route("/releaseNotes", get().to(public::release_notes))
        .route("/userInfoHash", get().to(public::user_info_hash))
        .route("/proxyConfigs", get().to(proxy_configs::list))
        .route("/apiKeyLogin", post().to(users::api_key_login))
        .route("/unAuthorize", post().to(users::un_authorize))
        .route("/licenseStatus", get().to(profile::license_status))
        .route("/authValidation", get().to(profile::auth_validation))
        .route("/hostname", get().to(profile::hostname))
        .route("/accountData", get().to(profile::account_data))
        .route("/user/refreshInfo", post().to(profile::refresh_info))
        .route("/user/settings", get().to(settings::read))
        .route("/user/settings", post().to(settings::change))
        .route("/user/preloadSettings", get().to(settings::preload))
        .route("/admin/settings", get().to(settings::read_managed))
        .route("/admin/settings", post().to(settings::change_managed))
        .route("/calldown", get().to(call_down::list))
        .route("/calldown", post().to(call_down::schedule))
        .route("/calldown/{id}", patch().to(call_down::change))
        .route("/calldown/{id}", delete().to(call_down::remove))
        .route("/contact", get().to(contacts::find))
        .route("/contact", post().to(contacts::create))
        .route("/custom/contact/search", get().to(contacts::search))
        .route("/callLog", get().to(call_logs::look_up))
        .route("/callLog", post().to(call_logs::create));
}
