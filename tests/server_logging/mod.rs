//! Server-side logging: its settings at the CRM, and how it names accounts and extensions.

mod accounts;
mod extensions;
mod settings;

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, call, document};
use crate::user_mapping::ringcentral;
use serde_json::{Value, json};

/// A server, a CRM and a RingCentral platform; `adjust` changes the document.
fn start(
    adjust: impl FnOnce(&mut Value),
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> (TestServer, Crm, Crm) {
    let (crm, platform) = (Crm::start(answer), Crm::start(ringcentral));
    let mut document = document(&crm.origin());
    adjust(&mut document);
    let server = TestServer::start_with(&[("one", &document)], |options| {
        options.env("RINGCENTRAL_SERVER", platform.origin())
    });
    (server, crm, platform)
}

/// Sends JSON with any method and more headers.
fn send(
    server: &TestServer,
    (method, target): (&str, &str),
    session: &str,
    more: &[(&str, &str)],
    body: &Value,
) -> Response {
    let bearer = format!("Bearer {session}");
    let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    headers.extend(more);
    let body = (method != "GET").then(|| body.to_string().into_bytes());
    server.send(method, target, &headers, body)
}
