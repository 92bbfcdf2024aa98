//! Appointments: one, and lists of them.

use std::cell::OnceCell;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::attendees::{Attendee, AttendeeMapping, AttendeePaths};
use crate::compile::field::{Compiler, Start, Written, is_written, written};
use crate::compile::result::ResultMapping;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::TextReply;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::{self, Found};
use crate::mapping::items::require_json;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

/// An appointment, with the field names of the contract.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Appointment {
    /// The connector's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The id that opens it in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_party_appointment_id: Option<Value>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Value>,
    /// Description or agenda.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Value>,
    /// Name of the main participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_name: Option<Value>,
    /// Start, ISO 8601 with offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_utc: Option<Value>,
    /// Length in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<Value>,
    /// The CRM's word for the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// Id of the related contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<Value>,
    /// Type of the related contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_type: Option<Value>,
    /// The attendees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
}

mapping_document! {
    /// A list of appointments.
    AppointmentListMapping {
        /// The list. Default `body`.
        list_path: Option<String> = "List path", &"body.events";
        /// Instead of `listPath`: a template.
        list: Option<String> = "List", &"{{fromJson body.payload}}";
        /// Where each field of an appointment is, seen from the list's item.
        item: Option<AppointmentItemMapping> = "Item", serde_json::json!({"idPath": "id", "titlePath": "title"});
    }
}

impl MappingDocument for AppointmentListMapping {
    fn example() -> Value {
        json!({"listPath": "body.events", "item": {"idPath": "id", "titlePath": "subject"}})
    }
}

mapping_document! {
    /// One appointment; paths start at the list's item, or at the reply where there is no list: the
    /// defaults then begin with `body.`, such as `body.title`.
    AppointmentItemMapping {
        /// The appointment's id. Default `id`.
        id_path: Option<Paths> = "Id path", &"id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{prefix}}-{{id}}";
        /// The id that opens the appointment in the CRM. Default: the id.
        third_party_appointment_id_path: Option<Paths> = "CRM id path", &"external_id";
        /// Instead of `thirdPartyAppointmentIdPath`: a template.
        third_party_appointment_id: Option<String> = "CRM id", &"{{calendar.id}}/{{id}}";
        /// The title. Default `title`.
        title_path: Option<Paths> = "Title path", &"subject";
        /// Instead of `titlePath`: a template.
        title: Option<String> = "Title", &"{{role.name}}";
        /// The description or agenda. Default `description`.
        description_path: Option<Paths> = "Description path", &"notes";
        /// Instead of `descriptionPath`: a template.
        description: Option<String> = "Description", &"{{agenda.text}}";
        /// Name of the main participant. Default `participantName`.
        participant_name_path: Option<Paths> = "Participant name path", &"attendees.0.name";
        /// Instead of `participantNamePath`: a template.
        participant_name: Option<String> = "Participant name", &"{{contact.first_name}} {{contact.last_name}}";
        /// Start, as ISO 8601 with offset. Default `startTimeUtc`.
        start_time_utc_path: Option<Paths> = "Start path", &"start";
        /// Instead of `startTimeUtcPath`: a template.
        start_time_utc: Option<String> = "Start", &"{{date start.time 'iso'}}";
        /// Length in minutes. Default `durationMinutes`.
        duration_minutes_path: Option<Paths> = "Duration path", &"duration";
        /// Instead of `durationMinutesPath`: a template.
        duration_minutes: Option<String> = "Duration", &"{{multiply hours 60}}";
        /// The CRM's word for the state. Default `status`.
        status_path: Option<Paths> = "Status path", &"status";
        /// Instead of `statusPath`: a template.
        status: Option<String> = "Status", &"{{lowercase state}}";
        /// Id of the related contact. Default `contactId`.
        contact_id_path: Option<Paths> = "Contact id path", &"contact.id";
        /// Instead of `contactIdPath`: a template.
        contact_id: Option<String> = "Contact id", &"{{contact.id}}";
        /// Type of the related contact. Default `contactType`.
        contact_type_path: Option<Paths> = "Contact type path", &"contact.type";
        /// Instead of `contactTypePath`: a template.
        contact_type: Option<String> = "Contact type", &"Lead";
        /// The list of attendees. Default `attendees`.
        attendees_path: Option<String> = "Attendees path", &"guests";
        /// Instead of `attendeesPath`: a template.
        attendees: Option<String> = "Attendees", &"{{fromJson guests_json}}";
        /// Where each field of an attendee is, seen from the attendee.
        attendee: Option<AttendeeMapping> = "Attendee", serde_json::json!({"idPath": "id", "emailPath": "mail"});
    }
}

impl MappingDocument for AppointmentItemMapping {
    fn example() -> Value {
        json!({"idPath": "body.id", "titlePath": "body.subject"})
    }
}

/// How many appointments of a list are taken: some for each hour of a month.
const MOST: usize = 1000;

/// Where appointments are.
#[derive(Debug)]
pub struct AppointmentListPaths {
    list: Field,
    item: AppointmentPaths,
}

/// Where an appointment is.
#[derive(Debug)]
pub struct AppointmentPaths {
    /// Whether a field reads what holds the list of its item.
    reads_parent: bool,
    id: Field,
    third_party_appointment_id: Option<Field>,
    title: Field,
    description: Field,
    participant_name: Field,
    start_time_utc: Field,
    duration_minutes: Field,
    status: Field,
    contact_id: Field,
    contact_type: Field,
    attendees: AttendeePaths,
}

