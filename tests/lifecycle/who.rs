//! Who may do what, and the record of who did.

use super::*;

fn token(world: &World, name: &str, scopes: &[&str]) -> String {
    let body = json!({"name": name, "scopes": scopes});
    let reply = world.send("POST", "/console/api/v1/tokens", None, Some(&body));
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["secret"].as_str().unwrap().to_owned()
}

#[test]
fn each_scope_reaches_as_far_as_it_says() {
    let world = World::start();
    world.create(&world.version(1));
    world.activate(1);
    let tokens = ["read", "edit", "activate"].map(|scope| (scope, token(&world, scope, &[scope])));
    let text = json!({"text": pretty(&world.version(2))});
    let trial = json!({"operation": "findContact", "input": {"phoneNumber": "1"}});
    let nothing = json!({});
    let (read, edit, activate) = (&["read", "edit", "activate"][..], &["edit"][..], &["activate"][..]);
    for (method, below, body, allowed) in [
        ("GET", "", &nothing, read),
        ("GET", "/crm", &nothing, read),
        ("GET", "/crm/export", &nothing, read),
        ("GET", "/crm/revisions", &nothing, read),
        ("GET", "/crm/revisions/1", &nothing, read),
        ("GET", "/crm/revisions/1/text", &nothing, read),
        ("GET", "/crm/revisions/1/cases", &nothing, read),
        ("GET", "/crm/diff?from=1&to=1", &nothing, read),
        ("POST", "/crm/revisions/1/check", &nothing, read),
        ("POST", "/crm/revisions/1/explain", &trial, read),
        ("POST", "/crm/revisions/1/test", &trial, activate),
        ("POST", "", &json!({"proxyId": "new"}), edit),
        ("POST", "/import", &nothing, edit),
        ("PATCH", "/crm", &json!({"owner": "x"}), edit),
        ("POST", "/crm/revisions", &text, edit),
        ("PUT", "/crm/draft", &nothing, edit),
        ("PUT", "/crm/pins/100", &json!({"revision": 1}), activate),
        ("POST", "/crm/promote", &json!({"account": "100"}), activate),
        ("DELETE", "/crm/pins/100", &nothing, activate),
        ("POST", "/crm/activate", &json!({"revision": 1}), activate),
        ("POST", "/crm/retire", &nothing, activate),
        ("POST", "/crm/rollback", &nothing, activate),
    ] {
        for (scope, token) in &tokens {
            let etag = world.etag();
            let target = format!("{CONNECTORS}{below}");
            let body = (method != "GET").then(|| body.to_string().into_bytes());
            let reply = world.send_as(token, method, &target, Some(&etag), body);
            let expected = if allowed.contains(scope) { "let in" } else { "scope_missing" };
            let found = match reply.status {
                403 => reply.json()["error"]["code"].as_str().unwrap().to_owned(),
                _ => "let in".to_owned(),
            };
            assert_eq!(found, expected, "{scope}: {method} {below}: {} {}", reply.status, reply.text());
        }
    }
    for (token, status) in [("", 401), ("wrong", 401), (ADMIN_TOKEN, 401)] {
        let reply = world.send_as(token, "GET", CONNECTORS, None, None);
        assert_eq!(reply.status, status, "{token}: {}", reply.text());
    }
}

#[test]
fn every_change_is_recorded_with_who_did_it_and_no_refusal_is() {
    let world = World::start();
    let editor = token(&world, "Edda", &["edit"]);
    let new = json!({"proxyId": "crm", "text": pretty(&world.version(1))}).to_string().into_bytes();
    assert_eq!(world.send_as(&editor, "POST", CONNECTORS, None, Some(new)).status, 201);
    world.activate(1);
    world.upload(&world.version(2));
    world.must("PATCH", "", Some(&json!({"owner": "x", "secretKey": "not-to-be-recorded"})));
    world.must("PUT", "/pins/100", Some(&json!({"revision": 2})));
    world.must("DELETE", "/pins/100", None);
    world.must("PUT", "/pins/100", Some(&json!({"revision": 2})));
    world.must("POST", "/promote", Some(&json!({"account": "100"})));
    world.must("POST", "/rollback", None);
    let user = json!({"accessToken": "a-key"});
    let trial = json!({"operation": "findContact", "input": {"phoneNumber": "1"}, "user": user});
    let tested = world.send("POST", &format!("{CONNECTORS}/crm/revisions/1/test"), None, Some(&trial));
    assert_eq!(tested.json()["passed"], true, "{}", tested.text());
    world.must("POST", "/retire", None);
    // Refused, and so not recorded.
    world.change("POST", "/activate", Some(&json!({"revision": 9})));
    world.send("PATCH", &format!("{CONNECTORS}/crm"), Some("\"1\""), Some(&json!({"owner": "y"})));

    let entries = world.audit();
    let connectors = entries.iter().filter(|entry| entry["target"] == "connector/crm");
    let actions: Vec<&str> = connectors.map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = [
        "create",
        "activate",
        "upload",
        "configure",
        "pin",
        "unpin",
        "pin",
        "promote",
        "rollBack",
        "test",
        "retire",
    ];
    assert_eq!(actions, expected.map(|action| format!("connector.{action}")));
    let created = entries.iter().find(|entry| entry["action"] == "connector.create").unwrap();
    assert_eq!(created["tokenName"], "Edda");
    assert!(created["requestId"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(world.read(&format!("{CONNECTORS}/crm/revisions/1"))["author"], "Edda");
    assert!(!json!(entries).to_string().contains("not-to-be-recorded"));
}
