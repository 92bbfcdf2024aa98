//! What one running sandbox knows.

use jiff::Timestamp;

use super::answered::Answered;
use super::grants::Grants;
use super::model::{Activity, Appointment, Contact, License, LoggingSettings, Message, Table, User};
use super::oauth::OAuthRules;
use super::ringcentral::RingCentral;
use super::seed;

/// Everything one sandbox knows.
pub(super) struct Crm {
    pub users: Table<User>,
    pub contacts: Table<Contact>,
    pub activities: Table<Activity>,
    pub messages: Table<Message>,
    pub appointments: Table<Appointment>,
    pub license: License,
    pub logging: LoggingSettings,
    pub grants: Grants,
    pub rules: OAuthRules,
    pub ringcentral: RingCentral,
    pub answered: Answered,
    fixed_time: Option<Timestamp>,
}

impl Crm {
    pub(super) fn seeded(fixed_time: Option<Timestamp>, rules: OAuthRules) -> Self {
        Self {
            users: seed::users(),
            contacts: seed::contacts(),
            activities: Table::new("activity", "act"),
            messages: Table::new("message", "msg"),
            appointments: seed::appointments(),
            license: seed::license(),
            logging: seed::logging(),
            grants: Grants::named("sandbox"),
            rules,
            ringcentral: RingCentral::new(),
            answered: Answered::default(),
            fixed_time,
        }
    }

    /// The time that new records and tokens carry, in whole seconds.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.fixed_time.unwrap_or_else(Timestamp::now);
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// The id of the user with an email.
    pub(super) fn user_with_email(&self, email: &str) -> Option<String> {
        let mut users = self.users.rows();
        let found = users.find(|(_, user)| user.email.eq_ignore_ascii_case(email));
        found.map(|(id, _)| id.to_owned())
    }

    /// A contact's last activity never moves back.
    pub(super) fn note_activity(&mut self, contact_id: &str, at: Timestamp) {
        if let Some(contact) = self.contacts.find_mut(contact_id) {
            contact.last_activity_at = contact.last_activity_at.max(Some(at));
        }
    }
}
