//! Plugins.

use actix_web::{HttpResponse, web};

use crate::members::{Given, members};
use crate::server::extract::Query;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::plugins::{self, PluginLicense};

members! {
    /// Whose licence is asked for.
    #[allow(dead_code, reason = "no plugin is installed, so every answer is the same")]
    pub(super) struct PluginLicenseQuery {
        /// The RingCentral account.
        #[schemars(required)]
        rc_account_id as "rcAccountId": Option<Given<String>>,
        /// The plugin.
        #[schemars(required)]
        plugin_id as "pluginId": Option<Given<String>>,
    }
}

/// `GET /plugin/licenseStatus?rcAccountId=&pluginId=`: nothing for a plugin that is not installed, as the
/// reference server answers for one that it does not know.
pub(super) async fn license_status(
    services: web::Data<Services>,
    session: Authenticated,
    _: Query<PluginLicenseQuery>,
) -> HttpResponse {
    match plugins::license(&services, &session.0).await {
        Ok(PluginLicense::NotInstalled) => HttpResponse::Ok().finish(),
        Ok(PluginLicense::UnknownUser) => reply::text(400, "User not found"),
        Err(error) => reply::store_failed(&error),
    }
}
