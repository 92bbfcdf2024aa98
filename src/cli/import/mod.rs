//! `app-connect import`: from what people have already: operations, and whole installations.

mod app_connect_core;
mod curl;
mod draft;
mod mapping;
mod openapi;
mod placeholder;
mod schema;
mod shell;
mod target;

use super::CliError;

/// What to import.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Source {
    /// Makes an operation from a curl command. Its credentials are not taken over.
    Curl(curl::Arguments),
    /// Makes an operation from an operation of an OpenAPI document (3.0 or 3.1, JSON or YAML).
    Openapi(openapi::Arguments),
    /// Brings over what the reference server (@app-connect/core) keeps in PostgreSQL: users with their
    /// sessions, links to logs, settings, call-down lists.
    AppConnectCore(app_connect_core::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    match &arguments.source {
        Source::Curl(arguments) => curl::run(arguments),
        Source::Openapi(arguments) => openapi::run(arguments),
        Source::AppConnectCore(arguments) => app_connect_core::run(arguments),
    }
}
