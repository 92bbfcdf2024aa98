//! Which revision serves whom.

use actix_web::{HttpResponse, web};

use super::connector;
use crate::server::management::{IfMatch, ManagementCaller, ManagementError, Sent, Submitted, scope};
use crate::service::Services;
use crate::service::catalog::{ActivateRequest, Edit, PromoteRequest};

type Answer = Result<HttpResponse, ManagementError>;

pub(super) async fn activate(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    body: Sent<Submitted<ActivateRequest>>,
) -> Answer {
    let ActivateRequest { revision, force } = body?.input;
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.activate(edit, revision, force.as_ref()).await?))
}

pub(super) async fn roll_back(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
) -> Answer {
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.roll_back(edit).await?))
}

pub(super) async fn retire(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
) -> Answer {
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.retire(edit).await?))
}

pub(super) async fn pin(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
    version: Sent<IfMatch>,
    body: Sent<Submitted<ActivateRequest>>,
) -> Answer {
    let ActivateRequest { revision, force } = body?.input;
    let (proxy_id, account) = &*path;
    let edit = Edit { who: &caller, proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.pin(edit, account, revision, force.as_ref()).await?))
}

pub(super) async fn unpin(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
    version: Sent<IfMatch>,
) -> Answer {
    let (proxy_id, account) = &*path;
    let edit = Edit { who: &caller, proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.unpin(edit, account).await?))
}

pub(super) async fn promote(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    body: Sent<Submitted<PromoteRequest>>,
) -> Answer {
    let PromoteRequest { account, force } = body?.input;
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.promote(edit, &account, force.as_ref()).await?))
}
