//! A JSON value that is borrowed from its owner, or was made for this run.

use std::ops::Deref;

use serde_json::Value;

/// Two words, where `Cow<Value>` takes as much room as a whole value and is moved as such.
#[derive(Debug, Clone)]
pub enum ValueRef<'v> {
    /// Somebody else's.
    Borrowed(&'v Value),
    /// Made for this run.
    Owned(Box<Value>),
}

impl ValueRef<'_> {
    /// Wraps a value made for this run.
    pub fn owned(value: impl Into<Value>) -> Self {
        Self::Owned(Box::new(value.into()))
    }

    /// The value itself; a borrowed one is copied.
    pub fn into_owned(self) -> Value {
        match self {
            Self::Borrowed(value) => value.clone(),
            Self::Owned(value) => *value,
        }
    }
}

impl Deref for ValueRef<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            Self::Borrowed(value) => value,
            Self::Owned(value) => value,
        }
    }
}

impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
