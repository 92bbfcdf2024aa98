//! What is counted of records.

use serde::Serialize;

use crate::store::codec::Table;

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

impl Counts {
    pub(in crate::store) fn add(&mut self, table: Table) {
        *match table {
            Table::Users => &mut self.users,
            Table::CallLogs => &mut self.call_logs,
            Table::Contacts => &mut self.contacts,
            Table::Conversations => &mut self.conversations,
            Table::MessageLogs => &mut self.message_logs,
            Table::Claims => &mut self.claims,
            Table::Documents => &mut self.documents,
        } += 1;
    }

    pub(in crate::store) fn total(self) -> u64 {
        let Self { users, call_logs, contacts, conversations, message_logs, claims, documents } = self;
        users + call_logs + contacts + conversations + message_logs + claims + documents
    }
}
