//! The records of the CRM, and the tables that hold them.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::reply::ApiError;

/// A person who works with the CRM.
#[derive(Clone, Debug, Serialize)]
pub(super) struct User {
    pub id: String,
    pub name: String,
    pub email: String,
    /// `admin` or `agent`; only an admin changes settings.
    pub role: String,
    pub extension: String,
    /// IANA name.
    pub time_zone: String,
    /// Never part of an answer.
    #[serde(skip)]
    pub api_key: String,
}

/// A person or a company that calls and is called.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Contact {
    pub id: String,
    pub name: String,
    /// E.164; the first one is the main number.
    pub phones: Vec<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub title: Option<String>,
    pub company: Option<String>,
    pub email: Option<String>,
    pub created_at: Timestamp,
    pub last_activity_at: Option<Timestamp>,
}

/// A call (or a meeting, or a note) with a contact.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Activity {
    pub id: String,
    pub contact_id: String,
    pub owner_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: String,
    pub description: Option<String>,
    pub note: Option<String>,
    pub direction: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub duration_seconds: Option<u64>,
    pub result: Option<String>,
    pub recording_url: Option<String>,
    pub disposition: Option<String>,
    /// The caller's own key for this record, a telephony session id for example.
    pub external_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A text message, fax or voicemail exchanged with a contact.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Message {
    pub id: String,
    pub contact_id: String,
    pub owner_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: Option<String>,
    pub body: String,
    pub direction: Option<String>,
    pub sent_at: Option<Timestamp>,
    pub attachment_urls: Vec<String>,
    pub external_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A meeting in the calendar.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Appointment {
    pub id: String,
    pub contact_id: String,
    pub owner_id: String,
    pub title: String,
    pub description: Option<String>,
    pub location: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// From start to end; follows both.
    pub duration_minutes: i64,
    /// `scheduled`, `confirmed` or `cancelled`.
    pub status: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the customer of the CRM pays for.
#[derive(Clone, Debug, Serialize)]
pub(super) struct License {
    pub is_valid: bool,
    pub status: String,
    pub plan: String,
    pub seats: u32,
    pub expires_at: Timestamp,
}

/// How calls are logged without a client (server-side logging).
#[derive(Clone, Debug, Serialize)]
pub(super) struct LoggingSettings {
    pub enabled: bool,
    /// `admin` or `user`: whose name new records carry.
    pub logged_as: String,
    /// Calls with these numbers (E.164) are not logged.
    pub excluded_numbers: Vec<String>,
    pub updated_at: Timestamp,
}

/// Records of one kind in the order of their creation, numbered from 1.
pub(super) struct Table<T> {
    noun: &'static str,
    prefix: &'static str,
    rows: IndexMap<String, T>,
}

impl<T> Table<T> {
    pub(super) fn new(noun: &'static str, prefix: &'static str) -> Self {
        Self { noun, prefix, rows: IndexMap::new() }
    }

    pub(super) fn noun(&self) -> &'static str {
        self.noun
    }

    /// The id of the next new record. Nothing is ever deleted, so the count is the counter.
    pub(super) fn next_id(&self) -> String {
        format!("{}-{}", self.prefix, self.rows.len() + 1)
    }

    pub(super) fn put(&mut self, id: &str, row: T) {
        self.rows.insert(id.to_owned(), row);
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    pub(super) fn find(&self, id: &str) -> Option<&T> {
        self.rows.get(id)
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(id)
    }

    /// The record, or a 404 that names the kind.
    pub(super) fn get(&self, id: &str) -> Result<&T, ApiError> {
        self.find(id).ok_or_else(|| ApiError::not_found(format!("There is no {} with this id.", self.noun)))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rows.iter().map(|(id, row)| (id.as_str(), row))
    }
}
