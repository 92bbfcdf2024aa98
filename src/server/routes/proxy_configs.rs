//! The state of the documents in service, for admins.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::config::report::{Colour, Format, render};
use crate::connector::configs::State;
use crate::server::reply;
use crate::service::Services;
use crate::store::Secret;

/// Who is an admin.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    /// The admin token; without one the routes are closed.
    pub(crate) token: Option<Secret>,
}

/// `GET /proxyConfigs`, with the admin token as bearer token.
pub(super) async fn list(
    request: HttpRequest,
    services: web::Data<Services>,
    admin: web::Data<Admin>,
) -> HttpResponse {
    let Some(expected) = &admin.token else {
        return reply::error(
            403,
            "This route is closed: start the server with ADMIN_TOKEN set, and send that token as bearer token.",
        );
    };
    let header =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Secret::new(token));
    if given.as_ref() != Some(expected) {
        return reply::error(401, "The admin token is missing or wrong: send it as bearer token.");
    }
    let snapshot = services.configs.snapshot();
    let documents: Vec<Value> =
        snapshot.states().iter().map(|(proxy_id, state)| document(proxy_id, state)).collect();
    reply::json(200, &json!({"proxyConfigs": documents}))
}

fn document(proxy_id: &str, state: &State) -> Value {
    let status = match &state.active_revision {
        None => "refused",
        Some(active) if *active != state.file_revision => "kept",
        Some(_) => "active",
    };
    let report: Value =
        serde_json::from_str(&render(Format::Json, std::slice::from_ref(&state.findings), Colour::Off))
            .unwrap_or_default();
    json!({
        "proxyId": proxy_id,
        "status": status,
        "activeRevision": state.active_revision,
        "fileRevision": state.file_revision,
        "diagnostics": report.pointer("/files/0/diagnostics").cloned().unwrap_or_default(),
    })
}
