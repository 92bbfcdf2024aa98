//! The text of a call.

use serde_json::Value;

use super::Settings;
use crate::engine::operation::LogFormat;

/// What goes into the text.
pub struct CallLogText<'a> {
    note: Option<&'a str>,
}

impl<'a> CallLogText<'a> {
    /// Of a new log.
    pub fn of_create(request: &'a Value) -> Self {
        Self { note: request.get("note").and_then(Value::as_str) }
    }

    /// Of an update.
    pub fn of_update(request: &'a Value) -> Self {
        Self::of_create(request)
    }
}

/// The text of a new log.
pub fn compose(text: &CallLogText<'_>, _settings: &Settings<'_>, _format: LogFormat) -> String {
    text.note.unwrap_or_default().to_owned()
}

/// The text of a changed log.
pub fn upsert(
    existing: &str,
    text: &CallLogText<'_>,
    _settings: &Settings<'_>,
    _format: LogFormat,
) -> String {
    format!("{existing}{}", text.note.unwrap_or_default())
}
