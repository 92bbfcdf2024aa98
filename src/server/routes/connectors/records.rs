//! Connectors and what is said of them.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{connector, number};
use crate::members::{Given, members};
use crate::server::extract::Query;
use crate::server::intake::{SETTINGS_LIMIT, TEXT_LIMIT};
use crate::server::management::{IfMatch, ManagementCaller, ManagementError, Sent, Submitted, scope};
use crate::server::reply;
use crate::service::Services;
use crate::service::catalog::{Bundle, ConnectorView, Edit, New, NewConnector, Settings};

members! {
    /// Which revisions are exported.
    pub(super) struct ExportQuery {
        /// The first revision; without it, all are exported.
        from as "from": Option<Given<u64>>,
    }
}

/// The connectors.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Connectors {
    /// By proxy id.
    connectors: Vec<ConnectorView>,
}

type Answer = Result<HttpResponse, ManagementError>;

pub(super) async fn list(_: ManagementCaller<scope::Read>, services: web::Data<Services>) -> Answer {
    Ok(reply::json(200, &Connectors { connectors: services.connectors.list().await? }))
}

pub(super) async fn create(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    body: Sent<Submitted<NewConnector, New, SETTINGS_LIMIT>>,
) -> Answer {
    Ok(connector(201, &services.connectors.create(&caller, body?.input).await?))
}

pub(super) async fn import(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    body: Sent<Submitted<Bundle, Bundle, TEXT_LIMIT>>,
) -> Answer {
    Ok(connector(201, &services.connectors.import(&caller, body?.input).await?))
}

pub(super) async fn read(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
) -> Answer {
    Ok(connector(200, &services.connectors.get(&proxy_id).await?))
}

pub(super) async fn configure(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    body: Sent<Submitted<Settings, Settings, SETTINGS_LIMIT>>,
) -> Answer {
    let settings = body?.input;
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.configure(edit, settings).await?))
}

pub(super) async fn export(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    query: Query<ExportQuery>,
) -> Answer {
    let from = match query.0.from {
        None => 1,
        Some(from) => number(from.as_str().unwrap_or_default())?,
    };
    Ok(reply::json(200, &services.connectors.export(&proxy_id, from).await?))
}
