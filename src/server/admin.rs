//! The operator of the server: one extractor demands the admin token.

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev, web};

use super::reply;
use crate::store::Secret;

/// Who is an admin.
#[derive(Debug, Clone)]
pub(super) struct AdminToken {
    /// The admin token; without one the routes are closed.
    pub(super) token: Option<Secret>,
}

/// A request with the admin token as bearer token.
pub(super) struct Admin;

/// A request without it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAdmin {
    /// The server has no admin token.
    #[error(
        "This route is closed: start the server with ADMIN_TOKEN set, and send that token as bearer token."
    )]
    Closed,
    /// The request has another one, or none.
    #[error("The admin token is missing or wrong: send it as bearer token.")]
    Wrong,
}

impl ResponseError for NoAdmin {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let status = if matches!(self, Self::Closed) { 403 } else { 401 };
        reply::error(status, &self.to_string())
    }
}

impl FromRequest for Admin {
    type Error = NoAdmin;
    type Future = Ready<Result<Self, NoAdmin>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(check(request).map(|()| Self))
    }
}

fn check(request: &HttpRequest) -> Result<(), NoAdmin> {
    let token = request.app_data::<web::Data<AdminToken>>().and_then(|admin| admin.token.as_ref());
    let expected = token.ok_or(NoAdmin::Closed)?;
    let header =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Secret::new(token));
    if given.as_ref() == Some(expected) { Ok(()) } else { Err(NoAdmin::Wrong) }
}
