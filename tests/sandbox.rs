//! The sandbox CRM over real HTTP.

mod sandbox_client;

use std::time::Duration;

use app_connect::sandbox::{Effect, Fault, Faults, SandboxOptions, start};
use sandbox_client::{Client, KEY_2};
use serde_json::{Value, json};

const FIXED_TIME: &str = "2026-03-04T10:00:00Z";

async fn client() -> Client {
    Client::start(SandboxOptions {
        fixed_time: Some(FIXED_TIME.parse().unwrap()),
        ..SandboxOptions::default()
    })
    .await
}

/// The ids of a list, to compare it in one line.
fn ids<'a>(body: &'a Value, list: &str) -> Vec<&'a str> {
    let rows = body[list].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn contacts_are_found_by_number_and_name() {
    let crm = client().await;
    let cases: [(&str, &[&str]); 10] = [
        ("phone=%2B14155550101", &["con-1", "con-2"]),
        ("phone=+14155550102", &["con-1"]),
        ("phone=4155550103", &["con-3"]),
        ("phone=%2B442079460123", &["con-6"]),
        ("phone=020%207946%200123", &["con-6"]),
        ("phone=%2B14155559999", &[]),
        ("q=widget", &["con-1", "con-2"]),
        ("q=%C3%B3scar", &["con-5"]),
        ("q=victor&phone=%2B14155550101", &["con-2"]),
        ("", &["con-1", "con-2", "con-3", "con-4", "con-5", "con-6"]),
    ];
    for (query, expected) in cases {
        let list = crm.get(&format!("/api/v1/contacts?{query}")).await;
        assert_eq!(list.status, 200, "{query}");
        assert_eq!(ids(&list.body, "contacts"), expected, "{query}");
        assert_eq!(list.body["next_cursor"], Value::Null, "{query}");
    }
    let lead = crm.get("/api/v1/contacts/con-3").await;
    assert_eq!(
        lead.body,
        json!({
            "id": "con-3", "name": "Lena Lead", "phones": ["+14155550103"], "type": "Lead",
            "title": null, "company": "Nowhere Bakery", "email": null,
            "created_at": "2026-01-02T09:00:00Z", "last_activity_at": null,
        })
    );
}

#[tokio::test]
async fn a_new_contact_is_found_again() {
    let crm = client().await;
    let sent = json!({"name": "Nova New", "type": "Lead", "phones": ["+1 (415) 555-0177"]});
    let made = crm.post("/api/v1/contacts", &sent).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("location"), Some("/api/v1/contacts/con-7"));
    assert_eq!(made.body["id"], "con-7");
    assert_eq!(made.body["phones"], json!(["+14155550177"]));
    assert_eq!(made.body["created_at"], FIXED_TIME);
    let list = crm.get("/api/v1/contacts?phone=%2B14155550177").await;
    assert_eq!(list.body["contacts"], json!([made.body]));
    assert_eq!(crm.get("/api/v1/contacts/con-7").await.body, made.body);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let crm = client().await;
    for (path, list, expected) in [
        ("/api/v1/contacts?", "contacts", vec![4, 2]),
        ("/api/v1/contacts?q=widget&", "contacts", vec![2]),
        ("/api/v1/users?", "users", vec![3]),
        ("/api/v1/appointments?", "appointments", vec![4, 1]),
    ] {
        let (mut seen, mut sizes) = (Vec::new(), Vec::new());
        let mut cursor = String::new();
        loop {
            let page = crm.get(&format!("{path}limit=4{cursor}")).await;
            assert_eq!(page.status, 200);
            let page_ids = ids(&page.body, list);
            sizes.push(page_ids.len());
            seen.extend(page_ids.into_iter().map(str::to_owned));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(sizes, expected, "{path}");
        let whole = crm.get(path).await;
        assert_eq!(seen, ids(&whole.body, list), "{path}");
    }
}

