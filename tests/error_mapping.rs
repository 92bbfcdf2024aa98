//! `errorMapping` from end to end: what users read, what counts as nothing found, and what never
//! reaches them.

use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer};
use serde_json::{Value, json};

/// A CRM whose searches answer what the number or name asks for.
fn answer(request: &Request) -> Answer {
    let fault = request.query("phone").or_else(|| request.query("q")).unwrap_or_default();
    let words = |status: u16, body: Value| Answer::json(&body).status(status);
    match fault.as_str() {
        "404" => words(404, json!({"message": "nobody"})),
        "409" => words(409, json!({"error": {"code": "LOCKED", "message": "Ada\n edits it"}})),
        "409 other" => words(409, json!({"error": {"code": "OTHER", "message": "other"}})),
        "200 failed" => words(200, json!({"status": "error", "errors": [{"code": 7}, {"code": "EXPIRED"}]})),
        "200 quota" => words(200, json!({"status": "quota"})).with("X-Reason", "daily quota of 100"),
        "200 none" => words(200, json!({"status": "none"})),
        "200 refused" => words(
            200,
            json!({"status": "refused", "message": format!("not with {}", test_server::api_key(request))}),
        ),
        "200 echo" => words(200, json!({"status": "echo", "key": test_server::api_key(request)})),
        "500 echo" => words(500, json!({"key": test_server::api_key(request), "long": "x".repeat(5000)})),
        "503" => words(503, json!({})),
        _ => test_server::ordinary(request),
    }
}

fn document(crm: &Crm) -> Value {
    let mut document = test_server::document(&crm.origin());
    document["errorMapping"] = json!([
        {"when": {"status": 409, "body": {"path": "body.error.code", "equals": "LOCKED"}},
         "outcome": {"message": "{{platform}}: {{body.error.message}}", "messageType": "error", "ttl": 9000,
                     "details": ["Status {{status}}", "{{body.error.nothing}}", "Try again {{default body.error.when 'later'}}."]}},
        {"when": {"body": {"path": "$.body.errors[*].code", "matches": "^EXP"}}, "outcome": {"treatAs": 401}},
        {"when": {"status": "2xx", "header": {"name": "x-reason", "matches": "quota of \\d+"}},
         "outcome": {"treatAs": 429, "details": ["{{headers.x-reason}}"]}},
        {"when": {"body": {"path": "body.status", "equals": "echo"}}, "outcome": {"message": "Key {{body.key}} failed"}},
        {"when": {"body": {"path": "body.status", "equals": "refused"}}, "outcome": {"treatAs": 400}},
        {"when": {"status": "500-502"}, "outcome": {"message": "{{body.key}} {{body.long}}"}},
        {"when": {"body": {"path": "body.status", "equals": "none"}}, "outcome": {"noMatch": true}}
    ]);
    document["operations"]["findContact"]["errorMapping"] = json!([
        {"when": {"status": 404}, "outcome": {"noMatch": true, "message": "{{platform}} does not know this number"}}
    ]);
    document
}

/// Headline, type, ttl and sentences.
fn told(reply: &crate::support::client::Response) -> (bool, String, String, u64, String) {
    let message = reply.message();
    let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
    (
        reply.json()["successful"] == true,
        text("message"),
        text("messageType"),
        message["ttl"].as_u64().unwrap_or_default(),
        reply.details(),
    )
}

