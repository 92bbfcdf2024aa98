//! A client signs its user out on a 400 whose message has *authorize CRM platform*. So these words are for a session
//! that is missing, and for nothing else.
use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{TestServer, document, ordinary};
use app_connect::server::openapi_document;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

const WORDS: &str = "authorize CRM platform";

/// These say `Invalid request` where the session is missing (recordings 26 and 29).
const OTHER_WORDS: [&str; 4] = [
    "/debug/report/url",
    "/ringcentral/admin/report",
    "/ringcentral/admin/userReport",
    "/ringcentral/oauth/callback",
];

/// Method, path and whether a missing session is told with the words, of every route of clients.
fn routes() -> Vec<(String, String, bool)> {
    let paths = openapi_document()["paths"].as_object().unwrap();
    let of = |(path, methods): (&String, &Value)| {
        let path =
            path.split('/').map(|part| if part.starts_with('{') { "7" } else { part }).collect::<Vec<_>>();
        let path = path.join("/");
        let methods = methods.as_object().unwrap().clone();
        methods.into_iter().filter(|(_, said)| said["servers"].is_null()).map(move |(method, said)| {
            let is_needed =
                said["security"][0]["userJwt"].is_array() && !OTHER_WORDS.contains(&path.as_str());
            (method.to_uppercase(), path.clone(), is_needed)
        })
    };
    paths.iter().flat_map(of).collect()
}

fn send(server: &TestServer, method: &str, target: &str, token: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Content-Type", "application/json"), ("X-RC-Access-Token", "refused")];
    if !token.is_empty() {
        headers.push(("Authorization", bearer.as_str()));
    }
    server.send(method, target, &headers, (method != "GET").then(|| body.to_string().into_bytes()))
}

/// What requests bring: nothing, and enough to reach the CRM.
fn contents() -> [(&'static str, Value); 2] {
    let call = crate::support::test_server::call("s-1", "c1");
    let mut whole = json!({
        "platform": "testCrm", "proxyId": "crm", "apiKey": "7-key", "sessionId": "s-1", "note": "A note",
        "dispositions": {"outcome": "Busy"}, "phoneNumber": "+14155550142", "newContactName": "Ada",
        "userSettings": {}, "adminSettings": {"userSettings": {}}, "payload": {"title": "A talk"}, "status": "called"
    });
    whole.as_object_mut().unwrap().extend(call.as_object().unwrap().clone());
    let query = "?phoneNumber=%2B14155550142&name=Ada&sessionIds=s-1&requireDetails=true&platform=testCrm&proxyId=crm&keys=a&rcAccountId=5&pluginId=p";
    [("?rcAccountId=5&pluginId=p", json!({})), (query, whole)]
}

#[test]
fn only_a_missing_session_is_told_with_the_words_that_sign_out() {
    let status = Arc::new(AtomicU16::new(200));
    let told = Arc::clone(&status);
    let crm = Crm::start(move |request: &Request| match told.load(Ordering::SeqCst) {
        200 => ordinary(request),
        status => Answer::json(&json!({"message": "no"})).status(status),
    });
    let platform = Crm::start(|_: &Request| Answer::json(&json!({"message": "no"})).status(401));
    let server = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("RINGCENTRAL_SERVER", platform.origin()).env("DEVELOPER_PORTAL_SERVER", platform.origin())
    });
    let mut asked = 0;
    for crm_says in [200, 400, 401, 403, 404, 429, 500] {
        for (method, path, _) in routes() {
            for (query, body) in contents() {
                // The sign-in is done by a working CRM.
                status.store(200, Ordering::SeqCst);
                let token = server.sign_in("crm", "testCrm", "7-key");
                status.store(crm_says, Ordering::SeqCst);
                let reply = send(&server, &method, &format!("{path}{query}"), &token, &body);
                assert!(
                    !reply.text().contains(WORDS),
                    "{method} {path}{query}, CRM {crm_says}: {}",
                    reply.text()
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 500, "{asked} requests");
    let mut missing = 0;
    for (method, path, needs_session) in routes() {
        for token in ["", "no.such.token"] {
            for (query, body) in contents() {
                let reply = send(&server, &method, &format!("{path}{query}"), token, &body);
                let is_told = reply.text().contains(WORDS);
                assert_eq!(is_told, needs_session, "{method} {path}{query}: {}", reply.text());
                assert!(!is_told || reply.status == 400, "{method} {path}: {}", reply.status);
                missing += usize::from(is_told);
            }
        }
    }
    assert!(missing > 80, "{missing} requests without a session");
}

/// So nothing else can say them.
#[test]
fn the_words_are_in_one_place() {
    let mut places = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && std::fs::read_to_string(&path).unwrap().contains(WORDS)
            {
                places.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(places, ["session.rs"]);
}
