//! Cached contacts, and reading what is read often.

use std::sync::atomic::{AtomicBool, Ordering};

use app_connect::store::{Secret, Store};
use serde_json::json;

use super::super::{contact_key, user};

pub async fn contacts_are_cached_for_exactly_one_number(store: &dyn Store) {
    let key = contact_key("+1 650 555 0100");
    let contacts = json!([{"name": "Ada", "id": "9007199254740993", "b": 1, "a": 2}]);
    assert_eq!(store.cached_contacts(&key).await.unwrap(), None);
    store.cache_contacts(&key, contacts.to_string().as_bytes()).await.unwrap();
    let found = store.cached_contacts(&key).await.unwrap().unwrap();
    assert_eq!(found.to_string(), contacts.to_string());

    let mut others = vec![contact_key("+16505550100")];
    for change in 0..3 {
        let mut other = key.clone();
        match change {
            0 => other.rc_account_id = "2".to_owned(),
            1 => other.platform = "other".to_owned(),
            _ => other.proxy_id = None,
        }
        others.push(other);
    }
    for other in &others {
        assert_eq!(store.cached_contacts(other).await.unwrap(), None);
        assert!(!store.forget_contacts(other).await.unwrap());
    }
    store.cache_contacts(&key, b"[]").await.unwrap();
    assert_eq!(store.cached_contacts(&key).await.unwrap(), Some(json!([])));
    assert!(store.forget_contacts(&key).await.unwrap());
    assert_eq!(store.cached_contacts(&key).await.unwrap(), None);
}

/// A store may remember what it read, as long as nobody can tell.
pub async fn what_is_read_often_is_read_as_it_is_now(store: &dyn Store) {
    let mut stored = user("7-crm", Some("acme"));
    let key = contact_key("+16505550100");
    for round in 0..3 {
        stored.credential.secret = Secret::new(format!("token {round}"));
        store.save_user(&stored).await.unwrap();
        for _ in 0..3 {
            assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored.clone()));
        }
        for contacts in [json!([{"id": "1"}]), json!([{"id": "2"}]), json!([{"id": "1"}])] {
            for _ in 0..3 {
                store.cache_contacts(&key, contacts.to_string().as_bytes()).await.unwrap();
                assert_eq!(store.cached_contacts(&key).await.unwrap(), Some(contacts.clone()));
            }
        }
        assert!(store.forget_contacts(&key).await.unwrap());
        assert_eq!(store.cached_contacts(&key).await.unwrap(), None);
    }
    assert!(store.delete_user(&stored.key).await.unwrap());
    assert_eq!(store.get_user(&stored.key).await.unwrap(), None);
}

/// One writes and reads its own writes, while others read all the time and so have the store remember
/// what it finds between them.
pub async fn a_read_after_a_write_never_finds_what_was_before(store: &dyn Store) {
    const WRITES: usize = 50;
    let first = user("7-crm", Some("acme"));
    store.save_user(&first).await.unwrap();
    let is_over = AtomicBool::new(false);
    let writing = async {
        for number in 0..WRITES {
            let mut next = first.clone();
            next.credential.secret = Secret::new(format!("token {number}"));
            store.save_user(&next).await.unwrap();
            assert_eq!(store.get_user(&first.key).await.unwrap(), Some(next));
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let reading = async {
        while !is_over.load(Ordering::Relaxed) {
            assert!(store.get_user(&first.key).await.unwrap().is_some());
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writing, reading);
}
