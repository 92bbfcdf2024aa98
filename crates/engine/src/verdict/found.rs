//! Whether a reply has what the operation's mapping wants.

use serde_json::Value;

use super::says_no::is_refusals_word;
use crate::mapping::view::View;
use crate::mapping::{CompiledMapping, Field, Source};
use crate::operation::Operation;
use crate::path::{Listed, Path, Step};

/// What a mapping finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// What the operation is for: an id, a list with something in it, a text.
    Yes,
    /// Nothing of it.
    No,
    /// The mapping does not say what a good reply has.
    Unread,
}

/// Looks for it in `{ body, status, headers }`.
pub(super) fn found(operation: &Operation, document: &Value) -> Found {
    let view = &View::of_reply_alone(document);
    let yes = |is_found: bool| if is_found { Found::Yes } else { Found::No };
    let value = |field: &Field| field.find(view).is_some_and(|value| !value.is_null());
    match &operation.mapping {
        CompiledMapping::UserInfo(paths) => match &paths.id {
            Some(id) if !matches!(id.source, Source::Reading(_)) => yes(has_id(id, view)),
            _ => Found::Unread,
        },
        CompiledMapping::Contacts(Some(paths)) => has_items(&paths.list, document),
        CompiledMapping::Contacts(None) => Found::Unread,
        CompiledMapping::Appointments { list, .. } => has_items(list, document),
        CompiledMapping::Users(paths) => {
            paths.list.as_ref().map_or(Found::Unread, |list| has_items(list, document))
        }
        CompiledMapping::Contact(Some(paths)) if paths.has_none => Found::Unread,
        CompiledMapping::Contact(paths) => {
            paths.as_ref().map_or(Found::Unread, |paths| yes(has_id(&paths.id, view)))
        }
        CompiledMapping::Log(paths) if paths.has_none => Found::Unread,
        CompiledMapping::Log(paths) => yes(has_id(&paths.id, view)),
        CompiledMapping::Appointment(paths) => {
            if has_id(&paths.id, view) {
                Found::Yes
            } else {
                Found::Unread
            }
        }
        // A text that stands where a refusal has its words proves no record.
        CompiledMapping::CallLog(paths) => {
            let texts = [&paths.full_body, &paths.note];
            let is_text = |field: &Field| {
                let found = field.find(view);
                found.is_some_and(|text| {
                    !text.is_null() && text.as_str().is_none_or(|text| !text.trim().is_empty())
                }) && !field.path().is_some_and(ends_in_refusals_word)
            };
            if texts.into_iter().any(is_text) { Found::Yes } else { Found::Unread }
        }
        CompiledMapping::License(paths) => {
            yes([&paths.is_valid, &paths.status, &paths.description].iter().any(|path| value(path)))
        }
        CompiledMapping::AuthValidation(paths) => match &paths.successful {
            Some(path) if value(path) => Found::Yes,
            _ => Found::Unread,
        },
        CompiledMapping::Settings(path) if path.explicit && value(path) => Found::Yes,
        CompiledMapping::Settings(_) | CompiledMapping::Acknowledged => Found::Unread,
    }
}

fn has_id(field: &Field, view: &View<'_>) -> bool {
    field.created_id(view).is_some()
}

/// A list that a template makes is not read twice.
fn has_items(field: &Field, document: &Value) -> Found {
    match field.path().map(|path| path.list(document)) {
        Some(Listed::Items(items)) if !items.is_empty() => Found::Yes,
        Some(_) => Found::No,
        None => Found::Unread,
    }
}

fn ends_in_refusals_word(path: &Path) -> bool {
    match path {
        Path::Steps(steps) => match steps.last() {
            Some(Step::Segment(name, _) | Step::Name(name)) => is_refusals_word(name),
            _ => false,
        },
        Path::Query(_) => false,
    }
}