#[test]
fn rules_say_what_replies_mean() {
    let crm = Crm::start(answer);
    let app = TestServer::start(&[("crm", &document(&crm))]);
    let token = app.sign_in("crm", "testCrm", "1-secretapikey");
    let search = |fault: &str| {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("name", fault).finish();
        told(&app.get(&format!("/custom/contact/search?{query}"), &token))
    };
    let expect = |successful: bool, message: &str, kind: &str, ttl: u64, details: &str| {
        (successful, message.to_owned(), kind.to_owned(), ttl, details.to_owned())
    };
    // The message's own line end is gone, and so is the sentence of which nothing is left.
    assert_eq!(
        search("409"),
        expect(false, "testCrm: Ada edits it", "error", 9000, "Status 409\nTry again later.")
    );
    assert_eq!(
        search("409 other"),
        expect(
            false,
            "Error searching contacts",
            "warning",
            5000,
            "testCrm refused the request (HTTP 409): other"
        )
    );
    let (successful, message, ..) = search("200 failed");
    assert_eq!((successful, message.as_str()), (false, "Authorization error"));
    assert_eq!(
        search("200 quota"),
        expect(false, "Rate limit exceeded", "warning", 5000, "daily quota of 100")
    );
    assert_eq!(search("200 none"), expect(true, "Found 0 contacts", "success", 3000, ""));
    assert_eq!(search("200 echo"), expect(false, "Key *** failed", "warning", 5000, ""));
    assert_eq!(
        search("200 refused"),
        expect(
            false,
            "Error searching contacts",
            "warning",
            5000,
            "testCrm refused the request (HTTP 400): not with ***"
        )
    );
    let (_, message, ..) = search("500 echo");
    assert!(message.starts_with("*** xxx") && message.chars().count() <= 501, "{message}");
    assert_eq!(
        search("503"),
        expect(
            false,
            "Error searching contacts",
            "warning",
            5000,
            "testCrm failed (HTTP 503). Please try again later."
        )
    );
    assert_eq!(
        search("404"),
        expect(
            false,
            "Error searching contacts",
            "warning",
            5000,
            "testCrm has no such record, or no longer has it (HTTP 404)."
        )
    );
    assert_eq!(search("Ada"), expect(true, "Found 1 contacts", "success", 3000, ""));
    assert!(!app.server.log().contains("secretapikey"));
}

#[test]
fn a_404_can_mean_that_nobody_has_the_number() {
    let crm = Crm::start(answer);
    let app = TestServer::start(&[("crm", &document(&crm))]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let reply = app.get("/contact?phoneNumber=404", &token);
    assert_eq!(reply.people(), json!([]), "{}", reply.text());
    let expected =
        (true, "testCrm does not know this number".to_owned(), "success".to_owned(), 5000, String::new());
    assert_eq!(told(&reply), expected);
}

#[test]
fn rules_speak_at_the_sign_in() {
    let crm = Crm::start(|request| match request.path() {
        "/v1/me" => Answer::json(&json!({"ok": false, "why": "trial is over"})),
        _ => test_server::ordinary(request),
    });
    let mut document = test_server::document(&crm.origin());
    document["operations"]["getUserInfo"]["errorMapping"] = json!([
        {"when": {"body": {"path": "body.ok", "equals": false}}, "outcome": {"message": "Your {{body.why}}"}}
    ]);
    let app = TestServer::start(&[("crm", &document)]);
    let reply = app.send_login(&json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key"}));
    assert_eq!(reply.message()["message"], "Your trial is over", "{}", reply.text());
    assert!(reply.json().get("jwtToken").is_none());
}

#[test]
fn what_was_typed_at_the_sign_in_is_masked_in_the_crms_words() {
    let crm = Crm::start(|request| match request.path() {
        "/v1/me" => {
            let words = "No user ada.lovelace with s3cret-word, key typed-key-1 or dHlwZWQta2V5LTE6";
            Answer::json(&json!({"ok": false, "why": words}))
        }
        _ => test_server::ordinary(request),
    });
    let mut document = test_server::document(&crm.origin());
    document["operations"]["getUserInfo"]["errorMapping"] = json!([{"when": {"body": {"path": "body.ok", "equals": false}}, "outcome": {"message": "{{body.why}}"}}]);
    let app = TestServer::start(&[("crm", &document)]);
    let reply = app.send_login(&json!({
        "platform": "testCrm", "proxyId": "crm", "apiKey": "typed-key-1",
        "additionalInfo": {"user": {"name": "ada.lovelace"}, "password": "s3cret-word"},
    }));
    assert_eq!(reply.message()["message"], "No user *** with ***, key *** or ***", "{}", reply.text());
}

#[test]
fn a_failed_creation_is_no_contact() {
    let crm = Crm::start(|request| match (request.method.as_str(), request.path()) {
        ("POST", "/v1/contacts") => Answer::json(&json!({"id": "c9", "error": "duplicate of c1"})),
        _ => test_server::ordinary(request),
    });
    let mut document = test_server::document(&crm.origin());
    document["operations"]["createContact"]["errorMapping"] =
        json!([{"when": {"body": {"path": "body.error"}}, "outcome": {"treatAs": 422}}]);
    let app = TestServer::start(&[("crm", &document)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let reply =
        app.post("/contact", &token, &json!({"phoneNumber": "+14155550123", "newContactName": "Ada"}));
    let expected = (
        false,
        "Error creating contact".to_owned(),
        "warning".to_owned(),
        5000,
        "testCrm refused the request (HTTP 422): duplicate of c1".to_owned(),
    );
    assert_eq!(told(&reply), expected, "{}", reply.text());
}
