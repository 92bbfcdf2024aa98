//! `app-connect migrate-store`

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use app_connect::store;
use app_connect::store::migrate::Sums;

use super::cluster::cluster;
use super::{SECRET, keys, suite, user};

fn command(from: &str, to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_app-connect"));
    command
        .args(["migrate-store", "--from", from, "--to", to])
        .env_clear()
        .env("APP_SERVER_SECRET_KEY", SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn migrate(from: &str, to: &str) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(from, to).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn sled(folder: &Path, name: &str) -> String {
    format!("sled:{}", folder.join(name).display())
}

async fn filled(url: &str) -> Sums {
    let store = store::open(url, keys(SECRET)).await.unwrap();
    suite::fill(&*store).await;
    Sums::of(&*store).await.unwrap()
}

async fn sums(url: &str) -> Sums {
    Sums::of(&*store::open(url, keys(SECRET)).await.unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_moves_there_and_back_and_is_the_same() {
    let Some(cluster) = cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (first, shared, last) = (sled(folder.path(), "a"), cluster.database(), sled(folder.path(), "b"));
    let source = filled(&first).await;
    assert_eq!(source.total(), 4900);
    for (from, to) in [(&first, &shared), (&shared, &last)] {
        let (code, out, err) = migrate(from, to);
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(out.contains("the same in both stores: users 700, call logs 700"), "{out}");
        assert!(out.contains("users: 700 records, SHA-256 "), "{out}");
        assert!(err.contains("4900 of 4900 records"), "{err}");
        assert_eq!(sums(to).await, source);
        // Once more changes nothing.
        let (code, out, _) = migrate(from, to);
        assert_eq!((code, out.lines().next()), (Some(0), Some("both stores hold the same already")));
        assert_eq!(sums(to).await, source);
    }
    let one = user("7-crm", Some("proxy-1"));
    let store = store::open(&last, keys(SECRET)).await.unwrap();
    assert_eq!(store.get_user(&one.key).await.unwrap(), Some(one));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_holds_something_else_is_left_alone() {
    let Some(cluster) = cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (sled(folder.path(), "a"), cluster.database());
    filled(&from).await;
    let other = store::open(&to, keys(SECRET)).await.unwrap();
    other.save_user(&user("other-crm", None)).await.unwrap();
    let before = Sums::of(&*other).await.unwrap();
    let (code, out, err) = migrate(&from, &to);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("holds records") && err.contains("127.0.0.1"), "{err}");
    assert_eq!(Sums::of(&*other).await.unwrap(), before);

    for (from, to, expected) in [
        (sled(folder.path(), "nowhere"), to.clone(), "there is no store at"),
        (to.clone(), to.clone(), "the same store"),
        (from.clone(), "mysql:x".to_owned(), "is not a store"),
    ] {
        let (code, _, err) = migrate(&from, &to);
        assert_eq!(code, Some(2));
        assert!(err.contains(expected), "{err}");
    }
    let mut wrong = command(&from, &cluster.database());
    let output = wrong.env("APP_SERVER_SECRET_KEY", "another").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("sealed with another"));
}

/// Killed wherever it is, it is run again and nothing is there twice or missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_broken_off_is_run_again() {
    let Some(cluster) = cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let from = sled(folder.path(), "a");
    let source = filled(&from).await;
    for to in [cluster.database(), sled(folder.path(), "b")] {
        for pause in [20, 80, 150, 250, 400, 600] {
            let mut child = command(&from, &to).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(pause));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let (code, out, err) = migrate(&from, &to);
        assert_eq!(code, Some(0), "{out}{err}");
        assert_eq!(sums(&to).await, source);
    }
}
