//! A witness outside sled: how many commits have been acknowledged.
//!
//! Where sled finds its log damaged it keeps what lies before the damage and
//! drops the rest without a word, down to an empty store. So every commit also
//! writes its number into the log, and once it is durable, into the file
//! `acknowledged`. The file is never ahead of an undamaged log; where it is,
//! acknowledged records are lost and the store does not open.
//!
//! The file is not synced with each commit: after `kill -9` the kernel still
//! has it, and after a power cut it is at worst behind, which is harmless.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::store::StoreError;

const NAME: &str = "acknowledged";

/// The number in the file; `None` if there is no file.
pub(super) fn read(path: &Path) -> Result<Option<u64>, StoreError> {
    let mut text = String::new();
    let read = File::open(path.join(NAME)).and_then(|mut file| file.read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            Err(StoreError::io("opening the store", path, &error))
        }
        _ => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(StoreError::Corrupt {
                what: format!("{} ({})", path.display(), NAME),
                why: format!(
                    "the file does not hold the number of acknowledged commits; where the rest \
                     is known to be whole, delete {NAME}"
                ),
            }),
        },
    }
}

/// The error for a log at commit `logged` that is behind `acknowledged`.
pub(super) fn lost(path: &Path, logged: u64, acknowledged: u64) -> StoreError {
    StoreError::Corrupt {
        what: format!("the store at {}", path.display()),
        why: format!(
            "its log ends at commit {logged}, but {acknowledged} were acknowledged, so records are \
             lost (to go on without them, delete the file {NAME} there)"
        ),
    }
}

/// The open file.
pub(super) struct Witness(File);

impl Witness {
    /// Opens or creates the file, writes `number`, and syncs it.
    pub(super) fn start(path: &Path, number: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path.join(NAME))?;
        let mut witness = Self(file);
        witness.write(number)?;
        witness.0.sync_all()?;
        Ok(witness)
    }

    /// Always the same length, in place: no write leaves a mix of two numbers.
    pub(super) fn write(&mut self, number: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(format!("{number:020}\n").as_bytes())
    }
}
