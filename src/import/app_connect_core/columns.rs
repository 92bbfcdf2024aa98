//! What a column of a row holds.

use serde_json::{Value, json};

use crate::engine::text::id_text;
use crate::engine::time::parse_instant;
use crate::store::Secret;

/// A text or a number as text.
pub(super) fn text(row: &Value, column: &str) -> Option<String> {
    row.get(column).and_then(id_text)
}

/// A time in milliseconds; the reference's columns are in UTC.
pub(super) fn time(row: &Value, column: &str) -> Option<i64> {
    let value = row.get(column)?;
    let instant = parse_instant(value).or_else(|| parse_instant(&json!(format!("{}Z", value.as_str()?))));
    instant.map(|instant| instant.as_millisecond())
}

/// A text that is kept sealed; absent if it is empty.
pub(super) fn secret(row: &Value, column: &str) -> Option<Secret> {
    row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Secret::new)
}
