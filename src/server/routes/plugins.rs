//! Plugins.

use actix_web::{HttpResponse, web};

use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::plugins::{self, PluginLicense};

/// `GET /plugin/licenseStatus?rcAccountId=&pluginId=`: nothing for a plugin that is not installed, as the
/// reference server answers for one that it does not know.
pub(super) async fn license_status(services: web::Data<Services>, session: Authenticated) -> HttpResponse {
    match plugins::license(&services, &session.0).await {
        Ok(PluginLicense::NotInstalled) => HttpResponse::Ok().finish(),
        Ok(PluginLicense::UnknownUser) => reply::text(400, "User not found"),
        Err(error) => reply::store_failed(&error),
    }
}
