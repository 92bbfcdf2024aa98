//! A database that goes away: what was acknowledged is there, what was not is whole or absent, and
//! the store goes on when it is back.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use app_connect::store::{
    ClaimChange, ClaimKey, ClaimSubject, DocumentChange, DocumentKey, DocumentKind, PostgresStore, Saved,
    Store, StoreError,
};
use serde_json::json;

use super::cluster::Cluster;
use super::{SECRET, account, call_log, keys, scope, suite, user};
use crate::support::crm::{Crm, Gate};
use crate::support::test_server::{self, TestServer};

fn session_key(session: &str) -> ClaimKey {
    ClaimKey { scope: scope("crm", None, account("1")), subject: ClaimSubject::Call(session.to_owned()) }
}

/// Documents that always change together.
fn pair(writer: usize) -> [DocumentKey; 2] {
    ["a", "b"].map(|id| DocumentKey {
        kind: DocumentKind::CallDown,
        parts: vec![Some(writer.to_string()), Some(id.to_owned())],
    })
}

fn together(writer: usize, n: i64) -> [DocumentChange; 2] {
    pair(writer).map(|key| DocumentChange {
        key,
        before: (n > 0).then(|| json!(n - 1)),
        after: Some(json!(n)),
    })
}

/// Logs calls with their claims and changes documents until something fails; what was acknowledged.
async fn write(store: &PostgresStore, round: usize, writer: usize, sessions: &Mutex<Vec<String>>) -> i64 {
    let scope = scope("crm", None, account("1"));
    let mut pairs = store.document(&pair(writer)[0]).await.unwrap().map_or(-1, |n| n.as_i64().unwrap());
    for n in 0.. {
        let session = format!("{round}-{writer}-{n}");
        let held = Some(suite::claims(&["a"]));
        let made = ClaimChange { key: session_key(&session), before: None, after: held.clone() };
        let Ok(true) = store.change_claims(&made).await else { break };
        let released = ClaimChange { key: session_key(&session), before: held, after: None };
        let log = call_log(scope.clone(), &session, None, n);
        let Ok(Saved::Inserted) = store.save_call_log(&log, Some(&released)).await else { break };
        sessions.lock().unwrap().push(session);
        let Ok(true) = store.change_documents(&together(writer, pairs + 1)).await else { break };
        pairs += 1;
    }
    pairs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_record_survives_a_crash_of_the_database() {
    const WRITERS: usize = 4;
    let Some(cluster) = Cluster::start() else { return };
    let store = Arc::new(PostgresStore::open(&cluster.database(), keys(SECRET)).await.unwrap());
    let sessions = Arc::new(Mutex::new(Vec::new()));
    for round in 0..3 {
        let before = sessions.lock().unwrap().len();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (store, sessions) = (store.clone(), sessions.clone());
                tokio::spawn(async move { write(&store, round, writer, &sessions).await })
            })
            .collect();
        while sessions.lock().unwrap().len() < before + 100 * (round + 1) {
            assert!(!writers.iter().all(tokio::task::JoinHandle::is_finished), "nobody writes any more");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        cluster.crash();
        let mut pairs = Vec::new();
        for writer in writers {
            pairs.push(writer.await.unwrap());
        }
        cluster.restart();

        let scope = scope("crm", None, account("1"));
        let acknowledged = sessions.lock().unwrap().clone();
        for session in acknowledged {
            assert_eq!(store.call_logs(&scope, &session).await.unwrap().len(), 1, "{session}");
            // The claim went in the commit that brought the log.
            assert_eq!(store.claims(&session_key(&session)).await.unwrap(), None, "{session}");
        }
        for (writer, acknowledged) in pairs.into_iter().enumerate() {
            let [a, b] = pair(writer);
            let (a, b) = (store.document(&a).await.unwrap(), store.document(&b).await.unwrap());
            assert_eq!(a, b, "changed together");
            let found = a.map_or(-1, |n| n.as_i64().unwrap());
            assert!((acknowledged..=acknowledged + 1).contains(&found), "{found} after {acknowledged}");
        }
        assert_eq!(store.integrity().await.unwrap().damaged, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_said_and_used_again_when_it_is_back() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database().replace("postgres@", "postgres:hunter2@");
    let store = PostgresStore::open(&url, keys(SECRET)).await.unwrap();
    let mut changes = store.changes();
    let stored = user("7-crm", None);
    store.save_user(&stored).await.unwrap();
    cluster.stop();
    let (read, written) = tokio::join!(store.get_user(&stored.key), store.save_user(&stored));
    for error in [read.map(drop).unwrap_err(), written.unwrap_err()] {
        assert!(matches!(error, StoreError::Unavailable { .. }));
        let text = error.to_string();
        assert!(text.contains("goes on by itself") && text.contains("127.0.0.1"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    cluster.restart();
    // Nothing has to be done.
    assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored.clone()));
    store.save_user(&stored).await.unwrap();
    changes.borrow_and_update();
    assert!(store.change_documents(&together(1, 0)).await.unwrap());
    changes.changed().await.unwrap();
}

/// A restart that is over before anybody loses patience costs at most the work that was under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_through_a_restart() {
    let Some(cluster) = Cluster::start() else { return };
    let store = Arc::new(PostgresStore::open(&cluster.database(), keys(SECRET)).await.unwrap());
    let stored = user("7-crm", None);
    store.save_user(&stored).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (store, done, key) = (store.clone(), done.clone(), stored.key.clone());
            tokio::spawn(async move {
                let mut failures = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    failures.extend(store.get_user(&key).await.err());
                }
                failures
            })
        })
        .collect();
    for _ in 0..2 {
        cluster.stop();
        cluster.restart();
        assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored.clone()));
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        let failures = reader.await.unwrap();
        assert!(failures.is_empty(), "{}", failures[0]);
    }
}

/// The record is made while the database is gone. Neither server refuses the call for minutes then.
#[test]
fn a_call_under_way_in_a_crash_is_known_within_seconds_of_the_restart() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let gate = Gate::default();
    let passing = gate.clone();
    let crm = Crm::start(move |request| {
        if request.method == "POST" {
            passing.pass();
        }
        test_server::ordinary(request)
    });
    let document = test_server::document(&crm.origin());
    let start = || {
        TestServer::start_with(&[("crm", &document)], |options| {
            options.env("DATABASE_URL", &url).env("APP_SERVER_SECRET_KEY", SECRET)
        })
    };
    let sites = [start(), start()];
    let token = sites[0].sign_in("crm", "testCrm", "1-key");
    let said = std::thread::scope(|scope| {
        let first = scope.spawn(|| sites[0].post("/callLog", &token, &test_server::call("s-1", "c1")));
        crm.wait_for("/v1/activities", 1, test_server::PATIENCE);
        cluster.crash();
        gate.open();
        let said = first.join().unwrap();
        cluster.restart();
        said
    });
    assert_eq!(said.message()["message"], "Database operation failed", "{}", said.text());
    let restarted = Instant::now();
    for app in sites.iter().rev() {
        test_server::until("the log", || {
            let reply = app.post("/callLog", &token, &test_server::call("s-1", "c1"));
            reply.message()["message"] == "Existing log for session s-1"
        });
    }
    assert!(restarted.elapsed() < Duration::from_secs(15), "{:?}", restarted.elapsed());
    assert_eq!(crm.count("/v1/activities"), 1);
    for app in &sites {
        let found = app.get("/callLog?sessionIds=s-1", &token).json();
        assert_eq!(found["logs"][0]["logId"], "a-c1", "{found}");
    }
}
