//! Claims: changed only as they were read, swept away when they expire, gone with their log.

use app_connect::store::{
    Claim, ClaimChange, ClaimKey, ClaimSubject, Claims, DocumentKey, DocumentKind, Extension, Saved, Store,
};
use futures_util::future::join_all;
use serde_json::json;

use super::super::{account, call_log, scope};

fn claim(holder: &str) -> Claim {
    Claim {
        extension: Extension { number: Some("101".to_owned()), hashed_id: None },
        message_id: None,
        holder: holder.to_owned(),
        instance: "instance-1".to_owned(),
        idempotency_key: "key-1".to_owned(),
        claimed_at: 1,
        uptime: 4,
        known_age: 5,
        busy_until: 2,
        expires_at: 3,
        in_doubt: false,
        is_undone: false,
    }
}

pub fn claims(holders: &[&str]) -> Claims {
    Claims { claims: holders.iter().map(|holder| claim(holder)).collect() }
}

/// Q12: of simultaneous claims one stands, and only who has read it can change it.
pub async fn claims_change_only_as_they_were_read(store: &dyn Store) {
    let session = |owner: &str| ClaimKey {
        scope: scope("crm", None, account(owner)),
        subject: ClaimSubject::Call("s-1".to_owned()),
    };
    let key = session("1");
    let change =
        |before: Option<Claims>, after: Option<Claims>| ClaimChange { key: key.clone(), before, after };
    let first: Vec<ClaimChange> =
        (0..16).map(|n| change(None, Some(claims(&[&format!("holder-{n}")])))).collect();
    let won = join_all(first.iter().map(|change| store.change_claims(change))).await;
    assert_eq!(won.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
    let standing = store.claims(&key).await.unwrap();
    assert!(first.iter().any(|change| change.after == standing));

    assert!(!store.change_claims(&change(Some(claims(&["nobody"])), None)).await.unwrap());
    let two = Some(claims(&["a", "b"]));
    assert!(store.change_claims(&change(standing, two.clone())).await.unwrap());
    assert_eq!(store.claims(&key).await.unwrap(), two);
    let conversation = ClaimKey { subject: ClaimSubject::Conversation("s-1".to_owned()), ..key.clone() };
    for other in [session("2"), conversation] {
        assert_eq!(store.claims(&other).await.unwrap(), None);
    }
    assert!(store.change_claims(&change(two, None)).await.unwrap());
    assert_eq!(store.claims(&key).await.unwrap(), None);
}

/// Claims and leases are dated by it.
pub async fn the_clock_of_a_store_goes_on(store: &dyn Store) {
    let first = store.now().await.unwrap();
    let second = store.now().await.unwrap();
    assert!((1_600_000_000_000..i64::MAX).contains(&first) && first <= second);
}

pub async fn what_expired_is_swept_away(store: &dyn Store) {
    let key = |session: &str| ClaimKey {
        scope: scope("crm", None, account("1")),
        subject: ClaimSubject::Call(session.to_owned()),
    };
    let note =
        |session: &str| DocumentKey { kind: DocumentKind::Note, parts: vec![Some(session.to_owned())] };
    let other = DocumentKey { kind: DocumentKind::License, ..note("old") };
    for (session, expires_at) in [("old", 100), ("new", 200)] {
        let mut made = claims(&["a"]);
        made.claims[0].expires_at = expires_at;
        let change = ClaimChange { key: key(session), before: None, after: Some(made) };
        assert!(store.change_claims(&change).await.unwrap());
        store.save_document(&note(session), &json!({"note": "n", "expiresAt": expires_at})).await.unwrap();
    }
    store.save_document(&other, &json!({"expiresAt": 1})).await.unwrap();
    let contacts = |expires_at| json!({"contacts": [], "expiresAt": expires_at});
    let new_contacts = |owner: &str| DocumentKey { kind: DocumentKind::NewContacts, ..note(owner) };
    store.save_document(&new_contacts("old"), &contacts(100)).await.unwrap();
    store.save_document(&new_contacts("new"), &contacts(200)).await.unwrap();
    assert_eq!(store.sweep(150).await.unwrap(), 3);
    assert_eq!(store.document(&new_contacts("old")).await.unwrap(), None);
    assert!(store.document(&new_contacts("new")).await.unwrap().is_some());
    assert_eq!(store.claims(&key("old")).await.unwrap(), None);
    assert_eq!(store.document(&note("old")).await.unwrap(), None);
    assert!(store.claims(&key("new")).await.unwrap().is_some());
    assert!(store.document(&note("new")).await.unwrap().is_some());
    assert!(store.document(&other).await.unwrap().is_some(), "others stay");
    assert_eq!(store.sweep(150).await.unwrap(), 0);
}

pub async fn a_log_takes_its_claim_with_it(store: &dyn Store) {
    let scope = scope("crm", None, account("1"));
    let key = ClaimKey { scope: scope.clone(), subject: ClaimSubject::Call("s-1".to_owned()) };
    let held = Some(claims(&["a"]));
    let made = ClaimChange { key: key.clone(), before: None, after: held.clone() };
    let released = ClaimChange { key: key.clone(), before: held.clone(), after: None };
    assert!(store.change_claims(&made).await.unwrap());
    let log = call_log(scope, "s-1", None, 10);
    assert_eq!(store.save_call_log(&log, Some(&released)).await.unwrap(), Saved::Inserted);
    assert_eq!(store.claims(&key).await.unwrap(), None);
    // A log that was there before leaves the claims of others alone.
    assert!(store.change_claims(&made).await.unwrap());
    assert_eq!(store.save_call_log(&log, Some(&released)).await.unwrap(), Saved::Existing(log));
    assert_eq!(store.claims(&key).await.unwrap(), held);
}
