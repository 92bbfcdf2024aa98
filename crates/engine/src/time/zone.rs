//! Time zones as CRMs, clients and documents write them.

use std::fmt;

use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

use super::rails_zones::RAILS;
use super::windows_zones::WINDOWS;

/// Why a value is no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneProblem {
    /// Nobody is known to call a zone so.
    Unknown,
    /// An abbreviation that several zones share: the abbreviation, and whose it is.
    Ambiguous(&'static str, &'static str),
}

impl fmt::Display for ZoneProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no known time zone"),
            Self::Ambiguous(name, zones) => write!(f, "{name}, which may be the time of {zones}"),
        }
    }
}

/// Reads a time zone, whatever the case of its letters and the blanks around it:
/// - an IANA name (`America/New_York`), from the system's database or the built-in one; `UTC`, `Z`;
/// - a name of Windows (`Eastern Standard Time`) or of Rails (`Eastern Time (US & Canada)`);
/// - an abbreviation that means one offset (`EDT`, `JST`); CST, IST and others mean several;
/// - an offset as text: `+05:30`, `+0530`, `-8`, `UTC-5`, `GMT+5:30`, `-05:00:00`;
/// - an offset with a name: `(GMT-05:00) Eastern Time (US & Canada)`; the name counts where it is
///   known and its zone has that offset;
/// - an offset as a number or numeric text: hours below 16, minutes below 1440 (as moment's `utcOffset`, which
///   the reference uses for `user.timezoneOffset`), else seconds or milliseconds that are whole quarters
///   of an hour.
///
/// # Errors
/// If it is none of them.
pub fn read_zone(value: &Value) -> Result<TimeZone, ZoneProblem> {
    match value {
        Value::Number(number) => {
            number.as_f64().and_then(seconds_of_number).and_then(fixed).ok_or(ZoneProblem::Unknown)
        }
        Value::String(text) => zone_of_text(text),
        _ => Err(ZoneProblem::Unknown),
    }
}

/// As [`read_zone`], where it does not matter why there is none.
pub fn parse_zone(value: &Value) -> Option<TimeZone> {
    read_zone(value).ok()
}

fn zone_of_text(text: &str) -> Result<TimeZone, ZoneProblem> {
    let text = text.trim();
    if let Some(zone) = by_name(text).or_else(|| seconds_of_text(text).and_then(fixed)) {
        return Ok(zone);
    }
    if let Some((name, zones)) = AMBIGUOUS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Err(ZoneProblem::Ambiguous(name, zones));
    }
    labelled(text).ok_or(ZoneProblem::Unknown)
}

fn fixed(seconds: i32) -> Option<TimeZone> {
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// The zone of a name that is nothing but a name.
fn by_name(text: &str) -> Option<TimeZone> {
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    if ["z", "utc", "gmt", "coordinated universal time"].iter().any(|utc| text.eq_ignore_ascii_case(utc)) {
        return Some(TimeZone::UTC);
    }
    if let Some(zone) = iana(text) {
        return Some(zone);
    }
    let (_, seconds) = match ABBREVIATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        Some(found) => found,
        None => return listed(RAILS, text).or_else(|| windows(text)).and_then(iana),
    };
    fixed(*seconds)
}

/// A zone of the time zone database.
fn iana(name: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone).filter(|zone| !zone.is_unknown());
    }
    // `America/New York`, and `us_slash_eastern` as HubSpot's properties have it.
    let spelled = name.replace("_slash_", "/").replace("_SLASH_", "/").replace(' ', "_");
    let is_another = spelled != name && spelled.contains('/');
    is_another.then(|| TimeZone::get(&spelled).ok()).flatten().filter(|zone| !zone.is_unknown())
}

/// Windows calls both halves of the year standard; people and browsers say `Eastern Daylight Time` or
/// `Eastern Time`.
fn windows(text: &str) -> Option<&'static str> {
    const ENDS: [&str; 3] = [" daylight time", " summer time", " time"];
    listed(WINDOWS, text).or_else(|| {
        let lower = text.to_ascii_lowercase();
        let stem = ENDS.iter().find_map(|end| lower.strip_suffix(end))?;
        listed(WINDOWS, &format!("{stem} standard time"))
    })
}

