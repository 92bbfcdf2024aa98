//! Mapping fields: compiled with their defaults, and checked.

use super::super::mapping::field::Field;
use super::super::mapping::{
    AppointmentPaths, AttendeePaths, AuthValidationPaths, CallLogPaths, CompiledMapping, ContactPaths,
    CreatedContactPaths, LicensePaths, LogPaths, UserInfoPaths, UserPaths,
};
use super::field::{Compiler, Start, Written, is_written, kind, written};
use crate::config::diagnostic::Code;
use crate::config::document::OperationRef;
use crate::config::mapping::{
    AppointmentItemMapping, AttendeeMapping, ContactItemMapping, MappingRef, UserInfoMapping,
};
use crate::config::operations::OperationName;
use crate::config::pointer;
use crate::config::problem::{Part, Problem};

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
            let list = compiler.list(mapping.list_path.as_deref(), mapping.list.as_deref(), "body", &at);
            let default = ContactItemMapping::default();
            let item = mapping.item.as_ref().unwrap_or(&default);
            let fields = compiler.contact_item(list, item, &format!("{at}/item"));
            CompiledMapping::Contacts(Some(Box::new(fields)))
        }
        MappingRef::Contact(mapping) => {
            // Without an id path the reference reports no contact at all (recordings 07).
            let has_none = mapping.is_some_and(|mapping| mapping.no_id == Some(true));
            let fields = mapping
                .filter(|mapping| has_none || is_written(written(&mapping.id_path, &mapping.id)))
                .map(|mapping| {
                    let id = written(&mapping.id_path, &mapping.id);
                    let has_none = compiler.has_none(mapping.no_id, id, &at);
                    let mut field = |written: Written<'_>, key: &str, default: &str| {
                        compiler.field(written, key, default, &at, Start::Reply)
                    };
                    CreatedContactPaths {
                        has_none,
                        id: field(id, "id", "body.id"),
                        name: field(written(&mapping.name_path, &mapping.name), "name", "body.name"),
                        contact_type: field(kind(&mapping.type_path, &mapping.kind), "type", "body.type"),
                    }
                });
            if fields.is_none() && operation.has_mapping {
                compiler.missing_id_path(&at, "the contact that was created counts as not created");
            }
            CompiledMapping::Contact(fields)
        }
        // Without a mapping the id is at its default place (recordings 13, `no-responseMapping`).
        MappingRef::LogId(mapping) => {
            let id = mapping.map_or(Written::NONE, |mapping| written(&mapping.id_path, &mapping.id));
            let no_id = mapping.and_then(|mapping| mapping.no_id);
            if mapping.is_some() && !is_written(id) && no_id != Some(true) {
                compiler.missing_id_path(&at, "the record's id is looked for at `body.id`");
            }
            CompiledMapping::Log(LogPaths {
                has_none: compiler.has_none(no_id, id, &at),
                id: compiler.field(id, "id", "body.id", &at, Start::Reply),
            })
        }
        MappingRef::CallLog(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let mut field = |written: Written<'_>, key: &str, default: &str| {
                compiler.field(written, key, default, &at, Start::Reply)
            };
            let id = written(&mapping.id_path, &mapping.id);
            CompiledMapping::CallLog(CallLogPaths {
                subject: field(written(&mapping.subject_path, &mapping.subject), "subject", "body.subject"),
                note: field(written(&mapping.note_path, &mapping.note), "note", "body.note"),
                full_body: field(
                    written(&mapping.full_body_path, &mapping.full_body),
                    "fullBody",
                    "body.note",
                ),
                id: is_written(id).then(|| field(id, "id", "body.id")),
            })
        }
        MappingRef::UserList(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let (path, template) = (mapping.list_path.as_deref(), mapping.list.as_deref());
            let has_list = [path, template].into_iter().flatten().any(|text| !text.is_empty());
            let list = has_list.then(|| compiler.list(path, template, "body", &at));
            let mut field = |written: Written<'_>, key: &str, default: &str| {
                compiler.field(written, key, default, &at, Start::Item)
            };
            let id = field(written(&mapping.id_path, &mapping.id), "id", "id");
            let name = field(written(&mapping.name_path, &mapping.name), "name", "name");
            let email = field(written(&mapping.email_path, &mapping.email), "email", "email");
            let reads_parent = [&id, &name, &email].into_iter().any(Field::reads_parent);
            CompiledMapping::Users(UserPaths { reads_parent, list, id, name, email })
        }
        MappingRef::License(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let mut field = |written: Written<'_>, key: &str, default: &str| {
                compiler.field(written, key, default, &at, Start::Reply)
            };
            CompiledMapping::License(LicensePaths {
                is_valid: field(
                    written(&mapping.is_license_valid_path, &mapping.is_license_valid),
                    "isLicenseValid",
                    "body.isLicenseValid",
                ),
                status: field(
                    written(&mapping.license_status_path, &mapping.license_status),
                    "licenseStatus",
                    "body.licenseStatus",
                ),
                description: field(
                    written(&mapping.license_status_description_path, &mapping.license_status_description),
                    "licenseStatusDescription",
                    "body.licenseStatusDescription",
                ),
            })
        }
        MappingRef::AuthValidation(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let mut field = |written: Written<'_>, key: &str| compiler.optional(written, key, &at);
            CompiledMapping::AuthValidation(AuthValidationPaths {
                successful: field(written(&mapping.successful_path, &mapping.successful), "successful"),
                message: field(written(&mapping.message_path, &mapping.message), "message"),
            })
        }
        MappingRef::Acknowledgement(_) => CompiledMapping::Acknowledged,
        MappingRef::ServerLoggingSettings(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let settings = Written::json(&mapping.settings_path, mapping.settings.as_ref());
            CompiledMapping::Settings(compiler.field(settings, "settings", "body", &at, Start::Reply))
        }
        MappingRef::AppointmentList(mapping) => {
            let mapping = mapping.cloned().unwrap_or_default();
            let list = compiler.list(mapping.list_path.as_deref(), mapping.list.as_deref(), "body", &at);
            let item = mapping.item.unwrap_or_default();
            let item = compiler.appointment(&item, Start::Item, &format!("{at}/item"));
            CompiledMapping::Appointments { list, item: Box::new(item) }
        }
        MappingRef::Appointment(mapping) => CompiledMapping::Appointment(Box::new(compiler.appointment(
            &mapping.cloned().unwrap_or_default(),
            Start::Reply,
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

impl Compiler<'_> {
    fn user_info(&mut self, mapping: Option<&UserInfoMapping>, root: &str, at: &str) -> UserInfoPaths {
        let default = UserInfoMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let id = self.optional(written(&mapping.id_path, &mapping.id), "id", at);
        if id.is_none() && self.operation == OperationName::GetUserInfo {
            self.problems.push(
                Problem::new(Code::MissingIdPath, root, "without `responseMapping.idPath` nobody can sign in: users would all be the same one")
                    .part(Part::Key)
                    .help("name where the reply holds the user's id, such as `\"responseMapping\": { \"idPath\": \"body.id\" }`"),
            );
        }
        let mut field = |written: Written<'_>, key: &str| self.optional(written, key, at);
        let mut paths = UserInfoPaths {
            id,
            name: field(written(&mapping.name_path, &mapping.name), "name"),
            timezone_name: field(
                written(&mapping.timezone_name_path, &mapping.timezone_name),
                "timezoneName",
            ),
            timezone_offset: field(
                written(&mapping.timezone_offset_path, &mapping.timezone_offset),
                "timezoneOffset",
            ),
            overriding_api_key: field(
                written(&mapping.overriding_api_key_path, &mapping.overriding_api_key),
                "overridingApiKey",
            ),
            message: field(written(&mapping.message_path, &mapping.message), "message"),
            additional_info: Vec::new(),
        };
        self.additional_info(mapping, at, &mut paths);
        paths
    }

    fn additional_info(&mut self, mapping: &UserInfoMapping, at: &str, paths: &mut UserInfoPaths) {
        let info = &mut paths.additional_info;
        for (key, path) in mapping.platform_additional_info_paths.iter().flatten() {
            let pointer = pointer::join(&format!("{at}/platformAdditionalInfoPaths"), key);
            let field = path.as_ref().and_then(|path| self.paths(path, &pointer, Start::Reply));
            info.extend(field.map(|field| (Box::from(key.as_str()), field)));
        }
        for (key, value) in mapping.platform_additional_info.iter().flatten() {
            let pointer = pointer::join(&format!("{at}/platformAdditionalInfo"), key);
            if info.iter().any(|(known, _)| **known == **key) {
                self.both(&pointer, key, &format!("platformAdditionalInfoPaths.{key}"));
                info.retain(|(known, _)| **known != **key);
            }
            let field = self.made(value, &pointer, Start::Reply);
            info.extend(field.map(|field| (Box::from(key.as_str()), field)));
        }
    }

    fn contact_item(&mut self, list: Field, item: &ContactItemMapping, at: &str) -> ContactPaths {
        let mut field = |written: Written<'_>, key: &str| self.field(written, key, key, at, Start::Item);
        let mut paths = ContactPaths {
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

    fn appointment(&mut self, item: &AppointmentItemMapping, start: Start, at: &str) -> AppointmentPaths {
        let prefix = if start == Start::Reply { "body." } else { "" };
        let third_party = written(&item.third_party_appointment_id_path, &item.third_party_appointment_id);
        let mut field = |written: Written<'_>, key: &str, default: &str| {
            self.field(written, key, &format!("{prefix}{default}"), at, start)
        };
        let mut own = |written: Written<'_>, key: &str| field(written, key, key);
        let mut paths = AppointmentPaths {
            reads_parent: false,
            id: own(written(&item.id_path, &item.id), "id"),
            title: own(written(&item.title_path, &item.title), "title"),
            description: own(written(&item.description_path, &item.description), "description"),
            participant_name: own(
                written(&item.participant_name_path, &item.participant_name),
                "participantName",
            ),
            start_time_utc: own(written(&item.start_time_utc_path, &item.start_time_utc), "startTimeUtc"),
            duration_minutes: own(
                written(&item.duration_minutes_path, &item.duration_minutes),
                "durationMinutes",
            ),
            status: own(written(&item.status_path, &item.status), "status"),
            contact_id: own(written(&item.contact_id_path, &item.contact_id), "contactId"),
            contact_type: own(written(&item.contact_type_path, &item.contact_type), "contactType"),
            third_party_appointment_id: None,
            attendees: field(Written::list(&item.attendees_path, &item.attendees), "attendees", "attendees"),
            attendee: {
                let default = AttendeeMapping::default();
                let attendee = item.attendee.as_ref().unwrap_or(&default);
                self.attendee(attendee, &format!("{at}/attendee"))
            },
        };
        // The document that names it without a value means the id.
        if item.third_party_appointment_id_path.is_some() || is_written(third_party) {
            let default = format!("{prefix}id");
            paths.third_party_appointment_id =
                Some(self.field(third_party, "thirdPartyAppointmentId", &default, at, start));
        }
        paths.reads_parent = paths.id.reads_parent() || paths.fields().into_iter().any(Field::reads_parent);
        paths
    }

    fn attendee(&mut self, attendee: &AttendeeMapping, at: &str) -> AttendeePaths {
        let mut field = |written: Written<'_>, key: &str| self.field(written, key, key, at, Start::Item);
        AttendeePaths {
            id: field(written(&attendee.id_path, &attendee.id), "id"),
            name: field(written(&attendee.name_path, &attendee.name), "name"),
            attendee_type: field(kind(&attendee.type_path, &attendee.kind), "type"),
            status: field(written(&attendee.status_path, &attendee.status), "status"),
            email: field(written(&attendee.email_path, &attendee.email), "email"),
        }
    }

    fn list(&mut self, path: Option<&str>, template: Option<&str>, default: &str, at: &str) -> Field {
        let field = self.field(Written::texts(path, template), "list", default, at, Start::Reply);
        if field.explicit && &*field.text == "$" {
            self.problems.push(
                Problem::new(
                    Code::PathNotAList,
                    format!("{at}/listPath"),
                    "`$` is the whole reply with status and headers, never a list: nothing is found",
                )
                .help("write `body` where the CRM answers with the list itself"),
            );
        }
        field
    }

    /// Whether the CRM answers without an id; an `idPath` beside it says the opposite.
    fn has_none(&mut self, no_id: Option<bool>, id: Written<'_>, at: &str) -> bool {
        let has_none = no_id == Some(true);
        if has_none && is_written(id) {
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
