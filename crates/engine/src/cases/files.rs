//! Cases on disk.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Case, Content, REQUEST, RESULT, recorded_exchange, subject};
use crate::config::documents::{CASES, has_ending};
use crate::config::operations::OperationName;
use crate::config::suggest::nearest;
use crate::oauth::SIGN_IN;

/// The documents of a directory that have cases, by name.
pub(super) fn configs_in(directory: &Path) -> Vec<PathBuf> {
    let folders = entries(directory);
    let has_cases = |path: &PathBuf| path.is_dir() && has_ending(path, CASES);
    folders.iter().filter(|path| has_cases(path)).map(|path| path.with_extension("json")).collect()
}

/// The cases beside a document, by name.
pub(super) fn cases_of(config: &Path) -> Vec<Case> {
    let proxy_id = proxy_id(config);
    // A hidden folder is one that is being written.
    let is_case = |path: &PathBuf| {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        path.is_dir() && !is_hidden
    };
    let folders = entries(&config.with_extension(CASES)).into_iter().filter(is_case);
    folders
        .map(|directory| Case {
            proxy_id: proxy_id.clone(),
            config: config.to_owned(),
            name: directory.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            content: content(&directory),
            directory,
        })
        .collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// The id that a document's file name gives.
pub(super) fn proxy_id(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn content(directory: &Path) -> Result<Content, String> {
    const CASE: &str = "case.json";
    let case = object(directory, CASE)?;
    let text = |key: &str| case.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = text("operation");
    let operation = subject(name).ok_or_else(|| {
        let names = OperationName::ALL.iter().chain([&SIGN_IN]).map(|operation| operation.as_str());
        let meant =
            nearest(name, names).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        format!("{CASE}: `operation` is `{name}`, which is no operation{meant}")
    })?;
    if text("description").is_empty() {
        return Err(format!("{CASE}: `description` is missing; say in a sentence what the case is about"));
    }
    let response = recorded_exchange::response(&object(directory, "response.json")?)
        .map_err(|problem| format!("response.json: {problem}"))?;
    Ok(Content {
        operation,
        description: text("description").to_owned(),
        input: object(directory, "input.json")?,
        response,
        request: read(directory, REQUEST)?,
        result: read(directory, RESULT)?,
    })
}

fn object(directory: &Path, file: &str) -> Result<Map<String, Value>, String> {
    match read(directory, file)? {
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(format!("{file}: it must hold a JSON object")),
        None => Err(format!("{file}: the file is missing")),
    }
}

fn read(directory: &Path, file: &str) -> Result<Option<Value>, String> {
    let path = directory.join(file);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    serde_json::from_str(&text).map(Some).map_err(|error| format!("{file}: {error}"))
}
