//! The entry by which clients offer to create a contact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::compile::field::Compiler;
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::pointer;
use crate::config::problem::{Part, Problem};

/// By this id clients know the entry.
const ID: &str = "createNewContact";

/// What clients show where the document says nothing.
const NAME: &str = "Create new contact...";

/// The key of a mapping that describes the entry.
const KEY: &str = "newContact";

/// The last entry of a list of contacts, by which a client offers to create one. It is nobody in the CRM. Fields as
/// clients expect them, in the order in which code connectors send them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewContact {
    /// Always `createNewContact`.
    pub id: String,
    /// What the client shows.
    pub name: String,
    /// What the form of the client offers for a new contact: choices by the `const` of a field of its manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<Map<String, Value>>,
    /// Always true.
    pub is_new_contact: bool,
    /// The kind of contact that the form begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_contact_type: Option<String>,
}

impl Default for NewContact {
    fn default() -> Self {
        Self {
            id: ID.to_owned(),
            name: NAME.to_owned(),
            additional_info: None,
            is_new_contact: true,
            default_contact_type: None,
        }
    }
}

/// The entry by which a client offers to create a contact. It is the same for every number, so it holds no templates.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewContactMapping {
    /// What the client shows. Default `Create new contact...`.
    #[schemars(title = "Name", example = &"New lead")]
    pub name: Option<String>,
    /// What the client's form for a new contact offers: choices by the `const` of a field of the manifest's
    /// `page.newContact`, or below a kind of contact for the fields of that kind.
    #[schemars(
        title = "Additional info",
        example = serde_json::json!({"category": [{"const": "1", "title": "Client"}]})
    )]
    pub additional_info: Option<Map<String, Value>>,
    /// The kind of contact that the form begins with, one of the manifest's `contactTypes`.
    #[schemars(title = "Default contact type", example = &"Lead")]
    pub default_contact_type: Option<String>,
}

impl NewContact {
    /// What a document writes for the entry.
    pub(super) fn compile(written: &NewContactMapping, compiler: &mut Compiler<'_>) -> Self {
        let at = format!("{}/{KEY}", compiler.at());
        if compiler.operation != OperationName::FIND_CONTACT {
            let words = format!(
                "`{KEY}` means nothing in `{}`: no list of it offers a new contact",
                compiler.operation
            );
            compiler.problems.push(
                Problem::new(Code::UnknownKey, at.clone(), words)
                    .part(Part::Key)
                    .help(format!("write it in `responseMapping` of `{}`", OperationName::FIND_CONTACT)),
            );
        }
        for (key, text) in [("name", &written.name), ("defaultContactType", &written.default_contact_type)] {
            if let Some(text) = text {
                no_template(text, &format!("{at}/{key}"), compiler);
            }
        }
        for (key, value) in written.additional_info.iter().flatten() {
            no_templates(value, &pointer::join(&format!("{at}/additionalInfo"), key), compiler);
        }
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let usual = Self::default();
        Self {
            name: filled(&written.name).unwrap_or(usual.name),
            additional_info: written.additional_info.clone(),
            default_contact_type: filled(&written.default_contact_type),
            ..Self::default()
        }
    }
}

fn no_templates(value: &Value, at: &str, compiler: &mut Compiler<'_>) {
    match value {
        Value::String(text) => no_template(text, at, compiler),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                no_templates(item, &format!("{at}/{position}"), compiler);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                no_templates(member, &pointer::join(at, key), compiler);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn no_template(text: &str, at: &str, compiler: &mut Compiler<'_>) {
    if text.contains("{{") {
        compiler.problems.push(
            Problem::new(
                Code::InvalidValue,
                at,
                format!("`{KEY}` holds no templates: it is the same for every number, cached ones too"),
            )
            .help("write the text as clients are to show it"),
        );
    }
}
