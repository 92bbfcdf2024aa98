//! The items of a list, in the shapes that CRMs give lists.

use std::collections::HashMap;

use serde_json::Value;

use super::error::MapError;
use super::field::{Field, Source, has_only_objects, shown_key, shown_keys};
use crate::json_kind::kind;
use crate::path::Path;
use crate::truthy::is_truthy;
use crate::value_ref::ValueRef;

/// What stands where a list is expected.
pub(super) enum Shape<'v> {
    /// Items.
    Items(Vec<&'v Value>),
    /// Nothing at all.
    Missing,
}

/// What a value that is a record is known by: its id, or nothing where it has none and needs none. `None`:
/// it is no record.
pub(crate) type Identify<'f> = &'f dyn Fn(&Value) -> Option<String>;

/// The items of a list.
///
/// Items are the elements of the array, or of all arrays that a query matches. Arrays that stand where an
/// item should are joined, unless they are records themselves (rows). One record alone is a list of one, as in
/// JSON that was made of XML; an object whose keys are positions or the records' ids is read as a
/// list, as PHP writes one. Nothing, and everything that JavaScript takes for false, is an empty list.
pub(super) fn items<'v>(
    list: &Field,
    path: &Path,
    root: &'v Value,
    identify: Identify<'_>,
) -> Result<Shape<'v>, MapError> {
    let found: Vec<&'v Value> = match path {
        Path::Query(_) => path.all(root),
        Path::Steps(_) => match path.first(root) {
            None => return Ok(Shape::Missing),
            Some(ValueRef::Borrowed(value)) => return one(list, value, identify),
            Some(computed) if is_truthy(&computed) => return Err(not_a_list(list, &computed)),
            Some(_) => Vec::new(),
        },
    };
    match found.as_slice() {
        [] => Ok(Shape::Missing),
        [value] if identify(value).is_none() => one(list, value, identify),
        _ => Ok(Shape::Items(joined(found, identify))),
    }
}

/// The items of one value that stands where a list is expected.
pub(super) fn one<'v>(list: &Field, value: &'v Value, identify: Identify<'_>) -> Result<Shape<'v>, MapError> {
    match value {
        Value::Array(items) => Ok(Shape::Items(joined(items.iter().collect(), identify))),
        Value::Object(members) if members.is_empty() => Ok(Shape::Items(Vec::new())),
        _ if !is_truthy(value) => Ok(Shape::Items(Vec::new())),
        Value::Object(_) if identify(value).is_some() => Ok(Shape::Items(vec![value])),
        Value::Object(members) if members.iter().all(|(key, member)| is_keyed(key, member, identify)) => {
            Ok(Shape::Items(members.values().collect()))
        }
        _ => Err(not_a_list(list, value)),
    }
}

/// Whether a member of an object is a record under its position or its id. Under another name it may be
/// anything that has an id.
fn is_keyed(key: &str, member: &Value, identify: Identify<'_>) -> bool {
    let is_position = key.bytes().all(|byte| byte.is_ascii_digit());
    member.is_object() && identify(member).is_some_and(|id| is_position || id == key)
}

/// Joins lists that stand among the items' places, one level deep, twice at most: lists that a query
/// matches may hold lists. A record beside them is a list of one.
fn joined<'v>(mut items: Vec<&'v Value>, identify: Identify<'_>) -> Vec<&'v Value> {
    for _ in 0..2 {
        let is_list = |item: &Value| item.is_array() && identify(item).is_none();
        let is_alone = |item: &Value| item.is_null() || identify(item).is_some();
        let has_lists = items.iter().any(|item| is_list(item));
        if !has_lists || !items.iter().all(|item| is_list(item) || is_alone(item)) {
            break;
        }
        items = items
            .into_iter()
            .flat_map(|item| match item {
                Value::Array(items) if is_list(item) => items.as_slice(),
                item => std::slice::from_ref(item),
            })
            .collect();
    }
    items
}

/// The failure of a template that makes no list of what it reads.
pub(super) fn none_in(list: &Field) -> MapError {
    let found = "nothing, although there is something in what it reads".to_owned();
    MapError::NotAList { path: list.text.to_string(), found, advice: String::new() }
}

fn not_a_list(list: &Field, value: &Value) -> MapError {
    let (found, advice) = match value {
        // Such keys are data.
        Value::Object(members) if members.is_empty() || has_only_objects(members) => {
            let path = list.text.strip_prefix("$.").unwrap_or(&list.text);
            let advice = match &list.source {
                Source::Path(_) => format!("; where its members are the records, write `$.{path}.*`"),
                _ => String::new(),
            };
            ("an object of objects".to_owned(), advice)
        }
        Value::Object(members) => {
            let lists = members.iter().filter(|(_, member)| member.is_array());
            let lists: Vec<String> =
                lists.map(|(key, _)| format!("`{}.{}`", list.text, shown_key(key))).take(3).collect();
            let advice = match &list.source {
                Source::Path(_) if !lists.is_empty() => format!("; a list is at {}", lists.join(", ")),
                _ => String::new(),
            };
            (format!("an object with {}", shown_keys(members)), advice)
        }
        other => (kind(other).to_owned(), String::new()),
    };
    MapError::NotAList { path: list.text.to_string(), found, advice }
}

/// Where items stand: for each, by its address, the element of an outer list that holds its list.
pub(super) struct Parents<'v>(HashMap<usize, (&'v Value, bool)>);

impl<'v> Parents<'v> {
    /// Looks at a whole reply, for a list at a path.
    pub(crate) fn of(reply: &'v Value, path: Option<&Path>) -> Self {
        let mut parents = Self(HashMap::new());
        if let Some(body) = reply.get("body") {
            parents.below(body, None, None);
        }
        // Around a list that is named alone there is no outer list, whatever object it stands in.
        if !matches!(path, Some(Path::Query(_))) {
            parents.0.retain(|_, (_, is_element)| *is_element);
        }
        parents
    }

    /// The element or object that holds the list of an item.
    pub(crate) fn get(&self, item: &Value) -> Option<&'v Value> {
        self.0.get(&address(item)).map(|(parent, _)| *parent)
    }

    /// `element` is the innermost element of a list around `value`, `holder` the innermost object below
    /// the body that is not itself an element.
    fn below(&mut self, value: &'v Value, element: Option<&'v Value>, holder: Option<&'v Value>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.note(item, element, holder);
                    // A list in a list has no fields that a record could want.
                    let element = if item.is_object() { Some(item) } else { element };
                    self.below(item, element, holder);
                }
            }
            Value::Object(members) => {
                for member in members.values() {
                    self.note(member, element, holder);
                    let holder = if member.is_object() { Some(member) } else { holder };
                    self.below(member, element, holder);
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, item: &'v Value, element: Option<&'v Value>, holder: Option<&'v Value>) {
        if let Some(outer) = element.or(holder) {
            self.0.insert(address(item), (outer, element.is_some()));
        }
    }
}

/// Items are told apart by where they stand in memory: the reply does not move while it is mapped.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}
