//! Members of the client's request that templates see as they came.

use std::borrow::Cow;

use serde_json::Value;

use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Members of the client's request as variables of the same name; absent members stay missing.
pub(in crate::app_connect) fn members<'a>(
    inputs: &mut Inputs<'a>,
    variables: &[Variable],
    request: &'a Value,
) {
    for variable in variables {
        inputs.json_if(*variable, request.get(variable.name()));
    }
}

/// The ACE fields are the empty text where the client sends none (recordings 08, `minimal-fields`).
pub(in crate::app_connect) fn ring_sense<'a>(inputs: &mut Inputs<'a>, request: &'a Value) {
    use Variable::*;
    for variable in
        [RingSenseTranscript, RingSenseSummary, RingSenseAiScore, RingSenseBulletedSummary, RingSenseLink]
    {
        match request.get(variable.name()) {
            Some(value) => inputs.json(variable, value),
            None => inputs.text(variable, Cow::Borrowed("")),
        };
    }
}
