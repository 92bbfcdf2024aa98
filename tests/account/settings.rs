//! Users' settings and those that admins manage.
use super::*;

/// A server and a RingCentral platform where the token `admin` is an admin's.
fn managed() -> (TestServer, String, Crm) {
    let ringcentral = Crm::start(|request: &Request| {
        let is_admin = request.header("authorization") == Some("Bearer admin");
        let permissions = json!({"admin": {"enabled": is_admin}});
        Answer::json(&json!({"id": 1, "account": {"id": 4242}, "permissions": permissions}))
    });
    let crm = Crm::start(test_server::ordinary);
    let server = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("RINGCENTRAL_SERVER", ringcentral.origin())
    });
    let token = server.sign_in("crm", "testCrm", "1-key");
    (server, token, ringcentral)
}

/// Q11.
#[test]
fn without_a_ringcentral_token_nobody_is_asked() {
    let (server, token, ringcentral) = managed();
    let body = json!({"adminSettings": {"userSettings": {"a": {"value": 1}}}}).to_string().into_bytes();
    let json_body = ("Content-Type", "application/json");
    for headers in [
        vec![json_body],
        vec![json_body, ("X-RC-Access-Token", "")],
        vec![json_body, ("X-RC-Access-Token", " ")],
    ] {
        let reply = server.send("POST", "/admin/settings", &headers, Some(body.clone()));
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(
            reply.json()["error"].as_str().is_some_and(|text| text.contains("X-RC-Access-Token")),
            "{}",
            reply.text()
        );
    }
    assert_eq!(server.get("/admin/settings", &token).status, 400);
    assert_eq!(server.get("/admin/settings?rcAccessToken=", &token).status, 400);
    assert_eq!(ringcentral.received().len(), 0);
    // Older clients send it in the query.
    let saved = server.send("POST", "/admin/settings?rcAccessToken=admin", &[json_body], Some(body));
    assert_eq!((saved.status, saved.text()), (200, "Admin settings updated".to_owned()));
    let read = server.get("/admin/settings?rcAccessToken=admin", &token).json();
    assert_eq!(read["userSettings"], json!({"a": {"value": 1}}));
    assert_eq!(ringcentral.received().len(), 2);
}

/// An admin cannot set what is not a setting, and tokens never come back.
#[test]
fn only_settings_are_taken_from_admins() {
    let (server, token, _ringcentral) = managed();
    let save = |settings: Value| {
        let headers = [("X-RC-Access-Token", "admin"), ("Content-Type", "application/json")];
        let body = json!({"adminSettings": settings}).to_string().into_bytes();
        server.send("POST", "/admin/settings", &headers, Some(body))
    };
    let hostile = json!({"id": "other", "adminAccessToken": "secret", "userSettings": {"a": {"value": 1}}, "userMappings": []});
    assert_eq!(save(hostile).status, 200);
    let read = || server.get("/admin/settings?rcAccessToken=admin", &token).json();
    let before = read();
    assert_ne!(before["id"], "other");
    assert_eq!((&before["adminAccessToken"], &before["userMappings"]), (&Value::Null, &json!([])));
    // What is not submitted stays; what has another shape is refused (Q88).
    assert_eq!(save(json!({"customAdapter": {"c": 1}})).status, 200);
    let odd = [
        json!([]),
        json!({"userSettings": "x"}),
        json!({"userSettings": [1]}),
        json!({"userMappings": {"u1": "201"}}),
        json!({"userMappings": [1]}),
        json!({"userMappings": [{"rcExtensionId": ["201"]}], "userSettings": {"b": {"value": 1}}}),
    ];
    for odd in odd {
        let reply = save(odd);
        assert_eq!(reply.status, 400, "{}", reply.text());
    }
    let after = read();
    assert_eq!((&after["userSettings"], &after["userMappings"]), (&before["userSettings"], &json!([])));
    assert_eq!((&after["customAdapter"], &after["createdAt"]), (&json!({"c": 1}), &before["createdAt"]));
}

#[test]
fn simultaneous_changes_all_stay() {
    let (mut server, token, _crm) = start(|_| {}, test_server::ordinary);
    std::thread::scope(|scope| {
        for n in 0..20 {
            let (server, token) = (&server, &token);
            scope.spawn(move || {
                let key = format!("k{n}");
                let reply = server.post(
                    "/user/settings",
                    token,
                    &json!({"userSettings": {key.as_str(): {"value": n}}}),
                );
                assert_eq!(reply.json()["userSettings"][&key]["value"], n, "{}", reply.text());
            });
        }
    });
    server.kill_and_restart();
    let settings = server.get("/user/settings", &token).json();
    for n in 0..20 {
        assert_eq!(settings[format!("k{n}")], json!({"value": n}), "{settings}");
    }
}

/// A change of settings that meets a sign-out does not bring the tokens back.
#[test]
fn settings_never_undo_a_sign_out() {
    let (server, _token, _crm) = start(|_| {}, test_server::ordinary);
    for round in 0..10 {
        let token = server.sign_in("crm", "testCrm", "1-key");
        std::thread::scope(|scope| {
            for n in 0..4 {
                let (server, token) = (&server, &token);
                scope.spawn(move || {
                    server.post("/user/settings", token, &json!({"userSettings": {"k": {"value": n}}}))
                });
            }
            scope.spawn(|| assert_eq!(server.post("/unAuthorize", &token, &json!({})).status, 200));
        });
        let found = server.get("/contact?phoneNumber=1", &token);
        assert_eq!(found.json()["successful"], false, "round {round}: {}", found.text());
    }
}

#[test]
fn settings_of_another_shape_or_size_are_refused_and_change_nothing() {
    let (server, token, _crm) = start(|_| {}, test_server::ordinary);
    server.post("/user/settings", &token, &json!({"userSettings": {"a": {"value": 1}}}));
    for odd in [json!("x"), json!([1]), json!(5)] {
        let reply = server.post("/user/settings", &token, &json!({"userSettings": odd}));
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(
            reply.json()["error"].as_str().is_some_and(|text| text.contains("userSettings")),
            "{}",
            reply.text()
        );
    }
    let large = json!({"userSettings": {"b": {"value": "x".repeat(200_000)}}});
    assert_eq!(server.post("/user/settings", &token, &large).status, 413);
    assert_eq!(server.get("/user/settings", &token).json(), json!({"a": {"value": 1}}));
}
