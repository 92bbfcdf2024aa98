//! `app-connect import app-connect-core`

use std::path::PathBuf;

use crate::cli::open_store::keys;
use crate::cli::progress::Progress;
use crate::cli::serve::Values;
use crate::cli::{CliError, print, runtime};
use crate::import::app_connect_core::{Import, TABLES, TableReport};
use crate::store::{self, ForeignTables};

/// The store is the one of `serve` with the same environment and settings. Start the server with the
/// reference's APP_SERVER_SECRET_KEY and HASH_KEY: then nobody has to sign in again. It can be broken
/// off and run again, and only reads the reference's database.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The reference's database: postgres://USER@HOST:PORT/DATABASE, with the password in PGPASSWORD
    /// or in the URL.
    #[arg(long, value_name = "URL")]
    from: String,
    /// Folder for what the server keeps. [env: DATA_DIR] [default: data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// JSON file of settings, named as in the environment.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let values = Values::read(arguments.settings.as_deref())?;
    let data_dir = values.data_dir(arguments.data_dir.as_deref());
    let keys = keys(&values, &data_dir, false)?;
    runtime()?.block_on(async {
        let from = ForeignTables::open(&arguments.from).await?;
        let to = store::open(&values.database_url(&data_dir), keys).await?;
        let mut import = Import::new(from, &*to);
        let mut is_anything_there = false;
        for table in TABLES {
            let progress = Progress::default();
            let report = import
                .table(table, |done, total| progress.show(done, total, &format!("rows of {table}")))
                .await?;
            is_anything_there |= report.is_some();
            print::line(&said(table, report.as_ref()));
        }
        to.close().await?;
        if is_anything_there {
            Ok(0)
        } else {
            Err(CliError(
                "the database has none of the reference's tables; name another with --from".to_owned(),
            ))
        }
    })
}

fn said(table: &str, report: Option<&TableReport>) -> String {
    let Some(report) = report else { return format!("{table}: there is no such table") };
    let mut text = format!("{table}: {} brought over", report.brought);
    if report.there > 0 {
        text.push_str(&format!(", {} here already", report.there));
    }
    for (reason, count) in &report.skipped {
        text.push_str(&format!("\n  {count} skipped: {reason}"));
    }
    text
}
