//! Limits that several servers of one store keep together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::crm::Crm;
use crate::support::postgres::cluster;
use crate::support::test_server::{self, TestServer, try_send};

const REQUESTS: usize = 100;
const PERIOD: Duration = Duration::from_secs(10);
/// A request reaches the CRM a little after its turn, on a loaded machine later than another one.
const JITTER: Duration = Duration::from_millis(700);

/// The most that arrived in any time of this length.
fn most_in(arrived: &[Duration], length: Duration) -> usize {
    let within =
        |first: &Duration| arrived.iter().filter(|at| *at >= first && **at < *first + length).count();
    arrived.iter().map(within).max().unwrap_or_default()
}

#[test]
fn two_servers_keep_a_limit_together_also_while_one_is_killed() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let started = Instant::now();
    let arrived: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let seen = Arc::clone(&arrived);
    let crm = Crm::start(move |request| {
        seen.lock().unwrap().push(started.elapsed());
        test_server::ordinary(request)
    });
    let mut document = test_server::document(&crm.origin());
    document["rateLimit"] = json!({"requests": REQUESTS, "perSeconds": PERIOD.as_secs()});
    let start = || {
        TestServer::start_with(&[("crm", &document)], |options| {
            options
                .env("DATABASE_URL", &url)
                .env("APP_SERVER_SECRET_KEY", "a secret key that both servers have")
        })
    };
    let (one, mut other) = (start(), start());
    let token = one.sign_in("crm", "testCrm", "1-key");
    let bearer = format!("Bearer {token}");
    let ended = AtomicBool::new(false);
    let killed_at = thread::scope(|scope| {
        for address in [one.server.address(), other.server.address()] {
            for _ in 0..4 {
                let (bearer, ended) = (&bearer, &ended);
                scope.spawn(move || {
                    let target = "/contact?phoneNumber=1&isForceRefreshAccountData=true";
                    while !ended.load(Ordering::Relaxed) {
                        // The killed one answers nobody any more.
                        if try_send(address, "GET", target, &[("Authorization", bearer)], None).is_err() {
                            return;
                        }
                    }
                });
            }
        }
        thread::sleep(Duration::from_secs(14));
        other.server.kill();
        let killed_at = started.elapsed();
        // Its lease, a period in which what it sent still counts, and one that the survivor has alone.
        thread::sleep(Duration::from_secs(5) + 2 * PERIOD);
        ended.store(true, Ordering::Relaxed);
        killed_at
    });
    let arrived = arrived.lock().unwrap().clone();
    let most = most_in(&arrived, PERIOD - JITTER);
    assert!(most <= REQUESTS, "{most} requests in one period");
    let (before, after): (Vec<_>, Vec<_>) = arrived.iter().partition(|at| **at < killed_at);
    let (before, after) = (most_in(&before, PERIOD), most_in(&after, PERIOD));
    assert!(before >= REQUESTS * 8 / 10, "both together sent {before} at most");
    assert!(after >= REQUESTS * 9 / 10, "the survivor sent {after} at most");
}

/// What a server used before it stopped in order counts after its restart.
#[test]
fn a_restart_does_not_refill_a_shared_budget() {
    let Some(cluster) = cluster() else { return };
    let crm = Crm::start(test_server::ordinary);
    let mut document = test_server::document(&crm.origin());
    document["rateLimit"] = json!({"requests": 3, "perSeconds": 600});
    document["operations"]["findContact"]["timeoutSeconds"] = json!(1);
    let mut app = TestServer::start_with(&[("crm", &document)], |options| {
        options.env("DATABASE_URL", cluster.database())
    });
    let token = app.sign_in("crm", "testCrm", "1-key");
    let find = |app: &TestServer| {
        app.get("/contact?phoneNumber=1&isForceRefreshAccountData=true", &token).json()["successful"] == true
    };
    assert_eq!([find(&app), find(&app), find(&app)], [true, true, false]);
    app.server.terminate();
    app.server.wait(Duration::from_secs(30)).expect("an end");
    app.kill_and_restart();
    assert!(!find(&app));
    assert_eq!(crm.count("/v1/"), 3);
}
