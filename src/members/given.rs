//! Members of which any value is taken.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::{Member, Wrong};
use crate::json_kind::kind;

/// What a client gave for a member that should be a `T`: any JSON value, null included, kept as it came. The OpenAPI
/// document says `T`.
pub struct Given<T> {
    value: Value,
    documented: PhantomData<fn() -> T>,
}

impl<T> Given<T> {
    /// The value, moved.
    pub fn into_value(self) -> Value {
        self.value
    }
}

impl<T> From<Value> for Given<T> {
    fn from(value: Value) -> Self {
        Self { value, documented: PhantomData }
    }
}

impl<T> Deref for Given<T> {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl<T> DerefMut for Given<T> {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.value
    }
}

impl<T> Clone for Given<T> {
    fn clone(&self) -> Self {
        self.value.clone().into()
    }
}

/// Shows no content: a request names people and their numbers.
impl<T> fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({})", kind(&self.value))
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T> Member for Option<Given<T>> {
    fn read(_: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        Ok(value.map(Given::from))
    }
}

/// A boolean of a query string; false if it is absent. The OpenAPI document says so.
#[derive(Debug, Clone, Default)]
pub struct Flag(Option<Value>);

impl Flag {
    /// Whether it is the text `true`.
    pub fn is_true(&self) -> bool {
        self.value().and_then(Value::as_str) == Some("true")
    }

    /// What came.
    pub fn value(&self) -> Option<&Value> {
        self.0.as_ref()
    }

    /// What came, or false.
    pub fn into_value(self) -> Value {
        self.0.unwrap_or(Value::Bool(false))
    }
}

impl Serialize for Flag {
    /// As a default in the OpenAPI document.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.is_true())
    }
}

impl JsonSchema for Flag {
    fn inline_schema() -> bool {
        bool::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        bool::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        bool::json_schema(generator)
    }
}

impl Member for Flag {
    fn read(_: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        Ok(Self(value))
    }
}
