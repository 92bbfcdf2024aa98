//! Where two JSON values differ.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::cancel::Cancel;
use crate::config::pointer;

/// A place where what came out is not what was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The file that holds what was expected.
    pub file: &'static str,
    /// JSON pointer of the place; empty for the whole file.
    pub pointer: String,
    /// What was expected; absent if nothing was.
    pub expected: Option<Value>,
    /// What came out; absent if nothing did.
    pub got: Option<Value>,
}

/// Longest value that is shown whole, in characters.
const SHOWN: usize = 160;

/// Of two long texts, this much is shown before the place where they part.
const BEFORE: usize = 24;

impl Difference {
    /// Both sides in a line each: values as JSON, long texts from where they part.
    pub fn sides(&self) -> (String, String) {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), whole);
        match (&self.expected, &self.got) {
            (Some(Value::Object(left)), Some(Value::Object(right))) if left == right => {
                let keys = |members: &Map<String, Value>| {
                    let keys: Vec<&str> = members.keys().map(String::as_str).collect();
                    format!("the members in the order {}", keys.join(", "))
                };
                (keys(left), keys(right))
            }
            (Some(Value::String(left)), Some(Value::String(right))) => {
                let equal = left.chars().zip(right.chars()).take_while(|(one, other)| one == other).count();
                (part(left, equal), part(right, equal))
            }
            (expected, got) => (shown(expected), shown(got)),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, got) = self.sides();
        writeln!(f, "  {} {}", self.file, if self.pointer.is_empty() { "/" } else { &self.pointer })?;
        writeln!(f, "    expected  {expected}")?;
        write!(f, "    got       {got}")
    }
}

fn whole(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// A text as JSON; of a long one what is around its character `at`.
fn part(text: &str, at: usize) -> String {
    let length = text.chars().count();
    if length <= SHOWN {
        return Value::from(text).to_string();
    }
    let start = at.saturating_sub(BEFORE);
    let excerpt: String = text.chars().skip(start).take(SHOWN - BEFORE).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if start + excerpt.chars().count() < length { "…" } else { "" };
    let from = if start > 0 { format!(" (from character {})", start + 1) } else { String::new() };
    format!("{before}{}{after}{from}", Value::from(excerpt))
}

/// The places where two values differ, and how many more there are; `file` names what they are.
pub fn differences(
    file: &'static str,
    before: &Value,
    after: &Value,
    cancel: &Cancel,
) -> (Vec<Difference>, usize) {
    let mut found = Vec::new();
    let mut comparison =
        Comparison { file, path: Vec::new(), bytes: 0, omitted: 0, found: &mut found, cancel };
    comparison.descend(Some(before), Some(after));
    let omitted = comparison.omitted;
    (found, omitted)
}

/// Adds the places where `got` is not `expected`, as deep as both have the same shape; of very many the first.
/// The order of an object's members is a difference of its own, because it is what a CRM receives.
pub(super) fn compare(
    file: &'static str,
    expected: Option<&Value>,
    got: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    let cancel = &Cancel::default();
    let mut comparison =
        Comparison { file, path: Vec::new(), bytes: 0, omitted: 0, found: differences, cancel };
    comparison.descend(expected, got);
}

/// So many places are told.
const MOST: usize = 500;

/// So long are their pointers together, in bytes: each can be as long as a document.
const MOST_BYTES: usize = 1024 * 1024;

/// Two values that are compared.
struct Comparison<'a> {
    file: &'static str,
    /// The keys and positions that lead to the place that is looked at.
    path: Vec<Cow<'a, str>>,
    bytes: usize,
    omitted: usize,
    found: &'a mut Vec<Difference>,
    cancel: &'a Cancel,
}

