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

#[allow(non_upper_case_globals, reason = "they are named as the types of their operations")]
impl Interface {
    /// `getAuthType`
    pub const GetAuthType: Self = Self::Apart(Apart::GetAuthType);
    /// `getOauthInfo`
    pub const GetOauthInfo: Self = Self::Apart(Apart::GetOauthInfo);
    /// `getBasicAuth`
    pub const GetBasicAuth: Self = Self::Apart(Apart::GetBasicAuth);
    /// `getUserInfo`
    pub const GetUserInfo: Self = Self::Operation(OperationName::GetUserInfo);
    /// `refreshUserInfo`
    pub const RefreshUserInfo: Self = Self::Operation(OperationName::RefreshUserInfo);
    /// `unAuthorize`
    pub const UnAuthorize: Self = Self::Operation(OperationName::UnAuthorize);
    /// `findContact`
    pub const FindContact: Self = Self::Operation(OperationName::FindContact);
    /// `findContactWithName`
    pub const FindContactWithName: Self = Self::Operation(OperationName::FindContactWithName);
    /// `createContact`
    pub const CreateContact: Self = Self::Operation(OperationName::CreateContact);
    /// `createCallLog`
    pub const CreateCallLog: Self = Self::Operation(OperationName::CreateCallLog);
    /// `updateCallLog`
    pub const UpdateCallLog: Self = Self::Operation(OperationName::UpdateCallLog);
    /// `getCallLog`
    pub const GetCallLog: Self = Self::Operation(OperationName::GetCallLog);
    /// `getLogFormatType`
    pub const GetLogFormatType: Self = Self::Apart(Apart::GetLogFormatType);
    /// `upsertCallDisposition`
    pub const UpsertCallDisposition: Self = Self::Operation(OperationName::UpsertCallDisposition);
    /// `createMessageLog`
    pub const CreateMessageLog: Self = Self::Operation(OperationName::CreateMessageLog);
    /// `updateMessageLog`
    pub const UpdateMessageLog: Self = Self::Operation(OperationName::UpdateMessageLog);
    /// `getLicenseStatus`
    pub const GetLicenseStatus: Self = Self::Operation(OperationName::GetLicenseStatus);
    /// `getUserList`
    pub const GetUserList: Self = Self::Operation(OperationName::GetUserList);
    /// `listAppointments`
    pub const ListAppointments: Self = Self::Operation(OperationName::ListAppointments);
    /// `createAppointment`
    pub const CreateAppointment: Self = Self::Operation(OperationName::CreateAppointment);
    /// `updateAppointment`
    pub const UpdateAppointment: Self = Self::Operation(OperationName::UpdateAppointment);
    /// `refreshAppointment`
    pub const RefreshAppointment: Self = Self::Operation(OperationName::RefreshAppointment);
    /// `confirmAppointment`
    pub const ConfirmAppointment: Self = Self::Operation(OperationName::ConfirmAppointment);
    /// `cancelAppointment`
    pub const CancelAppointment: Self = Self::Operation(OperationName::CancelAppointment);
    /// `authValidation`
    pub const AuthValidation: Self = Self::Operation(OperationName::AuthValidation);
    /// `checkAndRefreshAccessToken`
    pub const CheckAndRefreshAccessToken: Self = Self::Apart(Apart::CheckAndRefreshAccessToken);
    /// `getOverridingOAuthOption`
    pub const GetOverridingOAuthOption: Self = Self::Apart(Apart::GetOverridingOAuthOption);
    /// `getServerLoggingSettings`
    pub const GetServerLoggingSettings: Self = Self::Operation(OperationName::GetServerLoggingSettings);
    /// `updateServerLoggingSettings`
    pub const UpdateServerLoggingSettings: Self = Self::Operation(OperationName::UpdateServerLoggingSettings);
    /// `postSaveUserInfo`
    pub const PostSaveUserInfo: Self = Self::Apart(Apart::PostSaveUserInfo);

    /// All interfaces, in the order of the contract.
    pub const ALL: &'static [Self] = &[
        Self::GetAuthType,
        Self::GetOauthInfo,
        Self::GetBasicAuth,
        Self::GetUserInfo,
        Self::RefreshUserInfo,
        Self::UnAuthorize,
        Self::FindContact,
        Self::FindContactWithName,
        Self::CreateContact,
        Self::CreateCallLog,
        Self::UpdateCallLog,
        Self::GetCallLog,
        Self::GetLogFormatType,
        Self::UpsertCallDisposition,
        Self::CreateMessageLog,
        Self::UpdateMessageLog,
        Self::GetLicenseStatus,
        Self::GetUserList,
        Self::ListAppointments,
        Self::CreateAppointment,
        Self::UpdateAppointment,
        Self::RefreshAppointment,
        Self::ConfirmAppointment,
        Self::CancelAppointment,
        Self::AuthValidation,
        Self::CheckAndRefreshAccessToken,
        Self::GetOverridingOAuthOption,
        Self::GetServerLoggingSettings,
        Self::UpdateServerLoggingSettings,
        Self::PostSaveUserInfo,
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
