//! The audit log: who changed what. Entries are numbered without gaps, written together with what they
//! tell of, and never changed or removed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::caller::Caller;
use crate::engine::time::to_iso;
use crate::service::clock::Clock;
use crate::store::{DocumentChange, DocumentKey, DocumentKind, Store, StoreError};

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
        let head = store.document(&head()).await?;
        let sequence = last(head.as_ref())? + 1;
        let entry = serde_json::to_value(entry(event, sequence, clock.now_ms())).unwrap_or_default();
        all.truncate(own);
        all.push(DocumentChange { key: self::head(), before: head, after: Some(json!({"last": sequence})) });
        all.push(DocumentChange { key: key(sequence), before: None, after: Some(entry) });
        if store.change_documents(&all).await? {
            return Ok(true);
        }
        for change in &all[..own] {
            if store.document(&change.key).await? != change.before {
                return Ok(false);
            }
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
    last(store.document(&head()).await?.as_ref())
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
        for document in store.documents(&block_key(block)).await? {
            let entry: Entry =
                serde_json::from_value(document).map_err(|error| corrupt(&error.to_string()))?;
            if entry.sequence > after && entries.len() < limit {
                entries.push(entry);
            }
        }
        block += 1;
    }
    let reached = entries.last().map_or(last, |entry| entry.sequence);
    Ok(Page { entries, last, next: (reached < last).then_some(reached) })
}

fn last(head: Option<&Value>) -> Result<u64, StoreError> {
    match head {
        None => Ok(0),
        Some(head) => head["last"].as_u64().ok_or_else(|| corrupt("its head has no number")),
    }
}

fn corrupt(why: &str) -> StoreError {
    StoreError::Corrupt { what: "the audit log".to_owned(), why: why.to_owned() }
}

fn head() -> DocumentKey {
    DocumentKey { kind: DocumentKind::Audit, parts: vec![Some("head".to_owned())] }
}

fn block_key(block: u64) -> DocumentKey {
    let parts = ["entries".to_owned(), format!("{block:016x}")];
    DocumentKey { kind: DocumentKind::Audit, parts: parts.map(Some).to_vec() }
}

fn key(sequence: u64) -> DocumentKey {
    let mut key = block_key((sequence - 1) / BLOCK);
    key.parts.push(Some(format!("{sequence:016x}")));
    key
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
    use crate::secret::Secret;
    use crate::store::{self, Keys};

    #[tokio::test]
    async fn entries_are_paged_over_blocks_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::from_secret(&Secret::new("a secret")).unwrap();
        let store = store::open(&format!("sled:{}", folder.path().join("s").display()), keys).await.unwrap();
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

    /// A change that comes too late leaves no entry.
    #[tokio::test]
    async fn a_change_and_its_entry_are_stored_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::from_secret(&Secret::new("a secret")).unwrap();
        let store = store::open(&format!("sled:{}", folder.path().join("s").display()), keys).await.unwrap();
        let key = DocumentKey { kind: DocumentKind::License, parts: vec![Some("x".to_owned())] };
        let change = |before: Option<Value>, after: Value| {
            vec![DocumentChange { key: key.clone(), before, after: Some(after) }]
        };
        let event = Event::new(&Caller::command_line(), "test", "x", Value::Null);
        assert!(commit(&*store, &Clock::system(), &event, change(None, json!(1))).await.unwrap());
        assert!(!commit(&*store, &Clock::system(), &event, change(None, json!(2))).await.unwrap());
        assert!(!commit(&*store, &Clock::system(), &event, change(Some(json!(3)), json!(2))).await.unwrap());
        assert_eq!(store.document(&key).await.unwrap(), Some(json!(1)));
        assert_eq!(page(&*store, 0, 10).await.unwrap().last, 1);
        assert!(commit(&*store, &Clock::system(), &event, change(Some(json!(1)), json!(2))).await.unwrap());
        assert_eq!(page(&*store, 0, 10).await.unwrap().last, 2);
    }
}
