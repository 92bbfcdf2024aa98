//! `findContact`.

use serde_json::{Value, json};

use super::results::ContactListPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `findContact`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The number as the client sent it.
    pub phone_number: String,
    /// Number formats that the user asked to search by.
    pub overriding_format: Option<Value>,
    /// Whether the number is an extension, as the client said it.
    pub is_extension: Value,
}

impl Input {
    /// Whether the client says that the number is a colleague's extension.
    pub fn asks_for_extension(&self) -> bool {
        match &self.is_extension {
            Value::Bool(is_extension) => *is_extension,
            Value::String(text) => text.trim().eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// Finds the contacts with a phone number: call pop and logging start here.
#[derive(Debug)]
pub struct FindContact;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "findContact",
    title: "Find contacts by number",
    description: "Finds the contacts with a phone number: call pop and logging start here.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    variables: {
        use Variable::*;
        &[PhoneNumber, ParsedPhoneNumber, OverridingFormat, IsExtension]
    },
    words: Words {
        failed: Some("Error finding contact"),
        not_asked: Some("No contact was looked for"),
        advice: Advice::Permission("GET contacts"),
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for FindContact {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = ContactListPaths;

    fn example() -> Value {
        json!({"url": "/contacts", "query": {"phone": "{{phoneNumber}}"}, "responseMapping": {"listPath": "body.contacts"}})
    }

    fn fill<'a>(input: &'a Input, run: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.text(PhoneNumber, input.phone_number.as_str());
        inputs.phone(ParsedPhoneNumber, &input.phone_number, run.region);
        inputs.json_if(OverridingFormat, input.overriding_format.as_ref());
        inputs.json(IsExtension, &input.is_extension);
    }
}
