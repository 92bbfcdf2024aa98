//! `refreshAppointment`.

use serde_json::{Value, json};

use super::parts::appointment_by_id;
pub use super::parts::appointment_by_id::Input;
use super::results::AppointmentPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, NeedsValues, OperationName};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Reads the current state of one appointment.
#[derive(Debug)]
pub struct RefreshAppointment;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "refreshAppointment",
    title: "Read an appointment",
    description: "Reads the current state of one appointment.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    variables: {
        use Variable::*;
        &[AppointmentId]
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for RefreshAppointment {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = AppointmentPaths;

    fn example() -> Value {
        json!({"url": "/events/{{appointmentId}}"})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        appointment_by_id::fill(input, inputs);
    }
}
