//! `updateMessageLog`.

use serde_json::{Value, json};

use super::parts::message_log;
pub use super::parts::message_log::Input;
use super::results::Acknowledged;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Adds later messages to a conversation's record.
#[derive(Debug)]
pub struct UpdateMessageLog;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "updateMessageLog",
    title: "Add to a conversation",
    description: "Adds later messages to a conversation's record.",
    needs_values: NeedsValues::ToChooseRecord,
    variables: {
        use Variable::*;
        &[
            ThirdPartyLogId,
            ExistingMessageLog,
            ContactInfo,
            Message,
            CreationTime,
            AdditionalSubmission,
            AssignedUser,
            RecordingLink,
            ImageLink,
            ImageLinks,
            VideoLink,
            VideoLinks,
            Correspondents,
            SharedSmsLogContent,
        ]
    },
    partners: &[Partner { name: "createMessageLog", loss: "there is never a record to update" }],
    words: Words {
        failed: Some("Error updating message log"),
        advice: Advice::Record("EDIT logs"),
        ..Words::USUAL
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for UpdateMessageLog {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = Acknowledged;

    fn example() -> Value {
        json!({"method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": {"text": "{{message.subject}}"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        message_log::fill(input, inputs);
    }
}
