//! What belongs to one user, and what admins set for one account.
use super::support::client::Response;
use super::*;

/// A request with a RingCentral token and without a session, or with one.
fn with_rc(world: &World, method: &str, target: &str, rc_token: &str, session: Option<&str>) -> Response {
    with_rc_and_body(world, method, target, rc_token, session, &json!({}))
}

fn with_rc_and_body(
    world: &World,
    method: &str,
    target: &str,
    rc_token: &str,
    session: Option<&str>,
    body: &Value,
) -> Response {
    let bearer = session.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("X-RC-Access-Token", rc_token), ("Content-Type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    world.site.send(method, target, &headers, Some(body.to_string().into_bytes()))
}

#[test]
fn call_down_items_are_their_users() {
    let world = world();
    let item = json!({"contactId": "c-1", "contactName": "Ada", "note": "of the owner"});
    let scheduled = world.site.post("/calldown", &world.owner, &item).json();
    let target = format!("/calldown/{}", scheduled["id"].as_str().expect("an id"));
    let list = |token: &str| world.site.get("/calldown", token).json()["items"].clone();
    let before = list(&world.owner);
    assert_eq!(before[0]["note"], "of the owner");
    for (who, token) in world.outsiders() {
        assert_eq!(list(token), json!([]), "{who}");
        for (method, body) in [("PATCH", json!({"note": "of a stranger"})), ("DELETE", json!({}))] {
            let reply = world.send(method, &target, token, &body);
            assert_eq!((reply.status, reply.json()), (400, json!({"error": "Not found"})), "{who} {method}");
        }
        assert_eq!(list(&world.owner), before, "{who}");
    }
    // Those who have items of their own see just these.
    for (who, token) in world.outsiders() {
        assert_eq!(world.site.post("/calldown", token, &json!({"note": who})).status, 200);
    }
    for (who, token) in world.outsiders() {
        let items = list(token);
        assert_eq!((items.as_array().map(Vec::len), &items[0]["note"]), (Some(1), &json!(who)));
    }
    assert_eq!(list(&world.owner), before);
}

#[test]
fn settings_are_their_users() {
    let world = world();
    let set = |token: &str, value: &str| {
        let reply =
            world.site.post("/user/settings", token, &json!({"userSettings": {"s": {"value": value}}}));
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    let read = |token: &str| world.site.get("/user/settings", token).json();
    set(&world.owner, "of the owner");
    for (who, token) in world.outsiders() {
        assert_eq!(read(token), json!({}), "{who}");
        set(token, who);
    }
    assert_eq!(read(&world.owner), json!({"s": {"value": "of the owner"}}));
    for (who, token) in world.outsiders() {
        let removed = world.site.post("/user/settings", token, &json!({"settingKeysToRemove": ["s"]}));
        assert_eq!(removed.json(), json!({"userSettings": {}}), "{who}");
    }
    assert_eq!(read(&world.owner), json!({"s": {"value": "of the owner"}}));
}

#[test]
fn admins_set_for_their_own_account_only() {
    let world = world();
    let save = |rc_token: &str, value: &str| {
        let body = json!({"adminSettings": {"userSettings": {"s": {"value": value}}}});
        with_rc_and_body(&world, "POST", "/admin/settings", rc_token, None, &body).status
    };
    assert_eq!(save("A-admin", "of A"), 200);
    assert_eq!(save("A", "of no admin"), 403);
    assert_eq!(save("B-admin", "of B"), 200);
    let managed = |rc_token: &str| {
        with_rc(&world, "GET", "/admin/settings", rc_token, Some(&world.owner)).json()["userSettings"].clone()
    };
    assert_eq!(managed("A-admin"), json!({"s": {"value": "of A"}}));
    assert_eq!(managed("B-admin"), json!({"s": {"value": "of B"}}));
    assert_eq!(with_rc(&world, "GET", "/admin/settings", "A", Some(&world.owner)).status, 403);
    // Users get what the admins of their token's account set.
    let effective = |rc_token: &str, session: &str| {
        with_rc(&world, "GET", "/user/settings", rc_token, Some(session)).json()["s"].clone()
    };
    let preloaded = |rc_token: &str| with_rc(&world, "GET", "/user/preloadSettings", rc_token, None).json();
    for (_, token) in &world.strangers {
        assert_eq!(effective("A", token), json!({"value": "of A"}));
        assert_eq!(effective("B", token), json!({"value": "of B"}));
        assert_eq!(effective("C", token), Value::Null);
    }
    assert_eq!(preloaded("A"), json!({"userSettings": {"s": {"value": "of A"}}}));
    assert_eq!(preloaded("C"), json!({}));
}

/// What is remembered for an outage is the user's own licence.
#[test]
fn licences_are_their_users() {
    let world = world();
    let licence = |token: &str| world.site.get("/licenseStatus", token).json();
    assert_eq!(licence(&world.owner)["licenseStatus"], "7-owner");
    world.outage.store(true, Ordering::Release);
    for (who, token) in world.outsiders() {
        let reply = licence(token);
        assert_eq!(reply["licenseStatus"], "Unknown", "{who}: {reply}");
        assert!(!reply.to_string().contains("7-owner"), "{who}: {reply}");
    }
    let reply = licence(&world.owner);
    assert_eq!((&reply["licenseStatus"], &reply["isLicenseValid"]), (&json!("7-owner"), &json!(true)));
    // What another's CRM says changes nobody else's.
    world.outage.store(false, Ordering::Release);
    world.outsiders().for_each(|(_, token)| drop(licence(token)));
    world.outage.store(true, Ordering::Release);
    assert_eq!(licence(&world.owner)["licenseStatus"], "7-owner");
}

/// Each is answered from their own record, and asks the CRM with their own key.
#[test]
fn profiles_are_their_users() {
    let world = world();
    let login = json!({"platform": "testCrm", "proxyId": "one", "apiKey": "7-owner", "hostname": "owner.example.com"});
    assert_eq!(world.site.send_login(&login).status, 200);
    assert_eq!(world.site.get("/hostname", &world.owner).text(), "owner.example.com");
    for (who, token) in world.outsiders() {
        assert_eq!(world.site.get("/hostname", token).text(), "", "{who}");
        let asked = world.crm.count("/v1/me");
        assert_eq!(world.site.get("/authValidation", token).json()["successful"], true, "{who}");
        let received = world.crm.received();
        let keys: Vec<_> =
            received.iter().filter(|request| request.path() == "/v1/me").map(site::api_key).collect();
        assert!(!keys[asked..].contains(&"7-owner".to_owned()), "{who}: {keys:?}");
        assert_eq!(world.site.get("/accountData?keys=a", token).status, 400, "{who}");
        // One's sign-out is nobody else's.
        assert_eq!(world.site.post("/unAuthorize", token, &json!({})).status, 200);
        assert_eq!(world.site.get("/authValidation", token).json()["successful"], false, "{who}");
        assert_eq!(world.site.get("/authValidation", &world.owner).json()["successful"], true, "{who}");
    }
}
