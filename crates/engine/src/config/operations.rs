//! The operations a document can define: every interface of the connector contract that makes an
//! HTTP call, in one list.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::auth::Auth;
use super::delivery::{IdempotencyHeader, Retry};
use super::error_mapping::ErrorRule;
use super::mapping::{
    AcknowledgementMapping, AppointmentItemMapping, AppointmentListMapping, AuthValidationMapping,
    CallLogMapping, ContactListMapping, ContactMapping, LicenseMapping, LogIdMapping, Mapping, MappingRef,
    ServerLoggingSettingsMapping, UserInfoMapping, UserListMapping,
};
use super::operation::{Operation, QueryStyle};

macro_rules! operations {
    ($($variant:ident $field:ident $name:literal $mapping:ident $title:literal $doc:literal;)*) => {
        /// An operation of the interface contract that makes an HTTP call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum OperationName { $(#[doc = $doc] $variant,)* }

        impl OperationName {
            /// All operations, in the order of the contract.
            pub const ALL: &'static [OperationName] = &[$(OperationName::$variant,)*];

            /// The contract's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// A few words about it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What it is for.
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// Name of the mapping's type in the schema.
            pub fn mapping_type(self) -> &'static str {
                match self { $(Self::$variant => stringify!($mapping),)* }
            }
        }

        /// One entry for each App Connect interface that the CRM serves.
        #[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct Operations {
            $(
                #[doc = $doc]
                #[schemars(title = $title, example = example($name))]
                pub $field: Option<Operation<$mapping>>,
            )*
        }

        impl Operations {
            /// The operations that the document defines, in the order of the contract.
            pub fn defined(&self) -> impl Iterator<Item = OperationRef<'_>> {
                [$(self.$field.as_ref().map(|operation| refer(OperationName::$variant, operation)),)*]
                    .into_iter()
                    .flatten()
            }
        }
    };
}

operations! {
    GetUserInfo get_user_info "getUserInfo" UserInfoMapping "Who signed in" "Checks the credential after sign-in and reads who the user is.";
    RefreshUserInfo refresh_user_info "refreshUserInfo" UserInfoMapping "Refresh the user" "Reads the user's profile again for a user who is already connected.";
    AuthValidation auth_validation "authValidation" AuthValidationMapping "Is the session valid" "Asks the CRM whether the stored credential still works.";
    UnAuthorize un_authorize "unAuthorize" AcknowledgementMapping "Sign out" "Ends the session at the CRM when the user disconnects.";
    FindContact find_contact "findContact" ContactListMapping "Find contacts by number" "Finds the contacts with a phone number: call pop and logging start here.";
    FindContactWithName find_contact_with_name "findContactWithName" ContactListMapping "Find contacts by name" "Finds contacts by name when the user searches.";
    CreateContact create_contact "createContact" ContactMapping "Create a contact" "Creates a contact for a number that matched none.";
    CreateCallLog create_call_log "createCallLog" LogIdMapping "Log a call" "Creates the record of a call.";
    UpdateCallLog update_call_log "updateCallLog" AcknowledgementMapping "Update a logged call" "Updates the record of a call: notes, recordings, final duration.";
    GetCallLog get_call_log "getCallLog" CallLogMapping "Read a logged call" "Reads the record of a call, so that edits made in the CRM survive updates.";
    UpsertCallDisposition upsert_call_disposition "upsertCallDisposition" AcknowledgementMapping "Set the disposition" "Sets the outcome of a logged call.";
    CreateMessageLog create_message_log "createMessageLog" LogIdMapping "Log a conversation" "Creates the record of a conversation's messages of one day.";
    UpdateMessageLog update_message_log "updateMessageLog" AcknowledgementMapping "Add to a conversation" "Adds later messages to a conversation's record.";
    GetUserList get_user_list "getUserList" UserListMapping "List the CRM's users" "Lists the CRM's users, so that admins can map them to extensions.";
    GetLicenseStatus get_license_status "getLicenseStatus" LicenseMapping "Licence status" "Asks whether the user's licence covers the connector.";
    GetServerLoggingSettings get_server_logging_settings "getServerLoggingSettings" ServerLoggingSettingsMapping "Read logging settings" "Reads the organisation's settings of server-side logging.";
    UpdateServerLoggingSettings update_server_logging_settings "updateServerLoggingSettings" AcknowledgementMapping "Save logging settings" "Saves the organisation's settings of server-side logging.";
    ListAppointments list_appointments "listAppointments" AppointmentListMapping "List appointments" "Lists the appointments of a range of days.";
    CreateAppointment create_appointment "createAppointment" AppointmentItemMapping "Create an appointment" "Creates an appointment.";
    UpdateAppointment update_appointment "updateAppointment" AppointmentItemMapping "Update an appointment" "Changes an appointment.";
    RefreshAppointment refresh_appointment "refreshAppointment" AppointmentItemMapping "Read an appointment" "Reads the current state of one appointment.";
    ConfirmAppointment confirm_appointment "confirmAppointment" AppointmentItemMapping "Confirm an appointment" "Marks an appointment as confirmed.";
    CancelAppointment cancel_appointment "cancelAppointment" AppointmentItemMapping "Cancel an appointment" "Cancels an appointment.";
}

