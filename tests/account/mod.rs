//! The routes around a user: call-down list, licence, settings, profile.

mod call_down;
mod license;
mod profile;
mod settings;

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document};
use serde_json::{Value, json};

/// Sends JSON with any method.
fn send(server: &TestServer, method: &str, target: &str, token: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    server.send(method, target, &headers, Some(body.to_string().into_bytes()))
}

/// A CRM and a server with one document for it, which `adjust` changes, and a user who is signed in.
fn start(
    adjust: impl FnOnce(&mut Value),
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> (TestServer, String, Crm) {
    let crm = Crm::start(answer);
    let mut document = document(&crm.origin());
    adjust(&mut document);
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    (server, token, crm)
}
