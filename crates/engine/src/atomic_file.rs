//! Files that people keep: written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes a file in place of the one that is there, if one is: whoever reads sees the old text or the new
/// one, also after a crash. What a link names is replaced, not the link; permissions stay.
///
/// # Errors
/// If the file cannot be written. It is as it was then.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, |partial, target| write_new(partial, content, fs::metadata(target).ok()))
}

/// As [`replace`], for a file with secrets: only its owner may read it, whoever could read the one that was there.
/// Where the system knows no such permissions, those of the folder hold.
///
/// # Errors
/// If the file cannot be written. It is as it was then.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, |partial, _| {
        // What a command that was killed left: its number may come again.
        let _ = fs::remove_file(partial);
        let mut options = File::options();
        // Never a file that somebody else made and can read.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(partial)?;
        file.write_all(content)?;
        file.sync_all()
    })
}

fn put(path: &Path, write: impl FnOnce(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    // A file that is not there yet has no other name.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let partial = beside(&target, "part")?;
    let written = write(&partial, &target).and_then(|()| fs::rename(&partial, &target));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Puts a folder of files in its place, and away what is there: all files or none.
///
/// # Errors
/// If it cannot be written. What was there is there then.
pub fn replace_folder(path: &Path, files: &[(&str, String)]) -> io::Result<()> {
    let partial = beside(path, "part")?;
    let previous = beside(path, "old")?;
    let written = (|| {
        fs::create_dir_all(&partial)?;
        for (name, content) in files {
            write_new(&partial.join(name), content.as_bytes(), None)?;
        }
        let replaces = path.exists();
        if replaces {
            fs::rename(path, &previous)?;
        }
        fs::rename(&partial, path).inspect_err(|_| {
            if replaces {
                let _ = fs::rename(&previous, path);
            }
        })
    })();
    for left in [&partial, &previous] {
        let _ = fs::remove_dir_all(left);
    }
    written
}

fn write_new(path: &Path, content: &[u8], like: Option<fs::Metadata>) -> io::Result<()> {
    let mut file = File::create(path)?;
    if let Some(like) = like {
        file.set_permissions(like.permissions())?;
    }
    file.write_all(content)?;
    file.sync_all()
}

/// A hidden name in the same folder: nobody takes it for a document or a case.
fn beside(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("this names no file"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.{ending}", std::process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(names(folder.path()), ["a.json"]);
        assert!(replace(&folder.path().join("none/a.json"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        fs::write(&real, "one").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        replace_private(&path, b"one").unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        replace_private(&path, b"two").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode()), ("two", 0o600));
        assert_eq!(names(folder.path()), ["user"]);
    }

    #[test]
    fn a_folder_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case");
        replace_folder(&path, &[("a", "1".into()), ("b", "2".into())]).unwrap();
        replace_folder(&path, &[("b", "3".into())]).unwrap();
        assert_eq!(names(&path), ["b"]);
        assert_eq!(names(folder.path()), ["case"]);
        // A name that cannot be: the folder stays as it was.
        assert!(replace_folder(&path, &[("none/a", "4".into())]).is_err());
        assert_eq!(fs::read_to_string(path.join("b")).unwrap(), "3");
        assert_eq!(names(folder.path()), ["case"]);
    }
}
