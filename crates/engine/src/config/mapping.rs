//! The `responseMapping` of each operation: where in the reply its result is found.
//!
//! Every `…Path` is a dot path over `{ body, status, headers }` (inside `item`, over the list's
//! item), or a JSONPath query where it begins with `$.` or `$[`. Beside each stands the same key without
//! `Path`: a template over the same values.

use indexmap::IndexMap;
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

macro_rules! mapping {
    ($(#[doc = $doc:literal])+ $name:ident { $($fields:tt)* }) => {
        mapping! {
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

macro_rules! mappings {
    ($($(#[doc = $doc:literal])+ $name:ident $((type: $kind_doc:literal, $kind_title:literal, $kind_example:expr))? {
        $($fields:tt)*
    })*) => {
        $(mapping! {
            $(#[doc = $doc])+ $name $((type: $kind_doc, $kind_title, $kind_example))? { $($fields)* }
        })*
    };
}

mappings! {
    /// Who signed in.
    UserInfoMapping {
        /// The CRM's id of the user. Without it nobody can sign in.
        id_path: Option<Paths> = "Id path", &"body.user.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
        /// The user's name. Default: the id.
        name_path: Option<Paths> = "Name path", &"body.user.name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{body.first_name}} {{body.last_name}}";
        /// IANA time zone of the user, for composed times.
        timezone_name_path: Option<Paths> = "Time zone path", &"body.user.timezone";
        /// Instead of `timezoneNamePath`: a template.
        timezone_name: Option<String> = "Time zone", &"{{body.user.region}}/{{body.user.city}}";
        /// Offset from UTC, used where there is no time zone name.
        timezone_offset_path: Option<Paths> = "Time zone offset path", &"body.user.utc_offset";
        /// Instead of `timezoneOffsetPath`: a template.
        timezone_offset: Option<String> = "Time zone offset", &"{{body.user.offset}}";
        /// A key in the reply that replaces the submitted API key from now on.
        overriding_api_key_path: Option<Paths> = "Overriding API key path", &"body.session.token";
        /// Instead of `overridingApiKeyPath`: a template.
        overriding_api_key: Option<String> = "Overriding API key", &"{{body.session.id}}:{{body.session.token}}";
        /// Message shown after signing in. Default `Connected to <platform>.`
        message_path: Option<Paths> = "Message path", &"body.message";
        /// Instead of `messagePath`: a template.
        message: Option<String> = "Message", &"Connected to {{body.company.name}}";
        /// Values to keep with the user; templates see them as `user.platformAdditionalInfo.*`.
        platform_additional_info_paths: Option<IndexMap<String, Option<Paths>>> = "Additional info paths", serde_json::json!({"tenantId": "body.user.tenant_id"});
        /// Instead of members of `platformAdditionalInfoPaths`: templates, or objects with templates in them.
        platform_additional_info: Option<IndexMap<String, Value>> = "Additional info", serde_json::json!({"site": "https://{{hostname}}/{{body.user.tenant}}"});
    }

    /// A list of contacts.
    ContactListMapping {
        /// The list. Default `body`.
        list_path: Option<String> = "List path", &"body.contacts";
        /// Instead of `listPath`: a template.
        list: Option<String> = "List", &"{{fromJson body.payload}}";
        /// Where each field of a contact is, seen from the list's item.
        item: Option<ContactItemMapping> = "Item", serde_json::json!({"idPath": "id", "namePath": "name"});
    }

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

    /// The record that was created.
    LogIdMapping {
        /// The record's id, by which updates find it again. Default `body.id`. Where the reply has none there,
        /// the record does not count as made. A header that holds an address gives the id at its end:
        /// `headers.location`, `headers.odata-entityid`.
        id_path: Option<Paths> = "Id path", &"body.activity.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
        /// Whether the CRM answers without an id. The record then counts as made where the reply is no
        /// refusal. Updates need `getCallLog` with an `idPath` that finds it by `sessionId`.
        no_id: Option<bool> = "No id", true;
    }

    /// The current state of a logged call.
    CallLogMapping {
        /// The record's subject. Default `body.subject`.
        subject_path: Option<Paths> = "Subject path", &"body.activity.subject";
        /// Instead of `subjectPath`: a template.
        subject: Option<String> = "Subject", &"{{body.activity.kind}}: {{body.activity.title}}";
        /// The note that people edit. Default `body.note`.
        note_path: Option<Paths> = "Note path", &"body.activity.note";
        /// Instead of `notePath`: a template.
        note: Option<String> = "Note", &"{{join body.activity.notes '; '}}";
        /// The whole text that was composed. Default `body.note`.
        full_body_path: Option<Paths> = "Full body path", &"body.activity.description";
        /// Instead of `fullBodyPath`: a template.
        full_body: Option<String> = "Full body", &"{{default body.activity.text body.activity.summary}}";
        /// The record's id. Set it where the request can look for a record by `sessionId` when
        /// `thirdPartyLogId` has no value: so a call whose creation got no answer is found again
        /// instead of being logged twice.
        id_path: Option<Paths> = "Id path", &"body.activities.0.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
    }

    /// The CRM's users.
    UserListMapping {
        /// The list. Without it there are no users.
        list_path: Option<String> = "List path", &"body.users";
        /// Instead of `listPath`: a template.
        list: Option<String> = "List", &"{{fromJson body.payload}}";
        /// A user's id, seen from the list's item. Default `id`.
        id_path: Option<Paths> = "Id path", &"id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{prefix}}-{{id}}";
        /// A user's name. Default `name`.
        name_path: Option<Paths> = "Name path", &"name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{first_name}} {{last_name}}";
        /// A user's email address, by which users are matched. Default `email`.
        email_path: Option<Paths> = "Email path", &"email";
        /// Instead of `emailPath`: a template.
        email: Option<String> = "Email", &"{{login}}@example.com";
    }

    /// The state of the user's licence.
    LicenseMapping {
        /// Whether the licence is valid. Default `body.isLicenseValid`.
        is_license_valid_path: Option<Paths> = "Validity path", &"body.license.valid";
        /// Instead of `isLicenseValidPath`: a template.
        is_license_valid: Option<String> = "Validity", &"{{eq body.license.state 'active'}}";
        /// A word for the state. Default `body.licenseStatus`.
        license_status_path: Option<Paths> = "Status path", &"body.license.status";
        /// Instead of `licenseStatusPath`: a template.
        license_status: Option<String> = "Status", &"{{body.license.plan}} {{body.license.state}}";
        /// A sentence about the state. Default `body.licenseStatusDescription`.
        license_status_description_path: Option<Paths> = "Description path", &"body.license.description";
        /// Instead of `licenseStatusDescriptionPath`: a template.
        license_status_description: Option<String> = "Description", &"Valid until {{body.license.end}}";
    }

    /// Whether the session with the CRM still holds.
    AuthValidationMapping {
        /// Whether it holds. Default: the status is 200–299.
        successful_path: Option<Paths> = "Success path", &"body.active";
        /// Instead of `successfulPath`: a template.
        successful: Option<String> = "Success", &"{{eq body.session.state 'open'}}";
        /// What to tell the user where it does not.
        message_path: Option<Paths> = "Message path", &"body.message";
        /// Instead of `messagePath`: a template.
        message: Option<String> = "Message", &"Connected to {{body.company.name}}";
    }

    /// The reply is not read; its status says whether it worked.
    AcknowledgementMapping {}

    /// The account's settings of server-side logging.
    ServerLoggingSettingsMapping {
        /// The object of settings. Default `body`.
        settings_path: Option<Paths> = "Settings path", &"body.settings";
        /// Instead of `settingsPath`: a template, or an object with templates in it.
        settings: Option<Value> = "Settings", serde_json::json!({"apiUsername": "{{body.user.login}}"});
    }

    /// A list of appointments.
    AppointmentListMapping {
        /// The list. Default `body`.
        list_path: Option<String> = "List path", &"body.events";
        /// Instead of `listPath`: a template.
        list: Option<String> = "List", &"{{fromJson body.payload}}";
        /// Where each field of an appointment is, seen from the list's item.
        item: Option<AppointmentItemMapping> = "Item", serde_json::json!({"idPath": "id", "titlePath": "title"});
    }

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

/// The mapping of an operation with its type; the payload is absent where the document has none.
#[derive(Debug, Clone, Copy)]
pub enum MappingRef<'a> {
    /// See [`UserInfoMapping`].
    UserInfo(Option<&'a UserInfoMapping>),
    /// See [`ContactListMapping`].
    ContactList(Option<&'a ContactListMapping>),
    /// See [`ContactMapping`].
    Contact(Option<&'a ContactMapping>),
    /// See [`LogIdMapping`].
    LogId(Option<&'a LogIdMapping>),
    /// See [`CallLogMapping`].
    CallLog(Option<&'a CallLogMapping>),
    /// See [`UserListMapping`].
    UserList(Option<&'a UserListMapping>),
    /// See [`LicenseMapping`].
    License(Option<&'a LicenseMapping>),
    /// See [`AuthValidationMapping`].
    AuthValidation(Option<&'a AuthValidationMapping>),
    /// See [`AcknowledgementMapping`].
    Acknowledgement(Option<&'a AcknowledgementMapping>),
    /// See [`ServerLoggingSettingsMapping`].
    ServerLoggingSettings(Option<&'a ServerLoggingSettingsMapping>),
    /// See [`AppointmentListMapping`].
    AppointmentList(Option<&'a AppointmentListMapping>),
    /// See [`AppointmentItemMapping`].
    Appointment(Option<&'a AppointmentItemMapping>),
}

/// A mapping type that knows its [`MappingRef`].
pub trait Mapping {
    /// Wraps the mapping of an operation.
    fn as_ref(mapping: Option<&Self>) -> MappingRef<'_>;

    /// The example that the schema shows for a `responseMapping` of this type.
    fn example() -> Value;
}

macro_rules! mapping_refs {
    ($($type:ident => $variant:ident, $example:tt;)*) => {
        $(impl Mapping for $type {
            fn as_ref(mapping: Option<&Self>) -> MappingRef<'_> { MappingRef::$variant(mapping) }

            fn example() -> Value { serde_json::json!($example) }
        })*
    };
}

mapping_refs! {
    UserInfoMapping => UserInfo, {"idPath": "body.id", "namePath": "body.name"};
    ContactListMapping => ContactList, {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}};
    ContactMapping => Contact, {"idPath": "body.id", "namePath": "body.name"};
    LogIdMapping => LogId, {"idPath": "body.id"};
    CallLogMapping => CallLog, {"subjectPath": "body.subject", "fullBodyPath": "body.description"};
    UserListMapping => UserList, {"listPath": "body.users", "idPath": "id"};
    LicenseMapping => License, {"isLicenseValidPath": "body.license.valid"};
    AuthValidationMapping => AuthValidation, {"successfulPath": "body.active"};
    AcknowledgementMapping => Acknowledgement, {};
    ServerLoggingSettingsMapping => ServerLoggingSettings, {"settingsPath": "body.settings"};
    AppointmentListMapping => AppointmentList, {"listPath": "body.events", "item": {"idPath": "id", "titlePath": "subject"}};
    AppointmentItemMapping => Appointment, {"idPath": "body.id", "titlePath": "body.subject"};
}
