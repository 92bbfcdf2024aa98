//! The audit log: who changed what. Entries are numbered without gaps, written together with what they
//! tell of, and never changed or removed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::caller::Caller;
use crate::engine::time::to_iso;
use crate::service::clock::Clock;
use crate::store::{DocumentChange, DocumentKind, Key, Prefix, Store, StoreError, StoredDocument};

/// So many entries lie in one block: a page is read without reading the others.
const BLOCK: u64 = 256;

/// The longest detail, in bytes of JSON.
const MAX_DETAIL: usize = 16 * 1024;

/// Longer than what tells that a member was left out.
const OMISSION: usize = 64;

/// How often others may get ahead before a change gives up.
const ATTEMPTS: usize = 1_000;

/// Something that somebody does.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who.
    pub by: Caller,
    /// What, such as `token.create`.
    pub action: String,
    /// To what, such as `token/0a1b2c3d4e5f6071`.
    pub target: String,
    /// What else there is to know.
    pub detail: Value,
}

impl Event {
    /// What `by` does: `token.create` to `token/0a1b…`, say.
    pub fn new(by: &Caller, action: &str, target: impl Into<String>, detail: Value) -> Self {
        Self { by: by.clone(), action: action.to_owned(), target: target.into(), detail }
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
pub struct Entry {
    /// Its number; the first entry is 1, and none is left out.
    pub sequence: u64,
    /// When, ISO 8601.
    pub at: String,
    /// What, such as `token.create`.
    pub action: String,
    /// To what, such as `token/0a1b2c3d4e5f6071`.
    pub target: String,
    /// Id of the token by which it was done; `cli` for the command line, `bootstrap` for the token of
    /// the environment.
    pub token_id: String,
    /// The token's name at that time.
    pub token_name: String,
    /// Id of the request; absent for the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What else there is to know.
    pub detail: Value,
}

impl StoredDocument for Entry {
    const KIND: DocumentKind = DocumentKind::Audit;
}

/// Where the log ends, as it is stored.
#[derive(Default, Serialize, Deserialize)]
struct Head {
    /// The number of the newest entry.
    last: u64,
}

impl StoredDocument for Head {
    const KIND: DocumentKind = DocumentKind::Audit;
}

/// Some entries, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditPage")]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The number of the newest entry of all.
    pub last: u64,
    /// Ask for what comes after this number; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Stores changes together with the entry that tells of them; false, and nothing stored, where one of
/// the documents is no longer as its change says. Entries of others that get in between are no reason.
///
/// # Errors
/// If the store fails.
pub async fn commit(
    store: &dyn Store,
    clock: &Clock,
    event: &Event,
    changes: Vec<DocumentChange>,
) -> Result<bool, StoreError> {
    let own = changes.len();
    let mut all = changes;
    for _ in 0..ATTEMPTS {
        let mut head = store.versioned(&head()).await?;
        let sequence = head.content.take().unwrap_or_default().last + 1;
        let entry = entry(event, sequence, clock.now_ms());
        all.truncate(own);
        all.push(head.changed_to(&Head { last: sequence })?);
        all.push(DocumentChange::create(&key(sequence), &entry)?);
        if store.change_documents(&all).await? {
            return Ok(true);
        }
        if !store.are_unchanged(&all[..own]).await? {
            return Ok(false);
        }
    }
    Err(StoreError::Unavailable {
        what: "writing to the audit log".to_owned(),
        why: "others kept writing to it".to_owned(),
        mend: "Try again".to_owned(),
    })
}

fn entry(event: &Event, sequence: u64, now: i64) -> Entry {
    Entry {
        sequence,
        at: Timestamp::from_millisecond(now).map(to_iso).unwrap_or_default(),
        action: event.action.clone(),
        target: event.target.clone(),
        token_id: event.by.token_id.clone(),
        token_name: event.by.name.clone(),
        request_id: event.by.request_id.clone(),
        detail: bounded(event.detail.clone()),
    }
}

/// A detail that is not too long: of one that is, the longest parts are left out, and their lengths
/// told.
fn bounded(mut detail: Value) -> Value {
    loop {
        let length = detail.to_string().len();
        if length <= MAX_DETAIL {
            return detail;
        }
        match longest(&mut detail) {
            Some(part) => *part = json!({"omittedBytes": part.to_string().len()}),
            None => return json!({"omittedBytes": length}),
        }
    }
}

/// The longest member of an object that is none itself, at whichever depth; `None` where all are short.
fn longest(value: &mut Value) -> Option<&mut Value> {
    let members = value.as_object_mut()?.iter_mut().map(|(_, member)| (member.to_string().len(), member));
    let (length, member) = members.max_by_key(|(length, _)| *length)?;
    if member.is_object() { longest(member) } else { Some(member).filter(|_| length > OMISSION) }
}

/// The number of the newest entry; 0 where there is none.
///
/// # Errors
/// If the store fails.
pub async fn newest(store: &dyn Store) -> Result<u64, StoreError> {
    Ok(store.get(&head()).await?.unwrap_or_default().last)
}

/// The entries after a number, at most `limit`.
///
/// # Errors
/// If the store fails, or an entry cannot be read.
pub async fn page(store: &dyn Store, after: u64, limit: usize) -> Result<Page, StoreError> {
    let last = newest(store).await?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut block = after / BLOCK;
    while entries.len() < limit && block * BLOCK < last {
        for entry in store.list(&entries_of(block)).await? {
            if entry.sequence > after && entries.len() < limit {
                entries.push(entry);
            }
        }
        block += 1;
    }
    let reached = entries.last().map_or(last, |entry| entry.sequence);
    Ok(Page { entries, last, next: (reached < last).then_some(reached) })
}

fn head() -> Key<Head> {
    Key::new([Some("head".to_owned())])
}

fn entries_of(block: u64) -> Prefix<Entry> {
    Prefix::new(["entries".to_owned(), format!("{block:016x}")].map(Some))
}

fn key(sequence: u64) -> Key<Entry> {
    entries_of((sequence - 1) / BLOCK).key([Some(format!("{sequence:016x}"))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_detail_that_is_too_long_the_longest_part_is_left_out() {
        let cases: Vec<String> = (0..500).map(|n| format!("{n:0>60}")).collect();
        let detail = json!({
            "revision": 7, "before": 6,
            "forced": {"reason": "the outage cannot wait", "summary": {"errors": 0}, "failedCases": cases},
        });
        let length = detail["forced"]["failedCases"].to_string().len();
        assert_eq!(
            bounded(detail),
            json!({
                "revision": 7, "before": 6,
                "forced": {
                    "reason": "the outage cannot wait", "summary": {"errors": 0},
                    "failedCases": {"omittedBytes": length},
                },
            })
        );
        let many: serde_json::Map<_, _> = (0..5000).map(|n| (n.to_string(), json!(n))).collect();
        let length = json!(many).to_string().len();
        assert_eq!(bounded(json!(many)), json!({"omittedBytes": length}));
    }
    use crate::store;

    #[tokio::test]
    async fn entries_are_paged_over_blocks_and_bounded() {
        let (store, _folder) = store::testing::empty().await;
        let empty = Page { entries: Vec::new(), last: 0, next: None };
        assert_eq!(page(&*store, 0, 10).await.unwrap(), empty);
        let count = BLOCK * 2 + 3;
        for number in 1..=count {
            let event = Event::new(&Caller::command_line(), "test", "nothing", json!({"number": number}));
            assert!(commit(&*store, &Clock::system(), &event, Vec::new()).await.unwrap());
        }
        for (after, limit, first, last) in [
            (0, 1_000, 1, count),
            (0, 10, 1, 10),
            (BLOCK - 1, 2, BLOCK, BLOCK + 1),
            (BLOCK, 1_000, BLOCK + 1, count),
            (count - 1, 5, count, count),
        ] {
            let page = page(&*store, after, limit).await.unwrap();
            let numbers: Vec<u64> = page.entries.iter().map(|entry| entry.sequence).collect();
            assert_eq!(numbers, (first..=last).collect::<Vec<_>>(), "{limit} after {after}");
            assert!(page.entries.iter().all(|entry| entry.detail["number"] == entry.sequence));
            assert_eq!((page.last, page.next), (count, (last < count).then_some(last)));
        }
        assert_eq!(page(&*store, count + 5, 10).await.unwrap().entries, []);

        let long = Event::new(&Caller::command_line(), "test", "long", json!("x".repeat(MAX_DETAIL)));
        assert!(commit(&*store, &Clock::system(), &long, Vec::new()).await.unwrap());
        let kept = page(&*store, count, 1).await.unwrap().entries.remove(0);
        assert_eq!(kept.detail, json!({"omittedBytes": MAX_DETAIL + 2}));
    }

    #[test]
    fn the_log_is_stored_as_it_was() {
        store::assert_stored_as(&head(), &Head { last: 7 }, "audit/head", r#"{"last":7}"#);
        let event = Event::new(&Caller::command_line(), "test", "x", json!({"b": 1, "a": 2}));
        let form = r#"{"sequence":257,"at":"1970-01-01T00:00:00.000Z","action":"test","target":"x","tokenId":"cli","tokenName":"command line","detail":{"b":1,"a":2}}"#;
        let place = "audit/entries/0000000000000001/0000000000000101";
        store::assert_stored_as(&key(257), &entry(&event, 257, 0), place, form);
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Number(u64);

    impl StoredDocument for Number {
        const KIND: DocumentKind = DocumentKind::License;
    }

    /// A change that comes too late leaves no entry.
    #[tokio::test]
    async fn a_change_and_its_entry_are_stored_together_or_not_at_all() {
        let (store, _folder) = store::testing::empty().await;
        let key: Key<Number> = Key::new([Some("x".to_owned())]);
        let absent = || vec![DocumentChange::create(&key, &Number(1)).unwrap()];
        let changed = |before: u64, after: u64| {
            let removed = DocumentChange::create(&key, &Number(before)).unwrap().then_removed();
            vec![DocumentChange { after: Some(json!(after)), ..removed }]
        };
        let event = Event::new(&Caller::command_line(), "test", "x", Value::Null);
        assert!(commit(&*store, &Clock::system(), &event, absent()).await.unwrap());
        assert!(!commit(&*store, &Clock::system(), &event, absent()).await.unwrap());
        assert!(!commit(&*store, &Clock::system(), &event, changed(3, 2)).await.unwrap());
        assert_eq!(store.get(&key).await.unwrap(), Some(Number(1)));
        assert_eq!(page(&*store, 0, 10).await.unwrap().last, 1);
        assert!(commit(&*store, &Clock::system(), &event, changed(1, 2)).await.unwrap());
        assert_eq!(page(&*store, 0, 10).await.unwrap().last, 2);
    }
}
