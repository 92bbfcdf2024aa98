//! The interfaces that ask the CRM, as types: one function calls any of them (`service::invoke`).

use std::any::Any;

use futures_util::future::BoxFuture;

use super::auth_option::AuthOption;
use super::contract::{Call, CallError, Connector, Reply};
use super::inputs::ManagedAuthOptions;
use super::interface::Interface;
use crate::engine::app_connect::{OperationSpec, Output};
use crate::engine::results::UserInfo;

/// An interface with what goes in and what comes out. Hooks see both.
pub trait Invocation {
    /// Which interface.
    const INTERFACE: Interface;
    /// What it takes; `()` if nothing.
    type Input: Any + Send + Sync;
    /// What it gives.
    type Output: Any + Send + Sync;

    /// Calls it.
    fn call<'c>(
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
        pub use crate::engine::app_connect::$method::$operation;

        impl Invocation for $operation {
            const INTERFACE: Interface = Interface::Operation(<Self as OperationSpec>::NAME);
            type Input = <Self as OperationSpec>::Input;
            type Output = Output<Self>;

            fn call<'c>(
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

/// What admins may choose for a field of the sign-in page.
#[derive(Debug)]
pub struct GetManagedAuthOptions;

impl Invocation for GetManagedAuthOptions {
    const INTERFACE: Interface = Interface::GET_MANAGED_AUTH_OPTIONS;
    type Input = ManagedAuthOptions;
    type Output = Vec<AuthOption>;

    fn call<'c>(
        connector: &'c dyn Connector,
        call: &'c Call<'c>,
        input: &'c Self::Input,
    ) -> BoxFuture<'c, Result<Reply<Self::Output>, CallError>> {
        connector.get_managed_auth_options(call, input)
    }
}

/// Called after a user signed in and was stored.
#[derive(Debug)]
pub struct PostSaveUserInfo;

impl Invocation for PostSaveUserInfo {
    const INTERFACE: Interface = Interface::POST_SAVE_USER_INFO;
    type Input = UserInfo;
    type Output = Option<UserInfo>;

    fn call<'c>(
        connector: &'c dyn Connector,
        call: &'c Call<'c>,
        info: &'c UserInfo,
    ) -> BoxFuture<'c, Result<Reply<Option<UserInfo>>, CallError>> {
        connector.post_save_user_info(call, info)
    }
}
