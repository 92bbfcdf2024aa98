//! Exports and imports of everything there is.

use std::io::{BufReader, Cursor, Write};
use std::sync::{Arc, Mutex};

use app_connect::store::{
    ClaimChange, ClaimKey, ClaimSubject, Counts, DocumentKey, DocumentKind, Saved, Store, StoreError,
};
use serde_json::json;

use super::super::{account, call_log, contact_key, scope, user};
use super::claims::claims;
use super::messages::{conversation, message_log};

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
