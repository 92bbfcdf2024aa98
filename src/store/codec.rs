//! Records as keys and bytes, the same for every backend.
//!
//! A key is a list of parts, each absent or text, written so that the bytes of
//! a shorter list are a prefix of a longer one's and of no other list.

use crate::credential::Credential;
use crate::hex::hex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    CallLog, ClaimKey, ClaimSubject, Claims, ContactKey, Conversation, DocumentKey, DocumentKind, Keys,
    MAX_RECORD_BYTES, MessageLog, Owner, Secret, StoreError, Tenant, User, UserKey,
    seal::{SEALED_EXTRA, Unsealable},
};

/// The kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Table {
    /// Sealed; key: platform, id, proxy id.
    Users,
    /// JSON; key: scope, session, extension number, hashed extension id. A scope is platform, proxy
    /// id, owner kind, owner id, and of a kind "… at site" the site.
    CallLogs,
    /// Sealed; key: account, platform, proxy id, keyed hash of the number.
    Contacts,
    /// JSON; key: scope, conversation log id.
    Conversations,
    /// JSON; key: scope, message id.
    MessageLogs,
    /// JSON; key: scope, kind of subject, its id.
    Claims,
    /// Sealed; key: kind, and whatever parts the kind has.
    Documents,
}

impl Table {
    pub(super) const ALL: [Self; 7] = [
        Self::Users,
        Self::CallLogs,
        Self::Contacts,
        Self::Conversations,
        Self::MessageLogs,
        Self::Claims,
        Self::Documents,
    ];

    pub(super) fn name(self) -> &'static str {
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
    pub(super) fn sealed(self) -> bool {
        matches!(self, Self::Users | Self::Contacts | Self::Documents)
    }
}

/// One stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub table: Table,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

const MISPLACED: &str = "it lies under another record's key";

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
pub(super) fn identity(table: Table, key: &[u8]) -> Vec<u8> {
    let mut identity = encode_key(&[Some(table.name())]);
    identity.extend_from_slice(key);
    identity
}

pub(super) fn users_prefix(id: &str, platform: &str) -> Vec<u8> {
    encode_key(&[Some(platform), Some(id)])
}

pub(super) fn user_key(key: &UserKey) -> Vec<u8> {
    encode_key(&[Some(&key.platform), Some(&key.id), key.proxy_id.as_deref()])
}

/// A key inside of a scope.
fn scoped(scope: &Tenant, parts: &[Option<&str>]) -> Vec<u8> {
    let (kind, owner) = match (&scope.owner, &scope.tenant_host) {
        (Owner::RcAccount(id), None) => ("account", id),
        (Owner::RcAccount(id), Some(_)) => ("account at site", id),
        (Owner::User(id), None) => ("user", id),
        (Owner::User(id), Some(_)) => ("user at site", id),
    };
    let mut key = encode_key(&[Some(&scope.platform), scope.proxy_id.as_deref(), Some(kind), Some(owner)]);
    if let Some(tenant_host) = &scope.tenant_host {
        key.extend_from_slice(&encode_key(&[Some(tenant_host)]));
    }
    key.extend_from_slice(&encode_key(parts));
    key
}

pub(super) fn session_prefix(scope: &Tenant, session_id: &str) -> Vec<u8> {
    scoped(scope, &[Some(session_id)])
}

pub(super) fn call_log_key(log: &CallLog) -> Vec<u8> {
    let extension = &log.extension;
    scoped(&log.scope, &[Some(&log.session_id), extension.number.as_deref(), extension.hashed_id.as_deref()])
}

pub(super) fn conversation_key(scope: &Tenant, conversation_log_id: &str) -> Vec<u8> {
    scoped(scope, &[Some(conversation_log_id)])
}

pub(super) fn message_log_key(scope: &Tenant, message_id: &str) -> Vec<u8> {
    scoped(scope, &[Some(message_id)])
}

pub(super) fn claims_key(key: &ClaimKey) -> Vec<u8> {
    let (kind, id) = match &key.subject {
        ClaimSubject::Call(session_id) => ("call", session_id),
        ClaimSubject::Conversation(id) => ("conversation", id),
        ClaimSubject::Contact(hash) => ("contact", hash),
    };
    scoped(&key.scope, &[Some(kind), Some(id)])
}

pub(super) fn document_key(key: &DocumentKey) -> Vec<u8> {
    let kind = match key.kind {
        DocumentKind::Note => "note",
        DocumentKind::CallDown => "callDown",
        DocumentKind::AccountData => "accountData",
        DocumentKind::AdminSettings => "adminSettings",
        DocumentKind::License => "license",
        DocumentKind::Lease => "lease",
        DocumentKind::ApiToken => "consoleToken",
        DocumentKind::Connector => "connector",
        DocumentKind::ConnectorRevision => "connectorRevision",
        DocumentKind::ConnectorText => "connectorText",
        DocumentKind::Audit => "audit",
        DocumentKind::NewContacts => "newContacts",
    };
    let mut stored = encode_key(&[Some(kind)]);
    for part in &key.parts {
        stored.extend_from_slice(&encode_key(&[part.as_deref()]));
    }
    stored
}

