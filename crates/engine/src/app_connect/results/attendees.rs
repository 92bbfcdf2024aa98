//! Who attends an appointment.

use std::cell::OnceCell;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compile::field::{Compiler, Start, Written, kind, written};
use crate::config::mapping::{Paths, mapping_document};
use crate::mapping::field::Field;
use crate::mapping::items::views;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

/// Somebody who attends an appointment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attendee {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// Kind of attendee.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub attendee_type: Option<Value>,
    /// Whether they accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// Email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Value>,
}

mapping_document! {
    /// One attendee of an appointment; paths start at the attendee.
    AttendeeMapping (type: "Instead of `typePath`: the kind of attendee, a constant such as `Guest` or a template. `object`, `list` and `array` are no kinds of attendee: documents carry them for editors.", "Type", &"Guest") {
        /// The attendee's id. Default `id`.
        id_path: Option<Paths> = "Id path", &"id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{prefix}}-{{id}}";
        /// The attendee's name. Default `name`.
        name_path: Option<Paths> = "Name path", &"name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{first_name}} {{last_name}}";
        /// Kind of attendee. Default `type`.
        type_path: Option<Paths> = "Type path", &"type";
        /// Whether the attendee accepted. Default `status`.
        status_path: Option<Paths> = "Status path", &"rsvp";
        /// Instead of `statusPath`: a template.
        status: Option<String> = "Status", &"{{#if accepted}}yes{{else}}no{{/if}}";
        /// The attendee's email address. Default `email`.
        email_path: Option<Paths> = "Email path", &"mail";
        /// Instead of `emailPath`: a template.
        email: Option<String> = "Email", &"{{login}}@example.com";
    }
}

/// How many attendees of an appointment are taken.
const MOST: usize = 200;

/// Where attendees are.
#[derive(Debug)]
pub(super) struct AttendeePaths {
    pub(super) list: Field,
    id: Field,
    name: Field,
    attendee_type: Field,
    status: Field,
    email: Field,
}

impl AttendeePaths {
    pub(super) fn of(
        list: Field,
        attendee: Option<&AttendeeMapping>,
        at: &str,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        let default = AttendeeMapping::default();
        let attendee = attendee.unwrap_or(&default);
        let mut field = |written: Written<'_>, key: &str| compiler.field(written, key, key, at, Start::Item);
        Self {
            list,
            id: field(written(&attendee.id_path, &attendee.id), "id"),
            name: field(written(&attendee.name_path, &attendee.name), "name"),
            attendee_type: field(kind(&attendee.type_path, &attendee.kind), "type"),
            status: field(written(&attendee.status_path, &attendee.status), "status"),
            email: field(written(&attendee.email_path, &attendee.email), "email"),
        }
    }

    /// Attendees need no id: a name or an address says who comes. Their parent is the appointment.
    pub(super) fn read(&self, reader: &mut Reader, view: &View<'_>) -> Vec<Attendee> {
        let identify = |item: &Value| {
            let item = view.of_item(item, Some(view.here));
            let known = item.here.is_object()
                && [&self.id, &self.name, &self.email].iter().any(|field| field.finds(&item));
            known.then(|| self.id.id(&item).unwrap_or_default())
        };
        let made = OnceCell::new();
        let items = match views(&self.list, view, &made, false, &identify) {
            Ok(items) => items.unwrap_or_default(),
            Err(error) => {
                reader.not_attendees(&self.list, &error);
                Vec::new()
            }
        };
        if items.len() > MOST {
            reader.left_out(&self.list, MOST, items.len());
        }
        let items: Vec<View<'_>> = items
            .into_iter()
            .take(MOST)
            .filter(|item| !item.here.is_null())
            .map(|item| View { parent: Some(view.here), ..item })
            .collect();
        reader.look_for(&[&self.id, &self.name, &self.attendee_type, &self.status, &self.email], &items);
        items
            .iter()
            .map(|item| Attendee {
                id: self.id.read(item),
                name: self.name.read(item),
                attendee_type: self.attendee_type.read(item),
                status: self.status.read(item),
                email: self.email.read(item),
            })
            .collect()
    }
}
