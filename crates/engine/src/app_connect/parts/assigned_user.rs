//! The user to whom an admin assigned a record.

use serde_json::json;

use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Fills `assignedUser`, where anybody is assigned.
pub(in crate::app_connect) fn fill(inputs: &mut Inputs<'_>, id: Option<&str>) {
    if let Some(id) = id {
        inputs.owned(Variable::AssignedUser, json!({"id": id}));
    }
}
