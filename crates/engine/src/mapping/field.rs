//! A field of a mapping: where its value comes from.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::view::{Reading, View};
use crate::budget;
use crate::header_id::id_at_the_end;
use crate::path::Path;
use crate::template::reply::ReplyTemplate;
use crate::text::{id_text, is_record_id, to_text};
use crate::truthy::is_truthy;
use crate::value_ref::ValueRef;

/// A field of a mapping, compiled.
#[derive(Debug)]
pub struct Field {
    /// Its key as documents write it, such as `item.namePath`, for messages.
    pub(crate) key: Box<str>,
    /// The path or template as the document writes it, or the default that stands for it.
    pub(crate) text: Box<str>,
    /// Where the value comes from.
    pub(crate) source: Source,
    /// Whether the document itself names it; a default that finds nothing is no problem.
    pub(crate) explicit: bool,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Source {
    /// A path from the item or the reply.
    Path(Path),
    /// A path that starts elsewhere.
    Reading(Reading),
    /// The first of these that finds something.
    FirstOf(Box<[Source]>),
    /// A template.
    Template(Box<ReplyTemplate>),
    /// JSON with templates in it.
    Made(Box<Made>),
}

/// JSON with templates in it.
#[derive(Debug)]
pub enum Made {
    /// As it stands.
    Literal(Value),
    /// A template.
    Template(ReplyTemplate),
    /// A list.
    List(Box<[Made]>),
    /// An object; members without a value are left out.
    Object(Box<[(Box<str>, Made)]>),
}

impl Field {
    /// The value; nothing where there is none, or where a template fails.
    pub(crate) fn find<'v>(&self, view: &View<'v>) -> Option<ValueRef<'v>> {
        match &self.source {
            Source::Path(path) => path.first(view.here),
            other => other.find(view),
        }
    }

    /// The value, as its own.
    pub(crate) fn read(&self, view: &View<'_>) -> Option<Value> {
        self.find(view).and_then(taken)
    }

    /// The value where JavaScript takes it for true: the reference treats `0`, `""` and `false`
    /// like nothing (recordings 06, `defaults-falsy-values`).
    pub(crate) fn truthy(&self, view: &View<'_>) -> Option<Value> {
        let value = self.find(view)?;
        is_truthy(&value).then(|| taken(value)).flatten()
    }

    /// The value as text, where it is true in the sense of JavaScript.
    pub(crate) fn text(&self, view: &View<'_>) -> Option<String> {
        self.truthy(view).map(|value| to_text(&value).into_owned())
    }

    /// The value where it is an id.
    pub(crate) fn id(&self, view: &View<'_>) -> Option<String> {
        self.find(view).as_deref().and_then(id_text)
    }

    /// Whether anything is where the document says. A `null` is something: the key is right.
    pub(crate) fn finds(&self, view: &View<'_>) -> bool {
        self.source.finds(view)
    }

    /// Whether what the document says is at least possible: there is something, or what would hold it is
    /// empty.
    pub(crate) fn may_find(&self, view: &View<'_>) -> bool {
        self.source.may_find(view)
    }

    /// The id of what was created, where there is one: in a header that holds an address, the id at its end.
    pub(crate) fn created_id(&self, view: &View<'_>) -> Option<Value> {
        self.source.created_id(view).filter(is_record_id)
    }

    /// Whether a template reads something that is not empty.
    pub(crate) fn reads_something(&self, view: &View<'_>) -> bool {
        matches!(&self.source, Source::Template(template) if template.reads_something(view))
    }

    /// Whether the value may come from what holds the item's list.
    pub(crate) fn reads_parent(&self) -> bool {
        self.source.reads_parent()
    }

    /// The path at which its value stands, or the first of them.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::Path(path) => Some(path),
            Source::FirstOf(sources) => sources.iter().find_map(|source| match source {
                Source::Path(path) => Some(path),
                _ => None,
            }),
            _ => None,
        }
    }
}

/// A value that a result keeps: each of many items could have the whole reply in it.
fn taken(value: ValueRef<'_>) -> Option<Value> {
    budget::spend(budget::weight(&value)).ok()?;
    Some(value.into_owned())
}

