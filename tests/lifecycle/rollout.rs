//! Under load: upload, mend, activate, roll back; no request fails and none is served by another
//! version than the one that is active.

use super::*;
use crate::support::server::Options;
use std::time::Duration;

fn case(world: &World, asked: u64) -> Value {
    json!({
        "name": "asks-for-its-version", "operation": "findContact", "description": "The version is sent along.",
        "input": {"phoneNumber": "1", "user": {"accessToken": "k"}, "apiKey": "k"},
        "response": {"status": 200, "body": {"contacts": [{"id": "c", "name": "Ada"}]}},
        "request": {
            "method": "GET", "url": format!("{}/v1/contacts?phone=1&version={asked}", world.crm.origin()),
            "headers": {
                "accept": "application/json, text/plain, */*", "authorization": "Basic azo=",
                "unified-crm-extension-version": "<version>",
                "user-agent": "app-connect/<version>",
            },
        },
        "result": {
            "result": [{
                "id": "c", "name": "Ada", "type": "Contact", "title": "", "company": "", "additionalInfo": null,
            }],
            "problems": [],
        },
    })
}

#[test]
fn traffic_moves_to_a_new_revision_and_back_without_a_failed_request() {
    let world = World::start();
    world.create(&world.version(1));
    world.activate(1);
    let token = world.sign_in("100");
    let load = Load::start(&world, &token);
    load.run_on();

    // A draft with errors is stored with places, and never serves.
    let mut broken = world.version(2);
    broken["operations"]["findContact"]["method"] = json!(17);
    let uploaded =
        world.must("POST", "/revisions", Some(&json!({"text": pretty(&broken), "note": "broken"})));
    let revision = &uploaded["revision"];
    assert_eq!((&revision["number"], &revision["summary"]["errors"]), (&json!(2), &json!(1)), "{revision}");
    let found = &revision["diagnostics"][0];
    assert_eq!(found["pointer"], "/operations/findContact/method");
    let line = pretty(&broken).lines().position(|line| line.contains("\"method\": 17")).unwrap() + 1;
    assert_eq!(found["line"], json!(line), "{found}");
    assert_eq!(world.read(&format!("{CONNECTORS}/crm/revisions/2"))["diagnostics"][0], *found);
    for force in [json!(null), json!({"reason": "I know better"})] {
        let body = json!({"revision": 2, "force": force});
        let refused = world.change("POST", "/activate", Some(&body));
        assert_eq!(error_of(&refused), (422, "revision_has_errors".to_owned()));
        assert_eq!(refused.json()["error"]["checks"]["diagnostics"][0]["line"], json!(line));
    }

    // Mended, but with a case that expects something else.
    let fails = case(&world, 7);
    let body = json!({"text": pretty(&world.version(3)), "cases": [fails], "note": "mended"});
    assert_eq!(world.must("POST", "/revisions", Some(&body))["revision"]["number"], 3);
    let refused = world.change("POST", "/activate", Some(&json!({"revision": 3})));
    assert_eq!(error_of(&refused), (422, "checks_failed".to_owned()));
    let verdict = refused.json()["error"]["checks"].clone();
    assert_eq!(verdict["cases"][0]["passed"], false);
    let differences = verdict["cases"][0]["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{verdict}");
    assert_eq!((&differences[0]["part"], &differences[0]["pointer"]), (&json!("request"), &json!("/url")));

    // With the case mended too it passes, and serves.
    let passes = case(&world, 4);
    let body = json!({"text": pretty(&world.version(4)), "cases": [passes]});
    assert_eq!(world.must("POST", "/revisions", Some(&body))["revision"]["cases"], 1);
    let checked = world.send("POST", &format!("{CONNECTORS}/crm/revisions/4/check"), None, None).json();
    assert_eq!(
        (&checked["passes"], &checked["cases"][0]["passed"]),
        (&json!(true), &json!(true)),
        "{checked}"
    );
    load.run_on();
    let before = load.count();
    world.activate(4);
    assert_eq!(world.version_of(&token), Ok(4), "it serves when the reply is there");
    load.run_on();
    let back = load.count();
    let rolled = world.must("POST", "/rollback", None);
    assert_eq!((&rolled["activeRevision"], &rolled["serving"]), (&json!(1), &json!("active")));
    assert_eq!(world.version_of(&token), Ok(1));
    load.run_on();
    let nothing = world.change("POST", "/rollback", None);
    assert_eq!(error_of(&nothing), (409, "nothing_to_roll_back".to_owned()));

    let seen = load.stop();
    assert!(seen[..before].iter().all(|version| *version == 1));
    assert!(seen[before..back].contains(&4) && seen.last() == Some(&1));
    assert!(seen.iter().all(|version| [1, 4].contains(version)), "no other version ever served");
}

