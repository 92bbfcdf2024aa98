//! A value that a connector offers for a field of the sign-in page.

use schemars::JsonSchema;
use serde::Serialize;

/// One of the values that an admin may choose for an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuthOption {
    /// The value that is stored.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl AuthOption {
    /// A value with what people read.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}
