//! Traces to an OpenTelemetry collector (feature `otel`), configured by the standard variables:
//! `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_SERVICE_NAME`,
//! `OTEL_TRACES_SAMPLER` and so on. Protobuf over HTTP.
//!
//! A client's `traceparent` is continued. It is never sent on to a CRM: it would tell a stranger how
//! the caller's system is made, and a document's headers are the document's.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Status, TracerProvider as _};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The longest that one export takes.
const EXPORT: Duration = Duration::from_secs(10);

/// Exports what is left when it is dropped.
pub(crate) struct Exporting(SdkTracerProvider);

impl Drop for Exporting {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(Duration::from_secs(5)) {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

/// The layer that turns spans into traces.
///
/// # Errors
/// If the variables cannot be used, in words.
pub(crate) fn layer<S>() -> Result<(impl Layer<S>, Exporting), String>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
    let failed = |error: &dyn std::fmt::Display| format!("traces cannot be exported: {error}");
    let client = Collector::new().map_err(|error| failed(&error))?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .build()
        .map_err(|error| failed(&error))?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(env!("CARGO_PKG_NAME"));
    }
    let provider =
        SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(env!("CARGO_PKG_NAME")))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|about| about.is_span() && about.target().starts_with("app_connect")));
    Ok((layer, Exporting(provider)))
}

/// Makes a span part of the trace that a client's `traceparent` names.
pub(crate) fn continue_from<'a>(span: &Span, header: impl Fn(&str) -> Option<&'a str>) {
    struct Headers<'a>([(&'static str, Option<&'a str>); 2]);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.iter().find(|(name, _)| *name == key)?.1
        }

        fn keys(&self) -> Vec<&str> {
            self.0.iter().map(|(name, _)| *name).collect()
        }
    }
    if header("traceparent").is_some() {
        let headers = Headers(["traceparent", "tracestate"].map(|name| (name, header(name))));
        // Fails only where no traces are exported.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&headers));
    }
}

/// Says how a request was answered.
pub(crate) fn answered(span: &Span, status: u16) {
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error("the server failed"));
    }
}

/// Sends exports. The batch processor waits for them on a thread of its own, so a runtime of one
/// thread that runs only then is enough.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Collector {
    fn new() -> Result<Self, HttpError> {
        Ok(Self {
            // A connection is not kept: nothing would look after it between two exports.
            http: reqwest::Client::builder().timeout(EXPORT).pool_max_idle_per_host(0).build()?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.runtime.block_on(async {
            let answer = self.http.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                *headers = answer.headers().clone();
            }
            Ok(response.body(answer.bytes().await?)?)
        })
    }
}
