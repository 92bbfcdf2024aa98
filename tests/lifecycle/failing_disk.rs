//! A disk that takes no more: the change is refused with words, what served serves on, and after a
//! restart the last good state is there.

use super::*;

/// The server may write files up to this length, in blocks of 512 bytes.
const BLOCKS: u32 = 40_000;

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_last_good_state() {
    let limited = |mut options: Options| {
        let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$@\"");
        let mut command = vec!["/bin/sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()];
        command.append(&mut options.command);
        options.command = command;
        options
    };
    let mut world = World::start_with(limited);
    world.create(&world.version(1));
    world.activate(1);
    let token = world.sign_in("100");
    let mut state = 1_u64;
    let mut uploaded = 1;
    let (etag, refused) = loop {
        let mut document = world.version(uploaded + 1);
        let noise: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from((state >> 33) % 26).unwrap())
        })
        .take(900_000)
        .collect();
        document["x-notes"] = json!(noise);
        let etag = world.etag();
        let body = json!({"text": pretty(&document)});
        let reply = world.change_as_of(&etag, "POST", "/revisions", Some(&body));
        if reply.status != 201 {
            break (etag, reply);
        }
        uploaded += 1;
        assert!(uploaded < 200, "the disk never filled");
    };
    assert_eq!(error_of(&refused), (500, "store_failed".to_owned()));
    assert!(refused.text().contains("What was in service stays in service"), "{}", refused.text());
    assert!(!world.app.server.log().is_empty());
    assert_eq!(world.version_of(&token), Ok(1), "it serves on");
    // sled shows what the refused commit changed while it is in its cache, and refuses to read it after.
    let now = world.send("GET", &format!("{CONNECTORS}/crm"), None, None);
    let etag = match now.status {
        200 => now.json()["etag"].as_str().unwrap().to_owned(),
        _ => {
            assert_eq!(error_of(&now), (500, "store_failed".to_owned()));
            etag
        }
    };
    let activated = world.change_as_of(&etag, "POST", "/activate", Some(&json!({"revision": uploaded})));
    assert_eq!(error_of(&activated), (500, "store_failed".to_owned()));
    assert_eq!(world.version_of(&token), Ok(1));

    // With room again, everything that was acknowledged is there, whole.
    world.app.kill_and_restart_with(|options| {
        options.command.drain(..4);
    });
    assert_eq!(world.version_of(&token), Ok(1));
    let latest = world.connector()["latestRevision"].as_u64().unwrap();
    assert!(latest == uploaded || latest == uploaded + 1, "{latest}, of {uploaded}");
    for number in 1..=latest {
        let reply = world.send("GET", &format!("{CONNECTORS}/crm/revisions/{number}/text"), None, None);
        assert_eq!(reply.status, 200, "{number}: {}", reply.text());
    }
    world.activate(uploaded);
    assert_eq!(world.version_of(&token), Ok(uploaded));
}
