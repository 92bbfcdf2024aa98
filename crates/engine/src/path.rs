//! Paths into JSON, compiled once: the dot paths of the language and JSONPath (RFC 9535).

mod compare;
mod found;
mod query;

use std::fmt;

use jsonpath_rust::parser::parse_json_path;
use serde_json::{Map, Value};

pub use self::query::Query;
use self::query::{Segment, Selector, values_at};

use super::budget;
use super::value_ref::ValueRef;

/// A compiled path.
#[derive(Debug, Clone)]
pub enum Path {
    /// Dot path or singular JSONPath: at most one value. No segments name the root.
    Steps(Box<[Step]>),
    /// A JSONPath query that may yield several values.
    Query(Box<Query>),
}

/// One step of a [`Path::Steps`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A dot path segment: a key of an object; a number indexes arrays and texts; `length` counts.
    Segment(Box<str>, Option<usize>),
    /// A JSONPath name selector: a key of an object, nothing else.
    Name(Box<str>),
    /// A JSONPath index selector; negative counts from the end.
    Index(i64),
}

/// As in a dot path.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(name, _) | Self::Name(name) => f.write_str(name),
            Self::Index(index) => index.fmt(f),
        }
    }
}

/// Why a path cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPathError {
    /// What the parser said, in one line.
    pub message: String,
    /// Byte offset in the path where it stopped, where known.
    pub offset: Option<usize>,
    /// Whether it is about the pattern of `search` or `match`.
    pub is_pattern: bool,
}

/// Whether a text is JSONPath rather than a dot path.
pub fn is_json_path(text: &str) -> bool {
    text.starts_with("$.") || text.starts_with("$[")
}

impl Path {
    /// Compiles a path: JSONPath where it begins with `$.` or `$[`, else a dot path, which cannot
    /// fail: as on the reference server, an odd segment is a key that nothing has.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        if is_json_path(text) { Self::parse_json_path(text) } else { Ok(Self::parse_dot_path(text)) }
    }

    /// Compiles a dot path. The empty path and `$` are the root.
    pub fn parse_dot_path(text: &str) -> Self {
        if text.is_empty() || text == "$" {
            return Self::Steps(Box::default());
        }
        Self::Steps(text.split('.').map(Step::segment).collect())
    }

    fn parse_json_path(text: &str) -> Result<Self, JsonPathError> {
        let query = parse_json_path(text).map_err(|error| JsonPathError::new(&error, text))?;
        let query = Query::compile(&query).map_err(|message| JsonPathError {
            message,
            offset: None,
            is_pattern: true,
        })?;
        Ok(singular_steps(&query).map_or_else(|| Self::Query(Box::new(query)), Self::Steps))
    }

    /// Whether the path is the root itself.
    pub fn is_root(&self) -> bool {
        matches!(self, Self::Steps(steps) if steps.is_empty())
    }

    /// The single value the path names; of several, the first.
    pub fn first<'v>(&self, root: &'v Value) -> Option<ValueRef<'v>> {
        match self {
            Self::Steps(steps) => walk(steps, root),
            Self::Query(query) => query.values(root).ok()?.first().map(|found| ValueRef::Borrowed(found)),
        }
    }

    /// All values that the path names.
    pub(super) fn all<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        match self {
            Self::Steps(steps) => match walk(steps, root) {
                Some(ValueRef::Borrowed(value)) => vec![value],
                _ => Vec::new(),
            },
            Self::Query(query) => query.values(root).unwrap_or_default(),
        }
    }

    /// Whether the path leads to a key that an object lacks, or below something that has no members. Below a
    /// null and whatever is empty there may be nothing, and so may be behind the end of a list. A
    /// query leads as far as it names one value: what it selects there may be nothing.
    pub(super) fn is_absent(&self, root: &Value) -> bool {
        let leading: Box<[Step]>;
        let steps = match self {
            Self::Steps(steps) => steps,
            Self::Query(query) => {
                leading = query.segments.iter().map_while(singular_step).collect();
                &leading
            }
        };
        if walk(steps, root).is_some() {
            return false;
        }
        let last = (0..steps.len()).rev().find_map(|length| Some((length, walk(&steps[..length], root)?)));
        match last.as_ref().map(|(length, held)| (&steps[*length], &**held)) {
            Some((_, Value::Object(members))) => !members.is_empty(),
            Some((Step::Index(_) | Step::Segment(_, Some(_)), Value::Array(_))) | None => false,
            Some((_, Value::Array(items))) => !items.is_empty(),
            Some((_, Value::String(text))) => !text.is_empty(),
            Some((_, held)) => !matches!(held, Value::Null | Value::Bool(false)),
        }
    }

    /// The list the path names: the array itself, or all values of a query that yields several.
    /// A query that yields nothing but arrays means what is in them.
    pub fn list<'v>(&self, root: &'v Value) -> Listed<'v> {
        match self {
            Self::Steps(steps) => match walk(steps, root) {
                None => Listed::Missing,
                Some(ValueRef::Borrowed(Value::Array(items))) => Listed::Items(items.iter().collect()),
                Some(other) => Listed::Other(other),
            },
            Self::Query(query) => {
                let Ok(mut values) = query.values(root) else { return Listed::Missing };
                if values.is_empty() {
                    values = of_one_item(&query.segments, root).unwrap_or_default();
                }
                if values.is_empty() {
                    return Listed::Missing;
                }
                let are_lists = values.iter().all(|value| value.is_array());
                Listed::Items(if are_lists {
                    values.into_iter().filter_map(Value::as_array).flatten().collect()
                } else {
                    values
                })
            }
        }
    }
}

