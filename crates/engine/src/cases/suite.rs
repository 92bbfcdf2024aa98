//! All cases of a document, run.

use std::io;
use std::path::{Path, PathBuf};

use super::{Case, Coverage, Outcome, Wording, files, rewrite, run};
use crate::config::diagnostic::{Findings, Lines, Severity};
use crate::config::documents::{CASES, find_tested, has_ending};
use crate::load::load_file;

/// A document and the cases of it that are to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The document.
    pub document: PathBuf,
    /// Its cases, by name.
    pub cases: Vec<Case>,
    /// Whether these are all of them: coverage means nothing otherwise.
    pub is_whole: bool,
}

/// What came of a document's cases.
#[derive(Debug)]
pub struct Suite {
    /// Id of the connector.
    pub proxy_id: String,
    /// The document.
    pub document: PathBuf,
    /// Why the document cannot run, and so none of its cases.
    pub refused: Option<Findings>,
    /// What came of each case.
    pub outcomes: Vec<Outcome>,
    /// What has a case; absent where not all cases were run.
    pub coverage: Option<Coverage>,
}

/// What a path names: a document with its cases; a folder of documents; the folder `<proxyId>.cases`; one
/// case in it.
///
/// # Errors
/// What cannot be read.
pub fn select(path: &Path) -> io::Result<Vec<Selection>> {
    let whole = |document: PathBuf| Selection { cases: files::cases_of(&document), document, is_whole: true };
    let is_folder = std::fs::metadata(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?
        .is_dir();
    // `.` in a folder of cases is such a folder as well.
    let named = if is_folder { std::path::absolute(path)? } else { path.to_owned() };
    if is_folder && has_ending(&named, CASES) {
        return Ok(vec![whole(beside(path, &named))]);
    }
    if let Some(parent) = named.parent().filter(|parent| is_folder && has_ending(parent, CASES)) {
        let document = beside(path.parent().unwrap_or(parent), parent);
        let mut cases = files::cases_of(&document);
        cases.retain(|case| Some(case.name.as_str()) == named.file_name().and_then(|name| name.to_str()));
        return Ok(vec![Selection { document, cases, is_whole: false }]);
    }
    let mut found: Vec<Selection> = find_tested(path)?.into_iter().map(whole).collect();
    // Beside connectors there are other files: an input, a package.json.
    found.retain(|selection| !is_folder || !selection.cases.is_empty() || is_connector(&selection.document));
    Ok(found)
}

/// Whether a file without cases is a connector's document all the same.
fn is_connector(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|value| value.get("operations").is_some())
}

/// The document of a folder of cases, under the name that people gave where that says enough.
fn beside(given: &Path, absolute: &Path) -> PathBuf {
    if has_ending(given, CASES) { given } else { absolute }.with_extension("json")
}

impl Selection {
    /// Keeps the cases in whose title (`<proxyId>/<case>`) or operation one of the texts stands.
    pub fn filter(&mut self, texts: &[String]) {
        self.is_whole = false;
        self.cases.retain(|case| {
            let title = format!("{}/{}", case.proxy_id, case.name);
            let operation =
                case.content.as_ref().map(|content| content.operation.as_str()).unwrap_or_default();
            texts.iter().any(|text| title.contains(text.as_str()) || operation.contains(text.as_str()))
        });
    }

    /// Runs the cases. What the environment holds changes nothing: credentials are inputs of a case.
    pub fn run(&self, wording: Wording) -> Suite {
        let proxy_id = files::proxy_id(&self.document);
        let document = self.document.clone();
        let loaded = load_file(&document, &|_| None);
        let Some(config) = loaded.config else {
            let refused = Some(loaded.findings);
            return Suite { proxy_id, document, refused, outcomes: Vec::new(), coverage: None };
        };
        let outcomes: Vec<Outcome> = self.cases.iter().map(|case| run(case, &config, wording)).collect();
        let coverage = self.is_whole.then(|| Coverage::new(&config, &outcomes));
        Suite { proxy_id, document, refused: None, outcomes, coverage }
    }
}

impl Suite {
    /// Whether the document runs and every case passed.
    pub fn passed(&self) -> bool {
        self.refused.is_none() && self.outcomes.iter().all(Outcome::passed)
    }

    /// Why none of the cases can be run, in a sentence.
    pub fn refusal(&self) -> Option<String> {
        let findings = self.refused.as_ref()?;
        let worst = findings.diagnostics.iter().find(|found| found.severity() == Severity::Error)?;
        let place = match findings.source.is_empty() {
            true => String::new(),
            false => format!("line {}: ", Lines::new(&findings.source).line_column(worst.span.start).0),
        };
        Some(format!(
            "the document cannot run: {place}{}; `app-connect validate {}` shows everything",
            worst.message,
            self.document.display()
        ))
    }

    /// Writes what came out of the failing cases as what is expected, and gives the paths of what changed.
    ///
    /// # Errors
    /// What cannot be written; the cases before it are written then.
    pub fn rewrite(&self) -> io::Result<Vec<PathBuf>> {
        let mut changed = Vec::new();
        for outcome in &self.outcomes {
            changed.extend(rewrite(outcome)?);
        }
        Ok(changed)
    }
}
