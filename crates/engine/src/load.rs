//! From a text to what runs: JSON, schema, types, checks, compiled operations. The command line,
//! the server, uploads and tests all load through here.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::Value;

use super::operation::CompiledDocument;
use super::{Environment, app_connect};
use crate::cancel::Cancel;
use crate::config::diagnostic::{Code, Diagnostic, Findings, Omitted, Severity};
use crate::config::document::Document;
use crate::config::problem::{Part, Problem};
use crate::config::report::secret_in;
use crate::config::schema;
use crate::config::source::{self, Locator};
use crate::hex::hex;

/// The largest document that is read, in bytes.
pub const MAX_BYTES: u64 = 1024 * 1024;

/// A document that was loaded, whatever was found in it.
#[derive(Debug)]
pub struct Loaded {
    /// Everything that was found.
    pub findings: Findings,
    /// What runs; absent if there is an error.
    pub config: Option<CompiledDocument>,
    /// Names this content: the first 12 hexadecimal digits of its SHA-256.
    pub revision: String,
}

impl Loaded {
    /// Whether every check is silent about errors and mistakes: what `validate`, uploads and
    /// activations ask for.
    pub fn is_acceptable(&self) -> bool {
        self.findings.worst() < Some(Severity::Mistake)
    }
}

/// Reads and loads a file. A file that cannot be read is a finding, not an error.
pub fn load_file(path: &Path, environment: Environment<'_>) -> Loaded {
    SourceFile::read(path).load(environment)
}

/// A file as it was read: what a document is loaded from, now or later.
#[derive(Debug, Clone)]
pub struct SourceFile {
    name: String,
    text: Result<Arc<str>, (String, &'static str)>,
    hash: String,
}

impl SourceFile {
    /// Reads a file. One that cannot be read becomes a finding when it is loaded.
    pub fn read(path: &Path) -> Self {
        let name = path.display().to_string();
        match read(path) {
            Ok(text) => Self::of_text(name, text.into()),
            Err(unreadable) => Self { name, text: Err(unreadable), hash: String::new() },
        }
    }

    /// A text that is no file; `name` stands for one in findings.
    pub fn of_text(name: impl Into<String>, text: Arc<str>) -> Self {
        let hash = hash_of(&text);
        Self { name: name.into(), text: Ok(text), hash }
    }

    /// The text, where it could be read.
    pub fn text(&self) -> Option<&Arc<str>> {
        self.text.as_ref().ok()
    }

    /// The SHA-256 of the text in hexadecimal digits; empty if it could not be read.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Names the content, as [`Loaded::revision`]; empty if it could not be read.
    pub fn revision(&self) -> &str {
        revision_of(&self.hash)
    }

    /// Loads the document.
    pub fn load(&self, environment: Environment<'_>) -> Loaded {
        self.load_unless(environment, &Cancel::default())
    }

    /// Loads the document. Work that is cancelled stops soon, and what it gives is not complete.
    pub fn load_unless(&self, environment: Environment<'_>, cancel: &Cancel) -> Loaded {
        match &self.text {
            Ok(text) => load_hashed(&self.name, text, &self.hash, environment, cancel),
            Err((message, help)) => {
                let diagnostic = Diagnostic {
                    code: Code::UnreadableFile,
                    message: message.clone(),
                    pointer: String::new(),
                    span: 0..0,
                    label: None,
                    help: Some((*help).to_owned()),
                };
                let findings = Findings {
                    file: self.name.clone(),
                    source: Arc::from(""),
                    diagnostics: vec![diagnostic],
                    omitted: Omitted::default(),
                };
                Loaded { findings, config: None, revision: String::new() }
            }
        }
    }
}

/// The text of a file, or what is wrong with the file and how to mend it.
fn read(path: &Path) -> Result<String, (String, &'static str)> {
    let in_words = |error: std::io::Error| {
        (format!("the file cannot be read: {error}"), "check its path and permissions")
    };
    let metadata = std::fs::metadata(path).map_err(in_words)?;
    if metadata.is_dir() {
        return Err(("this is a folder, not a file".to_owned(), "name the file"));
    }
    let length = metadata.len();
    if length > MAX_BYTES {
        let message = format!("the file has {length} bytes; a document has at most {MAX_BYTES}");
        return Err((
            message,
            "check that it is the right file; embedded data does not belong into a document",
        ));
    }
    let bytes = std::fs::read(path).map_err(in_words)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        let message =
            format!("the file is not UTF-8: byte {} (on line {line}) is not part of a character", valid + 1);
        (message, "save the file as UTF-8; it may be in the encoding Latin-1 or UTF-16 now")
    })
}

/// Loads a document from its text. `file` names it in findings.
pub fn load(file: &str, text: &str, environment: Environment<'_>) -> Loaded {
    load_hashed(file, &Arc::from(text), &hash_of(text), environment, &Cancel::default())
}

/// So many findings of a document are told one by one.
const TOLD: usize = 300;