impl ResultMapping for AppointmentListPaths {
    type Document = AppointmentListMapping;
    type Output = Vec<Appointment>;

    fn compile(mapping: Option<&AppointmentListMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = AppointmentListMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let list = compiler.list(mapping.list_path.as_deref(), mapping.list.as_deref(), "body");
        let default = AppointmentItemMapping::default();
        let item = mapping.item.as_ref().unwrap_or(&default);
        let at = format!("{}/item", compiler.at());
        Self { list, item: AppointmentPaths::of(item, Start::Item, &at, compiler) }
    }

    /// The contract requires an id of every listed appointment.
    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Vec<Appointment>, MapError> {
        require_json(reply)?;
        let fields = &self.item;
        let made = OnceCell::new();
        let identify = |item: &Value| fields.id.id(&view.of_item(item, None));
        let items = reader.items(&self.list, view, &made, fields.reads_parent, &identify, MOST)?;
        let (known, nameless): (Vec<View<'_>>, Vec<View<'_>>) =
            items.iter().partition(|item| fields.id.find(item).is_some_and(|id| !id.is_null()));
        reader.without_id(&fields.id, &nameless, &items, known.is_empty())?;
        reader.look_for(&fields.fields(), &known);
        Ok(known.iter().map(|item| fields.appointment(reader, item)).collect())
    }

    fn found(&self, view: &View<'_>) -> Found {
        Found::items(&self.list, view)
    }

    fn nothing_found() -> Option<Vec<Appointment>> {
        Some(Vec::new())
    }
}

impl ResultMapping for AppointmentPaths {
    type Document = AppointmentItemMapping;
    type Output = Appointment;

    fn compile(mapping: Option<&AppointmentItemMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = AppointmentItemMapping::default();
        let at = compiler.at();
        Self::of(mapping.unwrap_or(&default), Start::Reply, &at, compiler)
    }

    fn read(
        &self,
        reader: &mut Reader,
        _: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Appointment, MapError> {
        reader.look_for(&self.fields(), &[*view]);
        Ok(self.appointment(reader, view))
    }

    fn found(&self, view: &View<'_>) -> Found {
        if found::has_id(&self.id, view) { Found::Yes } else { Found::Unread }
    }

    fn text(&self) -> TextReply {
        TextReply::Fine
    }
}

impl AppointmentPaths {
    fn of(item: &AppointmentItemMapping, start: Start, at: &str, compiler: &mut Compiler<'_>) -> Self {
        let prefix = if start == Start::Reply { "body." } else { "" };
        let third_party = written(&item.third_party_appointment_id_path, &item.third_party_appointment_id);
        let mut field = |written: Written<'_>, key: &str| {
            compiler.field(written, key, &format!("{prefix}{key}"), at, start)
        };
        let mut paths = Self {
            reads_parent: false,
            id: field(written(&item.id_path, &item.id), "id"),
            title: field(written(&item.title_path, &item.title), "title"),
            description: field(written(&item.description_path, &item.description), "description"),
            participant_name: field(
                written(&item.participant_name_path, &item.participant_name),
                "participantName",
            ),
            start_time_utc: field(written(&item.start_time_utc_path, &item.start_time_utc), "startTimeUtc"),
            duration_minutes: field(
                written(&item.duration_minutes_path, &item.duration_minutes),
                "durationMinutes",
            ),
            status: field(written(&item.status_path, &item.status), "status"),
            contact_id: field(written(&item.contact_id_path, &item.contact_id), "contactId"),
            contact_type: field(written(&item.contact_type_path, &item.contact_type), "contactType"),
            third_party_appointment_id: None,
            attendees: {
                let list = field(Written::list(&item.attendees_path, &item.attendees), "attendees");
                AttendeePaths::of(list, item.attendee.as_ref(), &format!("{at}/attendee"), compiler)
            },
        };
        // The document that names it without a value means the id.
        if item.third_party_appointment_id_path.is_some() || is_written(third_party) {
            let default = format!("{prefix}id");
            paths.third_party_appointment_id =
                Some(compiler.field(third_party, "thirdPartyAppointmentId", &default, at, start));
        }
        paths.reads_parent = paths.id.reads_parent() || paths.fields().into_iter().any(Field::reads_parent);
        paths
    }

    /// All but the id.
    fn fields(&self) -> Vec<&Field> {
        let fields = [
            &self.title,
            &self.description,
            &self.participant_name,
            &self.start_time_utc,
            &self.duration_minutes,
            &self.status,
            &self.contact_id,
            &self.contact_type,
            &self.attendees.list,
        ];
        self.third_party_appointment_id.iter().chain(fields).collect()
    }

    fn appointment(&self, reader: &mut Reader, view: &View<'_>) -> Appointment {
        let id = self.id.read(view).filter(|id| !id.is_null());
        let third_party = self.third_party_appointment_id.as_ref().and_then(|field| field.read(view));
        Appointment {
            third_party_appointment_id: third_party.or_else(|| id.clone()),
            id,
            title: self.title.read(view),
            description: self.description.read(view),
            participant_name: self.participant_name.read(view),
            start_time_utc: self.start_time_utc.read(view),
            duration_minutes: self.duration_minutes.read(view),
            status: self.status.read(view),
            contact_id: self.contact_id.read(view),
            contact_type: self.contact_type.read(view),
            attendees: self.attendees.read(reader, view),
        }
    }
}
