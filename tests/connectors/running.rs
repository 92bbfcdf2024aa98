//! A server that runs for one test.

use std::collections::BTreeSet;
use std::path::Path;

use app_connect::connector::prelude::*;
use app_connect::server::{Server, ServerBuilder, Settings};

/// A running server and its folder.
pub struct Running {
    server: Server,
    pub http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts a server in a folder of its own.
    pub async fn start(build: impl FnOnce(&Path) -> ServerBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = build(folder.path()).start().await.unwrap();
        Self { server, http: reqwest::Client::builder().no_proxy().build().unwrap(), _folder: folder }
    }

    /// `http://` and the address.
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Sends a request; an answer that is not JSON is a text.
    pub async fn send(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.origin()));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Sends a `GET` request that has to succeed.
    pub async fn get(&self, path: &str, token: &str) -> Value {
        let (status, reply) = self.send("GET", path, token, None).await;
        assert_eq!(status, 200, "{path}: {reply}");
        reply
    }

    /// Signs in; gives the session token.
    pub async fn log_in(&self, login: Value) -> String {
        let (status, reply) = self.send("POST", "/apiKeyLogin", "", Some(login)).await;
        assert_eq!(status, 200, "{reply}");
        reply["jwtToken"].as_str().unwrap().to_owned()
    }

    /// The name of the first contact that is found by number, found by name, and created.
    pub async fn names(&self, token: &str) -> [Value; 3] {
        let found = self.get("/contact?phoneNumber=%2B14155550104", token).await;
        let searched = self.get("/custom/contact/search?name=x", token).await;
        let (_, created) = self.send("POST", "/contact", token, Some(json!({"newContactName": "x"}))).await;
        [
            found["contact"][0]["name"].clone(),
            searched["contact"][0]["name"].clone(),
            created["contact"]["name"].clone(),
        ]
    }

    /// The names that `GET /implementedInterfaces` has as true, and all that it has.
    pub async fn interfaces(&self, query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let listed = self.get(&format!("/implementedInterfaces?{query}"), "").await;
        let listed = listed.as_object().unwrap();
        let fulfilled =
            listed.iter().filter(|(_, has)| **has == Value::Bool(true)).map(|(name, _)| name.clone());
        (fulfilled.collect(), listed.keys().cloned().collect())
    }

    /// Stops the server in order.
    pub async fn stop(self) {
        self.server.stop().await.unwrap();
    }
}

/// Settings of a server that keeps its store in a folder.
pub fn settings(folder: &Path) -> Settings {
    let store = format!("sled:{}", folder.join("store").display());
    Settings { workers: Some(1), ..Settings::new(Secret::new("a secret of this test, long enough"), store) }
}
