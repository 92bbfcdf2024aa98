//! Logs: for people on a terminal, JSON elsewhere; always on standard error.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::CliError;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum LogFormat {
    /// `human` on a terminal, `json` otherwise.
    #[default]
    Auto,
    /// Lines for people.
    Human,
    /// One JSON object per line.
    Json,
}

/// What logging holds until the process ends.
#[must_use = "traces are exported until it is dropped"]
pub(super) struct Logging {
    #[cfg(feature = "otel")]
    _exporting: Option<crate::otel::Exporting>,
}

/// Starts logging. `LOG` filters as in `LOG=debug` or `LOG=app_connect=debug`. Where an OTLP endpoint
/// is set and the build has the feature `otel`, spans are exported as traces.
///
/// # Errors
/// Where traces are wanted and cannot be exported.
pub(super) fn start(format: LogFormat) -> Result<Logging, CliError> {
    let filter = EnvFilter::builder()
        .with_env_var("LOG")
        .with_default_directive(tracing_subscriber::filter::LevelFilter::INFO.into())
        .from_env_lossy();
    #[cfg(feature = "otel")]
    let (traces, exporting) = if traces_wanted() { Some(crate::otel::layer()?) } else { None }.unzip();
    #[cfg(not(feature = "otel"))]
    let traces: Option<tracing_subscriber::layer::Identity> = None;
    let registry = tracing_subscriber::registry().with(traces);
    let json = match format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    // A second start in one process keeps the first.
    let _ = if json {
        // The list of spans holds the current one: once is enough.
        let layer = layer.json().flatten_event(true).with_current_span(false);
        registry.with(layer.with_filter(filter)).try_init()
    } else {
        registry.with(layer.with_filter(filter)).try_init()
    };
    #[cfg(not(feature = "otel"))]
    if traces_wanted() {
        tracing::warn!(
            "an OTLP endpoint is set, but this build exports no traces: build it with --features otel"
        );
    }
    Ok(Logging {
        #[cfg(feature = "otel")]
        _exporting: exporting,
    })
}

/// Whether the environment says where traces go.
fn traces_wanted() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_off = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    !is_off && ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].into_iter().any(is_set)
}
