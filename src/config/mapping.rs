//! The `responseMapping` of each operation: where in the reply its result is found.
//!
//! Every `…Path` is a dot path over `{ body, status, headers }` (inside `item`, over the list's
//! item), or a JSONPath query where it begins with `$.` or `$[`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

macro_rules! mappings {
    ($($(#[doc = $doc:literal])+ $name:ident {
        $($(#[doc = $field_doc:literal])+ $field:ident : $type:ty = $title:literal, $example:expr;)*
    })*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub struct $name {
                $($(#[doc = $field_doc])+ #[schemars(title = $title, example = $example)] pub $field: $type,)*
                /// Kind of the reply, `object` or `list`. Documents carry it for editors; it changes nothing.
                #[schemars(title = "Kind", example = &"object")]
                #[serde(rename = "type")]
                pub kind: Option<String>,
            }
        )*
    };
}

mappings! {
    /// Who signed in.
    UserInfoMapping {
        /// The CRM's id of the user. Without it nobody can sign in.
        id_path: Option<String> = "Id path", &"body.user.id";
        /// The user's name. Default: the id.
        name_path: Option<String> = "Name path", &"body.user.name";
        /// IANA time zone of the user, for composed times.
        timezone_name_path: Option<String> = "Time zone path", &"body.user.timezone";
        /// Offset from UTC, used where there is no time zone name.
        timezone_offset_path: Option<String> = "Time zone offset path", &"body.user.utc_offset";
        /// A key in the reply that replaces the submitted API key from now on.
        overriding_api_key_path: Option<String> = "Overriding API key path", &"body.session.token";
        /// Message shown after signing in. Default `Connected to <platform>.`
        message_path: Option<String> = "Message path", &"body.message";
        /// Values to keep with the user; templates see them as `user.platformAdditionalInfo.*`.
        platform_additional_info_paths: Option<IndexMap<String, Option<String>>> = "Additional info paths", serde_json::json!({"tenantId": "body.user.tenant_id"});
    }

    /// A list of contacts.
    ContactListMapping {
        /// The list. Default `body`.
        list_path: Option<String> = "List path", &"body.contacts";
        /// Where each field of a contact is, seen from the list's item.
        item: Option<ContactItemMapping> = "Item", serde_json::json!({"idPath": "id", "namePath": "name"});
    }

    /// One contact of a list; paths start at the item.
    ContactItemMapping {
        /// The contact's id. Default `id`.
        id_path: Option<String> = "Id path", &"id";
        /// The contact's name. Default `name`.
        name_path: Option<String> = "Name path", &"full_name";
        /// The contact's phone number. Default `phone`.
        phone_path: Option<String> = "Phone path", &"phones.0.number";
        /// Kind of contact, which picks the contact's page in the CRM. Default `type`, else `Contact`.
        type_path: Option<String> = "Type path", &"type";
        /// Job title. Default `title`.
        title_path: Option<String> = "Title path", &"job_title";
        /// Company name. Default `company`.
        company_path: Option<String> = "Company path", &"account.name";
        /// When the contact was created; picks the earliest of several matches. Default `createdDate`.
        created_date_path: Option<String> = "Creation date path", &"created_at";
        /// When the contact was last active; picks the most recent of several matches. Default `mostRecentActivityDate`.
        most_recent_activity_date_path: Option<String> = "Most recent activity path", &"updated_at";
        /// Anything more that the client's log form offers. Default `additionalInfo`.
        additional_info_path: Option<String> = "Additional info path", &"deals";
    }

    /// The contact that was created.
    ContactMapping {
        /// The new contact's id. Without it the contact counts as not created. A header that holds an
        /// address gives the id at its end: `headers.location`.
        id_path: Option<String> = "Id path", &"body.id";
        /// Whether the CRM answers without an id. The contact then counts as created where the reply is no
        /// refusal, and is found by the next search.
        no_id: Option<bool> = "No id", true;
        /// The new contact's name. Default `body.name`.
        name_path: Option<String> = "Name path", &"body.name";
        /// The new contact's type. Default `body.type`, else `Contact`.
        type_path: Option<String> = "Type path", &"body.type";
    }

    /// The record that was created.
    LogIdMapping {
        /// The record's id, by which updates find it again. Default `body.id`. Where the reply has none there,
        /// the record does not count as made. A header that holds an address gives the id at its end:
        /// `headers.location`, `headers.odata-entityid`.
        id_path: Option<String> = "Id path", &"body.activity.id";
        /// Whether the CRM answers without an id. The record then counts as made where the reply is no
        /// refusal. Updates need `getCallLog` with an `idPath` that finds it by `sessionId`.
        no_id: Option<bool> = "No id", true;
    }

    /// The current state of a logged call.
    CallLogMapping {
        /// The record's subject. Default `body.subject`.
        subject_path: Option<String> = "Subject path", &"body.activity.subject";
        /// The note that people edit. Default `body.note`.
        note_path: Option<String> = "Note path", &"body.activity.note";
        /// The whole text that was composed. Default `body.note`.
        full_body_path: Option<String> = "Full body path", &"body.activity.description";
        /// The record's id. Set it where the request can look for a record by `sessionId` when
        /// `thirdPartyLogId` has no value: so a call whose creation got no answer is found again
        /// instead of being logged twice.
        id_path: Option<String> = "Id path", &"body.activities.0.id";
    }

    /// The CRM's users.
    UserListMapping {
        /// The list. Without it there are no users.
        list_path: Option<String> = "List path", &"body.users";
        /// A user's id, seen from the list's item. Default `id`.
        id_path: Option<String> = "Id path", &"id";
        /// A user's name. Default `name`.
        name_path: Option<String> = "Name path", &"name";
        /// A user's email address, by which users are matched. Default `email`.
        email_path: Option<String> = "Email path", &"email";
    }

    /// The state of the user's licence.
    LicenseMapping {
        /// Whether the licence is valid. Default `body.isLicenseValid`.
        is_license_valid_path: Option<String> = "Validity path", &"body.license.valid";
        /// A word for the state. Default `body.licenseStatus`.
        license_status_path: Option<String> = "Status path", &"body.license.status";
        /// A sentence about the state. Default `body.licenseStatusDescription`.
        license_status_description_path: Option<String> = "Description path", &"body.license.description";
    }

    /// Whether the session with the CRM still holds.
    AuthValidationMapping {
        /// Whether it holds. Default: the status is 200–299.
        successful_path: Option<String> = "Success path", &"body.active";
        /// What to tell the user where it does not.
        message_path: Option<String> = "Message path", &"body.message";
    }

    /// The reply is not read; its status says whether it worked.
    AcknowledgementMapping {}

    /// The account's settings of server-side logging.
    ServerLoggingSettingsMapping {
        /// The object of settings. Default `body`.
        settings_path: Option<String> = "Settings path", &"body.settings";
    }

    /// A list of appointments.
    AppointmentListMapping {
        /// The list. Default `body`.
        list_path: Option<String> = "List path", &"body.events";
        /// Where each field of an appointment is, seen from the list's item.
        item: Option<AppointmentItemMapping> = "Item", serde_json::json!({"idPath": "id", "titlePath": "title"});
    }

    /// One appointment; paths start at the list's item, or at the reply where there is no list: the
    /// defaults then begin with `body.`, such as `body.title`.
    AppointmentItemMapping {
        /// The appointment's id. Default `id`.
        id_path: Option<String> = "Id path", &"id";
        /// The id that opens the appointment in the CRM. Default: the id.
        third_party_appointment_id_path: Option<String> = "CRM id path", &"external_id";
        /// The title. Default `title`.
        title_path: Option<String> = "Title path", &"subject";
        /// The description or agenda. Default `description`.
        description_path: Option<String> = "Description path", &"notes";
        /// Name of the main participant. Default `participantName`.
        participant_name_path: Option<String> = "Participant name path", &"attendees.0.name";
        /// Start, as ISO 8601 with offset. Default `startTimeUtc`.
        start_time_utc_path: Option<String> = "Start path", &"start";
        /// Length in minutes. Default `durationMinutes`.
        duration_minutes_path: Option<String> = "Duration path", &"duration";
        /// The CRM's word for the state. Default `status`.
        status_path: Option<String> = "Status path", &"status";
        /// Id of the related contact. Default `contactId`.
        contact_id_path: Option<String> = "Contact id path", &"contact.id";
        /// Type of the related contact. Default `contactType`.
        contact_type_path: Option<String> = "Contact type path", &"contact.type";
        /// The list of attendees. Default `attendees`.
        attendees_path: Option<String> = "Attendees path", &"guests";
        /// Where each field of an attendee is, seen from the attendee.
        attendee: Option<AttendeeMapping> = "Attendee", serde_json::json!({"idPath": "id", "emailPath": "mail"});
    }

    /// One attendee of an appointment; paths start at the attendee.
    AttendeeMapping {
        /// The attendee's id. Default `id`.
        id_path: Option<String> = "Id path", &"id";
        /// The attendee's name. Default `name`.
        name_path: Option<String> = "Name path", &"name";
        /// Kind of attendee. Default `type`.
        type_path: Option<String> = "Type path", &"type";
        /// Whether the attendee accepted. Default `status`.
        status_path: Option<String> = "Status path", &"rsvp";
        /// The attendee's email address. Default `email`.
        email_path: Option<String> = "Email path", &"mail";
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
