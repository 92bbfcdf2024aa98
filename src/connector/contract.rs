//! The interface contract: every interface a connector can fulfil, in one list.

use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::inputs;
pub use super::interface::Interface;
use super::message::ReturnMessage;
use crate::engine::exchange::{RequestSpec, UpstreamResponse};
use crate::engine::failure::Failure;
use crate::engine::oauth::OAuth;
use crate::engine::operation::{AuthType, LogFormat};
use crate::engine::results::{
    Appointment, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser, License,
    MapError, MappingProblem, UserInfo,
};
use crate::engine::send::{Client, send};
use crate::metrics::Metrics;
use crate::user::User;

/// What every call of an interface comes with.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The platform name.
    pub platform: &'a str,
    /// The connected user; absent while signing in.
    pub user: Option<&'a User>,
    /// The `Authorization` value that the server prepared.
    pub auth_header: Option<&'a str>,
    /// The HTTP client of this worker.
    pub client: &'a Client,
    /// Where the call is counted.
    pub metrics: &'a Metrics,
}

/// The result of an interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    /// The result itself.
    pub value: T,
    /// A message to show instead of the usual one.
    pub message: Option<ReturnMessage>,
    /// What a document's mapping did not find.
    pub mapping_problems: Vec<MappingProblem>,
}

impl Call<'_> {
    /// Sends a request through this worker's client: its connection pool, the egress guard, the
    /// timeout of the request. Writes one log line, which names the host and never a path, query,
    /// body or token.
    ///
    /// # Errors
    /// Every [`FailureKind`](crate::engine::failure::FailureKind); a CRM that answers outside
    /// 200–299 is one.
    pub async fn send(&self, request: &RequestSpec) -> Result<UpstreamResponse, Failure> {
        let started = Instant::now();
        let answered = send(self.client, request).await;
        let (status, outcome) = match &answered {
            Ok(response) => (Some(response.status), "ok"),
            Err(failure) => (failure.status(), failure.kind.as_str()),
        };
        self.metrics.exchanged(self.platform, outcome);
        tracing::info!(
            platform = self.platform,
            method = request.method.as_str(),
            host = request.url.host_str().unwrap_or_default(),
            status,
            outcome,
            duration_ms = started.elapsed().as_millis() as u64,
            "exchange"
        );
        answered
    }

    /// The `Authorization` value, for [`RequestSpec::authorization`].
    ///
    /// # Errors
    /// A message that asks to connect again, where there is none.
    pub fn credential(&self) -> Result<&str, CallError> {
        self.auth_header.ok_or_else(|| {
            let message = format!("There is no key for {}. Please connect it again.", self.platform);
            ReturnMessage::warning(message, 5000).into()
        })
    }

    /// The CRM's id of the connected user, as `getUserInfo` gave it; absent while signing in.
    pub fn crm_user_id(&self) -> Option<&str> {
        self.user.map(User::crm_id)
    }
}

impl<T> Reply<T> {
    /// A result without a message.
    pub fn new(value: T) -> Self {
        Self { value, message: None, mapping_problems: Vec::new() }
    }

    /// The result with a message to show instead of the usual one.
    #[must_use]
    pub fn with_message(mut self, message: ReturnMessage) -> Self {
        self.message = Some(message);
        self
    }

    /// How many items the CRM's list has, if only the first of them are in the result.
    pub fn of_items(&self) -> Option<usize> {
        self.mapping_problems.iter().find_map(|problem| problem.of_items)
    }

    /// The result with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: change(self.value), message: self.message, mapping_problems: self.mapping_problems }
    }
}

/// How a connector signs in with OAuth.
#[derive(Debug, Clone, Default)]
pub struct OAuthInfo {
    /// The client and the endpoints.
    pub oauth: OAuth,
    /// The CRM's host, if the connector knows it better than the user does.
    pub hostname: Option<String>,
    /// Why nobody can sign in; users read it. Nothing is asked of the CRM then.
    pub fail_message: Option<String>,
}

