//! Requests as types. One declaration names the members of an object that clients send: it reads them, describes them
//! for the OpenAPI document and is what a service takes.
//!
//! Clients are lenient JavaScript, so a member often has another type than it should. Three kinds of fields deal with
//! that:
//!
//! - [`Given`] keeps what came, whatever it is;
//! - [`Flag`] is a boolean of a query string, in which all is text;
//! - every other type refuses what does not fit it, in words that name the member.

mod given;
mod kind;

use std::convert::Infallible;

use serde_json::{Map, Value};

pub use self::given::{Flag, Given};
pub use self::kind::Kind;

/// An object whose members are declared with `members!`.
pub trait Members: Sized {
    /// The names of its members, in their order.
    const NAMES: &'static [&'static str];

    /// Takes the members out of an object. What it does not know stays there.
    ///
    /// # Errors
    /// With the first member, in the order of declaration, that cannot be used.
    fn take(object: &mut Map<String, Value>) -> Result<Self, Wrong>;
}

/// The type of a member.
pub trait Member: Sized {
    /// Reads a member; `None` if it is absent.
    ///
    /// # Errors
    /// If it cannot be used.
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong>;
}

/// A member that cannot be used. The words never show its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It has another type.
    #[error("`{name}` has to be {expected}.")]
    Kind {
        /// The member.
        name: &'static str,
        /// Such as `text`.
        expected: &'static str,
    },
    /// It is needed and absent.
    #[error("`{name}` is missing: {expected}.")]
    Missing {
        /// The member.
        name: &'static str,
        /// Such as `a text`.
        expected: &'static str,
    },
    /// What it holds does not fit.
    #[error("{message}")]
    Content {
        /// The member; empty for the whole.
        name: &'static str,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// The same, for a route that answers with bare text and no JSON.
    #[error("{0}")]
    Bare(&'static str),
}

impl Wrong {
    /// The member; empty for the whole.
    pub fn at(&self) -> &'static str {
        match self {
            Self::Kind { name, .. } | Self::Missing { name, .. } | Self::Content { name, .. } => name,
            Self::Bare(_) => "",
        }
    }
}

/// For conversions that cannot fail.
impl From<Infallible> for Wrong {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Declares an object that clients send. Each field is written `field as "member": Type`, with its description for the
/// OpenAPI document. `#[schemars(required)]` at an `Option` says that clients should send the member though requests
/// without it are read. `#[schemars(skip)]` keeps it out of the document.
///
/// `..others` at the end keeps what else was sent, for a service that passes the whole on (`into_value`).
macro_rules! members {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$about:meta])* $field:ident as $member:tt: $type:ty,)*
        }
    ) => {
        #[derive(::schemars::JsonSchema)]
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$about])* #[schemars(rename = $member)] pub $field: $type,)*
        }

        impl $crate::members::Members for $name {
            const NAMES: &'static [&'static str] = &[$($member),*];

            fn take(
                object: &mut ::serde_json::Map<String, ::serde_json::Value>,
            ) -> Result<Self, $crate::members::Wrong> {
                Ok(Self { $($field: $crate::members::Member::read($member, object.shift_remove($member))?,)* })
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$about:meta])* $field:ident as $member:tt: $type:ty,)*
            ..$others:ident
        }
    ) => {
        #[derive(::schemars::JsonSchema)]
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$about])* #[schemars(rename = $member)] pub $field: $type,)*
            /// What else was sent.
            #[schemars(skip)]
            pub $others: ::serde_json::Map<String, ::serde_json::Value>,
        }

        impl $crate::members::Members for $name {
            const NAMES: &'static [&'static str] = &[$($member),*];

            fn take(
                object: &mut ::serde_json::Map<String, ::serde_json::Value>,
            ) -> Result<Self, $crate::members::Wrong> {
                Ok(Self {
                    $($field: $crate::members::Member::read($member, object.shift_remove($member))?,)*
                    $others: ::std::mem::take(object),
                })
            }
        }

        impl $name {
            /// The object again, with what was changed meanwhile; what is declared stands last.
            pub fn into_value(self) -> ::serde_json::Value {
                let mut object = self.$others;
                $(
                    if let Some(given) = self.$field {
                        object.insert($member.to_owned(), given.into_value());
                    }
                )*
                ::serde_json::Value::Object(object)
            }
        }
    };
}

