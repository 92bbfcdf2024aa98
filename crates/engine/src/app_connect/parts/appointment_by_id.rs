//! An appointment that is known by its id.

use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `refreshAppointment`, `confirmAppointment` and `cancelAppointment`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The appointment's id.
    pub appointment_id: String,
}

/// Fills the variables.
pub(in crate::app_connect) fn fill<'a>(input: &'a Input, inputs: &mut Inputs<'a>) {
    inputs.text(Variable::AppointmentId, input.appointment_id.as_str());
}