impl From<OAuth> for OAuthInfo {
    fn from(oauth: OAuth) -> Self {
        Self { oauth, ..Self::default() }
    }
}

/// Why an interface gave no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The connector does not have this interface.
    #[error("{0} is not supported")]
    NotSupported(Interface),
    /// Nothing serves the platform.
    #[error("{0} is not in service")]
    NotInService(Missing),
    /// The exchange with the CRM failed.
    #[error("{0}")]
    Failed(#[from] Failure),
    /// The CRM's answer cannot be read.
    #[error("{0}")]
    Unmapped(#[from] MapError),
    /// A code connector explains itself.
    #[error("{}", .0.message)]
    Message(Box<ReturnMessage>),
    /// The user's credential is not good any more, so the CRM was not asked.
    #[error("{0}")]
    NotRenewed(#[from] NotRenewed),
}

/// Why there is no credential that is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRenewed {
    /// The session at the CRM is over: the user has to connect again. Clients sign out.
    #[error("the session at the CRM is over")]
    Revoked,
    /// It could not be renewed, and may be another time. One line for the log, without tokens.
    #[error("the access token could not be renewed: {0}")]
    Failed(String),
}

/// What should serve a platform and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The document with this proxy id.
    Document(String),
    /// A registered connector for this platform.
    Connector(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Document(id) => write!(f, "the connector \"{id}\""),
            Self::Connector(platform) => write!(f, "a connector for {platform}"),
        }
    }
}

impl CallError {
    /// Whether the CRM may have done what it was asked: it was asked, and did not say.
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::Failed(failure) => failure.in_doubt,
            // It was asked, and what it answered cannot be read.
            Self::Unmapped(_) => true,
            Self::NotSupported(_) | Self::NotInService(_) | Self::Message(_) | Self::NotRenewed(_) => false,
        }
    }
}

impl From<ReturnMessage> for CallError {
    fn from(message: ReturnMessage) -> Self {
        Self::Message(Box::new(message))
    }
}

/// A connector. Every interface is optional: the default is "not supported".
///
/// [`Connector::interfaces`] lists what is fulfilled; the registry asks only for these, so
/// a method that is not listed is never called.
///
/// `?` turns the engine's [`Failure`] into a [`CallError`], and the server words it for the
/// user; a [`ReturnMessage`] says it in your own words. A connector lives as long as the
/// server and is shared by all its workers.
///
/// ```
/// use app_connect::connector::prelude::*;
///
/// #[derive(Clone)]
/// struct Acme {
///     api: Url,
/// }
///
/// #[async_trait]
/// impl Connector for Acme {
///     fn interfaces(&self) -> Vec<Interface> {
///         vec![Interface::FIND_CONTACT]
///     }
///
///     async fn find_contact(
///         &self,
///         call: &Call<'_>,
///         input: &inputs::FindContact,
///     ) -> Result<Reply<Vec<Contact>>, CallError> {
///         let request = RequestSpec::get(self.api.clone())
///             .path(["people"])?
///             .query("phone", &input.phone_number)
///             .authorization(call.credential()?)?;
///         let response = call.send(&request).await?;
///         let Some(people) = response.body().as_array() else {
///             return Err(ReturnMessage::warning("Acme answered without a list of people", 5000).into());
///         };
///         Ok(Reply::new(
///             people.iter().map(|person| Contact::new(person["id"].clone(), person["name"].clone())).collect(),
///         ))
///     }
/// }
/// ```
#[async_trait]
pub trait Connector: Send + Sync {
    /// The interfaces that this connector fulfils.
    fn interfaces(&self) -> Vec<Interface>;

    /// How users sign in.
    async fn get_auth_type(&self, _call: &Call<'_>) -> Result<Reply<AuthType>, CallError> {
        Err(CallError::NotSupported(Interface::GET_AUTH_TYPE))
    }

    /// OAuth client and endpoints, for a sign-in and for every renewal.
    async fn get_oauth_info(
        &self,
        _call: &Call<'_>,
        _input: &inputs::OAuthInfoInput,
    ) -> Result<Reply<OAuthInfo>, CallError> {
        Err(CallError::NotSupported(Interface::GET_OAUTH_INFO))
    }

