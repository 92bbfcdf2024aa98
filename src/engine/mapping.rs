//! Maps replies: pure, and honest about what it did not find.

use serde_json::{Map, Value};

use super::decode::not_json;
use super::exchange::{BodyKind, Replaced, UpstreamResponse};
use super::inputs::Inputs;
use super::mapped::{
    Appointment, Attendee, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser,
    License, MapError, Mapped, MappingProblem, UserInfo,
};
use super::operation::Operation;
use super::path::{Listed, Path};
use super::render::kind;
use super::text::{id_text, to_text};
use super::value_ref::ValueRef;
use super::variables::Variable;

/// A path of a mapping: its text for messages, and compiled.
#[derive(Debug)]
pub(super) struct MapPath {
    pub(super) text: Box<str>,
    pub(super) source: Source,
    pub(super) path: Path,
    /// Whether the document itself names it; a default that finds nothing is no problem.
    pub(super) explicit: bool,
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// At the reply, or at the list's item.
    Reply,
    /// At an input of the operation (`getUserInfo` only).
    Input(Variable),
}

/// A compiled `responseMapping`.
#[derive(Debug)]
pub(super) enum CompiledMapping {
    UserInfo(UserInfoPaths),
    /// `None`: the document has no mapping, so nothing ever matches.
    Contacts(Option<ContactPaths>),
    Contact(Option<CreatedContactPaths>),
    Log(Option<MapPath>),
    CallLog(CallLogPaths),
    Users(UserPaths),
    License(LicensePaths),
    AuthValidation(AuthValidationPaths),
    Acknowledged,
    Settings(MapPath),
    Appointments {
        list: MapPath,
        item: Box<AppointmentPaths>,
    },
    Appointment(Box<AppointmentPaths>),
}

#[derive(Debug, Default)]
pub(super) struct UserInfoPaths {
    pub(super) id: Option<MapPath>,
    pub(super) name: Option<MapPath>,
    pub(super) timezone_name: Option<MapPath>,
    pub(super) timezone_offset: Option<MapPath>,
    pub(super) overriding_api_key: Option<MapPath>,
    pub(super) message: Option<MapPath>,
    pub(super) additional_info: Vec<(Box<str>, MapPath)>,
}

#[derive(Debug)]
pub(super) struct ContactPaths {
    pub(super) list: MapPath,
    pub(super) id: MapPath,
    pub(super) name: MapPath,
    pub(super) phone: MapPath,
    pub(super) contact_type: MapPath,
    pub(super) title: MapPath,
    pub(super) company: MapPath,
    pub(super) created_date: MapPath,
    pub(super) most_recent_activity_date: MapPath,
    pub(super) additional_info: MapPath,
}

#[derive(Debug)]
pub(super) struct CreatedContactPaths {
    pub(super) id: MapPath,
    pub(super) name: MapPath,
    pub(super) contact_type: MapPath,
}

#[derive(Debug)]
pub(super) struct CallLogPaths {
    pub(super) subject: MapPath,
    pub(super) note: MapPath,
    pub(super) full_body: MapPath,
    pub(super) id: Option<MapPath>,
}

#[derive(Debug)]
pub(super) struct UserPaths {
    pub(super) list: Option<MapPath>,
    pub(super) id: MapPath,
    pub(super) name: MapPath,
    pub(super) email: MapPath,
}

#[derive(Debug)]
pub(super) struct LicensePaths {
    pub(super) is_valid: MapPath,
    pub(super) status: MapPath,
    pub(super) description: MapPath,
}

#[derive(Debug, Default)]
pub(super) struct AuthValidationPaths {
    pub(super) successful: Option<MapPath>,
    pub(super) message: Option<MapPath>,
}

#[derive(Debug)]
pub(super) struct AppointmentPaths {
    pub(super) id: MapPath,
    pub(super) third_party_appointment_id: Option<MapPath>,
    pub(super) title: MapPath,
    pub(super) description: MapPath,
    pub(super) participant_name: MapPath,
    pub(super) start_time_utc: MapPath,
    pub(super) duration_minutes: MapPath,
    pub(super) status: MapPath,
    pub(super) contact_id: MapPath,
    pub(super) contact_type: MapPath,
    pub(super) attendees: MapPath,
    pub(super) attendee: AttendeePaths,
}

