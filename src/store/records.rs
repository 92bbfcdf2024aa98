//! The records that a store keeps. Times are milliseconds since 1970 (UTC).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where call logs are looked up; a lookup never leaves its scope (Q4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tenant {
    /// The platform name.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
    /// Whose logs they are.
    pub owner: Owner,
    /// The CRM's host that is asked, where a template chooses it: ids of records mean something there
    /// alone.
    #[serde(rename = "site", default, skip_serializing_if = "Option::is_none")]
    pub tenant_host: Option<String>,
}

/// Whose records they are: a RingCentral account's or, without one, a user's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// The RingCentral account id.
    RcAccount(String),
    /// The user's id as in [`UserKey::id`](crate::user::UserKey::id).
    User(String),
}

/// The extension that a call is logged for, as the client names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extension {
    /// The extension's number.
    pub number: Option<String>,
    /// The salted hash of the extension's id.
    pub hashed_id: Option<String>,
}

impl Extension {
    /// Whether nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        self.number.is_none() && self.hashed_id.is_none()
    }
}

/// One CRM record made for a call. Scope, session and extension identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLog {
    /// Where it belongs.
    pub scope: Tenant,
    /// RingCentral's session id.
    pub session_id: String,
    /// RingCentral's id of the call itself; the session id where the client sent none (Q14).
    pub call_id: String,
    /// The extension that logged it.
    pub extension: Extension,
    /// The CRM's id of the record.
    pub third_party_log_id: String,
    /// The CRM's id of the contact.
    pub contact_id: Option<String>,
    /// The user who logged it, as in [`UserKey::id`](crate::user::UserKey::id).
    pub user_id: String,
    /// The platform name.
    pub platform: String,
    /// Created at, in milliseconds.
    pub created_at: i64,
    /// Last changed at, in milliseconds.
    pub updated_at: i64,
}

/// The CRM record of a conversation's day. Scope and conversation log id identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Where it belongs.
    pub scope: Tenant,
    /// RingCentral's id of the conversation and day.
    pub conversation_log_id: String,
    /// RingCentral's id of the conversation.
    pub conversation_id: Option<String>,
    /// The message that the record was made for.
    pub first_message_id: String,
    /// The CRM's id of the record.
    pub third_party_log_id: String,
    /// The user who logged it first, as in [`UserKey::id`](crate::user::UserKey::id).
    pub user_id: String,
    /// Created at, in milliseconds.
    pub created_at: i64,
    /// Last changed at, in milliseconds.
    pub updated_at: i64,
}

/// One message that the CRM has. Scope and message id identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLog {
    /// Where it belongs.
    pub scope: Tenant,
    /// RingCentral's id of the message.
    pub message_id: String,
    /// The conversation whose record holds it, as in [`Conversation::conversation_log_id`].
    pub conversation_log_id: String,
    /// The CRM's id of that record.
    pub third_party_log_id: String,
    /// The user who logged it, as in [`UserKey::id`](crate::user::UserKey::id).
    pub user_id: String,
    /// Created at, in milliseconds.
    pub created_at: i64,
}

/// What is claimed before the CRM is asked to create its record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimKey {
    /// Where it belongs.
    pub scope: Tenant,
    /// What it is.
    pub subject: ClaimSubject,
}

/// What a claim is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClaimSubject {
    /// A call, by its session id.
    Call(String),
    /// A conversation's day, by its conversation log id.
    Conversation(String),
    /// A new contact, by a salted hash of what it is made from.
    Contact(String),
}

