//! What repeated creations were answered first.

use std::collections::HashMap;

use serde_json::Value;

/// The first answers, by user, collection and key.
#[derive(Default)]
pub(super) struct Answered(pub HashMap<(String, &'static str, String), First>);

/// A first answer.
pub(super) struct First {
    pub sent: Value,
    pub id: String,
    pub record: Value,
}
