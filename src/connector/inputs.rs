//! What services pass to the interfaces of a connector. Owned: a service moves its request into
//! them, a connector borrows.

use serde_json::{Map, Value};

/// Input of `getUserInfo`.
#[derive(Debug, Clone, Default)]
pub struct GetUserInfo {
    /// The submitted API key.
    pub api_key: Option<crate::secret::Secret>,
    /// The fields of the sign-in page.
    pub additional_info: Option<Map<String, Value>>,
    /// The CRM host that the user named.
    pub hostname: Option<String>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
}

/// Input of `findContact`.
#[derive(Debug, Clone)]
pub struct FindContact {
    /// The number as the client sent it.
    pub phone_number: String,
    /// Number formats that the user asked to search by.
    pub overriding_format: Option<Value>,
    /// Whether the number is an extension, as the client said it.
    pub is_extension: Value,
}

impl FindContact {
    /// Whether the client says that the number is a colleague's extension.
    pub fn asks_for_extension(&self) -> bool {
        match &self.is_extension {
            Value::Bool(is_extension) => *is_extension,
            Value::String(text) => text.trim().eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// Input of `findContactWithName`.
#[derive(Debug, Clone)]
pub struct FindContactWithName {
    /// The name; absent if the client sent none.
    pub name: Option<String>,
}

/// Input of `createContact`.
#[derive(Debug, Clone, Default)]
pub struct CreateContact {
    /// The number as the client sent it.
    pub phone_number: Option<Value>,
    /// The name to give it.
    pub new_contact_name: Option<Value>,
    /// The kind of contact to create.
    pub new_contact_type: Option<Value>,
    /// The extra fields of the client's form.
    pub additional_submission: Option<Value>,
    /// The same for every attempt to create this contact.
    pub idempotency_key: Option<String>,
}

/// Input of `createCallLog`.
#[derive(Debug, Clone, Default)]
pub struct CreateCallLog {
    /// The contact of the call: id, phoneNumber, type, name.
    pub contact_info: Value,
    /// The call as RingCentral reports it.
    pub call_log: Value,
    /// Subject of the record.
    pub subject: String,
    /// Start, ISO 8601 in UTC; absent if the call has none.
    pub start_time: Option<String>,
    /// End, ISO 8601 in UTC.
    pub end_time: Option<String>,
    /// The log text in the connector's format.
    pub composed_log_details: String,
    /// Keyed hash of the RingCentral account id.
    pub hashed_account_id: Option<String>,
    /// Whether server-side logging sent the call.
    pub is_from_sscl: bool,
    /// Names this record for the CRM, so that it knows a repeated request again; absent if a new
    /// name for each run will do.
    pub idempotency_key: Option<String>,
    /// The rest of the client's request: note, aiNote, transcript, additionalSubmission, ….
    pub request: Value,
}

/// Input of `getCallLog`.
#[derive(Debug, Clone)]
pub struct GetCallLog {
    /// The CRM's id of the record; empty if the record is looked for by its session, which only
    /// documents are asked to do.
    pub log_id: String,
    /// RingCentral's session id of the call.
    pub session_id: String,
    /// The contact of the record.
    pub contact_id: Option<String>,
}

/// Input of `updateCallLog`.
#[derive(Debug, Clone, Default)]
pub struct UpdateCallLog {
    /// The CRM's id of the record.
    pub log_id: String,
    /// What the server keeps about the record.
    pub existing_call_log: Value,
    /// The record as `getCallLog` read it.
    pub existing_call_log_details: Option<Value>,
    /// Start, ISO 8601 in UTC; absent if the client sent none.
    pub start_time: Option<String>,
    /// End, ISO 8601 in UTC.
    pub end_time: Option<String>,
    /// The log text in the connector's format.
    pub composed_log_details: String,
    /// Keyed hash of the RingCentral account id.
    pub hashed_account_id: Option<String>,
    /// Whether server-side logging sent the call.
    pub is_from_sscl: bool,
    /// The client's request: subject, note, recordingLink, duration, result, legs, ….
    pub request: Value,
}

/// Input of `upsertCallDisposition`.
#[derive(Debug, Clone)]
pub struct UpsertCallDisposition {
    /// The CRM's id of the record.
    pub log_id: String,
    /// What the server keeps about the record.
    pub existing_call_log: Value,
    /// The dispositions that the user chose; absent if the client sent none.
    pub dispositions: Option<Value>,
}

/// Input of `createMessageLog` and `updateMessageLog`.
#[derive(Debug, Clone, Default)]
pub struct MessageLog {
    /// The CRM's id of the record; absent on creation.
    pub log_id: Option<String>,
    /// What the server keeps about the record; absent on creation.
    pub existing_message_log: Option<Value>,
    /// The contact of the conversation: id, phoneNumber, type, name.
    pub contact_info: Value,
    /// The message as RingCentral reports it.
    pub message: Value,
    /// When it was sent, ISO 8601 in UTC.
    pub creation_time: Option<String>,
    /// Names this record or addition for the CRM, so that it knows a repeated request again; absent
    /// where a new name for each run will do.
    pub idempotency_key: Option<String>,
    /// Everything else: additionalSubmission, recordingLink, faxDocLink, imageLinks, ….
    pub request: Value,
}

/// Input of `getLicenseStatus`.
#[derive(Debug, Clone)]
pub struct GetLicenseStatus {
    /// The user's id in App Connect.
    pub user_id: String,
}

/// Input of `updateServerLoggingSettings`.
#[derive(Debug, Clone)]
pub struct UpdateServerLoggingSettings {
    /// The settings to save.
    pub additional_field_values: Value,
}

/// Input of `listAppointments`.
#[derive(Debug, Clone, Default)]
pub struct ListAppointments {
    /// First day, `YYYY-MM-DD`.
    pub start_date: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    pub end_date: Option<String>,
}

/// Input of `createAppointment`.
#[derive(Debug, Clone)]
pub struct CreateAppointment {
    /// The appointment: title, summary, startTimeUtc, durationMinutes, contacts.
    pub payload: Value,
}

/// Input of `updateAppointment`.
#[derive(Debug, Clone)]
pub struct UpdateAppointment {
    /// The appointment's id.
    pub appointment_id: String,
    /// The fields to change.
    pub patch_body: Value,
}

/// Input of `refreshAppointment`, `confirmAppointment` and `cancelAppointment`.
#[derive(Debug, Clone)]
pub struct AppointmentById {
    /// The appointment's id.
    pub appointment_id: String,
}

/// Input of `getOverridingOAuthOption`.
#[derive(Debug, Clone)]
pub struct OverridingOAuthOption {
    /// The authorization code.
    pub code: String,
}
