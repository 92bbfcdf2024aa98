//! Maps replies: pure, and honest about what it did not find.

pub(super) mod field;
mod list;
mod problems;
pub(super) mod view;

use std::cell::OnceCell;

use serde_json::{Map, Value};

use super::decode::not_json;
use super::exchange::{BodyKind, Replaced, UpstreamResponse};
use super::inputs::Inputs;
use super::mapped::{
    Appointment, Attendee, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser,
    License, MapError, Mapped, MappingProblem, RecordText, UserInfo,
};
use super::text::{id_text, to_text};
use super::time::read_zone;
use crate::json_kind::kind;
pub(super) use field::{Field, Source};
use list::{Identify, Parents, Shape};
use problems::Reader;
use view::View;

/// A compiled `responseMapping`.
#[derive(Debug)]
pub(super) enum CompiledMapping {
    UserInfo(UserInfoPaths),
    /// `None`: the document has no mapping, so nothing ever matches.
    Contacts(Option<Box<ContactPaths>>),
    Contact(Option<CreatedContactPaths>),
    Log(LogPaths),
    CallLog(CallLogPaths),
    Users(UserPaths),
    License(LicensePaths),
    AuthValidation(AuthValidationPaths),
    Acknowledged,
    Settings(Field),
    Appointments {
        list: Field,
        item: Box<AppointmentPaths>,
    },
    Appointment(Box<AppointmentPaths>),
}

#[derive(Debug, Default)]
pub(super) struct UserInfoPaths {
    pub(super) id: Option<Field>,
    pub(super) name: Option<Field>,
    pub(super) timezone_name: Option<Field>,
    pub(super) timezone_offset: Option<Field>,
    pub(super) overriding_api_key: Option<Field>,
    pub(super) message: Option<Field>,
    pub(super) additional_info: Vec<(Box<str>, Field)>,
}

#[derive(Debug)]
pub(super) struct ContactPaths {
    /// Whether a field reads what holds the list of its item.
    pub(super) reads_parent: bool,
    pub(super) list: Field,
    pub(super) id: Field,
    pub(super) name: Field,
    pub(super) phone: Field,
    pub(super) contact_type: Field,
    pub(super) title: Field,
    pub(super) company: Field,
    pub(super) created_date: Field,
    pub(super) most_recent_activity_date: Field,
    pub(super) additional_info: Field,
}

/// Where the id of a record is that was created.
#[derive(Debug)]
pub(super) struct LogPaths {
    pub(super) id: Field,
    /// Whether the document says that the CRM answers without one.
    pub(super) has_none: bool,
}

#[derive(Debug)]
pub(super) struct CreatedContactPaths {
    pub(super) has_none: bool,
    pub(super) id: Field,
    pub(super) name: Field,
    pub(super) contact_type: Field,
}

#[derive(Debug)]
pub(super) struct CallLogPaths {
    pub(super) subject: Field,
    pub(super) note: Field,
    pub(super) full_body: Field,
    pub(super) id: Option<Field>,
}

#[derive(Debug)]
pub(super) struct UserPaths {
    /// Whether a field reads what holds the list of its item.
    pub(super) reads_parent: bool,
    pub(super) list: Option<Field>,
    pub(super) id: Field,
    pub(super) name: Field,
    pub(super) email: Field,
}

#[derive(Debug)]
pub(super) struct LicensePaths {
    pub(super) is_valid: Field,
    pub(super) status: Field,
    pub(super) description: Field,
}

#[derive(Debug, Default)]
pub(super) struct AuthValidationPaths {
    pub(super) successful: Option<Field>,
    pub(super) message: Option<Field>,
}

#[derive(Debug)]
pub(super) struct AppointmentPaths {
    /// Whether a field reads what holds the list of its item.
    pub(super) reads_parent: bool,
    pub(super) id: Field,
    pub(super) third_party_appointment_id: Option<Field>,
    pub(super) title: Field,
    pub(super) description: Field,
    pub(super) participant_name: Field,
    pub(super) start_time_utc: Field,
    pub(super) duration_minutes: Field,
    pub(super) status: Field,
    pub(super) contact_id: Field,
    pub(super) contact_type: Field,
    pub(super) attendees: Field,
    pub(super) attendee: AttendeePaths,
}