    /// The Basic credential made from an API key, base64.
    async fn get_basic_auth(&self, _call: &Call<'_>, _input: &str) -> Result<Reply<String>, CallError> {
        Err(CallError::NotSupported(Interface::GET_BASIC_AUTH))
    }

    /// Who signed in.
    async fn get_user_info(
        &self,
        _call: &Call<'_>,
        _input: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        Err(CallError::NotSupported(Interface::GET_USER_INFO))
    }

    /// Reads the profile of a connected user again.
    async fn refresh_user_info(&self, _call: &Call<'_>) -> Result<Reply<UserInfo>, CallError> {
        Err(CallError::NotSupported(Interface::REFRESH_USER_INFO))
    }

    /// Ends the session at the CRM.
    async fn un_authorize(&self, _call: &Call<'_>) -> Result<Reply<()>, CallError> {
        Err(CallError::NotSupported(Interface::UN_AUTHORIZE))
    }

    /// Finds contacts by phone number.
    async fn find_contact(
        &self,
        _call: &Call<'_>,
        _input: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        Err(CallError::NotSupported(Interface::FIND_CONTACT))
    }

    /// Finds contacts by name.
    async fn find_contact_with_name(
        &self,
        _call: &Call<'_>,
        _input: &inputs::FindContactWithName,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        Err(CallError::NotSupported(Interface::FIND_CONTACT_WITH_NAME))
    }

    /// Creates a contact.
    async fn create_contact(
        &self,
        _call: &Call<'_>,
        _input: &inputs::CreateContact,
    ) -> Result<Reply<Option<CreatedContact>>, CallError> {
        Err(CallError::NotSupported(Interface::CREATE_CONTACT))
    }

    /// Creates the record of a call.
    async fn create_call_log(
        &self,
        _call: &Call<'_>,
        _input: &inputs::CreateCallLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        Err(CallError::NotSupported(Interface::CREATE_CALL_LOG))
    }

    /// Updates the record of a call.
    async fn update_call_log(
        &self,
        _call: &Call<'_>,
        _input: &inputs::UpdateCallLog,
    ) -> Result<Reply<()>, CallError> {
        Err(CallError::NotSupported(Interface::UPDATE_CALL_LOG))
    }

    /// Reads the record of a call.
    async fn get_call_log(
        &self,
        _call: &Call<'_>,
        _input: &inputs::GetCallLog,
    ) -> Result<Reply<CallLogInfo>, CallError> {
        Err(CallError::NotSupported(Interface::GET_CALL_LOG))
    }

    /// Format of composed log text.
    async fn get_log_format_type(&self, _call: &Call<'_>) -> Result<Reply<LogFormat>, CallError> {
        Err(CallError::NotSupported(Interface::GET_LOG_FORMAT_TYPE))
    }

    /// Sets the outcome of a logged call.
    async fn upsert_call_disposition(
        &self,
        _call: &Call<'_>,
        _input: &inputs::UpsertCallDisposition,
    ) -> Result<Reply<()>, CallError> {
        Err(CallError::NotSupported(Interface::UPSERT_CALL_DISPOSITION))
    }

    /// Creates the record of a conversation.
    async fn create_message_log(
        &self,
        _call: &Call<'_>,
        _input: &inputs::MessageLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        Err(CallError::NotSupported(Interface::CREATE_MESSAGE_LOG))
    }

    /// Adds to the record of a conversation.
    async fn update_message_log(
        &self,
        _call: &Call<'_>,
        _input: &inputs::MessageLog,
    ) -> Result<Reply<()>, CallError> {
        Err(CallError::NotSupported(Interface::UPDATE_MESSAGE_LOG))
    }

    /// Asks for the user's licence.
    async fn get_license_status(
        &self,
        _call: &Call<'_>,
        _input: &inputs::GetLicenseStatus,
    ) -> Result<Reply<License>, CallError> {
        Err(CallError::NotSupported(Interface::GET_LICENSE_STATUS))
    }

