//! A server in folders of its own, with what tests do to it all the time: write documents, sign
//! in, ask, restart.
use super::client::{self, Response};
use super::crm::{Answer, Request};
use super::server::{Options, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The admin token of [`TestServer`].
pub const ADMIN_TOKEN: &str = "the-admin-token-of-all-of-the-tests";

/// An API token of the console for servers that are started with it.
pub const CONSOLE_TOKEN: &str = "a-long-random-text-that-opens-the-console";

/// Longer than any answer takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running server and its folders, which outlive a restart.
pub struct TestServer {
    folder: tempfile::TempDir,
    options: Options,
    pub server: Server,
}

impl TestServer {
    /// A server with these documents, an admin token and nothing else.
    pub fn start(documents: &[(&str, &Value)]) -> Self {
        Self::start_with(documents, |options| options.env("ADMIN_TOKEN", ADMIN_TOKEN))
    }

    /// A server with these documents and other options.
    pub fn start_with(documents: &[(&str, &Value)], adjust: impl FnOnce(Options) -> Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configs = folder.path().join("configs");
        std::fs::create_dir(&configs).unwrap();
        for (proxy_id, document) in documents {
            std::fs::write(configs.join(format!("{proxy_id}.json")), pretty(document)).unwrap();
        }
        let options = adjust(Options::new(configs, folder.path().join("data")));
        let server = Server::start(&options).unwrap();
        Self { folder, options, server }
    }

    /// Kills the server (`SIGKILL`) and starts another on the same folders.
    pub fn kill_and_restart(&mut self) {
        self.server.kill();
        self.server = Server::start(&self.options).unwrap();
    }

    /// As [`Self::kill_and_restart`]; what `meanwhile` does to the folder of the data is done between.
    pub fn kill_and_restart_after(&mut self, meanwhile: impl FnOnce(&Path)) {
        self.server.kill();
        meanwhile(&self.options.data_dir);
        self.server = Server::start(&self.options).unwrap();
    }

    /// As [`Self::kill_and_restart`], with other options from now on.
    pub fn kill_and_restart_with(&mut self, adjust: impl FnOnce(&mut Options)) {
        self.server.kill();
        adjust(&mut self.options);
        self.server = Server::start(&self.options).unwrap();
    }

    /// A folder for whatever a test keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of a document.
    pub fn document(&self, proxy_id: &str) -> PathBuf {
        self.options.proxy_configs.join(format!("{proxy_id}.json"))
    }

    /// Writes a document in place.
    pub fn write(&self, proxy_id: &str, document: &Value) {
        std::fs::write(self.document(proxy_id), pretty(document)).unwrap();
    }

    /// Sends a request without a body.
    pub fn get(&self, target: &str, token: &str) -> Response {
        self.send("GET", target, &[("Authorization", &format!("Bearer {token}"))], None)
    }

    /// Sends JSON.
    pub fn post(&self, target: &str, token: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.send("POST", target, &headers, Some(body.to_string().into_bytes()))
    }

    /// Sends anything; fails where nothing comes back.
    pub fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Response {
        try_send(self.server.address(), method, target, headers, body)
            .unwrap_or_else(|error| panic!("{method} {target}: {error}\n{}", self.server.log()))
    }

    /// Signs in and returns the session token.
    pub fn sign_in(&self, proxy_id: &str, platform: &str, api_key: &str) -> String {
        let login = json!({"platform": platform, "proxyId": proxy_id, "apiKey": api_key});
        let reply = self.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().expect("a token").to_owned()
    }

    /// `POST /apiKeyLogin` without a session.
    pub fn send_login(&self, login: &Value) -> Response {
        let headers = [("Content-Type", "application/json")];
        self.send("POST", "/apiKeyLogin", &headers, Some(login.to_string().into_bytes()))
    }

    /// What `GET /proxyConfigs` says about a document, `Null` where it is not listed.
    pub fn state(&self, proxy_id: &str) -> Value {
        let reply = self.get("/proxyConfigs", ADMIN_TOKEN);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let mut listed = reply.json()["proxyConfigs"].take();
        let all = listed.as_array_mut().expect("a list");
        all.iter_mut().find(|state| state["proxyId"] == proxy_id).map(Value::take).unwrap_or_default()
    }

    /// Waits for a document's state to be as wanted; returns it.
    pub fn wait_for_state(&self, proxy_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        until(&format!("the wanted state of {proxy_id}"), || {
            last = self.state(proxy_id);
            wanted(&last)
        });
        last
    }

    /// The server still answers.
    pub fn assert_alive(&self) {
        assert_eq!(self.send("GET", "/isAlive", &[], None).text(), "OK");
    }

    /// The log as JSON objects, whole lines only.
    pub fn log_lines(&self) -> Vec<Value> {
        let log = self.server.log();
        let complete = log.rfind('\n').map_or("", |end| &log[..end]);
        complete
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The contacts of the body, without the offer to create one.
    pub fn people(&self) -> Value {
        let mut contacts = self.json()["contact"].take();
        if let Some(contacts) = contacts.as_array_mut() {
            contacts.retain(|contact| contact["isNewContact"].is_null());
        }
        contacts
    }

    /// `returnMessage` of the body.
    pub fn message(&self) -> Value {
        self.json()["returnMessage"].clone()
    }

    /// The sentences below the message, joined.
    pub fn details(&self) -> String {
        let message = self.message();
        let items =
            message.pointer("/details/0/items").and_then(Value::as_array).cloned().unwrap_or_default();
        let texts: Vec<_> =
            items.iter().map(|item| item["text"].as_str().expect("a text").to_owned()).collect();
        texts.join("\n")
    }
}

/// One request on a connection of its own.
pub fn try_send(
    address: std::net::SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: Option<Vec<u8>>,
) -> Result<Response, String> {
    let request = client::Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body,
    };
    match client::send(address, &request, PATIENCE) {
        Ok(Some(response)) => Ok(response),
        Ok(None) => Err(format!("no answer within {PATIENCE:?}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Asks again until it is so; fails after [`PATIENCE`]. Returns how long it took.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    started.elapsed()
}

/// A document as people write it.
pub fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap() + "\n"
}

/// A document for [`ordinary`] CRMs with every operation of the routes that exist.
pub fn document(origin: &str) -> Value {
    json!({
        "meta": {"name": "testCrm", "displayName": "Test CRM", "logFormat": "text/plain"},
        "auth": {"type": "apiKey", "scheme": "Basic", "credentialTemplate": "{{apiKey}}:", "encode": "base64"},
        "requestDefaults": {"baseUrl": format!("{origin}/v1"), "timeoutSeconds": 20},
        "operations": {
            "getUserInfo": {
                "method": "GET", "url": "/me",
                "responseMapping": {"idPath": "body.id", "namePath": "body.name"}
            },
            "findContact": {
                "method": "GET", "url": "/contacts", "query": {"phone": "{{phoneNumber}}"},
                "responseMapping": {
                    "listPath": "body.contacts",
                    "item": {"idPath": "id", "namePath": "name", "phonePath": "phone", "typePath": "type"}
                }
            },
            "createContact": {
                "method": "POST", "url": "/contacts",
                "body": {"name": "{{newContactName}}", "phone": "{{phoneNumber}}"},
                "responseMapping": {"idPath": "body.id", "namePath": "body.name"}
            },
            "findContactWithName": {
                "method": "GET", "url": "/contacts/search", "query": {"q": "{{name}}"},
                "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}}
            },
            "createCallLog": {
                "method": "POST", "url": "/activities",
                "body": {
                    "contact_id": "{{contactInfo.id}}", "subject": "{{subject}}",
                    "body": "{{composedLogDetails}}", "start_at": "{{startTime}}"
                },
                "responseMapping": {"idPath": "body.id"}
            },
            "getCallLog": {
                "method": "GET", "url": "/activities/{{thirdPartyLogId}}",
                "responseMapping": {
                    "subjectPath": "body.subject", "notePath": "body.note", "fullBodyPath": "body.body"
                }
            },
            "updateCallLog": {
                "method": "PATCH", "url": "/activities/{{thirdPartyLogId}}", "body": {"subject": "{{subject}}"}
            },
            "unAuthorize": {"method": "POST", "url": "/logout"}
        }
    })
}

/// A CRM that works. A user's id is their API key up to the first dash; records are numbered by
/// what they are about.
pub fn ordinary(request: &Request) -> Answer {
    let phone = request.query("phone").unwrap_or_default();
    match (request.method.as_str(), request.path()) {
        ("GET", "/v1/me") => {
            let key = api_key(request);
            let id = key.split('-').next().unwrap_or_default();
            Answer::json(&json!({"id": id, "name": format!("User {id}")}))
        }
        ("GET", "/v1/contacts" | "/v1/contacts/search") => Answer::json(
            &json!({"contacts": [{"id": "c1", "name": "Ada", "phone": phone, "type": "Contact"}]}),
        ),
        ("POST", "/v1/contacts") => Answer::json(&json!({"id": "c2", "name": "Ada"})).status(201),
        ("POST", "/v1/activities") => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let about = body["contact_id"].as_str().unwrap_or("nobody");
            Answer::json(&json!({"id": format!("a-{about}")})).status(201)
        }
        ("GET", path) if path.starts_with("/v1/activities/") => {
            Answer::json(&json!({"subject": "A call", "note": "Noted", "body": "The whole record"}))
        }
        ("POST", "/v1/logout") => Answer::text("text/plain", "").status(204),
        _ => Answer::json(&json!({"message": "no such route"})).status(404),
    }
}

/// The API key that a request carries as [`document`] sends it.
pub fn api_key(request: &Request) -> String {
    let header = request.header("authorization").unwrap_or_default();
    let encoded = header.strip_prefix("Basic ").unwrap_or_default();
    let text = String::from_utf8(STANDARD.decode(encoded).unwrap_or_default()).unwrap_or_default();
    text.trim_end_matches(':').to_owned()
}

/// A call to log.
pub fn call(session_id: &str, contact_id: &str) -> Value {
    json!({
        "logInfo": {
            "id": format!("id-{session_id}"), "sessionId": session_id, "telephonySessionId": session_id,
            "direction": "Inbound", "startTime": 1_700_000_000_000_i64, "duration": 65, "result": "Call connected",
            "from": {"phoneNumber": "+14155550101"}, "to": {"phoneNumber": "+14155550100"}
        },
        "note": "Asked for a quote.",
        "contactId": contact_id, "contactType": "Contact", "contactName": "Ada"
    })
}
