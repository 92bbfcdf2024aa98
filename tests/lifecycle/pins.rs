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