#[derive(Debug)]
pub(super) struct AttendeePaths {
    pub(super) id: Field,
    pub(super) name: Field,
    pub(super) attendee_type: Field,
    pub(super) status: Field,
    pub(super) email: Field,
}

/// Maps a reply. Besides the result, says what its paths did not find.
///
/// # Errors
/// If there is no result at all: not JSON where JSON is read, a list that is none, a user
/// without an id.
pub(super) fn map(
    mapping: &CompiledMapping,
    response: &UpstreamResponse,
    inputs: &Inputs<'_>,
) -> Result<(Mapped, Vec<MappingProblem>), MapError> {
    let mut reader = Reader::default();
    let view = &View::of_reply(response.document(), inputs);
    let mapped = match mapping {
        CompiledMapping::UserInfo(fields) => Mapped::UserInfo(reader.user_info(fields, response, view)?),
        CompiledMapping::Contacts(None) => Mapped::Contacts(Vec::new()),
        CompiledMapping::Contacts(Some(fields)) => Mapped::Contacts(reader.contacts(fields, response, view)?),
        CompiledMapping::Contact(None) => Mapped::Contact(None),
        CompiledMapping::Contact(Some(fields)) => {
            let id = reader.created_id(&fields.id, fields.has_none, view);
            if id.is_none() && !fields.has_none {
                return Err(MapError::NoRecordId(reader.missing_id(&fields.id, response)));
            }
            reader.look_for(&[&fields.name, &fields.contact_type], &[*view]);
            Mapped::Contact(Some(CreatedContact {
                id,
                name: fields.name.read(view),
                contact_type: fields.contact_type.truthy(view).unwrap_or_else(|| "Contact".into()),
            }))
        }
        CompiledMapping::Log(fields) => {
            let id = reader.created_id(&fields.id, fields.has_none, view).as_ref().and_then(id_text);
            if id.is_none() && !fields.has_none {
                return Err(MapError::NoRecordId(reader.missing_id(&fields.id, response)));
            }
            Mapped::Log(CreatedLog { log_id: id })
        }
        CompiledMapping::CallLog(fields) => {
            require_json(response)?;
            reader.look_for(&[&fields.subject, &fields.note, &fields.full_body], &[*view]);
            let note = fields.note.read(view);
            let full_body = fields.full_body.read(view);
            Mapped::CallLog(CallLogInfo {
                subject: fields.subject.read(view),
                text: fields.text(view),
                note,
                full_body,
                id: fields.id.as_ref().and_then(|field| field.id(view)),
                full_log_response: response.body().clone(),
            })
        }
        CompiledMapping::Users(fields) => Mapped::Users(match &fields.list {
            None => Vec::new(),
            Some(list) => reader.users(list, fields, response, view)?,
        }),
        CompiledMapping::License(fields) => {
            require_json(response)?;
            reader.look_for(&[&fields.is_valid, &fields.status, &fields.description], &[*view]);
            Mapped::License(License {
                is_license_valid: fields.is_valid.read(view),
                license_status: fields.status.read(view),
                license_status_description: fields.description.read(view),
            })
        }
        CompiledMapping::AuthValidation(fields) => Mapped::AuthValidation(AuthValidation {
            successful: fields
                .successful
                .as_ref()
                .is_none_or(|field| reader.expected(field, view).as_ref().is_some_and(is_truthy)),
            // There is none where all is well.
            message: fields.message.as_ref().and_then(|field| field.text(view)),
            status: response.status,
        }),
        CompiledMapping::Acknowledged => Mapped::Acknowledged {},
        CompiledMapping::Settings(field) => {
            require_json(response)?;
            Mapped::ServerLoggingSettings(
                reader.expected(field, view).unwrap_or_else(|| Value::Object(Map::new())),
            )
        }
        CompiledMapping::Appointments { list, item: fields } => {
            Mapped::Appointments(reader.appointments(list, fields, response, view)?)
        }
        CompiledMapping::Appointment(fields) => {
            reader.look_for(&fields.fields(), &[*view]);
            Mapped::Appointment(Box::new(reader.appointment(fields, view)))
        }
    };
    reader.problems.extend(replaced(response));
    Ok((mapped, reader.problems))
}