pub(super) fn contact_key(keys: &Keys, key: &ContactKey) -> Vec<u8> {
    let mut scope =
        vec![Some(key.rc_account_id.as_str()), Some(key.platform.as_str()), key.proxy_id.as_deref()];
    scope.extend(key.tenant_host.as_deref().map(Some));
    // The scope goes into the hash as well: one number in two accounts must
    // not be recognisable as the same.
    let mut hashed = encode_key(&scope);
    hashed.extend_from_slice(&encode_key(&[Some(&key.phone_number)]));
    let hash = hex(keys.hash(&hashed).as_ref());
    let mut stored = encode_key(&scope);
    stored.extend_from_slice(&encode_key(&[Some(&hash)]));
    stored
}

/// A user as it is sealed. Separate from [`User`], which cannot be serialised.
#[derive(Serialize, Deserialize)]
struct SealedUser {
    key: UserKey,
    name: Option<String>,
    hostname: Option<String>,
    timezone_name: Option<String>,
    timezone_offset: Option<Value>,
    access_token: String,
    refresh_token: Option<String>,
    token_expiry: Option<i64>,
    rc_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    platform_additional_info: Map<String, Value>,
    user_settings: Option<Value>,
    #[serde(rename = "site", default, skip_serializing_if = "Option::is_none")]
    tenant_host: Option<String>,
    #[serde(default)]
    was_alone: bool,
    created_at: i64,
    updated_at: i64,
}

/// All of a user is sealed, not the tokens alone: a host name that could be
/// changed on disk would decide where the tokens are sent.
pub(super) fn user_row(keys: &Keys, user: &User) -> Result<Row, StoreError> {
    let user = user.clone();
    let key = user_key(&user.key);
    let sealed = SealedUser {
        key: user.key,
        name: user.name,
        hostname: user.hostname,
        timezone_name: user.timezone_name,
        timezone_offset: user.timezone_offset,
        access_token: user.credential.secret.expose().to_owned(),
        refresh_token: user.credential.refresh.map(|token| token.expose().to_owned()),
        token_expiry: user.credential.expires_at,
        rc_account_id: user.rc_account_id,
        region: user.region,
        platform_additional_info: user.platform_additional_info,
        user_settings: user.user_settings,
        tenant_host: user.tenant_host,
        was_alone: user.was_alone,
        created_at: user.created_at,
        updated_at: user.updated_at,
    };
    row(keys, Table::Users, key, &sealed)
}

pub(super) fn read_user(keys: &Keys, key: &[u8], value: &[u8]) -> Result<User, StoreError> {
    let user: SealedUser = read(keys, Table::Users, key, value)?;
    Ok(User {
        key: user.key,
        name: user.name,
        hostname: user.hostname,
        timezone_name: user.timezone_name,
        timezone_offset: user.timezone_offset,
        credential: Credential {
            secret: Secret::new(user.access_token),
            refresh: user.refresh_token.map(Secret::new),
            expires_at: user.token_expiry,
        },
        rc_account_id: user.rc_account_id,
        region: user.region,
        platform_additional_info: user.platform_additional_info,
        user_settings: user.user_settings,
        tenant_host: user.tenant_host,
        was_alone: user.was_alone,
        created_at: user.created_at,
        updated_at: user.updated_at,
    })
}

pub(super) fn call_log_row(keys: &Keys, log: &CallLog) -> Result<Row, StoreError> {
    row(keys, Table::CallLogs, call_log_key(log), log)
}

pub(super) fn read_call_log(keys: &Keys, key: &[u8], value: &[u8]) -> Result<CallLog, StoreError> {
    let log: CallLog = read(keys, Table::CallLogs, key, value)?;
    // Unsealed, so nothing but this check ties the value to its key.
    if call_log_key(&log) != key {
        return Err(damaged(Table::CallLogs, MISPLACED));
    }
    Ok(log)
}

pub(super) fn conversation_row(keys: &Keys, conversation: &Conversation) -> Result<Row, StoreError> {
    let key = conversation_key(&conversation.scope, &conversation.conversation_log_id);
    row(keys, Table::Conversations, key, conversation)
}

pub(super) fn read_conversation(keys: &Keys, key: &[u8], value: &[u8]) -> Result<Conversation, StoreError> {
    let conversation: Conversation = read(keys, Table::Conversations, key, value)?;
    if conversation_key(&conversation.scope, &conversation.conversation_log_id) != key {
        return Err(damaged(Table::Conversations, MISPLACED));
    }
    Ok(conversation)
}