/// What every operation has, whatever its mapping.
#[derive(Debug, Clone, Copy)]
pub struct OperationRef<'a> {
    /// Which operation.
    pub name: OperationName,
    /// See [`Operation::method`].
    pub method: Option<&'a str>,
    /// See [`Operation::url`].
    pub url: Option<&'a str>,
    /// See [`Operation::headers`].
    pub headers: Option<&'a IndexMap<String, Value>>,
    /// See [`Operation::query`].
    pub query: Option<&'a Value>,
    /// See [`Operation::query_style`].
    pub query_style: Option<QueryStyle>,
    /// See [`Operation::body`].
    pub body: Option<&'a Value>,
    /// See [`Operation::auth`].
    pub auth: Option<&'a Auth>,
    /// See [`Operation::timeout_seconds`].
    pub timeout_seconds: Option<f64>,
    /// See [`Operation::error_mapping`].
    pub error_mapping: Option<&'a [ErrorRule]>,
    /// See [`Operation::retry`].
    pub retry: Option<&'a Retry>,
    /// See [`Operation::idempotency_header`].
    pub idempotency_header: Option<&'a IdempotencyHeader>,
    /// See [`Operation::max_length`].
    pub max_length: Option<f64>,
    /// See [`Operation::max_length_unit`].
    pub max_length_unit: Option<&'a str>,
    /// See [`Operation::effect`].
    pub effect: Option<&'a str>,
    /// Whether there is a `responseMapping` at all.
    pub has_mapping: bool,
    /// The typed mapping.
    pub mapping: MappingRef<'a>,
}

fn refer<M: Mapping>(name: OperationName, operation: &Operation<M>) -> OperationRef<'_> {
    OperationRef {
        name,
        method: operation.method.as_deref(),
        url: operation.url.as_deref(),
        headers: operation.headers.as_ref(),
        query: operation.query.as_ref(),
        query_style: operation.query_style,
        body: operation.body.as_ref(),
        auth: operation.auth.as_ref(),
        timeout_seconds: operation.timeout_seconds,
        error_mapping: operation.error_mapping.as_deref(),
        retry: operation.retry.as_ref(),
        idempotency_header: operation.idempotency_header.as_ref(),
        max_length: operation.max_length,
        max_length_unit: operation.max_length_unit.as_deref(),
        effect: operation.effect.as_deref(),
        has_mapping: operation.response_mapping.is_some(),
        mapping: M::as_ref(operation.response_mapping.as_ref()),
    }
}

