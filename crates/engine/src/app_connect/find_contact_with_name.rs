//! `findContactWithName`.

use serde_json::{Value, json};

use super::results::ContactListPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `findContactWithName`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name; absent if the client sent none.
    pub name: Option<String>,
}

/// Finds contacts by name when the user searches.
#[derive(Debug)]
pub struct FindContactWithName;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "findContactWithName",
    title: "Find contacts by name",
    description: "Finds contacts by name when the user searches.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    variables: {
        use Variable::*;
        &[Name]
    },
    words: Words {
        failed: Some("Error searching contacts"),
        not_asked: Some("No contact was looked for"),
        advice: Advice::Permission("GET contacts"),
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for FindContactWithName {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = ContactListPaths;

    fn example() -> Value {
        json!({"url": "/contacts", "query": {"q": "{{name}}"}, "responseMapping": {"listPath": "body.contacts"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.text_if(Name, input.name.as_deref());
    }
}
