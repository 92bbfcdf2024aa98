//! What an expression of a query gives.

use std::borrow::Cow;

use serde_json::Value;

use crate::budget::Spent;

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found<'v> {
    One(&'v Value),
    Many(Vec<&'v Value>),
    Made(Value),
    Nothing,
}

impl<'v> Found<'v> {
    /// Goes on from each value that was found.
    pub(super) fn and_then(
        self,
        mut step: impl FnMut(&'v Value) -> Result<Found<'v>, Spent>,
    ) -> Result<Self, Spent> {
        match self {
            Self::One(value) => step(value),
            Self::Many(values) => {
                let mut found = Vec::new();
                for value in values {
                    match step(value)? {
                        Self::One(value) => found.push(value),
                        Self::Many(values) => found.extend(values),
                        Self::Made(_) | Self::Nothing => {}
                    }
                }
                Ok(Self::Many(found))
            }
            Self::Made(_) | Self::Nothing => Ok(Self::Nothing),
        }
    }

    /// What two selectors found.
    pub(super) fn and(self, other: Self) -> Self {
        let values = |found| match found {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
            Self::Made(_) | Self::Nothing => Vec::new(),
        };
        match (self, other) {
            (found, Self::Nothing) | (Self::Nothing, found) => found,
            (first, second) => {
                let mut all = values(first);
                all.extend(values(second));
                Self::Many(all)
            }
        }
    }

    pub(super) fn is_something(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Many(values) => !values.is_empty(),
            Self::Made(_) | Self::Nothing => false,
        }
    }

    /// The value, if it is one.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::One(value) => Some(value),
            Self::Made(value) => Some(value),
            Self::Many(_) | Self::Nothing => None,
        }
    }

    /// All values, as arguments.
    pub(super) fn into_arguments(self) -> Vec<Cow<'v, Value>> {
        match self {
            Self::One(value) => vec![Cow::Borrowed(value)],
            Self::Many(values) => values.into_iter().map(Cow::Borrowed).collect(),
            Self::Made(value) => vec![Cow::Owned(value)],
            Self::Nothing => Vec::new(),
        }
    }
}
