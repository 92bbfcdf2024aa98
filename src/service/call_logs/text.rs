//! The text of a log, composed and within what the CRM takes.

use crate::engine::operation::{LogFormat, TextLimit};
use crate::engine::truncate::Unit;
use crate::service::composition::call_log::Said;
use crate::service::composition::limit::{LONGEST_TEXT, LONGEST_VALUE};
use crate::service::fitting::{Fitting, Text};

/// An existing text with what is said in it. A text is at most so long that it can be changed again.
pub(super) async fn composed(
    said: Said,
    existing: String,
    format: LogFormat,
    limit: Option<TextLimit>,
) -> Fitting {
    let notice = match format {
        LogFormat::Custom => None,
        _ => notice(said.shortened()),
    };
    let limit = limit.unwrap_or(TextLimit { length: LONGEST_TEXT, unit: Unit::Bytes });
    let bytes = existing.len() + said.length();
    let compose = move || said.put_into(&existing, format);
    Fitting::composed(Text::CallLog(format), bytes, compose, Some(limit)).await.telling(notice)
}

/// What the user is told of values that were too long.
fn notice(shortened: &[&str]) -> Option<String> {
    if shortened.is_empty() {
        return None;
    }
    Some(format!(
        "Only the first {} KiB of each of these were logged, because they are longer: {}.",
        LONGEST_VALUE >> 10,
        shortened.join(", ")
    ))
}
