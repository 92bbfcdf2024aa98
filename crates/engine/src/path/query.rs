//! JSONPath queries, compiled from what the library `jsonpath-rust` parses, and evaluated within a budget.
//!
//! The library's own evaluator has no bound, and compiles the pattern of `search` and `match` for every item.
//! This one gives the same values, which a test with random queries and values holds it to.

use jsonpath_rust::parser::model::{self as parsed, FnArg, JpQuery, Literal, TestFunction};
use jsonpath_rust::query::queryable::Queryable as _;
use serde_json::Value;

use super::compare::{equal, less};
use super::found::Found;
use crate::budget::{self, Spent, spend};
use crate::pattern::Pattern;

/// A compiled query.
#[derive(Debug, Clone)]
pub struct Query {
    pub(super) segments: Vec<Segment>,
}

/// A step of a query, to any number of values.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    Descendant(Box<Segment>),
    Selectors(Vec<Selector>),
}

#[derive(Debug, Clone)]
pub(super) enum Selector {
    Name(Box<str>),
    Wildcard,
    Index(i64),
    Slice(Option<i64>, Option<i64>, Option<i64>),
    Filter(Filter),
}

#[derive(Debug, Clone)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    /// A query that has to find something, or a function that has to give something.
    Exists(Expression),
    /// A function that says yes or no.
    Holds(Expression),
    Compare(Comparison, Expression, Expression),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a filter compares, or gives to a function.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Literal(Value),
    /// From the item.
    Here(Vec<Segment>),
    /// From the root.
    Root(Vec<Segment>),
    Function(Box<Function>),
    Filter(Box<Filter>),
}

/// Why a query cannot be compiled.
pub(super) type Refusal = String;

impl Query {
    pub(super) fn compile(query: &JpQuery) -> Result<Self, Refusal> {
        Ok(Self { segments: segments(&query.segments)? })
    }

    /// The values that the query names.
    pub(super) fn values<'v>(&self, root: &'v Value) -> Result<Vec<&'v Value>, Spent> {
        values_at(&self.segments, root)
    }
}

/// The values that segments of a query name.
pub(super) fn values_at<'v>(segments: &[Segment], root: &'v Value) -> Result<Vec<&'v Value>, Spent> {
    Ok(match follow(segments, root, root)? {
        Found::One(value) => vec![value],
        Found::Many(values) => values,
        Found::Made(_) | Found::Nothing => Vec::new(),
    })
}

fn follow<'v>(segments: &[Segment], from: &'v Value, root: &'v Value) -> Result<Found<'v>, Spent> {
    segments.iter().try_fold(Found::One(from), |found, segment| segment.select(found, root))
}

impl Segment {
    fn select<'v>(&self, found: Found<'v>, root: &'v Value) -> Result<Found<'v>, Spent> {
        match self {
            Self::Descendant(segment) => {
                let below = found.and_then(|value| {
                    let mut containers = Vec::new();
                    descend(value, &mut containers)?;
                    Ok(Found::Many(containers))
                })?;
                segment.select(below, root)
            }
            Self::Selectors(selectors) => match selectors.as_slice() {
                [selector] => selector.select(found, root),
                selectors => {
                    let mut all = Found::Nothing;
                    for selector in selectors {
                        if let Found::Many(values) = &found {
                            spend(values.len() as u64)?;
                        }
                        all = all.and(selector.select(found.clone(), root)?);
                    }
                    Ok(all)
                }
            },
        }
    }
}

/// A value and everything below it that has members.
fn descend<'v>(value: &'v Value, containers: &mut Vec<&'v Value>) -> Result<(), Spent> {
    spend(1)?;
    match value {
        Value::Array(items) => {
            containers.push(value);
            items.iter().try_for_each(|item| descend(item, containers))
        }
        Value::Object(members) => {
            containers.push(value);
            members.values().try_for_each(|member| descend(member, containers))
        }
        _ => Ok(()),
    }
}

impl Selector {
    fn select<'v>(&self, found: Found<'v>, root: &'v Value) -> Result<Found<'v>, Spent> {
        found.and_then(|value| self.of(value, root))
    }

