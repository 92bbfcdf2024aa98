//! `rateLimit` from end to end: how many requests a CRM sees, what users read when there is no turn,
//! and that one connector never waits for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::crm::{Answer, Crm, Gate};
use crate::support::test_server::{self, PATIENCE, TestServer, until};
use serde_json::{Value, json};

/// A CRM that answers searches only when the gate opens, and knows how many were under way at most.
fn gated(gate: &Gate) -> (Crm, Arc<AtomicUsize>) {
    let (gate, most) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let (under_way, seen) = (AtomicUsize::new(0), Arc::clone(&most));
    let crm = Crm::start(move |request| {
        if request.path() == "/v1/contacts" {
            let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
            seen.fetch_max(now, Ordering::SeqCst);
            gate.pass();
            under_way.fetch_sub(1, Ordering::SeqCst);
        }
        test_server::ordinary(request)
    });
    (crm, most)
}

fn find(app: &TestServer, token: &str) -> Value {
    app.get("/contact?phoneNumber=1&isForceRefreshAccountData=true", token).json()
}

#[test]
fn a_crm_sees_no_more_requests_at_a_time_than_it_bears() {
    let gate = Gate::default();
    let (crm, most) = gated(&gate);
    let other = Crm::start(test_server::ordinary);
    let mut document = test_server::document(&crm.origin());
    document["rateLimit"] = json!({"maxConcurrent": 3});
    let app = TestServer::start(&[("crm", &document), ("other", &test_server::document(&other.origin()))]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let elsewhere = app.sign_in("other", "testCrm", "1-key");
    std::thread::scope(|scope| {
        let searches: Vec<_> = (0..12).map(|_| scope.spawn(|| find(&app, &token))).collect();
        crm.wait_for("/v1/contacts", 3, PATIENCE);
        // While this CRM hangs and others wait for it, another connector's users do not.
        for _ in 0..5 {
            assert_eq!(find(&app, &elsewhere)["successful"], true);
        }
        assert_eq!(crm.count("/v1/contacts"), 3);
        gate.open();
        for search in searches {
            let reply = search.join().unwrap();
            assert_eq!(reply["successful"], true, "{reply}");
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(crm.count("/v1/contacts"), 12);
}

#[test]
fn who_gets_no_turn_in_time_is_told_so() {
    let gate = Gate::default();
    let (crm, _) = gated(&gate);
    let mut document = test_server::document(&crm.origin());
    document["rateLimit"] = json!({"maxConcurrent": 1});
    document["operations"]["findContactWithName"]["timeoutSeconds"] = 1.into();
    let app = TestServer::start(&[("crm", &document)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| find(&app, &token));
        crm.wait_for("/v1/contacts", 1, PATIENCE);
        let reply = app.get("/custom/contact/search?name=x", &token);
        assert_eq!(reply.message()["message"], "Rate limit exceeded", "{}", reply.text());
        assert!(reply.details().contains("rateLimit.maxConcurrent"), "{}", reply.details());
        assert_eq!(crm.count("/v1/contacts/search"), 0);
        gate.open();
        assert_eq!(first.join().unwrap()["successful"], true);
    });
    assert!(app.server.log().contains("limited"));
}

#[test]
fn a_budget_is_not_exceeded_and_outlives_an_edit() {
    let crm = Crm::start(test_server::ordinary);
    let mut document = test_server::document(&crm.origin());
    // The sign-in takes one of the five.
    document["rateLimit"] = json!({"requests": 5, "perSeconds": 86400});
    let app = TestServer::start(&[("crm", &document)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let successes = |count: usize| {
        std::thread::scope(|scope| {
            let searches: Vec<_> = (0..count).map(|_| scope.spawn(|| find(&app, &token))).collect();
            searches.into_iter().map(|search| search.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let replies = successes(10);
    assert_eq!(replies.iter().filter(|reply| reply["successful"] == true).count(), 4);
    let refused = replies.iter().find(|reply| reply["successful"] == false).unwrap();
    assert!(refused.to_string().contains("at most 5 requests in 86400 s"), "{refused}");
    assert_eq!(crm.count("/v1/contacts"), 4);

    let revision = app.state("crm")["activeRevision"].clone();
    document["meta"]["displayName"] = "Edited".into();
    app.write("crm", &document);
    app.wait_for_state("crm", |state| state["activeRevision"] != revision);
    assert_eq!(find(&app, &token)["successful"], false, "an edit does not refill the budget");

    document["rateLimit"]["requests"] = 7.into();
    app.write("crm", &document);
    until("the new budget", || find(&app, &token)["successful"] == true);
    assert!(successes(10).iter().filter(|reply| reply["successful"] == true).count() <= 6);
}

#[test]
fn requests_in_flight_finish_when_the_limits_change() {
    let gate = Gate::default();
    let (crm, _) = gated(&gate);
    let mut document = test_server::document(&crm.origin());
    document["rateLimit"] = json!({"maxConcurrent": 1});
    let app = TestServer::start(&[("crm", &document)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| find(&app, &token));
        crm.wait_for("/v1/contacts", 1, PATIENCE);
        let revision = app.state("crm")["activeRevision"].clone();
        document["rateLimit"] = json!({"maxConcurrent": 2});
        app.write("crm", &document);
        app.wait_for_state("crm", |state| state["activeRevision"] != revision);
        let reply = app.get("/custom/contact/search?name=x", &token);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        gate.open();
        assert_eq!(first.join().unwrap()["successful"], true);
    });
}

/// A waiting request holds no place: a retry that waits lets others through.
#[test]
fn waiting_for_a_retry_takes_no_place() {
    let failed = AtomicUsize::new(0);
    let crm = Crm::start(move |request| match request.path() {
        "/v1/contacts" if failed.fetch_add(1, Ordering::SeqCst) == 0 => {
            Answer::json(&json!({})).status(503).with("Retry-After", "5")
        }
        _ => test_server::ordinary(request),
    });
    let mut document = test_server::document(&crm.origin());
    document["rateLimit"] = json!({"maxConcurrent": 1});
    document["retry"] = json!({"maxAttempts": 2});
    let app = TestServer::start(&[("crm", &document)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    std::thread::scope(|scope| {
        let retried = scope.spawn(|| find(&app, &token));
        crm.wait_for("/v1/contacts", 1, PATIENCE);
        let reply = app.get("/custom/contact/search?name=x", &token);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        assert_eq!(crm.count("/v1/contacts?"), 1, "the retry still waits");
        assert_eq!(retried.join().unwrap()["successful"], true);
    });
    assert_eq!(crm.count("/v1/contacts?"), 2);
}
