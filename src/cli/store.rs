//! `app-connect store`

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use super::open_store::{Location, counted};
use super::{CliError, FOUND, print, runtime};
use crate::store::StoreError;

/// The store is the one of `serve` with the same flags, environment and settings file.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Folder for what the server keeps. [env: DATA_DIR] [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// JSON file of settings, named as in the environment.
    #[arg(long, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Reads every record and says what is damaged; exit code 1 where anything is.
    Check,
    /// Writes every record to a new file of JSON lines. Credentials stay sealed.
    Export {
        /// The file, which must not exist yet.
        file: PathBuf,
    },
    /// Reads an export into an empty store with the same APP_SERVER_SECRET_KEY.
    Import {
        /// The file that `export` wrote.
        file: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let location = Location::find(arguments.settings.as_deref(), arguments.data_dir.as_deref(), false)?;
    match &arguments.action {
        Action::Check => runtime()?.block_on(check(&location)),
        Action::Export { file } => runtime()?.block_on(export(&location, file)),
        Action::Import { file } => runtime()?.block_on(import(&location, file)),
    }
}

async fn check(location: &Location) -> Result<u8, CliError> {
    location.expect_one()?;
    let store = match location.open().await {
        Err(error @ StoreError::Corrupt { .. }) => {
            print::line(&error.to_string());
            return Ok(FOUND);
        }
        opened => opened?,
    };
    let integrity = store.integrity().await?;
    store.close().await?;
    for line in &integrity.damaged {
        print::line(line);
    }
    let readable = counted(&integrity.readable);
    Ok(if integrity.damaged.is_empty() {
        print::line(&format!("readable: {readable}; nothing is damaged"));
        0
    } else {
        print::line(&format!("readable: {readable}; restore the rest from a backup or an export"));
        FOUND
    })
}

async fn export(location: &Location, file: &Path) -> Result<u8, CliError> {
    location.expect_one()?;
    refuse_existing(file)?;
    let store = location.open().await?;
    let partial = Partial::create(file)?;
    let counts = store.export(Box::new(BufWriter::new(partial.file.try_clone()?))).await?;
    store.close().await?;
    partial.publish(file)?;
    print::line(&format!("exported to {}: {}", file.display(), counted(&counts)));
    Ok(0)
}

async fn import(location: &Location, file: &Path) -> Result<u8, CliError> {
    let reader = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let store = location.open().await?;
    let counts = store.import(Box::new(BufReader::new(reader))).await?;
    store.close().await?;
    print::line(&format!("imported from {}: {}", file.display(), counted(&counts)));
    Ok(0)
}

fn refuse_existing(file: &Path) -> Result<(), CliError> {
    match std::fs::symlink_metadata(file) {
        Ok(_) => Err(already_there(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CliError(format!("{}: {error}", file.display()))),
    }
}

fn already_there(file: &Path) -> CliError {
    CliError(format!("{} exists already and is not overwritten; name another file", file.display()))
}

/// An export on its way: beside the file that it becomes, for its owner only, gone unless it is
/// published.
struct Partial {
    file: File,
    path: PathBuf,
}

impl Partial {
    fn create(target: &Path) -> Result<Self, CliError> {
        let Some(name) = target.file_name() else {
            return Err(CliError(format!("{} names no file", target.display())));
        };
        let mut partial = std::ffi::OsString::from(".");
        partial.push(name);
        partial.push(format!(".{}.part", std::process::id()));
        let path = target.with_file_name(partial);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { file, path })
    }

    /// Gives the complete and durable file its name, in one step. A link, unlike a renaming, never
    /// replaces a file that appeared meanwhile; file systems without links get a renaming.
    fn publish(self, target: &Path) -> Result<(), CliError> {
        let failed = |error: std::io::Error| CliError(format!("{}: {error}", target.display()));
        self.file.sync_all().map_err(failed)?;
        match std::fs::hard_link(&self.path, target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(already_there(target)),
            Err(_) => {
                refuse_existing(target)?;
                std::fs::rename(&self.path, target).map_err(failed)?;
            }
        }
        // The name is durable only with its folder.
        #[cfg(unix)]
        if let Some(folder) = target.parent() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a renaming there is nothing left under this name.
        let _ = std::fs::remove_file(&self.path);
    }
}
