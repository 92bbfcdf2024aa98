//! The call-down list.
use super::*;

fn ordinary_site() -> (TestServer, String, Crm) {
    start(|_| {}, test_server::ordinary)
}

fn scheduled(server: &TestServer, token: &str, item: &Value) -> String {
    let reply = server.post("/calldown", token, item);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["id"].as_str().expect("an id").to_owned()
}

fn items(server: &TestServer, token: &str, query: &str) -> Vec<Value> {
    let reply = server.get(&format!("/calldown{query}"), token);
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    reply.json()["items"].as_array().expect("a list").clone()
}

/// Q20.
#[test]
fn name_number_and_note_are_kept_and_can_be_changed() {
    let (mut server, token, _crm) = ordinary_site();
    let words = json!({"contactName": "Carol", "phoneNumber": "+14155550123", "note": "After lunch."});
    let id = scheduled(&server, &token, &words);
    let kept = |server: &TestServer| {
        let item = items(server, &token, "").remove(0);
        json!({"contactName": item["contactName"], "phoneNumber": item["phoneNumber"], "note": item["note"]})
    };
    assert_eq!(kept(&server), words);
    let target = format!("/calldown/{id}");
    assert_eq!(
        send(&server, "PATCH", &target, &token, &json!({"note": "At three.", "contactName": ""})).status,
        200
    );
    server.kill_and_restart();
    assert_eq!(
        kept(&server),
        json!({"contactName": null, "phoneNumber": "+14155550123", "note": "At three."})
    );
    // What was not named in the change is as it was.
    let item = items(&server, &token, "").remove(0);
    assert_eq!((&item["id"], &item["status"]), (&json!(id), &json!("scheduled")));
}

#[test]
fn items_of_one_date_come_in_the_order_they_were_made() {
    let (server, token, _crm) = ordinary_site();
    let made: Vec<String> = (0..30).map(|n| scheduled(&server, &token, &json!({"contactId": n}))).collect();
    let listed: Vec<Value> = items(&server, &token, "").into_iter().map(|item| item["id"].clone()).collect();
    assert_eq!(listed, made);
}

/// Simultaneous changes of different fields do not undo each other, and none brings back an item
/// that was removed.
#[test]
fn simultaneous_changes_all_stay() {
    let (server, token, _crm) = ordinary_site();
    let target = format!("/calldown/{}", scheduled(&server, &token, &json!({})));
    let changes = [
        ("contactId", json!("c-1")),
        ("contactType", json!("Lead")),
        ("contactName", json!("Carol")),
        ("phoneNumber", json!("+14155550123")),
        ("status", json!("called")),
        ("scheduledAt", json!("2024-05-01T10:00:00.000Z")),
        ("lastCallAt", json!("2024-05-02T10:00:00.000Z")),
        ("note", json!("n")),
    ];
    let change_all = || {
        std::thread::scope(|scope| {
            for (name, value) in &changes {
                let (server, target, token) = (&server, &target, &token);
                scope.spawn(move || send(server, "PATCH", target, token, &json!({*name: value})));
            }
        });
    };
    change_all();
    let item = items(&server, &token, "").remove(0);
    for (name, value) in &changes {
        assert_eq!(&item[name], value, "{item}");
    }
    std::thread::scope(|scope| {
        scope.spawn(change_all);
        scope.spawn(|| assert_eq!(send(&server, "DELETE", &target, &token, &json!({})).status, 200));
    });
    assert_eq!(items(&server, &token, ""), [Value::Null; 0]);
}

#[test]
fn bodies_of_another_shape_are_refused_with_words() {
    let (server, token, _crm) = ordinary_site();
    for body in [json!([]), json!("x"), json!(5)] {
        let reply = server.post("/calldown", &token, &body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(
            reply.json()["error"].as_str().is_some_and(|text| text.contains("JSON object")),
            "{}",
            reply.text()
        );
    }
    let long = json!({"note": "n".repeat(200_000)});
    let reply = server.post("/calldown", &token, &long);
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(items(&server, &token, "").is_empty());
}
