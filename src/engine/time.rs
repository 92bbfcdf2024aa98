//! Instants and time zones as they arrive in documents and CRM replies.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

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

/// The instant moved by a number of seconds; `None` where the result is out of range.
pub fn add_seconds(instant: Timestamp, seconds: f64) -> Option<Timestamp> {
    let duration = SignedDuration::try_from_secs_f64(seconds).ok()?;
    instant.checked_add(duration).ok()
}

/// `2023-11-14T22:13:20.000Z`: UTC with milliseconds, as JavaScript's `toISOString`.
pub fn to_iso(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Reads a time zone:
/// - an IANA name (`America/New_York`), from the system's database or the built-in one; `UTC`, `Z`;
/// - an offset as text: `+05:30`, `+0530`, `-8`;
/// - an offset as a number or numeric text: hours below 16, else minutes (as moment's
///   `utcOffset`, which the reference uses for `user.timezoneOffset`).
///
/// `None` for anything else.
pub fn parse_zone(value: &Value) -> Option<TimeZone> {
    match value {
        Value::Number(number) => offset_of_number(number.as_f64()?),
        Value::String(text) => zone_of_text(text.trim()),
        _ => None,
    }
}

fn zone_of_text(text: &str) -> Option<TimeZone> {
    if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
        return Some(TimeZone::UTC);
    }
    let first = text.chars().next()?;
    if !first.is_ascii_digit() && first != '+' && first != '-' {
        return TimeZone::get(text).ok();
    }
    let (sign, unsigned) = match first {
        '-' => (-1.0, &text[1..]),
        '+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if !unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        return None;
    }
    let hours_and_minutes = match unsigned.split_once(':') {
        Some(parts) => Some(parts),
        None if unsigned.len() == 4 => unsigned.split_at_checked(2),
        None => None,
    };
    match hours_and_minutes {
        Some((hours, minutes)) => {
            let (hours, minutes): (f64, f64) = (hours.parse().ok()?, minutes.parse().ok()?);
            (minutes < 60.0).then(|| offset_of_minutes(sign * (hours * 60.0 + minutes))).flatten()
        }
        None => offset_of_number(sign * unsigned.parse::<f64>().ok()?),
    }
}

fn offset_of_number(number: f64) -> Option<TimeZone> {
    offset_of_minutes(if number.abs() < 16.0 { number * 60.0 } else { number })
}

fn offset_of_minutes(minutes: f64) -> Option<TimeZone> {
    // The widest offset there is is 14 hours; a day leaves room and rules out mistakes.
    if minutes.is_nan() || minutes.abs() >= 24.0 * 60.0 {
        return None;
    }
    let seconds = (minutes * 60.0).round() as i32;
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
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
    fn zones_by_name_and_offset() {
        let instant = parse_instant(&json!("2023-11-14T22:13:20Z")).unwrap();
        let cases = [
            (json!("America/New_York"), -5 * 3600),
            (json!("Asia/Kolkata"), 19800),
            (json!("UTC"), 0),
            (json!("z"), 0),
            (json!("+05:30"), 19800),
            (json!("-0800"), -8 * 3600),
            (json!("-8"), -8 * 3600),
            (json!(-8), -8 * 3600),
            (json!(5.5), 19800),
            (json!(330), 19800),
            (json!("-300"), -5 * 3600),
        ];
        for (value, seconds) in cases {
            let zone = parse_zone(&value).unwrap_or_else(|| panic!("{value}"));
            assert_eq!(zone.to_offset(instant).seconds(), seconds, "{value}");
        }
        for value in [
            json!(null),
            json!(""),
            json!("Mars/Olympus"),
            json!("+05:99"),
            json!("+1:2:3"),
            json!("5000"),
            json!(1e9),
            json!("+é"),
        ] {
            assert!(parse_zone(&value).is_none(), "{value}");
        }
    }

    /// A container image may have no `/usr/share/zoneinfo`.
    #[test]
    fn the_time_zone_database_is_built_in() {
        let bundled = jiff::tz::TimeZoneDatabase::bundled();
        assert!(bundled.get("America/New_York").is_ok());
    }

    #[test]
    fn adding_seconds() {
        let start = parse_instant(&json!(1700000000)).unwrap();
        assert_eq!(to_iso(add_seconds(start, 61.5).unwrap()), "2023-11-14T22:14:21.500Z");
        assert_eq!(add_seconds(start, f64::NAN), None);
        assert_eq!(add_seconds(start, 1e300), None);
    }
}
