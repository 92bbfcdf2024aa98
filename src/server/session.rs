//! The session of a request: one place reads the token, one extractor demands it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError, dev};
use serde_json::Value;

use super::base::Base;
use super::extract::query;
use super::reply;
use crate::service::session::{Session, Sessions};

/// The query parameter that older clients put the token in.
pub(super) const TOKEN_PARAMETER: &str = "jwtToken";

/// Reads the session token: the bearer token of the `Authorization` header, else `jwtToken` of the
/// query string. A bad header is not rescued by the query (recordings 16). Below the base of a document, sessions of
/// other documents are none.
pub(super) fn read(
    headers: &HeaderMap,
    query_string: &str,
    base: Option<&Base>,
    sessions: &Sessions,
) -> Option<Arc<Session>> {
    let session = verified(headers, query_string, sessions)?;
    match base {
        Some(base) => session.below(base.proxy_id()),
        None => Some(session),
    }
}

fn verified(headers: &HeaderMap, query_string: &str, sessions: &Sessions) -> Option<Arc<Session>> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
        return if scheme.eq_ignore_ascii_case("bearer") { sessions.verify(token) } else { None };
    }
    if !query_string.contains(TOKEN_PARAMETER) {
        return None;
    }
    sessions.verify(query(query_string).get(TOKEN_PARAMETER)?.as_str()?)
}

/// A request with a valid session.
pub(super) struct Authenticated(pub(super) Arc<Session>);

/// A request with a valid session, to a route that says otherwise what it thinks of one without (recordings 26,
/// `callback-no-session`).
pub(super) struct Identified(pub(super) Arc<Session>);

/// Marks a request whose handler demands a session, with what is answered to one without.
struct Demanded(&'static str);

/// What a request gets whose session has turned out to have ended, if its handler demands one: the same as with any
/// other token that is none. The handler found no user then, so it did nothing.
pub(super) fn refusal(request: &HttpRequest, session: &Session) -> Option<HttpResponse> {
    let words =
        session.has_ended().then(|| request.extensions().get::<Demanded>().map(|demanded| demanded.0))?;
    words.map(|words| NoSession(words).error_response())
}

/// What clients recognise a missing session by.
const AUTHORIZE: &str = "Please go to Settings and authorize CRM platform";

/// The same on the routes of [`Identified`].
const INVALID: &str = "Invalid request";

/// There is no valid session.
#[derive(Debug)]
pub(super) struct NoSession(&'static str);

impl std::fmt::Display for NoSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
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
        ready(demanded(request, AUTHORIZE).map(Self))
    }
}

impl FromRequest for Identified {
    type Error = NoSession;
    type Future = Ready<Result<Self, NoSession>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(demanded(request, INVALID).map(Self))
    }
}

fn demanded(request: &HttpRequest, words: &'static str) -> Result<Arc<Session>, NoSession> {
    let session = request.extensions().get::<Arc<Session>>().cloned();
    request.extensions_mut().insert(Demanded(words));
    session.ok_or(NoSession(words))
}

/// Whoever calls a route that answers without a session as well.
pub(super) enum Visitor {
    /// With a session.
    User(Arc<Session>),
    /// With a token in the query, and no other, that is none.
    BadToken,
    /// With nothing, or with a header that is no session.
    Unknown,
}

impl Visitor {
    /// The session, where there is one.
    pub(super) fn session(&self) -> Option<&Session> {
        match self {
            Self::User(session) => Some(session),
            Self::BadToken | Self::Unknown => None,
        }
    }
}

impl FromRequest for Visitor {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let session = request.extensions().get::<Arc<Session>>().cloned();
        let has_token = || {
            let in_query = query(request.query_string());
            let token = in_query.get(TOKEN_PARAMETER).and_then(Value::as_str);
            token.is_some_and(|token| !token.is_empty()) && !request.headers().contains_key(AUTHORIZATION)
        };
        ready(Ok(match session {
            Some(session) => Self::User(session),
            None if has_token() => Self::BadToken,
            None => Self::Unknown,
        }))
    }
}
