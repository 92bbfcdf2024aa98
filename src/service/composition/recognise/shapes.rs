//! How long a value is where no line end says it: by what values of its field look like.

use super::super::fields::{Field, PENDING};

/// What RingCentral says became of a call.
/// <https://developers.ringcentral.com/api-reference/Call-Log/readUserCallLog>
const RESULTS: [&str; 42] = [
    "Unknown",
    "In Progress",
    "Missed",
    "Call accepted",
    "Accepted",
    "Voicemail",
    "Rejected",
    "Reply",
    "Received",
    "Receive Error",
    "Fax on Demand",
    "Partial Receive",
    "Blocked",
    "Call connected",
    "No Answer",
    "International Disabled",
    "Busy",
    "Send Error",
    "Sent",
    "No fax machine",
    "ResultEmpty",
    "Account Suspended",
    "Call Failed",
    "Call Failure",
    "Internal Error",
    "IP Phone offline",
    "Restricted Number",
    "Wrong Number",
    "Stopped",
    "Hang up",
    "Hang Up",
    "Poor Line Quality",
    "Partially Sent",
    "International Restriction",
    "Abandoned",
    "Declined",
    "Fax Receipt Error",
    "Disconnected",
    "CallConnected",
    "HangUp",
    "NoAnswer",
    "Connected",
];

const MONTHS_AND_DAYS: [&str; 19] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon", "tue", "wed",
    "thu", "fri", "sat", "sun",
];

/// How much of a line a field's value is; all of it where nothing says less.
pub(super) fn length(field: Field, line: &str) -> usize {
    let blank = line.len() - line.trim_start().len();
    let value = &line[blank..];
    let own = match field {
        Field::Recording | Field::Voicemail | Field::AceLink => link(value),
        Field::Duration => words(value, is_of_duration),
        Field::DateTime => words(value, is_of_date),
        Field::Number | Field::ContactNumber => words(value, is_of_number),
        Field::SessionId | Field::AceScore => value.find(' ').unwrap_or(value.len()),
        Field::Result => RESULTS
            .iter()
            .filter(|result| value.starts_with(**result))
            .map(|result| result.len())
            .max()
            .unwrap_or(value.len()),
        _ => value.trim_end().len(),
    };
    if own == 0 { line.trim_end().len() } else { blank + own }
}

fn link(value: &str) -> usize {
    for word in [PENDING, "(pending…)", "open"] {
        if value.starts_with(word) {
            return word.len();
        }
    }
    if value.starts_with("http") {
        value.find(char::is_whitespace).unwrap_or(value.len())
    } else {
        value.len()
    }
}

/// The words at the start of a value that look like its own.
fn words(value: &str, is_own: fn(&str) -> bool) -> usize {
    let mut end = 0;
    for word in value.split_inclusive(' ') {
        let bare = word.trim_end();
        // What joins two words ends none: it is taken away again where no more follows.
        let joins = bare.is_empty() || end > 0 && matches!(bare, "-" | "at" | "of");
        if !joins && !is_own(bare) {
            break;
        }
        end += word.len();
    }
    let own = value[..end].trim_end().trim_end_matches([' ', '-']);
    own.trim_end_matches(" at").trim_end_matches(" of").len()
}

fn is_of_duration(word: &str) -> bool {
    let word = word.trim_end_matches(',');
    word.bytes().all(|byte| byte.is_ascii_digit()) && !word.is_empty()
        || ["hour", "hours", "minute", "minutes", "second", "seconds"].contains(&word)
}

fn is_of_date(word: &str) -> bool {
    let word = word.trim_end_matches([',', '.']);
    let lower = word.to_lowercase();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let rest = lower.trim_matches(|character: char| {
        character.is_ascii_digit() || matches!(character, '-' | '/' | ':' | '.' | ',' | '+')
    });
    let is_part = matches!(rest, "" | "t" | "z" | "st" | "nd" | "rd" | "th" | "am" | "pm" | "h");
    digits > 0 && is_part
        || matches!(lower.as_str(), "am" | "pm" | "a.m" | "p.m" | "utc" | "gmt")
        || MONTHS_AND_DAYS.iter().any(|name| lower.starts_with(name)) && word.len() < 10
}

fn is_of_number(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'(' | b')' | b'-' | b'.' | b'#' | b'*'))
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_no_longer_looks_like_one() {
        for (field, line, value) in [
            (Field::Duration, "1 minute, 10 seconds she was nice", "1 minute, 10 seconds"),
            (Field::Duration, "old", "old"),
            (Field::DateTime, "2023-11-14 10:13:20 PM VIP", "2023-11-14 10:13:20 PM"),
            (
                Field::DateTime,
                "Tuesday, November 14th, 2023 at 22:13 - mine",
                "Tuesday, November 14th, 2023 at 22:13",
            ),
            (Field::DateTime, "14.11.2023 22:13", "14.11.2023 22:13"),
            (Field::Recording, "https://r.example/1?a=1 mine", "https://r.example/1?a=1"),
            (Field::Recording, "(pending...) mine", "(pending...)"),
            (Field::Result, "Call connected and more", "Call connected"),
            (Field::Result, "of another kind", "of another kind"),
            (Field::Number, "+14155550100 101 mine", "+14155550100 101"),
            (Field::AceScore, "5 mine", "5"),
            (Field::Subject, "a b ", "a b"),
        ] {
            assert_eq!(&line[..length(field, line)], value, "{line}");
        }
    }
}
