//! The date formats of users, read as moment.js does in its locale `en`: nothing is a mistake.

use jiff::Zoned;
use jiff::civil::Date;

use super::{Part, WEEKDAYS, ordinal, push_literal, token};

/// A token that only users' formats have, by its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token(&'static str);

/// The tokens that only users' formats have.
const TOKENS: [&str; 42] = [
    "Mo", "DDD", "DDDD", "DDDo", "dd", "do", "e", "E", "Q", "Qo", "w", "ww", "wo", "W", "WW", "Wo", "gg",
    "gggg", "ggggg", "GG", "GGGG", "GGGGG", "k", "kk", "Hmm", "Hmmss", "hmm", "hmmss", "Y", "YYYYY",
    "YYYYYY", "y", "yy", "yyy", "yyyy", "yo", "N", "NN", "NNN", "NNNN", "z", "zz",
];

/// Moment's long forms.
const LONG_FORMS: [(&str, &str); 10] = [
    ("LTS", "h:mm:ss A"),
    ("LT", "h:mm A"),
    ("LLLL", "dddd, MMMM D, YYYY h:mm A"),
    ("LLL", "MMMM D, YYYY h:mm A"),
    ("LL", "MMMM D, YYYY"),
    ("L", "MM/DD/YYYY"),
    ("llll", "ddd, MMM D, YYYY h:mm A"),
    ("lll", "MMM D, YYYY h:mm A"),
    ("ll", "MMM D, YYYY"),
    ("l", "M/D/YYYY"),
];

/// No token is longer: nine digits of a fraction.
const LONGEST: usize = 9;

pub(super) fn parse(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    read(pattern, &mut parts);
    parts
}

