//! Claims. JSON, the type itself; key: scope, kind of subject, its id.
//!
//! They are not sealed, so equal claims are equal bytes.

use serde::{Deserialize, Serialize};

use super::{Extension, Record, Tenant};
use crate::store::codec::Table;

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
    /// For which message, as in [`MessageLog::message_id`](super::MessageLog::message_id); absent for calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Random, one for each attempt.
    pub holder: String,
    /// The process that holds it: random, one for each start of a server.
    pub instance: String,
    /// The key that every attempt for this record sends, where the CRM takes one.
    pub idempotency_key: String,
    /// Made at, or left in doubt at, in milliseconds: by [`Store::now`](crate::store::Store::now) if the store is shared,
    /// else by the server's clock.
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

impl ClaimKey {
    pub(in crate::store) fn row_key(&self) -> Vec<u8> {
        let (kind, id) = match &self.subject {
            ClaimSubject::Call(session_id) => ("call", session_id),
            ClaimSubject::Conversation(id) => ("conversation", id),
            ClaimSubject::Contact(hash) => ("contact", hash),
        };
        self.scope.row_key(&[Some(kind), Some(id)])
    }
}

impl Claims {
    pub(super) fn are_expired(&self, now: i64) -> bool {
        self.claims.iter().all(|claim| claim.expires_at <= now)
    }
}

impl Record for Claims {
    const TABLE: Table = Table::Claims;

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }
}
