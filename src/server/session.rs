//! The session of a request: one place reads the token, one extractor demands it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError, dev};

use super::body::query;
use super::reply;
use crate::service::session::{Session, Sessions};

/// Reads the session token: the bearer token of the `Authorization` header, else `jwtToken` of the
/// query string. A bad header is not rescued by the query (recordings 16).
pub(super) fn read(headers: &HeaderMap, query_string: &str, sessions: &Sessions) -> Option<Arc<Session>> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
        return if scheme.eq_ignore_ascii_case("bearer") { sessions.verify(token) } else { None };
    }
    if !query_string.contains("jwtToken") {
        return None;
    }
    sessions.verify(query(query_string).get("jwtToken")?.as_str()?)
}

/// A request with a valid session.
pub(super) struct Authenticated(pub(super) Arc<Session>);

/// There is no valid session.
#[derive(Debug)]
pub(super) struct NoSession;

impl std::fmt::Display for NoSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Please go to Settings and authorize CRM platform")
    }
}

impl ResponseError for NoSession {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        reply::text(400, &self.to_string())
    }
}

impl FromRequest for Authenticated {
    type Error = NoSession;
    type Future = Ready<Result<Self, NoSession>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(request.extensions().get::<Arc<Session>>().cloned().map(Self).ok_or(NoSession))
    }
}