    fn of<'v>(&self, value: &'v Value, root: &'v Value) -> Result<Found<'v>, Spent> {
        spend(1)?;
        let one = |found: Option<&'v Value>| found.map_or(Found::Nothing, Found::One);
        Ok(match self {
            Self::Name(name) => one(value.as_object().and_then(|members| members.get(&**name))),
            Self::Index(index) => {
                one(value.as_array().and_then(|items| items.get(place(*index, items.len())?)))
            }
            Self::Wildcard => {
                let members = members(value)?;
                if members.is_empty() { Found::Nothing } else { Found::Many(members) }
            }
            Self::Slice(start, end, step) => match value {
                Value::Array(items) => Found::Many(slice(items, *start, *end, *step)?),
                _ => Found::Nothing,
            },
            Self::Filter(filter) => match value {
                Value::Array(_) | Value::Object(_) => {
                    let mut kept = Vec::new();
                    for member in members(value)? {
                        if filter.holds(member, root)? {
                            kept.push(member);
                        }
                    }
                    Found::Many(kept)
                }
                _ => Found::Nothing,
            },
        })
    }
}

fn members(value: &Value) -> Result<Vec<&Value>, Spent> {
    Ok(match value {
        Value::Array(items) => {
            spend(items.len() as u64)?;
            items.iter().collect()
        }
        Value::Object(members) => {
            spend(members.len() as u64)?;
            members.values().collect()
        }
        _ => Vec::new(),
    })
}

/// Where an index is that may count from the end.
fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(if index < 0 { length.checked_add(index)? } else { index }).ok()
}

/// RFC 9535, section 2.3.4.2.
fn slice(
    items: &[Value],
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
) -> Result<Vec<&Value>, Spent> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_start = |index: i64| if index >= 0 { index } else { length.saturating_add(index) };
    let step = step.unwrap_or(1);
    let mut taken = Vec::new();
    let (mut at, behind) = match step {
        0 => return Ok(taken),
        1.. => (
            from_start(start.unwrap_or(0)).clamp(0, length),
            from_start(end.unwrap_or(length)).clamp(0, length),
        ),
        _ => (
            from_start(start.unwrap_or(length - 1)).clamp(-1, length - 1),
            from_start(end.unwrap_or(-length - 1)).clamp(-1, length - 1),
        ),
    };
    while if step > 0 { at < behind } else { at > behind } {
        spend(1)?;
        taken.extend(usize::try_from(at).ok().and_then(|at| items.get(at)));
        at = at.saturating_add(step);
    }
    Ok(taken)
}