#[tokio::test]
async fn a_call_is_logged_read_changed_and_disposed_of() {
    let crm = client().await;
    let sent = json!({
        "contact_id": "con-1", "subject": "Outbound call", "direction": "outbound",
        "description": "- Note: <b>&</b>\n", "started_at": "2026-03-03T10:00:00+01:00",
        "ended_at": "2026-03-03T09:02:00Z", "duration_seconds": 120, "external_id": "s-1",
    });
    let made = crm.post("/api/v1/activities", &sent).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("location"), Some("/api/v1/activities/act-1"));
    assert_eq!(made.body["id"], "act-1");
    assert_eq!(made.body["type"], "call");
    assert_eq!(made.body["owner_id"], "usr-1");
    assert_eq!(made.body["started_at"], "2026-03-03T09:00:00Z");
    let contact = crm.get("/api/v1/contacts/con-1").await;
    assert_eq!(contact.body["last_activity_at"], "2026-03-03T09:00:00Z");

    let change = json!({"subject": "Call with Wanda", "direction": null});
    let changed = crm.patch("/api/v1/activities/act-1", &change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["subject"], "Call with Wanda");
    assert_eq!(changed.body["direction"], Value::Null);
    assert_eq!(changed.body["description"], sent["description"]);

    let outcome = json!({"disposition": "Interested", "note": "Call back"});
    let disposed = crm
        .put("/api/v1/activities/act-1/disposition", &outcome)
        .await;
    assert_eq!(disposed.status, 200, "{}", disposed.body);
    assert_eq!(disposed.body["disposition"], "Interested");
    assert_eq!(
        crm.get("/api/v1/activities/act-1").await.body,
        disposed.body
    );

    let other = json!({"contact_id": "con-2", "subject": "Another", "type": "note"});
    assert_eq!(crm.post("/api/v1/activities", &other).await.status, 201);
    for (query, expected) in [
        ("contact_id=con-1", vec!["act-1"]),
        ("contact_id=con-2", vec!["act-2"]),
        ("contact_id=con-3", vec![]),
        ("external_id=s-1", vec!["act-1"]),
        ("", vec!["act-1", "act-2"]),
    ] {
        let list = crm.get(&format!("/api/v1/activities?{query}")).await;
        assert_eq!(ids(&list.body, "activities"), expected, "{query}");
    }
}

#[tokio::test]
async fn a_message_is_logged_read_and_changed() {
    let crm = client().await.with_key(KEY_2);
    let sent = json!({
        "contact_id": "con-6", "body": "Hello", "direction": "inbound",
        "sent_at": "2026-03-03T09:00:00Z", "attachment_urls": ["https://example.com/1.png"],
    });
    let made = crm.post("/api/v1/messages", &sent).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["id"], "msg-1");
    assert_eq!(made.body["type"], "sms");
    assert_eq!(made.body["owner_id"], "usr-2");
    let change = json!({"body": "Hello\nand goodbye"});
    let changed = crm.patch("/api/v1/messages/msg-1", &change).await;
    assert_eq!(changed.body["body"], "Hello\nand goodbye");
    assert_eq!(changed.body["attachment_urls"], sent["attachment_urls"]);
    assert_eq!(crm.get("/api/v1/messages/msg-1").await.body, changed.body);
    for (query, expected) in [("con-6", vec!["msg-1"]), ("con-1", vec![])] {
        let list = crm
            .get(&format!("/api/v1/messages?contact_id={query}"))
            .await;
        assert_eq!(ids(&list.body, "messages"), expected, "{query}");
    }
}

#[tokio::test]
async fn appointments_are_listed_made_moved_confirmed_and_cancelled() {
    let crm = client().await;
    for (query, expected) in [
        ("", vec!["apt-1", "apt-2", "apt-3", "apt-4", "apt-5"]),
        // 09:45 is the end of the first, 14:00 the start of the second: both ends are open there.
        ("from=2026-03-02T09:45:00Z&to=2026-03-02T14:00:00Z", vec![]),
        (
            "from=2026-03-02T09:44:59Z&to=2026-03-02T14:00:01Z",
            vec!["apt-1", "apt-2"],
        ),
        ("from=2026-03-04T00:00:00Z", vec!["apt-4", "apt-5"]),
        ("to=2026-03-03T00:00:00Z&status=confirmed", vec!["apt-2"]),
        ("contact_id=con-6", vec!["apt-5"]),
    ] {
        let list = crm.get(&format!("/api/v1/appointments?{query}")).await;
        assert_eq!(list.status, 200, "{query} {}", list.body);
        assert_eq!(ids(&list.body, "appointments"), expected, "{query}");
    }
    let sent = json!({
        "contact_id": "con-1", "title": "Lunch",
        "starts_at": "2026-03-02T12:00:00Z", "ends_at": "2026-03-02T13:00:00Z",
    });
    let made = crm.post("/api/v1/appointments", &sent).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(
        (&made.body["id"], &made.body["status"]),
        (&json!("apt-6"), &json!("scheduled"))
    );
    let list = crm.get("/api/v1/appointments?limit=2").await;
    assert_eq!(
        ids(&list.body, "appointments"),
        ["apt-1", "apt-6"],
        "sorted by start"
    );

    let moved = json!({"ends_at": "2026-03-02T12:30:00Z"});
    let moved = crm.patch("/api/v1/appointments/apt-6", &moved).await;
    assert_eq!(moved.body["starts_at"], sent["starts_at"]);
    assert_eq!(moved.body["ends_at"], "2026-03-02T12:30:00Z");
    for (action, status, expected) in [
        ("confirm", 200, "confirmed"),
        ("confirm", 200, "confirmed"),
        ("cancel", 200, "cancelled"),
        ("cancel", 200, "cancelled"),
        ("confirm", 409, "cancelled"),
    ] {
        let path = format!("/api/v1/appointments/apt-6/{action}");
        assert_eq!(
            crm.send("POST", &path, &[], "").await.status,
            status,
            "{action}"
        );
        let now = crm.get("/api/v1/appointments/apt-6").await;
        assert_eq!(now.body["status"], expected, "{action}");
    }
    let late = crm
        .patch("/api/v1/appointments/apt-6", &json!({"title": "No"}))
        .await;
    assert_eq!((late.status, late.code()), (409, "appointment_cancelled"));
}