fn read(pattern: &str, parts: &mut Vec<Part>) {
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(literal) = bracketed(rest) {
            push_literal(parts, literal.chars());
            literal.len() + "[]".len()
        } else if let Some(escaped) = rest.strip_prefix('\\').filter(|after| !after.is_empty()) {
            // A token behind a backslash stands for itself.
            let length = next_part(escaped).map_or(first_length(escaped), |(length, _)| length);
            push_literal(parts, escaped[..length].chars());
            1 + length
        } else if let Some((letters, long)) = LONG_FORMS.iter().find(|(letters, _)| rest.starts_with(letters))
        {
            read(long, parts);
            letters.len()
        } else if let Some((length, part)) = next_part(rest) {
            parts.push(part);
            length
        } else {
            push_literal(parts, [first]);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
}

/// The text in the brackets that a pattern starts with; they reach to the last `]` in front of
/// another `[`.
fn bracketed(pattern: &str) -> Option<&str> {
    let inside = pattern.strip_prefix('[')?;
    let inside = inside.split('[').next()?;
    inside.rfind(']').map(|end| &inside[..end])
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// The longest token that a pattern starts with.
fn next_part(pattern: &str) -> Option<(usize, Part)> {
    // Every token is of letters.
    let letters = pattern.bytes().take(LONGEST).take_while(u8::is_ascii_alphabetic).count();
    (1..=letters).rev().find_map(|length| {
        let letters = pattern.get(..length)?;
        let own = TOKENS.iter().find(|token| **token == letters);
        let part = match own {
            Some(own) => Part::Moment(Token(own)),
            None if letters == "Do" => Part::DayOrdinal,
            None => token(letters)?,
        };
        Some((length, part))
    })
}

impl Token {
    pub(super) fn text(self, local: &Zoned) -> String {
        let (year, hour, date) = (local.year(), local.hour(), local.date());
        let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
        let (hour24, minute, second) = (if hour == 0 { 24 } else { hour }, local.minute(), local.second());
        let weekday = local.weekday();
        let quarter = (i16::from(local.month()) + 2) / 3;
        let (week_year, week) = week(date);
        let iso = date.iso_week_date();
        let era_year = if year > 0 { year } else { 1 - year };
        match self.0 {
            "Mo" => ordinal(local.month().into()),
            "DDD" => date.day_of_year().to_string(),
            "DDDD" => format!("{:03}", date.day_of_year()),
            "DDDo" => ordinal(date.day_of_year()),
            "dd" => WEEKDAYS[usize::from(weekday.to_sunday_zero_offset().unsigned_abs()) % 7][..2].to_owned(),
            "do" => ordinal(weekday.to_sunday_zero_offset().into()),
            "e" => weekday.to_sunday_zero_offset().to_string(),
            "E" => weekday.to_monday_one_offset().to_string(),
            "Q" => quarter.to_string(),
            "Qo" => ordinal(quarter),
            "w" => week.to_string(),
            "ww" => format!("{week:02}"),
            "wo" => ordinal(week),
            "W" => iso.week().to_string(),
            "WW" => format!("{:02}", iso.week()),
            "Wo" => ordinal(iso.week().into()),
            "gg" => format!("{:02}", week_year.rem_euclid(100)),
            "gggg" => format!("{week_year:04}"),
            "ggggg" => format!("{week_year:05}"),
            "GG" => format!("{:02}", iso.year().rem_euclid(100)),
            "GGGG" => format!("{:04}", iso.year()),
            "GGGGG" => format!("{:05}", iso.year()),
            "k" => hour24.to_string(),
            "kk" => format!("{hour24:02}"),
            "Hmm" => format!("{hour}{minute:02}"),
            "Hmmss" => format!("{hour}{minute:02}{second:02}"),
            "hmm" => format!("{hour12}{minute:02}"),
            "hmmss" => format!("{hour12}{minute:02}{second:02}"),
            "Y" => format!("{year:04}"),
            "YYYYY" => format!("{year:05}"),
            "YYYYYY" => format!("{year:+07}"),
            "y" => era_year.to_string(),
            "yy" => format!("{era_year:02}"),
            "yyy" => format!("{era_year:03}"),
            "yyyy" => format!("{era_year:04}"),
            "yo" => ordinal(era_year),
            "N" | "NN" | "NNN" => (if year > 0 { "AD" } else { "BC" }).to_owned(),
            "NNNN" => (if year > 0 { "Anno Domini" } else { "Before Christ" }).to_owned(),
            "z" | "zz" => {
                let zone = local.time_zone();
                zone.to_offset_info(local.timestamp()).abbreviation().to_owned()
            }
            other => other.to_owned(),
        }
    }
}

/// The year and week of a date where weeks start on a Sunday and the first one holds January 1st:
/// those of the Saturday that ends its week.
fn week(date: Date) -> (i16, i16) {
    let to_saturday = 6 - i64::from(date.weekday().to_sunday_zero_offset());
    let saturday = date.checked_add(jiff::Span::new().days(to_saturday)).unwrap_or(date);
    (saturday.year(), (saturday.day_of_year() + 6) / 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date_format::DateFormat;
    use crate::time::{parse_instant, parse_zone};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::json;

    fn formatted(instant: &str, pattern: &str) -> String {
        DateFormat::moment(pattern).format(parse_instant(&json!(instant)).unwrap(), &TimeZone::UTC)
    }

    /// Expected values by moment 2.31.0's documentation and, where recorded, recordings 09.
    #[test]
    fn what_moment_prints() {
        let cases = [
            ("YYYY-MM-DD hh:mm:ss A", "2023-11-14 10:13:20 PM"),
            ("MM/DD/YYYY hh:mm A", "11/14/2023 10:13 PM"),
            ("DD.MM.YYYY HH:mm:ss Z", "14.11.2023 22:13:20 +00:00"),
            ("dddd, MMMM Do YYYY, h:mm:ss a", "Tuesday, November 14th 2023, 10:13:20 pm"),
            ("[on] YYYY [at] H:m:s.SSS ZZ x X", "on 2023 at 22:13:20.000 +0000 1700000000000 1700000000"),
            ("ddd D MMM YY Wo DDDD Q E e", "Tue 14 Nov 23 46th 318 4 2 2"),
            ("LLLL", "Tuesday, November 14, 2023 10:13 PM"),
            (
                "LTS|LT|L|LL|LLL",
                "10:13:20 PM|10:13 PM|11/14/2023|November 14, 2023|November 14, 2023 10:13 PM",
            ),
            ("l|ll|lll", "11/14/2023|Nov 14, 2023|Nov 14, 2023 10:13 PM"),
            ("llll", "Tue, Nov 14, 2023 10:13 PM"),
            ("Mo DDD DDDo dd do Qo", "11th 318 318th Tu 2nd 4th"),
            ("w ww wo W WW gg gggg GG GGGG", "46 46 46th 46 46 23 2023 23 2023"),
            ("k kk Hmm Hmmss hmm hmmss", "22 22 2213 221320 1013 101320"),
            ("Y YYYYY YYYYYY y yy yyy yyyy yo", "2023 02023 +002023 2023 2023 2023 2023 2023rd"),
            ("N NN NNN NNNN z", "AD AD AD Anno Domini UTC"),
            ("YYYY-MM-DDTHH:mm", "2023-11-14T22:13"),
            // Brackets reach to the last `]` in front of another `[`.
            ("[at] noon [a] b] c", "at noon a] b c"),
            ("\\D \\LT [", "D LT ["),
            ("é 日 \\", "é 日 \\"),
            ("unix", "uni1700000000000"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(formatted("2023-11-14T22:13:20Z", pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn weeks_at_the_turn_of_the_year() {
        let cases = [
            ("2022-12-31", "53 2022 52 2022"),
            ("2023-01-01", "1 2023 52 2022"),
            ("2023-12-31", "1 2024 52 2023"),
            ("2024-01-01", "1 2024 1 2024"),
            ("2021-01-03", "2 2021 53 2020"),
        ];
        for (date, expected) in cases {
            assert_eq!(formatted(date, "w gggg W GGGG"), expected, "{date}");
        }
    }

    #[test]
    fn every_token_of_the_list_is_written() {
        for token in TOKENS {
            assert_ne!(formatted("2023-11-14T00:13:20Z", token), token);
        }
        assert_eq!(formatted("2023-11-14T00:13:20Z", "k kk hmm"), "24 24 1213");
    }

    proptest! {
        #[test]
        fn any_pattern_and_time_are_handled(
            pattern in "[YMDdHhmsSAaZXxoTLlQwWgGEekNyz\\\\\\[\\] :-]{0,12}|\\PC*",
            milliseconds in -377705023201000_i64..=253402207200999,
            offset in -899..900_i32,
        ) {
            let instant = jiff::Timestamp::from_millisecond(milliseconds).unwrap();
            DateFormat::moment(&pattern).format(instant, &parse_zone(&json!(offset)).unwrap());
        }

        #[test]
        fn the_tokens_of_documents_mean_the_same(
            pattern in "(YYYY|MM|DD|HH|hh|mm|ss|SSS|A|a|ZZ?|ddd|dddd|Do|[ :,.-]){0,8}",
            milliseconds in 0..253402207200999_i64,
        ) {
            let instant = jiff::Timestamp::from_millisecond(milliseconds).unwrap();
            // Neighbours would be read as one longer token by one and refused by the other.
            if let Ok(strict) = DateFormat::parse(&pattern) {
                prop_assert_eq!(
                    DateFormat::moment(&pattern).format(instant, &TimeZone::UTC),
                    strict.format(instant, &TimeZone::UTC)
                );
            }
        }
    }
}
