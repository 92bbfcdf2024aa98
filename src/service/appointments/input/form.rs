//! Objects whose members are checked one by one: every problem at once, each with its place.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::members::{Given, Members, Wrong};

/// A request that cannot be used.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "InvalidAppointment")]
pub struct Invalid {
    /// Which request it is.
    pub error: &'static str,
    /// What is wrong with it.
    pub details: Vec<Detail>,
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "InvalidField")]
pub struct Detail {
    /// Where: names of members and positions in lists, from the outside in; empty for the whole.
    pub path: Vec<Value>,
    /// What, and how to mend it.
    pub message: Cow<'static, str>,
}

/// The largest number that every client can count to.
const MAX_MINUTES: u64 = 9_007_199_254_740_991;

/// How many contacts an appointment may have.
const MOST_CONTACTS: usize = 200;

/// How many problems are told of one request.
const MOST_PROBLEMS: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// An object whose members are checked one by one. Those that do not belong there are problems too.
#[derive(Debug)]
pub struct Form<T> {
    pub(super) fields: T,
    pub(super) checks: Checks,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// The member that holds the others, where there is one.
    wrapper: Option<&'static str>,
    /// Whether nothing that belongs there is there.
    pub(super) is_foreign: bool,
    /// The names of members that do not belong there, in the client's order.
    foreign: Vec<String>,
    pub(super) read: Map<String, Value>,
    pub(super) problems: Vec<Detail>,
}

impl<T: Members> Members for Form<T> {
    const NAMES: &'static [&'static str] = T::NAMES;

    fn take(object: &mut Map<String, Value>) -> Result<Self, Wrong> {
        let (known, foreign): (Vec<_>, Vec<_>) =
            object.keys().cloned().partition(|name| T::NAMES.contains(&name.as_str()));
        let checks = Checks { is_foreign: known.is_empty(), foreign, ..Checks::default() };
        let fields = T::take(object)?;
        Ok(Self { fields, checks })
    }
}

impl<T: JsonSchema> JsonSchema for Form<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Members> Form<T> {
    /// The members of `wrapper`; `None` if the object has no such member.
    pub(super) fn inside(
        wrapper: &'static str,
        object: &mut Map<String, Value>,
    ) -> Result<Option<Self>, Wrong> {
        let Some(inner) = object.shift_remove(wrapper) else { return Ok(None) };
        let mut problems = Vec::new();
        for name in object.keys().take(MOST_PROBLEMS) {
            let message = format!("cannot stand beside `{wrapper}`").into();
            problems.push(Detail { path: vec![name.as_str().into()], message });
        }
        let mut members = match inner {
            Value::Object(members) => members,
            _ => {
                problems.push(Detail { path: vec![wrapper.into()], message: "has to be an object".into() });
                Map::new()
            }
        };
        let mut form = Self::take(&mut members)?;
        form.checks.wrapper = Some(wrapper);
        form.checks.is_foreign &= problems.is_empty();
        form.checks.problems = problems;
        Ok(Some(form))
    }
}

impl Checks {
    pub(super) fn problem(&mut self, name: &str, message: impl Into<Cow<'static, str>>) {
        self.problem_at(&[name.into()], message);
    }

    fn problem_at(&mut self, path: &[Value], message: impl Into<Cow<'static, str>>) {
        let (path, message) = match self.problems.len().cmp(&MOST_PROBLEMS) {
            Ordering::Less => (path, message.into()),
            Ordering::Equal => (&[][..], "has more problems, which are not listed".into()),
            Ordering::Greater => return,
        };
        let path = self.wrapper.map(Value::from).into_iter().chain(path.iter().cloned()).collect();
        self.problems.push(Detail { path, message });
    }

    /// Keeps what `read` makes of a member.
    fn keep<T>(
        &mut self,
        name: &str,
        given: Option<Given<T>>,
        presence: Presence,
        read: impl FnOnce(Value) -> Result<Value, &'static str>,
    ) {
        match given {
            Some(given) => match read(given.into_value()) {
                Ok(value) => drop(self.read.insert(name.to_owned(), value)),
                Err(problem) => self.problem(name, problem),
            },
            None if presence == Presence::Required => self.problem(name, "is missing"),
            None => {}
        }
    }

    pub(super) fn text(&mut self, name: &str, given: Option<Given<String>>, presence: Presence) {
        self.keep(
            name,
            given,
            presence,
            |value| {
                if value.is_string() { Ok(value) } else { Err("has to be text") }
            },
        );
    }

