//! The life of a connector through the management API: uploaded, mended, activated and rolled back
//! while it is used; edited by two; given to one account first; tried; retired; moved.

mod checks;
mod editors;
mod failing_disk;
mod pins;
mod rollout;
mod secrets;
mod who;

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::server::Options;
use crate::support::test_server::{self, ADMIN_TOKEN, CONSOLE_TOKEN, TestServer, pretty, try_send, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

const CONNECTORS: &str = "/console/api/v1/connectors";

/// A CRM that says which version asked, and a RingCentral platform where the token is the account's id.
pub struct World {
    pub app: TestServer,
    pub crm: Crm,
    _platform: Crm,
}

impl World {
    pub fn start() -> Self {
        Self::start_with(|options| options)
    }

    pub fn start_with(adjust: impl FnOnce(Options) -> Options) -> Self {
        let crm = Crm::start(answer);
        let platform = Crm::start(|request: &Request| {
            let account = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
            Answer::json(&json!({"id": 1, "account": {"id": account}}))
        });
        let app = TestServer::start_with(&[], |options| {
            adjust(
                options
                    .env("ADMIN_TOKEN", ADMIN_TOKEN)
                    .env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN)
                    .env("APP_SERVER_SECRET_KEY", "the signing secret of these tests")
                    .env("RINGCENTRAL_SERVER", platform.origin()),
            )
        });
        Self { app, crm, _platform: platform }
    }

    /// A document that asks for version `n`.
    pub fn version(&self, n: u64) -> Value {
        let mut document = test_server::document(&self.crm.origin());
        document["operations"]["findContact"]["query"]["version"] = n.to_string().into();
        document
    }

    /// Sends to the management API.
    pub fn send(&self, method: &str, target: &str, etag: Option<&str>, body: Option<&Value>) -> Response {
        self.send_bytes(method, target, etag, body.map(|body| body.to_string().into_bytes()))
    }

    pub fn send_bytes(
        &self,
        method: &str,
        target: &str,
        etag: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Response {
        self.send_as(CONSOLE_TOKEN, method, target, etag, body)
    }

    /// Sends with a token.
    pub fn send_as(
        &self,
        token: &str,
        method: &str,
        target: &str,
        etag: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Response {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        headers.extend(etag.map(|etag| ("If-Match", etag)));
        self.app.send(method, target, &headers, body)
    }

    pub fn read(&self, target: &str) -> Value {
        let reply = self.send("GET", target, None, None);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        reply.json()
    }

    /// Changes the connector `crm` as it is now; gives its reply.
    pub fn change(&self, method: &str, below: &str, body: Option<&Value>) -> Response {
        self.change_as_of(&self.etag(), method, below, body)
    }

    /// As [`Self::change`], of the connector as it was with this tag.
    pub fn change_as_of(&self, etag: &str, method: &str, below: &str, body: Option<&Value>) -> Response {
        self.send(method, &format!("{CONNECTORS}/crm{below}"), Some(etag), body)
    }

    /// The tag of the connector `crm` as it is now.
    pub fn etag(&self) -> String {
        self.connector()["etag"].as_str().unwrap().to_owned()
    }

    /// As [`Self::change`]; it works.
    pub fn must(&self, method: &str, below: &str, body: Option<&Value>) -> Value {
        let reply = self.change(method, below, body);
        assert!(matches!(reply.status, 200 | 201), "{below}: {} {}", reply.status, reply.text());
        reply.json()
    }

    pub fn connector(&self) -> Value {
        self.read(&format!("{CONNECTORS}/crm"))
    }

    /// The audit log, the oldest entry first.
    pub fn audit(&self) -> Vec<Value> {
        self.read("/console/api/v1/audit?limit=500")["entries"].as_array().unwrap().clone()
    }

    /// Makes the connector `crm` with a revision.
    pub fn create(&self, document: &Value) {
        let new = json!({"proxyId": "crm", "text": pretty(document), "note": "first"});
        let reply = self.send("POST", CONNECTORS, None, Some(&new));
        assert_eq!(reply.status, 201, "{}", reply.text());
    }

    pub fn upload(&self, document: &Value) -> u64 {
        let body = json!({"text": pretty(document)});
        self.must("POST", "/revisions", Some(&body))["revision"]["number"].as_u64().unwrap()
    }

    pub fn activate(&self, revision: u64) {
        self.must("POST", "/activate", Some(&json!({"revision": revision})));
    }

    /// Signs in, as somebody of a RingCentral account.
    pub fn sign_in(&self, account: &str) -> String {
        let login = json!({
            "platform": "testCrm", "proxyId": "crm", "apiKey": format!("{account}-key"), "rcAccessToken": account,
        });
        let reply = self.app.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().expect("a token").to_owned()
    }

    /// The version that serves a session now.
    pub fn version_of(&self, token: &str) -> Result<u64, String> {
        version_in(&self.app.get(CONTACT, token))
    }
}

pub const CONTACT: &str = "/contact?phoneNumber=%2B14155550101&isForceRefreshAccountData=true";

fn answer(request: &Request) -> Answer {
    if request.path() == "/oauth/token" {
        // A code is the token that it gives.
        let form = url::form_urlencoded::parse(&request.body).into_owned();
        let code = form.into_iter().find(|(name, _)| name == "code").map(|(_, code)| code);
        return Answer::json(&json!({"access_token": code}));
    }
    if request.path() != "/v1/contacts" {
        return test_server::ordinary(request);
    }
    let asked = request.query("version").unwrap_or_default();
    Answer::json(&json!({"contacts": [{"id": "c", "name": format!("version {asked}")}]}))
}

pub fn version_in(reply: &Response) -> Result<u64, String> {
    let text = || format!("{}: {}", reply.status, reply.text());
    let name = reply.json()["contact"][0]["name"].as_str().map(str::to_owned).ok_or_else(text)?;
    name.strip_prefix("version ").and_then(|version| version.parse().ok()).ok_or_else(text)
}

/// Threads that ask for contacts without a pause.
pub struct Load {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Result<u64, String>>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    pub fn start(world: &World, token: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen: Arc<Mutex<Vec<_>>> = Arc::default();
        let address = world.app.server.address();
        let threads = (0..4).map(|_| {
            let (stop, seen, bearer) = (stop.clone(), seen.clone(), format!("Bearer {token}"));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    let headers = [("Authorization", bearer.as_str())];
                    let reply = try_send(address, "GET", CONTACT, &headers, None);
                    let version = reply.and_then(|reply| version_in(&reply));
                    seen.lock().unwrap().push(version);
                }
            })
        });
        let threads = threads.collect();
        Self { stop, seen, threads }
    }

    /// Lets it run until a few more replies came.
    pub fn run_on(&self) {
        let before = self.seen.lock().unwrap().len();
        until("more replies", || self.seen.lock().unwrap().len() > before + 20);
    }

    /// How many replies there were so far.
    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub fn stop(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let seen = Arc::into_inner(self.seen).unwrap().into_inner().unwrap();
        seen.into_iter().map(|version| version.unwrap_or_else(|reply| panic!("failed: {reply}"))).collect()
    }
}

/// Status and code of a refusal.
pub fn error_of(reply: &Response) -> (u16, String) {
    let code =
        reply.json()["error"]["code"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned();
    (reply.status, code)
}