/// What of the reply was not read as it was sent.
fn replaced(response: &UpstreamResponse) -> Option<MappingProblem> {
    (response.replaced != Replaced::default()).then(|| MappingProblem {
        key: "body".to_owned(),
        path: "body".to_owned(),
        found: response.replaced.to_string(),
        is_essential: false,
    })
}

impl CallLogPaths {
    /// What there is of the text that an update would change.
    fn text(&self, view: &View<'_>) -> RecordText {
        let is_note = self.note.explicit && !self.full_body.explicit;
        let field = if is_note { &self.note } else { &self.full_body };
        match field.find(view).as_deref() {
            None => RecordText::Missing,
            Some(Value::Null) => RecordText::Null,
            Some(_) => RecordText::Found,
        }
    }
}

/// The items of a list, each with what is around it.
fn views<'v>(
    list: &Field,
    view: &View<'v>,
    made: &'v OnceCell<Option<Value>>,
    with_parents: bool,
    identify: Identify<'_>,
) -> Result<Option<Vec<View<'v>>>, MapError> {
    let shape = match &list.source {
        Source::Path(path) => list::items(list, path, view.here, identify)?,
        _ => match made.get_or_init(|| list.read(view)) {
            Some(value) if !value.is_null() => list::one(list, value, identify)?,
            // A text that should hold a list, such as JSON that was cut off, is no empty list.
            _ if list.reads_something(view) => return Err(list::none_in(list)),
            _ => Shape::Missing,
        },
    };
    let Shape::Items(items) = shape else { return Ok(None) };
    let parents = with_parents.then(|| Parents::of(view.reply, list.path()));
    let parent = |item: &Value| parents.as_ref().and_then(|parents| parents.get(item));
    Ok(Some(items.into_iter().map(|item| view.of_item(item, parent(item))).collect()))
}