#[derive(Debug)]
pub(super) struct AttendeePaths {
    pub(super) id: MapPath,
    pub(super) name: MapPath,
    pub(super) attendee_type: MapPath,
    pub(super) status: MapPath,
    pub(super) email: MapPath,
}

/// Maps the reply of an operation. Besides the result, says what its paths did not find.
///
/// # Errors
/// Where there is no result at all: not JSON where JSON is read, a list that is none, a user
/// without an id.
pub fn map(
    operation: &Operation,
    response: &UpstreamResponse,
    inputs: &Inputs<'_>,
) -> Result<(Mapped, Vec<MappingProblem>), MapError> {
    let mut reader = Reader { problems: Vec::new() };
    let reply = response.document();
    let mapped = match &operation.mapping {
        CompiledMapping::UserInfo(paths) => Mapped::UserInfo(reader.user_info(paths, response, inputs)?),
        CompiledMapping::Contacts(None) => Mapped::Contacts(Vec::new()),
        CompiledMapping::Contacts(Some(paths)) => Mapped::Contacts(reader.contacts(paths, response)?),
        CompiledMapping::Contact(paths) => Mapped::Contact(paths.as_ref().map(|paths| CreatedContact {
            id: reader.expected("idPath", &paths.id, reply).filter(|id| !id.is_null()),
            name: reader.read(&paths.name, reply),
            contact_type: reader.truthy(&paths.contact_type, reply).unwrap_or_else(|| "Contact".into()),
        })),
        CompiledMapping::Log(path) => Mapped::Log(CreatedLog {
            log_id: path.as_ref().and_then(|path| reader.id("idPath", path, reply)),
        }),
        CompiledMapping::CallLog(paths) => {
            require_json(response)?;
            let note = reader.read(&paths.note, reply);
            let full_body = reader.read(&paths.full_body, reply);
            Mapped::CallLog(CallLogInfo {
                subject: reader.read(&paths.subject, reply),
                is_unrecognized: note.is_none()
                    && full_body.is_none()
                    && !paths.full_body.path.has_place(reply),
                note,
                full_body,
                id: paths.id.as_ref().and_then(|path| reader.read(path, reply)).as_ref().and_then(id_text),
                full_log_response: response.body().clone(),
            })
        }
        CompiledMapping::Users(paths) => Mapped::Users(match &paths.list {
            None => Vec::new(),
            Some(list) => {
                require_json(response)?;
                let items = list_of(list, reply)?;
                items.into_iter().map(|item| reader.crm_user(paths, item)).collect()
            }
        }),
        CompiledMapping::License(paths) => {
            require_json(response)?;
            Mapped::License(License {
                is_license_valid: reader.read(&paths.is_valid, reply),
                license_status: reader.read(&paths.status, reply),
                license_status_description: reader.read(&paths.description, reply),
            })
        }
        CompiledMapping::AuthValidation(paths) => Mapped::AuthValidation(AuthValidation {
            successful: paths.successful.as_ref().is_none_or(|path| {
                reader.expected("successfulPath", path, reply).as_ref().is_some_and(is_truthy)
            }),
            message: paths.message.as_ref().and_then(|path| reader.text(path, reply)),
            status: response.status,
        }),
        CompiledMapping::Acknowledged => Mapped::Acknowledged {},
        CompiledMapping::Settings(path) => {
            require_json(response)?;
            Mapped::ServerLoggingSettings(
                reader.expected("settingsPath", path, reply).unwrap_or_else(|| Value::Object(Map::new())),
            )
        }
        CompiledMapping::Appointments { list, item: paths } => {
            require_json(response)?;
            let items = list_of(list, reply)?;
            Mapped::Appointments(
                items.into_iter().filter_map(|item| reader.listed_appointment(paths, item)).collect(),
            )
        }
        CompiledMapping::Appointment(paths) => {
            Mapped::Appointment(Box::new(reader.appointment(paths, reply)))
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
    })
}

struct Reader {
    problems: Vec<MappingProblem>,
}

impl Reader {
    fn read(&mut self, path: &MapPath, root: &Value) -> Option<Value> {
        path.path.first(root).map(ValueRef::into_owned)
    }

