//! What any backend must do. Each check gets an empty store; a new backend
//! runs them all through [`every_check!`] from its own file.

use std::{
    io::{BufReader, Cursor, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use app_connect::store::{
    Claim, ClaimChange, ClaimKey, ClaimSubject, Claims, Conversation, Counts, DocumentChange, DocumentKey,
    DocumentKind, Extension, MessageLog, Owner, Saved, Scope, Secret, Store, StoreError, User,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{account, call_log, contact_key, scope, user};

/// Hands every check, with the empty stores that it takes, to a macro that makes tests of them: no backend
/// can forget one.
macro_rules! every_check {
    ($tests:ident) => {
        $tests! {
            users_read_back_whole_with_their_key_order(store);
            users_of_other_proxies_and_platforms_are_others(store);
            users_change_only_as_they_were_read(store);
            call_logs_never_leave_their_scope(store);
            call_logs_of_a_session_come_oldest_first(store);
            call_logs_are_never_overwritten_by_an_insert(store);
            of_simultaneous_inserts_exactly_one_is_new(store);
            claims_change_only_as_they_were_read(store);
            what_expired_is_swept_away(store);
            a_log_takes_its_claim_with_it(store);
            messages_never_leave_their_scope(store);
            documents_are_listed_by_the_beginning_of_their_key(store);
            documents_change_together_or_not_at_all(store);
            of_simultaneous_changes_of_documents_one_holds(store);
            the_counter_rises_with_changed_documents(store);
            contacts_are_cached_for_exactly_one_number(store);
            what_is_read_often_is_read_as_it_is_now(store);
            a_read_after_a_write_never_finds_what_was_before(store);
            a_record_too_long_is_refused_and_changes_nothing(store);
            an_export_imports_into_an_empty_store_only(from, to);
            a_broken_import_leaves_the_store_empty(from, to);
            a_closed_store_refuses_writes_and_still_reads(store);
        }
    };
}
pub(crate) use every_check;

pub async fn users_read_back_whole_with_their_key_order(store: &dyn Store) {
    let stored = user("7-crm", Some("acme"));
    assert_eq!(store.get_user(&stored.key).await.unwrap(), None);
    store.save_user(&stored).await.unwrap();
    let found = store.get_user(&stored.key).await.unwrap().unwrap();
    assert_eq!(found, stored);
    // Maps compare equal in any order; their text does not.
    assert_eq!(
        serde_json::to_string(&found.platform_additional_info).unwrap(),
        r#"{"zeta":1,"alpha":{"y":"first","b":[1.5,null]},"id":9007199254740993}"#
    );

    let mut bare = user("7-crm", Some("acme"));
    bare.name = None;
    bare.hostname = None;
    bare.timezone_name = None;
    bare.timezone_offset = None;
    bare.refresh_token = None;
    bare.token_expiry = None;
    bare.rc_account_id = None;
    bare.platform_additional_info.clear();
    bare.user_settings = None;
    store.save_user(&bare).await.unwrap();
    assert_eq!(store.get_user(&bare.key).await.unwrap(), Some(bare.clone()));

    assert!(store.delete_user(&bare.key).await.unwrap());
    assert!(!store.delete_user(&bare.key).await.unwrap());
    assert_eq!(store.get_user(&bare.key).await.unwrap(), None);
}

/// Of simultaneous changes of one user one holds, and none undoes another.
pub async fn users_change_only_as_they_were_read(store: &dyn Store) {
    let named = |name: &str| User { name: Some(name.to_owned()), ..user("7-crm", Some("acme")) };
    let made: Vec<User> = (0..8).map(|n| named(&n.to_string())).collect();
    let won = join_all(made.iter().map(|user| store.change_user(None, user))).await;
    assert_eq!(won.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
    let standing = store.get_user(&made[0].key).await.unwrap().unwrap();
    assert!(made.contains(&standing));
    assert!(!store.change_user(Some(&named("nobody")), &named("lost")).await.unwrap());
    // The same user, sealed anew, is still the same.
    store.save_user(&standing).await.unwrap();
    let won = join_all(made.iter().map(|user| store.change_user(Some(&standing), user))).await;
    let held = won.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    // Whoever changed it to what it was kept it as the next one read it.
    assert!((1..=2).contains(&held), "{held}");
    let key = standing.key;
    store.delete_user(&key).await.unwrap();
    assert!(!store.change_user(Some(&named("0")), &named("1")).await.unwrap());
    assert_eq!(store.get_user(&key).await.unwrap(), None);
}

/// Q3: the proxy id is part of who a user is.
pub async fn users_of_other_proxies_and_platforms_are_others(store: &dyn Store) {
    let mut expected = Vec::new();
    for (proxy_id, name) in [(None, "none"), (Some("a"), "a"), (Some("b"), "b"), (Some(""), "")] {
        let mut one = user("7-crm", proxy_id);
        one.name = Some(name.to_owned());
        store.save_user(&one).await.unwrap();
        expected.push(one);
    }
    // Neighbours in the order of keys, and an id that contains another.
    store.save_user(&user("7-crm2", None)).await.unwrap();
    store.save_user(&user("7-cr", None)).await.unwrap();
    let mut elsewhere = user("7-crm", None);
    elsewhere.key.platform = "other".to_owned();
    store.save_user(&elsewhere).await.unwrap();

    for one in &expected {
        assert_eq!(store.get_user(&one.key).await.unwrap().as_ref(), Some(one));
    }
    let mut found = store.find_users_by_id("7-crm", "crm").await.unwrap();
    found.sort_by(|a, b| a.key.proxy_id.cmp(&b.key.proxy_id));
    expected.sort_by(|a, b| a.key.proxy_id.cmp(&b.key.proxy_id));
    assert_eq!(found, expected);
    assert_eq!(store.find_users_by_id("7-crm", "other").await.unwrap(), [elsewhere]);
    assert_eq!(store.find_users_by_id("7", "crm").await.unwrap(), []);

    assert!(store.delete_user(&expected[0].key).await.unwrap());
    assert_eq!(store.find_users_by_id("7-crm", "crm").await.unwrap().len(), 3);
}

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

fn claim(holder: &str) -> Claim {
    Claim {
        extension: Extension { number: Some("101".to_owned()), hashed_id: None },
        message_id: None,
        holder: holder.to_owned(),
        instance: "instance-1".to_owned(),
        idempotency_key: "key-1".to_owned(),
        claimed_at: 1,
        busy_until: 2,
        expires_at: 3,
        in_doubt: false,
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
    assert_eq!(store.sweep(150).await.unwrap(), 2);
    assert_eq!(store.claims(&key("old")).await.unwrap(), None);
    assert_eq!(store.document(&note("old")).await.unwrap(), None);
    assert!(store.claims(&key("new")).await.unwrap().is_some());
    assert!(store.document(&note("new")).await.unwrap().is_some());
    assert!(store.document(&other).await.unwrap().is_some(), "only notes are swept");
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

fn conversation(scope: Scope, id: &str, third_party_log_id: &str) -> Conversation {
    Conversation {
        scope,
        conversation_log_id: id.to_owned(),
        conversation_id: Some("c".to_owned()),
        first_message_id: "1".to_owned(),
        third_party_log_id: third_party_log_id.to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
        updated_at: 2,
    }
}

fn message_log(scope: Scope, id: &str) -> MessageLog {
    MessageLog {
        scope,
        message_id: id.to_owned(),
        conversation_log_id: "c/1".to_owned(),
        third_party_log_id: "m1".to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
    }
}

/// Q5: messages and conversations of one scope are invisible in every other.
pub async fn messages_never_leave_their_scope(store: &dyn Store) {
    let own = scope("crm", Some("a"), account("1"));
    let logs = [message_log(own.clone(), "1"), message_log(own.clone(), "2")];
    let key = ClaimKey { scope: own.clone(), subject: ClaimSubject::Conversation("c/1".to_owned()) };
    let held = Some(claims(&["a"]));
    let made = ClaimChange { key: key.clone(), before: None, after: held.clone() };
    assert!(store.change_claims(&made).await.unwrap());
    let released = ClaimChange { key: key.clone(), before: held, after: None };
    let first = conversation(own.clone(), "c/1", "m1");
    store.save_messages(&first, &logs, Some(&released)).await.unwrap();
    assert_eq!(store.claims(&key).await.unwrap(), None);
    assert_eq!(store.conversation(&own, "c/1").await.unwrap(), Some(first));
    for log in logs {
        assert_eq!(store.message_log(&own, &log.message_id).await.unwrap(), Some(log));
    }
    let others = [
        scope("crm", Some("b"), account("1")),
        scope("crm", None, account("1")),
        scope("crm", Some("a"), account("2")),
        scope("crm", Some("a"), Owner::User("1".to_owned())),
        scope("crm2", Some("a"), account("1")),
    ];
    for other in others {
        assert_eq!(store.conversation(&other, "c/1").await.unwrap(), None);
        assert_eq!(store.message_log(&other, "1").await.unwrap(), None);
    }
    let second = conversation(own.clone(), "c/1", "m2");
    store.save_messages(&second, &[], None).await.unwrap();
    assert_eq!(store.conversation(&own, "c/1").await.unwrap(), Some(second));
}

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
        stored.access_token = Secret::new(format!("token {round}"));
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
            next.access_token = Secret::new(format!("token {number}"));
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

pub async fn a_record_too_long_is_refused_and_changes_nothing(store: &dyn Store) {
    let mut stored = user("7-crm", None);
    store.save_user(&stored).await.unwrap();
    let text = "x".repeat(app_connect::store::MAX_RECORD_BYTES);
    stored.platform_additional_info.insert("long".to_owned(), json!(text));
    let error = store.save_user(&stored).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    stored.platform_additional_info.shift_remove("long");
    assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored));
}

/// Fills a store with records of every kind; returns how many.
pub async fn fill(store: &dyn Store) -> Counts {
    for n in 0..700 {
        let proxy_id = (n % 3 > 0).then(|| format!("proxy-{}", n % 3));
        let one = user(&format!("{n}-crm"), proxy_id.as_deref());
        let scope = scope("crm", proxy_id.as_deref(), account("1"));
        let log = call_log(scope, &format!("s-{n}"), Some("101"), n);
        let contacts = json!([{"name": format!("Ada {n}")}]);
        let contacts_text = contacts.to_string();
        let key = contact_key(&format!("+1650555{n:04}"));
        let message = message_log(log.scope.clone(), &format!("m-{n}"));
        let talk = conversation(log.scope.clone(), &format!("c-{n}"), "m1");
        let document = DocumentKey { kind: DocumentKind::Note, parts: vec![Some(n.to_string())] };
        let claim = ClaimChange {
            key: ClaimKey { scope: log.scope.clone(), subject: ClaimSubject::Call(format!("s-{n}")) },
            before: None,
            after: Some(claims(&["a"])),
        };
        let (user, log, contacts, messages, claimed, noted) = tokio::join!(
            store.save_user(&one),
            store.save_call_log(&log, None),
            store.cache_contacts(&key, contacts_text.as_bytes()),
            store.save_messages(&talk, std::slice::from_ref(&message), None),
            store.change_claims(&claim),
            store.save_document(&document, &contacts),
        );
        messages.unwrap();
        assert!(claimed.unwrap());
        noted.unwrap();
        user.unwrap();
        assert_eq!(log.unwrap(), Saved::Inserted);
        contacts.unwrap();
    }
    Counts {
        users: 700,
        call_logs: 700,
        contacts: 700,
        conversations: 700,
        message_logs: 700,
        claims: 700,
        documents: 700,
    }
}

/// A writer whose bytes stay readable after it was given away.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub async fn export(store: &dyn Store) -> (Counts, Vec<u8>) {
    let sink = Sink::default();
    let counts = store.export(Box::new(sink.clone())).await.unwrap();
    let bytes = sink.0.lock().unwrap().clone();
    (counts, bytes)
}

pub async fn import(store: &dyn Store, bytes: &[u8]) -> Result<Counts, StoreError> {
    let reader = BufReader::new(Cursor::new(bytes.to_vec()));
    store.import(Box::new(reader)).await
}

/// `from` and `to` are two empty stores with one key.
pub async fn an_export_imports_into_an_empty_store_only(from: &dyn Store, to: &dyn Store) {
    let counts = fill(from).await;
    let (exported, bytes) = export(from).await;
    assert_eq!(exported, counts);
    assert_eq!(import(to, &bytes).await, Ok(counts));
    assert_eq!(export(to).await.0, counts);
    assert_eq!(to.integrity().await.unwrap().readable, counts);
    let one = user("7-crm", Some("proxy-1"));
    assert_eq!(to.get_user(&one.key).await.unwrap(), Some(one));
    let key = contact_key("+16505550007");
    assert_eq!(to.cached_contacts(&key).await.unwrap(), Some(json!([{"name": "Ada 7"}])));
    let logs = scope("crm", Some("proxy-1"), account("1"));
    assert_eq!(to.call_logs(&logs, "s-7").await.unwrap().len(), 1);

    let error = import(to, &bytes).await.unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { .. }), "{error}");
    assert_eq!(export(to).await.0, counts);
}

/// Every broken import names its line and leaves the store empty and usable.
pub async fn a_broken_import_leaves_the_store_empty(from: &dyn Store, to: &dyn Store) {
    fill(from).await;
    let (_, bytes) = export(from).await;
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n").into_bytes();
    let swapped = |from: &str, to: &str| text.replacen(from, to, 1).into_bytes();

    let mut missing = lines.clone();
    missing.remove(5);
    let mut flipped = lines.clone();
    let changed = lines[9].replace("\"sealed\":\"AQ", "\"sealed\":\"BQ");
    assert_ne!(changed, lines[9]);
    flipped[9] = &changed;
    let mut moved = lines.clone();
    let foreign = lines[3].replacen("-crm\"", "-mcr\"", 1);
    moved[3] = &foreign;

    for (case, bytes, line) in [
        ("empty", Vec::new(), 1),
        ("not an export", b"{\"a\":1}\n".to_vec(), 1),
        ("no JSON", b"\xff\xfe\n".to_vec(), 1),
        ("cut at a line", joined(&lines[..1500]), 1501),
        ("cut inside a line", text.as_bytes()[..200_000].to_vec(), 0),
        ("a line missing", joined(&missing), 4901),
        ("an envelope changed", joined(&flipped), 10),
        ("a value under another key", joined(&moved), 4),
        ("an unknown kind", swapped("\"users\"", "\"losers\""), 2),
        ("a kind with the other's value", swapped("\"users\"", "\"callLogs\""), 2),
        ("a line without end", [lines[0].as_bytes(), b"\n", &[b'x'; 2_000_000]].concat(), 2),
    ] {
        match import(to, &bytes).await {
            Err(StoreError::Import { line: found, why }) => {
                assert!(line == 0 || found == line, "{case}: line {found}: {why}");
            }
            other => panic!("{case}: {other:?}"),
        }
        assert_eq!(export(to).await.0, Counts::default(), "{case}");
    }
    let newer = swapped("\"version\":2", "\"version\":3");
    let error = import(to, &newer).await.unwrap_err();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
    import(to, text.as_bytes()).await.unwrap();
}

pub async fn a_closed_store_refuses_writes_and_still_reads(store: &dyn Store) {
    let stored = user("7-crm", None);
    store.save_user(&stored).await.unwrap();
    store.flush().await.unwrap();
    store.close().await.unwrap();
    let error = store.save_user(&stored).await.unwrap_err();
    assert!(error.to_string().contains("the store is closed"), "{error}");
    assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored));
}
