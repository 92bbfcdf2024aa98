//! Reading what a client sent: fields of a JSON body and query parameters.
//!
//! Each reader takes one field and writes it into its place in a record: an absent field leaves
//! the place alone (so create and partial update share their readers), `null` empties it, and a
//! wrong value is noted. [`Input::finish`] reports all that was noted at once, and every field
//! that nobody asked for: a misspelt field must not vanish in silence.

use actix_web::web::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::model::Table;
use super::phone;
use super::reply::ApiError;

/// The longest text of a field, in characters.
const LONGEST_TEXT: usize = 100_000;

/// Fields still to be read, and what was wrong with those already read.
pub(super) struct Input {
    fields: Map<String, Value>,
    /// Query parameters are always text; body fields have their JSON type.
    is_query: bool,
    problems: Vec<(String, String)>,
}

impl Input {
    /// Fields of a JSON object. Anything else is a 400.
    pub(super) fn body(body: &Bytes) -> Result<Self, ApiError> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            ApiError::broken_json(format!(
                "The body is not JSON: line {}, column {}.",
                error.line(),
                error.column()
            ))
        })?;
        match value {
            Value::Object(fields) => Ok(Self::new(fields, false)),
            _ => Err(ApiError::broken_json("The body must be a JSON object.")),
        }
    }

    /// Parameters of a query string. An empty one counts as absent, the last of a repeated one wins.
    pub(super) fn query(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let fields = pairs
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
        Self::new(fields, true)
    }

    fn new(fields: Map<String, Value>, is_query: bool) -> Self {
        Self { fields, is_query, problems: Vec::new() }
    }

    /// The fields as sent, to compare two requests.
    pub(super) fn as_sent(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    pub(super) fn problem(&mut self, name: &str, problem: impl Into<String>) {
        self.problems.push((name.to_owned(), problem.into()));
    }

    /// All problems as one 422, else nothing.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        let kind = if self.is_query { "parameter" } else { "field" };
        for name in self.fields.keys() {
            let problem = format!("is not a {kind} of this operation");
            self.problems.push((name.clone(), problem));
        }
        if self.problems.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.problems)) }
    }

    /// Takes a field and reads it with `read`; a refusal is noted under the field's name.
    fn read<T>(&mut self, name: &str, slot: &mut Option<T>, read: impl FnOnce(&Value) -> Result<T, String>) {
        match self.fields.shift_remove(name) {
            None => {}
            Some(Value::Null) => *slot = None,
            Some(value) => match read(&value) {
                Ok(value) => *slot = Some(value),
                Err(problem) => self.problem(name, problem),
            },
        }
    }

    /// Like [`Self::read`] for a field that must have a value in the end.
    fn read_required<T>(&mut self, name: &str, slot: &mut T, read: impl FnOnce(&Value) -> Result<T, String>) {
        match self.fields.shift_remove(name) {
            None => {}
            Some(value) => match read(&value) {
                Ok(value) => *slot = value,
                Err(problem) => self.problem(name, problem),
            },
        }
    }

    pub(super) fn text(&mut self, name: &str, slot: &mut Option<String>) {
        self.read(name, slot, text);
    }

    /// A text that may not be missing or blank.
    pub(super) fn required_text(&mut self, name: &str, slot: &mut String) {
        let noted = self.problems.len();
        self.read_required(name, slot, text);
        if self.problems.len() == noted && slot.trim().is_empty() {
            self.problem(name, "is required");
        }
    }

    /// One of a closed list of words, or nothing.
    pub(super) fn choice(&mut self, name: &str, allowed: &[&str], slot: &mut Option<String>) {
        self.read(name, slot, |value| one_of(value, allowed));
    }

    /// One of a closed list of words.
    pub(super) fn required_choice(&mut self, name: &str, allowed: &[&str], slot: &mut String) {
        self.read_required(name, slot, |value| one_of(value, allowed));
    }

    /// A point in time, RFC 3339 with an offset.
    pub(super) fn time(&mut self, name: &str, slot: &mut Option<Timestamp>) {
        self.read(name, slot, time);
    }

    /// A point in time that may not be missing.
    pub(super) fn required_time(&mut self, name: &str, slot: &mut Option<Timestamp>) {
        let noted = self.problems.len();
        self.time(name, slot);
        if self.problems.len() == noted && slot.is_none() {
            self.problem(name, "is required");
        }
    }

    /// A whole number, zero or more.
    pub(super) fn count(&mut self, name: &str, slot: &mut Option<u64>) {
        let is_query = self.is_query;
        self.read(name, slot, |value| {
            let count = match value {
                Value::String(digits) if is_query => digits.parse().ok(),
                value => value.as_u64(),
            };
            count.ok_or_else(|| "must be a whole number".to_owned())
        });
    }

    pub(super) fn flag(&mut self, name: &str, slot: &mut bool) {
        self.read_required(name, slot, |value| {
            value.as_bool().ok_or_else(|| "must be true or false".to_owned())
        });
    }

    pub(super) fn texts(&mut self, name: &str, slot: &mut Vec<String>) {
        self.read_required(name, slot, |value| list(value, text));
    }

    /// Phone numbers, kept as E.164.
    pub(super) fn phones(&mut self, name: &str, slot: &mut Vec<String>) {
        self.read_required(name, slot, |value| {
            list(value, |item| {
                phone::e164(&text(item)?)
                    .ok_or_else(|| "must be E.164: a plus sign and 8 to 15 digits".to_owned())
            })
        });
    }

    /// The id of a record that exists.
    pub(super) fn reference<T>(&mut self, name: &str, table: &Table<T>, slot: &mut String) {
        let noted = self.problems.len();
        self.read_required(name, slot, |value| {
            let id = text(value)?;
            if table.contains(&id) { Ok(id) } else { Err(format!("is not the id of a {}", table.noun())) }
        });
        if self.problems.len() == noted && slot.is_empty() {
            self.problem(name, "is required");
        }
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if text.chars().count() > LONGEST_TEXT => {
            Err(format!("is longer than {LONGEST_TEXT} characters"))
        }
        Value::String(text) => Ok(text.clone()),
        _ => Err("must be a text".to_owned()),
    }
}

fn one_of(value: &Value, allowed: &[&str]) -> Result<String, String> {
    let word = text(value)?;
    if allowed.contains(&word.as_str()) {
        Ok(word)
    } else {
        Err(format!("must be one of: {}", allowed.join(", ")))
    }
}

fn time(value: &Value) -> Result<Timestamp, String> {
    text(value)?.parse().map_err(|_| "must be RFC 3339 with an offset, like 2026-03-02T09:00:00Z".to_owned())
}

fn list(value: &Value, read: impl Fn(&Value) -> Result<String, String>) -> Result<Vec<String>, String> {
    let Value::Array(items) = value else {
        return Err("must be a list of texts".to_owned());
    };
    items.iter().map(read).collect()
}
