//! Around every request: write it down, delay it, answer it wrongly where a fault says so.

use std::time::Duration;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpResponse, ResponseError as _};
use futures_util::stream;

use super::faults::{Effect, Faults, Plan};
use super::reply::ApiError;
use super::{CONTROL, ReceivedRequest, Shared};

/// The header with faults for one request.
const FAULT_HEADER: &str = "x-sandbox-fault";

pub(super) async fn intercept(
    shared: Data<Shared>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.path().starts_with(CONTROL) {
        return next.call(request).await;
    }
    let body = request.extract::<Bytes>().await;
    shared.record(received(&request, body.as_ref().ok()));
    match body {
        Ok(body) => request.set_payload(Payload::from(body)),
        Err(error) => return Ok(refuse(request, unreadable(&error))),
    }
    let plan = match plan(&shared, &request) {
        Ok(plan) => plan,
        Err(problem) => {
            let error = ApiError::new(StatusCode::BAD_REQUEST, "invalid_fault", problem);
            return Ok(refuse(request, error));
        }
    };
    if plan.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(plan.latency_ms)).await;
    }
    match plan.instead {
        None => next.call(request).await,
        Some((effect, false)) => Ok(request.into_response(answer(&effect))),
        Some((effect, true)) => {
            let (request, _) = next.call(request).await?.into_parts();
            Ok(ServiceResponse::new(request, answer(&effect)))
        }
    }
}

fn received(request: &ServiceRequest, body: Option<&Bytes>) -> ReceivedRequest {
    let path = request.uri().path_and_query();
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    });
    ReceivedRequest {
        method: request.method().to_string(),
        path: path.map_or_else(|| request.path().to_owned(), ToString::to_string),
        headers: headers.collect(),
        body: body.cloned().unwrap_or_default(),
    }
}

fn refuse(request: ServiceRequest, error: ApiError) -> ServiceResponse<BoxBody> {
    request.into_response(error.error_response())
}

fn unreadable(error: &Error) -> ApiError {
    if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE {
        let message = "The body is larger than this CRM takes.";
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    } else {
        let message = "The body broke off or is not encoded as its headers say.";
        ApiError::new(StatusCode::BAD_REQUEST, "broken_body", message)
    }
}

/// The request's own faults come before those of the sandbox.
fn plan(shared: &Shared, request: &ServiceRequest) -> Result<Plan, String> {
    let mut plan = Plan::default();
    let (method, path) = (request.method().as_str(), request.path());
    if let Some(text) = request.headers().get(FAULT_HEADER) {
        let text = text.to_str().map_err(|_| "X-Sandbox-Fault is not plain text")?;
        Faults::from_header(text)?.plan(method, path, &mut plan);
    }
    shared.faults().plan(method, path, &mut plan);
    Ok(plan)
}

fn answer(effect: &Effect) -> HttpResponse {
    match effect {
        Effect::LatencyMs(_) => HttpResponse::NoContent().finish(),
        Effect::Status { code, retry_after_seconds } => status(*code, *retry_after_seconds),
        Effect::BrokenJson => HttpResponse::Ok()
            .content_type("application/json")
            .body(r#"{"contacts":[{"id":"con-1","name":"Wan"#),
        Effect::HtmlPage => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body("<!doctype html>\n<title>Sign in</title>\n<h1>Please sign in</h1>\n"),
        Effect::Reset => reset(),
        Effect::OversizedBody(bytes) => oversized(*bytes),
    }
}

fn status(code: u16, retry_after_seconds: Option<u64>) -> HttpResponse {
    // Faults are checked when they are set, so the code is one of 400 to 599.
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = "The sandbox was asked to answer with this status.";
    let error = ApiError::new(status, "sandbox_fault", message);
    let wait = retry_after_seconds.or((code == 429).then_some(1));
    let error = match wait {
        Some(seconds) => error.with_header(header::RETRY_AFTER, seconds.to_string()),
        None if code == 401 => {
            error.with_header(header::WWW_AUTHENTICATE, r#"Basic realm="sandbox""#.to_owned())
        }
        None => error,
    };
    error.error_response()
}

/// A body that fails at its first byte. actix-web writes a response's head together with the
/// first part of its body, so such a response closes the connection and nothing of it is sent.
fn reset() -> HttpResponse {
    let failure = std::io::Error::other("the sandbox was asked to close this connection");
    let body = stream::iter([Err::<Bytes, _>(failure)]);
    HttpResponse::Ok().body(SizedStream::new(1, body))
}

/// `{"padding":"xxx…"}` of exactly that many bytes (at least the 14 around the padding), chunked.
fn oversized(bytes: u64) -> HttpResponse {
    const CHUNK: Bytes = Bytes::from_static(&[b'x'; 16 * 1024]);
    let (head, tail) = (br#"{"padding":""#.as_slice(), br#""}"#.as_slice());
    let mut left = bytes.saturating_sub((head.len() + tail.len()) as u64);
    let padding = std::iter::from_fn(move || {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK.len());
        left -= size as u64;
        (size > 0).then(|| CHUNK.slice(..size))
    });
    let parts = std::iter::once(Bytes::from_static(head))
        .chain(padding)
        .chain(std::iter::once(Bytes::from_static(tail)));
    HttpResponse::Ok()
        .content_type("application/json")
        .streaming(stream::iter(parts.map(Ok::<_, std::io::Error>)))
}
