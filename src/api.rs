//! Requests and replies of clients where handlers read or write them member by member: the types say
//! what is sent, for the OpenAPI document. Where a service has a type of its own, that one is used.
//!
//! Handlers take more than these types say (other types of values, members in forms), as the
//! reference server does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::connector::ReturnMessage;
use crate::engine::mapped::CallLogInfo;

/// An error.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
pub struct Error {
    /// What is wrong, in one sentence.
    pub error: String,
}

/// A message for the user, and nothing else.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message.
    pub return_message: ReturnMessage,
}

/// Whose interfaces are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterfacesQuery {
    /// Name of the platform; may be left out where a proxyId is given.
    pub platform: Option<String>,
    /// The document whose interfaces are listed.
    pub proxy_id: Option<String>,
}

/// A sign-in with an API key.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyLoginRequest {
    /// Name of the platform.
    pub platform: String,
    /// The document to sign in through.
    pub proxy_id: Option<String>,
    /// The key.
    #[schemars(extend("format" = "password", "writeOnly" = true))]
    pub api_key: Option<String>,
    /// The CRM host that the user named.
    pub hostname: Option<String>,
    /// The fields of the sign-in page.
    pub additional_info: Option<Map<String, Value>>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
    /// The RingCentral access token; the header `X-RC-Access-Token` is better.
    #[schemars(extend("format" = "password", "writeOnly" = true, "deprecated" = true))]
    pub rc_access_token: Option<String>,
}

/// The RingCentral user who signs in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct RingCentralHeaders {
    /// A RingCentral access token, by which the user's account is known.
    #[serde(rename = "X-RC-Access-Token")]
    pub access_token: Option<String>,
}

/// Which contacts are looked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindContactQuery {
    /// The number, best in E.164.
    pub phone_number: String,
    /// Number formats to search by, separated by commas.
    pub overriding_format: Option<String>,
    /// Whether the number is an extension.
    #[serde(default)]
    pub is_extension: bool,
    /// Asks the CRM even where the account has the answer cached.
    #[serde(default)]
    pub is_force_refresh_account_data: bool,
}

/// Contacts by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct SearchContactQuery {
    /// The name, or a part of it.
    pub name: String,
}

/// A contact to create.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateContactRequest {
    /// The number.
    pub phone_number: String,
    /// The name.
    pub new_contact_name: String,
    /// The kind of contact, as the CRM names it.
    pub new_contact_type: Option<String>,
    /// The extra fields of the client's form.
    pub additional_submission: Option<Map<String, Value>>,
}

/// Which call logs are looked up.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookUpCallLogsQuery {
    /// Ids of the calls' sessions, separated by commas.
    pub session_ids: String,
    /// Whether the CRM is asked for each record.
    #[serde(default)]
    pub require_details: bool,
}

/// What is known about one session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookedUpCallLog {
    /// Id of the call's session.
    pub session_id: String,
    /// Whether it is logged.
    pub matched: bool,
    /// The CRM's id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
    /// The record as the CRM has it; null where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_data: Option<CallLogInfo>,
    /// Why this record could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_message: Option<ReturnMessage>,
}

/// A call to log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateCallLogRequest {
    /// The call as RingCentral reports it: `sessionId`, `direction`, `startTime`, `duration`, `from`, `to`,
    /// `result`, `recording`, `legs`, `customSubject`.
    pub log_info: Map<String, Value>,
    /// The CRM's id of the contact.
    pub contact_id: String,
    /// The kind of contact.
    pub contact_type: Option<String>,
    /// The contact's name.
    pub contact_name: Option<String>,
    /// The user's note.
    pub note: Option<String>,
    /// The extra fields of the client's form.
    pub additional_submission: Option<Map<String, Value>>,
    /// A summary of the call that was made for the user.
    pub ai_note: Option<String>,
    /// What was said.
    pub transcript: Option<String>,
    /// RingSense: what was said.
    pub ring_sense_transcript: Option<String>,
    /// RingSense: a summary.
    pub ring_sense_summary: Option<String>,
    /// RingSense: the call's score.
    #[serde(rename = "ringSenseAIScore")]
    pub ring_sense_ai_score: Option<Value>,
    /// RingSense: a summary in bullets.
    pub ring_sense_bulleted_summary: Option<String>,
    /// RingSense: a link to the call.
    pub ring_sense_link: Option<String>,
    /// The user's extension: the call is logged once for each.
    pub extension_number: Option<String>,
    /// The keyed hash of the user's extension; goes before `extensionNumber`.
    pub hashed_extension_id: Option<String>,
}

/// The documents in service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyConfigs {
    /// Each document, by proxy id.
    pub proxy_configs: Vec<ProxyConfigState>,
}

/// The state of one document.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyConfigState {
    /// Its id: the file's name.
    pub proxy_id: String,
    /// `active`, `kept` (the file broke, its last good version serves) or `refused`.
    #[schemars(extend("enum" = ["active", "kept", "refused"]))]
    pub status: String,
    /// The revision that serves; null where none does.
    pub active_revision: Option<String>,
    /// The revision of the file as it is now.
    pub file_revision: String,
    /// What was found in the file, as `app-connect validate --format json` writes it.
    pub diagnostics: Vec<Value>,
}
