//! `app-connect sandbox`

use std::net::SocketAddr;

use super::{CliError, logging, print, runtime};
use crate::sandbox::{API_KEY, Fault, Faults, SandboxOptions, start};

/// Runs the sandbox CRM until it is stopped, with stand-ins for RingCentral and the developer portal.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// A fault to begin with, such as `status=429;retry_after_seconds=5;times=2`. Can be repeated.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Where the App Connect server is: the manifests of the developer portal name it.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:6066")]
    app_server: url::Url,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t)]
    log_format: logging::LogFormat,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let _logging = logging::start(arguments.log_format)?;
    runtime()?.block_on(async {
        let options = SandboxOptions {
            listen: arguments.listen,
            faults: Faults { faults: arguments.faults.clone() },
            app_server: arguments.app_server.to_string(),
            ..Default::default()
        };
        let sandbox = start(options)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
        print::line(&format!("listening on {}", sandbox.base_url()));
        print::error(&format!(
            "sandbox CRM with the API key {API_KEY}; open {} for its routes and data",
            sandbox.base_url()
        ));
        tokio::select! {
            ended = sandbox.run_until_stopped() => ended?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        Ok(0)
    })
}
