//! Members of one type, and the words for any other.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Member, Wrong};
use crate::secret::Secret;

/// A type that refuses values of another one.
pub trait Kind: Sized {
    /// What it is called, as in "has to be text".
    const EXPECTED: &'static str;
    /// The same, if null takes the member away.
    const OR_NULL: &'static str;
    /// What is asked for if it is missing.
    const ONE: &'static str;

    /// The value, if it has this type.
    fn of(value: Value) -> Option<Self>;
}

impl Kind for String {
    const EXPECTED: &'static str = "text";
    const OR_NULL: &'static str = "text or null";
    const ONE: &'static str = "a text";

    fn of(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Kind for Secret {
    const EXPECTED: &'static str = String::EXPECTED;
    const OR_NULL: &'static str = String::OR_NULL;
    const ONE: &'static str = String::ONE;

    fn of(value: Value) -> Option<Self> {
        String::of(value).map(Self::from)
    }
}

impl Kind for u64 {
    const EXPECTED: &'static str = "a whole number";
    const OR_NULL: &'static str = "a whole number or null";
    const ONE: &'static str = Self::EXPECTED;

    fn of(value: Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Kind for Map<String, Value> {
    const EXPECTED: &'static str = "an object";
    const OR_NULL: &'static str = "an object or null";
    const ONE: &'static str = Self::EXPECTED;

    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }
}

impl Kind for Vec<Value> {
    const EXPECTED: &'static str = "a list";
    const OR_NULL: &'static str = "a list or null";
    const ONE: &'static str = Self::EXPECTED;

    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }
}

impl Kind for BTreeSet<String> {
    const EXPECTED: &'static str = "a list of texts";
    const OR_NULL: &'static str = "a list of texts or null";
    const ONE: &'static str = Self::EXPECTED;

    fn of(value: Value) -> Option<Self> {
        Vec::of(value)?.into_iter().map(String::of).collect()
    }
}

fn read<T: Kind>(
    name: &'static str,
    value: Option<Value>,
    expected: &'static str,
) -> Result<Option<T>, Wrong> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::of(value).map(Some).ok_or(Wrong::Kind { name, expected }),
    }
}

/// Null counts as absent.
impl<T: Kind> Member for Option<T> {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        read(name, value, T::EXPECTED)
    }
}

/// Null takes away what was there; absent leaves it.
impl<T: Kind> Member for Option<Option<T>> {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        value.map(|value| read(name, Some(value), T::OR_NULL)).transpose()
    }
}

/// One that has to be there.
impl<T: Kind> Member for T {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        Option::read(name, value)?.ok_or(Wrong::Missing { name, expected: T::ONE })
    }
}
