//! What every `responseMapping` is made of: where in the reply a result is found.
//!
//! Every `…Path` is a dot path over `{ body, status, headers }` (inside `item`, over the list's
//! item), or a JSONPath query where it begins with `$.` or `$[`. Beside each stands the same key without
//! `Path`: a template over the same values.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

/// A path, or several of which the first that finds something counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Paths {
    /// One.
    One(String),
    /// Several, in the order in which they are tried.
    Several(Vec<String>),
}

impl Paths {
    /// The paths that are written; an empty text is none.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths.as_slice(),
        };
        all.iter().map(String::as_str).filter(|path| !path.is_empty())
    }
}

impl JsonSchema for Paths {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Paths".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "array"], "items": {"type": "string"}})
    }
}

/// Words for the kind of a reply or item, which documents carry for editors; they are no contact types.
pub const KINDS: &[&str] = &["object", "list", "array"];

/// The type of a `responseMapping`, or of a part of it: each field with its title and an example.
macro_rules! mapping_document {
    ($(#[doc = $doc:literal])+ $name:ident { $($fields:tt)* }) => {
        mapping_document! {
            $(#[doc = $doc])+ $name (
                type: "Kind of the reply, `object` or `list`. Documents carry it for editors; it changes nothing.",
                "Kind", &"object"
            ) { $($fields)* }
        }
    };
    ($(#[doc = $doc:literal])+ $name:ident (type: $kind_doc:literal, $kind_title:literal, $kind_example:expr) {
        $($(#[doc = $field_doc:literal])+ $field:ident : $type:ty = $title:literal, $example:expr;)*
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[doc = $field_doc])+ #[schemars(title = $title, example = $example)] pub $field: $type,)*
            #[doc = $kind_doc]
            #[schemars(title = $kind_title, example = $kind_example)]
            #[serde(rename = "type")]
            pub kind: Option<String>,
        }
    };
}

pub(crate) use mapping_document;

/// A `responseMapping`, as documents write it.
pub trait MappingDocument {
    /// The example that the schema shows.
    fn example() -> Value;
}
