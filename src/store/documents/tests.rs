//! Documents by their types, in the embedded store.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;
use crate::store::testing::empty;
use crate::store::{AccountData, DocumentKind};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    count: u64,
}

impl StoredDocument for Item {
    const KIND: DocumentKind = DocumentKind::CallDown;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mark(String);

impl StoredDocument for Mark {
    const KIND: DocumentKind = DocumentKind::License;
}

fn items(user: &str) -> Prefix<Item> {
    Prefix::new([Some(user.to_owned()), None])
}

fn item(id: &str) -> Key<Item> {
    items("u").key([Some(id.to_owned())])
}

#[tokio::test]
async fn documents_of_several_kinds_change_together_or_not_at_all() {
    let (store, _folder) = empty().await;
    let mark: Key<Mark> = Key::new([Some("m".to_owned())]);
    let (first, second) = (Item { count: 1 }, Item { count: 2 });
    let create = [
        DocumentChange::create(&item("1"), &first).unwrap(),
        DocumentChange::create(&mark, &Mark("x".to_owned())).unwrap(),
    ];
    assert!(store.change_documents(&create).await.unwrap());
    assert!(!store.change_documents(&create).await.unwrap(), "both are there already");
    assert!(!store.are_unchanged(&create).await.unwrap());

    let (read, marked) = (store.versioned(&item("1")).await.unwrap(), store.versioned(&mark).await.unwrap());
    assert_eq!((read.content.as_ref(), read.is_absent()), (Some(&first), false));
    store.save(&mark, &Mark("of another".to_owned())).await.unwrap();
    let late = [read.changed_to(&second).unwrap(), marked.removed()];
    assert!(!store.change_documents(&late).await.unwrap(), "the mark was changed");
    assert_eq!(store.get(&item("1")).await.unwrap(), Some(first.clone()));

    let change = read.changed_to(&second).unwrap();
    assert!(!change.changes_nothing() && read.changed_to(&first).unwrap().changes_nothing());
    assert!(store.change_documents(std::slice::from_ref(&change)).await.unwrap());
    assert!(store.change_documents(&[change.then_removed()]).await.unwrap());
    assert!(store.versioned(&item("1")).await.unwrap().is_absent());
    assert!(store.delete(&mark).await.unwrap() && !store.delete(&mark).await.unwrap());
}

#[tokio::test]
async fn documents_are_listed_by_the_beginning_of_their_key() {
    let (store, _folder) = empty().await;
    for id in ["2", "1"] {
        store.save(&item(id), &Item { count: id.parse().unwrap() }).await.unwrap();
    }
    store.save(&items("u2").key([Some("1".to_owned())]), &Item { count: 9 }).await.unwrap();
    assert_eq!(store.list(&items("u")).await.unwrap(), [Item { count: 1 }, Item { count: 2 }]);
    assert_eq!(store.list::<Item>(&Prefix::all()).await.unwrap().len(), 3);
    assert!(store.holds_any(&items("u")).await.unwrap() && !store.holds_any(&items("u3")).await.unwrap());
}

/// What another version wrote, or what is damaged.
#[tokio::test]
async fn a_document_that_cannot_be_read_is_named_and_not_dropped() {
    let (store, _folder) = empty().await;
    let key = item("2");
    store.save(&item("1"), &Item { count: 1 }).await.unwrap();
    store.save_document(key.as_document_key(), &json!({"count": "secret"})).await.unwrap();
    let told = |error: StoreError| {
        assert!(matches!(error, StoreError::Corrupt { .. }) && !error.to_string().contains("secret"));
        error.to_string()
    };
    let error = told(store.get(&key).await.unwrap_err());
    assert!(error.starts_with("the document callDown/u/-/2 is damaged"), "{error}");
    told(store.versioned(&key).await.unwrap_err());
    let error = told(store.list(&items("u")).await.unwrap_err());
    assert!(error.starts_with("document 2 of callDown/u/- is damaged"), "{error}");

    let lossy = store.versioned_lossy(&key).await.unwrap();
    assert_eq!((&lossy.content, lossy.is_absent()), (&None, false));
    assert!(!format!("{lossy:?}").contains("secret"));
    let other = DocumentChange::create(&key, &Item { count: 3 }).unwrap();
    assert!(!store.change_documents(&[other]).await.unwrap(), "something is there");
    let change = lossy.changed_to(&Item { count: 3 }).unwrap();
    assert!(store.change_documents(&[change]).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap(), Some(Item { count: 3 }));
}

#[test]
fn data_of_accounts_are_stored_as_they_are() {
    let key = AccountData::key("37".to_owned(), "crm".to_owned(), None, "k".to_owned());
    let data = AccountData(json!({"z": 1.50, "a": [null]}));
    assert_stored_as(&key, &data, "accountData/37/crm/-/data/k", r#"{"z":1.5,"a":[null]}"#);
}
