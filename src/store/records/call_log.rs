//! Call logs. JSON, the type itself; key: scope, session, extension number, hashed extension id.

use serde::{Deserialize, Serialize};

use super::{Record, Tenant};
use crate::store::codec::Table;

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

/// What an insert did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "returned and matched once, never kept")]
pub enum Saved {
    /// The log is new and now stored.
    Inserted,
    /// A log was stored before and is unchanged.
    Existing(CallLog),
}

impl CallLog {
    /// What the keys of all logs of a session begin with.
    pub(in crate::store) fn session_prefix(scope: &Tenant, session_id: &str) -> Vec<u8> {
        scope.row_key(&[Some(session_id)])
    }

    pub(in crate::store) fn row_key(&self) -> Vec<u8> {
        let Extension { number, hashed_id } = &self.extension;
        self.scope.row_key(&[Some(&self.session_id), number.as_deref(), hashed_id.as_deref()])
    }
}

impl Record for CallLog {
    const TABLE: Table = Table::CallLogs;

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }

    fn belongs_to(&self, key: &[u8]) -> bool {
        self.row_key() == key
    }
}
