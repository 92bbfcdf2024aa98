//! What each template helper does. The list of them, with their documentation, is
//! [`super::helpers::HELPERS`].

use std::borrow::Cow;
use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::{Context, Helper, JsonTruthy as _};
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Number, Value, json};

use super::marks::OMITTED;
use crate::budget::{self, weight};
use crate::date_format::DateFormat;
use crate::inputs::REGION;
use crate::number;
use crate::phone::{self, PhoneFormat, format_phone, parse_formats};
use crate::text::to_text;
use crate::time::{add_seconds, parse_instant, parse_seconds, parse_zone, to_iso};
use crate::truncate::{self, Unit};

/// No helper makes a text longer than this (bytes), however helpers are nested.
pub const MAX_TEXT: usize = 4 << 20;

/// What JavaScript's `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What an element of a new array costs: it is a text of its own.
const ELEMENT: u64 = 4;

/// What reading and writing a phone number costs, for each format.
const PHONE: u64 = 300;

/// What reading and writing a time costs.
const TIME: u64 = 30;

/// A longer list of phone formats is none (bytes).
const LONGEST_FORMATS: usize = 2048;

/// The arguments of one call, evaluated. A missing argument, variable or option is null.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'call, 'template>(pub(super) &'call Helper<'template>, pub(super) &'call Context);

impl<'call> Arguments<'call, '_> {
    pub(super) fn value(self, index: usize) -> &'call Value {
        self.0.param(index).map_or(&Value::Null, |p| p.value())
    }

    /// `None` if the value is null.
    fn text(self, index: usize) -> Option<Cow<'call, str>> {
        present_text(self.value(index))
    }

    fn option(self, name: &str) -> &'call Value {
        self.0.hash_get(name).map_or(&Value::Null, |p| p.value())
    }

    /// The region that the call names, else the run's.
    fn region(self) -> Option<Cow<'call, str>> {
        present_text(self.option("region"))
            .or_else(|| self.1.data().get(REGION).and_then(Value::as_str).map(Cow::Borrowed))
    }

    pub(super) fn values(self) -> impl Iterator<Item = &'call Value> {
        self.0.params().iter().map(|p| p.value())
    }
}

fn present_text(value: &Value) -> Option<Cow<'_, str>> {
    (!value.is_null()).then(|| to_text(value))
}

/// What a helper returns: a value, or why it refuses (without any of the values in it).
pub type Outcome = Result<Value, String>;

/// What a helper picks. Nothing is copied that stands in the context.
#[derive(Debug, Clone, PartialEq)]
pub enum Picked {
    /// What is below an argument, at these keys of objects and indexes of arrays.
    Part(usize, Vec<String>),
    /// A value of its own.
    Made(Value),
}

impl Picked {
    pub(super) const NOTHING: Self = Self::Made(Value::Null);

    pub(super) fn argument(at: usize) -> Self {
        Self::Part(at, Vec::new())
    }
}

/// Takes steps off the budget, as helpers say it: their words are not shown, because the run has ended.
pub(super) fn charge(steps: u64) -> Result<(), String> {
    budget::spend(steps).map_err(|spent| spent.to_string())
}

/// Null in, null out; else the text through `change`.
fn map_text(arguments: Arguments<'_, '_>, change: impl Fn(&str) -> String) -> Outcome {
    let Some(text) = arguments.text(0) else {
        return Ok(Value::Null);
    };
    check_length(text.len())?;
    let changed = change(&text);
    check_length(changed.len())?;
    Ok(changed.into())
}

fn check_length(length: usize) -> Result<(), String> {
    if length > MAX_TEXT {
        return Err(format!("the text would be longer than {MAX_TEXT} bytes"));
    }
    Ok(())
}

pub(super) fn default(arguments: Arguments<'_, '_>) -> Picked {
    let is_given = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    arguments.values().position(is_given).map_or(Picked::NOTHING, Picked::argument)
}

/// The second argument where the first is true, else the third.
pub(super) fn choose(arguments: Arguments<'_, '_>) -> Picked {
    Picked::argument(if arguments.value(0).is_truthy(false) { 1 } else { 2 })
}

