//! `updateServerLoggingSettings`.

use serde_json::{Value, json};

use super::results::Acknowledged;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `updateServerLoggingSettings`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The settings to save.
    pub additional_field_values: Value,
}

/// Saves the organisation's settings of server-side logging.
#[derive(Debug)]
pub struct UpdateServerLoggingSettings;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "updateServerLoggingSettings",
    title: "Save logging settings",
    description: "Saves the organisation's settings of server-side logging.",
    variables: {
        use Variable::*;
        &[AdditionalFieldValues]
    },
    partners: &[Partner { name: "getServerLoggingSettings", loss: "saved settings cannot be shown again" }],
    words: Words { failed: Some("Server logging settings update failed"), ..Words::USUAL },
    ..Descriptor::PLAIN
};

impl OperationSpec for UpdateServerLoggingSettings {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = Acknowledged;

    fn example() -> Value {
        json!({"method": "PUT", "url": "/settings", "body": "{{additionalFieldValues}}"})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.json(AdditionalFieldValues, &input.additional_field_values);
    }
}
