//! Signing in with OAuth where no page of the CRM is needed: what is typed into the form is exchanged for a token, at
//! the sign-in and whenever the token expires.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document};

/// What the token endpoint answers, one after the other; the last again and again.
type Script = Arc<Mutex<Vec<Answer>>>;

struct World {
    app: TestServer,
    crm: Crm,
    script: Script,
}

fn tokens(number: usize, more: Value) -> Answer {
    let mut reply = json!({"access_token": format!("at-{number}"), "expires_in": 60});
    reply.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Answer::json(&reply)
}

fn no(status: u16, error: &str) -> Answer {
    Answer::json(&json!({"error": error, "error_description": "wrong: s3cret-word"})).status(status)
}

impl World {
    fn start(auth: Value, answers: Vec<Answer>) -> Self {
        let script: Script = Arc::new(Mutex::new(answers));
        let told = Arc::clone(&script);
        let crm = Crm::start(move |request: &Request| match (request.method.as_str(), request.path()) {
            ("POST", "/token") => {
                let mut told = told.lock().unwrap();
                if told.len() > 1 { told.remove(0) } else { told[0].clone() }
            }
            ("GET", "/v1/me") => Answer::json(&json!({"id": "7", "name": request.header("authorization")})),
            _ => test_server::ordinary(request),
        });
        let mut settings = json!({"type": "oauth", "tokenUrl": format!("{}/token", crm.origin())});
        settings.as_object_mut().unwrap().extend(auth.as_object().unwrap().clone());
        let mut document = document(&crm.origin());
        document["auth"] = settings;
        document["secretKey"] = json!("the-app-key");
        let app = TestServer::start(&[("crm", &document)]);
        Self { app, crm, script }
    }

    /// A document of LeadPerfection's kind: four credentials, one of them the connector's.
    fn with_password(answers: Vec<Answer>) -> Self {
        let request = json!({"clientAuthentication": "form", "fields": {"appkey": "{{secretKey}}"}});
        Self::start(
            json!({"grant": "password", "clientId": "cid", "clientSecret": "csec", "tokenRequest": request}),
            answers,
        )
    }

    fn fill_in(&self) -> Response {
        self.app.send_login(&json!({
            "platform": "testCrm", "proxyId": "crm",
            "additionalInfo": {"username": "ada", "password": "s3cret-word"}
        }))
    }

    fn signed_in(&self) -> String {
        let reply = self.fill_in();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().expect("a token").to_owned()
    }

    /// The bodies that the token endpoint received.
    fn exchanged(&self) -> Vec<String> {
        let received = self.crm.received();
        let tokens = received.iter().filter(|request| request.path() == "/token");
        tokens.map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
    }

    /// The credential of the last request for contacts.
    fn asked_with(&self, session: &str) -> String {
        let reply =
            self.app.get("/contact?phoneNumber=%2B14155550100&isForceRefreshAccountData=true", session);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let received = self.crm.received();
        let last = received.iter().rev().find(|request| request.path() == "/v1/contacts").expect("a request");
        last.header("authorization").unwrap_or_default().to_owned()
    }
}

const FORM: &str = "username=ada&password=s3cret-word&grant_type=password&client_id=cid&client_secret=csec&appkey=the-app-key";

#[test]
fn what_is_typed_becomes_a_token_and_the_next_one() {
    let world = World::with_password(vec![
        tokens(1, json!({})),
        tokens(2, json!({"expires_in": 3600})),
        tokens(3, json!({})),
    ]);
    let reply = world.fill_in();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["name"], "Bearer at-1");
    assert_eq!(world.exchanged(), [FORM]);
    let token = world.crm.received().into_iter().find(|request| request.path() == "/token").unwrap();
    assert_eq!(token.header("authorization"), None);
    let session = reply.json()["jwtToken"].as_str().unwrap().to_owned();
    // The first token is about to expire, the second is not.
    assert_eq!(world.asked_with(&session), "Bearer at-2");
    assert_eq!(world.asked_with(&session), "Bearer at-2");
    assert_eq!(world.exchanged(), [FORM, FORM]);
}

