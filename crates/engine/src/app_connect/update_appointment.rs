//! `updateAppointment`.

use serde_json::{Value, json};

use super::results::AppointmentPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, NeedsValues, OperationName, Partner, Words};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `updateAppointment`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The appointment's id.
    pub appointment_id: String,
    /// The fields to change.
    pub patch_body: Value,
}

/// Changes an appointment.
#[derive(Debug)]
pub struct UpdateAppointment;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "updateAppointment",
    title: "Update an appointment",
    description: "Changes an appointment.",
    needs_values: NeedsValues::ToChooseRecord,
    variables: {
        use Variable::*;
        &[AppointmentId, PatchBody]
    },
    partners: &[Partner { name: "listAppointments", loss: "there is no appointment to choose" }],
    words: Words { failed: Some("Error updating appointment"), ..Words::USUAL },
    ..Descriptor::PLAIN
};

impl OperationSpec for UpdateAppointment {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = AppointmentPaths;

    fn example() -> Value {
        json!({"method": "PATCH", "url": "/events/{{appointmentId}}", "body": "{{patchBody}}"})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.text(AppointmentId, input.appointment_id.as_str()).json(PatchBody, &input.patch_body);
    }
}