/// The values of a query where a list that it goes through (`[*]`) is one object: it stands for the list
/// that it would be with others beside it. Nothing where no such object is on the way.
fn of_one_item<'v>(segments: &[Segment], root: &'v Value) -> Option<Vec<&'v Value>> {
    let at = segments.iter().position(|segment| singular_step(segment).is_none())?;
    let (leading, rest) = segments.split_at(at);
    let leading: Box<[Step]> = leading.iter().map_while(singular_step).collect();
    let (Segment::Selectors(selectors), rest) = rest.split_first()? else { return None };
    let [Selector::Wildcard] = selectors.as_slice() else { return None };
    let Some(ValueRef::Borrowed(item @ Value::Object(_))) = walk(&leading, root) else { return None };
    if rest.is_empty() {
        return None;
    }
    let values = values_at(rest, item).ok()?;
    if values.is_empty() { of_one_item(rest, item) } else { Some(values) }
}

/// What a list path found.
#[derive(Debug)]
pub enum Listed<'v> {
    /// The items.
    Items(Vec<&'v Value>),
    /// Nothing.
    Missing,
    /// Something that is not a list.
    Other(ValueRef<'v>),
}

impl Step {
    /// A segment of a dot path.
    pub(super) fn segment(text: &str) -> Self {
        // `01` and `+1` are keys, not indexes, as in JavaScript.
        let index = text.parse::<usize>().ok().filter(|index| index.to_string() == text);
        Self::Segment(text.into(), index)
    }
}

/// Follows steps from a value. Borrows unless the last step computes a value (`length`, a
/// character of a text).
pub fn walk<'v>(steps: &[Step], root: &'v Value) -> Option<ValueRef<'v>> {
    let mut current = root;
    for (at, step) in steps.iter().enumerate() {
        current = match (step, current) {
            (Step::Segment(key, _) | Step::Name(key), Value::Object(members)) => member(members, key)?,
            (Step::Segment(_, Some(index)), Value::Array(items)) => items.get(*index)?,
            (Step::Index(index), Value::Array(items)) => {
                let from_end = items.len() as i64 + index;
                items.get(usize::try_from(if *index < 0 { from_end } else { *index }).ok()?)?
            }
            (Step::Segment(key, index), _) => {
                let computed = computed(key, *index, current)?;
                return match &steps[at + 1..] {
                    [] => Some(ValueRef::owned(computed)),
                    rest => walk(rest, &computed).map(|value| ValueRef::owned(value.into_owned())),
                };
            }
            _ => return None,
        };
    }
    Some(ValueRef::Borrowed(current))
}

/// Follows steps from an object that is not wrapped in a value. No steps name no value of it.
pub(super) fn walk_object<'v>(steps: &[Step], members: &'v Map<String, Value>) -> Option<ValueRef<'v>> {
    match steps {
        [Step::Segment(key, _) | Step::Name(key), rest @ ..] => walk(rest, member(members, key)?),
        _ => None,
    }
}

/// A member of an object. Hashing a key costs more than comparing it with a handful of others, most
/// of which differ in length already.
fn member<'v>(members: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    const FEW: usize = 16;
    if members.len() > FEW {
        return members.get(key);
    }
    members.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
}

