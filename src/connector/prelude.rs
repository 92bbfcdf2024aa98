//! What a code connector names, in one place: `use app_connect::connector::prelude::*;`

pub use async_trait::async_trait;
pub use serde_json::{Map, Value, json};
pub use url::Url;

pub use super::contract::{Call, CallError, Connector, Interface, NotRenewed, OAuthInfo, Reply};
pub use super::inputs;
pub use super::message::{MessageType, ReturnMessage};
pub use crate::credential::Credential;
pub use crate::engine::exchange::{HostPattern, HostPolicy, RequestSpec, UpstreamResponse};
pub use crate::engine::failure::{Failure, FailureKind};
pub use crate::engine::oauth::OAuth;
pub use crate::engine::operation::{AuthType, LogFormat};
pub use crate::engine::results::{
    Appointment, Attendee, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser,
    License, RecordText, UserInfo,
};
pub use crate::secret::Secret;
pub use crate::user::User;
