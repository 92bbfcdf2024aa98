//! What CRMs answer, what users read about it, and what is written down.
use super::JSON;
use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Gate, Request};
use crate::support::test_server::{self, ADMIN_TOKEN, TestServer, call, document};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Read;
use std::sync::LazyLock;

/// 64 MiB of spaces in 64 KiB.
static GZIP_BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let plain = std::io::repeat(b' ').take(64 << 20);
    let mut bytes = Vec::new();
    flate2::read::GzEncoder::new(plain, flate2::Compression::fast()).read_to_end(&mut bytes).unwrap();
    bytes
});

/// What a CRM does wrong, by name.
fn misbehave(request: &Request, slow: &Gate) -> Answer {
    let Some(fault) = request.query("q") else { return test_server::ordinary(request) };
    let words = |status, body: Value| Answer::json(&body).status(status);
    match fault.as_str() {
        "reset" => Answer::reset(),
        "slow" => {
            slow.pass();
            Answer::reset()
        }
        "oversized" => Answer::text("application/json", &format!("[\"{}\"]", "x".repeat(9 << 20))),
        "gzip bomb" => {
            let mut answer = Answer::json(&Value::Null).with("Content-Encoding", "gzip");
            answer.body.clone_from(&GZIP_BOMB);
            answer
        }
        "damaged gzip" => {
            let mut answer = Answer::json(&Value::Null).with("Content-Encoding", "gzip");
            answer.body = b"\x1f\x8b\x08\0\0\0\0\0\0\x03this is no gzip".to_vec();
            answer
        }
        "unknown encoding" => {
            let mut answer = Answer::json(&Value::Null).with("Content-Encoding", "zstd");
            answer.body = b"\x28\xb5\x2f\xfd\x04\0".to_vec();
            answer
        }
        "html" => Answer::text("text/html", "<html><body>Please sign in</body></html>"),
        "broken json" => Answer::text("application/json", "{\"contacts\": [{\"id\": 1},"),
        "deep json" => Answer::text("application/json", &"[".repeat(100_000)),
        "no body" => Answer::text("application/json", ""),
        "another shape" => Answer::json(&json!({"contacts": "none"})),
        "429" => words(429, json!({})),
        "429 wait" => words(429, json!({})).with("Retry-After", "7"),
        "429 date" => words(429, json!({})).with("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),
        "429 nonsense" => words(429, json!({})).with("Retry-After", &"soon ".repeat(500)),
        "400 words" => words(400, json!({"message": "The field 'q' is not searchable"})),
        "400 key" => {
            words(400, json!({"message": format!("bad credential {}", test_server::api_key(request))}))
        }
        "400 header" => words(400, json!({"error": request.header("authorization")})),
        "400 silent" => words(400, json!({})),
        "400 html" => Answer::text("text/html", "<h1>Bad Request</h1>").status(400),
        "409 words" => words(409, json!({"errors": [{"detail": "  A duplicate\n  exists "}]})),
        "422 long" => words(422, json!({"error": {"message": "no ".repeat(1000)}})),
        "401" => words(401, json!({"message": "expired"})),
        "403" => words(403, json!({})),
        "404" => words(404, json!({})),
        "410" => words(410, json!({})),
        "418" => words(418, json!({})),
        "500" => words(500, json!({"message": "stack trace"})),
        "503" => words(503, json!({})),
        "redirect loop" => words(302, json!({})).with("Location", &request.target),
        "redirect away" => words(302, json!({})).with("Location", "http://elsewhere.invalid/v1"),
        other => panic!("no such fault: {other}"),
    }
}

const FAULTS: &[&str] = &[
    "reset",
    "slow",
    "oversized",
    "gzip bomb",
    "damaged gzip",
    "unknown encoding",
    "html",
    "broken json",
    "deep json",
    "no body",
    "another shape",
    "429",
    "429 wait",
    "429 date",
    "429 nonsense",
    "400 words",
    "400 key",
    "400 header",
    "400 silent",
    "400 html",
    "409 words",
    "422 long",
    "401",
    "403",
    "404",
    "410",
    "418",
    "500",
    "503",
    "redirect loop",
    "redirect away",
];

/// Everything that a CRM can do wrong, and what the user reads: the snapshot is the table.
#[test]
fn every_failure_of_a_crm_has_words() {
    LazyLock::force(&GZIP_BOMB);
    let slow = Gate::default();
    let crm = Crm::start({
        let slow = slow.clone();
        move |request| misbehave(request, &slow)
    });
    let document = document(&crm.origin());
    let mut hasty = document.clone();
    hasty["operations"]["findContactWithName"]["timeoutSeconds"] = json!(1);
    let mut nowhere = document.clone();
    nowhere["requestDefaults"]["baseUrl"] = "http://no-such-host.invalid/v1".into();
    nowhere["operations"]["getUserInfo"]["url"] = format!("{}/v1/me", crm.origin()).into();
    nowhere["requestDefaults"]["allowedHosts"] = json!([crm.origin().trim_start_matches("http://")]);
    let app = TestServer::start(&[("crm", &document), ("hasty", &hasty), ("nowhere", &nowhere)]);
    let patient = app.sign_in("crm", "testCrm", "1-secretapikey");
    let hasty = app.sign_in("hasty", "testCrm", "1-secretapikey");
    let mut table = String::new();
    let mut add = |fault: &str, reply: &Response| {
        assert_eq!(reply.status, 200, "{fault}: {}", reply.text());
        let message = reply.message();
        assert!(
            reply.json()["successful"] == false || message["messageType"] == "success",
            "{fault}: {}",
            reply.text()
        );
        let address = crm.origin().trim_start_matches("http://").to_owned();
        let details = reply.details().replace(&address, "CRM").replace('\n', "\n    ");
        writeln!(table, "{fault}: {} {}\n    {details}", message["messageType"], message["message"]).unwrap();
    };
    for fault in FAULTS {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("name", fault).finish();
        let token = if *fault == "slow" { &hasty } else { &patient };
        add(fault, &app.get(&format!("/custom/contact/search?{query}"), token));
        app.assert_alive();
    }
    slow.open();
    let elsewhere = app.sign_in("nowhere", "testCrm", "1-secretapikey");
    add("unknown host", &app.get("/contact?phoneNumber=1", &elsewhere));
    insta::assert_snapshot!(table);
    let log = app.server.log();
    assert!(!log.contains("secretapikey") && !table.contains("secretapikey"));
}

#[test]
fn nothing_private_is_written_down() {
    let crm = Crm::start(|request: &Request| match (request.method.as_str(), request.path()) {
        ("POST", "/v1/contacts") => Answer::json(&json!({"message": "refused"})).status(422),
        ("GET", path) if path.starts_with("/v1/activities/") => Answer::json(&json!({"subject": 5})),
        ("POST", "/v1/logout") => Answer::json(&json!({})).status(500),
        _ => test_server::ordinary(request),
    });
    let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            .env("LOG", "debug")
            .env("APP_SERVER_SECRET_KEY", "thesigningsecret")
    });
    let key = "1-theapikey";
    let token = app.sign_in("crm", "testCrm", key);
    let replies = [
        app.get("/contact?phoneNumber=%2B14155550101", &token),
        app.send("GET", &format!("/contact?phoneNumber=%2B14155550101&jwtToken={token}"), &[], None),
        app.get("/custom/contact/search?name=Lovelace", &token),
        app.post("/contact", &token, &json!({"phoneNumber": "+14155550101", "newContactName": "Lovelace"})),
        app.post("/callLog", &token, &call("s", "c1")),
        app.get("/callLog?sessionIds=s&requireDetails=true", &token),
        app.send_login(&json!({"platform": "testCrm", "proxyId": "crm", "apiKey": 5})),
        app.send(
            "POST",
            "/callLog",
            &[("Authorization", &format!("Bearer {token}")), JSON],
            Some(b"{\"note\": \"Asked for a quote.".to_vec()),
        ),
        app.get("/contact?phoneNumber=%2B14155550101", &format!("{token}x")),
        app.post("/unAuthorize", &token, &json!({})),
    ];
    let secrets = [key, token.as_str(), ADMIN_TOKEN, "thesigningsecret", "theapikey"];
    for reply in &replies {
        assert!(secrets.iter().all(|secret| !reply.text().contains(secret)), "{}", reply.text());
    }
    let log = app.server.log();
    for private in secrets.into_iter().chain([
        "4155550101",
        "%2B1415",
        "4155550100",
        "Lovelace",
        "Ada",
        "quote",
        "/v1/",
        "MS10aGVhcGlrZXk",
    ]) {
        let line = log.lines().find(|line| line.contains(private));
        assert!(line.is_none(), "{private} is in the log: {line:?}");
    }
}

