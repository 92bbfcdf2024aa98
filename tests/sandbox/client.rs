//! A client for the tests of the sandbox CRM.

use app_connect::sandbox::{Sandbox, SandboxOptions, start};
use reqwest::header::HeaderMap;
use serde_json::Value;

pub const KEY_1: &str = "Bearer sandbox-key";
pub const KEY_2: &str = "Bearer sandbox-key-2";

/// When the records of [`client`]'s sandbox are made.
pub const FIXED_TIME: &str = "2026-03-04T10:00:00Z";

/// A client of a new sandbox that works at [`FIXED_TIME`].
pub async fn client() -> Client {
    Client::start(SandboxOptions {
        fixed_time: Some(FIXED_TIME.parse().unwrap()),
        ..SandboxOptions::default()
    })
    .await
}

/// The ids of a list, to compare it in one line.
pub fn ids<'a>(body: &'a Value, list: &str) -> Vec<&'a str> {
    let rows = body[list].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// A sandbox with someone who talks to it.
pub struct Client {
    pub sandbox: Sandbox,
    http: reqwest::Client,
    authorization: String,
}

/// An answer, read to its end.
pub struct Reply {
    pub status: u16,
    headers: HeaderMap,
    pub text: String,
    /// `Null` where the text is not JSON.
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The code of an error document.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

impl Client {
    pub async fn start(options: SandboxOptions) -> Self {
        let no_redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(no_redirects).no_proxy();
        Self {
            sandbox: start(options).await.unwrap(),
            http: http.build().unwrap(),
            authorization: KEY_1.to_owned(),
        }
    }

    pub fn with_key(self, authorization: &str) -> Self {
        let authorization = authorization.to_owned();
        Self { authorization, ..self }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], &body.to_string()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, &[], &body.to_string()).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &[], &body.to_string()).await
    }

    /// Sends with the client's credential, unless the headers have one; an empty one is left out.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Result<Reply> {
        let url = format!("{}{path}", self.sandbox.base_url());
        let mut request = self.http.request(method.parse().unwrap(), url);
        let mut authorization = self.authorization.as_str();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("authorization") {
                authorization = value;
            } else {
                request = request.header(*name, *value);
            }
        }
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let response = request.body(body.to_owned()).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply { status, headers, text, body })
    }
}
