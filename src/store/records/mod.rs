//! The records that a store keeps, one file each: its type, its key, its stored form.
//!
//! Times are milliseconds since 1970 (UTC). What is stored stays readable: a form may get a new member
//! that has a default, but no member changes its name or meaning. If that is not enough, the form gets
//! the next [`Record::VERSION`] and writes it as a member [`VERSION_MEMBER`]; version 1 has no such member.

mod account_data;
mod call_log;
mod claim;
mod contact;
mod conversation;
mod counts;
mod document;
mod message_log;
mod tenant;
mod user;

use serde_json::Value;

pub use account_data::AccountData;
pub use call_log::{CallLog, Extension, Saved};
pub use claim::{Claim, ClaimChange, ClaimKey, ClaimSubject, Claims};
pub use contact::ContactKey;
pub(super) use contact::Contacts;
pub use conversation::Conversation;
pub use counts::{Counts, Integrity};
pub(super) use document::Document;
pub use document::{DocumentChange, DocumentKey, DocumentKind};
pub use message_log::MessageLog;
pub use tenant::{Owner, Tenant};
pub(super) use user::StoredUser;

use super::{
    Keys, StoreError,
    codec::{self, Row, Table, damaged},
};

/// The member that says which version of its form a record has.
const VERSION_MEMBER: &str = "formVersion";

/// How one kind of record is stored.
pub(super) trait Record: Sized {
    /// Where its rows are.
    const TABLE: Table;
    /// The version of the form that is written.
    const VERSION: u64 = 1;

    /// The stored form.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which is a defect.
    fn to_json(&self) -> serde_json::Result<Vec<u8>>;

    /// The record of a stored form, of this version or an older one.
    ///
    /// # Errors
    /// If it is another form.
    fn from_json(json: &[u8]) -> serde_json::Result<Self>;

    /// Whether the record belongs under a row's key. What is sealed opens only there.
    fn belongs_to(&self, _key: &[u8]) -> bool {
        true
    }

    /// The row of this record under a key.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    fn to_row(&self, keys: &Keys, key: Vec<u8>) -> Result<Row, StoreError> {
        let json = self.to_json().map_err(|error| StoreError::Unavailable {
            what: format!("encoding a record of {}", Self::TABLE.name()),
            why: error.to_string(),
            mend: "Please report this; it is a defect of the program".to_owned(),
        })?;
        codec::row(keys, Self::TABLE, key, json)
    }

    /// The record of a row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], and [`StoreError::Format`] if a newer program wrote it.
    fn from_row(keys: &Keys, key: &[u8], value: &[u8]) -> Result<Self, StoreError> {
        let record = codec::with_json(keys, Self::TABLE, key, value, |json| {
            if let Some(version) = newer_version::<Self>(json) {
                return Err(version);
            }
            // serde's message can quote the value, so only the place is told.
            Self::from_json(json).map_err(|error| {
                let why = format!("it is not the JSON that was expected at byte {}", error.column());
                damaged(Self::TABLE, &why)
            })
        })?;
        if record.belongs_to(key) {
            Ok(record)
        } else {
            Err(damaged(Self::TABLE, "it lies under another record's key"))
        }
    }
}

/// The error for a form of a newer program. It may look like an older one, and writing it back would lose what is new.
fn newer_version<R: Record>(json: &[u8]) -> Option<StoreError> {
    // Few records have a version: only those are read twice.
    memchr::memmem::find(json, VERSION_MEMBER.as_bytes())?;
    let form: Value = serde_json::from_slice(json).ok()?;
    let version = form.get(VERSION_MEMBER).and_then(Value::as_u64).filter(|version| *version > R::VERSION)?;
    Some(StoreError::Format {
        what: format!("a record of {}", R::TABLE.name()),
        found: version.to_string(),
        known: u32::try_from(R::VERSION).unwrap_or(u32::MAX),
    })
}

/// Whether a record can be read, whatever its kind.
///
/// # Errors
/// As [`Record::from_row`].
pub(super) fn verify(keys: &Keys, row: &Row) -> Result<(), StoreError> {
    let Row { table, key, value } = row;
    if codec::decode_key(key).is_none() {
        return Err(damaged(*table, "its key is malformed"));
    }
    match table {
        Table::Users => StoredUser::from_row(keys, key, value).map(drop),
        Table::CallLogs => CallLog::from_row(keys, key, value).map(drop),
        Table::Contacts => Contacts::from_row(keys, key, value).map(drop),
        Table::Conversations => Conversation::from_row(keys, key, value).map(drop),
        Table::MessageLogs => MessageLog::from_row(keys, key, value).map(drop),
        Table::Claims => Claims::from_row(keys, key, value).map(drop),
        Table::Documents => Document::from_row(keys, key, value).map(drop),
    }
}

/// The rows that may expire, as tables and the beginnings of their keys.
pub(super) fn expiring() -> impl Iterator<Item = (Table, Vec<u8>)> {
    let documents = DocumentKind::EXPIRING.map(|kind| DocumentKey { kind, parts: Vec::new() }.row_key());
    std::iter::once((Table::Claims, Vec::new()))
        .chain(documents.into_iter().map(|prefix| (Table::Documents, prefix)))
}

/// Whether a row of [`expiring`] means nothing any more: all of its claims, or its member `expiresAt`, lie
/// in the past.
///
/// # Errors
/// As [`Record::from_row`].
pub(super) fn is_expired(keys: &Keys, row: &Row, now: i64) -> Result<bool, StoreError> {
    if row.table == Table::Claims {
        return Ok(Claims::from_row(keys, &row.key, &row.value)?.are_expired(now));
    }
    Ok(Document::from_row(keys, &row.key, &row.value)?.is_expired(now))
}

#[cfg(test)]
mod tests;
