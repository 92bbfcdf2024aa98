//! What every request passes: it gets an id and is counted, the session is read, a panic becomes an answer, and the headers that
//! browsers and clients expect are set.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, HeaderMap, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::base::Base;
use super::intake::{Intake, Known};
use super::observe::Observed;
use super::sliced::sliced;
use super::{chunked, intake, management, reply, routes, session};
use crate::service::Services;
use crate::service::interfaces::Unknown;
use crate::service::wording::Refusal;

/// What tells load balancers and operators how the server is.
const WATCHED: [&str; 3] = ["/isAlive", "/readyz", "/metrics"];

/// Carries a fresh session token.
const REFRESHED_TOKEN: HeaderName = HeaderName::from_static("x-refreshed-jwt-token");

/// The middleware.
pub(super) async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let base = Base::take(&mut request);
    let observed = Observed::begin(&request);
    let span = observed.span.clone();
    answer(request, next, base, observed).instrument(span).await
}

async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    base: Option<Base>,
    observed: Observed,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() == Method::OPTIONS {
        let mut response = HttpResponse::NoContent().finish();
        common(response.headers_mut());
        preflight(&request, response.headers_mut());
        observed.end(204, response.headers_mut());
        return Ok(request.into_response(response));
    }
    if !admitted(&request) {
        let mut response = reply::overloaded();
        common(response.headers_mut());
        observed.end(503, response.headers_mut());
        return Ok(request.into_response(response));
    }
    let (mut fresh_token, mut read_session) = (None, None);
    if base.is_some() && observed.route.as_deref().is_some_and(|route| !routes::is_for_clients(route)) {
        let mut response = reply::page_not_found(request.request());
        common(response.headers_mut());
        observed.end(404, response.headers_mut());
        return Ok(request.into_response(response));
    }
    if request.path().starts_with("/console/") {
        if observed.route.is_some() {
            management::enter(&request, observed.request_id()).await;
        }
    } else if let Some(services) = request.app_data::<web::Data<Services>>() {
        let session =
            session::read(request.headers(), request.query_string(), base.as_ref(), &services.sessions);
        if let Some(base) = &base
            && session.is_none()
            && !services.documents.snapshot().knows(base.proxy_id())
        {
            let mut response = reply::error(404, &Unknown::ProxyId(base.proxy_id().to_owned()).to_string());
            common(response.headers_mut());
            observed.end(404, response.headers_mut());
            return Ok(request.into_response(response));
        }
        if let Some(session) = session {
            let session = Arc::new(session.for_request());
            fresh_token = services.sessions.refresh(&session);
            read_session = Some(Arc::clone(&session));
            request.extensions_mut().insert(session);
            request.extensions_mut().insert(Known);
        }
    }
    let reader = chunked::reader(&mut request);
    let mut response = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => {
            let mut response = error.error_response();
            common(response.headers_mut());
            observed.end(response.status().as_u16(), response.headers_mut());
            return Err(InternalError::from_response(error, response).into());
        }
        Err(_) => return Err(panicked(observed)),
    };
    if read_session.as_ref().is_some_and(|session| session.is_revoked()) {
        response = response.into_response(reply::json(401, &Refusal::session_revoked()));
    } else if let Some(session) = read_session.filter(|session| session.has_ended()) {
        fresh_token = None;
        if let Some(refusal) = session::refusal(response.request(), &session) {
            response = response.into_response(refusal);
        }
    }
    common(response.headers_mut());
    if let Some(token) = fresh_token.and_then(|token| HeaderValue::try_from(token).ok()) {
        response.headers_mut().insert(REFRESHED_TOKEN, token);
    }
    observed.end(response.status().as_u16(), response.headers_mut());
    Ok(response.map_body(|_, body| match reader {
        Some(reader) => reader.hold(sliced(body)),
        None => sliced(body),
    }))
}

/// A request without a body has arrived; another one is admitted once its body has. What watches the server is
/// always answered.
fn admitted(request: &ServiceRequest) -> bool {
    if intake::has_body(request) || WATCHED.contains(&request.path()) {
        return true;
    }
    request.app_data::<web::Data<Intake>>().is_none_or(|intake| intake.admit(request).is_ok())
}

/// The panic hook has written where; the client gets an answer, and the worker lives.
fn panicked(observed: Observed) -> Error {
    tracing::error!(route = observed.route.as_deref(), "a handler panicked");
    let mut response =
        reply::error(500, "The server failed on this request. It was not carried out, or only in part.");
    common(response.headers_mut());
    observed.end(500, response.headers_mut());
    InternalError::from_response("a handler panicked", response).into()
}

/// What every reply has.
fn common(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-refreshed-jwt-token"));
}

fn preflight(request: &ServiceRequest, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE"));
    if let Some(wanted) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
}
