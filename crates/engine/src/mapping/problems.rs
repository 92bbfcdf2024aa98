//! What a mapping did not find, told without values: one problem for each path, however many items there
//! are.

use serde_json::Value;

use super::error::{MapError, MappingProblem};
use super::field::{Field, Source, has_only_objects, shown_keys};
use super::view::View;
use crate::exchange::UpstreamResponse;
use crate::failure::{FailedResponse, Failure, FailureKind};
use crate::json_kind::kind;
use crate::path::{Path, walk};
use crate::value_ref::ValueRef;

/// Reads a reply and notes what is not there.
#[derive(Default)]
pub struct Reader {
    pub(crate) problems: Vec<MappingProblem>,
}

impl Reader {
    /// Reads a value that ought to be there, and says so where it is not.
    pub(crate) fn expected(&mut self, field: &Field, view: &View<'_>) -> Option<Value> {
        let value = field.read(view);
        if value.as_ref().is_none_or(Value::is_null) {
            self.note(field, describe(value.as_ref(), field, view), true);
        }
        value
    }

    /// Reads the id of what was created, and says so where there is none.
    pub(crate) fn created_id(&mut self, field: &Field, has_none: bool, view: &View<'_>) -> Option<Value> {
        if has_none {
            return None;
        }
        let value = self.expected(field, view)?;
        let id = field.created_id(view);
        if !value.is_null() && id.is_none() {
            self.note(field, describe(Some(&value), field, view), true);
        }
        id
    }

    /// The failure for a creation whose reply has no id.
    pub(crate) fn missing_id(&self, field: &Field, response: &UpstreamResponse) -> Box<Failure> {
        let found = self.problems.first().map_or("nothing", |problem| problem.found.as_str());
        let message = format!(
            "The CRM answered {} without the id of a new record at {} (found {found})",
            response.status, field.text
        );
        Box::new(Failure {
            response: Some(Box::new(FailedResponse {
                headers: response.headers.clone(),
                body: response.body().clone(),
            })),
            answered: Some(response.status),
            ..Failure::new(FailureKind::Unconfirmed, message)
        })
    }

    /// Notes the fields that the document names and that nothing is at, in any of the items.
    pub(crate) fn look_for(&mut self, fields: &[&Field], items: &[View<'_>]) {
        // A null is no item that could have something.
        let real = || items.iter().filter(|item| !item.here.is_null());
        let Some(first) = real().next() else { return };
        for field in fields.iter().filter(|field| field.explicit) {
            if real().any(|item| field.may_find(item)) {
                continue;
            }
            let found = describe(None, field, first);
            self.note(field, in_all(&found, real().count()), false);
        }
    }

    /// Notes the items that have no id.
    ///
    /// # Errors
    /// If there are items and none of them is left: that is no empty list.
    pub(crate) fn without_id(
        &mut self,
        field: &Field,
        nameless: &[View<'_>],
        items: &[View<'_>],
        none_is_left: bool,
    ) -> Result<(), MapError> {
        // A null is no item that could have an id.
        let Some(first) = nameless.iter().find(|item| !item.here.is_null()).or(nameless.first()) else {
            return Ok(());
        };
        let found = describe(field.find(first).as_deref(), field, first);
        if none_is_left && !first.here.is_null() {
            return Err(MapError::NoItemId { path: field.text.to_string(), count: items.len(), found });
        }
        let found = if nameless.len() == items.len() {
            in_all(&found, items.len())
        } else {
            let skipped = nameless.iter().filter(|item| !item.here.is_object()).count();
            let skipped = match (skipped, nameless.len()) {
                (0, _) => String::new(),
                (skipped, all) if skipped == all => ", skipped".to_owned(),
                (skipped, _) => format!(", {skipped} of them skipped"),
            };
            let (head, keys) = split(&found);
            format!("{head} in {} of {} items{skipped}{keys}", nameless.len(), items.len())
        };
        self.note(field, found, true);
        Ok(())
    }

    /// Notes a list that is not where the document says. One that a reply without anything lacks, or that
    /// stands in something empty, is just empty.
    pub(crate) fn absent_list(&mut self, list: &Field, view: &View<'_>) {
        if list.explicit && !list.may_find(view) {
            self.note(list, describe(None, list, view), false);
        }
    }

    /// Notes attendees that are no list.
    pub(crate) fn not_attendees(&mut self, list: &Field, error: &MapError) {
        if let (true, MapError::NotAList { found, .. }) = (list.explicit, error) {
            self.note(list, format!("{found}, not a list"), false);
        }
    }

    /// Notes a list of which only the first items are taken.
    pub(crate) fn left_out(&mut self, list: &Field, taken: usize, of_items: usize) {
        self.note(list, format!("{of_items} items, of which the first {taken} are taken"), true);
        let noted =
            self.problems.iter_mut().find(|known| *known.key == *list.key && *known.path == *list.text);
        if let Some(noted) = noted {
            noted.of_items.get_or_insert(of_items);
        }
    }

    pub(crate) fn note(&mut self, field: &Field, found: String, is_essential: bool) {
        if self.problems.iter().any(|known| *known.key == *field.key && *known.path == *field.text) {
            return;
        }
        self.problems.push(MappingProblem {
            key: field.key.to_string(),
            path: field.text.to_string(),
            found,
            is_essential,
            of_items: None,
        });
    }
}

fn in_all(found: &str, items: usize) -> String {
    let (head, keys) = split(found);
    match items {
        1 => found.to_owned(),
        items => format!("{head} in all {items} items{keys}"),
    }
}

/// What was found, and what is there instead.
fn split(found: &str) -> (&str, &str) {
    found.split_at(found.find([';', ',']).unwrap_or(found.len()))
}

/// What a field found, in words: never a value, at most the names of keys nearby.
pub(crate) fn describe(found: Option<&Value>, field: &Field, view: &View<'_>) -> String {
    if let Some(value) = found {
        return kind(value).to_owned();
    }
    if let Source::Template(template) = &field.source
        && let Err(problem) = template.value(view)
    {
        return format!("nothing: {problem}");
    }
    let near = match field.path() {
        Some(Path::Steps(steps)) if !steps.is_empty() => {
            (0..steps.len()).rev().find_map(|length| walk(&steps[..length], view.here))
        }
        _ => Some(ValueRef::Borrowed(view.here)),
    };
    match near.as_deref() {
        // Of several objects the keys may be data: ids, names. The only one is what a reply is put into.
        Some(Value::Object(members)) if members.len() > 1 && has_only_objects(members) => {
            format!("nothing, below an object of {} objects", members.len())
        }
        Some(Value::Object(members)) if !members.is_empty() => {
            format!("nothing; the object there has {}", shown_keys(members))
        }
        Some(value) => format!("nothing, below {}", kind(value)),
        None => "nothing".to_owned(),
    }
}
