//! A conversation that is logged.

use serde_json::Value;

use super::{assigned_user, client_request};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `createMessageLog` and `updateMessageLog`.
#[derive(Debug, Clone, Default)]
pub struct Input {
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
    /// The CRM's id of the user to whom an admin assigned the record.
    pub assigned_user_id: Option<String>,
    /// Names this record or addition for the CRM, so that it knows a repeated request again; absent
    /// where a new name for each run will do.
    pub idempotency_key: Option<String>,
    /// Everything else: additionalSubmission, recordingLink, faxDocLink, imageLinks, ….
    pub request: Value,
}

/// Fills the variables.
pub(in crate::app_connect) fn fill<'a>(input: &'a Input, inputs: &mut Inputs<'a>) {
    use Variable::*;
    inputs.text_if(ThirdPartyLogId, input.log_id.as_deref());
    inputs.json_if(ExistingMessageLog, input.existing_message_log.as_ref());
    inputs.json(ContactInfo, &input.contact_info).json(Message, &input.message);
    inputs.text_if(IdempotencyKey, input.idempotency_key.as_deref());
    assigned_user::fill(inputs, input.assigned_user_id.as_deref());
    match &input.creation_time {
        Some(at) => inputs.text(CreationTime, at.as_str()),
        // A time that cannot be read is null (recordings 13, `creation-time-invalid`).
        None => inputs.owned(CreationTime, Value::Null),
    };
    let of_client = [
        AdditionalSubmission,
        RecordingLink,
        FaxDocLink,
        FaxDownloadLink,
        ImageLink,
        ImageLinks,
        VideoLink,
        VideoLinks,
        Correspondents,
        SharedSmsLogContent,
    ];
    client_request::members(inputs, &of_client, &input.request);
}
