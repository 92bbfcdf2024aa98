//! Requests and answers of the CRM that cannot be used get words, and change nothing.
use super::*;

#[track_caller]
fn refused(reply: &Response, words: &[&str]) {
    assert_eq!(reply.status, 400, "{}", reply.text());
    let error = reply.json()["error"].as_str().expect("an error").to_owned();
    assert!(words.iter().all(|words| error.contains(words)), "{error}");
}

/// Q90.
#[test]
fn lists_that_are_none_get_words() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    for route in ["/admin/userMapping", "/admin/reinitializeUserMapping"] {
        let ask = |body: &Value| world.post(route, &session, ADMIN, body);
        refused(&ask(&json!({})), &["rcExtensionList is missing", "firstName"]);
        refused(&ask(&json!({"rcExtensionList": null})), &["rcExtensionList is missing"]);
        refused(&ask(&json!({"rcExtensionList": {"201": {"id": "201"}}})), &["rcExtensionList is an object"]);
        refused(&ask(&json!({"rcExtensionList": "201"})), &["rcExtensionList is text"]);
        for users in [json!({"a": 1}), json!("none")] {
            world.set_users(users);
            refused(&ask(&json!({"rcExtensionList": extensions()})), &["body.users", "not a list"]);
        }
        world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    }
    assert_eq!(world.kept(&session, ADMIN), Value::Null, "nothing was kept");
    // Without users there is nobody to match.
    world.set_users(json!([]));
    let reply = world.post("/admin/userMapping", &session, ADMIN, &json!({}));
    assert_eq!((reply.status, reply.json()), (200, json!([])));
}

#[test]
fn more_extensions_than_an_account_has_get_words() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    let many = |count: usize| json!(vec![json!({"id": 1, "name": "Ada Lovelace"}); count]);
    refused(&world.map(&session, ADMIN, &many(50_001)), &["has 50001 extensions", "at most 50000"]);
    // More values, or more bytes, than are read at all.
    for (body, words) in [
        (many(200_000), "more than 400000 values. Send fewer"),
        (json!([{"id": "x".repeat(13 << 20)}]), "larger than 12582912 bytes"),
    ] {
        let reply = world.map(&session, ADMIN, &body);
        assert!(reply.status == 413 && reply.text().contains(words), "{} {}", reply.status, reply.text());
    }
    assert_eq!(world.kept(&session, ADMIN), Value::Null);
}

/// The status of the CRM is told as the recordings have it (24, `userMapping-crm-401`, `-crm-500`); no key leaves.
#[test]
fn a_failing_crm_is_told() {
    let world = World::start();
    let session = world.admin();
    for status in [401, 403, 404, 429, 500] {
        world.set_users(json!({"status": status}));
        let reply = world.map(&session, ADMIN, &extensions());
        refused(&reply, &[&format!("Request failed with status code {status}")]);
        assert!(!reply.text().contains("1-admin"));
    }
    assert_eq!(world.kept(&session, ADMIN), Value::Null);
}

#[test]
fn a_document_without_a_list_of_users_has_none() {
    let world = World::start_with(|document| {
        document["operations"].as_object_mut().unwrap().shift_remove("getUserList");
    });
    let session = world.admin();
    let reply = world.map(&session, ADMIN, &extensions());
    assert_eq!((reply.status, reply.json()), (200, json!([])));
    assert_eq!(world.crm.count("/v1/users"), 0);
}
