//! The items of a list, each as its fields see it.

use std::cell::OnceCell;

use serde_json::Value;

use super::error::MapError;
use super::field::{Field, Source};
pub(crate) use super::list::Identify;
use super::list::{self, Parents, Shape};
use super::problems::Reader;
use super::view::View;
use crate::decode::not_json;
use crate::exchange::{BodyKind, UpstreamResponse};

/// The items of a list, each with what is around it.
pub(crate) fn views<'v>(
    list: &Field,
    view: &View<'v>,
    made: &'v OnceCell<Option<Value>>,
    with_parents: bool,
    identify: Identify<'_>,
) -> Result<Option<Vec<View<'v>>>, MapError> {
    let shape = match &list.source {
        Source::Path(path) => list::items(list, path, view.here, identify)?,
        _ => match made.get_or_init(|| list.read(view)) {
            Some(value) if !value.is_null() => list::one(list, value, identify)?,
            // A text that should hold a list, such as JSON that was cut off, is no empty list.
            _ if list.reads_something(view) => return Err(list::none_in(list)),
            _ => Shape::Missing,
        },
    };
    let Shape::Items(items) = shape else { return Ok(None) };
    let parents = with_parents.then(|| Parents::of(view.reply, list.path()));
    let parent = |item: &Value| parents.as_ref().and_then(|parents| parents.get(item));
    Ok(Some(items.into_iter().map(|item| view.of_item(item, parent(item))).collect()))
}

impl Reader {
    /// The items of an operation's list, the first `most` of them. A list that is not there has none, and is
    /// told, and so is one that is longer.
    pub(crate) fn items<'v>(
        &mut self,
        list: &Field,
        view: &View<'v>,
        made: &'v OnceCell<Option<Value>>,
        with_parents: bool,
        identify: Identify<'_>,
        most: usize,
    ) -> Result<Vec<View<'v>>, MapError> {
        let Some(mut items) = views(list, view, made, with_parents, identify)? else {
            self.absent_list(list, view);
            return Ok(Vec::new());
        };
        if items.len() > most {
            self.left_out(list, most, items.len());
            items.truncate(most);
        }
        Ok(items)
    }
}

/// Q22: text where JSON is read is an error, not "no result". An empty body is no text: a search
/// that answers 204 found nothing (recordings 06, `status-204`).
pub(crate) fn require_json(response: &UpstreamResponse) -> Result<(), MapError> {
    match response.kind {
        BodyKind::Text => Err(MapError::NotJson(Box::new(not_json(response)))),
        BodyKind::Json | BodyKind::Empty => Ok(()),
    }
}
