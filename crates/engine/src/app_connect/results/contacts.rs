//! Contacts that were found.

use std::cell::OnceCell;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::new_contact::{NewContact, NewContactMapping};

use crate::compile::field::{Compiler, Start, Written, kind, written};
use crate::compile::result::ResultMapping;
use crate::config::diagnostic::Code;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::Found;
use crate::mapping::items::require_json;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

/// How many contacts of a search are taken: more than anybody looks through while a call rings.
const MOST: usize = 200;

/// A contact, with the field names and the order of the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name, or the empty text.
    pub name: Value,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Value>,
    /// The kind of contact; `Contact` where nothing else is known.
    #[serde(rename = "type")]
    pub contact_type: Value,
    /// Job title, or the empty text.
    pub title: Value,
    /// Company, or the empty text.
    pub company: Value,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date: Option<Value>,
    /// When it was last active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_recent_activity_date: Option<Value>,
    /// Anything more, or null.
    pub additional_info: Value,
}

impl Contact {
    /// A contact with this id and name, and what the contract has for the rest: the type `Contact`,
    /// empty texts, nothing more.
    pub fn new(id: impl Into<Value>, name: impl Into<Value>) -> Self {
        Self {
            id: Some(id.into()),
            name: name.into(),
            phone: None,
            contact_type: "Contact".into(),
            title: "".into(),
            company: "".into(),
            created_date: None,
            most_recent_activity_date: None,
            additional_info: Value::Null,
        }
    }
}

mapping_document! {
    /// A list of contacts.
    ContactListMapping {
        /// The list. Default `body`.
        list_path: Option<String> = "List path", &"body.contacts";
        /// Instead of `listPath`: a template.
        list: Option<String> = "List", &"{{fromJson body.payload}}";
        /// Where each field of a contact is, seen from the list's item.
        item: Option<ContactItemMapping> = "Item", serde_json::json!({"idPath": "id", "namePath": "name"});
        /// Of `findContact` alone: the entry by which a client offers to create a contact. It ends every list where the
        /// document defines `createContact`, with what stands here and else as usual.
        new_contact: Option<NewContactMapping> = "New contact", serde_json::json!({"defaultContactType": "Lead"});
    }
}

mapping_document! {
    /// One contact of a list; paths start at the item.
    ContactItemMapping (type: "Instead of `typePath`: the kind of contact, a constant such as `Lead` or a template. `object`, `list` and `array` are no kinds of contact: documents carry them for editors.", "Type", &"Lead") {
        /// The contact's id. Default `id`.
        id_path: Option<Paths> = "Id path", &"id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{prefix}}-{{id}}";
        /// The contact's name. Default `name`.
        name_path: Option<Paths> = "Name path", &"full_name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{first_name}} {{last_name}}";
        /// The contact's phone number. Default `phone`.
        phone_path: Option<Paths> = "Phone path", &"phones.0.number";
        /// Instead of `phonePath`: a template.
        phone: Option<String> = "Phone", &"{{default mobile phone}}";
        /// Kind of contact, which picks the contact's page in the CRM. Default `type`, else `Contact`.
        type_path: Option<Paths> = "Type path", &"type";
        /// Job title. Default `title`.
        title_path: Option<Paths> = "Title path", &"job_title";
        /// Instead of `titlePath`: a template.
        title: Option<String> = "Title", &"{{role.name}}";
        /// Company name. Default `company`.
        company_path: Option<Paths> = "Company path", &"account.name";
        /// Instead of `companyPath`: a template.
        company: Option<String> = "Company", &"{{parent.name}}";
        /// When the contact was created; picks the earliest of several matches. Default `createdDate`.
        created_date_path: Option<Paths> = "Creation date path", &"created_at";
        /// Instead of `createdDatePath`: a template.
        created_date: Option<String> = "Creation date", &"{{date created 'iso'}}";
        /// When the contact was last active; picks the most recent of several matches. Default `mostRecentActivityDate`.
        most_recent_activity_date_path: Option<Paths> = "Most recent activity path", &"updated_at";
        /// Instead of `mostRecentActivityDatePath`: a template.
        most_recent_activity_date: Option<String> = "Most recent activity", &"{{default last_call updated_at}}";
        /// Anything more that the client's log form offers. Default `additionalInfo`.
        additional_info_path: Option<Paths> = "Additional info path", &"deals";
        /// Instead of `additionalInfoPath`: a template, or an object with templates in it.
        additional_info: Option<Value> = "Additional info", serde_json::json!({"deals": "{{deals}}"});
    }
}