/// As [`load`]; the findings share the text.
fn load_hashed(
    file: &str,
    text: &Arc<str>,
    hash: &str,
    environment: Environment<'_>,
    cancel: &Cancel,
) -> Loaded {
    let revision = revision_of(hash).to_owned();
    let (value, map) = match source::parse(text) {
        Ok(parsed) => parsed,
        Err(diagnostics) => {
            let findings = findings(file, text, diagnostics, Omitted::default());
            return Loaded { findings, config: None, revision };
        }
    };
    let schema::Verdict { problems, unusable, misspelt } = schema::validate(&value, cancel);
    let (mut problems, mut counts) = problems.into_parts();
    let mut config = None;
    if let Some(document) = typed(value, &unusable).filter(|_| !cancel.is_cancelled()) {
        let (compiled, found) = app_connect::compile(&document, environment, cancel);
        let (found, omitted) = found.into_parts();
        counts.add_all(omitted);
        let known: HashSet<(Code, String)> =
            problems.iter().map(|problem| (problem.code, problem.pointer.clone())).collect();
        for problem in found {
            // What the schema said about a place need not be said again, and what was taken out
            // for its wrong type is not missing.
            let repeated = known.contains(&(problem.code, problem.pointer.clone()));
            let consequence = unusable
                .iter()
                .chain(&misspelt)
                .take(MAX_ABSENT)
                .any(|absent| is_consequence(&problem, absent));
            if !repeated && !consequence {
                problems.push(problem);
            }
        }
        config = Some(compiled);
    }
    let mut diagnostics: Vec<Diagnostic> = map.duplicate_keys().to_vec();
    let mut locator = Locator::new(&map);
    diagnostics.extend(problems.into_iter().map(|problem| locate(problem, &mut locator)));
    let findings = findings(file, text, diagnostics, Omitted { counts, secrets: Vec::new() });
    if findings.worst() == Some(Severity::Error) || cancel.is_cancelled() {
        config = None;
    }
    Loaded { findings, config, revision }
}

/// The findings in source order; of very many the worst are told, and the others counted.
fn findings(file: &str, text: &Arc<str>, mut diagnostics: Vec<Diagnostic>, mut omitted: Omitted) -> Findings {
    if diagnostics.len() > TOLD {
        diagnostics.sort_by_key(|found| (Reverse(found.severity()), found.span.start, found.span.end));
        for found in diagnostics.drain(TOLD..) {
            omitted.counts.add(found.severity(), 1);
            omitted.secrets.extend(secret_in(&found, text));
        }
    }
    diagnostics.sort_by_key(|found| (found.span.start, found.span.end));
    Findings { file: file.to_owned(), source: Arc::clone(text), diagnostics, omitted }
}

/// So many absent values are looked at for their consequences: nobody reads a report of more.
const MAX_ABSENT: usize = 1000;

/// Whether a problem is there only because the value at `absent` is not: its type is wrong or its key
/// misspelt, which was said.
fn is_consequence(problem: &Problem, absent: &str) -> bool {
    let at = problem.pointer.as_str();
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_operation = absent.strip_prefix("/operations/").is_some_and(|name| !name.contains('/'));
    let below = |path: &str| absent.strip_suffix(path).is_some_and(|parent| parent == at);
    within(at, absent)
        || match problem.code {
            Code::MissingIdPath => {
                below("/responseMapping") || below("/responseMapping/idPath") || below("/idPath")
            }
            Code::MissingMapping => below("/responseMapping"),
            Code::IncompleteOAuth => within(absent, "/auth"),
            Code::UnknownAuth => absent == "/auth/credentialTemplate",
            Code::MissingOperation | Code::UnpairedOperation => is_operation || absent == "/operations",
            Code::MissingBaseUrl => {
                within("/requestDefaults/baseUrl", absent)
                    || (within(absent, "/operations") && absent.ends_with("/url"))
            }
            Code::BodyOnGet => {
                at.strip_suffix("/body").is_some_and(|root| absent.strip_suffix("/method") == Some(root))
            }
            _ => false,
        }
}

/// The typed document, without the values that have the wrong type: the rest is still checked.
fn typed(mut value: Value, unusable: &[String]) -> Option<Document> {
    let mut below: HashMap<&str, HashSet<String>> = HashMap::new();
    for at in unusable {
        let (parent, _) = at.rsplit_once('/')?;
        below.entry(parent).or_default().insert(crate::config::pointer::segments(at).last()?.into_owned());
    }
    for (parent, names) in below {
        match value.pointer_mut(parent) {
            Some(Value::Object(members)) => members.retain(|name, _| !names.contains(name)),
            Some(Value::Array(items)) => {
                for index in names.iter().filter_map(|name| name.parse::<usize>().ok()) {
                    if let Some(item) = items.get_mut(index) {
                        *item = Value::String(String::new());
                    }
                }
            }
            _ => {}
        }
    }
    Document::deserialize(value).ok()
}

fn locate(problem: Problem, locator: &mut Locator<'_>) -> Diagnostic {
    let span = match problem.part {
        Part::Value => locator.map.value_span(&problem.pointer),
        Part::Key => locator.map.key_span(&problem.pointer),
        Part::Text(range) => locator.string_span(&problem.pointer, range),
    };
    Diagnostic {
        code: problem.code,
        message: problem.message,
        pointer: problem.pointer,
        span,
        label: problem.label,
        help: problem.help,
    }
}

/// The SHA-256 of a document's text in hexadecimal digits.
pub fn hash_of(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn revision_of(hash: &str) -> &str {
    hash.get(..12).unwrap_or_default()
}