/// One claim: somebody asks the CRM to create a record, or asked and does not know whether it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// For which extension; unknown for conversations.
    pub extension: Extension,
    /// For which message, as in [`MessageLog::message_id`]; absent for calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Random, one for each attempt.
    pub holder: String,
    /// The process that holds it: random, one for each start of a server.
    pub instance: String,
    /// The key that every attempt for this record sends, where the CRM takes one.
    pub idempotency_key: String,
    /// Made at, or left in doubt at, in milliseconds, by [`Store::now`](super::Store::now).
    pub claimed_at: i64,
    /// How long the process had been running then, in milliseconds: less what was known of its age.
    #[serde(default)]
    pub uptime: i64,
    /// How old it was known to be when it was written, in milliseconds.
    #[serde(default)]
    pub known_age: i64,
    /// Until then the holder may be waiting for the CRM, in milliseconds.
    pub busy_until: i64,
    /// From then on the claim means nothing, in milliseconds.
    pub expires_at: i64,
    /// The holder gave up without knowing whether the CRM has the record.
    pub in_doubt: bool,
    /// Nothing was done under it: it keeps its idempotency key for the next attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_undone: bool,
}

/// The claims on one subject, at most one for each extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// In the order they were made.
    pub claims: Vec<Claim>,
}

/// A change of the claims on one subject, which holds only where nobody else changed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimChange {
    /// Which subject.
    pub key: ClaimKey,
    /// The claims as they were read; absent if there were none.
    pub before: Option<Claims>,
    /// The claims as they are to be; absent to remove them all.
    pub after: Option<Claims>,
}

/// Small records that only one service knows: JSON, sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// The note of a call that server-side logging will log.
    Note,
    /// An item of a user's call-down list.
    CallDown,
    /// Data of an account that connectors keep.
    AccountData,
    /// The settings that an account's admins manage.
    AdminSettings,
    /// The last known licence of a user.
    License,
    /// Who does, for a while, what only one may do at a time.
    Lease,
    /// An API token.
    ApiToken,
    /// An uploaded connector.
    Connector,
    /// A revision of an uploaded connector.
    ConnectorRevision,
    /// A part of a text that revisions refer to.
    ConnectorText,
    /// The audit log.
    Audit,
    /// The contacts that were just created for an account.
    NewContacts,
}

/// Names a document: its kind and the parts of its key, the most general first. Parts are ids,
/// never phone numbers or names: keys are not sealed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    /// The kind.
    pub kind: DocumentKind,
    /// The parts.
    pub parts: Vec<Option<String>>,
}

/// A change of a document, which holds only where nobody else changed it.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentChange {
    /// Which document.
    pub key: DocumentKey,
    /// The document as it was read; absent if there was none.
    pub before: Option<Value>,
    /// The document as it is to be; absent to remove it. Where it is as before, the change is a condition only.
    pub after: Option<Value>,
}

/// What an insert did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "returned and matched once, never kept")]
pub enum Saved {
    /// The log is new and now stored.
    Inserted,
    /// A log was stored before and is unchanged.
    Existing(CallLog),
}

/// Which contacts are cached: those of one phone number in one account.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactKey {
    /// The RingCentral account id.
    pub rc_account_id: String,
    /// The platform name.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
    /// As in [`Tenant::tenant_host`].
    pub tenant_host: Option<String>,
    /// The number exactly as the client gave it; stored as a keyed hash only.
    pub phone_number: String,
}

impl DocumentKind {
    /// The kinds whose documents may have a member `expiresAt`, which the sweep heeds.
    pub(super) const EXPIRING: [Self; 2] = [Self::Note, Self::NewContacts];
}

impl fmt::Debug for ContactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactKey")
            .field("rc_account_id", &self.rc_account_id)
            .field("platform", &self.platform)
            .field("proxy_id", &self.proxy_id)
            .finish_non_exhaustive()
    }
}

/// How many records there are, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Call logs.
    pub call_logs: u64,
    /// Phone numbers with cached contacts.
    pub contacts: u64,
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub message_logs: u64,
    /// Calls and conversations with claims.
    pub claims: u64,
    /// Notes, lists, settings and other documents.
    pub documents: u64,
}

/// The result of reading everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Integrity {
    /// Records that can be read.
    pub readable: Counts,
    /// One line for each record that cannot: its kind, its position, why.
    pub damaged: Vec<String>,
}
