//! Calls and messages of the people, made up by one rule for each day: nothing is kept, and the same question has
//! the same answer.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::people::Person;

/// How far back there is anything, in days.
const KEPT_DAYS: i64 = 365;

/// A span of time, both ends included.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A call of an extension.
pub(super) struct Call {
    /// Digits; of the session as well.
    pub id: String,
    pub at: Timestamp,
    pub is_inbound: bool,
    pub result: &'static str,
    pub seconds: u64,
    /// The other party, E.164.
    pub peer: &'static str,
}

/// A message of an extension.
pub(super) struct Message {
    /// Digits.
    pub id: String,
    pub at: Timestamp,
    /// `SMS`, `Fax` or `VoiceMail`.
    pub kind: &'static str,
    pub is_inbound: bool,
    /// The other party, E.164.
    pub peer: &'static str,
}

/// Minute of the day, inbound, result, seconds, other party: those of the seeded contacts.
const CALLS: [(i64, bool, &str, u64, &str); 5] = [
    (9 * 60 + 5, true, "Call connected", 185, "+14155550101"),
    (10 * 60 + 30, false, "Call connected", 420, "+14155550103"),
    (13 * 60 + 15, true, "Missed", 0, "+14155550104"),
    (15 * 60 + 40, true, "Accepted", 65, "+14155550105"),
    (17 * 60 + 20, false, "No Answer", 0, "+442079460123"),
];

/// Only on which day, minute of the day, kind, inbound, other party.
const MESSAGES: [(Option<Weekday>, i64, &str, bool, &str); 4] = [
    (None, 9 * 60 + 10, "SMS", true, "+14155550101"),
    (None, 9 * 60 + 12, "SMS", false, "+14155550101"),
    (Some(Weekday::Monday), 11 * 60, "Fax", true, "+14155550104"),
    (Some(Weekday::Friday), 16 * 60, "VoiceMail", true, "+14155550103"),
];

/// Somebody's calls in a span of time, newest first. An admin calls less: the first three of the rule.
pub(super) fn calls(person: &Person, range: Range, now: Timestamp) -> Vec<Call> {
    let taken = if person.is_admin { 3 } else { CALLS.len() };
    let each = CALLS.iter().take(taken).enumerate();
    let mut found: Vec<Call> = days(range, now)
        .flat_map(|(day, start)| {
            each.clone().map(move |(index, &(minute, is_inbound, result, seconds, peer))| Call {
                id: number(person, day, index),
                at: start + minute.minutes(),
                is_inbound,
                result,
                seconds,
                peer,
            })
        })
        .filter(|call| is_in(call.at, range, now))
        .collect();
    found.reverse();
    found
}

/// Somebody's messages in a span of time, newest first.
pub(super) fn messages(person: &Person, range: Range, now: Timestamp) -> Vec<Message> {
    let mut found: Vec<Message> = days(range, now)
        .flat_map(|(day, start)| {
            let weekday = start.to_zoned(TimeZone::UTC).weekday();
            let today = MESSAGES.iter().enumerate();
            let today = today.filter(move |(_, rule)| rule.0.is_none_or(|only| only == weekday));
            today.map(move |(index, &(_, minute, kind, is_inbound, peer))| Message {
                id: number(person, day, CALLS.len() + index),
                at: start + minute.minutes(),
                kind,
                is_inbound,
                peer,
            })
        })
        .filter(|message| is_in(message.at, range, now))
        .collect();
    found.reverse();
    found
}

/// The working days of a span, numbered from 1970, each with its beginning in UTC.
fn days(range: Range, now: Timestamp) -> impl Iterator<Item = (i64, Timestamp)> {
    const DAY: i64 = 24 * 60 * 60;
    let today = now.as_second().div_euclid(DAY);
    let first = range.from.as_second().div_euclid(DAY).max(today - KEPT_DAYS);
    let last = range.to.as_second().div_euclid(DAY).min(today);
    let all = (first..=last).filter_map(|day| Some((day, Timestamp::from_second(day * DAY).ok()?)));
    all.filter(|(_, start)| {
        !matches!(start.to_zoned(TimeZone::UTC).weekday(), Weekday::Saturday | Weekday::Sunday)
    })
}

fn is_in(at: Timestamp, range: Range, now: Timestamp) -> bool {
    at >= range.from && at <= range.to && at <= now
}

/// An id that nothing else has: extension, day, place in the day.
fn number(person: &Person, day: i64, index: usize) -> String {
    format!("{}{day}{index}", person.number)
}
