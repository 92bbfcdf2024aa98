//! `createAppointment`.

use serde_json::{Value, json};

use super::results::AppointmentPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, OperationName, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `createAppointment`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The appointment: title, summary, startTimeUtc, durationMinutes, contacts.
    pub payload: Value,
}

/// Creates an appointment.
#[derive(Debug)]
pub struct CreateAppointment;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "createAppointment",
    title: "Create an appointment",
    description: "Creates an appointment.",
    variables: {
        use Variable::*;
        &[Payload]
    },
    words: Words { failed: Some("Error creating appointment"), ..Words::USUAL },
    ..Descriptor::PLAIN
};

impl OperationSpec for CreateAppointment {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = AppointmentPaths;

    fn example() -> Value {
        json!({"method": "POST", "url": "/events", "body": {"title": "{{payload.title}}"}, "responseMapping": {"idPath": "body.id"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.json(Payload, &input.payload);
    }
}
