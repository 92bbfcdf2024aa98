//! A token endpoint that does not answer: the request ends in time with words, nobody else waits, and nobody is signed
//! out.
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::TestServer;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than a token request may take.
const SILENCE: Duration = Duration::from_secs(40);

fn document(origin: &str) -> Value {
    json!({
        "meta": {"name": "testCrm"},
        "auth": {
            "type": "oauth", "clientId": "cid", "clientSecret": "csec", "tokenUrl": format!("{origin}/token"),
            "authorizationUrl": format!("{origin}/authorize"), "redirectUri": "https://app.test/redirect"
        },
        "requestDefaults": {"baseUrl": format!("{origin}/v1")},
        "operations": {
            "getUserInfo": {"method": "GET", "url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": {
                "method": "GET", "url": "/contacts", "query": {"phone": "{{phoneNumber}}"},
                "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}}
            }
        }
    })
}

#[test]
fn a_token_endpoint_that_does_not_answer_signs_nobody_out() {
    let renewals = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&renewals);
    let crm = Crm::start(move |request: &Request| match request.path() {
        "/token" if request.body.starts_with(b"code=") => {
            Answer::json(&json!({"access_token": "at-1", "refresh_token": "rt-1", "expires_in": 60}))
        }
        "/token" => {
            if asked.fetch_add(1, Ordering::SeqCst) == 0 {
                thread::sleep(SILENCE);
            }
            Answer::json(&json!({"access_token": "at-2", "refresh_token": "rt-2", "expires_in": 3600}))
        }
        "/v1/me" => Answer::json(&json!({"id": "7"})),
        _ => {
            let token = request.header("authorization").unwrap_or_default();
            Answer::json(&json!({"contacts": [{"id": "c1", "name": token}]}))
        }
    });
    let app = TestServer::start(&[("one", &document(&crm.origin()))]);
    let callback = "/oauth-callback?callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc%26state%3Dplatform%253DtestCrm&proxyId=one";
    let signed_in = app.send("GET", callback, &[], None);
    let token = signed_in.json()["jwtToken"].as_str().expect("a session").to_owned();

    let target = "/contact?phoneNumber=1&isForceRefreshAccountData=true";
    let began = Instant::now();
    let answers = thread::scope(|scope| {
        let asked: Vec<_> = (0..3).map(|_| scope.spawn(|| app.get(target, &token))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(began.elapsed() < SILENCE, "{:?}", began.elapsed());
    for reply in answers {
        assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(false)), "{}", reply.text());
        assert!(!reply.text().contains("rt-1") && !reply.text().contains("CRM_SESSION"), "{}", reply.text());
    }
    assert_eq!(renewals.load(Ordering::SeqCst), 1, "they waited for one renewal");
    assert_eq!(crm.count("/v1/contacts"), 0, "the CRM is not asked with a token that is due");
    let reply = app.get(target, &token);
    assert_eq!(reply.json()["contact"][0]["name"], "Bearer at-2", "{}", reply.text());
}
