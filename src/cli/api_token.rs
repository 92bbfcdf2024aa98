//! `app-connect token` and `app-connect audit`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open_store::Location;
use super::{CliError, print, runtime};
use crate::service::clock::Clock;
use crate::service::management::api_tokens::{self, Issued, NewToken, Token};
use crate::service::management::{Caller, TokenScope, audit};
use crate::store::{Store, StoreError};

/// The store is the one of `serve` with the same flags, environment and settings file. The embedded
/// store is one process's at a time: stop the server, or ask it at /console/api/v1/tokens.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    place: Place,
}

/// Which store.
#[derive(Debug, clap::Args)]
struct Place {
    /// Folder for what the server keeps. [env: DATA_DIR] [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// JSON file of settings, named as in the environment.
    #[arg(long, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Makes a token and prints it: this once, on standard output.
    Create {
        /// What it is for, such as the name of who will hold it.
        #[arg(long)]
        name: String,
        /// What it may do: read, edit, activate or admin; several are repeated. Every token may read.
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
        scopes: Vec<TokenScope>,
        /// How many days it is valid. [default: until it is revoked]
        #[arg(long, value_name = "DAYS")]
        valid_days: Option<u32>,
    },
    /// Lists the tokens, without their secrets.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ends a token at once.
    Revoke {
        /// Its id, as `list` shows it.
        id: String,
    },
    /// Replaces a token's secret and prints the new token; the old one ends at once.
    Rotate {
        /// Its id, as `list` shows it.
        id: String,
        /// How many days it is valid from now on. [default: as long as before]
        #[arg(long, value_name = "DAYS")]
        valid_days: Option<u32>,
    },
}

/// `app-connect audit`
#[derive(Debug, clap::Args)]
pub(super) struct AuditArguments {
    #[command(subcommand)]
    action: AuditAction,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Subcommand)]
enum AuditAction {
    /// Writes every entry as a line of JSON, oldest first.
    Export {
        /// A file that must not exist yet. [default: standard output]
        file: Option<PathBuf>,
    },
}

fn scope(name: &str) -> Result<TokenScope, String> {
    TokenScope::parse(name)
        .ok_or_else(|| format!("the scopes are {}", TokenScope::ALL.map(TokenScope::as_str).join(", ")))
}

pub(super) fn run(arguments: Arguments) -> Result<u8, CliError> {
    let Arguments { action, place } = arguments;
    runtime()?.block_on(async {
        // The first token may be made before the server ever ran.
        let store = open(&place, matches!(action, Action::Create { .. })).await?;
        let done = carry_out(&*store, action).await;
        store.close().await?;
        done.map(|()| 0)
    })
}

pub(super) fn run_audit(arguments: &AuditArguments) -> Result<u8, CliError> {
    let AuditAction::Export { file } = &arguments.action;
    runtime()?.block_on(async {
        let store = open(&arguments.place, false).await?;
        let done = export(&*store, file.as_deref()).await;
        store.close().await?;
        done.map(|()| 0)
    })
}

async fn open(place: &Place, makes: bool) -> Result<Arc<dyn Store>, CliError> {
    let location = Location::find(place.settings.as_deref(), place.data_dir.as_deref(), makes)?;
    if !makes {
        location.expect_one()?;
    }
    location.open().await.map_err(|error| match error {
        StoreError::Locked { path } => CliError(format!(
            "the store at {path} is in use, most likely by a running server: stop it first, or ask it at /console/api/v1/tokens with a token of scope `admin` (APP_CONSOLE_BOOTSTRAP_TOKEN is one)"
        )),
        other => other.into(),
    })
}

async fn carry_out(store: &dyn Store, action: Action) -> Result<(), CliError> {
    let by = Caller::command_line();
    let clock = Clock::system();
    match action {
        Action::Create { name, scopes, valid_days } => {
            let valid_days = valid_days.map(u64::from);
            let new = NewToken { name, scopes: scopes.into_iter().collect(), valid_days };
            issued(&api_tokens::create(store, &clock, &by, new).await?);
        }
        Action::Rotate { id, valid_days } => {
            let valid_days = valid_days.map(u64::from);
            issued(&api_tokens::rotate(store, &clock, &by, &id, valid_days).await?);
        }
        Action::Revoke { id } => {
            let token = api_tokens::revoke(store, &clock, &by, &id).await?;
            print::line(&format!("revoked: {}", described(&token)));
        }
        Action::List { json } => {
            let all = api_tokens::list(store, &clock).await?;
            if json {
                print::line(&serde_json::to_string_pretty(&all)?);
            } else if all.is_empty() {
                print::line("no tokens: the console is closed to everybody but APP_CONSOLE_BOOTSTRAP_TOKEN");
            } else {
                all.iter().for_each(|token| print::line(&described(token)));
            }
        }
    }
    Ok(())
}

/// The token alone on standard output, so that a script can take it.
fn issued(issued: &Issued) {
    print::error(&format!("{}; shown this once:", described(&issued.token)));
    print::line(issued.secret.expose());
}

fn described(token: &Token) -> String {
    let scopes: BTreeSet<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let scopes: Vec<&str> = scopes.into_iter().collect();
    let mut text =
        format!("{}  {}  ({})  made {}", token.id, token.name, scopes.join(", "), token.created_at);
    // Writing to a text cannot fail.
    if let Some(at) = &token.rotated_at {
        let _ = write!(text, ", rotated {at}");
    }
    if let Some(until) = &token.valid_until {
        let _ = write!(text, ", {} {until}", if token.is_expired { "expired" } else { "valid until" });
    }
    text
}

async fn export(store: &dyn Store, file: Option<&Path>) -> Result<(), CliError> {
    let mut target: Box<dyn std::io::Write> = match file {
        None => Box::new(std::io::stdout().lock()),
        Some(path) => {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            Box::new(options.open(path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let shown = file.map_or("standard output".to_owned(), |path| path.display().to_string());
    let failed = |error: std::io::Error| CliError(format!("{shown}: {error}"));
    let (mut after, mut count) = (0, 0_u64);
    loop {
        let page = audit::page(store, after, 500).await?;
        for entry in &page.entries {
            let line = serde_json::to_string(entry)?;
            match writeln!(target, "{line}") {
                // Whoever reads may have stopped reading.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.map_err(failed)?,
            }
            count += 1;
        }
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    target.flush().map_err(failed)?;
    if let Some(path) = file {
        print::line(&format!("exported to {}: {count} entries", path.display()));
    }
    Ok(())
}
