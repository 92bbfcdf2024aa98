//! The command line: one file per command.

mod api_token;
mod call;
mod demo;
mod egress;
mod explain;
mod explain_sign_in;
mod import;
mod logging;
mod migrate_store;
mod new;
mod open_store;
mod print;
mod progress;
mod record;
mod reporting;
mod sandbox;
mod schema;
mod secret_length;
mod serve;
mod shown;
mod sign_in;
mod store;
mod subject;
mod test;
mod user_file;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The App Connect server as a declarative proxy-connector engine.
#[derive(Debug, Parser)]
#[command(name = "app-connect", version, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve(Box<serve::Arguments>),
    /// Begins a connector: a document and its cases, clean at once.
    New(new::Arguments),
    /// Checks proxyConfigs: everything that is wrong, where, and how to mend it.
    Validate(validate::Arguments),
    /// Sends an operation's request and makes a case of the exchange, without credentials and personal data.
    Record(record::Arguments),
    /// Runs the cases beside proxyConfigs: what is sent, and what is made of replies.
    Test(test::Arguments),
    /// Makes an operation from a curl command or an OpenAPI document; brings over the reference server's data.
    Import(Box<import::Arguments>),
    /// Prints the JSON Schema of a proxyConfig, or rewrites the generated files.
    Schema(schema::Arguments),
    /// Shows the request that an operation would send, without sending it.
    Explain(explain::Arguments),
    /// Sends an operation's request and shows what its reply is mapped to.
    Call(call::Arguments),
    /// Signs in to an OAuth connector's CRM and keeps the tokens in a file for `call` and `record`.
    SignIn(sign_in::Arguments),
    /// Shows everything once: a sandbox CRM, a server, a connector, a logged call.
    Demo(demo::Arguments),
    /// Runs the built-in sandbox CRM.
    Sandbox(sandbox::Arguments),
    /// Checks, exports or imports what the server keeps. The server has to be stopped.
    Store(store::Arguments),
    /// Moves everything from one store into another, empty one, and checks that it is there.
    MigrateStore(migrate_store::Arguments),
    /// Makes, lists, revokes and rotates tokens of the management API.
    Token(api_token::Arguments),
    /// Exports the audit log of the management API.
    Audit(api_token::AuditArguments),
}

/// Exit code for findings or a failed exchange.
const FOUND: u8 = 1;

/// Exit code where the command could not run at all.
const COULD_NOT_RUN: u8 = 2;

/// Exit code of a server whose store can write nothing any more.
const STORE_FAILED: u8 = 3;

/// Why a command could not run.
#[derive(Debug)]
pub(crate) struct CliError(String);

impl<T: std::fmt::Display> From<T> for CliError {
    fn from(reason: T) -> Self {
        Self(reason.to_string())
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Call(arguments) => call::run(&arguments),
        Command::SignIn(arguments) => sign_in::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Sandbox(arguments) => sandbox::run(&arguments),
        Command::Store(arguments) => store::run(&arguments),
        Command::MigrateStore(arguments) => migrate_store::run(&arguments),
        Command::Token(arguments) => api_token::run(arguments),
        Command::Audit(arguments) => api_token::run_audit(&arguments),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(CliError(reason)) => {
            print::error(&format!("app-connect: {reason}"));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// Whether a command line, without the command's name, is one that is understood: for tests of what people
/// copy.
///
/// # Errors
/// What is wrong with it, as the command would print it.
pub fn check_arguments(arguments: &[&str]) -> Result<(), String> {
    let words = std::iter::once("app-connect").chain(arguments.iter().copied());
    Arguments::try_parse_from(words).map(drop).map_err(|error| error.to_string())
}

/// A runtime for commands that do I/O.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// Clashes of names and groups show only when the arguments are built.
    #[test]
    fn the_arguments_of_all_commands_fit_together() {
        super::Arguments::command().debug_assert();
    }
}
