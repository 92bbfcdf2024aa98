//! Checking and trying without activating, and moving a connector elsewhere.

use super::*;

#[test]
fn the_api_says_what_the_command_line_says() {
    let world = World::start();
    let mut document = world.version(1);
    document["operations"]["findContact"]["urll"] = json!("/x");
    let text = pretty(&document);
    let file = world.app.folder().join("proxyConfig.json");
    std::fs::write(&file, &text).unwrap();
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_app-connect"))
        .args(["validate", "--format", "json"])
        .arg(&file)
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    for text in [text, "{\n  \"operations\": {,\n".to_owned()] {
        std::fs::write(&file, &text).unwrap();
        let reply = world.send_bytes("POST", "/console/api/v1/validate", None, Some(text.into_bytes()));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let verdict = reply.json();
        assert_eq!(verdict["passes"], false);
        if verdict["runs"] == true {
            assert_eq!(verdict["diagnostics"], printed["files"][0]["diagnostics"]);
        } else {
            assert_eq!(verdict["diagnostics"][0]["code"], "AC001");
        }
    }
    assert_eq!(world.read(CONNECTORS)["connectors"], json!([]), "nothing is stored");
}

#[test]
fn an_operation_is_explained_and_tried() {
    let world = World::start();
    world.create(&world.version(1));
    let trial = json!({
        "operation": "findContact", "input": {"phoneNumber": "+14155550101"},
        "user": {"accessToken": "users-own-access-token"},
    });
    let target = |what: &str| format!("{CONNECTORS}/crm/revisions/1/{what}");
    let sent_before = world.crm.received().len();
    let explained = world.send("POST", &target("explain"), None, Some(&trial));
    assert_eq!(explained.status, 200, "{}", explained.text());
    assert!(!explained.text().contains("users-own-access-token"));
    let explained = explained.json();
    let url = format!("{}/v1/contacts?phone=%2B14155550101&version=1", world.crm.origin());
    assert_eq!(explained["request"]["url"], json!(url));
    assert_eq!(explained["request"]["headers"]["authorization"], "Basic ***");
    assert!(explained["curl"].as_str().unwrap().contains(&url));
    assert_eq!(world.crm.received().len(), sent_before, "nothing was sent");

    let tested = world.send("POST", &target("test"), None, Some(&trial));
    assert_eq!(tested.status, 200, "{}", tested.text());
    assert!(!tested.text().contains("users-own-access-token"));
    let tested = tested.json();
    assert_eq!((&tested["status"], &tested["passed"]), (&json!(200), &json!(true)), "{tested}");
    assert_eq!(tested["mapped"][0]["name"], "version 1", "{tested}");
    assert_eq!(world.crm.received().len(), sent_before + 1);

    let mut unknown = trial.clone();
    unknown["operation"] = json!("findContacts");
    let refused = world.send("POST", &target("explain"), None, Some(&unknown));
    assert_eq!(error_of(&refused), (400, "invalid_request".to_owned()));
    assert!(refused.text().contains("did you mean findContact?"), "{}", refused.text());
}

/// A document may have as many findings as bytes: all are counted, and the worst are told.
#[test]
fn a_document_full_of_mistakes_is_checked_all_the_same() {
    let world = World::start();
    let mut document = world.version(1);
    for n in 0..20_000 {
        document["operations"]["findContact"][format!("k{n}")] = json!(1);
    }
    let text = document.to_string().into_bytes();
    let reply = world.send_bytes("POST", "/console/api/v1/validate", None, Some(text));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let summary = &reply.json()["summary"];
    let all = ["errors", "mistakes", "warnings"].map(|kind| summary[kind].as_u64().unwrap());
    assert!(all.iter().sum::<u64>() >= 20_000, "{summary}");
    assert_eq!(reply.json()["diagnostics"].as_array().map(Vec::len), Some(300));
    assert_eq!(reply.json()["more"].as_u64(), Some(all.iter().sum::<u64>() - 300));
}

/// More than an import takes is not exported in one piece.
#[test]
fn an_export_is_never_more_than_an_import_takes() {
    let world = World::start();
    world.create(&world.version(1));
    let mut document = world.version(2);
    document["meta"]["displayName"] = json!("x".repeat(1_000_000));
    for _ in 0..10 {
        world.upload(&document);
    }
    let refused = world.send("GET", &format!("{CONNECTORS}/crm/export"), None, None);
    assert_eq!(error_of(&refused), (409, "export_too_large".to_owned()));
    assert!(refused.text().contains("?from="), "{}", refused.text());
    let part = world.read(&format!("{CONNECTORS}/crm/export?from=4"));
    assert_eq!(part["revisions"].as_array().map(Vec::len), Some(8));
}

#[test]
fn an_export_makes_the_same_connector_elsewhere_as_a_draft() {
    let world = World::start();
    world.create(&world.version(1));
    world.upload(&world.version(2));
    let settings = json!({"owner": "team", "manifest": {"name": "CRM"}, "secretKey": "of-the-first-server"});
    world.must("PATCH", "", Some(&settings));
    world.activate(2);
    let bundle = world.read(&format!("{CONNECTORS}/crm/export"));

    let elsewhere = World::start();
    let import = format!("{CONNECTORS}/import");
    let imported = elsewhere.send("POST", &import, None, Some(&bundle));
    assert_eq!(imported.status, 201, "{}", imported.text());
    let imported = imported.json();
    assert_eq!(
        (&imported["status"], &imported["latestRevision"], &imported["hasSecretKey"], &imported["owner"]),
        (&json!("draft"), &json!(2), &json!(false), &json!("team"))
    );
    let text =
        |world: &World| world.send("GET", &format!("{CONNECTORS}/crm/revisions/2/text"), None, None).text();
    assert_eq!(text(&elsewhere), text(&world));
    let again = elsewhere.send("POST", &import, None, Some(&bundle));
    assert_eq!(error_of(&again), (409, "connector_exists".to_owned()));

    let later = world.read(&format!("{CONNECTORS}/crm/export?from=2"));
    assert_eq!(later["revisions"], json!([bundle["revisions"][1]]));
    let beyond = world.send("GET", &format!("{CONNECTORS}/crm/export?from=3"), None, None);
    assert_eq!(error_of(&beyond), (404, "unknown_revision".to_owned()));

    let mut changed = bundle.clone();
    changed["proxyId"] = json!("other");
    changed["revisions"][0]["text"] = json!("{}");
    for (case, bundle) in [("changed", &changed), ("none", &json!({"format": "x"}))] {
        let refused = elsewhere.send("POST", &import, None, Some(bundle));
        assert_eq!(error_of(&refused), (400, "invalid_request".to_owned()), "{case}");
    }
}