impl Reader {
    /// The items of an operation's list. A list that is not there has none, and is told.
    fn items<'v>(
        &mut self,
        list: &Field,
        view: &View<'v>,
        made: &'v OnceCell<Option<Value>>,
        with_parents: bool,
        identify: Identify<'_>,
    ) -> Result<Vec<View<'v>>, MapError> {
        let items = views(list, view, made, with_parents, identify)?;
        if items.is_none() {
            self.absent_list(list, view);
        }
        Ok(items.unwrap_or_default())
    }

    /// A zone that is known; one that is not counts as none, and is told: as a value it would stand
    /// before others and mean UTC.
    fn zone(&mut self, field: Option<&Field>, view: &View<'_>) -> Option<Value> {
        let field = field?;
        let value = zone_value(field, view)?;
        match read_zone(&value) {
            Ok(_) => Some(value),
            Err(problem) => {
                self.note(field, format!("{} that is {problem}", kind(&value)), true);
                None
            }
        }
    }

    fn user_info(
        &mut self,
        fields: &UserInfoPaths,
        response: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<UserInfo, MapError> {
        require_json(response)?;
        let Some(id_field) = &fields.id else {
            return Err(MapError::NoUserId {
                path: "responseMapping.idPath, which is missing".to_owned(),
                found: "nothing".to_owned(),
            });
        };
        let raw_id = id_field.read(view);
        let Some(id) = raw_id.as_ref().and_then(id_text) else {
            let found = problems::describe(raw_id.as_ref(), id_field, view);
            return Err(MapError::NoUserId { path: format!("`{}`", id_field.text), found });
        };
        // A message is for those whom the CRM has something to tell.
        let told = [&fields.name, &fields.timezone_name, &fields.timezone_offset, &fields.overriding_api_key];
        let told: Vec<&Field> = told.into_iter().flatten().collect();
        self.look_for(&told, &[*view]);
        let info: Vec<&Field> = fields.additional_info.iter().map(|(_, field)| field).collect();
        self.look_for(&info, &[*view]);
        let truthy = |field: &Option<Field>| field.as_ref().and_then(|field| field.truthy(view));
        let as_text = |value: Value| to_text(&value).into_owned();
        let timezone_name = self.zone(fields.timezone_name.as_ref(), view);
        let timezone_offset = self.zone(fields.timezone_offset.as_ref(), view);
        let zones = [&fields.timezone_name, &fields.timezone_offset];
        let tells_zone = zones.into_iter().flatten().any(|field| zone_value(field, view).is_some());
        Ok(UserInfo {
            id,
            name: match &fields.name {
                Some(field) => field.read(view),
                None => raw_id,
            },
            timezone_name: timezone_name.map(as_text),
            timezone_offset: timezone_offset.filter(is_truthy),
            tells_zone,
            overriding_api_key: truthy(&fields.overriding_api_key)
                .map(as_text)
                .map(crate::secret::Secret::from),
            message: truthy(&fields.message).map(as_text),
            platform_additional_info: fields
                .additional_info
                .iter()
                .filter_map(|(key, field)| Some((key.to_string(), field.read(view)?)))
                .collect(),
            missing_additional_info: fields
                .additional_info
                .iter()
                .filter(|(_, field)| field.find(view).is_none())
                .map(|(key, _)| key.to_string())
                .collect(),
        })
    }

    /// A null or scalar item without an id is no contact (Q23); an object without one is reported
    /// as the reference does.
    fn contacts(
        &mut self,
        fields: &ContactPaths,
        response: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Vec<Contact>, MapError> {
        require_json(response)?;
        let made = OnceCell::new();
        let identify = |item: &Value| fields.id.id(&view.of_item(item, None));
        let items = self.items(&fields.list, view, &made, fields.reads_parent, &identify)?;
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
            contacts.push(contact(fields, id, item));
        }
        self.without_id(&fields.id, &nameless, &items, contacts.is_empty())?;
        self.look_for(&fields.fields(), &items);
        Ok(contacts)
    }

    fn users(
        &mut self,
        list: &Field,
        fields: &UserPaths,
        response: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Vec<CrmUser>, MapError> {
        require_json(response)?;
        let made = OnceCell::new();
        let identify = |item: &Value| fields.id.id(&view.of_item(item, None));
        let items = self.items(list, view, &made, fields.reads_parent, &identify)?;
        let nameless: Vec<View<'_>> =
            items.iter().filter(|item| fields.id.find(item).is_none_or(|id| id.is_null())).copied().collect();
        let are_none = !items.iter().any(|item| item.here.is_object()) && nameless.len() == items.len();
        self.without_id(&fields.id, &nameless, &items, are_none)?;
        self.look_for(&[&fields.name, &fields.email], &items);
        Ok(items
            .iter()
            .map(|item| CrmUser {
                id: fields.id.read(item),
                name: fields.name.read(item),
                email: fields.email.read(item),
            })
            .collect())
    }

    /// The contract requires an id of every listed appointment.
    fn appointments(
        &mut self,
        list: &Field,
        fields: &AppointmentPaths,
        response: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Vec<Appointment>, MapError> {
        require_json(response)?;
        let made = OnceCell::new();
        let identify = |item: &Value| fields.id.id(&view.of_item(item, None));
        let items = self.items(list, view, &made, fields.reads_parent, &identify)?;
        let (known, nameless): (Vec<View<'_>>, Vec<View<'_>>) =
            items.iter().partition(|item| fields.id.find(item).is_some_and(|id| !id.is_null()));
        self.without_id(&fields.id, &nameless, &items, known.is_empty())?;
        self.look_for(&fields.fields(), &known);
        Ok(known.iter().map(|item| self.appointment(fields, item)).collect())
    }

    fn appointment(&mut self, fields: &AppointmentPaths, view: &View<'_>) -> Appointment {
        let id = fields.id.read(view).filter(|id| !id.is_null());
        let third_party = fields.third_party_appointment_id.as_ref().and_then(|field| field.read(view));
        Appointment {
            third_party_appointment_id: third_party.or_else(|| id.clone()),
            id,
            title: fields.title.read(view),
            description: fields.description.read(view),
            participant_name: fields.participant_name.read(view),
            start_time_utc: fields.start_time_utc.read(view),
            duration_minutes: fields.duration_minutes.read(view),
            status: fields.status.read(view),
            contact_id: fields.contact_id.read(view),
            contact_type: fields.contact_type.read(view),
            attendees: self.attendees(fields, view),
        }
    }

    /// Attendees need no id: a name or an address says who comes. Their parent is the appointment.
    fn attendees(&mut self, fields: &AppointmentPaths, view: &View<'_>) -> Vec<Attendee> {
        let of = &fields.attendee;
        let identify = |item: &Value| {
            let item = view.of_item(item, Some(view.here));
            let known =
                item.here.is_object() && [&of.id, &of.name, &of.email].iter().any(|field| field.finds(&item));
            known.then(|| of.id.id(&item).unwrap_or_default())
        };
        let made = OnceCell::new();
        let items = match views(&fields.attendees, view, &made, false, &identify) {
            Ok(items) => items.unwrap_or_default(),
            Err(error) => {
                self.not_attendees(&fields.attendees, &error);
                Vec::new()
            }
        };
        let items: Vec<View<'_>> = items
            .into_iter()
            .filter(|item| !item.here.is_null())
            .map(|item| View { parent: Some(view.here), ..item })
            .collect();
        self.look_for(&[&of.id, &of.name, &of.attendee_type, &of.status, &of.email], &items);
        items
            .iter()
            .map(|item| Attendee {
                id: of.id.read(item),
                name: of.name.read(item),
                attendee_type: of.attendee_type.read(item),
                status: of.status.read(item),
                email: of.email.read(item),
            })
            .collect()
    }
}

/// What a reply tells of a time zone, be it known or not.
fn zone_value(field: &Field, view: &View<'_>) -> Option<Value> {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    field.read(view).filter(|value| !value.is_null() && !is_blank(value))
}

fn contact(fields: &ContactPaths, id: Option<Value>, item: &View<'_>) -> Contact {
    let empty = || Value::String(String::new());
    Contact {
        id,
        name: fields.name.truthy(item).unwrap_or_else(empty),
        phone: fields.phone.truthy(item),
        contact_type: fields.contact_type.truthy(item).unwrap_or_else(|| "Contact".into()),
        title: fields.title.truthy(item).unwrap_or_else(empty),
        company: fields.company.truthy(item).unwrap_or_else(empty),
        created_date: fields.created_date.truthy(item),
        most_recent_activity_date: fields.most_recent_activity_date.truthy(item),
        additional_info: fields.additional_info.truthy(item).unwrap_or(Value::Null),
    }
}

impl ContactPaths {
    /// All but the id.
    pub(super) fn fields(&self) -> [&Field; 8] {
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
}

impl AppointmentPaths {
    /// All but the id.
    pub(super) fn fields(&self) -> Vec<&Field> {
        let fields = [
            &self.title,
            &self.description,
            &self.participant_name,
            &self.start_time_utc,
            &self.duration_minutes,
            &self.status,
            &self.contact_id,
            &self.contact_type,
            &self.attendees,
        ];
        self.third_party_appointment_id.iter().chain(fields).collect()
    }
}

/// Q22: text where JSON is read is an error, not "no result". An empty body is no text: a search
/// that answers 204 found nothing (recordings 06, `status-204`).
fn require_json(response: &UpstreamResponse) -> Result<(), MapError> {
    match response.kind {
        BodyKind::Text => Err(MapError::NotJson(Box::new(not_json(response)))),
        BodyKind::Json | BodyKind::Empty => Ok(()),
    }
}

/// What JavaScript takes for true.
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
