//! `retry` from end to end: what is sent again, with which key, how long it waits, and what never is
//! sent twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, call};
use serde_json::{Value, json};

/// A CRM whose users can sign in, and whose other answers are `first` as often as it says.
fn failing(times: usize, first: impl Fn() -> Answer + Send + Sync + 'static) -> Crm {
    let left = AtomicUsize::new(times);
    Crm::start(move |request| {
        let fails = !request.path().ends_with("/me")
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails { first() } else { test_server::ordinary(request) }
    })
}

fn document(crm: &Crm, retry: Value) -> Value {
    let mut document = test_server::document(&crm.origin());
    document["retry"] = retry;
    document
}

/// Fast enough for a test, slow enough to be a wait.
fn quick(attempts: u32) -> Value {
    json!({"maxAttempts": attempts, "baseDelaySeconds": 0.01, "maxDelaySeconds": 0.02})
}

fn find(server: &TestServer, token: &str) -> Value {
    server.get("/contact?phoneNumber=1&isForceRefreshAccountData=true", token).json()
}

#[test]
fn what_may_pass_is_sent_again() {
    for (times, attempts, works) in [(2, 3, true), (3, 3, false), (1, 1, false), (4, 5, true)] {
        for answer in
            [|| Answer::json(&json!({})).status(503), || Answer::json(&json!({})).status(429), Answer::reset]
        {
            let crm = failing(times, answer);
            let server = TestServer::start(&[("crm", &document(&crm, quick(attempts)))]);
            let token = server.sign_in("crm", "testCrm", "1-key");
            let reply = find(&server, &token);
            assert_eq!(reply["successful"], works, "{times} failures, {attempts} attempts: {reply}");
            let sent = (times + 1).min(attempts as usize);
            assert_eq!(crm.count("/v1/contacts"), sent, "{times} failures, {attempts} attempts");
        }
    }
}