#[tokio::test]
async fn users_licence_and_settings() {
    let crm = client().await;
    let me = crm.get("/api/v1/me").await;
    assert_eq!(
        me.body,
        json!({
            "id": "usr-1", "name": "Alex Sandbox", "email": "alex@example.com", "role": "admin",
            "extension": "101", "time_zone": "America/Los_Angeles",
        })
    );
    let one = crm.get("/api/v1/users?email=CHARLIE@example.com").await;
    assert_eq!(ids(&one.body, "users"), ["usr-3"]);
    assert_eq!(
        crm.get("/api/v1/users/usr-3").await.body,
        one.body["users"][0]
    );
    let license = crm.get("/api/v1/license").await;
    assert_eq!(license.body["is_valid"], true);
    assert_eq!(license.body["expires_at"], "2099-12-31T00:00:00Z");

    let change = json!({"enabled": true, "excluded_numbers": ["+1 415 555 0199"]});
    let changed = crm.put("/api/v1/settings/logging", &change).await;
    let expected = json!({
        "enabled": true, "logged_as": "user", "excluded_numbers": ["+14155550199"],
        "updated_at": FIXED_TIME,
    });
    assert_eq!((changed.status, &changed.body), (200, &expected));
    assert_eq!(crm.get("/api/v1/settings/logging").await.body, expected);
    let crm = crm.with_key(KEY_2);
    assert_eq!(crm.get("/api/v1/me").await.body["id"], "usr-2");
    let refused = crm
        .put("/api/v1/settings/logging", &json!({"enabled": false}))
        .await;
    assert_eq!((refused.status, refused.code()), (403, "admin_only"));
}

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
        (
            "POST",
            "/contacts",
            r#"{"name":"A","type":"Friend"}"#,
            422,
            &["type"],
        ),
        (
            "POST",
            "/contacts",
            r#"{"name":"A","phones":["4155550101"]}"#,
            422,
            &["phones"],
        ),
        (
            "POST",
            "/contacts",
            r#"{"name":"A","phones":"+14155550101"}"#,
            422,
            &["phones"],
        ),
        (
            "POST",
            "/contacts",
            r#"{"naem":"A"}"#,
            422,
            &["name", "naem"],
        ),
        ("POST", "/activities", "{}", 422, &["contact_id", "subject"]),
        (
            "POST",
            "/activities",
            r#"{"contact_id":"con-99","subject":"S"}"#,
            422,
            &["contact_id"],
        ),
        (
            "POST",
            "/activities",
            r#"{"contact_id":1,"subject":2}"#,
            422,
            &["contact_id", "subject"],
        ),
        (
            "POST",
            "/activities",
            r#"{"contact_id":"con-1","subject":"S","started_at":"today","duration_seconds":1.5}"#,
            422,
            &["started_at", "duration_seconds"],
        ),
        (
            "POST",
            "/messages",
            r#"{"contact_id":"con-1"}"#,
            422,
            &["body"],
        ),
        (
            "PATCH",
            "/appointments/apt-1",
            r#"{"ends_at":"2020-01-01T00:00:00Z"}"#,
            422,
            &["ends_at"],
        ),
        (
            "PATCH",
            "/appointments/apt-1",
            r#"{"title":null}"#,
            422,
            &["title"],
        ),
        (
            "PUT",
            "/settings/logging",
            r#"{"enabled":"yes"}"#,
            422,
            &["enabled"],
        ),
        ("GET", "/contacts?phoneNumber=1", "", 422, &["phoneNumber"]),
        ("GET", "/contacts?limit=0", "", 422, &["limit"]),
        (
            "GET",
            "/contacts?limit=101&cursor=%25",
            "",
            422,
            &["limit", "cursor"],
        ),
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
        let named: Vec<&str> = named
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(named, fields, "{case} {}", reply.body);
    }
    let wrong = crm.send("DELETE", "/api/v1/contacts", &[], "").await;
    assert_eq!((wrong.status, wrong.code()), (405, "method_not_allowed"));
    assert_eq!(wrong.header("allow"), Some("GET, POST"));
    let unchanged = crm.get("/api/v1/contacts").await;
    assert_eq!(ids(&unchanged.body, "contacts").len(), 6);
    assert_eq!(
        crm.get("/api/v1/appointments/apt-1").await.body["title"],
        "Widget demonstration"
    );
}

