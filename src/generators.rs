//! Files of the repository that are made from the code: the schema, the OpenAPI document, the
//! language reference and the page of diagnostics. A test compares them with what is made here.

mod examples;
mod fields;
mod markdown;
mod page;
mod words;

use std::io;
use std::path::Path;

use crate::config::{report, schema};
use crate::server::openapi_document;

/// The command that writes the files again, for messages.
pub const MENDING_COMMAND: &str = "cargo run -- schema --write";

/// Every generated file: its path from the root of the repository, and its content.
pub fn files() -> Vec<(&'static str, String)> {
    vec![
        ("schemas/proxy-config.schema.json", format!("{:#}\n", schema::schema())),
        ("schemas/openapi.json", format!("{:#}\n", openapi_document())),
        ("docs/proxy-config.md", page::page()),
        ("docs/diagnostics.md", report::markdown()),
    ]
}

/// Writes every file that is stale, and gives their paths.
///
/// # Errors
/// If a file or its folder cannot be written.
pub fn write(root: &Path) -> io::Result<Vec<&'static str>> {
    let stale = files().into_iter().filter(|(path, content)| is_stale(&root.join(path), content));
    stale
        .map(|(path, content)| {
            let file = root.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(file, content).map(|()| path)
        })
        .collect()
}

/// The paths of the files that are missing or differ from what is generated.
pub fn stale(root: &Path) -> Vec<&'static str> {
    let stale = files().into_iter().filter(|(path, content)| is_stale(&root.join(path), content));
    stale.map(|(path, _)| path).collect()
}

fn is_stale(file: &Path, content: &str) -> bool {
    std::fs::read(file).map_or(true, |found| found != content.as_bytes())
}
