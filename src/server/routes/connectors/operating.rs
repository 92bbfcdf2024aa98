//! Which revision serves whom.

use actix_web::{HttpResponse, web};

use super::connector;
use crate::server::management::{IfMatch, ManagementCaller, ManagementError, Members, Sent, scope};
use crate::service::Services;
use crate::service::catalog::{Edit, Force};

type Answer = Result<HttpResponse, ManagementError>;

pub(super) async fn activate(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let (revision, force) = (body.number("revision")?, force(&mut body)?);
    body.finish()?;
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
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let (revision, force) = (body.number("revision")?, force(&mut body)?);
    body.finish()?;
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
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let (account, force) = (body.needed_text("account")?, force(&mut body)?);
    body.finish()?;
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.promote(edit, &account, force.as_ref()).await?))
}

fn force(body: &mut Members) -> Result<Option<Force>, ManagementError> {
    let Some(members) = body.object("force")? else { return Ok(None) };
    match members.get("reason").and_then(serde_json::Value::as_str) {
        Some(reason) if members.len() == 1 => Ok(Some(Force { reason: reason.to_owned() })),
        _ => Err(ManagementError::invalid(
            "force",
            "`force` is an object with a `reason`, which is recorded: {\"reason\": \"…\"}.",
        )),
    }
}