/// The argument itself.
pub(super) fn seen(_: Arguments<'_, '_>) -> Picked {
    Picked::argument(0)
}

pub(super) fn to_boolean(arguments: Arguments<'_, '_>) -> Outcome {
    let said = match arguments.value(0) {
        Value::Bool(said) => Some(*said),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    Ok(said.map_or(Value::Null, Value::Bool))
}

pub(super) fn json(arguments: Arguments<'_, '_>) -> Outcome {
    // The mark is no value: written as JSON it would no longer be known, and would be sent.
    if arguments.value(0).as_str() == Some(OMITTED) {
        return Ok(OMITTED.into());
    }
    Ok(arguments.value(0).to_string().into())
}

pub(super) fn base64(arguments: Arguments<'_, '_>) -> Outcome {
    map_text(arguments, |text| STANDARD.encode(text))
}

pub(super) fn urlencode(arguments: Arguments<'_, '_>) -> Outcome {
    map_text(arguments, |text| utf8_percent_encode(text, COMPONENT).to_string())
}

pub(super) fn lowercase(arguments: Arguments<'_, '_>) -> Outcome {
    map_text(arguments, str::to_lowercase)
}

pub(super) fn uppercase(arguments: Arguments<'_, '_>) -> Outcome {
    map_text(arguments, str::to_uppercase)
}

pub(super) fn trim(arguments: Arguments<'_, '_>) -> Outcome {
    map_text(arguments, |text| text.trim().to_owned())
}

pub(super) fn replace(arguments: Arguments<'_, '_>) -> Outcome {
    let from = to_text(arguments.value(1));
    let to = to_text(arguments.value(2));
    let Some(text) = arguments.text(0) else {
        return Ok(Value::Null);
    };
    if from.is_empty() {
        return Ok(text.into_owned().into());
    }
    let count = text.matches(&*from).count();
    check_length((text.len() - count * from.len()).saturating_add(count.saturating_mul(to.len())))?;
    Ok(text.replace(&*from, &to).into())
}

pub(super) fn split(arguments: Arguments<'_, '_>) -> Outcome {
    let separator = to_text(arguments.value(1));
    let Some(text) = arguments.text(0) else {
        return Ok(Value::Null);
    };
    // One element costs far more memory than the byte it may stand for.
    check_length(text.len().saturating_mul(8))?;
    let parts = if separator.is_empty() { text.len() } else { text.matches(&*separator).count() };
    charge(ELEMENT * parts as u64)?;
    if separator.is_empty() {
        return Ok(text.chars().map(|c| Value::from(c.to_string())).collect());
    }
    Ok(text.split(&*separator).map(Value::from).collect())
}

pub(super) fn join(arguments: Arguments<'_, '_>) -> Outcome {
    let separator = to_text(arguments.value(1));
    match arguments.value(0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => {
            let texts: Vec<Cow<'_, str>> = items.iter().map(to_text).collect();
            let length: usize = texts.iter().map(|text| text.len()).sum();
            check_length(length.saturating_add(separator.len().saturating_mul(texts.len())))?;
            Ok(texts.join(&*separator).into())
        }
        single => Ok(to_text(single).into_owned().into()),
    }
}

pub(super) fn phone(arguments: Arguments<'_, '_>) -> Outcome {
    let formats = formats(arguments.value(1))?;
    let region = arguments.region();
    let formatted = arguments.text(0).and_then(|number| format_phone(&number, &formats, region.as_deref()));
    Ok(formatted.into())
}

pub(super) fn phone_variants(arguments: Arguments<'_, '_>) -> Outcome {
    let formats = formats(arguments.value(1))?;
    let region = arguments.region();
    let number = arguments.text(0).unwrap_or_default();
    Ok(phone::phone_variants(&number, &formats, region.as_deref()).into())
}

/// Formats as users have set them: what is none of them is passed over.
fn formats(value: &Value) -> Result<Vec<PhoneFormat>, String> {
    let list = to_text(value);
    let list = if list.len() > LONGEST_FORMATS { "" } else { &list };
    charge(PHONE * (list.matches(',').count() as u64 + 2))?;
    Ok(parse_formats(list)
        .unwrap_or_else(|_| list.split(',').filter_map(|format| PhoneFormat::parse(format).ok()).collect()))
}

pub(super) fn date(arguments: Arguments<'_, '_>) -> Outcome {
    charge(TIME)?;
    let (Some(instant), Some(format)) = (parse_instant(arguments.value(0)), arguments.text(1)) else {
        return Ok(Value::Null);
    };
    let format = DateFormat::parse(&format).map_err(|problem| problem.to_string())?;
    let zone = parse_zone(arguments.option("zone")).unwrap_or(TimeZone::UTC);
    Ok(format.format_value(instant, &zone))
}

pub(super) fn add(arguments: Arguments<'_, '_>) -> Outcome {
    Ok(moved(arguments.value(0), arguments.value(1)))
}

/// The check puts the variable before the options.
pub(super) fn now(arguments: Arguments<'_, '_>) -> Outcome {
    Ok(moved(arguments.value(0), arguments.option("offset")))
}

fn moved(time: &Value, length: &Value) -> Value {
    if charge(TIME).is_err() {
        return Value::Null;
    }
    let moved = parse_instant(time)
        .zip(parse_seconds(length))
        .and_then(|(instant, seconds)| add_seconds(instant, seconds));
    moved.map(to_iso).into()
}

pub(super) fn truncate(arguments: Arguments<'_, '_>) -> Outcome {
    let unit = present_text(arguments.option("unit"));
    let Some(unit) = unit.as_deref().map_or(Some(Unit::default()), Unit::parse) else {
        return Err("the unit is none of characters, codepoints and bytes".to_owned());
    };
    let Some(length) = whole_number(arguments.value(1)) else {
        return Err("the length is no whole number".to_owned());
    };
    let end = present_text(arguments.option("end")).unwrap_or(Cow::Borrowed("…"));
    map_text(arguments, |text| truncate::truncate(text, length, &end, unit).into_owned())
}

/// A number that counts something, also written as text.
pub(super) fn whole_number(value: &Value) -> Option<usize> {
    let number = number(value).filter(|number| number.fract() == 0.0 && (0.0..=1e9).contains(number))?;
    Some(number as usize)
}

/// Digits become the number they spell: connectors get ids as text from clients, and many CRMs
/// refuse text where they expect a number.
pub(super) fn to_number(arguments: Arguments<'_, '_>) -> Outcome {
    Ok(match arguments.value(0) {
        Value::Number(number) => Value::Number(number.clone()),
        Value::String(text) => text.trim().parse().map_or(Value::Null, Value::Number),
        _ => Value::Null,
    })
}

pub(super) fn multiply(arguments: Arguments<'_, '_>) -> Outcome {
    let Some((left, right)) = number(arguments.value(0)).zip(number(arguments.value(1))) else {
        return Ok(Value::Null);
    };
    let product = left * right;
    // Whole numbers are printed without a fraction, as far as a double holds them exactly.
    Ok(if product.fract() == 0.0 && product.abs() < 9_007_199_254_740_992.0 {
        Value::from(product as i64)
    } else {
        Number::from_f64(product).map_or(Value::Null, Value::Number)
    })
}

pub(super) fn eq(arguments: Arguments<'_, '_>) -> Picked {
    Picked::Made(equal(arguments.value(0), arguments.value(1)).into())
}

pub(super) fn ne(arguments: Arguments<'_, '_>) -> Picked {
    Picked::Made((!equal(arguments.value(0), arguments.value(1))).into())
}

pub(super) fn gt(arguments: Arguments<'_, '_>) -> Outcome {
    Ok((order(arguments) == Some(Ordering::Greater)).into())
}

pub(super) fn lt(arguments: Arguments<'_, '_>) -> Outcome {
    Ok((order(arguments) == Some(Ordering::Less)).into())
}

pub(super) fn and(arguments: Arguments<'_, '_>) -> Picked {
    Picked::Made(arguments.values().all(|value| value.is_truthy(false)).into())
}

pub(super) fn or(arguments: Arguments<'_, '_>) -> Picked {
    Picked::Made(arguments.values().any(|value| value.is_truthy(false)).into())
}

pub(super) fn not(arguments: Arguments<'_, '_>) -> Picked {
    Picked::Made((!arguments.value(0).is_truthy(false)).into())
}

pub(super) fn lookup(arguments: Arguments<'_, '_>) -> Picked {
    if charge(weight(arguments.value(1))).is_err() {
        return Picked::NOTHING;
    }
    let key = to_text(arguments.value(1));
    // From the end, where a path has no such positions.
    if let (Value::Array(items), Some(back)) = (arguments.value(0), key.strip_prefix('-').and_then(index))
        && back > 0
    {
        return match items.len().checked_sub(back) {
            Some(at) => Picked::Part(0, vec![at.to_string()]),
            None => Picked::NOTHING,
        };
    }
    match member(arguments.value(0), &key) {
        Some(Cow::Borrowed(_)) => Picked::Part(0, vec![key.into_owned()]),
        Some(Cow::Owned(value)) => Picked::Made(value),
        None => Picked::NOTHING,
    }
}

pub(super) fn omit(_: Arguments<'_, '_>) -> Outcome {
    Ok(OMITTED.into())
}

/// The value at a path, given the value to start from and the keys: how dotted paths are read.
pub(super) fn get(arguments: Arguments<'_, '_>) -> Picked {
    let mut keys = arguments.values().skip(1);
    let mut taken = Vec::new();
    let mut value = arguments.value(0);
    while let Some(key) = keys.next() {
        let key = to_text(key);
        match member(value, &key) {
            Some(Cow::Borrowed(found)) => {
                taken.push(key.into_owned());
                value = found;
            }
            Some(Cow::Owned(mut made)) => {
                for key in keys {
                    made = member(&made, &to_text(key)).map(Cow::into_owned).unwrap_or_default();
                }
                return Picked::Made(made);
            }
            None => return Picked::NOTHING,
        }
    }
    Picked::Part(0, taken)
}

/// One step of a path (recordings 03-templates, step `paths`): a key of an object, an index or
/// `length` of an array, an index or `length` (in UTF-16 units) of a text.
pub fn member<'v>(value: &'v Value, key: &str) -> Option<Cow<'v, Value>> {
    match value {
        Value::Object(fields) => fields.get(key).map(Cow::Borrowed),
        Value::Array(items) if key == "length" => Some(Cow::Owned(json!(items.len()))),
        Value::Array(items) => items.get(index(key)?).map(Cow::Borrowed),
        Value::String(text) if key == "length" => {
            charge(budget::text(text.len())).ok()?;
            Some(Cow::Owned(json!(text.encode_utf16().count())))
        }
        Value::String(text) => {
            let at = index(key)?;
            charge(budget::text(at.min(text.len()))).ok()?;
            let unit = text.encode_utf16().nth(at)?;
            let character = String::from_utf16(&[unit]).ok()?;
            Some(Cow::Owned(character.into()))
        }
        _ => None,
    }
}

/// As in JavaScript, `01` and `+1` are no indexes.
fn index(key: &str) -> Option<usize> {
    let canonical = key == "0" || !key.starts_with(['0', '+']);
    canonical.then(|| key.parse().ok()).flatten()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Equal JSON; numbers by size (`1` and `1.0`), and a number or boolean equals its text.
fn equal(left: &Value, right: &Value) -> bool {
    let cost = match (left, right) {
        (Value::String(left), Value::String(right)) if left.len() == right.len() => budget::text(left.len()),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            weight(left).min(weight(right))
        }
        _ => 1,
    };
    if charge(cost).is_err() {
        return false;
    }
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number::equal(left, right),
        (Value::String(_), Value::Number(_) | Value::Bool(_))
        | (Value::Number(_) | Value::Bool(_), Value::String(_)) => to_text(left) == to_text(right),
        _ => left == right,
    }
}

/// Numbers (also as text) by size, other texts by their characters, nothing else.
fn order(arguments: Arguments<'_, '_>) -> Option<Ordering> {
    let (left, right) = (arguments.value(0), arguments.value(1));
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => Some(left.as_str()?.cmp(right.as_str()?)),
    }
}
