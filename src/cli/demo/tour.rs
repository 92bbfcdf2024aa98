//! The exchanges of a demo, each shown as it happens.

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::cli::{CliError, print};
use crate::engine::explain::shortened;
use crate::sandbox::{ReceivedRequest, Sandbox};

/// Members and parameters that nobody is shown.
const SECRETS: [&str; 9] = [
    "jwtToken",
    "apiKey",
    "code",
    "state",
    "code_challenge",
    "code_verifier",
    "client_secret",
    "refresh_token",
    "access_token",
];

/// Somebody who uses the server.
pub(super) struct Tour<'a> {
    pub(super) http: reqwest::Client,
    /// Of the server.
    pub(super) origin: String,
    pub(super) sandbox: &'a Sandbox,
}

impl Tour<'_> {
    pub(super) fn title(&self, title: &str) {
        print::line(&format!("\n── {title}"));
    }

    /// One request to the server, and the requests that it made to the CRM for it. It must succeed.
    pub(super) async fn exchange(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let (status, reply) = self.send(method, path, token, body).await?;
        if !(200..300).contains(&status) || reply.get("successful") == Some(&Value::Bool(false)) {
            return Err(CliError(format!("{method} {path} did not succeed")));
        }
        Ok(reply)
    }

    /// As [`exchange`](Self::exchange), whatever the answer is.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(u16, Value), CliError> {
        let before = self.sandbox.requests().len();
        let mut request = self.http.request(method.parse()?, format!("{}{path}", self.origin));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        print::line(&format!("client  → {method} {path}"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(serde_json::to_vec(body)?);
            print::line(&format!("          {}", shown(body)));
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let reply: Value = serde_json::from_slice(&response.bytes().await?)
            .map_err(|_| "the server's answer is not JSON")?;
        self.show_sent(before);
        print::line(&format!("client  ← {status} {}", shown(&reply)));
        Ok((status, reply))
    }

    /// What a browser does with an address: it follows redirects, and keeps the server's cookies.
    pub(super) async fn browse(&self, path: &str) -> Result<Value, CliError> {
        let mut url: Url = format!("{}{path}", self.origin).parse()?;
        let mut cookies = Vec::new();
        for _ in 0..4 {
            let is_server = url.as_str().starts_with(&self.origin);
            let mut request = self.http.get(url.clone());
            if is_server && !cookies.is_empty() {
                request = request.header(COOKIE, cookies.join("; "));
            }
            let before = self.sandbox.requests().len();
            print::line(&format!("browser → GET {}", shown_url(&url, &self.origin)));
            let response = request.send().await?;
            let status = response.status().as_u16();
            if is_server {
                cookies.extend(set_cookies(response.headers()));
                self.show_sent(before);
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            if let Some(location) = location {
                let next = url.join(location)?;
                print::line(&format!("browser ← {status} to {}", shown_url(&next, &self.origin)));
                url = next;
                continue;
            }
            let reply: Value = serde_json::from_slice(&response.bytes().await?)
                .map_err(|_| "the server's answer is not JSON")?;
            print::line(&format!("browser ← {status} {}", shown(&reply)));
            return Ok(reply);
        }
        Err(CliError("the browser was sent around".to_owned()))
    }

    /// What the server asked the CRM since.
    fn show_sent(&self, before: usize) {
        for sent in self.sandbox.requests().into_iter().skip(before) {
            print::line(&format!("server  →   {} {}", sent.method, sent.path));
            if let Some(body) = body_of(&sent) {
                print::line(&format!("            {body}"));
            }
        }
    }
}

fn body_of(sent: &ReceivedRequest) -> Option<String> {
    let is_form = sent.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    if is_form {
        let pairs = form_urlencoded::parse(&sent.body);
        let members: Map<String, Value> =
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
        return Some(shown(&Value::Object(members)));
    }
    let body: Value = serde_json::from_slice(&sent.body).ok()?;
    let says_something = body.as_object().is_none_or(|members| !members.is_empty());
    says_something.then(|| shown(&body))
}

/// The cookies that an answer sets, as they are sent back.
fn set_cookies(headers: &HeaderMap) -> Vec<String> {
    let set = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    set.filter_map(|text| text.split(';').next()).map(|pair| pair.trim().to_owned()).collect()
}

/// A text at a place of an answer.
pub(super) fn text(value: &Value, pointer: &str) -> Result<String, CliError> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| CliError(format!("the answer has no {pointer}")))
}

/// JSON on one line, not too long, tokens and keys masked.
fn shown(value: &Value) -> String {
    fn mask(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match &*member {
                        Value::String(_) if SECRETS.contains(&key.as_str()) => *member = "***".into(),
                        _ => mask(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(mask),
            _ => {}
        }
    }
    let mut copy = value.clone();
    mask(&mut copy);
    shortened(&copy, 320)
}

/// An address, the server's without its origin, codes and states masked.
fn shown_url(url: &Url, origin: &str) -> String {
    let mut shown = url.clone();
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut query = String::new();
        for (name, value) in pairs {
            let value = if SECRETS.contains(&name.as_str()) { "***".to_owned() } else { value };
            let mark = if query.is_empty() { "" } else { "&" };
            query.push_str(&format!("{mark}{name}={value}"));
        }
        shown.set_query(Some(&query));
    }
    let text = String::from(shown);
    text.strip_prefix(origin).map_or(text.clone(), str::to_owned)
}
