//! `app-connect validate`

use std::path::PathBuf;

use super::{CliError, FOUND, print};
use crate::config::diagnostic::{Findings, Severity};
use crate::config::documents;
use crate::config::report::{Colour, Format, render};
use crate::engine::load::load_file;

/// With more files than this, progress is shown.
const MANY: usize = 20;

/// Checks files and folders.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// proxyConfig files, or folders that hold them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How findings are written.
    #[arg(long, default_value = "human", value_name = "human|json|sarif|github", value_parser = |name: &str| name.parse::<Format>())]
    format: Format,
    /// Exit with 1 for warnings too.
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        files.extend(documents::find(path)?);
    }
    if files.is_empty() {
        return Err(CliError("no .json file is in these folders".to_owned()));
    }
    let mut all: Vec<Findings> = Vec::with_capacity(files.len());
    for (at, file) in files.iter().enumerate() {
        if files.len() > MANY {
            print::progress(&format!("checking {} of {}", at + 1, files.len()));
        }
        all.push(load_file(file, &|name| std::env::var(name).ok()).findings);
    }
    if files.len() > MANY {
        print::progress("");
    }
    let colour = if print::colours() { Colour::On } else { Colour::Off };
    print::text(&render(arguments.format, &all, colour));
    let refused = if arguments.deny_warnings { Severity::Warning } else { Severity::Mistake };
    Ok(if all.iter().any(|findings| findings.worst() >= Some(refused)) { FOUND } else { 0 })
}
