//! Requests and replies of clients where handlers read or write them member by member: the types say
//! what is sent, for the OpenAPI document. Where a service has a type of its own, that one is used.
//!
//! Handlers take more than these types say (other types of values, members in forms), as the
//! reference server does.

pub mod appointments;
pub mod connectors;
pub mod management;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::connector::ReturnMessage;

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

/// A sign-in that lacks fields of the page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingFields {
    /// The message, with the fields.
    pub return_message: MissingFieldsMessage,
}

/// Names the fields that are missing, for people and for the client that marks them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingFieldsMessage {
    /// Always `warning`.
    pub message_type: String,
    /// The text.
    pub message: String,
    /// How long it is shown, in milliseconds.
    pub ttl: u32,
    /// The fields, as the manifest names them (`const`).
    pub missing_required_field_consts: Vec<String>,
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

/// Whose manifest is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestQuery {
    /// Name of the platform; without it, any.
    pub platform_name: Option<String>,
    /// An uploaded connector, where its own manifest is asked for.
    pub proxy_id: Option<String>,
}

/// Whose licence is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginLicenseQuery {
    /// The RingCentral account.
    pub rc_account_id: String,
    /// The plugin.
    pub plugin_id: String,
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
    /// The connector in the developer portal, whose manifest says which fields admins manage.
    pub connector_id: Option<String>,
    /// Whether only some accounts see that connector.
    pub is_private: Option<bool>,
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
    /// The extension whose logs are meant; any where none is named.
    pub extension_number: Option<String>,
    /// The keyed hash of that extension; goes before `extensionNumber`.
    pub hashed_extension_id: Option<String>,
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
    /// The user's extension id, to be hashed here.
    pub rc_extension_id: Option<String>,
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
    /// `folder`, or `store` for one that was uploaded, which serves instead of a file of its id.
    #[schemars(extend("enum" = ["folder", "store"]))]
    pub source: String,
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

/// The version of the server.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Version {
    /// As in the package.
    pub version: String,
}

/// It worked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Successful {
    /// Always true.
    pub successful: bool,
}

/// Ids to hash.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserInfoHashQuery {
    /// Id of the extension.
    pub extension_id: Option<String>,
    /// Id of the account.
    pub account_id: Option<String>,
}

/// Hashes of ids.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserInfoHash {
    /// Of the extension.
    pub extension_id: String,
    /// Of the account.
    pub account_id: String,
}

/// Which data of the account are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccountDataQuery {
    /// The keys, separated by commas.
    pub keys: String,
}

/// The RingCentral account whose settings are meant.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountQuery {
    /// The hashed account id; a RingCentral access token serves as well.
    pub rc_account_id: Option<String>,
    /// A RingCentral access token; the header `X-RC-Access-Token` is better.
    #[schemars(extend("format" = "password", "deprecated" = true))]
    pub rc_access_token: Option<String>,
}

/// Settings by key: each an object with `value` and, where admins manage it, `customizable`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserSettings {
    /// The settings.
    pub user_settings: Map<String, Value>,
}

/// Settings to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSettingsRequest {
    /// The settings to set, by key; others stay.
    pub user_settings: Option<Map<String, Value>>,
    /// Keys of settings to remove.
    pub setting_keys_to_remove: Option<Vec<String>>,
}

/// Managed settings to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeAdminSettingsRequest {
    /// The settings.
    pub admin_settings: Map<String, Value>,
}

/// Which items of the call-down list are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct CallDownQuery {
    /// `All`, `Called` or `Not Called`.
    pub status: Option<String>,
}

/// An item for the call-down list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleCallDownRequest {
    /// The CRM's id of the contact.
    pub contact_id: Option<String>,
    /// The CRM's type of the contact.
    pub contact_type: Option<String>,
    /// The contact's name.
    pub contact_name: Option<String>,
    /// The number to call.
    pub phone_number: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// When to call, ISO 8601.
    pub scheduled_at: Option<String>,
}

/// Changes of an item: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeCallDownRequest {
    /// What an item is made of.
    #[serde(flatten)]
    pub item: ScheduleCallDownRequest,
    /// When it was called last, ISO 8601.
    pub last_call_at: Option<String>,
    /// A word for the state, such as `scheduled` or `called`.
    pub status: Option<String>,
}

/// The call-down list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallDownItems {
    /// Always true.
    pub successful: bool,
    /// The items.
    pub items: Vec<crate::service::call_down::Item>,
}

/// A new item of the call-down list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallDownScheduled {
    /// Always true.
    pub successful: bool,
    /// Its id.
    pub id: String,
}

/// An update of a logged call: what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCallLogRequest {
    /// Id of the call's session.
    pub session_id: String,
    /// The subject.
    pub subject: Option<String>,
    /// The user's note.
    pub note: Option<String>,
    /// When the call began, ISO 8601 or milliseconds since 1970.
    pub start_time: Option<Value>,
    /// How long it took, in seconds.
    pub duration: Option<f64>,
    /// How it ended.
    pub result: Option<String>,
    /// A link to the recording, or `(pending...)`.
    pub recording_link: Option<String>,
    /// Where the recording can be downloaded.
    pub recording_download_link: Option<String>,
    /// A link to the voicemail.
    pub voicemail_link: Option<String>,
    /// A summary of the call that was made for the user.
    pub ai_note: Option<String>,
    /// What was said.
    pub transcript: Option<String>,
    /// The stations of the call.
    pub legs: Option<Vec<Value>>,
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
    /// `Inbound` or `Outbound`.
    pub direction: Option<String>,
    /// Who called.
    pub from: Option<Map<String, Value>>,
    /// Who was called.
    pub to: Option<Map<String, Value>>,
    /// The RingCentral account, hashed for templates.
    pub account_id: Option<String>,
    /// The extra fields of the client's form.
    pub additional_submission: Option<Map<String, Value>>,
    /// The user's extension.
    pub extension_number: Option<String>,
    /// The keyed hash of the user's extension; goes before `extensionNumber`.
    pub hashed_extension_id: Option<String>,
    /// The user's extension id, to be hashed here.
    pub rc_extension_id: Option<String>,
}

/// A note to keep.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeepNoteRequest {
    /// Id of the call's session.
    pub session_id: String,
    /// The note.
    pub note: String,
}

/// The outcome of a logged call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DispositionRequest {
    /// Id of the call's session.
    pub session_id: String,
    /// What the user chose, by field.
    pub dispositions: Option<Map<String, Value>>,
    /// The user's extension.
    pub extension_number: Option<String>,
    /// The keyed hash of the user's extension; goes before `extensionNumber`.
    pub hashed_extension_id: Option<String>,
}

/// Messages to log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageLogRequest {
    /// The conversation as RingCentral reports it: `conversationId`, `conversationLogId`, `messages`,
    /// `correspondents`.
    pub log_info: Map<String, Value>,
    /// The CRM's id of the contact.
    pub contact_id: String,
    /// The kind of contact.
    pub contact_type: Option<String>,
    /// The contact's name.
    pub contact_name: Option<String>,
    /// The extra fields of the client's form.
    pub additional_submission: Option<Map<String, Value>>,
}