impl MappingDocument for ContactListMapping {
    fn example() -> Value {
        json!({"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}})
    }
}

/// Where contacts are; nothing if the document has no mapping, so nothing ever matches.
#[derive(Debug)]
pub struct ContactListPaths {
    paths: Option<Box<ContactPaths>>,
    new_contact: Option<NewContact>,
}

#[derive(Debug)]
struct ContactPaths {
    /// Whether a field reads what holds the list of its item.
    reads_parent: bool,
    list: Field,
    id: Field,
    name: Field,
    phone: Field,
    contact_type: Field,
    title: Field,
    company: Field,
    created_date: Field,
    most_recent_activity_date: Field,
    additional_info: Field,
}

impl ResultMapping for ContactListPaths {
    type Document = ContactListMapping;
    type Output = Vec<Contact>;

    fn compile(mapping: Option<&ContactListMapping>, compiler: &mut Compiler<'_>) -> Self {
        let Some(mapping) = mapping else {
            compiler.missing_mapping(
                Code::MissingMapping,
                "without `responseMapping` no contact ever matches",
                "add `\"responseMapping\": { \"listPath\": \"body.contacts\" }`",
            );
            return Self { paths: None, new_contact: None };
        };
        let new_contact = mapping.new_contact.as_ref().map(|written| NewContact::compile(written, compiler));
        let list = compiler.list(mapping.list_path.as_deref(), mapping.list.as_deref(), "body");
        let default = ContactItemMapping::default();
        let item = mapping.item.as_ref().unwrap_or(&default);
        Self { paths: Some(Box::new(ContactPaths::compile(list, item, compiler))), new_contact }
    }

    /// A null or scalar item without an id is no contact (Q23); an object without one is reported
    /// as the reference does.
    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Vec<Contact>, MapError> {
        let Some(fields) = &self.paths else { return Ok(Vec::new()) };
        require_json(reply)?;
        let made = OnceCell::new();
        let identify = |item: &Value| fields.id.id(&view.of_item(item, None));
        let items = reader.items(&fields.list, view, &made, fields.reads_parent, &identify, MOST)?;
        let mut contacts = Vec::with_capacity(items.len());
        let mut nameless = Vec::new();
        for item in &items {
            let id = fields.id.read(item).filter(|id| !id.is_null());
            if id.is_none() {
                nameless.push(*item);
                if !item.here.is_object() {
                    continue;
                }
            }
            contacts.push(fields.contact(id, item));
        }
        reader.without_id(&fields.id, &nameless, &items, contacts.is_empty())?;
        reader.look_for(&fields.fields(), &items);
        Ok(contacts)
    }

    fn found(&self, view: &View<'_>) -> Found {
        self.paths.as_ref().map_or(Found::Unread, |fields| Found::items(&fields.list, view))
    }

    fn nothing_found() -> Option<Vec<Contact>> {
        Some(Vec::new())
    }
}

impl ContactListPaths {
    /// The entry by which clients offer to create a contact, where the document describes it.
    pub fn new_contact(&self) -> Option<&NewContact> {
        self.new_contact.as_ref()
    }
}

impl ContactPaths {
    fn compile(list: Field, item: &ContactItemMapping, compiler: &mut Compiler<'_>) -> Self {
        let at = format!("{}/item", compiler.at());
        let mut field = |written: Written<'_>, key: &str| compiler.field(written, key, key, &at, Start::Item);
        let mut paths = Self {
            reads_parent: false,
            list,
            id: field(written(&item.id_path, &item.id), "id"),
            name: field(written(&item.name_path, &item.name), "name"),
            phone: field(written(&item.phone_path, &item.phone), "phone"),
            contact_type: field(kind(&item.type_path, &item.kind), "type"),
            title: field(written(&item.title_path, &item.title), "title"),
            company: field(written(&item.company_path, &item.company), "company"),
            created_date: field(written(&item.created_date_path, &item.created_date), "createdDate"),
            most_recent_activity_date: field(
                written(&item.most_recent_activity_date_path, &item.most_recent_activity_date),
                "mostRecentActivityDate",
            ),
            additional_info: field(
                Written::json(&item.additional_info_path, item.additional_info.as_ref()),
                "additionalInfo",
            ),
        };
        paths.reads_parent = paths.id.reads_parent() || paths.fields().into_iter().any(Field::reads_parent);
        paths
    }

    /// All but the id.
    fn fields(&self) -> [&Field; 8] {
        [
            &self.name,
            &self.phone,
            &self.contact_type,
            &self.title,
            &self.company,
            &self.created_date,
            &self.most_recent_activity_date,
            &self.additional_info,
        ]
    }

    fn contact(&self, id: Option<Value>, item: &View<'_>) -> Contact {
        let empty = || Value::String(String::new());
        Contact {
            id,
            name: self.name.truthy(item).unwrap_or_else(empty),
            phone: self.phone.truthy(item),
            contact_type: self.contact_type.truthy(item).unwrap_or_else(|| "Contact".into()),
            title: self.title.truthy(item).unwrap_or_else(empty),
            company: self.company.truthy(item).unwrap_or_else(empty),
            created_date: self.created_date.truthy(item),
            most_recent_activity_date: self.most_recent_activity_date.truthy(item),
            additional_info: self.additional_info.truthy(item).unwrap_or(Value::Null),
        }
    }
}
