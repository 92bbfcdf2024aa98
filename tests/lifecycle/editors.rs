//! Two editors never overwrite each other.

use super::*;

#[test]
fn a_change_needs_the_version_it_was_made_on() {
    let world = World::start();
    world.create(&world.version(1));
    let target = format!("{CONNECTORS}/crm");
    let reply = world.send("GET", &target, None, None);
    let etag = reply.header("etag").unwrap().to_owned();
    assert_eq!(reply.json()["etag"], json!(etag));

    let mine = json!({"owner": "mine"});
    for missing in [None, Some("*")] {
        let refused = world.send("PATCH", &target, missing, Some(&mine));
        assert_eq!(error_of(&refused), (428, "if_match_missing".to_owned()));
    }
    let first = world.send("PATCH", &target, Some(&etag), Some(&mine));
    assert_eq!(first.status, 200, "{}", first.text());
    assert_ne!(first.header("etag"), Some(etag.as_str()));
    for stale in [etag.as_str(), "W/\"1\"", "\"\"", "\"999\"", "1"] {
        let refused = world.send("PATCH", &target, Some(stale), Some(&json!({"owner": "theirs"})));
        assert_eq!(error_of(&refused), (412, "changed_meanwhile".to_owned()), "{stale}");
    }
    let refused = world.send("PATCH", &target, Some(&etag), Some(&json!({"owner": "theirs"})));
    assert_eq!(refused.json()["error"]["etag"].as_str(), first.header("etag"));
    assert_eq!(world.connector()["owner"], "mine");
}

/// Of simultaneous uploads and activations on one version exactly one holds.
#[test]
fn of_simultaneous_editors_one_wins() {
    let world = World::start();
    world.create(&world.version(1));
    for round in 0..5 {
        let etag = world.etag();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let editors = (0..6).map(|n| {
                let (world, etag) = (&world, &etag);
                scope.spawn(move || {
                    let body = json!({"text": pretty(&world.version(round * 10 + n)), "note": n.to_string()});
                    world.send("POST", &format!("{CONNECTORS}/crm/revisions"), Some(etag), Some(&body)).status
                })
            });
            let editors: Vec<_> = editors.collect();
            editors.into_iter().map(|editor| editor.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 5, "{statuses:?}");
    }
    let revisions = world.read(&format!("{CONNECTORS}/crm/revisions"));
    let numbers: Vec<u64> = revisions["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [6, 5, 4, 3, 2, 1]);
}

#[test]
fn of_simultaneous_creations_one_wins() {
    let world = World::start();
    let new = json!({"proxyId": "crm"});
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let makers: Vec<_> =
            (0..6).map(|_| scope.spawn(|| world.send("POST", CONNECTORS, None, Some(&new)).status)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
}

/// Revisions are what was uploaded, byte for byte, whatever comes after them; long ones too.
#[test]
fn revisions_are_kept_byte_for_byte() {
    let world = World::start();
    let mut long = world.version(1);
    // Hardly compressible, so that it takes many parts.
    let mut state = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + 1 + u8::try_from((state >> 33) % 90).unwrap())
    })
    .filter(|letter| !"\"\\{}".contains(*letter))
    .take(900_000)
    .collect();
    long["x-notes"] = json!(noise);
    let texts = [pretty(&world.version(1)), format!("  {}\r\n\n", world.version(2)), pretty(&long)];
    let new = json!({"proxyId": "crm"});
    assert_eq!(world.send("POST", CONNECTORS, None, Some(&new)).status, 201);
    for (n, text) in (1..).zip(&texts) {
        let etag = world.etag();
        let target = format!("{CONNECTORS}/crm/draft?note=number%20{n}");
        let reply = world.send_bytes("PUT", &target, Some(&etag), Some(text.clone().into_bytes()));
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(reply.json()["revision"]["note"], json!(format!("number {n}")));
    }
    for (n, text) in (1..).zip(&texts) {
        let target = format!("{CONNECTORS}/crm/revisions/{n}/text");
        let reply = world.send("GET", &target, None, None);
        assert_eq!(reply.text(), *text);
        let revision = world.read(&format!("{CONNECTORS}/crm/revisions/{n}"));
        assert_eq!(
            reply.header("etag"),
            Some(format!("\"{}\"", revision["hash"].as_str().unwrap()).as_str())
        );
    }
    world.activate(3);
    let token = world.sign_in("100");
    assert_eq!(world.version_of(&token), Ok(1));
}

#[test]
fn two_revisions_are_compared_by_operations_and_fields() {
    let world = World::start();
    world.create(&world.version(1));
    let mut second = world.version(2);
    second["operations"].as_object_mut().unwrap().remove("createContact");
    second["meta"]["displayName"] = json!("Renamed");
    world.upload(&second);
    let diff = world.read(&format!("{CONNECTORS}/crm/diff?from=1&to=2"));
    let query = "/operations/findContact/query/version";
    assert_eq!(
        diff["operations"],
        json!([
            {"operation": "findContact", "kind": "changed",
                "changes": [{"pointer": query, "kind": "changed", "before": "1", "after": "2"}]},
            {"operation": "createContact", "kind": "removed", "changes": []},
        ])
    );
    assert_eq!(diff["document"][0]["pointer"], "/meta/displayName");
    assert_eq!(world.read(&format!("{CONNECTORS}/crm/diff?from=2&to=2"))["same"], true);
    for (query, status) in [("from=1", 400), ("from=1&to=x", 400), ("from=1&to=3", 404)] {
        let reply = world.send("GET", &format!("{CONNECTORS}/crm/diff?{query}"), None, None);
        assert_eq!(reply.status, status, "{query}: {}", reply.text());
    }
}
