//! Durations and call journeys in words.

use serde_json::Value;

use crate::engine::mapping::is_truthy;
use crate::engine::text::to_text;

/// A number of seconds in words, rounded to whole seconds (Q50): `1 hour, 1 second`,
/// `0 seconds`. What is no number stays as it is (recordings 08, `duration-text`).
pub(super) fn duration(value: &Value) -> String {
    let number = match value {
        Value::Null => Some(0.0),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => text.trim().parse().ok(),
        Value::Array(_) | Value::Object(_) => None,
    };
    let Some(number) = number.filter(|number| number.is_finite()) else {
        return to_text(value).into_owned();
    };
    // A negative duration is none; the cast stops at zero.
    let seconds = number.round() as u64;
    let parts = [(seconds / 3600, "hour"), (seconds % 3600 / 60, "minute"), (seconds % 60, "second")];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count > 1 { "s" } else { "" }))
        .collect();
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(", ") }
}

/// The way of a call, one line for each leg.
pub(super) fn journey(legs: &[Value]) -> String {
    let lines: Vec<String> = legs.iter().enumerate().map(|(index, leg)| journey_line(index, leg)).collect();
    lines.join("\n")
}

fn journey_line(index: usize, leg: &Value) -> String {
    let outbound = leg.get("direction").and_then(Value::as_str) == Some("Outbound");
    if index == 0 {
        return if outbound {
            format!("Made call from {}", party(leg.get("from")))
        } else {
            format!("Received call at {}", party(leg.get("to")))
        };
    }
    let from_caller = outbound && leg.get("legType").and_then(Value::as_str) != Some("PstnToSip");
    let to = party(leg.get(if from_caller { "from" } else { "to" }));
    let (duration, seconds) = match leg.get("duration") {
        // As the reference writes a leg without one (recordings 09, `default-rich`).
        None => ("undefined".into(), None),
        Some(Value::Null) => ("null".into(), None),
        Some(Value::String(text)) => (text.into(), text.trim().parse().ok()),
        Some(value) => (to_text(value), value.as_f64()),
    };
    let plural = if seconds.is_some_and(|seconds: f64| seconds > 1.0) { "s" } else { "" };
    format!("Transferred to {to}, duration: {duration} second{plural}")
}

fn party(info: Option<&Value>) -> String {
    let text = |name| info.and_then(|info| info.get(name)).filter(|value| is_truthy(value)).map(to_text);
    let number = match (text("phoneNumber"), text("extensionNumber")) {
        (Some(number), Some(extension)) => format!("{number}, ext {extension}"),
        (Some(number), None) => number.into_owned(),
        (None, Some(extension)) => format!("ext {extension}"),
        (None, None) => return String::new(),
    };
    match text("name") {
        Some(name) => format!("{name}, {number}"),
        None => number,
    }
}
