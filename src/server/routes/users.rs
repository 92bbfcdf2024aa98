//! Signing in and out.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::api::{MissingFields, MissingFieldsMessage};
use crate::engine::mapping::is_truthy;
use crate::server::body::{Body, BodyError};
use crate::server::public::Public;
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::developer_portal::Published;
use crate::service::users::{
    ApiKeyLogin, LoginError, SignOut, api_key_login as log_in, un_authorize as sign_out,
};
use crate::store::Secret;

/// `POST /apiKeyLogin`
pub(super) async fn api_key_login(
    _: Public,
    request: HttpRequest,
    services: web::Data<Services>,
    body: Body,
) -> Result<HttpResponse, BodyError> {
    let Some(login) = submitted(&request, body)? else {
        return Ok(reply::text(400, "Missing platform name"));
    };
    Ok(match log_in(&services, login).await {
        Ok(logged_in) => reply::json(200, &logged_in),
        Err(LoginError::Refused(message)) => reply::json(400, &json!({"returnMessage": message})),
        Err(LoginError::Missing(fields)) => reply::json(400, &missing(&fields)),
        Err(LoginError::Upstream(message)) => reply::error(400, &message),
    })
}

/// Names the fields for people, and for the client, which marks them.
fn missing(fields: &[String]) -> MissingFields {
    MissingFields {
        return_message: MissingFieldsMessage {
            message_type: "warning".to_owned(),
            message: format!("Please fill in: {}.", fields.join(", ")),
            ttl: 3000,
            missing_required_field_consts: fields.to_vec(),
        },
    }
}

fn submitted(request: &HttpRequest, mut body: Body) -> Result<Option<ApiKeyLogin>, BodyError> {
    let Some(platform) = body.text("platform")?.filter(|platform| !platform.is_empty()) else {
        return Ok(None);
    };
    let is_private = body.0.remove("isPrivate");
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Some(ApiKeyLogin {
        platform,
        proxy_id: body.text("proxyId")?.filter(|id| !id.is_empty()),
        api_key: body.text("apiKey")?.map(Secret::from),
        hostname: body.text("hostname")?.filter(|hostname| !hostname.is_empty()),
        additional_info: body.object("additionalInfo")?,
        user_email: body.text("userEmail")?,
        published: body.text("connectorId")?.filter(|id| !id.is_empty()).map(|connector_id| Published {
            connector_id,
            is_private: is_private.is_some_and(|value| is_truthy(&value)),
        }),
        rc_access_token: header("x-rc-access-token").or(body.text("rcAccessToken")?),
    }))
}

/// `POST /unAuthorize`
pub(super) async fn un_authorize(services: web::Data<Services>, session: Authenticated) -> HttpResponse {
    match sign_out(&services, &session.0).await {
        SignOut::Done(message) => reply::json(200, &message),
        SignOut::UnknownUser => reply::text(400, "User not found"),
        SignOut::Failed(message) => reply::json(500, &message),
    }
}
