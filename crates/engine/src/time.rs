//! Instants and time zones as they arrive in documents and CRM replies.

mod rails_zones;
mod windows_zones;
mod zone;

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::Offset;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde_json::Value;

pub use self::zone::{ZoneProblem, parse_zone, read_zone};

/// From this size on a bare number is milliseconds: 1e11 seconds would be the year 5138, 1e11
/// milliseconds is March 1973.
const MILLISECONDS_FROM: f64 = 1e11;

/// Reads an instant:
/// - ISO 8601 with a zone (`2023-11-14T22:13:20Z`, `…+05:30`),
/// - ISO 8601 without one, or a date only, taken as UTC,
/// - seconds or milliseconds since 1970 as a number or as text (milliseconds from 1e11 on, so a
///   bare `20231114` is seconds, not a date),
/// - RFC 2822 (`Tue, 14 Nov 2023 22:13:20 +0000`).
///
/// `None` for anything else, and for what lies outside the years -9999 to 9999.
pub fn parse_instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => from_epoch(number.as_f64()?),
        Value::String(text) => from_text(text.trim()),
        _ => None,
    }
}

/// Reads an instant that a client of App Connect sends: as [`parse_instant`], but a number is always
/// milliseconds (recordings 08, `start-seconds`).
pub fn parse_client_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(ms) => from_microseconds(ms.as_f64()? * 1e3),
        other => parse_instant(other),
    }
}

fn from_text(text: &str) -> Option<Timestamp> {
    if is_plain_number(text) {
        return from_epoch(text.parse().ok()?);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    if let Ok(instant) = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text) {
        return Some(instant);
    }
    let local: DateTime = text.parse().ok()?;
    Offset::UTC.to_timestamp(local).ok()
}

fn is_plain_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.starts_with(|first: char| first.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    from_microseconds(if number.abs() >= MILLISECONDS_FROM { number * 1e3 } else { number * 1e6 })
}

fn from_microseconds(microseconds: f64) -> Option<Timestamp> {
    // Larger than any instant; the cast below would saturate.
    if microseconds.abs() > 1e18 {
        return None;
    }
    Timestamp::from_microsecond(microseconds.round() as i64).ok()
}

/// The instant moved by a number of seconds; `None` if the result is out of range.
pub fn add_seconds(instant: Timestamp, seconds: f64) -> Option<Timestamp> {
    let duration = SignedDuration::try_from_secs_f64(seconds).ok()?;
    instant.checked_add(duration).ok()
}

/// Reads a length of time, in seconds: a number of seconds, also as text, or a text with units from
/// seconds to weeks such as `15m`, `-1d`, `1h 30m` or ISO 8601's `PT15M`. A day is 24 hours.
///
/// `None` for anything else: months and years have no fixed length.
pub fn parse_seconds(value: &Value) -> Option<f64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(seconds) => seconds,
            Err(_) => {
                let span: Span = text.trim().parse().ok()?;
                span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?.as_secs_f64()
            }
        },
        _ => return None,
    };
    seconds.is_finite().then_some(seconds)
}

/// `2023-11-14T22:13:20.000Z`: UTC with milliseconds, as JavaScript's `toISOString`.
pub fn to_iso(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instants_in_every_form() {
        let cases = [
            (json!("2023-11-14T22:13:20.000Z"), "2023-11-14T22:13:20.000Z"),
            (json!("2023-11-14T22:13:20.1234Z"), "2023-11-14T22:13:20.123Z"),
            (json!("2023-11-15T03:43:20+05:30"), "2023-11-14T22:13:20.000Z"),
            (json!("2023-11-15T03:43:20.5+0530"), "2023-11-14T22:13:20.500Z"),
            (json!("2023-11-14T22:13:20"), "2023-11-14T22:13:20.000Z"),
            (json!(" 2023-11-14 22:13:20 "), "2023-11-14T22:13:20.000Z"),
            (json!("2023-11-14T22:13"), "2023-11-14T22:13:00.000Z"),
            (json!("2023-11-14"), "2023-11-14T00:00:00.000Z"),
            (json!(1700000000), "2023-11-14T22:13:20.000Z"),
            (json!(1700000000.25), "2023-11-14T22:13:20.250Z"),
            (json!(1700000000000_i64), "2023-11-14T22:13:20.000Z"),
            (json!("1700000000"), "2023-11-14T22:13:20.000Z"),
            (json!("1700000000123"), "2023-11-14T22:13:20.123Z"),
            (json!(99999999999_i64), "5138-11-16T09:46:39.000Z"),
            (json!(100000000000_i64), "1973-03-03T09:46:40.000Z"),
            (json!(0), "1970-01-01T00:00:00.000Z"),
            (json!(-1), "1969-12-31T23:59:59.000Z"),
            (json!("Tue, 14 Nov 2023 17:13:20 -0500"), "2023-11-14T22:13:20.000Z"),
            (json!("14 Nov 2023 22:13:20 GMT"), "2023-11-14T22:13:20.000Z"),
        ];
        for (value, expected) in cases {
            let instant = parse_instant(&value).unwrap_or_else(|| panic!("{value}"));
            assert_eq!(to_iso(instant), expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_instant() {
        for value in [
            json!(null),
            json!(""),
            json!("tomorrow"),
            json!("2023-13-01"),
            json!("1.2.3"),
            json!("-"),
            json!(1e300),
            json!("9".repeat(400)),
            json!(true),
            json!([1700000000]),
            json!("22:13:20"),
        ] {
            assert_eq!(parse_instant(&value), None, "{value}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (value, expected) in [
            (json!(90), 90.0),
            (json!("-1.5"), -1.5),
            (json!("15m"), 900.0),
            (json!("+1d"), 86_400.0),
            (json!("-1 day"), -86_400.0),
            (json!(" 2 hours "), 7200.0),
            (json!("1h 30m"), 5400.0),
            (json!("1d12h"), 129_600.0),
            (json!("1w"), 604_800.0),
            (json!("30 minutes"), 1800.0),
            (json!("PT15M"), 900.0),
            (json!("-P1D"), -86_400.0),
        ] {
            assert_eq!(parse_seconds(&value), Some(expected), "{value}");
        }
        for value in [
            json!(null),
            json!(true),
            json!(""),
            json!("d"),
            json!("1x"),
            json!("1mo"),
            json!("1y"),
            json!("inf"),
            json!("NaN"),
            json!("tomorrow"),
        ] {
            assert_eq!(parse_seconds(&value), None, "{value}");
        }
    }

    #[test]
    fn adding_seconds() {
        let start = parse_instant(&json!(1700000000)).unwrap();
        assert_eq!(to_iso(add_seconds(start, 61.5).unwrap()), "2023-11-14T22:14:21.500Z");
        assert_eq!(add_seconds(start, f64::NAN), None);
        assert_eq!(add_seconds(start, 1e300), None);
    }
}
