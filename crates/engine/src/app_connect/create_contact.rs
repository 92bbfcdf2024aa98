//! `createContact`.

use serde_json::{Value, json};

use super::results::CreatedContactPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, OperationName, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `createContact`.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The number as the client sent it.
    pub phone_number: Option<Value>,
    /// The name to give it.
    pub new_contact_name: Option<Value>,
    /// The kind of contact to create.
    pub new_contact_type: Option<Value>,
    /// The extra fields of the client's form.
    pub additional_submission: Option<Value>,
    /// The same for every attempt to create this contact.
    pub idempotency_key: Option<String>,
}

/// Creates a contact for a number that matched none.
#[derive(Debug)]
pub struct CreateContact;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "createContact",
    title: "Create a contact",
    description: "Creates a contact for a number that matched none.",
    variables: {
        use Variable::*;
        &[PhoneNumber, ParsedPhoneNumber, NewContactName, NewContactType, AdditionalSubmission]
    },
    words: Words {
        failed: Some("Error creating contact"),
        advice: Advice::Permission("CREATE contacts"),
        ..Words::USUAL
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for CreateContact {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = CreatedContactPaths;

    fn example() -> Value {
        json!({"method": "POST", "url": "/contacts", "body": {"name": "{{newContactName}}", "phone": "{{phoneNumber}}"}, "responseMapping": {"idPath": "body.id"}})
    }

    fn fill<'a>(input: &'a Input, run: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.json_if(PhoneNumber, input.phone_number.as_ref());
        if let Some(number) = input.phone_number.as_ref().and_then(Value::as_str) {
            inputs.phone(ParsedPhoneNumber, number, run.region);
        }
        inputs.json_if(NewContactName, input.new_contact_name.as_ref());
        inputs.json_if(NewContactType, input.new_contact_type.as_ref());
        inputs.json_if(AdditionalSubmission, input.additional_submission.as_ref());
        inputs.text_if(IdempotencyKey, input.idempotency_key.as_deref());
    }
}