pub(crate) use members;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::{JsonSchema, Schema, SchemaGenerator};
    use serde_json::json;

    use super::*;

    members! {
        /// An object.
        #[derive(Debug)]
        struct Example {
            /// Kept as it came.
            #[schemars(required)]
            kept as "keptAsItCame": Option<Given<String>>,
            /// Needed.
            needed as "needed": u64,
            /// Text, or nothing.
            text as "text": Option<String>,
            /// Null takes it away.
            clearable as "clearable": Option<Option<BTreeSet<String>>>,
            /// False if it is absent.
            #[schemars(default)]
            flag as "isSo": Flag,
        }
    }

    members! {
        /// An object that is passed on.
        struct Whole {
            /// Looked at.
            note as "note": Option<Given<String>>,
            /// Looked at, too.
            number as "number": Option<Given<u64>>,
            ..others
        }
    }

    fn taken<T: Members>(value: Value) -> Result<(T, Value), Wrong> {
        let Value::Object(mut object) = value else { panic!("{value}") };
        Ok((T::take(&mut object)?, Value::Object(object)))
    }

    #[test]
    fn members_are_taken_and_others_stay() {
        let sent =
            json!({"keptAsItCame": 5, "needed": 1, "text": null, "clearable": null, "isSo": "true", "x": 0});
        let (example, left): (Example, _) = taken(sent).unwrap();
        assert_eq!(example.kept.as_deref(), Some(&json!(5)));
        assert_eq!((example.needed, example.text, example.clearable), (1, None, Some(None)));
        assert!(example.flag.is_true());
        assert_eq!(left, json!({"x": 0}));
        let (example, _): (Example, _) = taken(json!({"needed": 1, "clearable": ["a"]})).unwrap();
        assert_eq!(example.clearable, Some(Some(BTreeSet::from(["a".to_owned()]))));
        assert_eq!((example.kept.is_none(), example.flag.into_value()), (true, json!(false)));
    }

    #[test]
    fn the_first_wrong_member_is_named() {
        for (sent, words) in [
            (json!({"text": 1}), "`needed` is missing: a whole number."),
            (json!({"needed": null}), "`needed` is missing: a whole number."),
            (json!({"needed": "1"}), "`needed` has to be a whole number."),
            (json!({"needed": 1, "clearable": 0, "text": 1}), "`text` has to be text."),
            (json!({"needed": 1, "clearable": [1]}), "`clearable` has to be a list of texts or null."),
        ] {
            let wrong = taken::<Example>(sent.clone()).unwrap_err();
            assert_eq!(wrong.to_string(), words, "{sent}");
            assert!(words.contains(wrong.at()), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_passed_on_stays_whole() {
        for sent in [json!({"a": [1.50], "note": null, "b": {}}), json!({"number": "x", "note": "n"})] {
            let (whole, left): (Whole, _) = taken(sent.clone()).unwrap();
            assert_eq!((whole.into_value(), left), (sent, json!({})));
        }
    }

    /// What is read is what is described: names and types stand once, in the declaration.
    #[test]
    fn the_schema_is_that_of_the_documented_types() {
        #[derive(JsonSchema)]
        #[serde(rename_all = "camelCase")]
        #[allow(dead_code, reason = "a schema to compare with")]
        /// An object.
        struct Documented {
            /// Kept as it came.
            kept_as_it_came: String,
            /// Needed.
            needed: u64,
            /// Text, or nothing.
            text: Option<String>,
            /// Null takes it away.
            clearable: Option<BTreeSet<String>>,
            /// False if it is absent.
            #[serde(default)]
            is_so: bool,
        }

        let schema = |make: fn(&mut SchemaGenerator) -> Schema| {
            let settings = schemars::generate::SchemaSettings::draft2020_12().for_deserialize();
            make(&mut settings.into_generator()).to_value().to_string()
        };
        assert_eq!(schema(Example::json_schema), schema(Documented::json_schema));
        let properties = schema(Whole::json_schema);
        assert!(Whole::NAMES.iter().all(|name| properties.contains(name)) && !properties.contains("others"));
    }
}
