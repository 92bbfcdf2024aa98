//! Documents on disk, as commands name them: files, and folders that hold them.

use std::io;
use std::path::{Path, PathBuf};

/// What the folder of a document's fixture cases is called: the document's name with this ending.
pub const CASES: &str = "cases";

/// The documents at a path: a file as it is named; of a folder, the `.json` files in it and in its
/// subfolders, by name. Folders of fixture cases and hidden ones are no documents.
///
/// # Errors
/// What cannot be read.
pub fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(
        path,
        &mut |path, is_folder| (!is_folder && has_ending(path, "json")).then(|| path.to_owned()),
        &mut found,
    )?;
    Ok(found)
}

/// As [`find`]; and the documents that a folder of cases waits for, whether they are there or not.
///
/// # Errors
/// What cannot be read.
pub fn find_tested(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let document = |path: &Path, is_folder: bool| match is_folder {
        true => has_ending(path, CASES).then(|| path.with_extension("json")),
        false => has_ending(path, "json").then(|| path.to_owned()),
    };
    walk(path, &mut |path, is_folder| document(path, is_folder), &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether a path ends in `.<ending>`.
pub fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}

fn walk(
    path: &Path,
    document: &mut impl FnMut(&Path, bool) -> Option<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if !std::fs::metadata(path).map_err(named)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(named)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(named)?;
    entries.sort();
    for entry in entries {
        let is_hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_folder = entry.is_dir();
        if is_hidden || !(is_folder || entry.is_file()) {
            continue;
        }
        match document(&entry, is_folder) {
            Some(document) => found.push(document),
            None if is_folder && !has_ending(&entry, CASES) => walk(&entry, document, found)?,
            None => {}
        }
    }
    Ok(())
}
