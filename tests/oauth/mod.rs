//! Signing in with OAuth against a CRM that rotates its refresh tokens and accepts only the newest access token: what a
//! callback may look like, sign-ins that this server begins, renewals, sessions that are over, and what bad replies do.
//!
//! A code is `ID`, or `ID~SECONDS` with the lifetime of its tokens.

mod bad_replies;
mod callback;
mod claims;
mod renewals;
mod start;

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{ADMIN_TOKEN, TestServer};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

const SECRET: &str = "the signing secret of these tests";

/// What the CRM knows.
#[derive(Default)]
struct Known {
    /// By user: how many tokens were granted, and how long they live.
    granted: HashMap<String, (usize, Option<i64>)>,
    /// What the token endpoint answers next, instead of what it would.
    next: VecDeque<Answer>,
    /// The forms that the token endpoint got.
    forms: Vec<HashMap<String, String>>,
    /// Users whose refresh token is worth nothing any more.
    revoked: Vec<String>,
}

#[derive(Clone, Default)]
struct Authorization(Arc<Mutex<Known>>);

impl Authorization {
    fn answer(&self, request: &Request) -> Answer {
        let path = request.path();
        if path.ends_with("/token") {
            return self.token(request);
        }
        let header = request.header("authorization").unwrap_or_default();
        let known = self.0.lock().unwrap();
        let token = header.strip_prefix("Bearer at-").unwrap_or_default();
        let Some((id, number)) = token.rsplit_once('-') else {
            return Answer::json(&json!({"message": "no token"})).status(401);
        };
        if known.granted.get(id).is_none_or(|(count, _)| count.to_string() != number) {
            return Answer::json(&json!({"message": "token is not valid"})).status(401);
        }
        match path {
            "/v1/me" => Answer::json(&json!({"id": id, "name": format!("User {id}")})),
            "/v1/contacts" => Answer::json(&json!({"contacts": [{"id": "c1", "name": format!("of {id}")}]})),
            _ => Answer::json(&json!({"id": format!("r-{id}")})).status(201),
        }
    }

    fn token(&self, request: &Request) -> Answer {
        let form: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let mut known = self.0.lock().unwrap();
        known.forms.push(form.clone());
        if let Some(answer) = known.next.pop_front() {
            return answer;
        }
        let refused = || Answer::json(&json!({"error": "invalid_grant"})).status(400);
        let id = match (form.get("code"), form.get("refresh_token")) {
            (Some(code), _) => {
                let (id, seconds) = code
                    .split_once('~')
                    .map_or((code.as_str(), None), |(id, seconds)| (id, seconds.parse().ok()));
                known.granted.entry(id.to_owned()).or_default().1 = seconds;
                id.to_owned()
            }
            (None, Some(token)) => {
                let Some((id, number)) = token.trim_start_matches("rt-").rsplit_once('-') else {
                    return refused();
                };
                let current = known.granted.get(id).map(|(count, _)| count.to_string());
                if current.as_deref() != Some(number) || known.revoked.iter().any(|revoked| revoked == id) {
                    return refused();
                }
                id.to_owned()
            }
            (None, None) => return Answer::json(&json!({"error": "invalid_request"})).status(400),
        };
        let (count, seconds) = known.granted.entry(id.clone()).or_default();
        *count += 1;
        let mut reply = json!({
            "access_token": format!("at-{id}-{count}"), "refresh_token": format!("rt-{id}-{count}"),
            "token_type": "bearer"
        });
        if let Some(seconds) = seconds {
            reply["expires_in"] = (*seconds).into();
        }
        Answer::json(&reply)
    }

    /// The token endpoint answers this next.
    fn next(&self, answer: Answer) {
        self.0.lock().unwrap().next.push_back(answer);
    }

    /// The CRM gives the user another token without telling: the one in use is refused from now on. The refresh token
    /// stays as it was.
    fn forms(&self) -> Vec<HashMap<String, String>> {
        self.0.lock().unwrap().forms.clone()
    }

    fn revoke(&self, id: &str) {
        self.0.lock().unwrap().revoked.push(id.to_owned());
    }
}

struct World {
    app: TestServer,
    crm: Crm,
    authorization: Authorization,
    _ringcentral: Crm,
}

/// A RingCentral token is `account/extension`, with `/admin` for admins.
fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    if token.starts_with("bad") {
        return Answer::json(&json!({"message": "no such token"})).status(401);
    }
    let mut parts = token.split('/');
    let (account, extension) = (parts.next(), parts.next());
    Answer::json(&json!({
        "id": extension, "account": {"id": account}, "permissions": {"admin": {"enabled": parts.next().is_some()}}
    }))
}