#[test]
fn a_refresh_token_is_used_while_it_is_good() {
    let world = World::with_password(vec![
        tokens(1, json!({"refresh_token": "rt-1"})),
        tokens(2, json!({"refresh_token": "rt-2"})),
        no(400, "invalid_grant"),
        tokens(3, json!({"expires_in": 3600})),
    ]);
    let session = world.signed_in();
    assert_eq!(world.asked_with(&session), "Bearer at-2");
    assert_eq!(world.asked_with(&session), "Bearer at-3");
    let renewal = |token: &str| {
        format!(
            "refresh_token={token}&grant_type=refresh_token&client_id=cid&client_secret=csec&appkey=the-app-key"
        )
    };
    assert_eq!(world.exchanged(), [FORM.to_owned(), renewal("rt-1"), renewal("rt-2"), FORM.to_owned()]);
}

#[test]
fn the_user_brings_the_client() {
    let world = World::start(
        json!({"grant": "clientCredentials", "clientId": "{{additionalInfo.id}}", "clientSecret": "{{apiKey}}"}),
        vec![tokens(1, json!({"expires_in": 3600}))],
    );
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "own-secret", "additionalInfo": {"id": "own"}});
    let reply = world.app.send_login(&login);
    assert_eq!(reply.json()["name"], "Bearer at-1", "{}", reply.text());
    assert_eq!(world.exchanged(), ["grant_type=client_credentials"]);
    let received = world.crm.received();
    // own:own-secret
    assert_eq!(received[0].header("authorization"), Some("Basic b3duOm93bi1zZWNyZXQ="));
    let session = reply.json()["jwtToken"].as_str().unwrap().to_owned();
    assert_eq!(world.asked_with(&session), "Bearer at-1");
}

/// Each refusal has words, and stores nothing.
#[test]
fn without_a_token_nobody_is_signed_in() {
    for (answer, status, words) in [
        (no(400, "invalid_grant"), 200, "testCrm did not accept what was filled in."),
        (no(401, "invalid_client"), 200, "Could not sign in: Client authentication failed"),
        (no(400, "odd"), 200, "Could not sign in: wrong: ***"),
        (Answer::json(&json!({})), 200, "gave no access token"),
        (Answer::json(&json!([1])), 200, "answered with a list instead of tokens"),
        (Answer::text("text/html", "<html>Sign in</html>"), 200, "answered with a page instead of tokens"),
        (Answer::text("text/plain", "").status(503), 400, "503"),
        (Answer::reset(), 400, ""),
    ] {
        let world = World::with_password(vec![answer]);
        let reply = world.fill_in();
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.text().contains(words), "{words}: {}", reply.text());
        for secret in ["s3cret-word", "csec", "the-app-key"] {
            assert!(!reply.text().contains(secret), "{}", reply.text());
            assert!(!world.app.server.log().contains(secret), "{}", world.app.server.log());
        }
        assert_eq!(reply.json().get("jwtToken"), None);
        assert_eq!(world.crm.count("GET /v1/me"), 0);
    }
}

/// A token endpoint that is down signs nobody out: the old token is used, and the CRM says what it thinks of it.
#[test]
fn a_token_endpoint_that_is_down_signs_nobody_out() {
    let world =
        World::with_password(vec![tokens(1, json!({})), Answer::text("text/html", "<html>").status(503)]);
    let session = world.signed_in();
    let reply = world.app.get("/contact?phoneNumber=%2B14155550100&isForceRefreshAccountData=true", &session);
    assert_eq!(reply.status, 200, "{}", reply.text());
    *world.script.lock().unwrap() = vec![tokens(2, json!({"expires_in": 3600}))];
    assert_eq!(world.asked_with(&session), "Bearer at-2");
}

#[test]
fn what_was_typed_is_forgotten_at_the_sign_out() {
    let world = World::with_password(vec![tokens(1, json!({}))]);
    let session = world.signed_in();
    let reply = world.app.post("/unAuthorize", &session, &json!({}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    // Telling the CRM may take a token that is not expired, and nothing afterwards does.
    let before = world.exchanged().len();
    let reply = world.app.get("/contact?phoneNumber=%2B14155550100", &session);
    assert_ne!(reply.json()["successful"], true, "{}", reply.text());
    assert_eq!(world.exchanged().len(), before);
}

/// Q9: where a page of the CRM signs in, a form does not.
#[test]
fn a_document_with_a_page_takes_no_form() {
    let world = World::start(
        json!({"clientId": "cid", "authorizationUrl": "https://crm.example.com/a", "redirectUri": "https://app.example.com/r"}),
        vec![tokens(1, json!({}))],
    );
    let reply = world.fill_in();
    assert!(
        reply.message()["message"].as_str().unwrap().contains("connected with OAuth"),
        "{}",
        reply.text()
    );
    assert!(world.exchanged().is_empty());
}
