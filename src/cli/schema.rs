//! `app-connect schema`

use std::path::PathBuf;

use super::{CliError, print};
use crate::generators;

/// Prints or rewrites what is generated from the types.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Rewrite the generated files of a checkout: schemas/ and the pages in docs/.
    #[arg(long)]
    write: bool,
    /// The checkout to write to.
    #[arg(long, value_name = "DIR", default_value = ".", requires = "write")]
    root: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    if !arguments.write {
        print::line(&serde_json::to_string_pretty(crate::config::schema::schema())?);
        return Ok(0);
    }
    for path in generators::write(&arguments.root)? {
        print::line(&format!("wrote {path}"));
    }
    Ok(0)
}
