//! Routes without a session.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use crate::server::body::query;
use crate::server::public::Public;
use crate::server::reply;
use crate::service::hashing::hashed;
use crate::service::{Services, interfaces};

/// `GET /isAlive`
pub(super) async fn is_alive(_: Public) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("OK")
}

/// `GET /implementedInterfaces?platform=&proxyId=`
pub(super) async fn implemented_interfaces(
    _: Public,
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let parameters = query(request.query_string());
    let parameter =
        |name: &str| parameters.get(name).and_then(|value| value.as_str()).filter(|value| !value.is_empty());
    let proxy_id = parameter("proxyId");
    let Some(platform) = parameter("platform").or(proxy_id.map(|_| "proxy")) else {
        return reply::text(400, "Please provide platform.");
    };
    match interfaces::implemented(&services, platform, proxy_id) {
        Ok(interfaces) => reply::json(200, &interfaces),
        Err(unknown) => reply::error(404, &unknown.to_string()),
    }
}

/// `GET /serverVersionInfo`
pub(super) async fn server_version_info(_: Public) -> HttpResponse {
    reply::json(200, &json!({"version": env!("CARGO_PKG_VERSION")}))
}

/// `GET /releaseNotes`: connectors write them, and documents have none.
pub(super) async fn release_notes(_: Public) -> HttpResponse {
    reply::json(200, &Map::new())
}

/// `GET /crmManifest?platformName=`, with `proxyId` that of an uploaded connector where it has one.
pub(super) async fn crm_manifest(
    _: Public,
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let parameters = query(request.query_string());
    if let Some(proxy_id) = parameters.get("proxyId").and_then(Value::as_str) {
        match services.connectors.manifest(proxy_id).await {
            Ok(Some(manifest)) => return reply::json(200, &manifest),
            Ok(None) => {}
            Err(error) => return reply::store_failed(&error),
        }
    }
    let platform = parameters.get("platformName").and_then(Value::as_str);
    match services.manifest.as_ref().and_then(|manifest| manifest.for_platform(platform)) {
        Some(manifest) => reply::json(200, manifest),
        None => reply::text(400, "Platform not found"),
    }
}

/// `GET /userInfoHash?extensionId=&accountId=`: an id that is missing is hashed as `undefined`
/// (recordings 17, `userInfoHash-missing`).
pub(super) async fn user_info_hash(
    _: Public,
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let parameters = query(request.query_string());
    let hash = |name: &str| {
        let id = parameters.get(name).and_then(Value::as_str).unwrap_or("undefined");
        hashed(&services, id)
    };
    reply::json(200, &json!({"extensionId": hash("extensionId"), "accountId": hash("accountId")}))
}
