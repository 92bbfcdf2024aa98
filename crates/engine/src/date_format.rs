//! Date patterns in the style of moment.js (`YYYY-MM-DD hh:mm:ss A`), compiled once.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::time::to_iso;

mod moment;

/// A compiled date format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat(Vec<Part>);

/// A date pattern that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateFormatProblem {
    /// Letters that are no token.
    #[error(
        "\"{letters}\" at character {position} of the date format is not a token{}; put literal text in brackets: [{letters}]",
        .suggestion.map(|token| format!(" (did you mean \"{token}\"?)")).unwrap_or_default()
    )]
    UnknownToken {
        /// The run of equal letters as written.
        letters: String,
        /// Position of its first character, from 1.
        position: usize,
        /// What was probably meant.
        suggestion: Option<&'static str>,
    },
    /// `[` without `]`.
    #[error("the \"[\" at character {position} of the date format is never closed by \"]\"")]
    UnclosedBracket {
        /// Position of the bracket, from 1.
        position: usize,
    },
    /// An empty pattern.
    #[error(
        "the date format is empty: use iso, unix, unixms, date, rfc2822, or a pattern such as YYYY-MM-DD HH:mm"
    )]
    Empty,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Year,
    YearOfCentury,
    Month,
    MonthPadded,
    MonthShort,
    MonthName,
    Day,
    DayPadded,
    DayOrdinal,
    WeekdayNumber,
    WeekdayShort,
    WeekdayName,
    Hour24,
    Hour24Padded,
    Hour12,
    Hour12Padded,
    Minute,
    MinutePadded,
    Second,
    SecondPadded,
    /// This many digits of the fraction of a second, cut off.
    Fraction(usize),
    Meridiem,
    MeridiemUpper,
    Offset,
    OffsetCompact,
    UnixSeconds,
    UnixMilliseconds,
    /// Always UTC, whatever the zone.
    Iso,
    /// A token that documents do not have, but users' date formats do.
    Moment(moment::Token),
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl DateFormat {
    /// Reads a format: one of the names `iso` (`2023-11-14T22:13:20.000Z`, always UTC), `unix`,
    /// `unixms`, `date` (`2023-11-14`) and `rfc2822`, or a pattern of the tokens
    /// `YYYY YY M MM MMM MMMM D DD Do d ddd dddd H HH h hh m mm s ss S…SSSSSSSSS A a Z ZZ X x`,
    /// text in brackets, `T`, and any other character that is no letter.
    ///
    /// # Errors
    /// If letters are no token (moment would print or misread them), or a bracket stays open.
    pub fn parse(format: &str) -> Result<Self, DateFormatProblem> {
        match format {
            "" => Err(DateFormatProblem::Empty),
            "iso" => Ok(Self(vec![Part::Iso])),
            "unix" => Ok(Self(vec![Part::UnixSeconds])),
            "unixms" => Ok(Self(vec![Part::UnixMilliseconds])),
            "date" => parse_pattern("YYYY-MM-DD"),
            "rfc2822" => parse_pattern("ddd, DD MMM YYYY HH:mm:ss ZZ"),
            pattern => parse_pattern(pattern),
        }
    }

    /// Reads a user's own date format as moment.js does: every token of moment, its long forms
    /// (`LLLL`), text in brackets; whatever is none of them stands for itself.
    ///
    /// ```
    /// use app_connect_engine::date_format::DateFormat;
    /// let format = DateFormat::moment("[on] dddd");
    /// assert_eq!(format.format(jiff::Timestamp::UNIX_EPOCH, &jiff::tz::TimeZone::UTC), "on Thursday");
    /// ```
    pub fn moment(pattern: &str) -> Self {
        Self(moment::parse(pattern))
    }

    /// The instant as text, in the given zone.
    pub fn format(&self, instant: Timestamp, zone: &TimeZone) -> String {
        let local = instant.to_zoned(zone.clone());
        let mut text = String::new();
        for part in &self.0 {
            part.write(&local, &mut text);
        }
        text
    }

    /// As [`format`](Self::format), but `unix` and `unixms` alone give a number.
    pub fn format_value(&self, instant: Timestamp, zone: &TimeZone) -> Value {
        match self.0.as_slice() {
            [Part::UnixSeconds] => instant.as_second().into(),
            [Part::UnixMilliseconds] => instant.as_millisecond().into(),
            _ => self.format(instant, zone).into(),
        }
    }
}

