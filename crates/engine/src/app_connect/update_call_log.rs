//! `updateCallLog`.

use serde_json::{Value, json};

use super::parts::{assigned_user, client_request};
use super::results::Acknowledged;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `updateCallLog`.
#[derive(Debug, Clone, Default)]
pub struct Input {
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
    /// The CRM's id of the user to whom an admin assigned the record.
    pub assigned_user_id: Option<String>,
    /// Whether server-side logging sent the call.
    pub is_from_sscl: bool,
    /// The client's request: subject, note, recordingLink, duration, result, legs, ….
    pub request: Value,
}

/// Updates the record of a call: notes, recordings, final duration.
#[derive(Debug)]
pub struct UpdateCallLog;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "updateCallLog",
    title: "Update a logged call",
    description: "Updates the record of a call: notes, recordings, final duration.",
    needs_values: NeedsValues::ToChooseRecord,
    variables: {
        use Variable::*;
        &[
            ThirdPartyLogId,
            ExistingCallLog,
            RecordingLink,
            RecordingDownloadLink,
            VoicemailLink,
            VoicemailMessageId,
            Subject,
            Note,
            StartTime,
            EndTime,
            Duration,
            CallResult,
            AiNote,
            Transcript,
            Legs,
            AdditionalSubmission,
            AssignedUser,
            ComposedLogDetails,
            ExistingCallLogDetails,
            HashedAccountId,
            IsFromSscl,
            RingSenseTranscript,
            RingSenseSummary,
            RingSenseAiScore,
            RingSenseBulletedSummary,
            RingSenseLink,
        ]
    },
    partners: &[
        Partner { name: "getCallLog", loss: "updates cannot see edits made in the CRM and overwrite them" },
        Partner { name: "createCallLog", loss: "there is never a record to update" },
    ],
    words: Words {
        failed: Some("Error updating call log"),
        advice: Advice::Record("EDIT logs"),
        ..Words::USUAL
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for UpdateCallLog {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = Acknowledged;

    fn example() -> Value {
        json!({"method": "PATCH", "url": "/activities/{{thirdPartyLogId}}", "body": {"text": "{{composedLogDetails}}"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.text(ThirdPartyLogId, input.log_id.as_str()).json(ExistingCallLog, &input.existing_call_log);
        inputs.json_if(ExistingCallLogDetails, input.existing_call_log_details.as_ref());
        inputs.text_if(StartTime, input.start_time.as_deref()).text_if(EndTime, input.end_time.as_deref());
        inputs.text(ComposedLogDetails, input.composed_log_details.as_str());
        inputs.text_if(HashedAccountId, input.hashed_account_id.as_deref());
        inputs.owned(IsFromSscl, input.is_from_sscl);
        assigned_user::fill(inputs, input.assigned_user_id.as_deref());
        let of_client = [
            RecordingLink,
            RecordingDownloadLink,
            VoicemailLink,
            VoicemailMessageId,
            Subject,
            Note,
            Duration,
            CallResult,
            AiNote,
            Transcript,
            Legs,
            AdditionalSubmission,
        ];
        client_request::members(inputs, &of_client, &input.request);
        client_request::ring_sense(inputs, &input.request);
    }
}
