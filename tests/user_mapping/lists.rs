//! Whose mappings are whose, and what several admins do at once.
use super::*;

/// Q89.
#[test]
fn every_crm_has_a_list_of_its_own() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let here = world.admin();
    let others = [
        world.sign_in("one", "otherCrm", "1-admin", Some(ADMIN)),
        world.sign_in("two", "testCrm", "1-admin", Some(ADMIN)),
    ];
    let by_hand = json!([{"crmUserId": "u1", "rcExtensionId": ["202"]}]);
    assert_eq!(world.save(&here, ADMIN, &by_hand).status, 200);
    let found = json!([{"crmUserId": "u1", "rcExtensionId": ["201"]}]);
    for other in &others {
        assert_eq!(world.kept(other, ADMIN), Value::Null);
        assert_eq!(shown(&world.map(other, ADMIN, &extensions())), json!([["u1", ["201"]]]));
        assert_eq!(world.kept(other, ADMIN), found);
    }
    assert_eq!(world.kept(&here, ADMIN), by_hand);
    // Removing one list removes no other.
    assert_eq!(world.save(&others[0], ADMIN, &Value::Null).status, 200);
    assert_eq!(world.kept(&others[0], ADMIN), Value::Null);
    assert_eq!(world.kept(&others[1], ADMIN), found);
    // Nobody says for which CRM this is.
    let reply = world.save("", ADMIN, &json!([]));
    assert!(reply.status == 400 && reply.text().contains("several CRMs"), "{}", reply.text());
    assert_eq!((world.kept(&here, ADMIN), world.kept(&others[1], ADMIN)), (by_hand, found));
}

/// An admin without a session says what holds for every CRM of the account (recordings 24, `save-forms`), until one has
/// a list of its own.
#[test]
fn a_list_without_a_session_is_for_every_crm() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}, {"id": "u2", "name": "Grace Hopper"}]));
    let here = world.admin();
    let other = world.sign_in("two", "testCrm", "1-admin", Some(ADMIN));
    let for_all = json!([{"crmUserId": "u1", "rcExtensionId": ["202"]}]);
    assert_eq!(world.save("", ADMIN, &for_all).status, 200);
    assert_eq!((world.kept(&here, ADMIN), world.kept(&other, ADMIN)), (for_all.clone(), for_all.clone()));
    // What is found here is added here.
    assert_eq!(shown(&world.map(&here, ADMIN, &extensions())), json!([["u1", [202]], ["u2", [202]]]));
    assert_eq!(world.kept(&other, ADMIN), for_all);
    // Removed here, it does not come back here.
    assert_eq!(world.save(&here, ADMIN, &Value::Null).status, 200);
    assert_eq!((world.kept(&here, ADMIN), world.kept(&other, ADMIN)), (json!([]), for_all));
    // Without a session all of it goes, as long as it is clear what is meant (recordings 24, `save-null`).
    assert_eq!(world.save("", ADMIN, &Value::Null).status, 200);
    assert_eq!((world.kept(&here, ADMIN), world.kept(&other, ADMIN)), (Value::Null, Value::Null));
}

/// Each admin's CRM shows another user; all mappings stay, and so do the settings that others change meanwhile.
#[test]
fn admins_at_once_lose_nothing() {
    let mut world = World::start();
    let admins: Vec<String> = (0..12).map(|n| format!("{n}-key")).collect();
    let lists = admins
        .iter()
        .enumerate()
        .map(|(n, key)| (key.clone(), json!([{"id": key, "name": format!("User {n}")}])));
    world.set_users(Value::Object(lists.collect()));
    let sessions: Vec<String> =
        admins.iter().map(|key| world.sign_in("one", "testCrm", key, Some(ADMIN))).collect();
    let extensions: Value = (0..12).map(|n| json!({"id": n, "name": format!("user {n}")})).collect();
    std::thread::scope(|scope| {
        for (n, session) in sessions.iter().enumerate() {
            let (world, extensions) = (&world, &extensions);
            scope.spawn(move || {
                let reply = world.map(session, ADMIN, extensions);
                assert_eq!(shown(&reply), json!([[format!("{n}-key"), [n]]]));
            });
            scope.spawn(move || {
                let settings = json!({"adminSettings": {"customAdapter": {"n": n}}});
                assert_eq!(world.post("/admin/settings", session, ADMIN, &settings).status, 200);
            });
        }
    });
    world.app.kill_and_restart();
    let kept = world.kept(&sessions[0], ADMIN);
    for (n, key) in admins.iter().enumerate() {
        let mapping = json!({"crmUserId": key, "rcExtensionId": [n.to_string()]});
        assert!(kept.as_array().unwrap().contains(&mapping), "{mapping} in {kept}");
    }
    assert_eq!(kept.as_array().unwrap().len(), 12);
}
