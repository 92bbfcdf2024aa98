//! The state of the documents in service, for admins.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::config::report::{Colour, Format, render};
use crate::connector::documents::State;
use crate::server::admin::Admin;
use crate::server::reply;
use crate::service::Services;

/// `GET /proxyConfigs`, with the admin token as bearer token.
pub(super) async fn list(_: Admin, services: web::Data<Services>) -> HttpResponse {
    let snapshot = services.documents.snapshot();
    let documents: Vec<Value> =
        snapshot.states().iter().map(|(proxy_id, state)| document(proxy_id, state)).collect();
    reply::json(200, &json!({"proxyConfigs": documents}))
}

fn document(proxy_id: &str, state: &State) -> Value {
    let report: Value =
        serde_json::from_str(&render(Format::Json, std::slice::from_ref(&state.findings), Colour::Off))
            .unwrap_or_default();
    json!({
        "proxyId": proxy_id,
        "source": state.source.as_str(),
        "status": state.status(),
        "activeRevision": state.active_revision,
        "fileRevision": state.file_revision,
        "diagnostics": report.pointer("/files/0/diagnostics").cloned().unwrap_or_default(),
    })
}
