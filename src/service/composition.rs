//! The text of a log, `composedLogDetails`.

use crate::engine::operation::LogFormat;

/// The text of a new call log. It is the user's note, in whatever format the connector takes: no
/// format changes plain text.
pub fn call_log(_format: LogFormat, note: Option<&str>) -> String {
    note.unwrap_or_default().to_owned()
}
