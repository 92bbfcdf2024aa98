//! Mapping paths: compiled with their defaults, and checked.

use super::super::mapping::{
    AppointmentPaths, AttendeePaths, AuthValidationPaths, CallLogPaths, CompiledMapping, ContactPaths,
    CreatedContactPaths, LicensePaths, LogPaths, MapPath, Source, UserInfoPaths, UserPaths,
};
use super::super::path::Path;
use super::super::problem::{Part, Problem};
use crate::config::diagnostic::Code;
use crate::config::document::OperationRef;
use crate::config::mapping::{AppointmentItemMapping, ContactItemMapping, MappingRef, UserInfoMapping};
use crate::config::operations::OperationName;
use crate::config::pointer;

/// Compiles the mapping of an operation.
pub(super) fn compile(
    operation: &OperationRef<'_>,
    root: &str,
    problems: &mut Vec<Problem>,
) -> CompiledMapping {
    let at = format!("{root}/responseMapping");
    if !operation.has_mapping {
        report_missing_mapping(operation, root, problems);
    }
    let mut compiler = Compiler { operation: operation.name, problems };
    match operation.mapping {
        MappingRef::UserInfo(mapping) => CompiledMapping::UserInfo(compiler.user_info(mapping, root, &at)),
        MappingRef::ContactList(None) => CompiledMapping::Contacts(None),
        MappingRef::ContactList(Some(mapping)) => {
            let list = compiler.list(mapping.list_path.as_deref(), "body", &at);
            let default = ContactItemMapping::default();
            let item = mapping.item.as_ref().unwrap_or(&default);
            let at = format!("{at}/item");
            let mut path = |text: &Option<String>, key: &str, default: &str| {
                compiler.item(text.as_deref(), key, default, &at)
            };
            CompiledMapping::Contacts(Some(ContactPaths {
                list,
                id: path(&item.id_path, "idPath", "id"),
                name: path(&item.name_path, "namePath", "name"),
                phone: path(&item.phone_path, "phonePath", "phone"),
                contact_type: path(&item.type_path, "typePath", "type"),
                title: path(&item.title_path, "titlePath", "title"),
                company: path(&item.company_path, "companyPath", "company"),
                created_date: path(&item.created_date_path, "createdDatePath", "createdDate"),
                most_recent_activity_date: path(
                    &item.most_recent_activity_date_path,
                    "mostRecentActivityDatePath",
                    "mostRecentActivityDate",
                ),
                additional_info: path(&item.additional_info_path, "additionalInfoPath", "additionalInfo"),
            }))
        }
        MappingRef::Contact(mapping) => {
            // Without an id path the reference reports no contact at all (recordings 07).
            let has_none = mapping.is_some_and(|mapping| mapping.no_id == Some(true));
            let paths = mapping
                .filter(|mapping| has_none || mapping.id_path.as_deref().is_some_and(|path| !path.is_empty()))
                .map(|mapping| CreatedContactPaths {
                    has_none: compiler.has_none(mapping.no_id, mapping.id_path.as_deref(), &at),
                    id: compiler.reply(mapping.id_path.as_deref(), "idPath", "body.id", &at),
                    name: compiler.reply(mapping.name_path.as_deref(), "namePath", "body.name", &at),
                    contact_type: compiler.reply(mapping.type_path.as_deref(), "typePath", "body.type", &at),
                });
            if paths.is_none() && operation.has_mapping {
                compiler.missing_id_path(&at, "the contact that was created counts as not created");
            }
            CompiledMapping::Contact(paths)
        }
        // Without a mapping the id is at its default place (recordings 13, `no-responseMapping`).
        MappingRef::LogId(mapping) => {
            let (id_path, no_id) = mapping.map_or((None, None), |it| (it.id_path.as_deref(), it.no_id));
            if mapping.is_some() && id_path.is_none_or(str::is_empty) && no_id != Some(true) {
                compiler.missing_id_path(&at, "the record's id is looked for at `body.id`");
            }
            CompiledMapping::Log(LogPaths {
                has_none: compiler.has_none(no_id, id_path, &at),
                id: compiler.reply(id_path, "idPath", "body.id", &at),
            })
        }
        MappingRef::CallLog(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            CompiledMapping::CallLog(CallLogPaths {
                subject: compiler.reply(mapping.subject_path.as_deref(), "subjectPath", "body.subject", &at),
                note: compiler.reply(mapping.note_path.as_deref(), "notePath", "body.note", &at),
                full_body: compiler.reply(
                    mapping.full_body_path.as_deref(),
                    "fullBodyPath",
                    "body.note",
                    &at,
                ),
                id: mapping
                    .id_path
                    .as_deref()
                    .filter(|path| !path.is_empty())
                    .map(|path| compiler.reply(Some(path), "idPath", "body.id", &at)),
            })
        }
        MappingRef::UserList(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let list = mapping.list_path.as_deref().filter(|path| !path.is_empty());
            CompiledMapping::Users(UserPaths {
                list: list.map(|path| compiler.list(Some(path), "body", &at)),
                id: compiler.item(mapping.id_path.as_deref(), "idPath", "id", &at),
                name: compiler.item(mapping.name_path.as_deref(), "namePath", "name", &at),
                email: compiler.item(mapping.email_path.as_deref(), "emailPath", "email", &at),
            })
        }
        MappingRef::License(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            CompiledMapping::License(LicensePaths {
                is_valid: compiler.reply(
                    mapping.is_license_valid_path.as_deref(),
                    "isLicenseValidPath",
                    "body.isLicenseValid",
                    &at,
                ),
                status: compiler.reply(
                    mapping.license_status_path.as_deref(),
                    "licenseStatusPath",
                    "body.licenseStatus",
                    &at,
                ),
                description: compiler.reply(
                    mapping.license_status_description_path.as_deref(),
                    "licenseStatusDescriptionPath",
                    "body.licenseStatusDescription",
                    &at,
                ),
            })
        }
        MappingRef::AuthValidation(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            CompiledMapping::AuthValidation(AuthValidationPaths {
                successful: compiler.optional(mapping.successful_path.as_deref(), "successfulPath", &at),
                message: compiler.optional(mapping.message_path.as_deref(), "messagePath", &at),
            })
        }
        MappingRef::Acknowledgement(_) => CompiledMapping::Acknowledged,
        MappingRef::ServerLoggingSettings(mapping) => {
            let path = mapping.and_then(|mapping| mapping.settings_path.as_deref());
            CompiledMapping::Settings(compiler.reply(path, "settingsPath", "body", &at))
        }
        MappingRef::AppointmentList(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let list = compiler.list(mapping.list_path.as_deref(), "body", &at);
            let item = mapping.item.unwrap_or_default();
            CompiledMapping::Appointments {
                list,
                item: Box::new(compiler.appointment(&item, "", &format!("{at}/item"))),
            }
        }
        MappingRef::Appointment(mapping) => CompiledMapping::Appointment(Box::new(compiler.appointment(
            &mapping.cloned().unwrap_or_default(),
            "body.",
            &at,
        ))),
    }
}

