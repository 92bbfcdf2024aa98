//! What is seen of every request: its id, its span, its place in the metrics.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web;
use tracing::Span;

use super::routes;
use crate::hex::hex;
use crate::metrics::Metrics;
use crate::random_id::random_bytes;
use crate::service::Services;

/// Carries the id of a request, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client; it stands on every log line of its request.
const LONGEST_ID: usize = 64;

/// A request under observation.
pub(super) struct Observed {
    id: HeaderValue,
    /// Every log line inside of it carries the request's id.
    pub(super) span: Span,
    /// The pattern of the route, where there is one.
    pub(super) route: Option<Cow<'static, str>>,
    method: Method,
    metrics: Option<Arc<Metrics>>,
    started: Instant,
}

impl Observed {
    /// A request arrived.
    pub(super) fn begin(request: &ServiceRequest) -> Self {
        let services = request.app_data::<web::Data<Services>>();
        let now = services.map_or(0, |services| services.clock.now_ms());
        let id = given(request.headers()).unwrap_or_else(|| generated(now));
        let route = pattern(request);
        let span = span(request, id.to_str().unwrap_or_default(), route.as_deref());
        Self {
            id,
            span,
            route,
            // It is answered by the route of the other.
            method: if request.method() == Method::HEAD { Method::GET } else { request.method().clone() },
            metrics: services.map(|services| Arc::clone(&services.metrics)),
            started: Instant::now(),
        }
    }

    /// The request's id, for whoever writes down what it did.
    pub(super) fn request_id(&self) -> String {
        self.id.to_str().unwrap_or_default().to_owned()
    }

    /// It was answered: the reply says the id.
    pub(super) fn end(self, status: u16, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.id);
        #[cfg(feature = "otel")]
        crate::otel::answered(&self.span, status);
        if let Some(metrics) = self.metrics {
            metrics.answered(self.method.as_str(), self.route.as_deref(), status, self.started.elapsed());
        }
    }
}

/// The pattern of a request's route. A path without parameters is its own pattern, which is looked
/// up: asking the router means to match again.
fn pattern(request: &ServiceRequest) -> Option<Cow<'static, str>> {
    static PLAIN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        routes::table().iter().map(|route| route.path).filter(|path| !path.contains('{')).collect()
    });
    match PLAIN.get(request.path()) {
        Some(plain) => Some(Cow::Borrowed(plain)),
        None => request.match_pattern().map(Cow::Owned),
    }
}

#[cfg(not(feature = "otel"))]
fn span(request: &ServiceRequest, id: &str, route: Option<&str>) -> Span {
    tracing::info_span!("request", request_id = id, method = request.method().as_str(), route)
}

#[cfg(feature = "otel")]
fn span(request: &ServiceRequest, id: &str, route: Option<&str>) -> Span {
    let method = request.method().as_str();
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let span = tracing::info_span!(
        "request",
        request_id = id,
        method,
        route,
        otel.name = name,
        otel.kind = "server"
    );
    crate::otel::continue_from(&span, |header| {
        request.headers().get(header).and_then(|value| value.to_str().ok())
    });
    span
}

/// The client's id, where it is short and plain.
fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=".contains(byte);
    let fits = (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(plain);
    fits.then(|| id.clone())
}

/// An id of our own: 32 hexadecimal digits, the time first, so that ids sort as requests came, then
/// what only this process has, and a number.
fn generated(now: i64) -> HeaderValue {
    // Without random bytes time and number are still worth having.
    static PROCESS: LazyLock<[u8; 6]> = LazyLock::new(|| random_bytes().unwrap_or_default());
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut bytes = [0u8; 16];
    bytes[..6].copy_from_slice(&now.to_be_bytes()[2..]);
    bytes[6..12].copy_from_slice(&*PROCESS);
    bytes[12..].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    HeaderValue::try_from(hex(&bytes)).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken() {
        let taken = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(id.as_bytes()).unwrap());
            given(&headers).is_some()
        };
        for id in ["a", "7f3a-11", "Root=1-67891233-abcdef012345678912345678", "a:b_c.d", &"x".repeat(64)] {
            assert!(taken(id), "{id}");
        }
        for id in ["", "a b", "+14155550101", "a\tb", "é", "a,b", "{}", "a\"b", &"x".repeat(65)] {
            assert!(!taken(id), "{id}");
        }
        assert!(given(&HeaderMap::new()).is_none());
    }

    #[test]
    fn generated_ids_differ_and_begin_with_the_time() {
        let now = 1_760_000_000_000;
        let (first, second) = (generated(now), generated(now));
        assert_ne!(first, second);
        let text = first.to_str().unwrap();
        assert!(text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
        assert_eq!(i64::from_str_radix(&text[..12], 16).unwrap(), now);
    }
}
