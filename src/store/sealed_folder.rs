//! A folder of sealed files: for what must be durable before the store takes it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::Keys;

/// The ending of its files. Others are left alone.
const ENDING: &str = "sealed";

/// A folder of small files that open only with the keys of the store.
#[derive(Debug)]
pub struct SealedFolder {
    folder: PathBuf,
    keys: Keys,
}

impl SealedFolder {
    /// A folder, which is made when the first file is put there.
    pub fn new(folder: PathBuf, keys: Keys) -> Self {
        Self { folder, keys }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ENDING}"))
    }

    /// Writes a file, in place of one of the same name. Once this returns, it survives a kill and a power cut.
    /// `name` consists of letters and digits.
    ///
    /// # Errors
    /// If it cannot be written. What was there is there then.
    pub fn put(&self, name: &str, content: Vec<u8>) -> io::Result<()> {
        let sealed = self.keys.seal(name.as_bytes(), content).map_err(io::Error::other)?;
        fs::create_dir_all(&self.folder)?;
        let partial = self.folder.join(format!(".{name}.{}.part", std::process::id()));
        let written = write_new(&partial, &sealed).and_then(|()| fs::rename(&partial, self.path(name)));
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written.and_then(|()| self.sync())
    }

    /// Removes a file; nothing is wrong if there is none.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Every file that opens, with its name. One that does not is logged and stays.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn all(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
            let Some(name) = name.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)) else {
                continue;
            };
            match self.keys.open(name.as_bytes(), &fs::read(&path)?) {
                Ok(content) => all.push((name, content)),
                Err(error) => tracing::error!(%error, name, "a sealed file cannot be opened"),
            }
        }
        Ok(all)
    }

    /// Makes the names in the folder durable.
    #[cfg(unix)]
    fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// This system keeps names with the files.
    #[cfg(not(unix))]
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

fn write_new(path: &std::path::Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn files_are_sealed_replaced_and_removed() {
        let place = tempfile::tempdir().unwrap();
        let folder = |secret: &str| {
            SealedFolder::new(place.path().join("sealed"), Keys::from_secret(&Secret::new(secret)).unwrap())
        };
        let own = folder("one");
        assert_eq!(own.all().unwrap(), []);
        own.remove("a1").unwrap();
        own.put("a1", b"rt-secret".to_vec()).unwrap();
        own.put("a1", b"rt-secret-2".to_vec()).unwrap();
        own.put("b2", b"other".to_vec()).unwrap();
        let mut all = own.all().unwrap();
        all.sort();
        assert_eq!(all, [("a1".to_owned(), b"rt-secret-2".to_vec()), ("b2".to_owned(), b"other".to_vec())]);
        let bytes = fs::read(place.path().join("sealed/a1.sealed")).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"rt-secret"), "it lies there in clear");
        assert_eq!(folder("two").all().unwrap(), [], "another key opens nothing");
        // A file in another's place is none.
        fs::copy(place.path().join("sealed/a1.sealed"), place.path().join("sealed/c3.sealed")).unwrap();
        assert_eq!(own.all().unwrap().len(), 2);
        own.remove("a1").unwrap();
        assert_eq!(own.all().unwrap(), [("b2".to_owned(), b"other".to_vec())]);
    }
}
