//! Traces to an OpenTelemetry collector: `cargo test --features otel --test it otel`.

use crate::support::crm::{Answer, Crm};
use crate::support::test_server::{TestServer, document, ordinary};
use serde_json::json;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// The export is protobuf: names and ids stand in it as they are.
#[test]
fn a_request_its_call_its_operation_and_its_exchange_are_one_trace_of_the_client() {
    let collector = Crm::start(|_| Answer::text("application/x-protobuf", ""));
    let crm = Crm::start(ordinary);
    let mut app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.origin())
            .env("OTEL_SERVICE_NAME", "app-connect-under-test")
    });
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "77-key"}).to_string();
    let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = [("traceparent", traceparent.as_str()), ("Content-Type", "application/json")];
    let reply = app.send("POST", "/apiKeyLogin", &headers, Some(login.into_bytes()));
    assert_eq!(reply.status, 200, "{}", reply.text());
    // What waits for the next batch is exported at the end.
    app.server.terminate();
    assert!(app.server.wait(crate::support::test_server::PATIENCE).is_some_and(|status| status.success()));

    let exports = collector.received();
    assert!(!exports.is_empty(), "{}", app.server.log());
    let mut all = Vec::new();
    for export in &exports {
        assert_eq!((export.method.as_str(), export.path()), ("POST", "/v1/traces"));
        assert_eq!(export.header("content-type"), Some("application/x-protobuf"));
        all.extend_from_slice(&export.body);
    }
    for part in
        ["POST /apiKeyLogin", "app-connect-under-test", "invoke", "operation", "getUserInfo", "exchange"]
    {
        assert!(holds(&all, part.as_bytes()), "{part} is missing: {}", String::from_utf8_lossy(&all));
    }
    let trace = bytes(TRACE);
    let spans = all.windows(trace.len()).filter(|window| *window == trace).count();
    assert_eq!(spans, 4, "one trace: {}", String::from_utf8_lossy(&all));
    assert!(holds(&all, &bytes("b7ad6b7169203331")), "below the client's span");
    assert!(!holds(&all, b"77-key"));
    let asked = crm.received();
    assert!(!asked.is_empty() && asked.iter().all(|request| request.header("traceparent").is_none()));
}

#[test]
fn without_an_endpoint_nothing_is_exported() {
    let crm = Crm::start(ordinary);
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    app.sign_in("crm", "testCrm", "77-key");
    assert!(!app.server.log().contains("OpenTelemetry"), "{}", app.server.log());
    let off = TestServer::start_with(&[], |options| {
        options.env("OTEL_EXPORTER_OTLP_ENDPOINT", crm.origin()).env("OTEL_SDK_DISABLED", "true")
    });
    let asked = crm.received().len();
    off.assert_alive();
    assert_eq!(crm.received().len(), asked);
}

#[test]
fn a_collector_that_is_gone_costs_no_request() {
    let crm = Crm::start(ordinary);
    let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    });
    app.sign_in("crm", "testCrm", "77-key");
    app.assert_alive();
}
