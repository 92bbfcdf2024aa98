//! What clients send about the call-down list.

use crate::members::{Given, members};

members! {
    /// An item for the call-down list.
    #[derive(Debug)]
    pub struct ScheduleCallDownRequest {
        /// The CRM's id of the contact.
        contact_id as "contactId": Option<Given<String>>,
        /// The CRM's type of the contact.
        contact_type as "contactType": Option<Given<String>>,
        /// The contact's name.
        contact_name as "contactName": Option<Given<String>>,
        /// The number to call.
        phone_number as "phoneNumber": Option<Given<String>>,
        /// A note.
        note as "note": Option<Given<String>>,
        /// When to call, ISO 8601.
        scheduled_at as "scheduledAt": Option<Given<String>>,
    }
}

members! {
    /// Changes of an item: what is left out stays.
    #[derive(Debug)]
    pub struct ChangeCallDownRequest {
        /// The CRM's id of the contact.
        contact_id as "contactId": Option<Given<String>>,
        /// The CRM's type of the contact.
        contact_type as "contactType": Option<Given<String>>,
        /// The contact's name.
        contact_name as "contactName": Option<Given<String>>,
        /// The number to call.
        phone_number as "phoneNumber": Option<Given<String>>,
        /// A note.
        note as "note": Option<Given<String>>,
        /// When to call, ISO 8601.
        scheduled_at as "scheduledAt": Option<Given<String>>,
        /// When it was called last, ISO 8601.
        last_call_at as "lastCallAt": Option<Given<String>>,
        /// A word for the state, such as `scheduled` or `called`.
        status as "status": Option<Given<String>>,
    }
}

impl ChangeCallDownRequest {
    /// Whether nothing is to be changed.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            contact_id,
            contact_type,
            contact_name,
            phone_number,
            note,
            scheduled_at,
            last_call_at,
            status,
        } = self;
        let fields =
            [contact_id, contact_type, contact_name, phone_number, note, scheduled_at, last_call_at, status];
        fields.into_iter().all(Option::is_none)
    }
}
