//! The interfaces of the contract: the operations, which ask the CRM, and those that a connector answers by itself.

use std::fmt;

use crate::config::operations::OperationName;

/// An interface of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interface {
    /// An operation, which asks the CRM. A document can define it.
    Operation(OperationName),
    /// An interface that a connector answers by itself: it is no operation, and no document defines it.
    Local(LocalInterface),
}

/// An interface that a connector answers by itself: it is no operation, and no document defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LocalInterface {
    /// How users sign in.
    GetAuthType,
    /// OAuth client and endpoints.
    GetOauthInfo,
    /// The Basic credential made from an API key.
    GetBasicAuth,
    /// Format of composed log text.
    GetLogFormatType,
    /// Renews an access token that expires.
    CheckAndRefreshAccessToken,
    /// Changes the parameters of the token exchange.
    GetOverridingOAuthOption,
    /// Called after a user signed in and was stored.
    PostSaveUserInfo,
    /// What admins may choose for a field of the sign-in page.
    GetManagedAuthOptions,
}

macro_rules! interface {
    ($operation:ident) => {
        Self::Operation(OperationName::$operation)
    };
    ($name:ident $local:ident) => {
        Self::Local(LocalInterface::$local)
    };
}

/// The interfaces in the order of the contract: operations, and local ones with their variant.
macro_rules! interfaces {
    ($($name:ident $($local:ident)?;)*) => {
        impl Interface {
            $(
                #[doc = concat!("The interface `", stringify!($name), "` of the contract.")]
                pub const $name: Self = interface!($name $($local)?);
            )*

            /// All interfaces, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

interfaces! {
    GET_AUTH_TYPE GetAuthType;
    GET_OAUTH_INFO GetOauthInfo;
    GET_BASIC_AUTH GetBasicAuth;
    GET_USER_INFO;
    REFRESH_USER_INFO;
    UN_AUTHORIZE;
    FIND_CONTACT;
    FIND_CONTACT_WITH_NAME;
    CREATE_CONTACT;
    CREATE_CALL_LOG;
    UPDATE_CALL_LOG;
    GET_CALL_LOG;
    GET_LOG_FORMAT_TYPE GetLogFormatType;
    UPSERT_CALL_DISPOSITION;
    CREATE_MESSAGE_LOG;
    UPDATE_MESSAGE_LOG;
    GET_LICENSE_STATUS;
    GET_USER_LIST;
    LIST_APPOINTMENTS;
    CREATE_APPOINTMENT;
    UPDATE_APPOINTMENT;
    REFRESH_APPOINTMENT;
    CONFIRM_APPOINTMENT;
    CANCEL_APPOINTMENT;
    AUTH_VALIDATION;
    CHECK_AND_REFRESH_ACCESS_TOKEN CheckAndRefreshAccessToken;
    GET_OVERRIDING_OAUTH_OPTION GetOverridingOAuthOption;
    GET_SERVER_LOGGING_SETTINGS;
    UPDATE_SERVER_LOGGING_SETTINGS;
    POST_SAVE_USER_INFO PostSaveUserInfo;
    GET_MANAGED_AUTH_OPTIONS GetManagedAuthOptions;
}

impl Interface {
    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.as_str(),
            Self::Local(local) => local.as_str(),
        }
    }

    /// The operation, if it is one.
    pub fn operation(self) -> Option<OperationName> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Local(_) => None,
        }
    }
}

impl LocalInterface {
    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GetAuthType => "getAuthType",
            Self::GetOauthInfo => "getOauthInfo",
            Self::GetBasicAuth => "getBasicAuth",
            Self::GetLogFormatType => "getLogFormatType",
            Self::CheckAndRefreshAccessToken => "checkAndRefreshAccessToken",
            Self::GetOverridingOAuthOption => "getOverridingOAuthOption",
            Self::PostSaveUserInfo => "postSaveUserInfo",
            Self::GetManagedAuthOptions => "getManagedAuthOptions",
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_an_interface() {
        let operations = Interface::ALL.iter().filter_map(|interface| interface.operation());
        let mut listed: Vec<_> = operations.collect();
        listed.sort();
        assert_eq!(listed, OperationName::ALL);
    }
}
