//! Where two JSON values differ.

use std::fmt;

use serde_json::Value;

use crate::config::pointer;

/// A place where what came out is not what was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The file that holds what was expected.
    pub file: &'static str,
    /// JSON pointer of the place; empty for the whole file.
    pub pointer: String,
    /// What was expected; absent where nothing was.
    pub expected: Option<Value>,
    /// What came out; absent where nothing did.
    pub got: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |value: &Option<Value>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), Value::to_string);
        writeln!(f, "  {} {}", self.file, if self.pointer.is_empty() { "/" } else { &self.pointer })?;
        writeln!(f, "    expected  {}", shown(&self.expected))?;
        write!(f, "    got       {}", shown(&self.got))
    }
}

/// Every place where two values differ; `file` names what they are.
pub(crate) fn differences(file: &'static str, before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(file, Some(before), Some(after), &mut found);
    found
}

/// Adds every place where `got` is not `expected`, as deep as both have the same shape. The order
/// of an object's members is a difference of its own, because it is what a CRM receives.
pub(super) fn compare(
    file: &'static str,
    expected: Option<&Value>,
    got: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    descend(file, String::new(), expected, got, differences);
}

fn descend(
    file: &'static str,
    at: String,
    expected: Option<&Value>,
    got: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    match (expected, got) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let found = differences.len();
            for (key, value) in left {
                descend(file, pointer::join(&at, key), Some(value), right.get(key), differences);
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                descend(file, pointer::join(&at, key), None, Some(value), differences);
            }
            if differences.len() == found && !left.keys().eq(right.keys()) {
                differences.push(Difference {
                    file,
                    pointer: at,
                    expected: expected.cloned(),
                    got: got.cloned(),
                });
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                descend(file, format!("{at}/{index}"), left.get(index), right.get(index), differences);
            }
        }
        (expected, got) if expected == got => {}
        (expected, got) => {
            differences.push(Difference {
                file,
                pointer: at,
                expected: expected.cloned(),
                got: got.cloned(),
            });
        }
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
}
