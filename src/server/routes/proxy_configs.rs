//! The state of the documents in service, for admins.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::config::report::{Colour, Format, render};
use crate::connector::documents::State;
use crate::server::admin::Admin;
use crate::server::reply;
use crate::service::Services;

/// The documents in service.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyConfigs {
    /// Each document, by proxy id.
    proxy_configs: Vec<ProxyConfigState>,
}

/// The state of one document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProxyConfigState {
    /// Its id: the file's name.
    proxy_id: String,
    /// `folder`, or `store` for one that was uploaded, which serves instead of a file of its id.
    #[schemars(extend("enum" = ["folder", "store"]))]
    source: &'static str,
    /// `active`, `kept` (the file broke, its last good version serves) or `refused`.
    #[schemars(extend("enum" = ["active", "kept", "refused"]))]
    status: &'static str,
    /// The revision that serves; null where none does.
    active_revision: Option<String>,
    /// The revision of the file as it is now.
    file_revision: String,
    /// What was found in the file, as `app-connect validate --format json` writes it.
    #[schemars(with = "Vec<Value>")]
    diagnostics: Value,
}

/// `GET /proxyConfigs`, with the admin token as bearer token.
pub(super) async fn list(_: Admin, services: web::Data<Services>) -> HttpResponse {
    let snapshot = services.documents.snapshot();
    let proxy_configs = snapshot.states().iter().map(|(proxy_id, state)| document(proxy_id, state)).collect();
    reply::json(200, &ProxyConfigs { proxy_configs })
}

fn document(proxy_id: &str, state: &State) -> ProxyConfigState {
    let report: Value =
        serde_json::from_str(&render(Format::Json, std::slice::from_ref(&state.findings), Colour::Off))
            .unwrap_or_default();
    ProxyConfigState {
        proxy_id: proxy_id.to_owned(),
        source: state.source.as_str(),
        status: state.status(),
        active_revision: state.active_revision.clone(),
        file_revision: state.file_revision.clone(),
        diagnostics: report.pointer("/files/0/diagnostics").cloned().unwrap_or_default(),
    }
}