    /// Text that says something; spaces around it go.
    pub(super) fn filled(&mut self, name: &str, given: Option<Given<String>>, presence: Presence) {
        self.keep(name, given, presence, |value| match value.as_str().map(str::trim) {
            Some("") => Err("has to be text that is not empty"),
            Some(text) => Ok(text.into()),
            None => Err("has to be text"),
        });
    }

    pub(super) fn instant(&mut self, name: &str, given: Option<Given<String>>, presence: Presence) {
        self.keep(name, given, presence, |value| match value.as_str().is_some_and(is_instant) {
            true => Ok(value),
            false => Err("write date, time and offset as in 2026-07-20T19:00:00.000Z"),
        });
    }

    pub(super) fn minutes(&mut self, name: &str, given: Option<Given<u64>>, presence: Presence) {
        self.keep(name, given, presence, |value| {
            let minutes = match &value {
                Value::Number(number) => whole(number.as_f64()),
                // A form has no numbers.
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            match minutes.filter(|minutes| (1..=MAX_MINUTES).contains(minutes)) {
                Some(minutes) => Ok(minutes.into()),
                None => Err("has to be a whole number of minutes, 1 or more"),
            }
        });
    }

    /// Contacts by their ids, or as objects with an id. Any id of a CRM is one, not only numbers.
    pub(super) fn contacts(&mut self, name: &str, given: Option<Given<Vec<Value>>>) {
        let Some(value) = given.map(Given::into_value) else { return };
        let Value::Array(items) = &value else {
            self.problem(name, "has to be a list");
            return;
        };
        if items.len() > MOST_CONTACTS {
            let count = items.len();
            self.problem(name, format!("has {count} entries: send at most {MOST_CONTACTS}"));
            return;
        }
        for (at, item) in items.iter().enumerate() {
            let path = |rest: &[&str]| -> Vec<Value> {
                let rest = rest.iter().map(|name| Value::from(*name));
                [Value::from(name), at.into()].into_iter().chain(rest).collect()
            };
            let Value::Object(members) = item else {
                if !is_id(item) {
                    self.problem_at(&path(&[]), "has to be the id of a contact, or an object with one");
                }
                continue;
            };
            if !members.get("id").is_some_and(is_id) {
                self.problem_at(&path(&["id"]), "has to be the id of a contact");
            }
            for (name, value) in members {
                match name.as_str() {
                    "id" => {}
                    "type" | "contactType" if value.is_string() => {}
                    "type" | "contactType" => self.problem_at(&path(&[name]), "has to be text"),
                    _ => self.problem_at(&path(&[name]), "is not known here"),
                }
            }
        }
        self.read.insert(name.to_owned(), value);
    }

    pub(super) fn nothing_else(&mut self) {
        for name in std::mem::take(&mut self.foreign) {
            self.problem(&name, "is not known here");
        }
    }

    pub(super) fn finish(self, error: &'static str) -> Result<Value, Invalid> {
        if self.problems.is_empty() {
            return Ok(Value::Object(self.read));
        }
        Err(Invalid { error, details: self.problems })
    }
}

fn is_id(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Number(number) => whole(number.as_f64()).is_some_and(|id| id > 0),
        _ => false,
    }
}

/// A whole number that is not negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to fit")]
fn whole(number: Option<f64>) -> Option<u64> {
    let number = number.filter(|number| number.fract() == 0.0 && *number >= 0.0)?;
    (number <= MAX_MINUTES as f64).then_some(number as u64)
}

pub(super) fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

/// Date, time and offset in ISO 8601, and nothing else that a reader of times may understand.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |place: usize, wanted: u8| bytes.get(place) == Some(&wanted);
    let has_offset = text.ends_with('Z')
        || text
            .len()
            .checked_sub(6)
            .is_some_and(|sign| (at(sign, b'+') || at(sign, b'-')) && at(sign + 3, b':') && sign > 10);
    let is_shaped = at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':') && has_offset;
    is_shaped && text.parse::<Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_an_offset() {
        for good in ["2026-07-20T19:00Z", "2024-02-29T23:59:59.123456-05:30", "2026-07-20T19:00:00+00:00"] {
            assert!(is_instant(good), "{good}");
        }
        for bad in [
            "",
            "Z",
            "2026-07-20",
            "2026-07-20T19:00:00",
            "2026-07-20 19:00:00Z",
            "20260720T190000Z",
            "2026-07-20T19:00:00[UTC]",
            "2026-07-20T25:00:00Z",
            "2026-07-20T19:00:00+0200",
            "ééééééééééééZ",
        ] {
            assert!(!is_instant(bad), "{bad}");
        }
    }
}
