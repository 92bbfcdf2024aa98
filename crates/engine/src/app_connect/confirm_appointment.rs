//! `confirmAppointment`.

use serde_json::{Value, json};

use super::parts::appointment_by_id;
pub use super::parts::appointment_by_id::Input;
use super::results::AppointmentPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, NeedsValues, OperationName, Partner};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Marks an appointment as confirmed.
#[derive(Debug)]
pub struct ConfirmAppointment;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "confirmAppointment",
    title: "Confirm an appointment",
    description: "Marks an appointment as confirmed.",
    needs_values: NeedsValues::ToChooseRecord,
    variables: {
        use Variable::*;
        &[AppointmentId]
    },
    partners: &[Partner { name: "listAppointments", loss: "there is no appointment to choose" }],
    ..Descriptor::PLAIN
};

impl OperationSpec for ConfirmAppointment {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = AppointmentPaths;

    fn example() -> Value {
        json!({"method": "POST", "url": "/events/{{appointmentId}}/confirm"})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        appointment_by_id::fill(input, inputs);
    }
}
