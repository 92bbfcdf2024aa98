//! Messages. JSON, the type itself; key: scope, message id.

use serde::{Deserialize, Serialize};

use super::{Record, Tenant};
use crate::store::codec::Table;

/// One message that the CRM has. Scope and message id identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLog {
    /// Where it belongs.
    pub scope: Tenant,
    /// RingCentral's id of the message.
    pub message_id: String,
    /// The conversation whose record holds it, as in
    /// [`Conversation::conversation_log_id`](super::Conversation::conversation_log_id).
    pub conversation_log_id: String,
    /// The CRM's id of that record.
    pub third_party_log_id: String,
    /// The user who logged it, as in [`UserKey::id`](crate::user::UserKey::id).
    pub user_id: String,
    /// Created at, in milliseconds.
    pub created_at: i64,
}

impl MessageLog {
    /// The key of the message with this [`MessageLog::message_id`].
    pub(in crate::store) fn key_of(scope: &Tenant, message_id: &str) -> Vec<u8> {
        scope.row_key(&[Some(message_id)])
    }

    pub(in crate::store) fn row_key(&self) -> Vec<u8> {
        Self::key_of(&self.scope, &self.message_id)
    }
}

impl Record for MessageLog {
    const TABLE: Table = Table::MessageLogs;

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
