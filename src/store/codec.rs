//! Rows: records as keys and bytes, the same for every backend.
//!
//! A key is a list of parts, each absent or text, written so that the bytes of
//! a shorter list are a prefix of a longer one's and of no other list.

use super::{
    Keys, StoreError,
    seal::{SEALED_EXTRA, Unsealable},
};

/// The longest encoded record that a store takes, in bytes. Enough for a few
/// hundred cached contacts; keeps one record from filling a backend's page.
pub const MAX_RECORD_BYTES: usize = 96 * 1024;

/// The longest key that a new record may have, in bytes, the same in every store: a page of PostgreSQL's index takes
/// so much, with something to spare.
pub const MAX_KEY_BYTES: usize = 2600;

/// The kinds of record. A backend keeps each in a table of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Sealed; see `records::user`.
    Users,
    /// JSON; see `records::call_log`.
    CallLogs,
    /// Sealed; see `records::contact`.
    Contacts,
    /// JSON; see `records::conversation`.
    Conversations,
    /// JSON; see `records::message_log`.
    MessageLogs,
    /// JSON; see `records::claim`.
    Claims,
    /// Sealed; see `records::document`.
    Documents,
}

impl Table {
    /// Every table, in the order in which an export writes them.
    pub const ALL: [Self; 7] = [
        Self::Users,
        Self::CallLogs,
        Self::Contacts,
        Self::Conversations,
        Self::MessageLogs,
        Self::Claims,
        Self::Documents,
    ];

    /// Its name in exports and in messages, in camel case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::CallLogs => "callLogs",
            Self::Contacts => "contacts",
            Self::Conversations => "conversations",
            Self::MessageLogs => "messageLogs",
            Self::Claims => "claims",
            Self::Documents => "documents",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Whether values are sealed; the others are JSON.
    pub(super) fn is_sealed(self) -> bool {
        matches!(self, Self::Users | Self::Contacts | Self::Documents)
    }
}

/// One stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its kind.
    pub table: Table,
    /// Its key. Rows are in the order of its bytes.
    pub key: Vec<u8>,
    /// Its record, sealed or as JSON.
    pub value: Vec<u8>,
}

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// Each part as one byte 0 (absent), or 1, the length in four bytes, the text.
pub(super) fn encode_key(parts: &[Option<&str>]) -> Vec<u8> {
    let mut key = Vec::with_capacity(parts.iter().flatten().map(|part| part.len() + 5).sum());
    for part in parts {
        match part {
            None => key.push(ABSENT),
            Some(text) => {
                key.push(PRESENT);
                // No part comes near 4 GiB: they are parts of HTTP requests.
                key.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                key.extend_from_slice(text.as_bytes());
            }
        }
    }
    key
}

/// The parts again; `None` if the bytes are not a key.
pub(super) fn decode_key(mut key: &[u8]) -> Option<Vec<Option<&str>>> {
    let mut parts = Vec::new();
    while let Some((tag, rest)) = key.split_first() {
        key = match *tag {
            ABSENT => {
                parts.push(None);
                rest
            }
            PRESENT => {
                let (len, rest) = rest.split_first_chunk::<4>()?;
                let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
                let (text, rest) = rest.split_at_checked(len)?;
                parts.push(Some(std::str::from_utf8(text).ok()?));
                rest
            }
            _ => return None,
        };
    }
    Some(parts)
}

/// What a sealed value is bound to: its kind and its key.
fn identity(table: Table, key: &[u8]) -> Vec<u8> {
    let mut identity = encode_key(&[Some(table.name())]);
    identity.extend_from_slice(key);
    identity
}

/// The row of a record, given as JSON.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub(super) fn row(keys: &Keys, table: Table, key: Vec<u8>, json: Vec<u8>) -> Result<Row, StoreError> {
    let value = if table.is_sealed() { keys.seal(&identity(table, &key), json)? } else { json };
    let bytes = key.len() + value.len();
    if bytes > MAX_RECORD_BYTES {
        return Err(StoreError::TooLarge {
            what: format!("a record of {}", table.name()),
            bytes,
            limit: MAX_RECORD_BYTES,
        });
    }
    Ok(Row { table, key, value })
}

/// Hands the JSON of a stored value to `read`.
///
/// # Errors
/// [`StoreError::Corrupt`] if the value does not open, or an error of `read`.
pub(super) fn with_json<T>(
    keys: &Keys,
    table: Table,
    key: &[u8],
    value: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    if !table.is_sealed() {
        return read(value);
    }
    let opened = keys.open(&identity(table, key), value);
    read(&opened.map_err(|why: Unsealable| damaged(table, &why.to_string()))?)
}

/// Whether a sealed value holds exactly this JSON.
pub(super) fn holds(keys: &Keys, table: Table, key: &[u8], value: &[u8], json: &[u8]) -> bool {
    // Sealing adds as much to every text, so another length is another text.
    value.len() == json.len() + SEALED_EXTRA
        && keys.open(&identity(table, key), value).is_ok_and(|held| held == json)
}

pub(super) fn damaged(table: Table, why: &str) -> StoreError {
    StoreError::Corrupt { what: format!("a record of {}", table.name()), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No list of parts is mistaken for another, and prefixes are lists.
        #[test]
        fn keys_read_back(parts in prop::collection::vec(prop::option::of(".{0,8}"), 0..6), cut in 0..6_usize) {
            let parts: Vec<Option<&str>> = parts.iter().map(Option::as_deref).collect();
            let key = encode_key(&parts);
            prop_assert_eq!(decode_key(&key), Some(parts.clone()));
            let prefix = encode_key(&parts[..cut.min(parts.len())]);
            prop_assert!(key.starts_with(&prefix));
        }

        /// Bytes from outside (an import) never panic.
        #[test]
        fn any_bytes_are_a_key_or_not(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(parts) = decode_key(&bytes) {
                prop_assert_eq!(encode_key(&parts), bytes);
            }
        }
    }
}
