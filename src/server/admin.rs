//! The operator of the server: one extractor demands the admin token.

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev, web};

use super::reply;
use crate::service::clock::Clock;
use crate::service::wrong_tokens::WrongTokens;
use crate::store::Secret;

/// Who is an admin.
pub(super) struct AdminToken {
    /// The admin token; without one the routes are closed.
    token: Option<Secret>,
    wrong: WrongTokens,
}

impl AdminToken {
    pub(super) fn new(token: Option<Secret>, clock: Clock) -> Self {
        Self { token, wrong: WrongTokens::new(clock) }
    }
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
    /// Too many wrong ones.
    #[error("Too many requests with a wrong admin token came from this address. Try again in {0} seconds.")]
    Limited(u64),
}

impl ResponseError for NoAdmin {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let status = match self {
            Self::Closed => 403,
            Self::Wrong => 401,
            Self::Limited(_) => 429,
        };
        let mut response = reply::error(status, &self.to_string());
        if let Self::Limited(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, (*seconds).into());
        }
        response
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
    let admin = request.app_data::<web::Data<AdminToken>>().ok_or(NoAdmin::Closed)?;
    let expected = admin.token.as_ref().ok_or(NoAdmin::Closed)?;
    let header =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Secret::new(token))
        .ok_or(NoAdmin::Wrong)?;
    let address = request.peer_addr().map(|address| address.ip());
    let attempt = admin.wrong.attempt(&given, None, address).map_err(NoAdmin::Limited)?;
    if given == *expected {
        attempt.opened();
        Ok(())
    } else {
        attempt.failed();
        Err(NoAdmin::Wrong)
    }
}
