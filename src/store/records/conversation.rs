//! Conversations. JSON, the type itself; key: scope, conversation log id.

use serde::{Deserialize, Serialize};

use super::{Record, Tenant};
use crate::store::codec::Table;

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

impl Conversation {
    /// The key of the conversation with this [`Conversation::conversation_log_id`].
    pub(in crate::store) fn key_of(scope: &Tenant, conversation_log_id: &str) -> Vec<u8> {
        scope.row_key(&[Some(conversation_log_id)])
    }

    pub(in crate::store) fn row_key(&self) -> Vec<u8> {
        Self::key_of(&self.scope, &self.conversation_log_id)
    }
}

impl Record for Conversation {
    const TABLE: Table = Table::Conversations;

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
