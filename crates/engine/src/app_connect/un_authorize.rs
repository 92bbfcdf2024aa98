//! `unAuthorize`.

use serde_json::{Value, json};

use super::results::Acknowledged;
use super::spec::OperationSpec;
use crate::config::operations::{Descriptor, OperationName};

/// Ends the session at the CRM when the user disconnects.
#[derive(Debug)]
pub struct UnAuthorize;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "unAuthorize",
    title: "Sign out",
    description: "Ends the session at the CRM when the user disconnects.",
    ..Descriptor::PLAIN
};

impl OperationSpec for UnAuthorize {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = Acknowledged;

    fn example() -> Value {
        json!({"method": "POST", "url": "/logout"})
    }
}