/// Follows steps from a text that is not wrapped in a value.
pub(super) fn walk_text(steps: &[Step], text: &str) -> Option<Value> {
    let (Step::Segment(key, index), rest) = steps.split_first()? else { return None };
    let computed = computed_of_text(key, *index, text)?;
    walk(rest, &computed).map(ValueRef::into_owned)
}

/// Members that JavaScript gives to texts and arrays and that documents use (recordings 03,
/// `throughString`, `length`, `stringIndex`). Positions are UTF-16 units, as there.
fn computed(key: &str, index: Option<usize>, value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) if key == "length" => Some(items.len().into()),
        Value::String(text) => computed_of_text(key, index, text),
        _ => None,
    }
}

fn computed_of_text(key: &str, index: Option<usize>, text: &str) -> Option<Value> {
    match (key, index) {
        ("length", _) => {
            budget::spend(budget::text(text.len())).ok()?;
            Some(text.encode_utf16().count().into())
        }
        (_, Some(index)) => {
            budget::spend(budget::text(index.min(text.len()))).ok()?;
            let unit = text.encode_utf16().nth(index)?;
            Some(Value::String(String::from_utf16_lossy(&[unit])))
        }
        _ => None,
    }
}

/// Steps of a query that names at most one value: it then needs no query machinery.
fn singular_steps(query: &Query) -> Option<Box<[Step]>> {
    query.segments.iter().map(singular_step).collect()
}

fn singular_step(segment: &Segment) -> Option<Step> {
    let Segment::Selectors(selectors) = segment else { return None };
    match selectors.as_slice() {
        [Selector::Name(name)] => plain_name(name).map(|name| Step::Name(name.into())),
        [Selector::Index(index)] => Some(Step::Index(*index)),
        _ => None,
    }
}

/// The parser keeps quotes and escapes of `['name']`; only names without escapes are taken over.
fn plain_name(name: &str) -> Option<&str> {
    let inner = ['\'', '"'].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
    let name = inner.unwrap_or(name);
    (!name.contains(['\\', '\'', '"'])).then_some(name)
}

