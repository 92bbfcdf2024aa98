//! `kill -9`: whatever was acknowledged is there afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use app_connect::store::{DocumentChange, DocumentKey, DocumentKind, Saved, Store};
use serde_json::json;
use tempfile::TempDir;

use super::{account, call_log, open_sled, scope, user};

const CHILD: &str = "APP_CONNECT_TEST_STORE_TO_KILL";
const WRITERS: usize = 8;

/// One line to standard output in one write, so that no kill tears it.
fn acknowledge(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("ack {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Documents that always change together.
fn pair(round: &str, writer: usize) -> [DocumentKey; 2] {
    ["a", "b"].map(|id| DocumentKey {
        kind: DocumentKind::CallDown,
        parts: vec![Some(format!("{round}-{writer}")), Some(id.to_owned())],
    })
}

/// Not a test of its own: the process that the next test kills. It inserts
/// call logs, overwrites users and changes documents from several tasks until it dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that is killed by the test below"]
async fn child() {
    let path = PathBuf::from(std::env::var_os(CHILD).expect("started by the test below"));
    let round = std::env::var("ROUND").unwrap();
    let store = Arc::new(open_sled(&path).unwrap());
    let writers = (0..WRITERS).map(|writer| {
        let (store, round) = (store.clone(), round.clone());
        tokio::spawn(async move {
            for n in 0_i64.. {
                let session = format!("{round}-{writer}-{n}");
                let log = call_log(scope("crm", None, account("1")), &session, None, n);
                assert_eq!(store.save_call_log(&log, None).await.unwrap(), Saved::Inserted);
                acknowledge(&format!("log {session}"));
                let mut one = user(&format!("{round}-{writer}-crm"), None);
                one.updated_at = n;
                store.save_user(&one).await.unwrap();
                acknowledge(&format!("user {} {n}", one.key.id));
                let changes = pair(&round, writer).map(|key| DocumentChange {
                    key,
                    before: (n > 0).then(|| json!(n - 1)),
                    after: Some(json!(n)),
                });
                assert!(store.change_documents(&changes).await.unwrap());
                acknowledge(&format!("pair {writer} {n}"));
            }
        })
    });
    futures_util::future::join_all(writers).await;
}

#[tokio::test]
async fn every_acknowledged_record_survives_kill_9() {
    let directory = TempDir::new().unwrap();
    let mut sessions = BTreeSet::new();
    let mut users: BTreeMap<String, i64> = BTreeMap::new();
    // Each round opens what the last kill left behind, and kills elsewhere.
    for (round, acknowledged) in [300, 2_000, 1, 777].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--ignored", "--nocapture"])
            .env(CHILD, directory.path())
            .env("ROUND", round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut seen = 0;
        let mut pairs: BTreeMap<usize, i64> = BTreeMap::new();
        // Reads on after the kill: what is in the pipe was acknowledged too.
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            // The harness prints the test's name before the first line.
            let Some((_, ack)) = line.split_once("ack ") else {
                continue;
            };
            match ack.split(' ').collect::<Vec<_>>()[..] {
                ["log", session] => {
                    sessions.insert(session.to_owned());
                }
                ["user", id, n] => {
                    users.insert(id.to_owned(), n.parse().unwrap());
                }
                ["pair", writer, n] => {
                    pairs.insert(writer.parse().unwrap(), n.parse().unwrap());
                }
                _ => panic!("{line}"),
            }
            seen += 1;
            if seen == acknowledged {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert!(!status.success() && seen >= acknowledged, "{status} after {seen}");

        let store = open_sled(directory.path()).unwrap();
        let scope = scope("crm", None, account("1"));
        for session in &sessions {
            let logs = store.call_logs(&scope, session).await.unwrap();
            assert_eq!(logs.len(), 1, "{session}");
        }
        for (id, n) in &users {
            let key = user(id, None).key;
            let found = store.get_user(&key).await.unwrap().expect(id);
            // The write after the last acknowledged one may have made it too.
            assert!((*n..=*n + 1).contains(&found.updated_at), "{id}");
        }
        for writer in 0..WRITERS {
            let acknowledged = pairs.get(&writer).copied();
            let [a, b] = pair(&round.to_string(), writer);
            let (a, b) = (store.document(&a).await.unwrap(), store.document(&b).await.unwrap());
            assert_eq!(a, b, "changed together");
            let found = a.map(|n| n.as_i64().unwrap());
            assert!(found >= acknowledged && found <= Some(acknowledged.unwrap_or(-1) + 1), "{found:?}");
        }
        assert_eq!(store.integrity().await.unwrap().damaged, [""; 0]);
    }
    assert!(sessions.len() > 1_000);
}
