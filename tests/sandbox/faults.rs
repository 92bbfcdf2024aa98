//! The faults of the sandbox CRM, each set in each way.

use std::error::Error as _;
use std::time::Duration;

use crate::sandbox::client::{Client, Reply, client};
use app_connect::sandbox::{Effect, Fault, Faults, SandboxOptions, start};
use serde_json::{Value, json};

const ME: &str = "/api/v1/me";

async fn with_header(crm: &Client, fault: &str) -> reqwest::Result<Reply> {
    crm.try_send("GET", ME, &[("X-Sandbox-Fault", fault)], "").await
}

fn status(code: u16, retry_after_seconds: Option<u64>) -> Fault {
    Fault::from(Effect::Status { code, retry_after_seconds })
}

#[tokio::test]
async fn statuses_come_with_their_headers() {
    let crm = client().await;
    let cases = [
        ("status=401", 401, None),
        ("status=403", 403, None),
        ("status=404", 404, None),
        ("status=429", 429, Some("1")),
        ("status=429;retry_after_seconds=7", 429, Some("7")),
        ("status=500", 500, None),
        ("status=503", 503, None),
        ("status=503;retry_after_seconds=30", 503, Some("30")),
    ];
    for (fault, status, retry_after) in cases {
        let reply = with_header(&crm, fault).await.unwrap();
        assert_eq!((reply.status, reply.code()), (status, "sandbox_fault"), "{fault}");
        assert_eq!(reply.header("retry-after"), retry_after, "{fault}");
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401, "{fault}");
        assert_eq!(crm.get(ME).await.status, 200, "the header counts for one request");
    }
}

#[tokio::test]
async fn bodies_are_broken_html_or_oversized() {
    let crm = client().await;
    let broken = with_header(&crm, "broken_json").await.unwrap();
    assert_eq!((broken.status, broken.header("content-type")), (200, Some("application/json")));
    assert!(serde_json::from_str::<Value>(&broken.text).is_err());

    let html = with_header(&crm, "html_page").await.unwrap();
    assert_eq!((html.status, html.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(html.text.starts_with("<!doctype html>"));

    for (fault, size) in
        [("oversized_body=14", 14), ("oversized_body=100000", 100_000), ("oversized_body", 32 * 1024 * 1024)]
    {
        let big = with_header(&crm, fault).await.unwrap();
        assert_eq!((big.status, big.text.len()), (200, size), "{fault}");
        assert_eq!(big.header("content-length"), None, "{fault}");
        assert!(big.body["padding"].is_string(), "{fault}");
    }
}

#[tokio::test]
async fn a_reset_closes_the_connection_without_an_answer() {
    let crm = client().await;
    let error = with_header(&crm, "reset").await.err().unwrap();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    let mut source = error.source();
    while let Some(next) = source.and_then(|error| error.source()) {
        source = Some(next);
    }
    let reason = source.unwrap().to_string();
    assert!(reason.contains("connection closed before message completed"), "{reason}");
    assert_eq!(crm.get(ME).await.status, 200);

    // The same seen from the socket: end of stream, not one byte before it.
    let request = "GET /api/v1/me HTTP/1.1\r\nhost: a\r\nx-sandbox-fault: reset\r\n\r\n";
    let address = crm.sandbox.address();
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).map(|_| answer)
    });
    assert_eq!(answer.await.unwrap().unwrap(), b"");
}

#[tokio::test]
async fn latency_delays_and_combines() {
    let crm = client().await;
    // An hour: nothing but the delay can keep this answer away.
    let late = with_header(&crm, "latency_ms=3600000");
    let waited = tokio::time::timeout(Duration::from_millis(200), late).await;
    assert!(waited.is_err());
    assert_eq!(crm.sandbox.requests().len(), 1, "it was received");
    let late = with_header(&crm, "latency_ms=1, status=503, latency_ms=1").await;
    assert_eq!(late.unwrap().status, 503);
}

#[tokio::test]
async fn faults_are_limited_by_number_path_and_method() {
    let crm = client().await;
    let mut first = status(500, None);
    first.times = Some(2);
    let mut second = status(403, None);
    second.path_prefix = Some("/api/v1/contacts".to_owned());
    second.method = Some("POST".to_owned());
    crm.sandbox.set_faults(Faults { faults: vec![first, second] }).unwrap();
    let new = json!({"name": "Not made"});
    assert_eq!(crm.get(ME).await.status, 500);
    assert_eq!(crm.post("/api/v1/contacts", &new).await.status, 500);
    assert_eq!(crm.get(ME).await.status, 200);
    assert_eq!(crm.get("/api/v1/contacts").await.status, 200);
    assert_eq!(crm.post("/api/v1/contacts", &new).await.status, 403);
    assert_eq!(crm.post("/api/v1/contacts", &new).await.status, 403);
    assert_eq!(crm.get("/api/v1/contacts/con-7").await.status, 404, "nothing was carried out");
}

