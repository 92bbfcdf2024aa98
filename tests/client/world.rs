//! A server with a document, its CRM and its RingCentral platform, and the client that asks it.
use super::crm::{self, Records};
use super::journey::{RingCentral, Step};
use crate::support::client::Response;
use crate::support::crm::{Crm, Request};
use crate::support::test_server::TestServer;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The page to which CRMs send the browser back.
const REDIRECT: &str = "https://ringcentral.github.io/ringcentral-embeddable/redirect.html";

/// A kind of client, and of document behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Variant {
    /// The newest client, below the base of a document with an API key.
    Keyed,
    /// The newest client, below the base of a document with OAuth.
    Granted,
    /// A client of version 1.6: no base, no headers, the session in the query.
    Old,
}

/// What a document has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Document {
    /// Every operation.
    #[default]
    Whole,
    /// What signing in needs.
    Bare,
}

/// Everything around one journey.
pub struct World {
    variant: Variant,
    server: TestServer,
    records: Records,
    /// What `${name}` stands for.
    known: BTreeMap<String, String>,
    _crms: [Crm; 2],
    _manifest: tempfile::NamedTempFile,
}

impl World {
    pub fn start(variant: Variant, document: Document) -> Self {
        let records = Records::default();
        let crm = Crm::start({
            let records = records.clone();
            move |request: &Request| records.answer(request)
        });
        let platform = Crm::start(crm::ringcentral);
        let origin = crm.origin();
        let auth = match variant {
            Variant::Granted => json!({
                "type": "oauth", "clientId": "client-1", "clientSecret": "the secret of client 1",
                "tokenUrl": format!("{origin}/v1/token"), "authorizationUrl": format!("{origin}/authorize"),
                "redirectUri": REDIRECT
            }),
            Variant::Keyed | Variant::Old => {
                json!({"type": "apiKey", "scheme": "Basic", "credentialTemplate": "{{apiKey}}:", "encode": "base64"})
            }
        };
        let mut operations = crm::operations();
        if document == Document::Bare {
            operations.as_object_mut().unwrap().retain(|name, _| name == "getUserInfo");
        }
        let served = json!({
            "meta": {"name": "testCrm", "displayName": "Test CRM", "logFormat": "text/plain"},
            "auth": auth,
            "requestDefaults": {"baseUrl": format!("{origin}/v1"), "timeoutSeconds": 20},
            "operations": operations
        });
        let manifest = tempfile::NamedTempFile::new().unwrap();
        let platforms = json!({"testCrm": {"name": "testCrm", "proxyId": "acme"}});
        let text =
            json!({"author": {"name": "Acme"}, "serverUrl": "https://crm.example", "platforms": platforms});
        std::fs::write(manifest.path(), text.to_string()).unwrap();
        let server = TestServer::start_with(&[("acme", &served)], |options| {
            options
                .env("RINGCENTRAL_SERVER", platform.origin())
                .env("DEVELOPER_PORTAL_SERVER", platform.origin())
                .env("CRM_MANIFEST", manifest.path().to_string_lossy())
        });
        // Below the base nobody has to name the document.
        let proxy_id = if variant == Variant::Old { "acme" } else { "" };
        let known = [("proxyId", proxy_id), ("platform", "testCrm"), ("redirect", REDIRECT)];
        let known = known.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut world = Self { variant, server, records, known, _crms: [crm, platform], _manifest: manifest };
        world.hash_ids();
        world
    }

    /// The hashed ids that the client has from its start on.
    fn hash_ids(&mut self) {
        let reply = self.server.send("GET", "/userInfoHash?extensionId=61&accountId=5", &[], None).json();
        for (name, member) in [("extensionHash", "extensionId"), ("accountHash", "accountId")] {
            self.keep(name, reply[member].as_str().expect("a hash").to_owned());
        }
    }

    /// Signs in as the client of this variant does.
    pub fn sign_in(&mut self) {
        let base = self.base();
        let reply = if self.variant == Variant::Granted {
            let back = format!("{REDIRECT}?code=c-1&state=platform=testCrm");
            let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
            let target = format!(
                "{base}/oauth-callback?callbackUri={back}&hostname=&rcAccountId=5&proxyId=&userEmail=&rcExtensionId=61"
            );
            self.server.send("GET", &target, &[], None)
        } else {
            let login = json!({"apiKey": "7-key", "platform": "testCrm", "proxyId": self.known["proxyId"]});
            let headers = [("Content-Type", "application/json"), ("X-RC-Access-Token", "token-of-admin")];
            self.server.send(
                "POST",
                &format!("{base}/apiKeyLogin"),
                &headers,
                Some(login.to_string().into_bytes()),
            )
        };
        assert_eq!(reply.status, 200, "{}", reply.text());
        let token =
            reply.json()["jwtToken"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned();
        self.keep("jwt", token);
        self.records.take_asked();
    }

    fn base(&self) -> &'static str {
        if self.variant == Variant::Old { "" } else { "/p/acme" }
    }

    /// Sends the request of a step as the client of this variant does.
    pub fn send(&self, step: &Step) -> Response {
        let mut target = format!("{}{}", self.base(), self.filled(step.target()));
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let mut add = |target: &mut String, name: &str, parameter: &str, value: String| {
            if self.variant == Variant::Old {
                let sign = if target.contains('?') { '&' } else { '?' };
                *target = format!("{target}{sign}{parameter}={value}");
            } else {
                headers.push((name.to_owned(), value));
            }
        };
        if step.signed_in
            && let Some(jwt) = self.known.get("jwt")
        {
            let value = if self.variant == Variant::Old { jwt.clone() } else { format!("Bearer {jwt}") };
            add(&mut target, "Authorization", "jwtToken", value);
        }
        if let Some(who) = step.ringcentral {
            let token = match who {
                RingCentral::Admin => "token-of-admin",
                RingCentral::User => "token-of-user",
            };
            add(&mut target, "X-RC-Access-Token", "rcAccessToken", token.to_owned());
        }
        if self.variant != Variant::Old {
            headers.push(("rc-extension-id".to_owned(), self.known["extensionHash"].clone()));
            headers.push(("rc-account-id".to_owned(), self.known["accountHash"].clone()));
            headers.push(("developer-author-name".to_owned(), "Acme".to_owned()));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = step.body.as_ref().map(|body| self.filled_json(body).to_string().into_bytes());
        self.server.send(step.method(), &target, &headers, body)
    }

    pub fn take_asked(&self) -> Vec<String> {
        self.records.take_asked()
    }

    /// Remembers something for later steps.
    pub fn keep(&mut self, name: &str, value: String) {
        self.known.insert(name.to_owned(), value);
    }

    /// A text with everything that is known put in.
    pub fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.known {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text
    }

    pub fn filled_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.filled(text).into(),
            Value::Array(items) => items.iter().map(|item| self.filled_json(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, member)| (name.clone(), self.filled_json(member))).collect()
            }
            other => other.clone(),
        }
    }

    /// What of the server's log may explain a failure.
    pub fn log(&self) -> String {
        let log = self.server.server.log();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains("\"level\":\"INFO\"")).collect();
        lines.join("\n")
    }
}