#[test]
fn an_operation_has_one_log_line_with_the_listed_fields_and_nothing_else() {
    let slow = Gate::default();
    let crm = Crm::start({
        let slow = slow.clone();
        move |request| misbehave(request, &slow)
    });
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    for name in ["reset", "429", "html", "another%20shape"] {
        app.get(&format!("/custom/contact/search?name={name}"), &token);
    }
    app.get("/contact?phoneNumber=1", &token);
    let mut lines = Vec::new();
    test_server::until("six operations in the log", || {
        lines = app.log_lines();
        lines.retain(|line| line["message"] == "operation");
        lines.len() == 6
    });
    let always: BTreeSet<&str> = [
        "timestamp",
        "level",
        "message",
        "proxy_id",
        "operation",
        "revision",
        "method",
        "host",
        "outcome",
        "duration_ms",
        "spans",
    ]
    .into();
    for line in &lines {
        let keys: BTreeSet<&str> =
            line.as_object().unwrap().keys().map(String::as_str).filter(|key| *key != "status").collect();
        assert_eq!(keys, always, "{line}");
        assert_eq!(
            (&line["proxy_id"], &line["host"], &line["method"]),
            (&json!("crm"), &json!("127.0.0.1"), &json!("GET"))
        );
        assert!(line["duration_ms"].is_u64() && line["revision"].is_string(), "{line}");
    }
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["operation"].as_str().unwrap(),
                line["outcome"].as_str().unwrap(),
                line.get("status").and_then(Value::as_u64),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("getUserInfo", "ok", Some(200)),
            ("findContactWithName", "reset", None),
            ("findContactWithName", "status", Some(429)),
            ("findContactWithName", "not-json", Some(200)),
            ("findContactWithName", "unmapped", Some(200)),
            ("findContact", "ok", Some(200)),
        ]
    );
}
