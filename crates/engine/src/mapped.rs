//! What replies are mapped to: the results of the interface contract.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure::Failure;
use crate::secret::Secret;

/// The result of an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Mapped {
    /// Who signed in.
    UserInfo(UserInfo),
    /// Contacts that were found.
    Contacts(Vec<Contact>),
    /// The contact that was created; none if the document has no id path.
    Contact(Option<CreatedContact>),
    /// The record that was created.
    Log(CreatedLog),
    /// The current state of a logged call.
    CallLog(CallLogInfo),
    /// The CRM's users.
    Users(Vec<CrmUser>),
    /// The licence.
    License(License),
    /// Whether the session holds.
    AuthValidation(AuthValidation),
    /// It worked; there is nothing to read.
    Acknowledged {},
    /// Settings of server-side logging.
    ServerLoggingSettings(Value),
    /// Appointments.
    Appointments(Vec<Appointment>),
    /// One appointment.
    Appointment(Box<Appointment>),
}

/// Who signed in.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// The CRM's id, as text.
    pub id: String,
    /// The name; absent if the CRM gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// The time zone, as the CRM names it; a name that is not known is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_name: Option<String>,
    /// Offset from UTC, as the CRM writes it; one that cannot be read is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_offset: Option<Value>,
    /// Whether the CRM told where the user is, be it in words that are not known: what was known
    /// before is over then.
    #[serde(skip)]
    pub tells_zone: bool,
    /// A key that replaces the submitted one. Never printed.
    #[serde(skip)]
    pub overriding_api_key: Option<Secret>,
    /// A message to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Values to keep with the user.
    pub platform_additional_info: Map<String, Value>,
    /// Keys that the document maps and the reply has not: they are forgotten (recordings 01,
    /// `relogin-same-user`).
    #[serde(skip)]
    pub missing_additional_info: Vec<String>,
}

impl UserInfo {
    /// Who has this id in the CRM, and nothing else known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

/// A contact, with the field names and the order of the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name, or the empty text.
    pub name: Value,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Value>,
    /// The kind of contact; `Contact` where nothing else is known.
    #[serde(rename = "type")]
    pub contact_type: Value,
    /// Job title, or the empty text.
    pub title: Value,
    /// Company, or the empty text.
    pub company: Value,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date: Option<Value>,
    /// When it was last active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_recent_activity_date: Option<Value>,
    /// Anything more, or null.
    pub additional_info: Value,
}

impl Contact {
    /// A contact with this id and name, and what the contract has for the rest: the type `Contact`,
    /// empty texts, nothing more.
    pub fn new(id: impl Into<Value>, name: impl Into<Value>) -> Self {
        Self {
            id: Some(id.into()),
            name: name.into(),
            phone: None,
            contact_type: "Contact".into(),
            title: "".into(),
            company: "".into(),
            created_date: None,
            most_recent_activity_date: None,
            additional_info: Value::Null,
        }
    }
}

/// A contact that was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedContact {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// The kind of contact.
    #[serde(rename = "type")]
    pub contact_type: Value,
}

/// A record that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedLog {
    /// The CRM's id, as text; absent if the reply has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
}

/// The current state of a logged call.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallLogInfo {
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Value>,
    /// The note that people edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Value>,
    /// The whole text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_body: Option<Value>,
    /// The CRM's reply as it came.
    pub full_log_response: Value,
    /// The CRM's id, as text; absent if the connector does not read it. Clients do not see it.
    #[serde(skip)]
    pub id: Option<String>,
    /// Whether the reply has the record's text: an update changes nothing where it has not. Clients do
    /// not see it.
    #[serde(skip)]
    pub text: RecordText,
}

/// What a reply has at the place of a record's text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordText {
    /// The text, be it empty.
    #[default]
    Found,
    /// Null: an empty text, or one that is kept back.
    Null,
    /// Nothing: the reply is not the record, or leaves the text out.
    Missing,
}

/// A user of the CRM.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrmUser {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Value>,
}

/// The state of a licence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct License {
    /// Whether it is valid, as the CRM says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_license_valid: Option<Value>,
    /// A word for the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_status: Option<Value>,
    /// A sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_status_description: Option<Value>,
}

/// Whether the session with the CRM holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuthValidation {
    /// Whether it holds.
    pub successful: bool,
    /// What to tell the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The CRM's status.
    pub status: u16,
}

/// An appointment, with the field names of the contract.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Appointment {
    /// The connector's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The id that opens it in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_party_appointment_id: Option<Value>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Value>,
    /// Description or agenda.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Value>,
    /// Name of the main participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_name: Option<Value>,
    /// Start, ISO 8601 with offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_utc: Option<Value>,
    /// Length in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<Value>,
    /// The CRM's word for the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// Id of the related contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<Value>,
    /// Type of the related contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_type: Option<Value>,
    /// The attendees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
}

/// Somebody who attends an appointment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attendee {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// Kind of attendee.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub attendee_type: Option<Value>,
    /// Whether they accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// Email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Value>,
}

/// Something in a reply that a path did not find as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingProblem {
    /// The key of the mapping, such as `item.idPath`.
    pub key: String,
    /// The path as the document writes it, or the default that stands for it.
    pub path: String,
    /// What was found there instead, in words: never a value.
    pub found: String,
    /// Whether the result is not whole without it, such as a record without an id. What is
    /// not, is some field that nobody may miss.
    #[serde(skip)]
    pub is_essential: bool,
}

/// As a sentence: `item.namePath (full_name) found nothing`.
impl fmt::Display for MappingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) found {}", self.key, self.path, self.found)
    }
}

/// A reply that cannot be mapped at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MapError {
    /// The reply is not JSON.
    #[error("{0}")]
    NotJson(Box<Failure>),
    /// The list path does not name a list.
    #[error("the list path `{path}` names {found}, not a list{advice}")]
    NotAList {
        /// The path.
        path: String,
        /// What was found.
        found: String,
        /// What to write instead, as a clause that goes on; may be empty.
        advice: String,
    },
    /// The list has items, and none of them can be used.
    #[error("{}of the list has an id at `{path}` (found {found})", of_items(*count))]
    NoItemId {
        /// The path of the id within an item.
        path: String,
        /// How many items there are.
        count: usize,
        /// What was found there instead, in words: never a value.
        found: String,
    },
    /// The reply to a creation has no id, and the document does not say that there is none.
    #[error("{0}")]
    NoRecordId(Box<Failure>),
    /// The user's id is not where the document says.
    #[error("the reply has no user id at {path} (found {found})")]
    NoUserId {
        /// The path, or a word that there is none.
        path: String,
        /// What was found.
        found: String,
    },
}

fn of_items(count: usize) -> String {
    if count == 1 { "no item ".to_owned() } else { format!("none of the {count} items ") }
}