fn listed(names: &'static [(&str, &str)], text: &str) -> Option<&'static str> {
    let lower = |name: &str| name.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<u8>>();
    let wanted = lower(text);
    let at = names.binary_search_by(|(name, _)| {
        name.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(wanted.iter().copied())
    });
    at.ok().map(|at| names[at].1)
}

/// An offset and a name beside each other, in any order, either of them perhaps in parentheses:
/// `(GMT-05:00) Eastern Standard Time (America/New_York)`, `GMT-0500 (Eastern Standard Time)`,
/// `(UTC+01:00) Amsterdam, Berlin, Rome`. Between a name and an offset that do not agree the offset
/// counts, because that is what people see there.
fn labelled(text: &str) -> Option<TimeZone> {
    let parts: Vec<&str> =
        text.split(['(', ')', '[', ']']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut offset = parts.iter().find_map(|part| seconds_of_text(part));
    let mut names: Vec<&str> = Vec::new();
    // A name may have parentheses of its own.
    if let Some(closed) = text.starts_with(['(', '[']).then(|| text.find([')', ']'])).flatten() {
        names.push(text[closed + 1..].trim());
    }
    if let Some(open) = text.rfind(['(', '[']).filter(|_| text.ends_with([')', ']'])) {
        names.push(text[..open].trim());
    }
    if offset.is_none()
        && let Some((first, rest)) = text.split_once(char::is_whitespace)
        && let Some(seconds) = seconds_of_text(first)
    {
        offset = Some(seconds);
        names.push(rest.trim());
    }
    names.extend(&parts);
    if offset.is_some() {
        // Windows lists cities.
        let cities: Vec<&str> = names.iter().flat_map(|name| name.split([',', ';'])).collect();
        names.extend(cities);
    }
    let names = names.into_iter().map(|name| name.trim_matches(['-', ' ']));
    // A name with a slash is the most exact one.
    let (exact, others): (Vec<&str>, Vec<&str>) = names.partition(|name| name.contains('/'));
    let mut zones = exact.into_iter().chain(others).filter_map(by_name);
    match offset {
        Some(seconds) => zones.find(|zone| has_offset(zone, seconds)).or_else(|| fixed(seconds)),
        None => zones.next(),
    }
}

/// Whether a zone has an offset in one of the halves of the year.
fn has_offset(zone: &TimeZone, seconds: i32) -> bool {
    [date(2026, 1, 1), date(2026, 7, 1)].iter().any(|day| {
        let instant = day.at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
        instant.is_ok_and(|instant| zone.to_offset(instant.timestamp()).seconds() == seconds)
    })
}

/// An offset as text, in seconds.
fn seconds_of_text(text: &str) -> Option<i32> {
    let after = ["utc", "gmt"].iter().find_map(|word| {
        let (start, rest) = text.split_at_checked(word.len())?;
        start.eq_ignore_ascii_case(word).then(|| rest.trim_start())
    });
    let text = after.unwrap_or(text);
    if after.is_some() && text.is_empty() {
        return Some(0);
    }
    let mut characters = text.chars();
    let (sign, unsigned) = match characters.next()? {
        '+' | '±' => (1.0, characters.as_str()),
        // The hyphen, the minus sign and the dash.
        '-' | '\u{2212}' | '\u{2013}' => (-1.0, characters.as_str()),
        _ if after.is_none() => (1.0, text),
        _ => return None,
    };
    let unsigned = unsigned.trim_start();
    if !unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')) {
        return None;
    }
    let of_parts = |parts: &[&str]| {
        let numbers: Option<Vec<f64>> = parts.iter().map(|part| part.parse().ok()).collect();
        match *numbers? {
            [hours, minutes] if minutes < 60.0 => Some(hours * 3600.0 + minutes * 60.0),
            [hours, minutes, seconds] if minutes < 60.0 && seconds < 60.0 => {
                Some(hours * 3600.0 + minutes * 60.0 + seconds)
            }
            _ => None,
        }
    };
    let seconds = if unsigned.contains(':') {
        of_parts(&unsigned.split(':').collect::<Vec<_>>())?
    } else if let Some((hours, minutes @ ("00" | "15" | "30" | "45"))) = unsigned.split_once('.') {
        // `5.30` is written for half past, `5.50` for half an hour.
        of_parts(&[hours, minutes])?
    } else if unsigned.len() == 4 && !unsigned.contains('.') || after.is_some() && unsigned.len() == 3 {
        let (hours, minutes) = unsigned.split_at_checked(unsigned.len() - 2)?;
        of_parts(&[hours, minutes])?
    } else {
        return seconds_of_number(sign * unsigned.parse::<f64>().ok()?);
    };
    in_a_day(sign * seconds)
}

/// An offset as a number of hours, minutes, seconds or milliseconds, in seconds.
fn seconds_of_number(number: f64) -> Option<i32> {
    const QUARTER: f64 = 900.0;
    let size = number.abs();
    if size < 16.0 {
        in_a_day(number * 3600.0)
    } else if size < 1440.0 {
        in_a_day(number * 60.0)
    } else if size <= 50_400.0 && number % QUARTER == 0.0 {
        // Slack's, and Java's below: the widest offset there is is 14 hours.
        in_a_day(number)
    } else if (900_000.0..=50_400_000.0).contains(&size) && number % (QUARTER * 1e3) == 0.0 {
        in_a_day(number / 1e3)
    } else {
        None
    }
}

/// The widest offset there is is 14 hours; a day leaves room and rules out mistakes.
fn in_a_day(seconds: f64) -> Option<i32> {
    (seconds.abs() < 86_400.0).then(|| seconds.round() as i32)
}

const HOUR: i32 = 3600;
const HALF: i32 = 1800;

/// Abbreviations that mean one offset and are not in the time zone database, in seconds.
const ABBREVIATIONS: &[(&str, i32)] = &[
    ("ACDT", 10 * HOUR + HALF),
    ("ACST", 9 * HOUR + HALF),
    ("AEDT", 11 * HOUR),
    ("AEST", 10 * HOUR),
    ("AKDT", -8 * HOUR),
    ("AKST", -9 * HOUR),
    ("AWST", 8 * HOUR),
    ("BRT", -3 * HOUR),
    ("CAT", 2 * HOUR),
    ("CEST", 2 * HOUR),
    ("EAT", 3 * HOUR),
    ("EDT", -4 * HOUR),
    ("EEST", 3 * HOUR),
    ("HKT", 8 * HOUR),
    ("JST", 9 * HOUR),
    ("KST", 9 * HOUR),
    ("MDT", -6 * HOUR),
    ("MSK", 3 * HOUR),
    ("NDT", -2 * HOUR - HALF),
    ("NPT", 5 * HOUR + 2700),
    ("NST", -3 * HOUR - HALF),
    ("NZDT", 13 * HOUR),
    ("NZST", 12 * HOUR),
    ("PDT", -7 * HOUR),
    ("PHT", 8 * HOUR),
    ("PKT", 5 * HOUR),
    ("PST", -8 * HOUR),
    ("SAST", 2 * HOUR),
    ("SGT", 8 * HOUR),
    ("TRT", 3 * HOUR),
    ("WAT", HOUR),
    ("WEST", HOUR),
    ("WIB", 7 * HOUR),
];

/// Abbreviations that several zones share, and whose they are.
const AMBIGUOUS: &[(&str, &str)] = &[
    ("ADT", "Canada's Atlantic coast or Arabia"),
    ("AMT", "Armenia or Amazonia"),
    ("AST", "Canada's Atlantic coast or Arabia"),
    ("BST", "Britain, Bangladesh or Bougainville"),
    ("CDT", "North America or Cuba"),
    ("CST", "North America, China or Cuba"),
    ("ECT", "Ecuador or the eastern Caribbean"),
    ("GST", "the Gulf or South Georgia"),
    ("IST", "India, Ireland or Israel"),
    ("SST", "Samoa or Singapore"),
    ("WST", "western Australia, western Sahara or Samoa"),
];

#[cfg(test)]
mod tests;
