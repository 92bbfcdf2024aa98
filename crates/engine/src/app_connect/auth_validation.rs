//! `authValidation`.

use serde_json::{Value, json};

use super::results::AuthValidationPaths;
use super::spec::OperationSpec;
use crate::config::operations::{Descriptor, OperationName};

/// Asks the CRM whether the stored credential still works.
#[derive(Debug)]
pub struct AuthValidation;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "authValidation",
    title: "Is the session valid",
    description: "Asks the CRM whether the stored credential still works.",
    only_reads: true,
    ..Descriptor::PLAIN
};

impl OperationSpec for AuthValidation {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = AuthValidationPaths;

    fn example() -> Value {
        json!({"url": "/me"})
    }
}
