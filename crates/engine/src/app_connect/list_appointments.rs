//! `listAppointments`.

use serde_json::{Value, json};

use super::results::AppointmentListPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, NeedsValues, OperationName};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `listAppointments`.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// First day, `YYYY-MM-DD`.
    pub start_date: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    pub end_date: Option<String>,
}

/// Lists the appointments of a range of days.
#[derive(Debug)]
pub struct ListAppointments;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "listAppointments",
    title: "List appointments",
    description: "Lists the appointments of a range of days.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    variables: {
        use Variable::*;
        &[Range]
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for ListAppointments {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = AppointmentListPaths;

    fn example() -> Value {
        json!({"url": "/events", "query": {"from": "{{range.startDate}}"}, "responseMapping": {"listPath": "body.events"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        let days = [("startDate", &input.start_date), ("endDate", &input.end_date)];
        let range =
            days.into_iter().filter_map(|(key, day)| Some((key.to_owned(), Value::from(day.clone()?))));
        inputs.owned(Range, Value::Object(range.collect()));
    }
}
