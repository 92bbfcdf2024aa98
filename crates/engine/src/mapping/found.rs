//! Whether a reply has what the operation's mapping wants.

use serde_json::Value;

use super::field::Field;
use super::view::View;
use crate::path::Listed;

/// What a mapping finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// What the operation is for: an id, a list with something in it, a text.
    Yes,
    /// Nothing of it.
    No,
    /// The mapping does not say what a good reply has.
    Unread,
}

impl Found {
    /// What an id says that ought to be there.
    pub(crate) fn id(field: &Field, view: &View<'_>) -> Self {
        if has_id(field, view) { Self::Yes } else { Self::No }
    }

    /// What a list says. A list that a template makes is not read twice.
    pub(crate) fn items(field: &Field, view: &View<'_>) -> Self {
        match field.path().map(|path| path.list(view.reply)) {
            Some(Listed::Items(items)) if !items.is_empty() => Self::Yes,
            Some(_) => Self::No,
            None => Self::Unread,
        }
    }
}

/// Whether an id is where the document says.
pub(crate) fn has_id(field: &Field, view: &View<'_>) -> bool {
    field.created_id(view).is_some()
}

/// Whether anything but null is where the document says.
pub(crate) fn has_value(field: &Field, view: &View<'_>) -> bool {
    field.find(view).is_some_and(|value| !value.is_null())
}

/// Whether a value is a text that says something, or no text.
pub(crate) fn says_something(value: &Value) -> bool {
    !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty())
}
