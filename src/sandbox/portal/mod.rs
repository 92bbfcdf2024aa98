//! A stand-in for the developer portal: which connectors are published, and their manifests.

mod manifests;

use actix_web::http::Method;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::Shared;
use super::oauth::Form;
use super::origin::origin;
use super::reply::{ApiError, resource};
use super::ringcentral::ACCOUNT_ID;

/// An account that shares a connector with others.
const SHARING_ACCOUNT_ID: &str = "400100300";

pub(super) fn routes(config: &mut ServiceConfig) {
    let base = "/public-api/connectors";
    config
        .service(resource(base, [(Method::GET, web::to(public))]))
        // Before the manifests: `internal` is no id.
        .service(resource(&format!("{base}/internal"), [(Method::GET, web::to(internal))]))
        .service(resource(&format!("{base}/{{id}}/manifest"), [(Method::GET, web::to(manifest))]));
}

/// Who sees a connector.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Everybody.
    Public,
    /// The account that it belongs to.
    Private,
    /// Other accounts as well.
    Shared,
}

/// A connector of the portal.
struct Connector {
    id: &'static str,
    display_name: &'static str,
    description: &'static str,
    access: Access,
    account_id: &'static str,
    /// What the manifest says of the sign-in: by where the sandbox and the App Connect server are.
    auth: fn(&str, &str) -> Value,
    /// The document that serves it.
    proxy_id: &'static str,
}

const CONNECTORS: [Connector; 4] = [
    Connector {
        id: "sandbox",
        display_name: "Sandbox CRM",
        description: "Sign in with an API key.",
        access: Access::Public,
        account_id: ACCOUNT_ID,
        auth: manifests::api_key,
        proxy_id: "sandbox",
    },
    Connector {
        id: "sandbox-oauth",
        display_name: "Sandbox CRM (OAuth)",
        description: "Sign in with OAuth. An admin may bring a client of the account's own.",
        access: Access::Public,
        account_id: ACCOUNT_ID,
        auth: manifests::oauth,
        proxy_id: "sandbox-oauth",
    },
    Connector {
        id: "sandbox-managed",
        display_name: "Sandbox CRM (managed)",
        description: "An admin fills in the API key for everybody of the account.",
        access: Access::Private,
        account_id: ACCOUNT_ID,
        auth: manifests::managed,
        proxy_id: "sandbox",
    },
    Connector {
        id: "sandbox-shared",
        display_name: "Sandbox CRM (shared)",
        description: "Another account shares this connector.",
        access: Access::Shared,
        account_id: SHARING_ACCOUNT_ID,
        auth: manifests::managed,
        proxy_id: "sandbox",
    },
];

impl Connector {
    fn listed(&self) -> Value {
        json!({
            "id": self.id,
            "name": manifests::PLATFORM,
            "displayName": self.display_name,
            "description": self.description,
            "version": manifests::VERSION,
            "accountId": self.account_id,
            "requireLicense": false,
        })
    }
}

fn listed(is_meant: impl Fn(&Connector) -> bool) -> Vec<Value> {
    CONNECTORS.iter().filter(|connector| is_meant(connector)).map(Connector::listed).collect()
}

/// Whether plugins are asked for. The sandbox has none.
fn of_plugins(form: &Form) -> bool {
    form.text("type") == Some("plugin")
}

async fn public(request: HttpRequest) -> HttpResponse {
    let form = Form::decoded(request.query_string().as_bytes());
    let connectors = listed(|connector| connector.access == Access::Public && !of_plugins(&form));
    HttpResponse::Ok().json(json!({ "connectors": connectors }))
}

/// What an account sees besides: its own, and what others share with it.
async fn internal(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let form = Form::decoded(request.query_string().as_bytes());
    let Some(account_id) = form.text("accountId") else {
        return Err(ApiError::invalid(vec![("accountId".to_owned(), "is required".to_owned())]));
    };
    let is_own = |connector: &Connector| connector.account_id == account_id && !of_plugins(&form);
    let is_others = |connector: &Connector| {
        connector.access == Access::Shared && connector.account_id != account_id && !of_plugins(&form)
    };
    Ok(HttpResponse::Ok().json(json!({
        "privateConnectors": listed(|connector| connector.access != Access::Public && is_own(connector)),
        "sharedConnectors": listed(is_others),
    })))
}

/// A manifest. One that is not public has to be asked for as internal, by the account that it belongs to.
async fn manifest(
    shared: Data<Shared>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let form = Form::decoded(request.query_string().as_bytes());
    let is_internal = form.text("access") == Some("internal");
    let connector = CONNECTORS.iter().find(|connector| {
        let is_open = match connector.access {
            Access::Public => !is_internal,
            Access::Private | Access::Shared => {
                is_internal && form.text("accountId") == Some(connector.account_id)
            }
        };
        connector.id == id.as_str() && is_open && !of_plugins(&form)
    });
    let connector = connector.ok_or_else(|| ApiError::not_found("There is no such manifest."))?;
    Ok(HttpResponse::Ok().json(manifests::manifest(connector, &origin(&request), &shared.app_server)))
}
