//! `app-connect migrate-store`

use std::path::PathBuf;

use super::open_store::{counted, expect_one, keys};
use super::progress::Progress;
use super::serve::Values;
use super::{CliError, FOUND, print, runtime};
use crate::store::{self, migrate};

/// Both stores are sealed with the APP_SERVER_SECRET_KEY of the server. Stop the servers first. Where
/// it is broken off, run it again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The store to read: sled:PATH, or postgres://USER@HOST:PORT/DATABASE with the password in
    /// PGPASSWORD or in the URL.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The store to fill, which has to be empty.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Folder for what the server keeps; its key is there. [env: DATA_DIR] [default: data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// JSON file of settings, named as in the environment.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let values = Values::read(arguments.settings.as_deref())?;
    let keys = keys(&values, &values.data_dir(arguments.data_dir.as_deref()), false)?;
    if arguments.from == arguments.to {
        return Err(CliError("--from and --to name the same store".to_owned()));
    }
    expect_one(&arguments.from, "name another with --from")?;
    runtime()?.block_on(async {
        let from = store::open(&arguments.from, keys.clone()).await?;
        let to = store::open_to_fill(&arguments.to, keys).await?;
        let progress = Progress::default();
        let moved =
            migrate::copy(&*from, &*to, move |done, total| progress.show(done, total, "records")).await?;
        to.close().await?;
        from.close().await?;
        Ok(said(&moved))
    })
}

fn said(moved: &migrate::Moved) -> u8 {
    match moved {
        migrate::Moved::Copied(counts, sums) => {
            print::line(&format!("moved, and the same in both stores: {}", counted(counts)));
            sums.lines().iter().for_each(|line| print::line(line));
            0
        }
        migrate::Moved::AlreadyThere(sums) => {
            print::line("both stores hold the same already");
            sums.lines().iter().for_each(|line| print::line(line));
            0
        }
        migrate::Moved::Differs(differences) => {
            print::line(
                "the stores are not the same afterwards; is a server still writing? Empty the new one and move again",
            );
            differences.iter().for_each(|line| print::line(line));
            FOUND
        }
    }
}