impl Source {
    fn find<'v>(&self, view: &View<'v>) -> Option<ValueRef<'v>> {
        match self {
            Self::Path(path) => path.first(view.here),
            Self::Reading(reading) => reading.find(view),
            Self::FirstOf(sources) => {
                let mut empty = None;
                for found in sources.iter().filter_map(|source| source.find(view)) {
                    if found.is_null() || found.as_str() == Some("") {
                        empty.get_or_insert(found);
                    } else {
                        return Some(found);
                    }
                }
                empty
            }
            // What a helper refuses is as good as missing; what the document asks for is told by `finds`.
            Self::Template(template) => template.value(view).unwrap_or_default(),
            Self::Made(made) => made.value(view).map(ValueRef::owned),
        }
    }

    fn finds(&self, view: &View<'_>) -> bool {
        match self {
            Self::Path(path) => path.first(view.here).is_some(),
            Self::Reading(reading) => reading.find(view).is_some(),
            Self::FirstOf(sources) => sources.iter().any(|source| source.finds(view)),
            Self::Template(template) => template.finds(view) && template.value(view).is_ok(),
            Self::Made(made) => made.finds(view),
        }
    }

    fn may_find(&self, view: &View<'_>) -> bool {
        match self {
            Self::Path(path) => !path.is_absent(view.here),
            Self::FirstOf(sources) => sources.iter().any(|source| source.may_find(view)),
            other => other.finds(view),
        }
    }

    fn created_id(&self, view: &View<'_>) -> Option<Value> {
        match self {
            Self::Path(path @ Path::Steps(steps)) => {
                let value = path.first(view.here)?;
                match value.as_str().and_then(|text| id_at_the_end(steps, text)) {
                    Some(id) => id.map(Value::String),
                    None => taken(value),
                }
            }
            Self::FirstOf(sources) => {
                sources.iter().filter_map(|source| source.created_id(view)).find(is_record_id)
            }
            other => other.find(view).and_then(taken),
        }
    }

    fn reads_parent(&self) -> bool {
        match self {
            Self::Path(_) => false,
            Self::Reading(reading) => matches!(reading, Reading::Parent(_)),
            Self::FirstOf(sources) => sources.iter().any(Self::reads_parent),
            Self::Template(template) => template.reads_parent(),
            Self::Made(made) => made.any(&|template| template.reads_parent()),
        }
    }
}

impl Made {
    /// The value; `None` if it has templates and none of them has a value.
    fn value(&self, view: &View<'_>) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Template(template) => template.value(view).unwrap_or_default().and_then(taken),
            Self::List(items) => {
                let values: Vec<Value> =
                    items.iter().map(|item| item.value(view).unwrap_or_default()).collect();
                Some(values.into())
            }
            Self::Object(members) => {
                let values: Map<String, Value> = members
                    .iter()
                    .filter_map(|(key, member)| Some((key.to_string(), member.value(view)?)))
                    .collect();
                (members.is_empty() || !values.is_empty()).then_some(Value::Object(values))
            }
        }
    }

    fn finds(&self, view: &View<'_>) -> bool {
        !self.any(&|_| true) || self.any(&|template| template.finds(view))
    }

    fn any(&self, test: &dyn Fn(&ReplyTemplate) -> bool) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Template(template) => test(template),
            Self::List(items) => items.iter().any(|item| item.any(test)),
            Self::Object(members) => members.iter().any(|(_, member)| member.any(test)),
        }
    }
}

/// A key for messages: what looks like a value that became a key is not shown.
pub(crate) fn shown_key(key: &str) -> Cow<'_, str> {
    const LONGEST: usize = 40;
    let digits = key.chars().filter(char::is_ascii_digit).count();
    if digits > 6 || key.contains('@') || key.chars().any(char::is_control) || is_like_a_token(key) {
        return Cow::Borrowed("…");
    }
    match key.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &key[..end])),
        None => Cow::Borrowed(key),
    }
}

/// Whether a long key is no name made of words: one run of letters, or letters with digits among them.
fn is_like_a_token(key: &str) -> bool {
    const LONG: usize = 20;
    if key.chars().count() < LONG {
        return false;
    }
    let pairs = || key.chars().zip(key.chars().skip(1));
    let is_boundary = |(a, b): (char, char)| !a.is_alphanumeric() || (a.is_lowercase() && b.is_uppercase());
    !pairs().any(is_boundary) || pairs().any(|(a, b)| a.is_ascii_digit() && b.is_alphabetic())
}

/// Whether an object holds nothing but objects: its keys may be data, such as the names of people.
pub(crate) fn has_only_objects(members: &Map<String, Value>) -> bool {
    !members.is_empty() && members.values().all(Value::is_object)
}

/// The keys of an object, for messages.
pub(crate) fn shown_keys(members: &Map<String, Value>) -> String {
    const SHOWN: usize = 8;
    let keys: Vec<Cow<'_, str>> = members.keys().take(SHOWN).map(|key| shown_key(key)).collect();
    let more = if members.len() > keys.len() { ", …" } else { "" };
    format!("the keys {}{more}", keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_values_are_not_shown() {
        for key in [
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "abcdefghijklmnopqrstuvwxyz",
            "sk_live9aQdFgHjKlMnBvCx",
            "101555012345",
            "ada@example.com",
            "one\ntwo",
        ] {
            assert_eq!(shown_key(key), "…", "{key}");
        }
        for key in [
            "id",
            "properties",
            "hs_communication_channel",
            "composedLogDetailsText",
            "custom_field_of_line_2",
        ] {
            assert_eq!(shown_key(key), key);
        }
    }
}