    /// Reads a value that ought to be there, and says so where it is not.
    fn expected(&mut self, key: &str, path: &MapPath, root: &Value) -> Option<Value> {
        let value = self.read(path, root);
        if value.as_ref().is_none_or(Value::is_null) {
            self.problem(key, path, value.as_ref(), root);
        }
        value
    }

    /// Reads an id as text, and says so where there is none.
    fn id(&mut self, key: &str, path: &MapPath, root: &Value) -> Option<String> {
        let value = self.expected(key, path, root)?;
        let id = id_text(&value);
        if id.is_none() && !value.is_null() {
            self.problem(key, path, Some(&value), root);
        }
        id
    }

    /// The value where JavaScript takes it for true: the reference treats `0`, `""` and `false`
    /// like nothing (recordings 06, `defaults-falsy-values`).
    fn truthy(&mut self, path: &MapPath, root: &Value) -> Option<Value> {
        let value = path.path.first(root)?;
        is_truthy(&value).then(|| value.into_owned())
    }

    fn text(&mut self, path: &MapPath, root: &Value) -> Option<String> {
        self.truthy(path, root).map(|value| to_text(&value).into_owned())
    }

    fn problem(&mut self, key: &str, path: &MapPath, found: Option<&Value>, root: &Value) {
        let problem = MappingProblem {
            key: key.to_owned(),
            path: path.text.to_string(),
            found: describe(found, path, root),
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn user_info(
        &mut self,
        paths: &UserInfoPaths,
        response: &UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<UserInfo, MapError> {
        require_json(response)?;
        let reply = response.document();
        let read = |path: &MapPath| match (path.source, &path.path) {
            (Source::Reply, path) => path.first(reply).map(ValueRef::into_owned),
            (Source::Input(variable), Path::Steps(steps)) => {
                inputs.find(variable, steps).map(super::inputs::Found::into_value)
            }
            (Source::Input(_), Path::Query(_)) => None,
        };
        let Some(id_path) = &paths.id else {
            return Err(MapError::NoUserId {
                path: "responseMapping.idPath, which is missing".to_owned(),
                found: "nothing".to_owned(),
            });
        };
        let raw_id = read(id_path);
        let Some(id) = raw_id.as_ref().and_then(id_text) else {
            let found = describe(raw_id.as_ref(), id_path, reply);
            return Err(MapError::NoUserId { path: format!("`{}`", id_path.text), found });
        };
        let truthy = |path: &Option<MapPath>| path.as_ref().and_then(&read).filter(is_truthy);
        let as_text = |value: Value| to_text(&value).into_owned();
        Ok(UserInfo {
            id,
            name: match &paths.name {
                Some(path) => read(path),
                None => raw_id,
            },
            timezone_name: truthy(&paths.timezone_name).map(as_text),
            timezone_offset: truthy(&paths.timezone_offset),
            overriding_api_key: truthy(&paths.overriding_api_key)
                .map(as_text)
                .map(crate::secret::Secret::from),
            message: truthy(&paths.message).map(as_text),
            platform_additional_info: paths
                .additional_info
                .iter()
                .filter_map(|(key, path)| Some((key.to_string(), read(path)?)))
                .collect(),
            missing_additional_info: paths
                .additional_info
                .iter()
                .filter(|(_, path)| read(path).is_none())
                .map(|(key, _)| key.to_string())
                .collect(),
        })
    }

    fn contacts(
        &mut self,
        paths: &ContactPaths,
        response: &UpstreamResponse,
    ) -> Result<Vec<Contact>, MapError> {
        require_json(response)?;
        let items = list_of(&paths.list, response.document())?;
        let mut contacts = Vec::with_capacity(items.len());
        contacts.extend(items.into_iter().filter_map(|item| self.contact(paths, item)));
        Ok(contacts)
    }

    /// A null or scalar item without an id is no contact (Q23); an object without one is reported
    /// as the reference does.
    fn contact(&mut self, paths: &ContactPaths, item: &Value) -> Option<Contact> {
        let id = self.read(&paths.id, item);
        if id.as_ref().is_none_or(Value::is_null) {
            self.problem("item.idPath", &paths.id, id.as_ref(), item);
            if !item.is_object() {
                return None;
            }
        }
        let empty = || Value::String(String::new());
        Some(Contact {
            id,
            name: self.truthy(&paths.name, item).unwrap_or_else(empty),
            phone: self.truthy(&paths.phone, item),
            contact_type: self.truthy(&paths.contact_type, item).unwrap_or_else(|| "Contact".into()),
            title: self.truthy(&paths.title, item).unwrap_or_else(empty),
            company: self.truthy(&paths.company, item).unwrap_or_else(empty),
            created_date: self.truthy(&paths.created_date, item),
            most_recent_activity_date: self.truthy(&paths.most_recent_activity_date, item),
            additional_info: self.truthy(&paths.additional_info, item).unwrap_or(Value::Null),
        })
    }

    fn crm_user(&mut self, paths: &UserPaths, item: &Value) -> CrmUser {
        CrmUser {
            id: self.expected("idPath", &paths.id, item),
            name: self.read(&paths.name, item),
            email: self.read(&paths.email, item),
        }
    }

    fn listed_appointment(&mut self, paths: &AppointmentPaths, item: &Value) -> Option<Appointment> {
        let appointment = self.appointment(paths, item);
        if appointment.id.is_none() {
            self.problem("item.idPath", &paths.id, None, item);
        }
        // The contract requires an id of every listed appointment.
        appointment.id.is_some().then_some(appointment)
    }

    fn appointment(&mut self, paths: &AppointmentPaths, root: &Value) -> Appointment {
        let id = self.read(&paths.id, root).filter(|id| !id.is_null());
        let third_party = paths.third_party_appointment_id.as_ref().and_then(|path| self.read(path, root));
        let attendees = match paths.attendees.path.list(root) {
            Listed::Items(items) => items
                .into_iter()
                .filter(|item| !item.is_null())
                .map(|item| Attendee {
                    id: self.read(&paths.attendee.id, item),
                    name: self.read(&paths.attendee.name, item),
                    attendee_type: self.read(&paths.attendee.attendee_type, item),
                    status: self.read(&paths.attendee.status, item),
                    email: self.read(&paths.attendee.email, item),
                })
                .collect(),
            _ => Vec::new(),
        };
        Appointment {
            third_party_appointment_id: third_party.or_else(|| id.clone()),
            id,
            title: self.read(&paths.title, root),
            description: self.read(&paths.description, root),
            participant_name: self.read(&paths.participant_name, root),
            start_time_utc: self.read(&paths.start_time_utc, root),
            duration_minutes: self.read(&paths.duration_minutes, root),
            status: self.read(&paths.status, root),
            contact_id: self.read(&paths.contact_id, root),
            contact_type: self.read(&paths.contact_type, root),
            attendees,
        }
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

/// The items of a list; nothing and everything that JavaScript takes for false is an empty list.
fn list_of<'v>(path: &MapPath, root: &'v Value) -> Result<Vec<&'v Value>, MapError> {
    match path.path.list(root) {
        Listed::Items(items) => Ok(items),
        Listed::Missing => Ok(Vec::new()),
        Listed::Other(value) if !is_truthy(&value) => Ok(Vec::new()),
        Listed::Other(value) => Err(MapError::NotAList { path: path.text.to_string(), found: kind(&value) }),
    }
}

/// What a path found, in words: never a value, at most the names of keys nearby.
fn describe(found: Option<&Value>, path: &MapPath, root: &Value) -> String {
    if let Some(value) = found {
        return kind(value).to_owned();
    }
    let near = match &path.path {
        Path::Steps(steps) if !steps.is_empty() => {
            (0..steps.len()).rev().find_map(|length| super::path::walk(&steps[..length], root))
        }
        _ => Some(ValueRef::Borrowed(root)),
    };
    match near.as_deref() {
        Some(Value::Object(members)) if !members.is_empty() => {
            let keys: Vec<&str> = members.keys().map(String::as_str).take(8).collect();
            let more = if members.len() > keys.len() { ", …" } else { "" };
            format!("nothing; the object there has the keys {}{more}", keys.join(", "))
        }
        Some(value) => format!("nothing, below {}", kind(value)),
        None => "nothing".to_owned(),
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
