//! The interface contract: every interface a connector can fulfil, in one list.

use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::inputs;
use super::message::ReturnMessage;
use crate::engine::exchange::{RequestSpec, UpstreamResponse};
use crate::engine::failure::Failure;
use crate::engine::mapped::{
    Appointment, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser, License,
    MapError, MappingProblem, UserInfo,
};
use crate::engine::operation::{AuthType, LogFormat, OAuth};
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

    /// The result with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: change(self.value), message: self.message, mapping_problems: self.mapping_problems }
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
            Self::NotSupported(_) | Self::NotInService(_) | Self::Message(_) => false,
        }
    }
}

impl From<ReturnMessage> for CallError {
    fn from(message: ReturnMessage) -> Self {
        Self::Message(Box::new(message))
    }
}

macro_rules! contract {
    ($($variant:ident $method:ident $name:literal ($($input:ty)?) -> $output:ty, $doc:literal;)*) => {
        /// An interface of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Interface { $(#[doc = $doc] $variant,)* }

        impl Interface {
            /// All interfaces.
            pub const ALL: &'static [Interface] = &[$(Interface::$variant,)*];

            /// The contract's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The interface of this name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|interface| interface.as_str() == name)
            }
        }

        impl std::fmt::Display for Interface {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
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
        ///         vec![Interface::FindContact]
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

            $(
                #[doc = $doc]
                async fn $method(&self, _call: &Call<'_> $(, _input: &$input)?) -> Result<Reply<$output>, CallError> {
                    Err(CallError::NotSupported(Interface::$variant))
                }
            )*
        }
    };
}
pub(super) use contract_list::with_contract;

mod contract_list {
    /// Hands the list of interfaces to another macro: name of the variant, of the method and of
    /// the contract, input, output, documentation.
    macro_rules! with_contract {
        ($macro:ident) => {
            $macro! {
                GetAuthType get_auth_type "getAuthType" () -> AuthType, "How users sign in.";
                GetOauthInfo get_oauth_info "getOauthInfo" () -> OAuth, "OAuth client and endpoints.";
                GetBasicAuth get_basic_auth "getBasicAuth" (str) -> String, "The Basic credential made from an API key, base64.";
                GetUserInfo get_user_info "getUserInfo" (inputs::GetUserInfo) -> UserInfo, "Who signed in.";
                RefreshUserInfo refresh_user_info "refreshUserInfo" () -> UserInfo, "Reads the profile of a connected user again.";
                UnAuthorize un_authorize "unAuthorize" () -> (), "Ends the session at the CRM.";
                FindContact find_contact "findContact" (inputs::FindContact) -> Vec<Contact>, "Finds contacts by phone number.";
                FindContactWithName find_contact_with_name "findContactWithName" (inputs::FindContactWithName) -> Vec<Contact>, "Finds contacts by name.";
                CreateContact create_contact "createContact" (inputs::CreateContact) -> Option<CreatedContact>, "Creates a contact.";
                CreateCallLog create_call_log "createCallLog" (inputs::CreateCallLog) -> CreatedLog, "Creates the record of a call.";
                UpdateCallLog update_call_log "updateCallLog" (inputs::UpdateCallLog) -> (), "Updates the record of a call.";
                GetCallLog get_call_log "getCallLog" (inputs::GetCallLog) -> CallLogInfo, "Reads the record of a call.";
                GetLogFormatType get_log_format_type "getLogFormatType" () -> LogFormat, "Format of composed log text.";
                UpsertCallDisposition upsert_call_disposition "upsertCallDisposition" (inputs::UpsertCallDisposition) -> (), "Sets the outcome of a logged call.";
                CreateMessageLog create_message_log "createMessageLog" (inputs::MessageLog) -> CreatedLog, "Creates the record of a conversation.";
                UpdateMessageLog update_message_log "updateMessageLog" (inputs::MessageLog) -> (), "Adds to the record of a conversation.";
                GetLicenseStatus get_license_status "getLicenseStatus" (inputs::GetLicenseStatus) -> License, "Asks for the user's licence.";
                GetUserList get_user_list "getUserList" () -> Vec<CrmUser>, "Lists the CRM's users.";
                ListAppointments list_appointments "listAppointments" (inputs::ListAppointments) -> Vec<Appointment>, "Lists appointments.";
                CreateAppointment create_appointment "createAppointment" (inputs::CreateAppointment) -> Appointment, "Creates an appointment.";
                UpdateAppointment update_appointment "updateAppointment" (inputs::UpdateAppointment) -> Appointment, "Changes an appointment.";
                RefreshAppointment refresh_appointment "refreshAppointment" (inputs::AppointmentById) -> Appointment, "Reads one appointment.";
                ConfirmAppointment confirm_appointment "confirmAppointment" (inputs::AppointmentById) -> Appointment, "Marks an appointment as confirmed.";
                CancelAppointment cancel_appointment "cancelAppointment" (inputs::AppointmentById) -> Appointment, "Cancels an appointment.";
                AuthValidation auth_validation "authValidation" () -> AuthValidation, "Asks whether the session still holds.";
                CheckAndRefreshAccessToken check_and_refresh_access_token "checkAndRefreshAccessToken" () -> User, "Refreshes an expiring access token; gives the user as it is to be stored.";
                GetOverridingOAuthOption get_overriding_oauth_option "getOverridingOAuthOption" (inputs::OverridingOAuthOption) -> Map<String, Value>, "Changes the parameters of the token exchange.";
                GetServerLoggingSettings get_server_logging_settings "getServerLoggingSettings" () -> Value, "Reads the settings of server-side logging.";
                UpdateServerLoggingSettings update_server_logging_settings "updateServerLoggingSettings" (inputs::UpdateServerLoggingSettings) -> (), "Saves the settings of server-side logging.";
                PostSaveUserInfo post_save_user_info "postSaveUserInfo" () -> (), "Called after a user signed in and was stored.";
            }
        };
    }
    pub(in crate::connector) use with_contract;
}

with_contract!(contract);