fn document(origin: &str) -> Value {
    json!({
        "meta": {"name": "testCrm", "displayName": "Test CRM", "logFormat": "text/plain"},
        "auth": {
            "type": "oauth", "clientId": "cid", "clientSecret": "client-secret-of-the-app",
            "tokenUrl": format!("{origin}/oauth/token"), "authorizationUrl": format!("{origin}/oauth/authorize"),
            "redirectUri": "https://app.test/redirect", "scopes": "contacts log"
        },
        "requestDefaults": {"baseUrl": format!("{origin}/v1"), "timeoutSeconds": 20},
        "operations": {
            "getUserInfo": {
                "method": "GET", "url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}
            },
            "findContact": {
                "method": "GET", "url": "/contacts", "query": {"phone": "{{phoneNumber}}"},
                "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}}
            },
            "createContact": {
                "method": "POST", "url": "/contacts/new", "body": {"name": "{{newContactName}}"},
                "responseMapping": {"idPath": "body.id"}
            },
            "findContactWithName": {
                "method": "GET", "url": "/contacts", "query": {"q": "{{name}}"},
                "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}}
            },
            "createCallLog": {
                "method": "POST", "url": "/activities", "body": {"subject": "{{subject}}"},
                "responseMapping": {"idPath": "body.id"}
            },
            "getCallLog": {
                "method": "GET", "url": "/activities/{{thirdPartyLogId}}",
                "responseMapping": {"subjectPath": "body.id", "notePath": "body.id", "fullBodyPath": "body.id"}
            },
            "updateCallLog": {
                "method": "PATCH", "url": "/activities/{{thirdPartyLogId}}", "body": {"subject": "{{subject}}"}
            },
            "upsertCallDisposition": {
                "method": "PUT", "url": "/activities/{{thirdPartyLogId}}/outcome",
                "body": {"outcome": "{{dispositions.result}}"}
            },
            "createMessageLog": {
                "method": "POST", "url": "/messages", "body": {"text": "{{message.subject}}"},
                "responseMapping": {"idPath": "body.id"}
            },
            "listAppointments": {
                "method": "GET", "url": "/appointments",
                "responseMapping": {"listPath": "body.list", "item": {"idPath": "id", "titlePath": "title"}}
            }
        }
    })
}

impl World {
    fn start() -> Self {
        Self::start_with(|_| {})
    }

    fn start_with(change: impl FnOnce(&mut Value)) -> Self {
        let authorization = Authorization::default();
        let crm = Crm::start({
            let authorization = authorization.clone();
            move |request: &Request| authorization.answer(request)
        });
        let ringcentral = Crm::start(ringcentral);
        let mut document = document(&crm.origin());
        change(&mut document);
        let app = TestServer::start_with(&[("one", &document)], |options| {
            options
                .env("APP_SERVER_SECRET_KEY", SECRET)
                .env("ADMIN_TOKEN", ADMIN_TOKEN)
                .env("RINGCENTRAL_SERVER", ringcentral.origin())
        });
        Self { app, crm, authorization, _ringcentral: ringcentral }
    }

    fn send(&self, target: &str, headers: &[(&str, &str)]) -> Response {
        self.app.send("GET", target, headers, None)
    }

    /// A callback as the client sends it.
    fn callback(&self, code: &str, more: &str) -> Response {
        self.send(&callback_target(code, more), &[])
    }

    fn sign_in(&self, code: &str) -> String {
        session(&self.callback(code, ""))
    }

    fn contacts(&self, token: &str) -> Response {
        self.app.get("/contact?phoneNumber=1&isForceRefreshAccountData=true", token)
    }

    fn token_requests(&self) -> usize {
        self.crm.count("/oauth/token")
    }
}

/// The path and query of a callback with a code.
fn callback_target(code: &str, more: &str) -> String {
    let uri = format!("https://app.test/redirect?code={code}&state=platform%3DtestCrm");
    let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
    format!("/oauth-callback?callbackUri={uri}&proxyId=one{more}")
}

/// The session of a sign-in that worked.
#[track_caller]
fn session(reply: &Response) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let token = reply.json()["jwtToken"].as_str().map(str::to_owned);
    token.unwrap_or_else(|| panic!("no session: {}", reply.text()))
}

/// A sign-in that failed with words, and left nothing behind.
#[track_caller]
fn refused(reply: &Response) -> String {
    assert!(!reply.text().contains("jwtToken"), "{}", reply.text());
    let body = reply.json();
    let words = body["error"].as_str().or(body["returnMessage"]["message"].as_str());
    words.unwrap_or_else(|| panic!("no words: {}", reply.text())).to_owned()
}
