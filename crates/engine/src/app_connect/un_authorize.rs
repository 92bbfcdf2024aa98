//! `unAuthorize`.

use serde_json::{json, Value};

use super::results::Acknowledged;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::inputs::Inputs;

/// Ends the session at the CRM when the user disconnects.
#[derive(Debug)]
pub struct UnAuthorize;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "unAuthorize",
    title: "Sign out",
    description: "Ends the session at the CRM when the user disconnects.",
    only_reads: false,
    signs_in: false,
    needs_values: NeedsValues::Nowhere,
    variables: &[],
    partners: &[],
    words: Words {
        failed: None,
        not_asked: None,
        advice: Advice::Permissions,
    },
};

impl OperationSpec for UnAuthorize {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = Acknowledged;

    fn example() -> Value {
        json!({"method": "POST", "url": "/logout"})
    }

    fn fill<'a>(_: &'a (), _: RunContext<'a>, _: &mut Inputs<'a>) {}
}