#[tokio::test]
async fn a_fault_after_the_fact_leaves_the_record_behind() {
    let crm = client().await;
    let sent = json!({"contact_id": "con-1", "subject": "Lost answer"}).to_string();
    let headers = [("X-Sandbox-Fault", "reset;after"), ("Idempotency-Key", "k")];
    assert!(crm.try_send("POST", "/api/v1/activities", &headers, &sent).await.is_err());
    let retry = crm.send("POST", "/api/v1/activities", &headers[1..], &sent).await;
    assert_eq!((retry.status, &retry.body["id"]), (201, &json!("act-1")));
    let list = crm.get("/api/v1/activities").await;
    assert_eq!(list.body["activities"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn faults_are_set_read_and_cleared_over_http() {
    let crm = client().await;
    let faults = json!({"faults": [
        {"effect": {"status": {"code": 429, "retry_after_seconds": 3}}, "times": 2},
        {"effect": "html_page", "path_prefix": "/api/v1/users"},
    ]});
    let set = crm.put("/_sandbox/faults", &faults).await;
    assert_eq!((set.status, &set.body), (200, &faults));
    assert_eq!(crm.get(ME).await.header("retry-after"), Some("3"));
    let now = crm.get("/_sandbox/faults").await;
    assert_eq!(now.body["faults"][0]["times"], 1);
    assert_eq!(crm.get(ME).await.status, 429);
    assert_eq!(crm.get(ME).await.status, 200);
    assert!(crm.get("/api/v1/users").await.text.contains("<h1>"));

    for (body, status) in [
        ("{", 400),
        ("{}", 422),
        (r#"{"faults":[{"effect":"flood"}]}"#, 422),
        (r#"{"faults":[{"effect":"reset","time":1}]}"#, 422),
        (r#"{"faults":[{"effect":{"status":{"code":200}}}]}"#, 422),
    ] {
        let refused = crm.send("PUT", "/_sandbox/faults", &[], body).await;
        assert_eq!(refused.status, status, "{body} {}", refused.text);
    }
    let kept = crm.get("/_sandbox/faults").await;
    assert_eq!(kept.body["faults"], json!([faults["faults"][1]]), "a refusal changes nothing");
    assert_eq!(crm.send("DELETE", "/_sandbox/faults", &[], "").await.status, 204);
    assert_eq!(crm.get("/_sandbox/faults").await.body, json!({"faults": []}));
    assert_eq!(crm.get("/api/v1/users").await.status, 200);
    let wrong = with_header(&crm, "flood").await.unwrap();
    assert_eq!((wrong.status, wrong.code()), (400, "invalid_fault"));
    assert!(wrong.text.contains("latency_ms=N"), "{}", wrong.text);
}

#[tokio::test]
async fn a_reset_sandbox_is_as_it_was_at_the_start() {
    let mut first = status(503, None);
    first.times = Some(1);
    let faults = Faults { faults: vec![first] };
    let crm = Client::start(SandboxOptions { faults, ..SandboxOptions::default() }).await;
    assert_eq!(crm.get(ME).await.status, 503);
    let made = crm.post("/api/v1/contacts", &json!({"name": "Passing"})).await;
    assert_eq!(made.body["id"], "con-7");
    assert_eq!(crm.send("POST", "/_sandbox/reset", &[], "").await.status, 204);
    assert_eq!(crm.sandbox.requests(), []);
    assert_eq!(crm.get(ME).await.status, 503, "the faults of the start are back");
    assert_eq!(crm.get("/api/v1/contacts/con-7").await.status, 404);
    let made = crm.post("/api/v1/contacts", &json!({"name": "Passing"})).await;
    assert_eq!(made.body["id"], "con-7", "ids begin again");
}

#[tokio::test]
async fn a_fault_that_is_no_fault_is_refused_at_the_start() {
    let faults = Faults { faults: vec![status(204, None)] };
    let error = start(SandboxOptions { faults, ..SandboxOptions::default() }).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("204"));
}