fn parse_pattern(pattern: &str) -> Result<DateFormat, DateFormatProblem> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let rest = &characters[at..];
        if character == '[' {
            let Some(length) = rest.iter().position(|&character| character == ']') else {
                return Err(DateFormatProblem::UnclosedBracket { position: at + 1 });
            };
            push_literal(&mut parts, rest[1..length].iter().copied());
            at += length + 1;
        } else if rest.starts_with(&['D', 'o']) {
            parts.push(Part::DayOrdinal);
            at += 2;
        } else if character.is_alphabetic() && character != 'T' {
            let length = rest.iter().take_while(|&&next| next == character).count();
            let letters: String = rest[..length].iter().collect();
            let part = token(&letters).ok_or_else(|| DateFormatProblem::UnknownToken {
                position: at + 1,
                suggestion: suggestion(&letters),
                letters,
            })?;
            parts.push(part);
            at += length;
        } else {
            push_literal(&mut parts, [character]);
            at += 1;
        }
    }
    Ok(DateFormat(parts))
}

fn push_literal(parts: &mut Vec<Part>, characters: impl IntoIterator<Item = char>) {
    match parts.last_mut() {
        Some(Part::Literal(text)) => text.extend(characters),
        _ => parts.push(Part::Literal(characters.into_iter().collect())),
    }
}

fn token(letters: &str) -> Option<Part> {
    Some(match letters {
        "YYYY" => Part::Year,
        "YY" => Part::YearOfCentury,
        "M" => Part::Month,
        "MM" => Part::MonthPadded,
        "MMM" => Part::MonthShort,
        "MMMM" => Part::MonthName,
        "D" => Part::Day,
        "DD" => Part::DayPadded,
        "d" => Part::WeekdayNumber,
        "ddd" => Part::WeekdayShort,
        "dddd" => Part::WeekdayName,
        "H" => Part::Hour24,
        "HH" => Part::Hour24Padded,
        "h" => Part::Hour12,
        "hh" => Part::Hour12Padded,
        "m" => Part::Minute,
        "mm" => Part::MinutePadded,
        "s" => Part::Second,
        "ss" => Part::SecondPadded,
        "a" => Part::Meridiem,
        "A" => Part::MeridiemUpper,
        "Z" => Part::Offset,
        "ZZ" => Part::OffsetCompact,
        "X" => Part::UnixSeconds,
        "x" => Part::UnixMilliseconds,
        fraction if fraction.bytes().all(|letter| letter == b'S') && (1..=9).contains(&fraction.len()) => {
            Part::Fraction(fraction.len())
        }
        _ => return None,
    })
}

/// What people write who know Java's, Unicode's or C's patterns.
fn suggestion(letters: &str) -> Option<&'static str> {
    match letters {
        "yyyy" | "YYYYY" | "Y" | "y" => Some("YYYY"),
        "yy" => Some("YY"),
        "dd" => Some("DD"),
        "EEE" | "E" => Some("ddd"),
        "EEEE" => Some("dddd"),
        "k" => Some("H"),
        "kk" => Some("HH"),
        "p" | "aa" | "AA" => Some("A"),
        "z" | "XXX" | "ZZZ" => Some("Z"),
        "XX" => Some("ZZ"),
        _ => None,
    }
}

