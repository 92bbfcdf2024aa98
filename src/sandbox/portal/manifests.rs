//! The manifests of the connectors for the sandbox CRM: what App Connect's client reads.

use serde_json::{Value, json};

use super::Connector;
use crate::sandbox::CLIENT_ID;

/// The name of the platform, as the documents that ship for the sandbox have it.
pub(super) const PLATFORM: &str = "sandbox";

pub(super) const VERSION: &str = "1.0.0";

/// `crm` is where the sandbox is, `app_server` the App Connect server.
pub(super) fn manifest(connector: &Connector, crm: &str, app_server: &str) -> Value {
    json!({
        "serverUrl": app_server,
        "redirectUri": format!("{app_server}/oauth-callback"),
        "author": { "name": "Sandbox CRM", "websiteUrl": crm, "supportUrl": crm },
        "version": VERSION,
        "platforms": {
            PLATFORM: {
                "name": PLATFORM,
                "displayName": connector.display_name,
                "description": connector.description,
                "developer": { "name": "Sandbox CRM", "url": crm },
                "environment": { "type": "fixed", "url": crm },
                "embedUrls": [format!("{crm}/*")],
                "proxyId": connector.proxy_id,
                "logFormat": "text/plain",
                "auth": (connector.auth)(crm, app_server),
                "contactTypes": [
                    { "display": "Contact", "value": "Contact" },
                    { "display": "Lead", "value": "Lead" },
                    { "display": "Account", "value": "Account" },
                ],
                "page": { "useContactSearch": connector.proxy_id == "sandbox" },
            },
        },
    })
}

pub(super) fn api_key(_: &str, _: &str) -> Value {
    form(json!([
        { "const": "apiKey", "title": "API key", "type": "string", "required": true },
    ]))
}

/// The key is the same for everybody of the account; the desk is each one's own.
pub(super) fn managed(_: &str, _: &str) -> Value {
    form(json!([
        {
            "const": "apiKey", "title": "API key", "type": "string", "required": true,
            "managed": true, "managedScope": "account", "managedFieldType": "input",
        },
        {
            "const": "desk", "title": "Desk", "type": "string", "required": false,
            "managed": true, "managedScope": "user", "managedFieldType": "input",
        },
        { "const": "nickname", "title": "Nickname", "type": "string", "required": false },
    ]))
}

fn form(content: Value) -> Value {
    json!({
        "type": "apiKey",
        "apiKey": { "page": { "title": "Connect to the sandbox CRM", "content": content } },
    })
}

pub(super) fn oauth(crm: &str, app_server: &str) -> Value {
    json!({
        "type": "oauth",
        "oauth": {
            "authUrl": format!("{crm}/oauth/authorize"),
            "clientId": CLIENT_ID,
            "redirectUri": format!("{app_server}/oauth-callback"),
            "scope": "crm",
            "adminManaged": {
                "enabled": true,
                "setupNotes": "The sandbox has one client with a secret; GET / of the sandbox shows it.",
            },
        },
    })
}
