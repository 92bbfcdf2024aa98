//! The shared store: the suite, and what only several processes and a database can show.

use std::time::Duration;

use app_connect::store::{
    self, ClaimChange, ClaimKey, ClaimSubject, Counts, DocumentChange, DocumentKey, DocumentKind,
    PostgresStore, Saved, Store, StoreError,
};
use futures_util::future::join_all;
use serde_json::json;

use super::cluster::{Cluster, cluster};
use super::{SECRET, account, call_log, contact_key, contains, forbidden, keys, scope, suite, user};

async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&format!("{url}?max_connections=4"), keys(SECRET)).await
}

macro_rules! suite {
    ($($check:ident($($store:ident),+);)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $check() {
            let Some(cluster) = cluster() else { return };
            $(let $store = open(&cluster.database()).await.unwrap();)+
            suite::$check($(&$store),+).await;
        }
    )+};
}

suite::every_check!(suite);

/// Two stores on one database stand for two servers: they share nothing in this process.
async fn two() -> Option<(&'static Cluster, String, PostgresStore, PostgresStore)> {
    let cluster = cluster()?;
    let url = cluster.database();
    let (one, other) = tokio::join!(open(&url), open(&url));
    Some((cluster, url, one.unwrap(), other.unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_writes_the_other_reads_and_of_both_one_inserts() {
    let Some((_, _, one, other)) = two().await else { return };
    assert!(one.is_shared());
    let stored = user("7-crm", Some("acme"));
    one.save_user(&stored).await.unwrap();
    assert_eq!(other.get_user(&stored.key).await.unwrap(), Some(stored));

    let scope = scope("crm", None, account("1"));
    for session in 0..50 {
        let session = format!("s-{session}");
        let logs: Vec<_> = (0..8).map(|n| call_log(scope.clone(), &session, None, n)).collect();
        let stores = [&one, &other];
        let saves =
            logs.iter().zip(stores.into_iter().cycle()).map(|(log, store)| store.save_call_log(log, None));
        let saved: Vec<Saved> = join_all(saves).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(saved.iter().filter(|saved| **saved == Saved::Inserted).count(), 1, "{saved:?}");
        assert_eq!(one.call_logs(&scope, &session).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_gets_the_claim_and_one_changes_the_documents() {
    let Some((_, _, one, other)) = two().await else { return };
    for n in 0..50 {
        let key = ClaimKey {
            scope: scope("crm", None, account("1")),
            subject: ClaimSubject::Call(format!("s-{n}")),
        };
        let changes = ["a", "b"].map(|holder| ClaimChange {
            key: key.clone(),
            before: None,
            after: Some(suite::claims(&[holder])),
        });
        let (first, second) = tokio::join!(one.change_claims(&changes[0]), other.change_claims(&changes[1]));
        assert_ne!(first.unwrap(), second.unwrap());

        let document = |part: &str| DocumentKey {
            kind: DocumentKind::AccountData,
            parts: vec![Some(format!("{part}-{n}"))],
        };
        // In turned order, which must not make them wait for each other for ever.
        let change = |parts: [&str; 2], by: &str| {
            parts.map(|part| DocumentChange { key: document(part), before: None, after: Some(json!(by)) })
        };
        let (here, there) = (change(["x", "y"], "one"), change(["y", "x"], "other"));
        let (first, second) = tokio::join!(one.change_documents(&here), other.change_documents(&there));
        let by = if first.unwrap() { "one" } else { "other" };
        assert_eq!(second.unwrap(), by == "other");
        for part in ["x", "y"] {
            assert_eq!(one.document(&document(part)).await.unwrap(), Some(json!(by)));
        }
        // That one is absent is a condition that two can have, and that keeps a third from making it.
        let absent = [DocumentChange { key: document("z"), before: None, after: None }];
        let made = [DocumentChange { key: document("z"), before: None, after: Some(json!(1)) }];
        let (first, second, third) = tokio::join!(
            one.change_documents(&absent),
            one.change_documents(&made),
            other.change_documents(&made)
        );
        first.unwrap();
        assert_ne!(second.unwrap(), third.unwrap());
    }
}

async fn rises(changes: &mut tokio::sync::watch::Receiver<u64>) {
    tokio::time::timeout(Duration::from_secs(60), changes.changed()).await.expect("a change").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_heard_of_at_the_other_server_also_where_its_notification_is_missed() {
    let Some((cluster, url, one, other)) = two().await else { return };
    let mut heard = other.changes();
    let change = |n: u64| {
        let key = DocumentKey { kind: DocumentKind::AccountData, parts: vec![Some("a".to_owned())] };
        [DocumentChange { key, before: (n > 0).then(|| json!(n - 1)), after: Some(json!(n)) }]
    };
    assert!(one.change_documents(&change(0)).await.unwrap());
    rises(&mut heard).await;
    assert!(one.change_documents(&change(1)).await.unwrap());
    rises(&mut heard).await;
    // Every connection breaks, the listening ones as well.
    cluster.sql(
        &url,
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()",
    );
    assert!(one.change_documents(&change(2)).await.unwrap());
    rises(&mut heard).await;
    // A change that nobody notified of.
    cluster.sql(&url, "update app_connect.counters set value = value + 1 where name = 'documents'");
    rises(&mut heard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_is_refused_at_open_and_at_import() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = open(&url).await.unwrap();
    suite::fill(&store).await;
    let (_, exported) = suite::export(&store).await;
    let error = PostgresStore::open(&url, keys("another")).await.err().unwrap();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    let other = PostgresStore::open(&cluster.database(), keys("another")).await.unwrap();
    let error = suite::import(&other, &exported).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    assert_eq!(suite::export(&other).await.0, Counts::default());

    cluster.sql(&url, "delete from app_connect.marks");
    let error = open(&url).await.err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_fails_half_way_is_run_again() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    // In the way of the last tables of the migration.
    cluster.sql(&url, "create schema app_connect; create table app_connect.marks (x int)");
    let error = open(&url).await.err().unwrap();
    assert!(error.to_string().contains("migration 1"), "{error}");
    let tables = "select string_agg(tablename, ',') from pg_tables where schemaname = 'app_connect' and tablename <> '_sqlx_migrations'";
    assert_eq!(cluster.sql(&url, tables), "marks", "nothing is left of it");
    cluster.sql(&url, "drop table app_connect.marks");
    let store = open(&url).await.unwrap();
    store.save_user(&user("7-crm", None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_a_newer_program_are_refused() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    drop(open(&url).await.unwrap());
    cluster.sql(&url, "insert into app_connect._sqlx_migrations values (999, 'later', now(), true, '', 0)");
    let error = open(&url).await.err().unwrap();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
    assert!(error.to_string().contains("999"), "{error}");
    cluster.sql(&url, "delete from app_connect._sqlx_migrations where version = 999");
    cluster.sql(&url, "update app_connect._sqlx_migrations set checksum = ''");
    let error = open(&url).await.err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_servers_prepare_one_new_database() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    for opened in join_all((0..8).map(|_| open(&url))).await {
        opened.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_database_is_said_without_its_password() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    cluster.sql(&url, "create role stranger login password 'hunter2'");
    let missing = cluster.url("missing");
    let stranger = url.replace("postgres@", "stranger:hunter2@");
    for (url, expected) in [
        (missing.replace("postgres@", "postgres:hunter2@"), "Create the database"),
        (stranger.clone(), "the owner of the database"),
        (url.replace("postgres@", "nobody:hunter2@"), "Check the user and the password"),
        (format!("{stranger}?sslmode=require"), "Check sslmode"),
    ] {
        let text = store::open(&url, keys(SECRET)).await.err().unwrap().to_string();
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_the_index_cannot_take_is_refused() {
    let Some(cluster) = cluster() else { return };
    let store = open(&cluster.database()).await.unwrap();
    let one = user(&"7".repeat(10_000), None);
    assert_eq!(store.get_user(&one.key).await.unwrap(), None);
    let error = store.save_user(&one).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    // Just below, with an id that cannot be made shorter.
    let mixed: String = (0..2_500_u32).map(|n| char::from(b'!' + (n * n * 7 % 89) as u8)).collect();
    let one = user(&mixed, None);
    store.save_user(&one).await.unwrap();
    assert_eq!(store.get_user(&one.key).await.unwrap(), Some(one));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_no_number_is_readable_in_the_database() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = open(&url).await.unwrap();
    store.save_user(&user("7-crm", None)).await.unwrap();
    let contacts = json!([{"name": "Ada Lovelace", "phone": "+16505550107"}]);
    store.cache_contacts(&contact_key("+16505550107"), contacts.to_string().as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    for table in ["users", "contacts"] {
        let hex = cluster.sql(&url, &format!("select encode(key || value, 'hex') from app_connect.{table}"));
        let pairs = hex.trim().as_bytes().chunks(2);
        bytes.extend(pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()));
    }
    assert!(contains(&bytes, b"7-crm"), "ids are not secret");
    for text in forbidden() {
        assert!(!contains(&bytes, &text), "{}", String::from_utf8_lossy(&text));
    }
}
