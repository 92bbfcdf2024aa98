//! `createMessageLog`.

use serde_json::{Value, json};

use super::parts::message_log;
pub use super::parts::message_log::Input;
use super::results::LogPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Creates the record of a conversation's messages of one day.
#[derive(Debug)]
pub struct CreateMessageLog;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "createMessageLog",
    title: "Log a conversation",
    description: "Creates the record of a conversation's messages of one day.",
    variables: {
        use Variable::*;
        &[
            ContactInfo,
            Message,
            CreationTime,
            AdditionalSubmission,
            AssignedUser,
            RecordingLink,
            FaxDocLink,
            FaxDownloadLink,
            ImageLink,
            ImageLinks,
            VideoLink,
            VideoLinks,
            Correspondents,
            SharedSmsLogContent,
        ]
    },
    partners: &[
        Partner {
            name: "updateMessageLog",
            loss: "later messages of a conversation cannot be added to its record",
        },
        Partner { name: "findContact", loss: "messages cannot be matched to contacts" },
    ],
    words: Words {
        failed: Some("Error creating message log"),
        advice: Advice::Permission("CREATE logs"),
        ..Words::USUAL
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for CreateMessageLog {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = LogPaths;

    fn example() -> Value {
        json!({"method": "POST", "url": "/messages", "body": {"text": "{{message.subject}}"}, "responseMapping": {"idPath": "body.id"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        message_log::fill(input, inputs);
    }
}