/// Operations of which nothing is read without a mapping.
fn report_missing_mapping(operation: &OperationRef<'_>, root: &str, problems: &mut Vec<Problem>) {
    let (code, message, help) = match operation.mapping {
        MappingRef::ContactList(_) => (
            Code::MissingMapping,
            "without `responseMapping` no contact ever matches",
            "add `\"responseMapping\": { \"listPath\": \"body.contacts\" }`",
        ),
        MappingRef::UserList(_) => (
            Code::MissingMapping,
            "without `responseMapping.listPath` there are no users",
            "add `\"responseMapping\": { \"listPath\": \"body.users\" }`",
        ),
        MappingRef::LogId(_) => (
            Code::MissingIdPath,
            "without `responseMapping.idPath` the record's id is looked for at `body.id`",
            "add `\"responseMapping\": { \"idPath\": \"body.id\" }`",
        ),
        MappingRef::Contact(_) => (
            Code::MissingIdPath,
            "without `responseMapping.idPath` the contact that was created counts as not created",
            "add `\"responseMapping\": { \"idPath\": \"body.id\" }`",
        ),
        MappingRef::UserInfo(_) => return,
        _ => return,
    };
    problems.push(Problem::new(code, root, message).part(Part::Key).help(help));
}

pub(super) struct Compiler<'p> {
    pub(super) operation: OperationName,
    pub(super) problems: &'p mut Vec<Problem>,
}

