//! `refreshAppointment`.

use serde_json::{json, Value};

use super::parts::appointment_by_id;
pub use super::parts::appointment_by_id::Input;
use super::results::AppointmentPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
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
    signs_in: false,
    needs_values: NeedsValues::ToSearch,
    variables: { use Variable::*; &[AppointmentId] },
    partners: &[],
    words: Words {
        failed: None,
        not_asked: None,
        advice: Advice::Permissions,
    },
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
