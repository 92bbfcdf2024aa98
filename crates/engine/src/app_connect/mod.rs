//! The operations of App Connect, one file each. The rest of the engine names none of them.
//!
//! To add an operation, add its file: a descriptor, its input, how its variables are filled, and the kind of its
//! result (`results/`). Then add it to the list below, which makes the tables, the schema and the compiler.

pub mod auth_validation;
pub mod cancel_appointment;
mod check;
pub mod confirm_appointment;
pub mod create_appointment;
pub mod create_call_log;
pub mod create_contact;
pub mod create_message_log;
pub mod find_contact;
pub mod find_contact_with_name;
pub mod get_call_log;
pub mod get_license_status;
pub mod get_server_logging_settings;
pub mod get_user_info;
pub mod get_user_list;
pub mod list_appointments;
mod parts;
pub mod refresh_appointment;
pub mod refresh_user_info;
pub mod results;
mod spec;
pub mod un_authorize;
pub mod update_appointment;
pub mod update_call_log;
pub mod update_message_log;
pub mod update_server_logging_settings;
pub mod upsert_call_disposition;

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

pub use self::spec::{OperationSpec, Output, RunContext, TypedOperation};
use crate::cancel::Cancel;
use crate::compile::contract::{CompileMapping, Contract};
use crate::compile::result::{self, ResultMapping};
use crate::compile::{self, Environment};
use crate::config::document::Document;
use crate::config::operation::Operation;
use crate::config::operations::{OperationName, Operations};
use crate::config::problem::Problems;
use crate::operation::CompiledDocument;

macro_rules! operations {
    ($($name:ident $module:ident::$operation:ident;)*) => {
        impl OperationName {
            $(
                #[doc = concat!("See [`", stringify!($module), "`](crate::app_connect::", stringify!($module), ").")]
                pub const $name: Self = <$module::$operation as OperationSpec>::NAME;
            )*

            /// All operations, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }

        /// The mapping of each operation, in the order of the contract.
        const MAPPINGS: &[MappingKind] = &[$(MappingKind {
            compile: result::compile::<<$module::$operation as OperationSpec>::Mapping>,
            schema_name: <Written<$module::$operation> as JsonSchema>::schema_name,
        },)*];

        /// One entry for each App Connect interface that the CRM serves.
        #[derive(JsonSchema)]
        #[schemars(rename = "Operations", rename_all = "camelCase")]
        #[expect(dead_code, reason = "the schema is made from it")]
        struct OperationsSchema {
            $(
                #[schemars(
                    title = OperationName::$name.descriptor().title,
                    description = OperationName::$name.descriptor().description,
                    example = <$module::$operation as OperationSpec>::example()
                )]
                $module: Option<Operation<Written<$module::$operation>>>,
            )*
        }
    };
}

struct MappingKind {
    compile: CompileMapping,
    schema_name: fn() -> Cow<'static, str>,
}

/// What documents write to find the result of an operation.
type Written<O> = <<O as OperationSpec>::Mapping as ResultMapping>::Document;

operations! {
    GET_USER_INFO get_user_info::GetUserInfo;
    REFRESH_USER_INFO refresh_user_info::RefreshUserInfo;
    AUTH_VALIDATION auth_validation::AuthValidation;
    UN_AUTHORIZE un_authorize::UnAuthorize;
    FIND_CONTACT find_contact::FindContact;
    FIND_CONTACT_WITH_NAME find_contact_with_name::FindContactWithName;
    CREATE_CONTACT create_contact::CreateContact;
    CREATE_CALL_LOG create_call_log::CreateCallLog;
    UPDATE_CALL_LOG update_call_log::UpdateCallLog;
    GET_CALL_LOG get_call_log::GetCallLog;
    UPSERT_CALL_DISPOSITION upsert_call_disposition::UpsertCallDisposition;
    CREATE_MESSAGE_LOG create_message_log::CreateMessageLog;
    UPDATE_MESSAGE_LOG update_message_log::UpdateMessageLog;
    GET_USER_LIST get_user_list::GetUserList;
    GET_LICENSE_STATUS get_license_status::GetLicenseStatus;
    GET_SERVER_LOGGING_SETTINGS get_server_logging_settings::GetServerLoggingSettings;
    UPDATE_SERVER_LOGGING_SETTINGS update_server_logging_settings::UpdateServerLoggingSettings;
    LIST_APPOINTMENTS list_appointments::ListAppointments;
    CREATE_APPOINTMENT create_appointment::CreateAppointment;
    UPDATE_APPOINTMENT update_appointment::UpdateAppointment;
    REFRESH_APPOINTMENT refresh_appointment::RefreshAppointment;
    CONFIRM_APPOINTMENT confirm_appointment::ConfirmAppointment;
    CANCEL_APPOINTMENT cancel_appointment::CancelAppointment;
}

impl OperationName {
    /// The operation of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.as_str() == name)
    }

    /// The name of its mapping's type in the schema.
    pub fn mapping_type(self) -> Cow<'static, str> {
        MAPPINGS.get(self.position()).map(|kind| (kind.schema_name)()).unwrap_or_default()
    }

    /// Where it stands in the contract.
    fn position(self) -> usize {
        Self::ALL.iter().position(|operation| *operation == self).unwrap_or(Self::ALL.len())
    }
}

/// The order of the contract.
impl Ord for OperationName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.position().cmp(&other.position())
    }
}

impl PartialOrd for OperationName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl JsonSchema for Operations {
    fn schema_name() -> Cow<'static, str> {
        OperationsSchema::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        OperationsSchema::json_schema(generator)
    }
}

/// Unknown names are left out: the schema reports them.
impl<'de> Deserialize<'de> for Operations {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;

        impl<'de> Visitor<'de> for ByName {
            type Value = Operations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of operations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Operations, A::Error> {
                let mut operations = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    match OperationName::parse(&name) {
                        None => drop(map.next_value::<IgnoredAny>()?),
                        Some(name) => {
                            let written = map.next_value::<Option<Operation>>()?;
                            operations.extend(written.map(|operation| (name, operation)));
                        }
                    }
                }
                operations.sort_by_key(|(name, _)| *name);
                Ok(Operations::new(operations))
            }
        }

        deserializer.deserialize_map(ByName)
    }
}

/// Compiles a document of App Connect. What cannot run is reported with a code of severity error; the compiled
/// form is then not to be used. Of work that is cancelled, neither is complete.
pub fn compile(
    document: &Document,
    environment: Environment<'_>,
    cancel: &Cancel,
) -> (CompiledDocument, Problems) {
    const CONTRACT: Contract = Contract {
        mapping_of: |name| MAPPINGS.get(name.position()).map(|kind| kind.compile),
        check: check::check,
    };
    crate::pattern::of_document(|| compile::compile(document, &CONTRACT, environment, cancel.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_partners_exist() {
        for operation in OperationName::ALL {
            assert_eq!(OperationName::parse(operation.as_str()), Some(*operation));
            for partner in operation.descriptor().partners {
                assert!(OperationName::parse(partner.name).is_some(), "{operation}: {}", partner.name);
            }
        }
    }
}
