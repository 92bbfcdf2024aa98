//! Request bodies that are large, deep, slow or sent by nobody known.
use crate::support::crm::Crm;
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::{self, CONSOLE_TOKEN, TestServer, document};
use app_connect::server::openapi_document;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A refusal that waits for nothing comes within this time.
const AT_ONCE: Duration = Duration::from_secs(5);

fn server(crm: &Crm) -> TestServer {
    TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.arg("--workers").arg("1").env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN)
    })
}

/// Sends a head and the beginning of a body, then nothing. Returns the reply; the server has closed after it.
fn begin(app: &TestServer, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
    let started = Instant::now();
    let mut stream = TcpStream::connect(app.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // The server may have answered and closed before it has read everything.
    let _ = stream.write_all(body);
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap_or_else(|error| panic!("{method} {path}: {error}: {reply}"));
    assert!(started.elapsed() < AT_ONCE, "{method} {path} waited for the body: {:?}", started.elapsed());
    reply
}

fn status_of(reply: &str) -> u16 {
    let status = reply.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.unwrap_or_else(|| panic!("no status: {reply:?}"))
}

#[test]
fn who_is_not_known_is_refused_before_the_body_is_read() {
    let crm = Crm::start(test_server::ordinary);
    let app = server(&crm);
    let paths = openapi_document()["paths"].as_object().unwrap();
    let operations: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |operation| (path, operation))
        })
        .filter(|(_, (_, operation))| {
            operation.get("security").is_some() && operation.get("requestBody").is_some()
        })
        .collect();
    assert!(operations.len() > 20, "{}", operations.len());
    // At the same time, because the server waits a second for the client to close.
    std::thread::scope(|scope| {
        for (path, (method, _)) in &operations {
            let (app, path) = (&app, path.replace(['{', '}'], ""));
            for length in ["Content-Length: 10000000", "Transfer-Encoding: chunked"] {
                let path = path.clone();
                scope.spawn(move || {
                    let reply = begin(app, &method.to_uppercase(), &path, length, b"1\r\n{\r\n");
                    assert!([400, 401].contains(&status_of(&reply)), "{method} {path}: {reply}");
                });
            }
        }
    });
}

#[test]
fn each_route_has_its_limit() {
    let crm = Crm::start(test_server::ordinary);
    let app = server(&crm);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let session = format!("Authorization: Bearer {token}\r\n");
    let console = format!("Authorization: Bearer {CONSOLE_TOKEN}\r\n");
    const KIB: usize = 1024;
    for (method, path, who, limit) in [
        ("POST", "/apiKeyLogin", "", 64 * KIB),
        ("POST", "/contact", &session, 64 * KIB),
        ("PATCH", "/calldown/1", &session, 64 * KIB),
        ("PUT", "/callDisposition", &session, 64 * KIB),
        ("POST", "/user/settings", &session, 1024 * KIB),
        ("POST", "/callLog", &session, 2048 * KIB),
        ("PATCH", "/callLog", &session, 2048 * KIB),
        ("POST", "/messageLog", &session, 2048 * KIB),
        ("POST", "/console/api/v1/tokens", &console, 64 * KIB),
        ("POST", "/console/api/v1/validate", &console, 10 * 1024 * KIB),
    ] {
        let announced = begin(&app, method, path, &format!("{who}Content-Length: {}", limit + 1), b"{");
        assert_eq!(status_of(&announced), 413, "{method} {path}: {announced}");
        assert!(announced.contains(&format!("larger than {limit} bytes")), "{announced}");
        assert!(announced.to_lowercase().contains("connection: close"), "{announced}");
        let mut chunks = Vec::new();
        for _ in 0..limit / KIB {
            chunks.extend_from_slice(b"400\r\n");
            chunks.extend_from_slice(&[b' '; KIB]);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"1\r\n \r\n");
        let sent = begin(&app, method, path, &format!("{who}Transfer-Encoding: chunked"), &chunks);
        assert_eq!(status_of(&sent), 413, "{method} {path}: {sent}");
    }
}

#[test]
fn bodies_of_very_many_values_are_refused_with_words() {
    let crm = Crm::start(test_server::ordinary);
    let app = server(&crm);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let bearer = format!("Bearer {token}");
    let list = |item: &str, count: usize| format!("{{\"note\":[{}]}}", vec![item; count].join(","));
    let mut members = String::from("{\"a\":1");
    for number in 0..60_000 {
        let _ = write!(members, ",\"{number}\":1");
    }
    members.push('}');
    for (kind, body) in [
        ("application/json", list("1", 60_000)),
        ("application/json", list("{}", 300_000)),
        ("application/json", list("[]", 300_000)),
        ("application/json", members),
        ("application/json", "[".repeat(1_000_000)),
        ("application/json", "{\"a\":".repeat(100_000)),
        ("application/x-www-form-urlencoded", "a=1&".repeat(100_000)),
        ("application/x-www-form-urlencoded", "a[][b]=1&".repeat(100_000)),
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        let reply = app.send("POST", "/callLog", &headers, Some(body.clone().into_bytes()));
        assert_eq!(reply.status, 413, "{}", reply.text());
        assert!(reply.text().contains("more than 50000 values"), "{}", reply.text());
    }
    // A long text is one value.
    let note = "a,b:[{\\\"".repeat(100_000);
    let call = format!("{{\"logInfo\":{{\"sessionId\":\"s\"}},\"note\":\"{note}\"}}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let reply = app.send("POST", "/callLog", &headers, Some(call.into_bytes()));
    assert!(!reply.text().contains("values"), "{}", reply.text());
}

#[test]
fn others_are_served_while_large_bodies_are_parsed() {
    let crm = Crm::start(test_server::ordinary);
    let app = server(&crm);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let values = vec!["{}"; 24_000].join(",");
    let body: Value = serde_json::from_str(&format!(
        "{{\"settingKeysToRemove\":[{values}],\"pad\":\"{}\"}}",
        "x".repeat(900_000)
    ))
    .unwrap();
    while_others_are_served(&app, || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        app.post("/user/settings", &token, &body);
                    }
                });
            }
        });
    });
}
