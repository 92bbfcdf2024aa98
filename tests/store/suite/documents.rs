//! Documents: listed, changed together, counted.

use app_connect::store::{DocumentChange, DocumentKey, DocumentKind, Store, StoreError};
use futures_util::future::join_all;
use serde_json::{Value, json};

pub async fn documents_are_listed_by_the_beginning_of_their_key(store: &dyn Store) {
    let key = |kind, parts: &[Option<&str>]| DocumentKey {
        kind,
        parts: parts.iter().map(|part| part.map(str::to_owned)).collect(),
    };
    let call_down = |parts: &[Option<&str>]| key(DocumentKind::CallDown, parts);
    for (parts, document) in [
        ([Some("u"), Some("1")], json!({"b": 1, "a": 9_007_199_254_740_993_u64})),
        ([Some("u"), Some("2")], json!("two")),
        ([Some("u2"), Some("1")], json!("of another user")),
        ([None, Some("1")], json!("of nobody")),
    ] {
        store.save_document(&call_down(&parts), &document).await.unwrap();
    }
    let found = store.documents(&call_down(&[Some("u")])).await.unwrap();
    assert_eq!(json!(found).to_string(), r#"[{"b":1,"a":9007199254740993},"two"]"#);
    assert_eq!(store.documents(&key(DocumentKind::Note, &[Some("u")])).await.unwrap(), [json!(null); 0]);
    let one = call_down(&[Some("u"), Some("1")]);
    assert_eq!(store.document(&key(DocumentKind::Note, &[Some("u"), Some("1")])).await.unwrap(), None);
    store.save_document(&one, &json!(1)).await.unwrap();
    assert_eq!(store.document(&one).await.unwrap(), Some(json!(1)));
    assert!(store.delete_document(&one).await.unwrap());
    assert!(!store.delete_document(&one).await.unwrap());
    assert_eq!(store.document(&one).await.unwrap(), None);
}

fn item(id: &str) -> DocumentKey {
    DocumentKey { kind: DocumentKind::CallDown, parts: vec![Some("u".to_owned()), Some(id.to_owned())] }
}

fn change(id: &str, before: Option<Value>, after: Option<Value>) -> DocumentChange {
    DocumentChange { key: item(id), before, after }
}

pub async fn documents_change_together_or_not_at_all(store: &dyn Store) {
    let one = || Some(json!({"a": 1, "b": [null, "ü"], "id": 9_007_199_254_740_993_u64}));
    let two = || Some(json!(2));
    let stored = async |id: &str| store.document(&item(id)).await.unwrap();
    let change_all = async |changes: &[DocumentChange]| store.change_documents(changes).await.unwrap();

    assert!(change_all(&[change("x", None, one()), change("y", None, two())]).await);
    assert_eq!((stored("x").await, stored("y").await), (one(), two()));
    for refused in [
        // The last is there already, the first is another one, the second is gone.
        [change("z", None, one()), change("x", two(), None), change("y", None, two())],
        [change("x", two(), one()), change("y", two(), None), change("z", None, one())],
        [change("x", one(), None), change("z", one(), None), change("y", two(), one())],
    ] {
        assert!(!change_all(&refused).await);
        assert_eq!((stored("x").await, stored("y").await, stored("z").await), (one(), two(), None));
    }
    // Conditions that change nothing, and the order of members means nothing to them.
    let turned = Some(json!({"id": 9_007_199_254_740_993_u64, "b": [null, "ü"], "a": 1}));
    assert!(change_all(&[change("x", turned, one()), change("z", None, None)]).await);
    assert!(!change_all(&[change("x", one(), one()), change("y", None, None)]).await);
    // The same value, sealed anew by somebody else, is still the same.
    store.save_document(&item("x"), &one().unwrap()).await.unwrap();
    assert!(
        change_all(&[change("x", one(), None), change("y", two(), one()), change("z", None, two()),]).await
    );
    assert_eq!((stored("x").await, stored("y").await, stored("z").await), (None, one(), two()));
    assert!(change_all(&[]).await);

    let long = Some(json!("x".repeat(app_connect::store::MAX_RECORD_BYTES)));
    let error = store.change_documents(&[change("x", None, two()), change("w", None, long)]).await;
    assert!(matches!(error, Err(StoreError::TooLarge { .. })), "{error:?}");
    assert_eq!(stored("x").await, None);
}

/// Of simultaneous changes exactly one holds, with all of its documents.
pub async fn of_simultaneous_changes_of_documents_one_holds(store: &dyn Store) {
    let number = |n: u64| Some(json!(n));
    assert!(
        store.change_documents(&[change("x", None, number(0)), change("y", None, number(0))]).await.unwrap()
    );
    for round in 0..10 {
        let changes: Vec<_> = (1..=8)
            .map(|n| {
                let (before, after) = (number(round * 10), number(round * 10 + n));
                [change("x", before.clone(), after.clone()), change("y", before, after)]
            })
            .collect();
        let won = join_all(changes.iter().map(|change| store.change_documents(change))).await;
        let won: Vec<bool> = won.into_iter().map(Result::unwrap).collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        let winner = store.document(&item("x")).await.unwrap();
        assert_eq!(store.document(&item("y")).await.unwrap(), winner);
        let next = number((round + 1) * 10);
        let on = [change("x", winner.clone(), next.clone()), change("y", winner, next)];
        assert!(store.change_documents(&on).await.unwrap());
    }
}

pub async fn the_counter_rises_with_changed_documents(store: &dyn Store) {
    let mut changes = store.changes();
    let before = *changes.borrow_and_update();
    assert!(store.change_documents(&[change("x", None, Some(json!(1)))]).await.unwrap());
    changes.changed().await.unwrap();
    assert!(*changes.borrow_and_update() > before);
}
