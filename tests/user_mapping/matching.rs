//! What is found, what is kept, and what is told of the rest.
use super::*;

const NOTES: &str = "x-user-mapping-notes";

#[test]
fn what_is_found_is_kept_and_what_admins_write_holds() {
    let mut world = World::start();
    world.set_users(json!([
        {"id": "u1", "name": "Somebody", "email": " ADA@example.com"}, {"id": 2, "name": "grace hopper"},
        {"id": "u3", "name": "Nobody"}
    ]));
    let session = world.admin();
    let reply = world.map(&session, ADMIN, &extensions());
    assert_eq!(
        reply.json(),
        json!([
            {"crmUser": {"id": "u1", "name": "Somebody", "email": " ADA@example.com"},
             "rcUser": [{"extensionId": "201", "name": "Ada Lovelace", "extensionNumber": "101", "email": "ada@example.com"}]},
            {"crmUser": {"id": 2, "name": "grace hopper", "email": ""},
             "rcUser": [{"extensionId": 202, "name": "Grace Hopper", "extensionNumber": 102, "email": ""}]},
            {"crmUser": {"id": "u3", "name": "Nobody", "email": ""}, "rcUser": []}
        ])
    );
    assert_eq!(reply.header(NOTES), None, "nothing is missing");
    let found =
        json!([{"crmUserId": "u1", "rcExtensionId": ["201"]}, {"crmUserId": "2", "rcExtensionId": ["202"]}]);
    assert_eq!(world.kept(&session, ADMIN), found);
    // By hand: one for nobody, one for another, one for both.
    let by_hand = json!([
        {"crmUserId": "u1", "rcExtensionId": []}, {"crmUserId": 2, "rcExtensionId": 201},
        {"crmUserId": "u3", "rcExtensionId": ["202", "201"]}
    ]);
    assert_eq!(world.save(&session, ADMIN, &by_hand).text(), "Admin settings updated");
    world.app.kill_and_restart();
    let reply = world.map(&session, ADMIN, &extensions());
    assert_eq!(shown(&reply), json!([["u1", []], [2, ["201"]], ["u3", ["201", 202]]]));
    // From the beginning again, if an admin says so.
    let body = json!({"rcExtensionList": extensions()});
    let reply = world.post("/admin/reinitializeUserMapping", &session, ADMIN, &body);
    assert_eq!(shown(&reply), json!([["u1", ["201"]], [2, [202]], ["u3", []]]));
    assert_eq!(world.kept(&session, ADMIN), found);
}

/// Q86.
#[test]
fn what_cannot_be_mapped_is_counted() {
    let world = World::start();
    world.set_users(json!([{"name": "Ada Lovelace"}, null, "text", {"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    let mut sent = extensions();
    sent.as_array_mut().unwrap().extend([json!({"name": "Ada Lovelace"}), Value::Null]);
    let reply = world.map(&session, ADMIN, &sent);
    assert_eq!(shown(&reply), json!([[null, []], [null, []], [null, []], ["u1", ["201"]]]));
    assert_eq!(
        reply.header(NOTES),
        Some(
            "3 users of the CRM without a usable id cannot be mapped; 2 entries of rcExtensionList without a usable id were skipped"
        )
    );
    assert_eq!(world.kept(&session, ADMIN), json!([{"crmUserId": "u1", "rcExtensionId": ["201"]}]));
    let warnings =
        world.app.log_lines().into_iter().filter(|line| line.to_string().contains("rcExtensionList"));
    assert_eq!(warnings.count(), 1, "the operator reads it as well");
}

/// A CRM may have more users than are taken of a list.
#[test]
fn a_list_that_is_cut_says_so() {
    let world = World::start();
    let users: Vec<Value> =
        (0..10_050).map(|n| json!({"id": n, "email": format!("{n}@example.com")})).collect();
    world.set_users(json!(users));
    let session = world.admin();
    let extensions: Vec<Value> =
        (0..50_000).rev().map(|n| json!({
            "id": n + 400_000_000, "name": format!("Extension {n}"), "firstName": "Extension", "lastName": n.to_string(),
            "extensionNumber": n.to_string(), "email": format!("{n}@EXAMPLE.com")
        })).collect();
    let reply = world.map(&session, ADMIN, &json!(extensions));
    let rows = reply.json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 10_000, "{}", reply.text().chars().take(300).collect::<String>());
    assert!(rows.iter().enumerate().all(|(n, row)| row["rcUser"][0]["extensionId"] == n + 400_000_000));
    let notes = reply.header(NOTES).unwrap_or_default();
    assert!(notes.contains("10050 users") && notes.contains("first 10000"), "{notes}");
    // All of it is kept, which is more than a record of the store holds.
    let kept = world.kept(&session, ADMIN);
    assert_eq!(kept.as_array().unwrap().len(), 10_000);
    assert_eq!(kept[9_999], json!({"crmUserId": "9999", "rcExtensionId": ["400009999"]}));
    // Some users come and go, and the list stays whole.
    world.set_users(json!(users[10_000..]));
    let reply = world.map(&session, ADMIN, &json!(extensions));
    assert_eq!(reply.json().as_array().unwrap().len(), 50);
    assert_eq!(world.kept(&session, ADMIN).as_array().unwrap().len(), 10_050);
}