impl Part {
    fn write(&self, local: &Zoned, text: &mut String) {
        let (hour, instant) = (local.hour(), local.timestamp());
        let hour12 = match hour % 12 {
            0 => 12,
            hour => hour,
        };
        let weekday = local.weekday().to_sunday_zero_offset();
        let weekday_name = WEEKDAYS[usize::from(weekday.unsigned_abs()) % 7];
        let month_name = MONTHS[usize::from(local.month().unsigned_abs() + 11) % 12];
        // Writing to a String cannot fail.
        let _ = match self {
            Part::Literal(literal) => text.write_str(literal),
            Part::Year if local.year() < 0 => write!(text, "-{:04}", local.year().unsigned_abs()),
            Part::Year => write!(text, "{:04}", local.year()),
            Part::YearOfCentury => write!(text, "{:02}", local.year().rem_euclid(100)),
            Part::Month => write!(text, "{}", local.month()),
            Part::MonthPadded => write!(text, "{:02}", local.month()),
            Part::MonthShort => text.write_str(&month_name[..3]),
            Part::MonthName => text.write_str(month_name),
            Part::Day => write!(text, "{}", local.day()),
            Part::DayPadded => write!(text, "{:02}", local.day()),
            Part::DayOrdinal => text.write_str(&ordinal(local.day().into())),
            Part::WeekdayNumber => write!(text, "{weekday}"),
            Part::WeekdayShort => text.write_str(&weekday_name[..3]),
            Part::WeekdayName => text.write_str(weekday_name),
            Part::Hour24 => write!(text, "{hour}"),
            Part::Hour24Padded => write!(text, "{hour:02}"),
            Part::Hour12 => write!(text, "{hour12}"),
            Part::Hour12Padded => write!(text, "{hour12:02}"),
            Part::Minute => write!(text, "{}", local.minute()),
            Part::MinutePadded => write!(text, "{:02}", local.minute()),
            Part::Second => write!(text, "{}", local.second()),
            Part::SecondPadded => write!(text, "{:02}", local.second()),
            Part::Fraction(digits) => {
                let nanoseconds = format!("{:09}", local.subsec_nanosecond());
                text.write_str(nanoseconds.get(..*digits).unwrap_or(&nanoseconds))
            }
            Part::Meridiem => text.write_str(if hour < 12 { "am" } else { "pm" }),
            Part::MeridiemUpper => text.write_str(if hour < 12 { "AM" } else { "PM" }),
            Part::Offset => write_offset(local, ":", text),
            Part::OffsetCompact => write_offset(local, "", text),
            Part::UnixSeconds => write!(text, "{}", instant.as_second()),
            Part::UnixMilliseconds => write!(text, "{}", instant.as_millisecond()),
            Part::Iso => text.write_str(&to_iso(instant)),
            Part::Moment(token) => text.write_str(&token.text(local)),
        };
    }
}

