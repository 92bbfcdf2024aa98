//! The interfaces of the contract: the operations that make a request, and those that a connector answers
//! by itself.

use std::fmt;

use crate::config::operations::OperationName;

/// An interface of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interface {
    /// An operation, which a document can define.
    Operation(OperationName),
    /// An interface that makes no request of its own.
    Apart(Apart),
}

/// An interface that makes no request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Apart {
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
}

impl Interface {
    /// `getAuthType`
    pub const GET_AUTH_TYPE: Self = Self::Apart(Apart::GetAuthType);
    /// `getOauthInfo`
    pub const GET_OAUTH_INFO: Self = Self::Apart(Apart::GetOauthInfo);
    /// `getBasicAuth`
    pub const GET_BASIC_AUTH: Self = Self::Apart(Apart::GetBasicAuth);
    /// `getUserInfo`
    pub const GET_USER_INFO: Self = Self::Operation(OperationName::GET_USER_INFO);
    /// `refreshUserInfo`
    pub const REFRESH_USER_INFO: Self = Self::Operation(OperationName::REFRESH_USER_INFO);
    /// `unAuthorize`
    pub const UN_AUTHORIZE: Self = Self::Operation(OperationName::UN_AUTHORIZE);
    /// `findContact`
    pub const FIND_CONTACT: Self = Self::Operation(OperationName::FIND_CONTACT);
    /// `findContactWithName`
    pub const FIND_CONTACT_WITH_NAME: Self = Self::Operation(OperationName::FIND_CONTACT_WITH_NAME);
    /// `createContact`
    pub const CREATE_CONTACT: Self = Self::Operation(OperationName::CREATE_CONTACT);
    /// `createCallLog`
    pub const CREATE_CALL_LOG: Self = Self::Operation(OperationName::CREATE_CALL_LOG);
    /// `updateCallLog`
    pub const UPDATE_CALL_LOG: Self = Self::Operation(OperationName::UPDATE_CALL_LOG);
    /// `getCallLog`
    pub const GET_CALL_LOG: Self = Self::Operation(OperationName::GET_CALL_LOG);
    /// `getLogFormatType`
    pub const GET_LOG_FORMAT_TYPE: Self = Self::Apart(Apart::GetLogFormatType);
    /// `upsertCallDisposition`
    pub const UPSERT_CALL_DISPOSITION: Self = Self::Operation(OperationName::UPSERT_CALL_DISPOSITION);
    /// `createMessageLog`
    pub const CREATE_MESSAGE_LOG: Self = Self::Operation(OperationName::CREATE_MESSAGE_LOG);
    /// `updateMessageLog`
    pub const UPDATE_MESSAGE_LOG: Self = Self::Operation(OperationName::UPDATE_MESSAGE_LOG);
    /// `getLicenseStatus`
    pub const GET_LICENSE_STATUS: Self = Self::Operation(OperationName::GET_LICENSE_STATUS);
    /// `getUserList`
    pub const GET_USER_LIST: Self = Self::Operation(OperationName::GET_USER_LIST);
    /// `listAppointments`
    pub const LIST_APPOINTMENTS: Self = Self::Operation(OperationName::LIST_APPOINTMENTS);
    /// `createAppointment`
    pub const CREATE_APPOINTMENT: Self = Self::Operation(OperationName::CREATE_APPOINTMENT);
    /// `updateAppointment`
    pub const UPDATE_APPOINTMENT: Self = Self::Operation(OperationName::UPDATE_APPOINTMENT);
    /// `refreshAppointment`
    pub const REFRESH_APPOINTMENT: Self = Self::Operation(OperationName::REFRESH_APPOINTMENT);
    /// `confirmAppointment`
    pub const CONFIRM_APPOINTMENT: Self = Self::Operation(OperationName::CONFIRM_APPOINTMENT);
    /// `cancelAppointment`
    pub const CANCEL_APPOINTMENT: Self = Self::Operation(OperationName::CANCEL_APPOINTMENT);
    /// `authValidation`
    pub const AUTH_VALIDATION: Self = Self::Operation(OperationName::AUTH_VALIDATION);
    /// `checkAndRefreshAccessToken`
    pub const CHECK_AND_REFRESH_ACCESS_TOKEN: Self = Self::Apart(Apart::CheckAndRefreshAccessToken);
    /// `getOverridingOAuthOption`
    pub const GET_OVERRIDING_OAUTH_OPTION: Self = Self::Apart(Apart::GetOverridingOAuthOption);
    /// `getServerLoggingSettings`
    pub const GET_SERVER_LOGGING_SETTINGS: Self = Self::Operation(OperationName::GET_SERVER_LOGGING_SETTINGS);
    /// `updateServerLoggingSettings`
    pub const UPDATE_SERVER_LOGGING_SETTINGS: Self =
        Self::Operation(OperationName::UPDATE_SERVER_LOGGING_SETTINGS);
    /// `postSaveUserInfo`
    pub const POST_SAVE_USER_INFO: Self = Self::Apart(Apart::PostSaveUserInfo);

    /// All interfaces, in the order of the contract.
    pub const ALL: &'static [Self] = &[
        Self::GET_AUTH_TYPE,
        Self::GET_OAUTH_INFO,
        Self::GET_BASIC_AUTH,
        Self::GET_USER_INFO,
        Self::REFRESH_USER_INFO,
        Self::UN_AUTHORIZE,
        Self::FIND_CONTACT,
        Self::FIND_CONTACT_WITH_NAME,
        Self::CREATE_CONTACT,
        Self::CREATE_CALL_LOG,
        Self::UPDATE_CALL_LOG,
        Self::GET_CALL_LOG,
        Self::GET_LOG_FORMAT_TYPE,
        Self::UPSERT_CALL_DISPOSITION,
        Self::CREATE_MESSAGE_LOG,
        Self::UPDATE_MESSAGE_LOG,
        Self::GET_LICENSE_STATUS,
        Self::GET_USER_LIST,
        Self::LIST_APPOINTMENTS,
        Self::CREATE_APPOINTMENT,
        Self::UPDATE_APPOINTMENT,
        Self::REFRESH_APPOINTMENT,
        Self::CONFIRM_APPOINTMENT,
        Self::CANCEL_APPOINTMENT,
        Self::AUTH_VALIDATION,
        Self::CHECK_AND_REFRESH_ACCESS_TOKEN,
        Self::GET_OVERRIDING_OAUTH_OPTION,
        Self::GET_SERVER_LOGGING_SETTINGS,
        Self::UPDATE_SERVER_LOGGING_SETTINGS,
        Self::POST_SAVE_USER_INFO,
    ];

    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.as_str(),
            Self::Apart(apart) => apart.as_str(),
        }
    }

    /// The operation, if it is one.
    pub fn operation(self) -> Option<OperationName> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Apart(_) => None,
        }
    }
}

impl Apart {
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
