//! A contact that was created.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compile::field::{Compiler, Start, Written, is_written, kind, written};
use crate::compile::result::ResultMapping;
use crate::config::diagnostic::Code;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::TextReply;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::Found;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

/// A contact that was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedContact {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// The kind of contact.
    #[serde(rename = "type")]
    pub contact_type: Value,
}

mapping_document! {
    /// The contact that was created.
    ContactMapping (type: "Instead of `typePath`: the kind of contact, a constant such as `Lead` or a template. `object`, `list` and `array` are no kinds of contact: documents carry them for editors.", "Type", &"Lead") {
        /// The new contact's id. Without it the contact counts as not created. A header that holds an
        /// address gives the id at its end: `headers.location`.
        id_path: Option<Paths> = "Id path", &"body.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
        /// Whether the CRM answers without an id. The contact then counts as created where the reply is no
        /// refusal, and is found by the next search.
        no_id: Option<bool> = "No id", true;
        /// The new contact's name. Default `body.name`.
        name_path: Option<Paths> = "Name path", &"body.name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{body.first_name}} {{body.last_name}}";
        /// The new contact's type. Default `body.type`, else `Contact`.
        type_path: Option<Paths> = "Type path", &"body.type";
    }
}

impl MappingDocument for ContactMapping {
    fn example() -> Value {
        json!({"idPath": "body.id", "namePath": "body.name"})
    }
}

/// Where a new contact is; nothing if the document has no id path.
#[derive(Debug)]
pub struct CreatedContactPaths(Option<Fields>);

#[derive(Debug)]
struct Fields {
    has_none: bool,
    id: Field,
    name: Field,
    contact_type: Field,
}

impl ResultMapping for CreatedContactPaths {
    type Document = ContactMapping;
    type Output = Option<CreatedContact>;

    fn compile(mapping: Option<&ContactMapping>, compiler: &mut Compiler<'_>) -> Self {
        let Some(mapping) = mapping else {
            compiler.missing_mapping(
                Code::MissingIdPath,
                "without `responseMapping.idPath` the contact that was created counts as not created",
                "add `\"responseMapping\": { \"idPath\": \"body.id\" }`",
            );
            return Self(None);
        };
        let id = written(&mapping.id_path, &mapping.id);
        // Without an id path the reference reports no contact at all (recordings 07).
        if mapping.no_id != Some(true) && !is_written(id) {
            compiler.missing_id_path("the contact that was created counts as not created");
            return Self(None);
        }
        let at = compiler.at();
        let has_none = compiler.has_none(mapping.no_id, id);
        let mut field = |written: Written<'_>, key: &str, default: &str| {
            compiler.field(written, key, default, &at, Start::Reply)
        };
        Self(Some(Fields {
            has_none,
            id: field(id, "id", "body.id"),
            name: field(written(&mapping.name_path, &mapping.name), "name", "body.name"),
            contact_type: field(kind(&mapping.type_path, &mapping.kind), "type", "body.type"),
        }))
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Option<CreatedContact>, MapError> {
        let Some(fields) = &self.0 else { return Ok(None) };
        let id = reader.created_id(&fields.id, fields.has_none, view);
        if id.is_none() && !fields.has_none {
            return Err(MapError::NoRecordId(reader.missing_id(&fields.id, reply)));
        }
        reader.look_for(&[&fields.name, &fields.contact_type], &[*view]);
        Ok(Some(CreatedContact {
            id,
            name: fields.name.read(view),
            contact_type: fields.contact_type.truthy(view).unwrap_or_else(|| "Contact".into()),
        }))
    }

    fn found(&self, view: &View<'_>) -> Found {
        match &self.0 {
            Some(fields) if !fields.has_none => Found::id(&fields.id, view),
            _ => Found::Unread,
        }
    }

    fn text(&self) -> TextReply {
        if self.gives_no_id() { TextReply::Fine } else { TextReply::WithoutId }
    }

    fn gives_no_id(&self) -> bool {
        self.0.as_ref().is_some_and(|fields| fields.has_none)
    }
}
