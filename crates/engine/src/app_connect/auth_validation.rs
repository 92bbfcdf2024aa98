//! `authValidation`.

use serde_json::{json, Value};

use super::results::AuthValidationPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::inputs::Inputs;

/// Asks the CRM whether the stored credential still works.
#[derive(Debug)]
pub struct AuthValidation;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "authValidation",
    title: "Is the session valid",
    description: "Asks the CRM whether the stored credential still works.",
    only_reads: true,
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

impl OperationSpec for AuthValidation {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = AuthValidationPaths;

    fn example() -> Value {
        json!({"url": "/me"})
    }

    fn fill<'a>(_: &'a (), _: RunContext<'a>, _: &mut Inputs<'a>) {}
}
