//! Call logs: in their scope, in order, and never overwritten.

use app_connect::store::{Owner, Saved, Store};
use futures_util::future::join_all;

use super::super::{account, call_log, scope};

/// Q4: the same session is another one in every other scope.
pub async fn call_logs_never_leave_their_scope(store: &dyn Store) {
    let scopes = [
        scope("crm", None, account("1")),
        scope("crm", None, account("2")),
        scope("crm", None, Owner::User("1".to_owned())),
        scope("crm", Some("a"), account("1")),
        scope("crm", Some("b"), account("1")),
        scope("crm", Some(""), account("1")),
        scope("crm2", None, account("1")),
    ];
    for (created_at, scope) in (0..).zip(&scopes) {
        let log = call_log(scope.clone(), "s-1", None, created_at);
        assert_eq!(store.save_call_log(&log, None).await.unwrap(), Saved::Inserted);
    }
    for (created_at, scope) in (0..).zip(&scopes) {
        let own = call_log(scope.clone(), "s-1", None, created_at);
        assert_eq!(store.call_logs(scope, "s-1").await.unwrap(), [own]);
        assert_eq!(store.call_logs(scope, "s-").await.unwrap(), []);
        assert_eq!(store.call_logs(scope, "s-11").await.unwrap(), []);
    }
}

pub async fn call_logs_of_a_session_come_oldest_first(store: &dyn Store) {
    let scope = scope("crm", Some("acme"), account("1"));
    let logs = [(Some("101"), 30), (None, 10), (Some("102"), 20), (Some(""), 40)]
        .map(|(extension, created_at)| call_log(scope.clone(), "s-1", extension, created_at));
    for log in &logs {
        assert_eq!(store.save_call_log(log, None).await.unwrap(), Saved::Inserted);
    }
    let found = store.call_logs(&scope, "s-1").await.unwrap();
    let created: Vec<i64> = found.iter().map(|log| log.created_at).collect();
    assert_eq!(created, [10, 20, 30, 40]);
}

pub async fn call_logs_are_never_overwritten_by_an_insert(store: &dyn Store) {
    let scope = scope("crm", None, account("1"));
    let first = call_log(scope.clone(), "s-1", Some("101"), 10);
    let second = call_log(scope.clone(), "s-1", Some("101"), 20);
    assert!(!store.update_call_log(&first).await.unwrap());
    assert_eq!(store.call_logs(&scope, "s-1").await.unwrap(), []);
    assert_eq!(store.save_call_log(&first, None).await.unwrap(), Saved::Inserted);
    assert_eq!(store.save_call_log(&second, None).await.unwrap(), Saved::Existing(first.clone()));
    assert_eq!(store.call_logs(&scope, "s-1").await.unwrap(), [first]);
    assert!(store.update_call_log(&second).await.unwrap());
    assert_eq!(store.call_logs(&scope, "s-1").await.unwrap(), [second]);
}

/// Q12: exactly one of any number of simultaneous inserts is new.
pub async fn of_simultaneous_inserts_exactly_one_is_new(store: &dyn Store) {
    let scope = scope("crm", None, account("1"));
    for session in 0..20 {
        let session = format!("s-{session}");
        let logs: Vec<_> = (0..16).map(|n| call_log(scope.clone(), &session, None, n)).collect();
        let saved = join_all(logs.iter().map(|log| store.save_call_log(log, None))).await;
        let stored = store.call_logs(&scope, &session).await.unwrap();
        let mut inserted = 0;
        for (log, saved) in logs.iter().zip(saved) {
            match saved.unwrap() {
                Saved::Inserted => {
                    inserted += 1;
                    assert_eq!(stored, std::slice::from_ref(log));
                }
                Saved::Existing(existing) => assert_eq!(stored, [existing]),
            }
        }
        assert_eq!(inserted, 1);
    }
}