impl JsonPathError {
    fn new(error: &jsonpath_rust::parser::errors::JsonPathError, query: &str) -> Self {
        use jsonpath_rust::parser::errors::JsonPathError as E;
        let told = match error {
            // Where it stopped is told as ` --> line:column`, from 1, in characters.
            E::PestError(syntax) => syntax.to_string(),
            other => other.to_string(),
        };
        let first = told.lines().next().unwrap_or_default();
        let column = first.split_once("--> 1:").and_then(|(_, column)| column.trim().parse::<usize>().ok());
        match column {
            Some(column) => Self {
                message: format!("the query stops making sense at character {column}"),
                offset: Some(query.char_indices().nth(column - 1).map_or(query.len(), |(at, _)| at)),
                is_pattern: false,
            },
            None => Self { message: first.to_owned(), offset: None, is_pattern: false },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn check(path: &str, root: &Value, expected: Option<Value>) {
        let path = Path::parse(path).unwrap();
        assert_eq!(path.first(root).map(ValueRef::into_owned), expected, "{path:?}");
    }

    #[test]
    fn one_object_stands_for_the_list_that_a_query_goes_through() {
        let list = |path: &str, root: &Value| match Path::parse(path).unwrap().list(root) {
            Listed::Items(items) => items.into_iter().cloned().collect(),
            _ => Vec::new(),
        };
        let path = "$.orders[*].contacts[*]";
        let contacts = json!([{"id": 1}, {"id": 2}]);
        for root in [json!({"orders": [{"contacts": contacts}]}), json!({"orders": {"contacts": contacts}})] {
            assert_eq!(list(path, &root), [json!({"id": 1}), json!({"id": 2})], "{root}");
        }
        let one = json!({"orders": {"contacts": [{"phones": {"number": 5}}]}});
        assert_eq!(list("$.orders[*].contacts[*].phones[*].number", &one), Vec::<Value>::new());
        assert_eq!(list("$.orders[*].contacts[*].phones.number", &one), [json!(5)]);
        assert_eq!(list("$.orders[*].leads[*]", &one), Vec::<Value>::new());
    }

    #[test]
    fn dot_paths_follow_the_recordings() {
        let root = json!({"str": "text", "arr": ["a", "b", {"deep": "c"}], "with-dash": "d", "with space": "s",
            "a.b": "dotted", "0": "zero", "nul": null, "emoji": "a\u{1F600}"});
        check("arr.0", &root, Some(json!("a")));
        check("arr.2.deep", &root, Some(json!("c")));
        check("arr.9", &root, None);
        check("arr.-1", &root, None);
        check("arr.01", &root, None);
        check("arr[0]", &root, None);
        check("arr.length", &root, Some(json!(3)));
        check("with-dash", &root, Some(json!("d")));
        check("with space", &root, Some(json!("s")));
        check("a.b", &root, None);
        check("0", &root, Some(json!("zero")));
        check("str.", &root, None);
        check("str.length", &root, Some(json!(4)));
        check("emoji.length", &root, Some(json!(3)));
        check("str.0", &root, Some(json!("t")));
        check("str.0.length", &root, Some(json!(1)));
        check("nul", &root, Some(Value::Null));
        check("nul.x", &root, None);
        check("$", &root, Some(root.clone()));
        check("str.constructor.name", &root, None);
    }

    #[test]
    fn json_paths_yield_the_first_value_or_all() {
        let root =
            json!({"body": {"list": [{"id": 1, "on": false}, {"id": 2, "on": true}, {"id": 3, "on": true}]}});
        check("$.body.list[1].id", &root, Some(json!(2)));
        check("$['body']['list'][-1].id", &root, Some(json!(3)));
        check("$.body.list[?@.on == true].id", &root, Some(json!(2)));
        let Listed::Items(items) = Path::parse("$.body.list[?@.on].id").unwrap().list(&root) else {
            panic!()
        };
        assert_eq!(items, [&json!(1), &json!(2), &json!(3)]);
        let Listed::Items(items) = Path::parse("$..list").unwrap().list(&root) else { panic!() };
        assert_eq!(items.len(), 3, "a query that yields one array means that array");
        assert!(matches!(Path::parse("$.nope[*]").unwrap().list(&root), Listed::Missing));
    }

    #[test]
    fn singular_queries_need_no_query_machinery() {
        assert!(matches!(Path::parse("$.a['b c'][0]").unwrap(), Path::Steps(steps) if steps.len() == 3));
        assert!(matches!(Path::parse("$.a[*]").unwrap(), Path::Query(_)));
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z0-9]{1,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Every value below a root with the path to it, as a dot path and as JSONPath.
    fn places(root: &Value) -> Vec<(String, String, &Value)> {
        let mut found = vec![(String::new(), "$".to_owned(), root)];
        let mut at = 0;
        while let Some((dots, query, value)) = found.get(at).cloned() {
            let below: Vec<(String, String, &Value)> = match value {
                Value::Object(members) => {
                    members.iter().map(|(key, member)| (key.clone(), format!("['{key}']"), member)).collect()
                }
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .map(|(n, item)| (n.to_string(), format!("[{n}]"), item))
                    .collect(),
                _ => Vec::new(),
            };
            for (segment, selector, member) in below {
                let dots = if dots.is_empty() { segment } else { format!("{dots}.{segment}") };
                found.push((dots, format!("{query}{selector}"), member));
            }
            at += 1;
        }
        found
    }

    proptest! {
        /// Whatever an author writes is a path or an error, and reading with it never panics.
        #[test]
        fn any_text_is_a_path_or_an_error(text in "\\PC{0,24}", query in "[$.\\[\\]'*?@a-c0-2=<&|!() -]{0,16}", root in documents()) {
            for text in [text.as_str(), &query, &format!("$.{query}"), &format!("$[{query}")] {
                match Path::parse(text) {
                    Ok(path) => {
                        path.first(&root);
                        path.list(&root);
                    }
                    Err(error) => prop_assert!(error.offset.is_none_or(|offset| offset <= text.len())),
                }
            }
        }

        /// Every value can be named in both ways, and the two name the same.
        #[test]
        fn every_value_is_found_by_its_path(root in documents()) {
            for (dots, query, value) in places(&root) {
                for path in [Path::parse_dot_path(&dots), Path::parse(&query).unwrap()] {
                    let found = path.first(&root).map(ValueRef::into_owned);
                    prop_assert_eq!(found.as_ref(), Some(value), "{} {}", &dots, &query);
                }
            }
        }
    }

    #[test]
    fn a_broken_query_says_where() {
        let error = Path::parse("$.body[?@.a ==]").unwrap_err();
        assert!(error.offset.is_some(), "{error:?}");
    }
}
