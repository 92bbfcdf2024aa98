//! What services pass to the interfaces of a connector. Owned: a service moves its request into
//! them, a connector borrows.

use std::fmt;

use serde_json::{Map, Value};

use crate::engine::oauth::OAuth;

pub use crate::engine::app_connect::create_appointment::Input as CreateAppointment;
pub use crate::engine::app_connect::create_call_log::Input as CreateCallLog;
pub use crate::engine::app_connect::create_contact::Input as CreateContact;
pub use crate::engine::app_connect::create_message_log::Input as MessageLog;
pub use crate::engine::app_connect::find_contact::Input as FindContact;
pub use crate::engine::app_connect::find_contact_with_name::Input as FindContactWithName;
pub use crate::engine::app_connect::get_call_log::Input as GetCallLog;
pub use crate::engine::app_connect::get_license_status::Input as GetLicenseStatus;
pub use crate::engine::app_connect::get_user_info::{Input as GetUserInfo, OAuthSignIn};
pub use crate::engine::app_connect::list_appointments::Input as ListAppointments;
pub use crate::engine::app_connect::refresh_appointment::Input as AppointmentById;
pub use crate::engine::app_connect::update_appointment::Input as UpdateAppointment;
pub use crate::engine::app_connect::update_call_log::Input as UpdateCallLog;
pub use crate::engine::app_connect::update_server_logging_settings::Input as UpdateServerLoggingSettings;
pub use crate::engine::app_connect::upsert_call_disposition::Input as UpsertCallDisposition;

/// Input of `getManagedAuthOptions`.
#[derive(Clone)]
pub struct ManagedAuthOptions {
    /// The field (`const`) whose values are asked for.
    pub field_const: String,
    /// The account's values of the other managed fields, by field. They may be secrets.
    pub account_values: Map<String, Value>,
}

/// Shows no value: it may be a secret.
impl fmt::Debug for ManagedAuthOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedAuthOptions").field("field_const", &self.field_const).finish_non_exhaustive()
    }
}

/// Input of `getOauthInfo`. While somebody signs in it says what is known of them; for a renewal, the host alone.
#[derive(Debug, Clone, Default)]
pub struct OAuthInfoInput {
    /// The CRM's host that the user named, or that is stored.
    pub hostname: Option<String>,
    /// The token URL that the request names. It decides where a secret is sent: take it only from hosts that you know.
    pub token_url: Option<String>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
    /// The RingCentral account that the client names. Nothing proves it.
    pub claimed_account_id: Option<String>,
}

/// Input of `getOverridingOAuthOption`.
#[derive(Debug, Clone)]
pub struct OverridingOAuthOption {
    /// The authorization code.
    pub code: String,
    /// The client and the endpoints that it is exchanged with.
    pub oauth: OAuth,
}
