//! Routes without a session.

use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::members::{Given, members};
use crate::server::base::ReachedAt;
use crate::server::extract::Query;
use crate::server::public::Public;
use crate::server::reply;
use crate::service::hashing::hashed;
use crate::service::manifest::{self, Wanted};
use crate::service::{Services, adoption, interfaces};
use crate::store::UserKey;

members! {
    /// Whose interfaces are asked for.
    pub(super) struct InterfacesQuery {
        /// Name of the platform; may be left out where a proxyId is given.
        platform as "platform": Option<Given<String>>,
        /// The document whose interfaces are listed.
        proxy_id as "proxyId": Option<Given<String>>,
    }
}

members! {
    /// Whose manifest is asked for.
    pub(super) struct ManifestQuery {
        /// Name of the platform; without it, any.
        platform_name as "platformName": Option<Given<String>>,
        /// A document, whose own manifest is handed out if it has one. `serverUrl` names the base of the document.
        proxy_id as "proxyId": Option<Given<String>>,
    }
}

members! {
    /// Ids to hash.
    pub(super) struct UserInfoHashQuery {
        /// Id of the extension.
        extension_id as "extensionId": Option<Given<String>>,
        /// Id of the account.
        account_id as "accountId": Option<Given<String>>,
    }
}

/// The version of the server.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Version {
    /// As in the package.
    version: &'static str,
}

/// Hashes of ids.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserInfoHash {
    /// Of the extension.
    extension_id: String,
    /// Of the account.
    account_id: String,
}

/// `GET /isAlive`
pub(super) async fn is_alive(_: Public) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("OK")
}

/// Whether requests can be served.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Readiness {
    /// Whether they can.
    ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// How long the store may take to be read.
const READ: Duration = Duration::from_secs(1);

/// `GET /readyz`: a record that does not exist is looked for, so a store that cannot be read is found out.
pub(super) async fn readiness(_: Public, services: web::Data<Services>) -> HttpResponse {
    let nobody = UserKey { id: "readyz".to_owned(), platform: "readyz".to_owned(), proxy_id: None };
    let reason = match timeout(READ, services.store.get_user(&nobody)).await {
        Ok(Ok(_)) => return reply::json(200, &Readiness { ready: true, reason: None }),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            "The store cannot be read; the server's log says why."
        }
        Err(_) => "The store did not answer within a second.",
    };
    reply::json(503, &Readiness { ready: false, reason: Some(reason) })
}

/// `GET /implementedInterfaces?platform=&proxyId=`
pub(super) async fn implemented_interfaces(
    _: Public,
    services: web::Data<Services>,
    query: Query<InterfacesQuery>,
) -> HttpResponse {
    let filled = |given: Option<&Value>| {
        given.and_then(Value::as_str).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let proxy_id = filled(query.0.proxy_id.as_deref());
    let platform = filled(query.0.platform.as_deref()).or(proxy_id.as_ref().map(|_| "proxy".to_owned()));
    let Some(platform) = platform else {
        return reply::text(400, "Please provide platform.");
    };
    match interfaces::implemented(&services, &platform, proxy_id.as_deref()) {
        Ok(interfaces) => reply::json(200, &interfaces),
        Err(unknown) => reply::error(404, &unknown.to_string()),
    }
}

/// `GET /serverVersionInfo`
pub(super) async fn server_version_info(_: Public) -> HttpResponse {
    reply::json(200, &Version { version: env!("CARGO_PKG_VERSION") })
}

/// `GET /releaseNotes`: connectors write them, and documents have none.
pub(super) async fn release_notes(_: Public) -> HttpResponse {
    reply::json(200, &Map::new())
}

/// `GET /crmManifest?platformName=&proxyId=`
pub(super) async fn crm_manifest(
    _: Public,
    services: web::Data<Services>,
    query: Query<ManifestQuery>,
    reached_at: ReachedAt,
) -> HttpResponse {
    let wanted = Wanted {
        platform: query.0.platform_name.as_deref().and_then(Value::as_str),
        proxy_id: query.0.proxy_id.as_deref().and_then(Value::as_str).filter(|proxy_id| !proxy_id.is_empty()),
        reached_at: reached_at.0,
    };
    match manifest::handed_out(&services, &wanted).await {
        Ok(Some(manifest)) => reply::json(200, &manifest),
        Ok(None) => reply::text(400, "Platform not found"),
        Err(error) => reply::store_failed(&error),
    }
}

/// `GET /userInfoHash?extensionId=&accountId=`: an id that is missing is hashed as `undefined`
/// (recordings 17, `userInfoHash-missing`).
pub(super) async fn user_info_hash(
    _: Public,
    services: web::Data<Services>,
    query: Query<UserInfoHashQuery>,
) -> HttpResponse {
    let hash = |id: Option<&Value>| hashed(&services, id.and_then(Value::as_str).unwrap_or("undefined"));
    let hashes = UserInfoHash {
        extension_id: hash(query.0.extension_id.as_deref()),
        account_id: hash(query.0.account_id.as_deref()),
    };
    let text =
        |id: &Option<Given<String>>| id.as_deref().and_then(Value::as_str).unwrap_or_default().to_owned();
    adoption::extension_seen(&services, &text(&query.0.account_id), &text(&query.0.extension_id));
    reply::json(200, &hashes)
}