pub(super) fn message_log_row(keys: &Keys, log: &MessageLog) -> Result<Row, StoreError> {
    row(keys, Table::MessageLogs, message_log_key(&log.scope, &log.message_id), log)
}

pub(super) fn read_message_log(keys: &Keys, key: &[u8], value: &[u8]) -> Result<MessageLog, StoreError> {
    let log: MessageLog = read(keys, Table::MessageLogs, key, value)?;
    if message_log_key(&log.scope, &log.message_id) != key {
        return Err(damaged(Table::MessageLogs, MISPLACED));
    }
    Ok(log)
}

pub(super) fn claims_row(keys: &Keys, key: &ClaimKey, claims: &Claims) -> Result<Row, StoreError> {
    row(keys, Table::Claims, claims_key(key), claims)
}

pub(super) fn read_claims(keys: &Keys, key: &[u8], value: &[u8]) -> Result<Claims, StoreError> {
    read(keys, Table::Claims, key, value)
}

pub(super) fn document_row(keys: &Keys, key: &DocumentKey, document: &Value) -> Result<Row, StoreError> {
    row(keys, Table::Documents, document_key(key), document)
}

pub(super) fn read_document(keys: &Keys, key: &[u8], value: &[u8]) -> Result<Value, StoreError> {
    read(keys, Table::Documents, key, value)
}

/// A row of contacts; `plain` is their JSON.
pub(super) fn contacts_row(keys: &Keys, key: Vec<u8>, plain: &[u8]) -> Result<Row, StoreError> {
    row_of(keys, Table::Contacts, key, plain.to_vec())
}

/// Whether a sealed value holds exactly these contacts.
pub(super) fn holds_contacts(keys: &Keys, key: &[u8], value: &[u8], plain: &[u8]) -> bool {
    // Sealing adds as much to every text, so another length is another text.
    value.len() == plain.len() + SEALED_EXTRA
        && keys.open(&identity(Table::Contacts, key), value).is_ok_and(|held| held == plain)
}

pub(super) fn read_contacts(keys: &Keys, key: &[u8], value: &[u8]) -> Result<Value, StoreError> {
    read(keys, Table::Contacts, key, value)
}

/// Whether a record can be read, whatever its kind.
pub(super) fn verify(keys: &Keys, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if decode_key(key).is_none() {
        return Err(damaged(table, "its key is malformed"));
    }
    match table {
        Table::Users => read_user(keys, key, value).map(drop),
        Table::CallLogs => read_call_log(keys, key, value).map(drop),
        Table::Contacts => read_contacts(keys, key, value).map(drop),
        Table::Conversations => read_conversation(keys, key, value).map(drop),
        Table::MessageLogs => read_message_log(keys, key, value).map(drop),
        Table::Claims => read_claims(keys, key, value).map(drop),
        Table::Documents => read_document(keys, key, value).map(drop),
    }
}

/// Whether a claim or a note (a document with a member `expiresAt`) means nothing any more.
pub(super) fn is_expired(keys: &Keys, row: &Row, now: i64) -> Result<bool, StoreError> {
    if row.table == Table::Claims {
        let claims = read_claims(keys, &row.key, &row.value)?.claims;
        return Ok(claims.iter().all(|claim| claim.expires_at <= now));
    }
    let note = read_document(keys, &row.key, &row.value)?;
    Ok(note.get("expiresAt").and_then(Value::as_i64).is_some_and(|at| at <= now))
}

fn row(keys: &Keys, table: Table, key: Vec<u8>, record: &impl Serialize) -> Result<Row, StoreError> {
    let plain = serde_json::to_vec(record).map_err(|error| StoreError::Unavailable {
        what: format!("encoding a record of {}", table.name()),
        why: error.to_string(),
        mend: "Please report this; it is a defect of the program".to_owned(),
    })?;
    row_of(keys, table, key, plain)
}

fn row_of(keys: &Keys, table: Table, key: Vec<u8>, plain: Vec<u8>) -> Result<Row, StoreError> {
    let value = if table.sealed() { keys.seal(&identity(table, &key), plain)? } else { plain };
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

fn read<T: for<'de> Deserialize<'de>>(
    keys: &Keys,
    table: Table,
    key: &[u8],
    value: &[u8],
) -> Result<T, StoreError> {
    let opened;
    let plain = if table.sealed() {
        opened = keys
            .open(&identity(table, key), value)
            .map_err(|why: Unsealable| damaged(table, &why.to_string()))?;
        &opened
    } else {
        value
    };
    // serde's message can quote the value, so only the place is told.
    serde_json::from_slice(plain).map_err(|error| {
        let why = format!("it is not the JSON that was expected at byte {}", error.column());
        damaged(table, &why)
    })
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
