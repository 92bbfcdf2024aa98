//! Who is calling: an API key (`Basic base64(key:)` or `Bearer key`) or an OAuth access token.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Shared;
use super::grants::Access;
use super::reply::ApiError;
use super::state::Crm;

/// The user behind a request. Asking for it as a handler argument makes a route private.
pub(super) struct Caller {
    pub user_id: String,
    /// `admin` or `agent`.
    pub role: String,
    /// The OAuth grant behind the token; `None` for an API key.
    pub grant: Option<u64>,
}

impl Caller {
    /// Refuses everyone but an admin.
    pub(super) fn must_be_admin(&self) -> Result<(), ApiError> {
        if self.role == "admin" {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "admin_only",
            "Only a user with the role admin may do this.",
        ))
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request))
    }
}

fn identify(request: &HttpRequest) -> Result<Caller, ApiError> {
    let shared = request.app_data::<web::Data<Shared>>().ok_or_else(|| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no_state",
            "The sandbox was put together without its state.",
        )
    })?;
    let credential = credential(request)?;
    let crm = shared.crm();
    let (user_id, grant) = match credential {
        Credential::Basic(key) => (user_with_key(&crm, &key)?, None),
        Credential::Bearer(token) => match crm.grants.access(&token, crm.now()) {
            Access::Granted { user_id, grant } => (user_id, Some(grant)),
            Access::Expired => {
                return Err(unauthorized("expired_token", "The access token has expired; refresh it."));
            }
            Access::Unknown => (user_with_key(&crm, &token)?, None),
        },
    };
    let role = crm.users.get(&user_id)?.role.clone();
    Ok(Caller { user_id, role, grant })
}

enum Credential {
    Basic(String),
    Bearer(String),
}

fn credential(request: &HttpRequest) -> Result<Credential, ApiError> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Err(unauthorized(
            "missing_credential",
            "Send an API key or an access token in the Authorization header.",
        ));
    };
    let malformed = |message| unauthorized("malformed_credential", message);
    let value = value.to_str().map_err(|_| malformed("The Authorization header is not plain text."))?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credential::Bearer(rest.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed("The scheme must be Basic or Bearer."));
    }
    basic(rest)
        .map(|(name, _)| Credential::Basic(name))
        .ok_or_else(|| malformed("Basic takes base64(key:), the colon included."))
}

/// The two halves of a Basic credential (RFC 7617).
pub(super) fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn user_with_key(crm: &Crm, key: &str) -> Result<String, ApiError> {
    crm.users
        .rows()
        .find(|(_, user)| user.api_key == key)
        .map(|(id, _)| id.to_owned())
        .ok_or_else(|| unauthorized("invalid_credential", "No user has this API key or access token."))
}

fn unauthorized(code: &'static str, message: &'static str) -> ApiError {
    let challenge = if code == "missing_credential" {
        r#"Basic realm="sandbox", Bearer realm="sandbox""#
    } else {
        r#"Basic realm="sandbox", Bearer realm="sandbox", error="invalid_token""#
    };
    ApiError::new(StatusCode::UNAUTHORIZED, code, message)
        .with_header(header::WWW_AUTHENTICATE, challenge.to_owned())
}
