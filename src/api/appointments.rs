//! Requests about appointments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which days; both or neither.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RangeQuery {
    /// First day, `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub start_date: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub end_date: Option<String>,
}

/// An appointment to create.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CreateAppointmentRequest")]
#[serde(untagged)]
pub enum CreateRequest {
    /// In `payload`.
    Wrapped {
        /// The appointment.
        payload: NewAppointment,
    },
    /// Bare, from older clients.
    Bare(NewAppointment),
}

/// A new appointment.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewAppointment {
    /// Title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// Description or agenda.
    pub summary: String,
    /// Start, ISO 8601 with offset.
    #[schemars(extend("format" = "date-time"))]
    pub start_time_utc: String,
    /// Length in minutes.
    #[schemars(range(min = 1))]
    pub duration_minutes: u64,
    /// Who is concerned: ids of contacts, or objects with `id`, `type` and `contactType`.
    pub contacts: Option<Vec<Value>>,
}

/// Fields of an appointment to change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PatchAppointmentRequest")]
#[serde(untagged)]
pub enum PatchRequest {
    /// In `patch`.
    Wrapped {
        /// The fields.
        patch: AppointmentPatch,
    },
    /// Bare, from older clients.
    Bare(AppointmentPatch),
}

/// What is to change; what is absent stays. A new time takes start and duration.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppointmentPatch {
    /// Title.
    #[schemars(length(min = 1))]
    pub title: Option<String>,
    /// Description or agenda.
    pub summary: Option<String>,
    /// Start, ISO 8601 with offset.
    #[schemars(extend("format" = "date-time"))]
    pub start_time_utc: Option<String>,
    /// The start, from older clients.
    #[schemars(extend("format" = "date-time", "deprecated" = true))]
    pub start_time: Option<String>,
    /// Length in minutes.
    #[schemars(range(min = 1))]
    pub duration_minutes: Option<u64>,
    /// Who is concerned: ids of contacts, or objects with `id`, `type` and `contactType`.
    pub contacts: Option<Vec<Value>>,
}

/// A new status.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AppointmentStatusRequest")]
pub struct StatusRequest {
    /// A word that the CRM knows; it is sent in lower case.
    #[schemars(length(min = 1))]
    pub status: String,
}
