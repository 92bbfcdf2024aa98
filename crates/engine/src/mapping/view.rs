//! What a field of a mapping sees: the list's item or the reply, and what stands around it.

use serde_json::Value;

use crate::inputs::{Found, Inputs};
use crate::path::{Step, walk};
use crate::value_ref::ValueRef;
use crate::variables::Variable;

/// What a field sees.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// Where its paths start: the list's item, or the reply.
    pub(crate) here: &'v Value,
    /// The element of an outer list in which the item's list stands.
    pub(crate) parent: Option<&'v Value>,
    /// `{ body, status, headers }`.
    pub(crate) reply: &'v Value,
    /// The variables of the request; `getUserInfo` reads some of them.
    pub(crate) inputs: Option<&'v Inputs<'v>>,
}

impl<'v> View<'v> {
    /// The reply itself.
    pub(crate) fn of_reply(reply: &'v Value, inputs: &'v Inputs<'v>) -> Self {
        Self { inputs: Some(inputs), ..Self::of_reply_alone(reply) }
    }

    /// The reply, where no variable of the request counts.
    pub(crate) fn of_reply_alone(reply: &'v Value) -> Self {
        Self { here: reply, parent: None, reply, inputs: None }
    }

    /// An item of a list.
    pub(crate) fn of_item(self, item: &'v Value, parent: Option<&'v Value>) -> Self {
        Self { here: item, parent, ..self }
    }
}

/// The name under which an item sees what holds its list.
pub(crate) const PARENT: &str = "parent";

/// Where something is read that a field is made of. What an item has itself wins over what stands around
/// it, whatever its name.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Below the item or the reply.
    Here(Box<[Step]>),
    /// `parent.…`
    Parent(Box<[Step]>),
    /// `body.…` or `headers.…` of the reply, read for an item.
    Reply(Box<[Step]>),
    /// Below a variable of the request.
    Input(Variable, Box<[Step]>),
}

impl Reading {
    /// The value, where there is one.
    pub(crate) fn find<'v>(&self, view: &View<'v>) -> Option<ValueRef<'v>> {
        match self {
            Self::Here(steps) => walk(steps, view.here),
            Self::Parent(steps) if !has(view.here, steps) => walk(steps.get(1..)?, view.parent?),
            Self::Reply(steps) if !has(view.here, steps) => walk(steps, view.reply),
            Self::Parent(steps) | Self::Reply(steps) => walk(steps, view.here),
            Self::Input(variable, steps) => match view.inputs?.find(*variable, steps)? {
                Found::Json(value) => Some(value),
                found @ Found::Text(_) => Some(ValueRef::owned(found.into_value())),
            },
        }
    }
}

/// Whether an item has a member with the name of the first step.
fn has(item: &Value, steps: &[Step]) -> bool {
    matches!(steps.first(), Some(Step::Segment(name, _) | Step::Name(name)) if item.get(&**name).is_some())
}
