//! `getCallLog`.

use serde_json::{Value, json};

use super::results::CallLogPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `getCallLog`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The CRM's id of the record; empty if the record is looked for by its session, which only
    /// documents are asked to do.
    pub log_id: String,
    /// RingCentral's session id of the call.
    pub session_id: String,
    /// The contact of the record.
    pub contact_id: Option<String>,
}

/// Reads the record of a call, so that edits made in the CRM survive updates.
#[derive(Debug)]
pub struct GetCallLog;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getCallLog",
    title: "Read a logged call",
    description: "Reads the record of a call, so that edits made in the CRM survive updates.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    variables: {
        use Variable::*;
        &[ThirdPartyLogId, ContactId, SessionId]
    },
    partners: &[Partner { name: "createCallLog", loss: "there is never a record to read" }],
    words: Words {
        failed: Some("Error getting call log"),
        advice: Advice::Permission("READ logs"),
        ..Words::USUAL
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for GetCallLog {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = CallLogPaths;

    fn example() -> Value {
        json!({"url": "/activities/{{thirdPartyLogId}}", "responseMapping": {"subjectPath": "body.subject", "fullBodyPath": "body.text"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        let log_id = Some(input.log_id.as_str()).filter(|id| !id.is_empty());
        inputs.text_if(ThirdPartyLogId, log_id);
        inputs.text(SessionId, input.session_id.as_str());
        inputs.text_if(ContactId, input.contact_id.as_deref());
    }
}