#[test]
fn without_retry_and_for_what_will_not_pass_there_is_one_attempt() {
    let crm = failing(1, || Answer::json(&json!({})).status(503));
    let server = TestServer::start(&[("crm", &test_server::document(&crm.origin()))]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(find(&server, &token)["successful"], false);
    assert_eq!(crm.count("/v1/contacts"), 1);

    for status in [400, 401, 404, 500] {
        let crm = failing(1, move || Answer::json(&json!({})).status(status));
        let server = TestServer::start(&[("crm", &document(&crm, quick(5)))]);
        let token = server.sign_in("crm", "testCrm", "1-key");
        assert_eq!(find(&server, &token)["successful"], false);
        assert_eq!(crm.count("/v1/contacts"), 1, "{status}");
    }

    let mut retry = quick(5);
    retry["on"] = json!([500]);
    let crm = failing(1, || Answer::json(&json!({})).status(500));
    let server = TestServer::start(&[("crm", &document(&crm, retry))]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(find(&server, &token)["successful"], true);
}

/// The values of a header over all requests to a path.
fn values(crm: &Crm, path: &str, header: &str) -> Vec<Option<String>> {
    let received = crm.received();
    let to = received
        .iter()
        .filter(|request: &&Request| request.target.starts_with(path) && request.method == "POST");
    to.map(|request| request.header(header).map(str::to_owned)).collect()
}

#[test]
fn a_post_is_sent_again_only_under_its_key() {
    let crm = failing(2, Answer::reset);
    let mut document = document(&crm, quick(5));
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(server.post("/callLog", &token, &call("s1", "c1")).json()["successful"], false);
    assert_eq!(
        values(&crm, "/v1/activities", "Idempotency-Key"),
        [None],
        "without a key nothing is repeated"
    );

    let crm = failing(2, Answer::reset);
    document["requestDefaults"]["baseUrl"] = format!("{}/v1", crm.origin()).into();
    document["requestDefaults"]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    let reply = server.post("/callLog", &token, &call("s1", "c1")).json();
    assert_eq!(reply["logId"], "a-c1", "{reply}");
    let keys = values(&crm, "/v1/activities", "Idempotency-Key");
    assert_eq!(keys.len(), 3);
    let key = keys[0].clone().expect("a key");
    assert!(key.len() >= 32 && keys.iter().all(|other| other.as_ref() == Some(&key)), "{keys:?}");
    assert_eq!(server.post("/callLog", &token, &call("s2", "c1")).json()["successful"], true);
    assert_ne!(
        values(&crm, "/v1/activities", "Idempotency-Key")[3],
        Some(key),
        "another run has another key"
    );
    let searches = crm.received().into_iter().filter(|request| request.method == "GET");
    assert!(searches.into_iter().all(|request| request.header("idempotency-key").is_none()));
}

#[test]
fn the_key_is_a_template() {
    let crm = Crm::start(test_server::ordinary);
    let mut document = document(&crm, quick(5));
    document["operations"]["createCallLog"]["idempotencyHeader"] =
        json!({"name": "X-Request-Key", "value": "call-{{callLog.sessionId}}"});
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(server.post("/callLog", &token, &call("s1", "c1")).json()["successful"], true);
    assert_eq!(values(&crm, "/v1/activities", "X-Request-Key"), [Some("call-s1".to_owned())]);
}

#[test]
fn a_key_without_a_value_is_no_key() {
    let crm = failing(1, Answer::reset);
    let mut document = document(&crm, quick(5));
    document["operations"]["createCallLog"]["idempotencyHeader"] =
        json!({"name": "Idempotency-Key", "value": "{{additionalSubmission.key}}"});
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(server.post("/callLog", &token, &call("s1", "c1")).json()["successful"], false);
    assert_eq!(values(&crm, "/v1/activities", "Idempotency-Key"), [None]);
}

#[test]
fn the_wait_that_the_crm_asks_for_is_kept() {
    for (name, value) in [("Retry-After", "1"), ("X-RateLimit-Reset", "1"), ("RateLimit-Reset", "1")] {
        let crm = failing(1, move || Answer::json(&json!({})).status(429).with(name, value));
        let server = TestServer::start(&[("crm", &document(&crm, quick(3)))]);
        let token = server.sign_in("crm", "testCrm", "1-key");
        let started = Instant::now();
        assert_eq!(find(&server, &token)["successful"], true);
        assert!(started.elapsed() >= Duration::from_secs(1), "{name}: after {:?}", started.elapsed());
    }
}

/// The deadline of an operation is its timeout, however often it is tried.
#[test]
fn nobody_waits_beyond_the_deadline() {
    let crm = failing(100, || Answer::json(&json!({})).status(429).with("Retry-After", "3600"));
    let server = TestServer::start(&[("crm", &document(&crm, quick(5)))]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    let started = Instant::now();
    let reply = find(&server, &token);
    // The timeout is 20 seconds: it is not waited for either.
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_eq!(reply["returnMessage"]["message"], "Rate limit exceeded", "{reply}");
    assert!(reply.to_string().contains("60 minutes"), "{reply}");
    assert_eq!(crm.count("/v1/contacts"), 1);

    let crm = failing(100, || Answer::json(&json!({})).status(503));
    let mut document =
        document(&crm, json!({"maxAttempts": 5, "baseDelaySeconds": 0.7, "maxDelaySeconds": 5}));
    document["operations"]["findContact"]["timeoutSeconds"] = 1.into();
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    let reply = find(&server, &token);
    assert!(reply.to_string().contains("HTTP 503"), "the last failure is told: {reply}");
    assert!((1..=3).contains(&crm.count("/v1/contacts")), "{}", crm.count("/v1/contacts"));
}

/// A rule of `errorMapping` decides what a reply is, also for being retried.
#[test]
fn a_200_that_is_a_rate_limit_is_retried() {
    let crm = failing(1, || Answer::json(&json!({"error": "too fast"})));
    let mut document = document(&crm, quick(3));
    document["errorMapping"] = json!([{"when": {"body": {"path": "body.error", "equals": "too fast"}}, "outcome": {"treatAs": 429}}]);
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    assert_eq!(find(&server, &token)["successful"], true);
    assert_eq!(crm.count("/v1/contacts"), 2);
}
