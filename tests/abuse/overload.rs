//! More requests and connections than the server can serve.
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document, until};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A CRM that does not answer contact searches before it is told to.
fn waiting_crm() -> (Crm, Arc<AtomicBool>) {
    let answers = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&answers);
    let crm = Crm::start(move |request: &Request| {
        if request.path() == "/v1/contacts" {
            while !told.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(5));
            }
            return Answer::json(&json!({"contacts": []}));
        }
        test_server::ordinary(request)
    });
    (crm, answers)
}

#[test]
fn more_requests_than_can_be_served_are_refused_soon() {
    let (crm, answers) = waiting_crm();
    let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("MAX_REQUESTS", "4").arg("--workers").arg("1")
    });
    let token = app.sign_in("crm", "testCrm", "1-key");
    let search = |number: usize| app.get(&format!("/contact?phoneNumber=%2B1415555010{number}"), &token);
    std::thread::scope(|scope| {
        let served: Vec<_> = (0..4).map(|number| scope.spawn(move || search(number))).collect();
        until("four searches at the CRM", || {
            crm.received().iter().filter(|request| request.path() == "/v1/contacts").count() == 4
        });
        for number in 4..9 {
            let started = Instant::now();
            let refused = search(number);
            assert_eq!(refused.status, 503, "{}", refused.text());
            assert_eq!(refused.header("retry-after"), Some("2"));
            assert!(refused.text().contains("Nothing was done"), "{}", refused.text());
            assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        }
        let call = test_server::call("s1", "c1");
        let refused = app.post("/callLog", &token, &call);
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.header("connection"), Some("close"));
        app.assert_alive();
        assert_eq!(app.send("GET", "/readyz", &[], None).status, 200);
        answers.store(true, Ordering::Release);
        for search in served {
            assert_eq!(search.join().unwrap().status, 200);
        }
        assert_eq!(search(9).status, 200);
        assert_eq!(app.post("/callLog", &token, &call).json()["successful"], true);
    });
}