fn write_offset(local: &Zoned, separator: &str, text: &mut String) -> std::fmt::Result {
    let seconds = local.offset().seconds();
    let minutes = seconds.unsigned_abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    write!(text, "{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
}

/// `1st`, `22nd`, `113th`.
fn ordinal(number: i16) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{parse_instant, parse_zone};
    use proptest::prelude::*;
    use serde_json::json;

    fn formatted(instant: &str, pattern: &str, zone: &str) -> String {
        let instant = parse_instant(&json!(instant)).unwrap();
        let zone = parse_zone(&json!(zone)).unwrap();
        DateFormat::parse(pattern).unwrap().format(instant, &zone)
    }

    #[test]
    fn every_token() {
        let afternoon = "2023-11-04T22:03:09.0456Z";
        let cases = [
            ("YYYY-MM-DD hh:mm:ss A", "UTC", "2023-11-04 10:03:09 PM"),
            ("YYYY-MM-DDTHH:mm:ss.SSSZ", "UTC", "2023-11-04T22:03:09.045+00:00"),
            ("YYYY-MM-DDTHH:mm:ssZZ", "+05:30", "2023-11-05T03:33:09+0530"),
            ("YY M MMM MMMM", "UTC", "23 11 Nov November"),
            ("D DD Do d ddd dddd", "UTC", "4 04 4th 6 Sat Saturday"),
            ("H h m s a", "Asia/Kolkata", "3 3 33 9 am"),
            ("S SS SSS SSSSSSSSS", "UTC", "0 04 045 045600000"),
            ("X x", "UTC", "1699135389 1699135389045"),
            ("[Called at] h:mm A", "America/New_York", "Called at 6:03 PM"),
            ("Z ZZ", "America/New_York", "-04:00 -0400"),
            ("iso", "America/New_York", "2023-11-04T22:03:09.045Z"),
            ("unix", "UTC", "1699135389"),
            ("unixms", "UTC", "1699135389045"),
            ("date", "Asia/Kolkata", "2023-11-05"),
            ("rfc2822", "America/New_York", "Sat, 04 Nov 2023 18:03:09 -0400"),
            ("YYYY年M月D日", "UTC", "2023年11月4日"),
            ("[]", "UTC", ""),
        ];
        for (pattern, zone, expected) in cases {
            // Characters of scripts without case are letters too: in brackets only.
            let pattern = pattern.replace('年', "[年]").replace('月', "[月]").replace('日', "[日]");
            assert_eq!(formatted(afternoon, &pattern, zone), expected, "{pattern}");
        }
        assert_eq!(formatted("2023-11-05T00:30:00Z", "h hh H A", "UTC"), "12 12 0 AM");
        assert_eq!(formatted("2023-11-05T12:30:00Z", "h A", "UTC"), "12 PM");
    }

    #[test]
    fn ordinals() {
        let all: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31]
            .iter()
            .map(|day| formatted(&format!("2023-12-{day:02}"), "Do", "UTC"))
            .collect();
        assert_eq!(all.join(" "), "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th 31st");
    }

    #[test]
    fn unix_times_are_numbers() {
        let instant = parse_instant(&json!(1700000000)).unwrap();
        let value = |format| DateFormat::parse(format).unwrap().format_value(instant, &TimeZone::UTC);
        assert_eq!(value("unix"), json!(1700000000));
        assert_eq!(value("unixms"), json!(1700000000000_i64));
        assert_eq!(value("X."), json!("1700000000."));
    }

    #[test]
    fn problems_name_the_place() {
        let message = |pattern| DateFormat::parse(pattern).unwrap_err().to_string();
        assert_eq!(
            message("yyyy-MM-dd"),
            "\"yyyy\" at character 1 of the date format is not a token (did you mean \"YYYY\"?); put literal text in brackets: [yyyy]"
        );
        assert_eq!(
            message("HH:mm [at"),
            "the \"[\" at character 7 of the date format is never closed by \"]\""
        );
        assert!(message("YYYY o'clock").contains("\"o\" at character 6"));
        assert!(message("").contains("empty"));
    }

    proptest! {
        #[test]
        fn any_pattern_and_time_are_handled(
            pattern in "[YMDdHhmsSAaZXxoT\\[\\] :-]{0,12}|\\PC*",
            milliseconds in -377705023201000_i64..=253402207200999,
            offset in -899..900_i32,
        ) {
            let instant = Timestamp::from_millisecond(milliseconds).unwrap();
            let zone = parse_zone(&json!(offset)).unwrap();
            if let Ok(format) = DateFormat::parse(&pattern) {
                format.format(instant, &zone);
            }
        }

        #[test]
        fn a_full_pattern_reads_back(milliseconds in 0..253402207200999_i64, minutes in -839..840_i32) {
            let instant = Timestamp::from_millisecond(milliseconds).unwrap();
            let zone = parse_zone(&json!(minutes)).unwrap();
            let text = DateFormat::parse("YYYY-MM-DDTHH:mm:ss.SSSZ").unwrap().format(instant, &zone);
            prop_assert_eq!(parse_instant(&json!(text)), Some(instant));
        }
    }
}
