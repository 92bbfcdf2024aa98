//! Connectors and what is said of them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize as _;
use serde_json::json;

use super::revisions::upload;
use super::{connector, number};
use crate::secret::Secret;
use crate::server::body::query;
use crate::server::management::{IfMatch, ManagementCaller, ManagementError, Members, Sent, scope};
use crate::server::reply;
use crate::service::Services;
use crate::service::catalog::{Bundle, Edit, New, Settings};

type Answer = Result<HttpResponse, ManagementError>;

pub(super) async fn list(_: ManagementCaller<scope::Read>, services: web::Data<Services>) -> Answer {
    Ok(reply::json(200, &json!({"connectors": services.connectors.list().await?})))
}

pub(super) async fn create(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let proxy_id = body.needed_text("proxyId")?;
    let settings = settings(&mut body)?;
    let upload = upload(&mut body)?;
    body.finish()?;
    let new = New { proxy_id, settings, upload };
    Ok(connector(201, &services.connectors.create(&caller, new).await?))
}

pub(super) async fn import(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    body: Sent<Members>,
) -> Answer {
    let bundle = Bundle::deserialize(body?.into_value()).map_err(|_| {
        ManagementError::invalid(
            "",
            "This is no export of a connector. Send what GET …/export gave, as it is.",
        )
    })?;
    Ok(connector(201, &services.connectors.import(&caller, bundle).await?))
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
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let settings = settings(&mut body)?;
    body.finish()?;
    let edit = Edit { who: &caller, proxy_id: &proxy_id, version: version?.0 };
    Ok(connector(200, &services.connectors.configure(edit, settings).await?))
}

pub(super) async fn export(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    request: HttpRequest,
) -> Answer {
    let from = match query(request.query_string()).get("from") {
        None => 1,
        Some(from) => number(from.as_str().unwrap_or_default())?,
    };
    Ok(reply::json(200, &services.connectors.export(&proxy_id, from).await?))
}

fn settings(body: &mut Members) -> Result<Settings, ManagementError> {
    Ok(Settings {
        owner: body.clearable_text("owner")?,
        allowed_accounts: body.clearable_texts("allowedAccounts")?,
        manifest: body.clearable_object("manifest")?,
        secret_key: body.clearable_text("secretKey")?.map(|secret| secret.map(Secret::from)),
        client_secret: body.clearable_text("clientSecret")?.map(|secret| secret.map(Secret::from)),
    })
}
