//! `createAppointment`.

use serde_json::{json, Value};

use super::results::AppointmentPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
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
    only_reads: false,
    signs_in: false,
    needs_values: NeedsValues::Nowhere,
    variables: { use Variable::*; &[Payload] },
    partners: &[],
    words: Words {
        failed: Some("Error creating appointment"),
        not_asked: None,
        advice: Advice::Permissions,
    },
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
