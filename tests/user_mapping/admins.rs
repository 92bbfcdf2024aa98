//! Who maps users: an admin of the account, with a session of the CRM.
use super::*;

const ROUTES: [&str; 2] = ["/admin/userMapping", "/admin/reinitializeUserMapping"];

#[test]
fn only_an_admin_with_a_session_maps_users() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    let asked = world.ringcentral.received().len();
    let body = json!({"rcExtensionList": extensions()});
    for route in ROUTES {
        for (session, words) in [("", "authorize CRM platform"), ("garbage", "authorize CRM platform")] {
            let reply = world.post(route, session, ADMIN, &body);
            assert_eq!((reply.status, reply.text().contains(words)), (400, true), "{}", reply.text());
        }
        let reply = world.post(route, &session, " ", &body);
        assert!(reply.status == 400 && reply.text().contains("X-RC-Access-Token"), "{}", reply.text());
    }
    assert_eq!(world.ringcentral.received().len(), asked, "nobody was asked who nobody is");
    for route in ROUTES {
        for (token, status, words) in [
            ("1/901", 403, "Admin validation failed"),
            ("refused", 400, r#"{"error":"Request failed with status code 401"}"#),
        ] {
            let reply = world.post(route, &session, token, &body);
            assert_eq!((reply.status, reply.text().as_str()), (status, words));
        }
    }
    assert_eq!(world.crm.count("/v1/users"), 0, "the CRM is asked for admins alone");
    assert_eq!(world.kept(&session, ADMIN), Value::Null, "and nothing is kept");
    // Older clients send the token in the query, or in the body.
    let mut in_body = body.clone();
    in_body["rcAccessToken"] = ADMIN.into();
    for (target, body) in
        [("/admin/userMapping?rcAccessToken=1/900/admin", body), ("/admin/userMapping", in_body)]
    {
        let reply = world.app.post(target, &session, &body);
        assert_eq!(shown(&reply), json!([["u1", ["201"]]]));
    }
}

/// Q91.
#[test]
fn who_signed_out_maps_nobody() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    assert_eq!(world.app.post("/unAuthorize", &session, &json!({})).status, 200);
    for route in ROUTES {
        let reply = world.post(route, &session, ADMIN, &json!({"rcExtensionList": extensions()}));
        assert_eq!((reply.status, reply.text().as_str()), (400, "User not found"));
    }
    assert_eq!(world.crm.count("/v1/users"), 0);
}

/// An admin of another account neither sees nor changes the mappings of this one, with whatever session.
#[test]
fn mappings_are_those_of_the_tokens_account() {
    let world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    let by_hand = json!([{"crmUserId": "u1", "rcExtensionId": ["202"]}]);
    assert_eq!(world.save(&session, ADMIN, &by_hand).status, 200);
    let stranger = world.sign_in("one", "testCrm", "2-admin", Some("2/900/admin"));
    for session in [&stranger, &session] {
        let reply = world.map(session, "2/900/admin", &extensions());
        assert_eq!(shown(&reply), json!([["u1", ["201"]]]), "matched, and not as account 1 wrote it");
        let anew = world.post(
            "/admin/reinitializeUserMapping",
            session,
            "2/900/admin",
            &json!({"rcExtensionList": []}),
        );
        assert_eq!(shown(&anew), json!([["u1", []]]));
    }
    assert_eq!(world.save(&stranger, "2/900/admin", &Value::Null).status, 200);
    assert_eq!(world.kept(&session, ADMIN), by_hand);
    assert_eq!(shown(&world.map(&session, ADMIN, &extensions())), json!([["u1", [202]]]));
}

/// That the document is gone is told, and is no empty list.
#[test]
fn a_document_that_is_gone_is_told() {
    let mut world = World::start();
    world.set_users(json!([{"id": "u1", "name": "Ada Lovelace"}]));
    let session = world.admin();
    let file = world.app.document("one");
    world.app.kill_and_restart_after(|_| std::fs::remove_file(&file).unwrap());
    let body = json!({"rcExtensionList": extensions(), "additionalFieldValues": {"a": 1}});
    for route in ROUTES.into_iter().chain(["/admin/serverLoggingSettings"]) {
        let reply = world.post(route, &session, ADMIN, &body);
        assert!(reply.status == 400 && reply.text().contains("not in service"), "{route}: {}", reply.text());
    }
    assert_eq!(world.crm.count("/v1/users"), 0);
}