impl Filter {
    fn holds(&self, item: &Value, root: &Value) -> Result<bool, Spent> {
        spend(1)?;
        Ok(match self {
            Self::Any(filters) => {
                for filter in filters {
                    if filter.holds(item, root)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::All(filters) => {
                for filter in filters {
                    if !filter.holds(item, root)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Not(filter) => !filter.holds(item, root)?,
            Self::Exists(expression) => expression.find(item, root)?.is_something(),
            Self::Holds(expression) => {
                expression.find(item, root)?.value().and_then(Value::as_bool).unwrap_or_default()
            }
            Self::Compare(comparison, left, right) => {
                let (left, right) = (left.find(item, root)?, right.find(item, root)?);
                match comparison {
                    Comparison::Equal => equal(&left, &right)?,
                    Comparison::NotEqual => !equal(&left, &right)?,
                    Comparison::Less => less(&left, &right)?,
                    Comparison::Greater => less(&right, &left)?,
                    Comparison::LessOrEqual => less(&left, &right)? || equal(&left, &right)?,
                    Comparison::GreaterOrEqual => less(&right, &left)? || equal(&left, &right)?,
                }
            }
        })
    }
}

impl Expression {
    pub(super) fn find<'v>(&self, item: &'v Value, root: &'v Value) -> Result<Found<'v>, Spent> {
        match self {
            Self::Literal(value) => {
                spend(budget::weight(value))?;
                Ok(Found::Made(value.clone()))
            }
            Self::Here(segments) => follow(segments, item, root),
            Self::Root(segments) => follow(segments, root, root),
            Self::Function(function) => function.call(item, root),
            Self::Filter(filter) => Ok(Found::Made(filter.holds(item, root)?.into())),
        }
    }
}

fn segments(segments: &[parsed::Segment]) -> Result<Vec<Segment>, Refusal> {
    segments.iter().map(segment).collect()
}

fn segment(segment: &parsed::Segment) -> Result<Segment, Refusal> {
    Ok(match segment {
        parsed::Segment::Descendant(inner) => Segment::Descendant(Box::new(self::segment(inner)?)),
        parsed::Segment::Selector(one) => Segment::Selectors(vec![selector(one)?]),
        parsed::Segment::Selectors(many) => {
            Segment::Selectors(many.iter().map(selector).collect::<Result<_, _>>()?)
        }
    })
}

fn selector(selector: &parsed::Selector) -> Result<Selector, Refusal> {
    Ok(match selector {
        parsed::Selector::Name(name) => Selector::Name(name.as_str().into()),
        parsed::Selector::Wildcard => Selector::Wildcard,
        parsed::Selector::Index(index) => Selector::Index(*index),
        parsed::Selector::Slice(start, end, step) => Selector::Slice(*start, *end, *step),
        parsed::Selector::Filter(filter) => Selector::Filter(self::filter(filter)?),
    })
}

fn filter(filter: &parsed::Filter) -> Result<Filter, Refusal> {
    let all = |filters: &[parsed::Filter]| filters.iter().map(self::filter).collect::<Result<_, _>>();
    let (filter, not) = match filter {
        parsed::Filter::Or(filters) => return Ok(Filter::Any(all(filters)?)),
        parsed::Filter::And(filters) => return Ok(Filter::All(all(filters)?)),
        parsed::Filter::Atom(atom) => match atom {
            parsed::FilterAtom::Filter { expr, not } => (self::filter(expr)?, *not),
            parsed::FilterAtom::Test { expr, not } => {
                let expression = test(expr)?;
                let says_so = expr.is_res_bool();
                (if says_so { Filter::Holds(expression) } else { Filter::Exists(expression) }, *not)
            }
            parsed::FilterAtom::Comparison(comparison) => (compare(comparison)?, false),
        },
    };
    Ok(if not { Filter::Not(Box::new(filter)) } else { filter })
}

fn compare(comparison: &parsed::Comparison) -> Result<Filter, Refusal> {
    use parsed::Comparison as Parsed;
    let (left, right) = comparison.vals();
    let kind = match comparison {
        Parsed::Eq(..) => Comparison::Equal,
        Parsed::Ne(..) => Comparison::NotEqual,
        Parsed::Lt(..) => Comparison::Less,
        Parsed::Lte(..) => Comparison::LessOrEqual,
        Parsed::Gt(..) => Comparison::Greater,
        Parsed::Gte(..) => Comparison::GreaterOrEqual,
    };
    Ok(Filter::Compare(kind, comparable(left)?, comparable(right)?))
}

fn comparable(comparable: &parsed::Comparable) -> Result<Expression, Refusal> {
    let singular = |segments: &[parsed::SingularQuerySegment]| {
        let selectors = segments.iter().map(|segment| match segment {
            parsed::SingularQuerySegment::Index(index) => Selector::Index(*index),
            parsed::SingularQuerySegment::Name(name) => Selector::Name(name.as_str().into()),
        });
        selectors.map(|selector| Segment::Selectors(vec![selector])).collect()
    };
    Ok(match comparable {
        parsed::Comparable::Literal(literal) => Expression::Literal(literal_value(literal)),
        parsed::Comparable::Function(function) => {
            Expression::Function(Box::new(Function::compile(function)?))
        }
        parsed::Comparable::SingularQuery(parsed::SingularQuery::Current(segments)) => {
            Expression::Here(singular(segments))
        }
        parsed::Comparable::SingularQuery(parsed::SingularQuery::Root(segments)) => {
            Expression::Root(singular(segments))
        }
    })
}

fn test(test: &parsed::Test) -> Result<Expression, Refusal> {
    Ok(match test {
        parsed::Test::RelQuery(query) => Expression::Here(segments(query)?),
        parsed::Test::AbsQuery(query) => Expression::Root(segments(&query.segments)?),
        parsed::Test::Function(function) => Expression::Function(Box::new(Function::compile(function)?)),
    })
}

pub(super) fn argument(argument: &parsed::FnArg) -> Result<Expression, Refusal> {
    Ok(match argument {
        parsed::FnArg::Literal(literal) => Expression::Literal(literal_value(literal)),
        parsed::FnArg::Test(one) => test(one)?,
        parsed::FnArg::Filter(one) => Expression::Filter(Box::new(filter(one)?)),
    })
}

fn literal_value(literal: &parsed::Literal) -> Value {
    match literal {
        parsed::Literal::Int(number) => (*number).into(),
        parsed::Literal::Float(number) => (*number).into(),
        parsed::Literal::String(text) => text.as_str().into(),
        parsed::Literal::Bool(said) => (*said).into(),
        parsed::Literal::Null => Value::null(),
    }
}

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

#[cfg(test)]
mod tests;
