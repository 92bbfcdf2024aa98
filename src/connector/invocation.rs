//! Every interface of the contract as a type, so that one function can call any of them: see
//! `service::invoke`.

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::contract::{Call, CallError, Connector, Reply};
use super::inputs;
use super::interface::{Apart, Interface};
use crate::engine::app_connect::{OperationSpec, Output};
use crate::engine::operation::{AuthType, LogFormat, OAuth};
use crate::user::User;

pub use crate::engine::app_connect::auth_validation::AuthValidation;
pub use crate::engine::app_connect::cancel_appointment::CancelAppointment;
pub use crate::engine::app_connect::confirm_appointment::ConfirmAppointment;
pub use crate::engine::app_connect::create_appointment::CreateAppointment;
pub use crate::engine::app_connect::create_call_log::CreateCallLog;
pub use crate::engine::app_connect::create_contact::CreateContact;
pub use crate::engine::app_connect::create_message_log::CreateMessageLog;
pub use crate::engine::app_connect::find_contact::FindContact;
pub use crate::engine::app_connect::find_contact_with_name::FindContactWithName;
pub use crate::engine::app_connect::get_call_log::GetCallLog;
pub use crate::engine::app_connect::get_license_status::GetLicenseStatus;
pub use crate::engine::app_connect::get_server_logging_settings::GetServerLoggingSettings;
pub use crate::engine::app_connect::get_user_info::GetUserInfo;
pub use crate::engine::app_connect::get_user_list::GetUserList;
pub use crate::engine::app_connect::list_appointments::ListAppointments;
pub use crate::engine::app_connect::refresh_appointment::RefreshAppointment;
pub use crate::engine::app_connect::refresh_user_info::RefreshUserInfo;
pub use crate::engine::app_connect::un_authorize::UnAuthorize;
pub use crate::engine::app_connect::update_appointment::UpdateAppointment;
pub use crate::engine::app_connect::update_call_log::UpdateCallLog;
pub use crate::engine::app_connect::update_message_log::UpdateMessageLog;
pub use crate::engine::app_connect::update_server_logging_settings::UpdateServerLoggingSettings;
pub use crate::engine::app_connect::upsert_call_disposition::UpsertCallDisposition;

/// An interface with what goes in and what comes out.
pub trait Invocation {
    /// Which interface.
    const INTERFACE: Interface;
    /// What it takes; `()` if nothing.
    type Input: ?Sized + Sync;
    /// What it gives.
    type Output;

    /// Calls it.
    fn of<'c>(
        connector: &'c dyn Connector,
        call: &'c Call<'c>,
        input: &'c Self::Input,
    ) -> BoxFuture<'c, Result<Reply<Self::Output>, CallError>>;
}

/// Calls a method of a connector, with the input if it takes one.
macro_rules! method {
    ($method:ident()) => {
        |connector, call, ()| connector.$method(call)
    };
    ($method:ident(input)) => {
        |connector, call, input| connector.$method(call, input)
    };
}

macro_rules! operations {
    ($($operation:ident $method:ident $input:tt;)*) => {$(
        impl Invocation for $operation {
            const INTERFACE: Interface = Interface::Operation(<Self as OperationSpec>::NAME);
            type Input = <Self as OperationSpec>::Input;
            type Output = Output<Self>;

            fn of<'c>(
                connector: &'c dyn Connector,
                call: &'c Call<'c>,
                input: &'c Self::Input,
            ) -> BoxFuture<'c, Result<Reply<Self::Output>, CallError>> {
                let method: Method<'c, Self> = method!($method $input);
                method(connector, call, input)
            }
        }
    )*};
}

/// A method of [`Connector`].
type Method<'c, I> = fn(
    &'c dyn Connector,
    &'c Call<'c>,
    &'c <I as Invocation>::Input,
) -> BoxFuture<'c, Result<Reply<<I as Invocation>::Output>, CallError>>;

operations! {
    GetUserInfo get_user_info (input);
    RefreshUserInfo refresh_user_info ();
    UnAuthorize un_authorize ();
    FindContact find_contact (input);
    FindContactWithName find_contact_with_name (input);
    CreateContact create_contact (input);
    CreateCallLog create_call_log (input);
    UpdateCallLog update_call_log (input);
    GetCallLog get_call_log (input);
    UpsertCallDisposition upsert_call_disposition (input);
    CreateMessageLog create_message_log (input);
    UpdateMessageLog update_message_log (input);
    GetLicenseStatus get_license_status (input);
    GetUserList get_user_list ();
    ListAppointments list_appointments (input);
    CreateAppointment create_appointment (input);
    UpdateAppointment update_appointment (input);
    RefreshAppointment refresh_appointment (input);
    ConfirmAppointment confirm_appointment (input);
    CancelAppointment cancel_appointment (input);
    AuthValidation auth_validation ();
    GetServerLoggingSettings get_server_logging_settings ();
    UpdateServerLoggingSettings update_server_logging_settings (input);
}

macro_rules! apart {
    ($($(#[doc = $doc:literal])+ $interface:ident $method:ident $input:tt $of:ty => $output:ty;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub struct $interface;

        impl Invocation for $interface {
            const INTERFACE: Interface = Interface::Apart(Apart::$interface);
            type Input = $of;
            type Output = $output;

            fn of<'c>(
                connector: &'c dyn Connector,
                call: &'c Call<'c>,
                input: &'c Self::Input,
            ) -> BoxFuture<'c, Result<Reply<Self::Output>, CallError>> {
                let method: Method<'c, Self> = method!($method $input);
                method(connector, call, input)
            }
        }
    )*};
}

apart! {
    /// How users sign in.
    GetAuthType get_auth_type () () => AuthType;
    /// OAuth client and endpoints.
    GetOauthInfo get_oauth_info () () => OAuth;
    /// The Basic credential made from an API key, base64.
    GetBasicAuth get_basic_auth (input) str => String;
    /// Format of composed log text.
    GetLogFormatType get_log_format_type () () => LogFormat;
    /// Refreshes an expiring access token; gives the user as it is to be stored.
    CheckAndRefreshAccessToken check_and_refresh_access_token () () => User;
    /// Changes the parameters of the token exchange.
    GetOverridingOAuthOption get_overriding_oauth_option (input) inputs::OverridingOAuthOption => Map<String, Value>;
    /// Called after a user signed in and was stored.
    PostSaveUserInfo post_save_user_info () () => ();
}
