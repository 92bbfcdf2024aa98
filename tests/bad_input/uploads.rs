//! What is uploaded to the management API.

use crate::support::client::Response;
use crate::support::crm::Crm;
use crate::support::test_server::{self, TestServer, document, pretty};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-these-tests-that-is-long-enough";
const CONNECTORS: &str = "/console/api/v1/connectors";

fn send(server: &TestServer, method: &str, target: &str, etag: &str, body: Vec<u8>) -> Response {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Authorization", bearer.as_str()), ("If-Match", etag)];
    server.send(method, target, &headers, Some(body))
}

fn connector(server: &TestServer) -> Value {
    send(server, "GET", &format!("{CONNECTORS}/crm"), "", Vec::new()).json()
}

/// A server with an active connector.
fn active() -> (Crm, TestServer) {
    let crm = Crm::start(test_server::ordinary);
    let server = TestServer::start_with(&[], |options| {
        options.env("ADMIN_TOKEN", TOKEN).env("APP_CONSOLE_BOOTSTRAP_TOKEN", TOKEN)
    });
    let new = json!({"proxyId": "crm", "proxyConfig": document(&crm.origin())});
    let made = send(&server, "POST", CONNECTORS, "", new.to_string().into_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    let etag = made.json()["etag"].as_str().unwrap().to_owned();
    let activated =
        send(&server, "POST", &format!("{CONNECTORS}/crm/activate"), &etag, b"{\"revision\": 1}".to_vec());
    assert_eq!(activated.status, 200, "{}", activated.text());
    (crm, server)
}

/// Status, code, and words that the refusal has to hold.
type Expected = (u16, &'static str, &'static str);

fn assert_refused(case: &str, reply: &Response, (status, code, words): Expected) {
    assert_eq!(reply.status, status, "{case}: {}", reply.text());
    assert_eq!(reply.json()["error"]["code"], code, "{case}: {}", reply.text());
    let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(words), "{case}: {message}");
    assert!(reply.text().len() < 20_000, "{case}: the reply repeats what was sent");
}

