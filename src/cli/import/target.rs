//! Where an imported operation goes: onto the terminal or into a document.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::draft::{Draft, open_places};
use crate::atomic_file;
use crate::cli::{CliError, print};
use crate::config::diagnostic::Severity;
use crate::config::edit::{holds, set_member};
use crate::config::operations::OperationName;
use crate::config::source::parse;
use crate::config::suggest::nearest;
use crate::engine::load::load;

#[derive(Debug, clap::Args)]
#[group(id = "target")]
pub(super) struct Arguments {
    /// Which operation it becomes, such as findContact: its variables and its mapping are proposed.
    #[arg(long = "as", value_name = "OPERATION", value_parser = operation_name)]
    pub(super) operation: Option<OperationName>,
    /// Put it into this document; else it is printed.
    #[arg(long, value_name = "FILE", requires = "operation")]
    into: Option<PathBuf>,
    /// Replace the operation where the document has it already.
    #[arg(long, requires = "into")]
    force: bool,
}

fn operation_name(name: &str) -> Result<OperationName, String> {
    OperationName::parse(name).ok_or_else(|| {
        let names = OperationName::ALL.iter().map(|operation| operation.as_str());
        match nearest(name, names.clone()) {
            Some(meant) => format!("there is no such operation; did you mean {meant}?"),
            None => format!("there is no such operation; there are {}", names.collect::<Vec<_>>().join(", ")),
        }
    })
}

impl Arguments {
    /// Prints or writes the operation. What people have to know goes to standard error.
    pub(super) fn deliver(&self, draft: &Draft) -> Result<u8, CliError> {
        let root = match (&self.into, self.operation) {
            (Some(path), Some(name)) => {
                write(path, name, draft, self.force)?;
                format!("/operations/{name}")
            }
            _ => {
                let operation = draft.operation(None);
                print::line(&format!("{operation:#}"));
                String::new()
            }
        };
        for (place, text) in open_places(&draft.operation(None)) {
            print::error(&format!("to fill in: {root}{place} is {text}"));
        }
        draft.notes.iter().for_each(|note| print::error(&format!("note: {note}")));
        if let Some(auth) = &draft.auth {
            print::error(&format!("note: the credential is left out; as the document's `auth` it is {auth}"));
        }
        Ok(0)
    }
}

fn write(path: &Path, name: OperationName, draft: &Draft, force: bool) -> Result<(), CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let (mut document, map) = parse(&text).map_err(|_| {
        format!(
            "{shown} is not JSON, so nothing can be put into it; `app-connect validate {shown}` shows where"
        )
    })?;
    let operations = document.get("operations");
    if operations.and_then(|operations| operations.get(name.as_str())).is_some() && !force {
        return Err(CliError(format!("{shown} has {name} already; replace it with --force")));
    }
    let base = document.pointer("/requestDefaults/baseUrl").and_then(Value::as_str);
    let operation = draft.operation(base);
    let edited = if operations.is_some() {
        set_member(&text, &map, "/operations", name.as_str(), &operation)
    } else {
        let mut members = Map::new();
        members.insert(name.as_str().to_owned(), operation.clone());
        set_member(&text, &map, "", "operations", &Value::Object(members))
    };
    let refused = || format!("{shown}: `operations` is no object, so there is no place for {name}");
    let edited = edited.ok_or_else(refused)?;
    match document.as_object_mut() {
        Some(members) => {
            let operations = members.entry("operations").or_insert_with(|| Value::Object(Map::new()));
            operations.as_object_mut().ok_or_else(refused)?.insert(name.as_str().to_owned(), operation);
        }
        None => return Err(CliError(refused())),
    }
    // The text is cut and joined by hand: what it means is checked before anything is written.
    if !holds(&edited, &document) {
        return Err(CliError(format!(
            "{shown}: {name} could not be put into this text; nothing is written. Print it without --into, and \
             put it there by hand"
        )));
    }
    atomic_file::replace(path, edited.as_bytes()).map_err(|error| format!("{shown}: {error}"))?;
    print::line(&format!("put {name} into {shown}"));
    let findings = load(&shown.to_string(), &edited, &|variable| std::env::var(variable).ok()).findings;
    let found = findings.count(Severity::Error) + findings.count(Severity::Mistake);
    if found > 0 {
        print::line(&format!("`app-connect validate {shown}` shows what is still to mend ({found})"));
    }
    Ok(())
}
