//! Each resource of the sandbox CRM.

use serde_json::{Value, json};

use crate::sandbox::client::{FIXED_TIME, KEY_2, client, ids};

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
            "created_at": "2026-01-03T09:00:00Z", "last_activity_at": null,
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
    let disposed = crm.put("/api/v1/activities/act-1/disposition", &outcome).await;
    assert_eq!(disposed.status, 200, "{}", disposed.body);
    assert_eq!(disposed.body["disposition"], "Interested");
    assert_eq!(crm.get("/api/v1/activities/act-1").await.body, disposed.body);

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
        let list = crm.get(&format!("/api/v1/messages?contact_id={query}")).await;
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
        ("from=2026-03-02T09:44:59Z&to=2026-03-02T14:00:01Z", vec!["apt-1", "apt-2"]),
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
    assert_eq!((&made.body["id"], &made.body["status"]), (&json!("apt-6"), &json!("scheduled")));
    let list = crm.get("/api/v1/appointments?limit=2").await;
    assert_eq!(ids(&list.body, "appointments"), ["apt-1", "apt-6"], "sorted by start");

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
        assert_eq!(crm.send("POST", &path, &[], "").await.status, status, "{action}");
        let now = crm.get("/api/v1/appointments/apt-6").await;
        assert_eq!(now.body["status"], expected, "{action}");
    }
    let late = crm.patch("/api/v1/appointments/apt-6", &json!({"title": "No"})).await;
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
    assert_eq!(crm.get("/api/v1/users/usr-3").await.body, one.body["users"][0]);
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
    let refused = crm.put("/api/v1/settings/logging", &json!({"enabled": false})).await;
    assert_eq!((refused.status, refused.code()), (403, "admin_only"));
}
