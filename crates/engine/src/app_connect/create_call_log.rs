//! `createCallLog`.

use serde_json::{Value, json};

use super::parts::{assigned_user, client_request};
use super::results::LogPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `createCallLog`.
#[derive(Debug, Clone, Default)]
pub struct Input {
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
    /// The CRM's id of the user to whom an admin assigned the record.
    pub assigned_user_id: Option<String>,
    /// Whether server-side logging sent the call.
    pub is_from_sscl: bool,
    /// Names this record for the CRM, so that it knows a repeated request again; absent if a new
    /// name for each run will do.
    pub idempotency_key: Option<String>,
    /// The rest of the client's request: note, aiNote, transcript, additionalSubmission, ….
    pub request: Value,
}

/// Creates the record of a call.
#[derive(Debug)]
pub struct CreateCallLog;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "createCallLog",
    title: "Log a call",
    description: "Creates the record of a call.",
    variables: {
        use Variable::*;
        &[
            ContactInfo,
            CallLog,
            Subject,
            StartTime,
            EndTime,
            Note,
            AdditionalSubmission,
            AssignedUser,
            AiNote,
            Transcript,
            RecordingLink,
            RecordingDownloadLink,
            VoicemailLink,
            VoicemailMessageId,
            ComposedLogDetails,
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
        Partner {
            name: "updateCallLog",
            loss: "recordings and notes that arrive after the call are never logged",
        },
        Partner { name: "findContact", loss: "calls cannot be matched to contacts" },
    ],
    words: Words {
        failed: Some("Error creating call log"),
        advice: Advice::Permission("CREATE logs"),
        ..Words::USUAL
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for CreateCallLog {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = LogPaths;

    fn example() -> Value {
        json!({"method": "POST", "url": "/activities", "body": {"subject": "{{subject}}", "text": "{{composedLogDetails}}"}, "responseMapping": {"idPath": "body.id"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs
            .json(ContactInfo, &input.contact_info)
            .json(CallLog, &input.call_log)
            .text(Subject, input.subject.as_str());
        for (variable, time) in [(StartTime, &input.start_time), (EndTime, &input.end_time)] {
            match time {
                Some(time) => inputs.text(variable, time.as_str()),
                // Null, where an update has no value (recordings 08, `start-null`).
                None => inputs.owned(variable, Value::Null),
            };
        }
        inputs.text(ComposedLogDetails, input.composed_log_details.as_str());
        inputs.text_if(HashedAccountId, input.hashed_account_id.as_deref());
        inputs.owned(IsFromSscl, input.is_from_sscl);
        assigned_user::fill(inputs, input.assigned_user_id.as_deref());
        inputs.text_if(IdempotencyKey, input.idempotency_key.as_deref());
        let of_client = [
            Note,
            AdditionalSubmission,
            AiNote,
            Transcript,
            RecordingLink,
            RecordingDownloadLink,
            VoicemailLink,
            VoicemailMessageId,
        ];
        client_request::members(inputs, &of_client, &input.request);
        client_request::ring_sense(inputs, &input.request);
    }
}