#[test]
fn what_was_activated_serves_after_a_crash() {
    let mut world = World::start();
    world.create(&world.version(1));
    world.activate(1);
    let token = world.sign_in("100");
    let second = world.upload(&world.version(2));
    world.activate(second);
    world.app.kill_and_restart();
    assert_eq!(world.version_of(&token), Ok(2));
    let listed = world.read(CONNECTORS);
    assert_eq!(listed["connectors"][0]["serving"], "active", "{listed}");
    assert_eq!(world.app.state("crm")["source"], "store");
    world.must("POST", "/rollback", None);
    assert_eq!(world.version_of(&token), Ok(1));
}

#[test]
fn a_retired_connector_gives_way_to_the_file_and_comes_back() {
    let world = World::start();
    world.create(&world.version(1));
    // Nothing serves a draft.
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key"});
    assert!(world.app.send_login(&login).text().contains("Unknown proxyId"));
    world.activate(1);
    let token = world.sign_in("100");
    world.app.write("crm", &world.version(9));
    until("the file is seen", || world.connector()["hasFile"] == true);
    assert_eq!(world.version_of(&token), Ok(1), "the upload serves, not the file");

    let retired = world.must("POST", "/retire", None);
    assert_eq!((&retired["status"], &retired["serving"]), (&json!("retired"), &json!(null)));
    assert_eq!(world.version_of(&token), Ok(9));
    world.must("POST", "/rollback", None);
    assert_eq!(world.version_of(&token), Ok(1));
    assert_eq!(world.connector()["status"], "active");

    // What was retired and is active again is nothing to go back to.
    world.upload(&world.version(2));
    world.activate(2);
    world.must("POST", "/retire", None);
    world.activate(2);
    assert_eq!(world.connector()["formerRevision"], 1);
    world.must("POST", "/rollback", None);
    assert_eq!(world.version_of(&token), Ok(1));
}

/// An operator's signal reads folder and store again; nothing is lost by it.
#[cfg(unix)]
#[test]
fn sighup_reloads_and_stops_nothing() {
    let world = World::start();
    world.create(&world.version(1));
    world.activate(1);
    let token = world.sign_in("100");
    let load = Load::start(&world, &token);
    let id = world.app.server.id().to_string();
    let status = std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap();
    assert!(status.success());
    until("the reload in the log", || world.app.server.log().contains("reloading the folder"));
    load.run_on();
    assert!(load.stop().iter().all(|version| *version == 1));
}

/// A request that began on a revision ends on it.
#[test]
fn a_request_under_way_finishes_on_its_revision() {
    let gate = crate::support::crm::Gate::default();
    let crm = Crm::start({
        let gate = gate.clone();
        move |request: &Request| {
            if request.path() == "/v1/contacts" && request.query("version").as_deref() == Some("1") {
                gate.pass();
            }
            answer(request)
        }
    });
    let app = TestServer::start_with(&[], |options: Options| {
        options.env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN)
    });
    let world = World { app, crm, _platform: Crm::start(answer) };
    world.create(&world.version(1));
    world.activate(1);
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key"});
    let token = world.app.send_login(&login).json()["jwtToken"].as_str().unwrap().to_owned();
    std::thread::scope(|scope| {
        let under_way = scope.spawn(|| world.version_of(&token));
        world.crm.wait_for("/v1/contacts", 1, Duration::from_secs(60));
        let second = world.upload(&world.version(2));
        world.activate(second);
        assert_eq!(world.version_of(&token), Ok(2), "others are on the new one");
        gate.open();
        assert_eq!(under_way.join().unwrap(), Ok(1));
    });
}
