//! `app-connect import`: from what people have already.

mod app_connect_core;

use super::Trouble;

/// What to import.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Source {
    /// Brings over what the reference server (@app-connect/core) keeps in PostgreSQL: users with their
    /// sessions, links to logs, settings, call-down lists.
    AppConnectCore(app_connect_core::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, Trouble> {
    match &arguments.source {
        Source::AppConnectCore(arguments) => app_connect_core::run(arguments),
    }
}
