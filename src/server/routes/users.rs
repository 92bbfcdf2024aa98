//! Signing in and out.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::connector::ReturnMessage;
use crate::engine::mapping::is_truthy;
use crate::engine::text::id_text;
use crate::members::{Given, Member, Wrong, members};
use crate::server::extract::{Body, Headers};
use crate::server::public::Public;
use crate::server::reply;
use crate::server::ringcentral::RingCentralHeaders;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::developer_portal::{Access, Published};
use crate::service::users::{
    ApiKeyLogin, LoginError, SignOut, api_key_login as log_in, un_authorize as sign_out,
};
use crate::store::Secret;

members! {
    /// A sign-in with an API key.
    pub(super) struct ApiKeyLoginRequest {
        /// Name of the platform.
        #[schemars(with = "String")]
        platform as "platform": PlatformName,
        /// The document to sign in through.
        proxy_id as "proxyId": Option<String>,
        /// The key.
        #[schemars(with = "Option<String>", extend("format" = "password", "writeOnly" = true))]
        api_key as "apiKey": Option<Secret>,
        /// The CRM host that the user named.
        hostname as "hostname": Option<String>,
        /// The fields of the sign-in page.
        additional_info as "additionalInfo": Option<Map<String, Value>>,
        /// The RingCentral user's email address.
        user_email as "userEmail": Option<String>,
        /// The connector in the developer portal, whose manifest says which fields admins manage.
        connector_id as "connectorId": Option<String>,
        /// The account of whoever develops that connector.
        dev_account_id as "devRcAccountId": Option<Given<String>>,
        /// Whether only some accounts see that connector.
        is_private as "isPrivate": Option<Given<bool>>,
        /// The RingCentral access token; the header `X-RC-Access-Token` is better.
        #[schemars(extend("format" = "password", "writeOnly" = true, "deprecated" = true))]
        rc_access_token as "rcAccessToken": Option<String>,
    }
}

/// A name that is not empty.
pub(super) struct PlatformName(String);

impl Member for PlatformName {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        let platform: Option<String> = Member::read(name, value)?;
        platform.filter(|platform| !platform.is_empty()).map(Self).ok_or(Wrong::Bare("Missing platform name"))
    }
}

impl From<ApiKeyLoginRequest> for ApiKeyLogin {
    fn from(request: ApiKeyLoginRequest) -> Self {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            platform: request.platform.0,
            proxy_id: filled(request.proxy_id),
            api_key: request.api_key,
            hostname: filled(request.hostname),
            additional_info: request.additional_info,
            user_email: request.user_email,
            published: filled(request.connector_id).map(|connector_id| Published {
                connector_id,
                access: match request.dev_account_id.as_deref().and_then(id_text).filter(|id| !id.is_empty())
                {
                    Some(account) => Access::Developed(account),
                    None if request.is_private.is_some_and(|value| is_truthy(&value)) => Access::Private,
                    None => Access::Public,
                },
            }),
            rc_access_token: request.rc_access_token,
        }
    }
}

/// A message for the user, and nothing else.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// The message.
    pub(super) return_message: ReturnMessage,
}

/// A sign-in that lacks fields of the page.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MissingFields {
    /// The message, with the fields.
    return_message: MissingFieldsMessage,
}

/// Names the fields that are missing, for people and for the client that marks them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MissingFieldsMessage {
    /// Always `warning`.
    message_type: &'static str,
    /// The text.
    message: String,
    /// How long it is shown, in milliseconds.
    ttl: u32,
    /// The fields, as the manifest names them (`const`).
    missing_required_field_consts: Vec<String>,
}

/// `POST /apiKeyLogin`
pub(super) async fn api_key_login(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    body: Body<ApiKeyLoginRequest>,
) -> HttpResponse {
    let mut login = ApiKeyLogin::from(body.0);
    login.rc_access_token = headers.0.access_token.or(login.rc_access_token);
    match log_in(&services, login).await {
        Ok(logged_in) => reply::json(200, &logged_in),
        Err(LoginError::Refused(return_message)) => reply::json(400, &Message { return_message }),
        Err(LoginError::Missing(fields)) => reply::json(400, &missing(fields)),
        Err(LoginError::Upstream(message)) => reply::error(400, &message),
    }
}

/// Names the fields for people, and for the client, which marks them.
fn missing(fields: Vec<String>) -> MissingFields {
    MissingFields {
        return_message: MissingFieldsMessage {
            message_type: "warning",
            message: "Missing required authentication fields.".to_owned(),
            ttl: 3000,
            missing_required_field_consts: fields,
        },
    }
}

/// `POST /unAuthorize`
pub(super) async fn un_authorize(services: web::Data<Services>, session: Authenticated) -> HttpResponse {
    match sign_out(&services, &session.0).await {
        SignOut::Done(message) => reply::json(200, &message),
        SignOut::UnknownUser => reply::text(400, "User not found"),
        SignOut::Failed(message) => reply::json(500, &message),
    }
}