#[test]
fn texts_that_are_no_documents_are_refused_with_places_and_change_nothing() {
    let (_crm, server) = active();
    let before = connector(&server);
    let etag = before["etag"].as_str().unwrap();
    let deep = format!("{{\"x-a\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    let deepest = "[".repeat(500_000);
    let long = format!("{{\"x-a\": \"{}\"}}", "x".repeat(1024 * 1024));
    type Case = (&'static str, Vec<u8>, Expected, Option<(u64, u64)>);
    let texts: [Case; 12] = [
        ("empty", Vec::new(), (400, "not_json", "is not JSON"), Some((1, 1))),
        ("blank", b" \n\t ".to_vec(), (400, "not_json", "is not JSON"), None),
        ("a word", b"hello".to_vec(), (400, "not_json", "is not JSON"), Some((1, 1))),
        ("a comma", b"{\n  \"a\": {,\n}".to_vec(), (400, "not_json", "is not JSON"), Some((2, 8))),
        ("cut off", b"{\"operations\": {\"findContact\": {".to_vec(), (400, "not_json", "not JSON"), None),
        ("trailing", b"{} {}".to_vec(), (400, "not_json", "not JSON"), Some((1, 4))),
        ("a page", b"<html></html>".to_vec(), (400, "not_json", "not JSON"), Some((1, 1))),
        ("Latin-1", b"{\"a\":\n \"\xe9\"}".to_vec(), (400, "not_utf8", "byte 9 (on line 2)"), None),
        ("deep", deep.into_bytes(), (400, "too_deep", "64 brackets"), None),
        ("half a megabyte of brackets", deepest.into_bytes(), (400, "too_deep", "64 brackets"), None),
        ("long", long.into_bytes(), (413, "too_large", "at most 1048576"), None),
        ("huge", vec![b' '; 11 << 20], (413, "too_large", "larger than 10485760"), None),
    ];
    for (case, text, expected, place) in texts {
        let reply = send(&server, "PUT", &format!("{CONNECTORS}/crm/draft"), etag, text);
        assert_refused(case, &reply, expected);
        if let Some((line, column)) = place {
            let found = &reply.json()["error"]["diagnostics"][0];
            assert_eq!(
                (found["line"].as_u64(), found["column"].as_u64()),
                (Some(line), Some(column)),
                "{case}"
            );
        }
    }
    assert_eq!(connector(&server), before);
    server.sign_in("crm", "testCrm", "1-key");
}

/// JSON that is no connector is a draft with findings; nothing of it ever serves.
#[test]
fn json_that_is_no_connector_is_a_draft_for_ever() {
    let (_crm, server) = active();
    for (number, text) in (2..).zip([
        "[]",
        "null",
        "17",
        "\"text\"",
        "{}",
        "{\"operations\": 5}",
        "{\"operations\": {\"getUserInfo\": []}}",
    ]) {
        let etag = connector(&server)["etag"].as_str().unwrap().to_owned();
        let reply = send(&server, "PUT", &format!("{CONNECTORS}/crm/draft"), &etag, text.as_bytes().to_vec());
        assert_eq!(reply.status, 201, "{text}: {}", reply.text());
        let revision = &reply.json()["revision"];
        assert!(revision["summary"]["errors"].as_u64() > Some(0), "{text}: {revision}");
        assert!(revision["diagnostics"][0]["line"].as_u64() == Some(1), "{text}: {revision}");
        let etag = reply.json()["connector"]["etag"].as_str().unwrap().to_owned();
        for (below, method) in [("activate", "POST"), ("pins/100", "PUT")] {
            let body = json!({"revision": number, "force": {"reason": "it must"}}).to_string().into_bytes();
            let reply = send(&server, method, &format!("{CONNECTORS}/crm/{below}"), &etag, body);
            assert_refused(text, &reply, (422, "revision_has_errors", "not even by force"));
        }
        for what in ["explain", "test"] {
            let target = format!("{CONNECTORS}/crm/revisions/{number}/{what}");
            let reply = send(&server, "POST", &target, "", b"{\"operation\": \"findContact\"}".to_vec());
            assert_refused(text, &reply, (422, "revision_has_errors", "cannot run"));
        }
    }
    server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(connector(&server)["activeRevision"], 1);
}

#[test]
fn requests_that_do_not_fit_are_refused_with_the_member() {
    let (crm, server) = active();
    let etag = connector(&server)["etag"].as_str().unwrap().to_owned();
    let text = pretty(&document(&crm.origin()));
    let of = |value: Value| value.to_string().into_bytes();
    let invalid = |words| (400, "invalid_request", words);
    let cases: Vec<(&str, &str, Vec<u8>, Expected)> = vec![
        ("POST", "", of(json!({})), invalid("`proxyId` is missing")),
        ("POST", "", of(json!({"proxyId": 7})), invalid("`proxyId` has to be text")),
        ("POST", "", of(json!({"proxyId": ""})), invalid("1 to 64 letters")),
        ("POST", "", of(json!({"proxyId": "../crm"})), invalid("1 to 64 letters")),
        ("POST", "", of(json!({"proxyId": ".crm"})), invalid("1 to 64 letters")),
        ("POST", "", of(json!({"proxyId": "x".repeat(65)})), invalid("1 to 64 letters")),
        ("POST", "", of(json!({"proxyId": "crm"})), (409, "connector_exists", "already")),
        ("POST", "", of(json!([])), invalid("has to be a JSON object")),
        ("POST", "", b"{\"proxyId\": ".to_vec(), (400, "not_json", "ends too early at line 1")),
        (
            "POST",
            "",
            [b"{\"a\":".repeat(200), b"1".to_vec()].concat(),
            (400, "too_deep", "nested too deeply"),
        ),
        ("POST", "/crm/revisions", of(json!({})), invalid("`text` is missing")),
        ("POST", "/crm/revisions", of(json!({"note": "x"})), invalid("`text` is missing")),
        ("POST", "/crm/revisions", of(json!({"text": text, "proxyConfig": {}})), invalid("send one")),
        ("POST", "/crm/revisions", of(json!({"text": text, "nots": "x"})), invalid("did you mean `note`?")),
        (
            "POST",
            "/crm/revisions",
            of(json!({"text": text, "note": "x".repeat(1001)})),
            invalid("1000 characters"),
        ),
        (
            "POST",
            "/crm/revisions",
            of(json!({"text": text, "cases": {}})),
            invalid("`cases` has to be a list"),
        ),
        (
            "POST",
            "/crm/revisions",
            of(json!({"text": text, "cases": vec![json!({}); 501]})),
            invalid("at most 500"),
        ),
        ("POST", "/crm/activate", of(json!({})), invalid("`revision` is missing")),
        (
            "POST",
            "/crm/activate",
            of(json!({"revision": -1})),
            invalid("`revision` has to be a whole number"),
        ),
        ("POST", "/crm/activate", of(json!({"revision": 9})), (404, "unknown_revision", "no revision 9")),
        ("PATCH", "/crm", of(json!({"allowedAccounts": [7]})), invalid("a list of texts or null")),
        ("PATCH", "/crm", of(json!({"allowedAccounts": [""]})), invalid("RingCentral account ids")),
        ("PATCH", "/crm", of(json!({"manifest": "x".repeat(10)})), invalid("an object or null")),
        (
            "PATCH",
            "/crm",
            of(json!({"manifest": {"x": "y".repeat(200_000)}})),
            (413, "too_large", "Shorten its manifest"),
        ),
        ("PATCH", "/crm", of(json!({"secretKey": "x".repeat(5000)})), invalid("8 to 4096 bytes")),
        ("POST", "/crm/revisions/x/check", Vec::new(), invalid("a whole number")),
        ("POST", "/crm/revisions/1/explain", of(json!({"operation": "nothing"})), invalid("no operation")),
        ("POST", "/nobody/activate", of(json!({"revision": 1})), (404, "unknown_connector", "no connector")),
        ("GET", "/nobody", Vec::new(), (404, "unknown_connector", "no connector")),
        ("GET", "/crm/revisions/18446744073709551616", Vec::new(), invalid("a whole number")),
    ];
    for (method, below, body, expected) in cases {
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        let reply = send(&server, method, &format!("{CONNECTORS}{below}"), &etag, body);
        assert_refused(&format!("{method} {below} {shown}"), &reply, expected);
    }
    assert_eq!(connector(&server)["etag"], json!(etag), "nothing changed");
}

/// A case that cannot be run fails, with what is wrong with it, and keeps the revision from serving.
#[test]
fn cases_that_cannot_be_run_fail() {
    let (crm, server) = active();
    let etag = connector(&server)["etag"].as_str().unwrap().to_owned();
    let cases = json!([
        7, {}, {"operation": "nothing"}, {"operation": "findContact", "input": {}, "response": {"status": 7}},
        {"operation": "findContact", "input": [], "response": {"status": 200}}, {"operations": "findContact"},
    ]);
    let body = json!({"text": pretty(&document(&crm.origin())), "cases": cases});
    let reply =
        send(&server, "POST", &format!("{CONNECTORS}/crm/revisions"), &etag, body.to_string().into_bytes());
    assert_eq!(reply.status, 201, "{}", reply.text());
    let checked =
        send(&server, "POST", &format!("{CONNECTORS}/crm/revisions/2/check"), "", Vec::new()).json();
    assert_eq!((&checked["passes"], &checked["runs"]), (&json!(false), &json!(true)));
    for case in checked["cases"].as_array().unwrap() {
        assert_eq!(case["passed"], false);
        assert!(case["error"].as_str().is_some_and(|error| !error.is_empty()), "{case}");
    }
    let etag = connector(&server)["etag"].as_str().unwrap().to_owned();
    let reply =
        send(&server, "POST", &format!("{CONNECTORS}/crm/activate"), &etag, b"{\"revision\": 2}".to_vec());
    assert_refused("activate", &reply, (422, "checks_failed", "fails fixture cases"));
}