#[tokio::test]
async fn a_repeated_creation_gets_the_first_answer() {
    let crm = client().await;
    let activity = json!({"contact_id": "con-1", "subject": "Once"});
    let message = json!({"contact_id": "con-1", "body": "Once"});
    for (path, sent) in [
        ("/api/v1/activities", activity),
        ("/api/v1/messages", message),
    ] {
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
        assert_eq!(
            (other.status, other.code()),
            (422, "idempotency_key_reused")
        );
        let unkeyed = crm.send("POST", path, &[], &sent).await;
        assert_ne!(unkeyed.body["id"], first.body["id"]);
        let theirs = [
            ("Idempotency-Key", "key-1"),
            ("Authorization", "Bearer sandbox-key-2"),
        ];
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
    for seeded in [
        "sandbox-key",
        "Lena Lead",
        "+442079460123",
        "billie@example.com",
        "apt-5",
    ] {
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
    assert_eq!(routes, 32);
}

#[tokio::test]
async fn two_sandboxes_share_nothing_and_a_stopped_one_is_gone() {
    let (one, two) = (client().await, client().await);
    let sent = json!({"name": "Only here"});
    assert_eq!(one.post("/api/v1/contacts", &sent).await.status, 201);
    assert_eq!(one.get("/api/v1/contacts/con-7").await.status, 200);
    assert_eq!(two.get("/api/v1/contacts/con-7").await.status, 404);
    assert_eq!(
        (one.sandbox.requests().len(), two.sandbox.requests().len()),
        (2, 1)
    );

    let address = one.sandbox.address();
    let taken = SandboxOptions {
        listen: address,
        ..SandboxOptions::default()
    };
    assert!(start(taken.clone()).await.is_err(), "the port is in use");
    one.sandbox.stop().await;
    assert!(std::net::TcpStream::connect(address).is_err());
    let again = start(taken).await.unwrap();
    assert_eq!(again.address(), address);
    let (running, stopping) = (again.run_until_stopped(), std::future::ready(()));
    tokio::select! { biased; _ = running => panic!("nobody stopped it"), () = stopping => {} }
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
        faults: Faults {
            faults: vec![Fault::from(Effect::LatencyMs(1))],
        },
        access_token_lifetime: Duration::ZERO,
        ..SandboxOptions::default()
    })
    .await;
    crm.get("/api/v1/me").await;
    crm.get("/api/v1/contacts?phone=%2B1&q=a%20b").await;
    crm.send(
        "POST",
        "/api/v1/contacts",
        &[("X-Extra", "yes")],
        "{ not json",
    )
    .await;
    let kept = crm.sandbox.requests();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].method, "GET");
    assert_eq!(kept[0].path, "/api/v1/contacts?phone=%2B1&q=a%20b");
    assert_eq!(kept[1].body, "{ not json");
    assert_eq!(kept[1].header("x-extra"), Some("yes"));
    assert_eq!(kept[1].header("X-Extra"), Some("yes"));
    let seen = crm.get("/_sandbox/requests").await;
    assert_eq!(seen.body["requests"][1]["body"], "{ not json");
    assert_eq!(
        crm.sandbox.requests().len(),
        2,
        "control requests are not kept"
    );
}