    /// Lists the CRM's users.
    async fn get_user_list(&self, _call: &Call<'_>) -> Result<Reply<Vec<CrmUser>>, CallError> {
        Err(CallError::NotSupported(Interface::GET_USER_LIST))
    }

    /// Lists appointments.
    async fn list_appointments(
        &self,
        _call: &Call<'_>,
        _input: &inputs::ListAppointments,
    ) -> Result<Reply<Vec<Appointment>>, CallError> {
        Err(CallError::NotSupported(Interface::LIST_APPOINTMENTS))
    }

    /// Creates an appointment.
    async fn create_appointment(
        &self,
        _call: &Call<'_>,
        _input: &inputs::CreateAppointment,
    ) -> Result<Reply<Appointment>, CallError> {
        Err(CallError::NotSupported(Interface::CREATE_APPOINTMENT))
    }

    /// Changes an appointment.
    async fn update_appointment(
        &self,
        _call: &Call<'_>,
        _input: &inputs::UpdateAppointment,
    ) -> Result<Reply<Appointment>, CallError> {
        Err(CallError::NotSupported(Interface::UPDATE_APPOINTMENT))
    }

    /// Reads one appointment.
    async fn refresh_appointment(
        &self,
        _call: &Call<'_>,
        _input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        Err(CallError::NotSupported(Interface::REFRESH_APPOINTMENT))
    }

    /// Marks an appointment as confirmed.
    async fn confirm_appointment(
        &self,
        _call: &Call<'_>,
        _input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        Err(CallError::NotSupported(Interface::CONFIRM_APPOINTMENT))
    }

    /// Cancels an appointment.
    async fn cancel_appointment(
        &self,
        _call: &Call<'_>,
        _input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        Err(CallError::NotSupported(Interface::CANCEL_APPOINTMENT))
    }

    /// Asks whether the session still holds.
    async fn auth_validation(&self, _call: &Call<'_>) -> Result<Reply<AuthValidation>, CallError> {
        Err(CallError::NotSupported(Interface::AUTH_VALIDATION))
    }

    /// Makes sure that the access token is good, once for each request of a client that asks the CRM; gives the user as it
    /// is to be stored. [`NotRenewed::Revoked`] tells that the user has to connect again.
    async fn check_and_refresh_access_token(&self, _call: &Call<'_>) -> Result<Reply<User>, CallError> {
        Err(CallError::NotSupported(Interface::CHECK_AND_REFRESH_ACCESS_TOKEN))
    }

    /// Changes the parameters of the token exchange.
    async fn get_overriding_oauth_option(
        &self,
        _call: &Call<'_>,
        _input: &inputs::OverridingOAuthOption,
    ) -> Result<Reply<Map<String, Value>>, CallError> {
        Err(CallError::NotSupported(Interface::GET_OVERRIDING_OAUTH_OPTION))
    }

    /// Reads the settings of server-side logging.
    async fn get_server_logging_settings(&self, _call: &Call<'_>) -> Result<Reply<Value>, CallError> {
        Err(CallError::NotSupported(Interface::GET_SERVER_LOGGING_SETTINGS))
    }

    /// Saves the settings of server-side logging.
    async fn update_server_logging_settings(
        &self,
        _call: &Call<'_>,
        _input: &inputs::UpdateServerLoggingSettings,
    ) -> Result<Reply<()>, CallError> {
        Err(CallError::NotSupported(Interface::UPDATE_SERVER_LOGGING_SETTINGS))
    }

    /// Called after a user signed in and was stored. What it gives replaces what clients are told of the user, such
    /// as the name; what is stored stays. A failure is logged, and the user is signed in all the same.
    async fn post_save_user_info(
        &self,
        _call: &Call<'_>,
        _info: &UserInfo,
    ) -> Result<Reply<Option<UserInfo>>, CallError> {
        Err(CallError::NotSupported(Interface::POST_SAVE_USER_INFO))
    }
}
