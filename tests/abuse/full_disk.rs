//! A disk that fills, or does not answer, while the embedded store writes.
//!
//! The tests mount file systems of their own, which takes root. Without it they say so and pass, unless
//! `REQUIRE_MOUNT=1` says that they have to run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::crm::Crm;
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::{self, TestServer, call, until};

fn run(words: &[&str]) -> Result<(), String> {
    let output = Command::new(words[0]).args(&words[1..]).output();
    let output = output.map_err(|error| format!("`{}`: {error}", words[0]))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("`{}`: {said}", words.join(" "))) }
}

/// A file system that goes with its owner.
struct Mount {
    folder: tempfile::TempDir,
}

impl Mount {
    /// One of memory.
    fn of_memory(megabytes: usize) -> Option<Self> {
        Self::new(&["mount", "-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
    }

    /// One in a file, which can be frozen.
    fn of_a_file(megabytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        std::fs::File::create(&image).unwrap().set_len((megabytes as u64) << 20).unwrap();
        let image = image.to_str().unwrap();
        if let Err(why) = run(&["mkfs.ext4", "-q", "-m", "0", image]) {
            return skip(&why);
        }
        // The mount holds the image, whose name may go.
        Self::new(&["mount", "-o", "loop", image])
    }

    fn new(words: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_str().unwrap().to_owned();
        match run(&[words, &[&at]].concat()) {
            Ok(()) => Some(Self { folder }),
            Err(why) => skip(&why),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn freeze(&self, is_frozen: bool) -> Result<(), String> {
        run(&["fsfreeze", if is_frozen { "-f" } else { "-u" }, self.path().to_str().unwrap()])
    }

    /// Leaves so many bytes.
    fn fill(&self, left: u64) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        let mut free = free(self.path()).saturating_sub(left);
        let block = vec![b'x'; 64 * 1024];
        while free > 0 {
            let part = block.len().min(usize::try_from(free).unwrap());
            if file.write_all(&block[..part]).is_err() {
                break;
            }
            free -= part as u64;
        }
        ballast
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A frozen one could not be left.
        let _ = self.freeze(false);
        let _ = run(&["umount", "-l", self.path().to_str().unwrap()]);
    }
}

fn free(path: &Path) -> u64 {
    let output = Command::new("df").args(["-B1", "--output=avail"]).arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a number")
}

fn skip<T>(why: &str) -> Option<T> {
    assert!(std::env::var("REQUIRE_MOUNT").is_err(), "REQUIRE_MOUNT is set, and {why}");
    // Past the harness, which would hide it.
    let _ = writeln!(std::io::stderr(), "skipped, because no file system can be mounted: {why}");
    None
}

fn start(mount: &Mount, crm: &Crm) -> TestServer {
    let document = test_server::document(&crm.origin());
    TestServer::start_with(&[("crm", &document)], |mut options| {
        options.data_dir = mount.path().join("data");
        options.arg("--workers").arg("1")
    })
}

fn log(app: &TestServer, token: &str, session: &str) -> Value {
    app.post("/callLog", token, &call(session, &"c".repeat(20_000))).json()
}

fn assert_logged(app: &TestServer, token: &str, sessions: &[String]) {
    for some in sessions.chunks(5) {
        let found = app.get(&format!("/callLog?sessionIds={}", some.join(",")), token).json();
        let logs = found["logs"].as_array().unwrap_or_else(|| panic!("{found}"));
        assert!(logs.len() == some.len() && logs.iter().all(|log| log["matched"] == true), "{found}");
    }
}

#[test]
fn a_full_disk_refuses_writes_with_words_and_goes_on_when_there_is_room() {
    let Some(mount) = Mount::of_memory(64) else { return };
    let crm = Crm::start(test_server::ordinary);
    let mut app = start(&mount, &crm);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let ballast = mount.fill(11 << 20);
    let (logged, refused) = while_others_are_served(&app, || {
        let (mut logged, mut refused) = (Vec::new(), Vec::new());
        for round in 0..100 {
            let replies: Vec<(String, Value)> = thread::scope(|scope| {
                let posts: Vec<_> = (0..8)
                    .map(|n| {
                        let (app, token, session) = (&app, &token, format!("s-{round}-{n}"));
                        scope.spawn(move || (session.clone(), log(app, token, &session)))
                    })
                    .collect();
                posts.into_iter().map(|post| post.join().unwrap()).collect()
            });
            for (session, reply) in replies {
                if reply["successful"] == true {
                    logged.push(session)
                } else {
                    refused.push((session, reply))
                }
            }
            if !refused.is_empty() {
                break;
            }
        }
        (logged, refused)
    });
    assert!(!logged.is_empty() && !refused.is_empty(), "{} logged", logged.len());
    for reply in refused.iter().map(|(_, reply)| reply) {
        // The claim of some was taken, and the record made.
        let text = reply.to_string();
        assert!(text.contains("disk is full") || text.contains("has the record of this call"), "{reply}");
    }
    // To the last byte.
    drop(std::fs::rename(&ballast, mount.path().join("older")));
    mount.fill(0);
    let asked = crm.count("/v1/activities");
    let reply = while_others_are_served(&app, || {
        assert_logged(&app, &token, &logged);
        log(&app, &token, "late")
    });
    assert!(reply.to_string().contains("disk is full"), "{reply}");
    assert_eq!(crm.count("/v1/activities"), asked, "the CRM was asked for what cannot be kept");
    assert!(app.server.log().contains("stay free so that no write fails half-way"), "{}", app.server.log());
    // Room, and nobody does anything else.
    std::fs::remove_file(mount.path().join("older")).unwrap();
    std::fs::remove_file(mount.path().join("ballast")).unwrap();
    until("writing again", || {
        log(&app, &token, "again")["returnMessage"]["message"] != "Database operation failed"
    });
    // What the CRM made meanwhile is remembered by itself.
    for (session, _) in refused.iter().filter(|(_, reply)| reply.to_string().contains("has the record")) {
        until("the log of a record that was made", || {
            let found = app.get(&format!("/callLog?sessionIds={session}"), &token).json();
            found["logs"][0]["matched"] == true
        });
    }
    // It stops on a full disk as well, and what was acknowledged is there.
    mount.fill(0);
    app.server.terminate();
    let ended = app.server.wait(Duration::from_secs(20)).expect("an end");
    assert!(ended.success(), "{ended}: {}", app.server.log());
    std::fs::remove_file(mount.path().join("ballast")).unwrap();
    app.kill_and_restart();
    assert_logged(&app, &token, &logged);
}

#[test]
fn a_disk_that_never_answers_refuses_writes_soon_and_ends_the_server_with_words() {
    let Some(mount) = Mount::of_a_file(64) else { return };
    let crm = Crm::start(test_server::ordinary);
    let mut app = start(&mount, &crm);
    let token = app.sign_in("crm", "testCrm", "1-key");
    assert_eq!(log(&app, &token, "early")["successful"], true);
    if let Err(why) = mount.freeze(true) {
        let _: Option<()> = skip(&why);
        return;
    }
    let frozen = Instant::now();
    let reply = while_others_are_served(&app, || {
        let reply = log(&app, &token, "late");
        assert_logged(&app, &token, &["early".to_owned()]);
        reply
    });
    assert!(reply.to_string().contains("does not answer"), "{reply}");
    assert!(frozen.elapsed() < Duration::from_secs(15), "{:?}", frozen.elapsed());
    // Nobody waits for it any more.
    let asked = Instant::now();
    assert_eq!(log(&app, &token, "later")["successful"], false);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    until("the end", || {
        app.server.log().contains("the store can write nothing any more, so the server ends")
    });
    assert!(frozen.elapsed() < Duration::from_secs(50), "{:?}", frozen.elapsed());
    // A process ends only when the system lets go of its threads.
    mount.freeze(false).unwrap();
    let ended = app.server.wait(Duration::from_secs(20)).expect("an end");
    assert_eq!(ended.code(), Some(3), "{}", app.server.log());
    app.kill_and_restart();
    assert_logged(&app, &token, &["early".to_owned()]);
}

/// A disk that comes back in time is used as if nothing had been.
#[test]
fn a_disk_that_answers_late_is_used_again() {
    let Some(mount) = Mount::of_a_file(64) else { return };
    let crm = Crm::start(test_server::ordinary);
    let app = start(&mount, &crm);
    let token = app.sign_in("crm", "testCrm", "1-key");
    if let Err(why) = mount.freeze(true) {
        let _: Option<()> = skip(&why);
        return;
    }
    assert!(log(&app, &token, "late").to_string().contains("does not answer"));
    mount.freeze(false).unwrap();
    until("writing again", || log(&app, &token, "next")["successful"] == json!(true));
    // What was not asked of the CRM is asked now.
    until("the late call", || log(&app, &token, "late")["successful"] == json!(true));
}
