//! The functions that filters of JSONPath call.

use jsonpath_rust::parser::model::{FnArg, Literal, TestFunction};
use jsonpath_rust::query::queryable::Queryable as _;
use serde_json::Value;

use super::query::{Expression, Found, Refusal, argument};
use crate::budget::{self, Spent, spend};
use crate::pattern::Pattern;

#[derive(Debug, Clone)]
pub(super) enum Function {
    Length(Expression),
    Count(Expression),
    Value(Expression),
    /// `search` and `match`.
    Fits(Expression, Pattern),
    /// What the library has besides the RFC: `in`, `any_of` and the like.
    Other(Box<str>, Vec<Expression>),
}

impl Function {
    pub(super) fn compile(function: &TestFunction) -> Result<Self, Refusal> {
        Ok(match function {
            TestFunction::Length(of) => Self::Length(argument(of)?),
            TestFunction::Count(of) => Self::Count(argument(of)?),
            TestFunction::Value(of) => Self::Value(argument(of)?),
            TestFunction::Search(text, written) => {
                Self::Fits(argument(text)?, pattern("search", written, |pattern| pattern)?)
            }
            TestFunction::Match(text, written) => {
                let whole = |pattern: String| format!("^(?:{pattern})$");
                Self::Fits(argument(text)?, pattern("match", written, whole)?)
            }
            TestFunction::Custom(name, arguments) => {
                Self::Other(name.as_str().into(), arguments.iter().map(argument).collect::<Result<_, _>>()?)
            }
        })
    }

    pub(super) fn call<'v>(&self, item: &'v Value, root: &'v Value) -> Result<Found<'v>, Spent> {
        Ok(match self {
            Self::Length(of) => match of.find(item, root)? {
                Found::Many(values) => Found::Made(values.len().into()),
                found => match found.value() {
                    Some(Value::String(text)) => {
                        spend(budget::text(text.len()))?;
                        Found::Made(text.chars().count().into())
                    }
                    Some(Value::Array(items)) => Found::Made(items.len().into()),
                    Some(Value::Object(members)) => Found::Made(members.len().into()),
                    _ => Found::Nothing,
                },
            },
            Self::Count(of) => match of.find(item, root)? {
                Found::Many(values) => Found::Made(values.len().into()),
                Found::One(_) | Found::Made(_) => Found::Made(1.into()),
                Found::Nothing => Found::Nothing,
            },
            Self::Value(of) => match of.find(item, root)? {
                Found::Many(values) => match values.as_slice() {
                    [value] => Found::One(value),
                    _ => Found::Nothing,
                },
                found => found,
            },
            Self::Fits(text, pattern) => {
                let text = text.find(item, root)?;
                let fits = match text.value().and_then(Value::as_str) {
                    Some(text) => pattern.is_match(text)?,
                    None => false,
                };
                Found::Made(fits.into())
            }
            Self::Other(name, arguments) => {
                let mut values = Vec::new();
                for argument in arguments {
                    values.extend(argument.find(item, root)?.into_arguments());
                }
                // Each of the one is compared with each of the other.
                let cost =
                    values.iter().fold(1, |cost: u64, value| cost.saturating_mul(budget::weight(value)));
                spend(cost)?;
                Found::Made(Value::extension_custom(name, values))
            }
        })
    }
}

/// The pattern that a call spells out.
fn pattern(name: &str, written: &FnArg, whole: fn(String) -> String) -> Result<Pattern, Refusal> {
    let FnArg::Literal(Literal::String(text)) = written else {
        return Err(format!(
            "the pattern of `{name}` is a text in quotes: it is read when the document is loaded, and no \
             reply can choose it"
        ));
    };
    Pattern::new(&whole(translated(text)))
        .map_err(|reason| format!("the pattern of `{name}` cannot be used: {reason}"))
}

/// An I-Regexp (RFC 9485) in the syntax of the `regex` crate: a dot is neither `\n` nor `\r`.
fn translated(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                translated.push(character);
                translated.extend(characters.next());
            }
            '.' if !in_class => translated.push_str(r"[^\n\r]"),
            _ => {
                match character {
                    '[' => in_class = true,
                    ']' => in_class = false,
                    _ => {}
                }
                translated.push(character);
            }
        }
    }
    translated
}
