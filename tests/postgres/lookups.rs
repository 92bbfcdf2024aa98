//! What a lookup costs does not depend on how much is stored: the database's own plans say that
//! every one is by an index.

use app_connect::store::{
    ClaimKey, ClaimSubject, DocumentChange, DocumentKey, DocumentKind, PostgresStore, Store,
};
use serde_json::json;

use super::cluster::Cluster;
use super::{SECRET, account, call_log, contact_key, keys, scope, user};

const TABLES: [&str; 7] =
    ["users", "call_logs", "contacts", "conversations", "message_logs", "claims", "documents"];

/// What every request does, and that only.
async fn use_it(store: &PostgresStore) {
    let scope = scope("crm", None, account("1"));
    let one = user("7-crm", Some("acme"));
    store.save_user(&one).await.unwrap();
    store.get_user(&one.key).await.unwrap();
    store.find_users_by_id("7-crm", "crm").await.unwrap();
    let log = call_log(scope.clone(), "s-1", Some("101"), 1);
    store.save_call_log(&log, None).await.unwrap();
    store.call_logs(&scope, "s-1").await.unwrap();
    store.update_call_log(&log).await.unwrap();
    store.conversation(&scope, "c-1").await.unwrap();
    store.message_log(&scope, "m-1").await.unwrap();
    let claim = ClaimKey { scope, subject: ClaimSubject::Call("s-1".to_owned()) };
    store.claims(&claim).await.unwrap();
    store.cache_contacts(&contact_key("1"), b"[]").await.unwrap();
    store.cached_contacts(&contact_key("1")).await.unwrap();
    store.forget_contacts(&contact_key("1")).await.unwrap();
    let key = |id: &str| DocumentKey {
        kind: DocumentKind::CallDown,
        parts: vec![Some("u".to_owned()), Some(id.to_owned())],
    };
    let document = key("1");
    for (before, after) in [(None, Some(json!(1))), (Some(json!(1)), Some(json!(2))), (Some(json!(2)), None)]
    {
        let change = DocumentChange { key: document.clone(), before, after };
        assert!(store.change_documents(&[change]).await.unwrap());
    }
    store.save_document(&document, &json!(1)).await.unwrap();
    store.document(&document).await.unwrap();
    store.documents(&DocumentKey { parts: vec![Some("u".to_owned())], ..document.clone() }).await.unwrap();
    store.delete_document(&document).await.unwrap();
    store.delete_user(&one.key).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lookup_among_a_million_is_by_an_index() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap();
    drop(PostgresStore::open(&url, keys(SECRET)).await.unwrap());
    for table in TABLES {
        let rows = if table == "call_logs" { 1_000_000 } else { 50_000 };
        cluster.sql(
            &url,
            &format!(
                "insert into app_connect.{table} select decode(md5(n::text), 'hex'), 'x' \
                 from generate_series(1, {rows}) n; analyze app_connect.{table}"
            ),
        );
    }
    cluster.sql(
        &url,
        &format!(
            "alter database {name} set session_preload_libraries = 'auto_explain'; \
             alter database {name} set auto_explain.log_min_duration = 0"
        ),
    );
    let store = PostgresStore::open(&url, keys(SECRET)).await.unwrap();
    use_it(&store).await;
    let log = cluster.log();
    let used = |table: &&str| log.contains(&format!("using {table}_pkey on {table}"));
    let unused: Vec<_> = TABLES.into_iter().filter(|table| !used(table)).collect();
    assert!(unused.is_empty(), "no plan uses the index of {unused:?}");
    let plans = log.lines().filter(|line| line.contains("\tQuery Text: ")).count();
    assert!(plans >= 20, "{plans} plans");
    for table in TABLES {
        let scanned = format!("Seq Scan on {table}");
        let line = log.lines().position(|line| line.contains(&scanned));
        let around =
            |at: usize| log.lines().skip(at.saturating_sub(8)).take(10).collect::<Vec<_>>().join("\n");
        assert!(line.is_none(), "{}", around(line.unwrap_or_default()));
    }
}