/// The example that the schema shows for an operation.
fn example(name: &str) -> serde_json::Value {
    use serde_json::json;
    match name {
        "getUserInfo" | "refreshUserInfo" => {
            json!({"url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}})
        }
        "authValidation" => json!({"url": "/me"}),
        "unAuthorize" => json!({"method": "POST", "url": "/logout"}),
        "findContact" => {
            json!({"url": "/contacts", "query": {"phone": "{{phoneNumber}}"}, "responseMapping": {"listPath": "body.contacts"}})
        }
        "findContactWithName" => {
            json!({"url": "/contacts", "query": {"q": "{{name}}"}, "responseMapping": {"listPath": "body.contacts"}})
        }
        "createContact" => {
            json!({"method": "POST", "url": "/contacts", "body": {"name": "{{newContactName}}", "phone": "{{phoneNumber}}"}, "responseMapping": {"idPath": "body.id"}})
        }
        "createCallLog" => {
            json!({"method": "POST", "url": "/activities", "body": {"subject": "{{subject}}", "text": "{{composedLogDetails}}"}, "responseMapping": {"idPath": "body.id"}})
        }
        "updateCallLog" => {
            json!({"method": "PATCH", "url": "/activities/{{thirdPartyLogId}}", "body": {"text": "{{composedLogDetails}}"}})
        }
        "getCallLog" => {
            json!({"url": "/activities/{{thirdPartyLogId}}", "responseMapping": {"subjectPath": "body.subject", "fullBodyPath": "body.text"}})
        }
        "upsertCallDisposition" => {
            json!({"method": "PUT", "url": "/activities/{{thirdPartyLogId}}/disposition", "body": {"outcome": "{{dispositions.outcome}}"}})
        }
        "createMessageLog" => {
            json!({"method": "POST", "url": "/messages", "body": {"text": "{{message.subject}}"}, "responseMapping": {"idPath": "body.id"}})
        }
        "updateMessageLog" => {
            json!({"method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": {"text": "{{message.subject}}"}})
        }
        "getUserList" => json!({"url": "/users", "responseMapping": {"listPath": "body.users"}}),
        "getLicenseStatus" => {
            json!({"url": "/license", "responseMapping": {"isLicenseValidPath": "body.valid"}})
        }
        "getServerLoggingSettings" => {
            json!({"url": "/settings", "responseMapping": {"settingsPath": "body.settings"}})
        }
        "updateServerLoggingSettings" => {
            json!({"method": "PUT", "url": "/settings", "body": "{{additionalFieldValues}}"})
        }
        "listAppointments" => {
            json!({"url": "/events", "query": {"from": "{{range.startDate}}"}, "responseMapping": {"listPath": "body.events"}})
        }
        "createAppointment" => {
            json!({"method": "POST", "url": "/events", "body": {"title": "{{payload.title}}"}, "responseMapping": {"idPath": "body.id"}})
        }
        "updateAppointment" => {
            json!({"method": "PATCH", "url": "/events/{{appointmentId}}", "body": "{{patchBody}}"})
        }
        "refreshAppointment" => json!({"url": "/events/{{appointmentId}}"}),
        "confirmAppointment" => json!({"method": "POST", "url": "/events/{{appointmentId}}/confirm"}),
        _ => json!({"method": "POST", "url": "/events/{{appointmentId}}/cancel"}),
    }
}

impl OperationName {
    /// Whether the operation changes nothing at the CRM, by the contract: its request may be sent twice,
    /// whatever its method.
    pub fn only_reads(self) -> bool {
        match self {
            Self::GetUserInfo
            | Self::RefreshUserInfo
            | Self::AuthValidation
            | Self::FindContact
            | Self::FindContactWithName
            | Self::GetCallLog
            | Self::GetUserList
            | Self::GetLicenseStatus
            | Self::GetServerLoggingSettings
            | Self::ListAppointments
            | Self::RefreshAppointment => true,
            Self::UnAuthorize
            | Self::CreateContact
            | Self::CreateCallLog
            | Self::UpdateCallLog
            | Self::UpsertCallDisposition
            | Self::CreateMessageLog
            | Self::UpdateMessageLog
            | Self::UpdateServerLoggingSettings
            | Self::CreateAppointment
            | Self::UpdateAppointment
            | Self::ConfirmAppointment
            | Self::CancelAppointment => false,
        }
    }

    /// The operation of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.as_str() == name)
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
