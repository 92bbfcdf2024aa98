//! Canaries, allowed accounts, and force with a reason.

use super::*;

#[test]
fn a_pinned_account_has_its_revision_until_it_is_promoted() {
    let world = World::start();
    world.create(&world.version(1));
    world.activate(1);
    let (canary, other) = (world.sign_in("100"), world.sign_in("200"));
    let second = world.upload(&world.version(2));
    let pinned = world.must("PUT", "/pins/100", Some(&json!({"revision": second})));
    assert_eq!(pinned["pins"], json!({"100": 2}));
    assert_eq!((world.version_of(&canary), world.version_of(&other)), (Ok(2), Ok(1)));
    world.must("DELETE", "/pins/100", None);
    assert_eq!((world.version_of(&canary), world.version_of(&other)), (Ok(1), Ok(1)));
    let unpinned = world.change("DELETE", "/pins/100", None);
    assert_eq!(error_of(&unpinned), (409, "account_not_pinned".to_owned()));

    world.must("PUT", "/pins/100", Some(&json!({"revision": second})));
    let promoted = world.must("POST", "/promote", Some(&json!({"account": "100"})));
    assert_eq!((&promoted["activeRevision"], &promoted["pins"]), (&json!(2), &json!({})));
    assert_eq!((world.version_of(&canary), world.version_of(&other)), (Ok(2), Ok(2)));
    world.must("POST", "/rollback", None);
    assert_eq!((world.version_of(&canary), world.version_of(&other)), (Ok(1), Ok(1)));
}

#[test]
fn only_allowed_accounts_sign_in_and_go_on() {
    let world = World::start();
    world.create(&world.version(1));
    world.activate(1);
    let (inside, outside) = (world.sign_in("100"), world.sign_in("200"));
    world.must("PATCH", "", Some(&json!({"allowedAccounts": ["100"]})));
    assert_eq!(world.version_of(&inside), Ok(1));
    assert!(world.version_of(&outside).is_err(), "whose account was taken away is served no more");
    for account in [Some("200"), None] {
        let mut login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key"});
        login["rcAccessToken"] = json!(account);
        let reply = world.app.send_login(&login);
        assert!(reply.text().contains("not open to your RingCentral account"), "{}", reply.text());
    }
    let refused = world.change("PUT", "/pins/200", Some(&json!({"revision": 1})));
    assert_eq!(error_of(&refused), (409, "account_not_allowed".to_owned()));
    world.must("PATCH", "", Some(&json!({"allowedAccounts": null})));
    assert_eq!(world.version_of(&outside), Ok(1));
}

/// At an OAuth callback the account is only a claim. It lets somebody sign in at the CRM, which is their own business; the
/// connector serves those whose account is proved.
#[test]
fn a_claimed_account_signs_in_and_is_served_once_it_is_proved() {
    let world = World::start();
    let mut document = world.version(1);
    document["auth"] = json!({
        "type": "oauth", "clientId": "cid",
        "tokenUrl": format!("{}/oauth/token", world.crm.origin()),
        "authorizationUrl": format!("{}/oauth/authorize", world.crm.origin()),
        "redirectUri": "https://app.test/redirect", "scheme": "Basic",
        "credentialTemplate": "{{user.accessToken}}:"
    });
    world.create(&document);
    world.activate(1);
    world.must("PATCH", "", Some(&json!({"allowedAccounts": ["100"]})));
    let callback = |code: &str, more: &str| {
        let uri = format!("https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3D{code}%26state%3Dplatform%253DtestCrm");
        let target = format!("/oauth-callback?proxyId=crm&callbackUri={uri}{more}");
        world.app.send("GET", &target, &[], None)
    };
    for more in ["", "&rcAccountId=200"] {
        let refused = callback("1-key", more);
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains("not open to your RingCentral account"), "{}", refused.text());
    }
    let claimed = callback("1-key", "&rcAccountId=100").json();
    let token = claimed["jwtToken"].as_str().unwrap_or_else(|| panic!("{claimed}"));
    assert!(world.version_of(token).is_err(), "a claim is served nothing");
    let bearer = format!("Bearer {token}");
    let prove = |account: &str| {
        let headers = [("Authorization", bearer.as_str()), ("X-RC-Access-Token", account)];
        world.app.send("GET", "/admin/settings", &headers, None)
    };
    prove("100");
    assert_eq!(world.version_of(token), Ok(1), "the client asks for the settings after every sign-in");
}

#[test]
fn the_manifest_of_a_connector_that_serves_is_handed_out() {
    let world = World::start();
    let manifest = || {
        let reply = world.app.send("GET", "/crmManifest?platformName=x&proxyId=crm", &[], None);
        (reply.status, reply.text())
    };
    world.create(&world.version(1));
    world.must("PATCH", "", Some(&json!({"manifest": {"name": "CRM"}})));
    assert_eq!(manifest().0, 400, "a draft is nobody's business");
    world.activate(1);
    let base = format!("http://{}/p/crm", world.app.server.address());
    assert_eq!(manifest(), (200, format!(r#"{{"name":"CRM","serverUrl":"{base}"}}"#)));
    world.must("POST", "/retire", None);
    assert_eq!(manifest().0, 400);
}

#[test]
fn what_has_mistakes_serves_only_by_force_and_with_a_reason() {
    let world = World::start();
    let mut document = world.version(1);
    document["operations"]["findContact"]["urll"] = json!("/x");
    world.create(&document);
    let refused = world.change("POST", "/activate", Some(&json!({"revision": 1})));
    assert_eq!(error_of(&refused), (422, "checks_failed".to_owned()));
    for force in [json!({}), json!({"reason": " "}), json!(true), json!({"reason": "x", "really": true})] {
        let refused = world.change("POST", "/activate", Some(&json!({"revision": 1, "force": force})));
        assert_eq!(error_of(&refused), (400, "invalid_request".to_owned()), "{force}");
    }
    let force = json!({"reason": "the CRM's outage cannot wait"});
    world.must("POST", "/activate", Some(&json!({"revision": 1, "force": force})));
    let token = world.sign_in("100");
    assert_eq!(world.version_of(&token), Ok(1));
    let recorded = world.audit().into_iter().rfind(|entry| entry["action"] == "connector.activate").unwrap();
    assert_eq!(recorded["target"], "connector/crm");
    assert_eq!(
        recorded["detail"],
        json!({
            "before": null, "revision": 1,
            "forced": {
                "reason": "the CRM's outage cannot wait", "failedCases": [], "failedCasesInAll": 0,
                "summary": {"errors": 0, "mistakes": 1, "warnings": 0},
            },
        })
    );
    let pinned = world.change("PUT", "/pins/100", Some(&json!({"revision": 1})));
    assert_eq!(error_of(&pinned), (422, "checks_failed".to_owned()));
}
