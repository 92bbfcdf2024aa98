//! `upsertCallDisposition`.

use serde_json::{Value, json};

use super::results::Acknowledged;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, NeedsValues, OperationName, Partner};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `upsertCallDisposition`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The CRM's id of the record.
    pub log_id: String,
    /// What the server keeps about the record.
    pub existing_call_log: Value,
    /// The dispositions that the user chose; absent if the client sent none.
    pub dispositions: Option<Value>,
}

/// Sets the outcome of a logged call.
#[derive(Debug)]
pub struct UpsertCallDisposition;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "upsertCallDisposition",
    title: "Set the disposition",
    description: "Sets the outcome of a logged call.",
    needs_values: NeedsValues::ToChooseRecord,
    variables: {
        use Variable::*;
        &[ThirdPartyLogId, ExistingCallLog, Dispositions]
    },
    partners: &[Partner { name: "createCallLog", loss: "there is never a record to set the disposition of" }],
    ..Descriptor::PLAIN
};

impl OperationSpec for UpsertCallDisposition {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = Acknowledged;

    fn example() -> Value {
        json!({"method": "PUT", "url": "/activities/{{thirdPartyLogId}}/disposition", "body": {"outcome": "{{dispositions.outcome}}"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.text(ThirdPartyLogId, input.log_id.as_str());
        inputs.json(ExistingCallLog, &input.existing_call_log);
        inputs.json_if(Dispositions, input.dispositions.as_ref());
    }
}