impl Compiler<'_> {
    fn user_info(&mut self, mapping: Option<&UserInfoMapping>, root: &str, at: &str) -> UserInfoPaths {
        let default = UserInfoMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let id = self.optional(mapping.id_path.as_deref(), "idPath", at);
        if id.is_none() && self.operation == OperationName::GetUserInfo {
            self.problems.push(
                Problem::new(Code::MissingIdPath, root, "without `responseMapping.idPath` nobody can sign in: users would all be the same one")
                    .part(Part::Key)
                    .help("name where the reply holds the user's id, such as `\"responseMapping\": { \"idPath\": \"body.id\" }`"),
            );
        }
        let paths = mapping.platform_additional_info_paths.iter().flatten();
        let additional_info = paths
            .filter_map(|(key, path)| {
                let path = path.as_deref().filter(|path| !path.is_empty())?;
                let pointer = pointer::join(&format!("{at}/platformAdditionalInfoPaths"), key);
                Some((Box::from(key.as_str()), self.compile(path, pointer, true, true)))
            })
            .collect();
        UserInfoPaths {
            id,
            name: self.optional(mapping.name_path.as_deref(), "namePath", at),
            timezone_name: self.optional(mapping.timezone_name_path.as_deref(), "timezoneNamePath", at),
            timezone_offset: self.optional(mapping.timezone_offset_path.as_deref(), "timezoneOffsetPath", at),
            overriding_api_key: self.optional(
                mapping.overriding_api_key_path.as_deref(),
                "overridingApiKeyPath",
                at,
            ),
            message: self.optional(mapping.message_path.as_deref(), "messagePath", at),
            additional_info,
        }
    }

    fn appointment(&mut self, item: &AppointmentItemMapping, prefix: &str, at: &str) -> AppointmentPaths {
        let in_reply = !prefix.is_empty();
        let mut path = |text: &Option<String>, key: &str, default: &str| {
            let pointer = format!("{at}/{key}");
            match text.as_deref().filter(|text| !text.is_empty()) {
                Some(text) => self.compile(text, pointer, true, in_reply),
                None => MapPath::default_of(&format!("{prefix}{default}")),
            }
        };
        let id = path(&item.id_path, "idPath", "id");
        let third_party = item
            .third_party_appointment_id_path
            .is_some()
            .then(|| path(&item.third_party_appointment_id_path, "thirdPartyAppointmentIdPath", "id"));
        let paths = AppointmentPaths {
            id,
            third_party_appointment_id: third_party,
            title: path(&item.title_path, "titlePath", "title"),
            description: path(&item.description_path, "descriptionPath", "description"),
            participant_name: path(&item.participant_name_path, "participantNamePath", "participantName"),
            start_time_utc: path(&item.start_time_utc_path, "startTimeUtcPath", "startTimeUtc"),
            duration_minutes: path(&item.duration_minutes_path, "durationMinutesPath", "durationMinutes"),
            status: path(&item.status_path, "statusPath", "status"),
            contact_id: path(&item.contact_id_path, "contactIdPath", "contactId"),
            contact_type: path(&item.contact_type_path, "contactTypePath", "contactType"),
            attendees: path(&item.attendees_path, "attendeesPath", "attendees"),
            attendee: AttendeePaths {
                id: MapPath::default_of("id"),
                name: MapPath::default_of("name"),
                attendee_type: MapPath::default_of("type"),
                status: MapPath::default_of("status"),
                email: MapPath::default_of("email"),
            },
        };
        let Some(attendee) = &item.attendee else { return paths };
        let at = format!("{at}/attendee");
        AppointmentPaths {
            attendee: AttendeePaths {
                id: self.item(attendee.id_path.as_deref(), "idPath", "id", &at),
                name: self.item(attendee.name_path.as_deref(), "namePath", "name", &at),
                attendee_type: self.item(attendee.type_path.as_deref(), "typePath", "type", &at),
                status: self.item(attendee.status_path.as_deref(), "statusPath", "status", &at),
                email: self.item(attendee.email_path.as_deref(), "emailPath", "email", &at),
            },
            ..paths
        }
    }

    fn optional(&mut self, text: Option<&str>, key: &str, at: &str) -> Option<MapPath> {
        let text = text.filter(|text| !text.is_empty())?;
        Some(self.compile(text, format!("{at}/{key}"), true, true))
    }

    /// A path over the reply; the empty text is the default, as on the reference server.
    fn reply(&mut self, text: Option<&str>, key: &str, default: &str, at: &str) -> MapPath {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.compile(text, format!("{at}/{key}"), true, true),
            None => MapPath::default_of(default),
        }
    }

    /// A path over the item of a list.
    fn item(&mut self, text: Option<&str>, key: &str, default: &str, at: &str) -> MapPath {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.compile(text, format!("{at}/{key}"), true, false),
            None => MapPath::default_of(default),
        }
    }

    fn list(&mut self, text: Option<&str>, default: &str, at: &str) -> MapPath {
        let path = self.reply(text, "listPath", default, at);
        if path.explicit && path.path.is_root() && &*path.text == "$" {
            self.problems.push(
                Problem::new(
                    Code::PathNotAList,
                    format!("{at}/listPath"),
                    "`$` is the whole reply with status and headers, never a list: nothing is found",
                )
                .help("write `body` where the CRM answers with the list itself"),
            );
        }
        path
    }

    /// Whether the CRM answers without an id; an `idPath` beside it says the opposite.
    fn has_none(&mut self, no_id: Option<bool>, id_path: Option<&str>, at: &str) -> bool {
        let has_none = no_id == Some(true);
        if has_none && id_path.is_some_and(|path| !path.is_empty()) {
            self.problems.push(
                Problem::new(
                    Code::NoId,
                    format!("{at}/noId"),
                    "`noId` stands beside `idPath`: the reply has an id or it has none",
                )
                .part(Part::Key)
                .help("remove `noId` where the CRM answers with an id, else `idPath`"),
            );
            return false;
        }
        has_none
    }

    fn missing_id_path(&mut self, at: &str, consequence: &str) {
        self.problems.push(
            Problem::new(
                Code::MissingIdPath,
                at,
                format!("`{}` has no `idPath`: {consequence}", self.operation),
            )
            .part(Part::Key)
            .help("name where the reply holds the id, such as `\"idPath\": \"body.id\"`"),
        );
    }
}

impl MapPath {
    fn default_of(text: &str) -> Self {
        Self { text: text.into(), source: Source::Reply, path: Path::parse_dot_path(text), explicit: false }
    }
}
