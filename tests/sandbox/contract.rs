//! What holds for all routes of the sandbox CRM, and the sandbox as a part of a program.

use std::time::Duration;

use app_connect::sandbox::{Effect, Fault, Faults, SandboxOptions, start};
use serde_json::json;

use crate::sandbox::client::{Client, client, ids};

#[tokio::test]
async fn bad_input_is_refused_with_the_reason() {
    let crm = client().await;
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(100_001));
    let huge = "x".repeat(4 * 1024 * 1024 + 1);
    let cases: [(&str, &str, &str, u16, &[&str]); 25] = [
        ("POST", "/contacts", "{", 400, &[]),
        ("POST", "/contacts", "", 400, &[]),
        ("POST", "/contacts", "[1]", 400, &[]),
        ("POST", "/contacts", &huge, 413, &[]),
        ("POST", "/contacts", &long, 422, &["name"]),
        ("POST", "/contacts", r#"{"name":" "}"#, 422, &["name"]),
        ("POST", "/contacts", r#"{"name":"A","type":"Friend"}"#, 422, &["type"]),
        ("POST", "/contacts", r#"{"name":"A","phones":["4155550101"]}"#, 422, &["phones"]),
        ("POST", "/contacts", r#"{"name":"A","phones":"+14155550101"}"#, 422, &["phones"]),
        ("POST", "/contacts", r#"{"naem":"A"}"#, 422, &["name", "naem"]),
        ("POST", "/activities", "{}", 422, &["contact_id", "subject"]),
        ("POST", "/activities", r#"{"contact_id":"con-99","subject":"S"}"#, 422, &["contact_id"]),
        ("POST", "/activities", r#"{"contact_id":1,"subject":2}"#, 422, &["contact_id", "subject"]),
        (
            "POST",
            "/activities",
            r#"{"contact_id":"con-1","subject":"S","started_at":"today","duration_seconds":1.5}"#,
            422,
            &["started_at", "duration_seconds"],
        ),
        ("POST", "/messages", r#"{"contact_id":"con-1"}"#, 422, &["body"]),
        ("PATCH", "/appointments/apt-1", r#"{"ends_at":"2020-01-01T00:00:00Z"}"#, 422, &["ends_at"]),
        ("PATCH", "/appointments/apt-1", r#"{"title":null}"#, 422, &["title"]),
        ("PUT", "/settings/logging", r#"{"enabled":"yes"}"#, 422, &["enabled"]),
        ("GET", "/contacts?phoneNumber=1", "", 422, &["phoneNumber"]),
        ("GET", "/contacts?limit=0", "", 422, &["limit"]),
        ("GET", "/contacts?limit=101&cursor=%25", "", 422, &["limit", "cursor"]),
        ("GET", "/contacts?cursor=bm9uZQ", "", 422, &["cursor"]),
        ("GET", "/contacts/con-99", "", 404, &[]),
        ("PATCH", "/activities/act-1", "{}", 404, &[]),
        ("GET", "/nothing", "", 404, &[]),
    ];
    for (method, path, body, status, fields) in cases {
        let reply = crm.send(method, &format!("/api/v1{path}"), &[], body).await;
        let case = format!("{method} {path} {}", body.get(..80).unwrap_or(body));
        assert_eq!(reply.status, status, "{case} {}", reply.body);
        assert!(reply.body["error"]["message"].is_string(), "{case}");
        let named = reply.body["error"]["fields"].as_object();
        let named: Vec<&str> = named.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(named, fields, "{case} {}", reply.body);
    }
    let wrong = crm.send("DELETE", "/api/v1/contacts", &[], "").await;
    assert_eq!((wrong.status, wrong.code()), (405, "method_not_allowed"));
    assert_eq!(wrong.header("allow"), Some("GET, POST"));
    let unchanged = crm.get("/api/v1/contacts").await;
    assert_eq!(ids(&unchanged.body, "contacts").len(), 6);
    assert_eq!(crm.get("/api/v1/appointments/apt-1").await.body["title"], "Widget demonstration");
}

#[tokio::test]
async fn a_repeated_creation_gets_the_first_answer() {
    let crm = client().await;
    let activity = json!({"contact_id": "con-1", "subject": "Once"});
    let message = json!({"contact_id": "con-1", "body": "Once"});
    for (path, sent) in [("/api/v1/activities", activity), ("/api/v1/messages", message)] {
        let (sent, key) = (sent.to_string(), [("Idempotency-Key", "key-1")]);
        let refused = crm.send("POST", path, &key, "{}").await;
        assert_eq!(refused.status, 422, "a refusal does not use up the key");
        let first = crm.send("POST", path, &key, &sent).await;
        let again = crm.send("POST", path, &key, &sent).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.body, again.body);
        assert_eq!(first.header("idempotent-replayed"), None);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        let other = sent.replace("Once", "Twice");
        let other = crm.send("POST", path, &key, &other).await;
        assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
        let unkeyed = crm.send("POST", path, &[], &sent).await;
        assert_ne!(unkeyed.body["id"], first.body["id"]);
        let theirs = [("Idempotency-Key", "key-1"), ("Authorization", "Bearer sandbox-key-2")];
        let theirs = crm.send("POST", path, &theirs, &sent).await;
        assert_ne!(theirs.body["id"], first.body["id"], "keys belong to a user");
    }
}

#[tokio::test]
async fn the_index_lists_routes_that_exist() {
    let crm = client().await;
    let index = crm.send("GET", "/", &[("Authorization", "")], "").await;
    assert_eq!(index.status, 200);
    let page = index.text;
    for seeded in ["sandbox-key", "Lena Lead", "+442079460123", "billie@example.com", "apt-5"] {
        assert!(page.contains(seeded), "{seeded}");
    }
    let mut routes = 0;
    for line in page.lines() {
        let mut words = line.split_whitespace();
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            continue;
        };
        if !path.starts_with('/') || !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method) {
            continue;
        }
        routes += 1;
        let path = path.replace("{id}", "no-such-id");
        let reply = crm.send(method, &path, &[], "{}").await;
        assert_ne!(reply.status, 405, "{line}");
        assert!(!reply.text.contains("no such path"), "{line}");
    }
    assert_eq!(routes, 49);
}

#[tokio::test]
async fn two_sandboxes_share_nothing_and_a_stopped_one_is_gone() {
    let (one, two) = (client().await, client().await);
    let sent = json!({"name": "Only here"});
    assert_eq!(one.post("/api/v1/contacts", &sent).await.status, 201);
    assert_eq!(one.get("/api/v1/contacts/con-7").await.status, 200);
    assert_eq!(two.get("/api/v1/contacts/con-7").await.status, 404);
    assert_eq!((one.sandbox.requests().len(), two.sandbox.requests().len()), (2, 1));

    let address = one.sandbox.address();
    let taken = SandboxOptions { listen: address, ..SandboxOptions::default() };
    assert!(start(taken.clone()).await.is_err(), "the port is in use");
    one.sandbox.stop().await;
    assert!(std::net::TcpStream::connect(address).is_err());
    let again = start(taken).await.unwrap();
    assert_eq!(again.address(), address);

    let running = again.run_until_stopped();
    tokio::select! {
        biased;
        _ = running => panic!("nobody stopped it"),
        () = std::future::ready(()) => {}
    }
    let gone = async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(30), gone).await;
    assert!(gone.is_ok(), "a dropped sandbox stops");
}

#[actix_web::test]
async fn it_starts_in_an_actix_runtime() {
    let crm = client().await;
    assert_eq!(crm.get("/api/v1/me").await.status, 200);
    crm.sandbox.stop().await;
}

#[tokio::test]
async fn requests_are_kept_as_received() {
    let crm = Client::start(SandboxOptions {
        kept_requests: 2,
        faults: Faults { faults: vec![Fault::from(Effect::LatencyMs(1))] },
        ..SandboxOptions::default()
    })
    .await;
    crm.get("/api/v1/me").await;
    crm.get("/api/v1/contacts?phone=%2B1&q=a%20b").await;
    crm.send("POST", "/api/v1/contacts", &[("X-Extra", "yes")], "{ not json").await;
    let kept = crm.sandbox.requests();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].method, "GET");
    assert_eq!(kept[0].path, "/api/v1/contacts?phone=%2B1&q=a%20b");
    assert_eq!(kept[1].body, "{ not json");
    assert_eq!(kept[1].header("x-extra"), Some("yes"));
    assert_eq!(kept[1].header("X-Extra"), Some("yes"));
    let seen = crm.get("/_sandbox/requests").await;
    assert_eq!(seen.body["requests"][1]["body"], "{ not json");
    assert_eq!(crm.sandbox.requests().len(), 2, "control requests are not kept");
}
