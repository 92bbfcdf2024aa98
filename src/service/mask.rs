//! What is shown in the place of a secret that is stored: that there is one, and nothing of it (Q64, Q77).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Stands for a stored value. Whoever submits it leaves the value as it is.
pub const MASK: &str = "********";

/// Whether a submitted value says that the stored one stays.
pub(super) fn is_mask(value: &Value) -> bool {
    value.as_str() == Some(MASK)
}

/// A value as it is shown: whether there is one, and the mask in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Masked {
    /// Whether a value is stored.
    has_value: bool,
    /// The mask, or an empty text. The value itself is never handed out.
    value: &'static str,
}

impl Masked {
    /// How a value is shown that is stored, or is not.
    pub(super) fn of(has_value: bool) -> Self {
        Self { has_value, value: if has_value { MASK } else { "" } }
    }
}