impl<'a> Comparison<'a> {
    fn descend(&mut self, expected: Option<&'a Value>, got: Option<&'a Value>) {
        if self.cancel.is_cancelled() {
            return;
        }
        match (expected, got) {
            (Some(Value::Object(left)), Some(Value::Object(right))) => {
                let found = self.found.len() + self.omitted;
                for (key, value) in left {
                    self.below(Cow::Borrowed(key), Some(value), right.get(key));
                }
                for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                    self.below(Cow::Borrowed(key), None, Some(value));
                }
                if self.found.len() + self.omitted == found && !left.keys().eq(right.keys()) {
                    self.push(expected, got);
                }
            }
            (Some(Value::Array(left)), Some(Value::Array(right))) => {
                for index in 0..left.len().max(right.len()) {
                    self.below(Cow::Owned(index.to_string()), left.get(index), right.get(index));
                }
            }
            (expected, got) if expected == got => {}
            (expected, got) => self.push(expected, got),
        }
    }

    fn below(&mut self, step: Cow<'a, str>, expected: Option<&'a Value>, got: Option<&'a Value>) {
        self.path.push(step);
        self.descend(expected, got);
        self.path.pop();
    }

    fn push(&mut self, expected: Option<&Value>, got: Option<&Value>) {
        if self.found.len() >= MOST || self.bytes > MOST_BYTES {
            self.omitted += 1;
            return;
        }
        let pointer = self.path.iter().fold(String::new(), |parent, step| pointer::join(&parent, step));
        self.bytes += pointer.len();
        self.found.push(Difference {
            file: self.file,
            pointer,
            expected: expected.cloned(),
            got: got.cloned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(left: Value, right: Value) -> Vec<String> {
        let mut differences = Vec::new();
        compare("x", Some(&left), Some(&right), &mut differences);
        differences.into_iter().map(|difference| difference.pointer).collect()
    }

    #[test]
    fn differences_are_as_deep_as_the_shapes_agree() {
        let value = json!({"a": [1, {"b/c": null}], "d": "e"});
        assert_eq!(pointers(value.clone(), value.clone()), Vec::<String>::new());
        assert_eq!(pointers(value.clone(), json!({"a": [1, {"b/c": 0}], "d": "e"})), ["/a/1/b~1c"]);
        assert_eq!(pointers(value.clone(), json!({"a": [1], "f": 1})), ["/a/1", "/d", "/f"]);
        assert_eq!(pointers(value.clone(), json!({"d": "e", "a": [1, {"b/c": null}]})), [""]);
        assert_eq!(pointers(json!({"n": null}), json!({})), ["/n"], "null is not nothing");
        assert_eq!(pointers(json!(1), json!("1")), [""]);
        assert_eq!(pointers(value, json!([])), [""]);
    }
    #[test]
    fn a_long_text_is_shown_from_where_it_differs() {
        let long = "Call with Ada. ".repeat(40);
        let changed = long.replacen("Ada", "Eve", 30).replacen("Eve", "Ada", 29);
        let mut differences = Vec::new();
        compare("x", Some(&json!(long)), Some(&json!(changed)), &mut differences);
        let (expected, got) = differences[0].sides();
        assert!(expected.starts_with("…\"l with Ada. ") || expected.starts_with("…\""), "{expected}");
        assert!(expected.contains("Call with Ada.") && got.contains("Call with Eve."), "{expected}\n{got}");
        assert!(expected.ends_with("… (from character 422)"), "{expected}");
        assert!(got.chars().count() < SHOWN + 30);
        let short = Difference { expected: Some(json!("a\nb")), ..differences[0].clone() };
        assert_eq!(short.sides().0, r#""a\nb""#, "quotes tell a text from a number");
    }

    #[test]
    fn of_very_many_the_first_are_told_and_the_rest_counted() {
        let list = |from: usize| (from..from + MOST + 7).collect::<Vec<_>>();
        let (found, omitted) = differences("x", &json!(list(0)), &json!(list(1)), &Cancel::default());
        assert_eq!((found.len(), omitted), (MOST, 7));
    }

    #[test]
    fn another_order_is_said_as_such() {
        let mut differences = Vec::new();
        compare("x", Some(&json!({"a": 1, "b": 2})), Some(&json!({"b": 2, "a": 1})), &mut differences);
        let sides = differences[0].sides();
        assert_eq!(sides, ("the members in the order a, b".into(), "the members in the order b, a".into()));
    }
}
