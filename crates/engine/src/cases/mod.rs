//! Fixture cases: what a connector sends and what it makes of a reply, as data beside its document.
//!
//! Beside `proxy-configs/<proxyId>.json`, each folder of `proxy-configs/<proxyId>.cases/` is a case:
//!
//! | file | holds |
//! | --- | --- |
//! | `case.json` | `{ "operation": "findContact", "description": "…" }` |
//! | `input.json` | the template variables: `{ "phoneNumber": …, "user": { … }, "apiKey": …, "authHeader": … }`; without `now`, the example time of the language reference |
//! | `response.json` | the CRM's reply: `{ "status": 200, "headers": { … }, "body": … }`; `text` instead of `body` where it is not JSON, neither where it is empty |
//! | `request.json` | the request that must be sent, or `{ "error": … }` where none may be |
//! | `result.json` | `{ "result": …, "problems": [ … ] }`, or `{ "error": … }` where the reply cannot be mapped, or `{ "failure": { "kind": …, "returnMessage": … } }` with what users read where the operation fails |
//!
//! The operation `signIn` stands for signing in with OAuth: see the module `sign_in`.
//!
//! Running a case renders and maps, and never touches the network. The last two files are outcomes:
//! [`rewrite`] writes them anew. `app-connect test` runs cases by [`suite`].

mod coverage;
mod data;
mod diff;
mod files;
pub mod record;
mod recorded_exchange;
pub mod redact;
pub mod report;
mod sign_in;
pub mod suite;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

pub use coverage::{Coverage, Covered};
pub use data::of_data;
pub use diff::Difference;
pub use diff::differences;

use crate::config::operations::OperationName;
use crate::error_mapping::{Judged, judge, rule_for};
use crate::exchange::{BodyKind, UpstreamResponse};
use crate::failure::{Failure, MessageOverride};
use crate::inputs::Inputs;
use crate::mapping::error::MappingProblem;
use crate::oauth::SIGN_IN;
use crate::operation::{CompiledDocument, Operation};
use crate::render;
use crate::variables::Variable;

/// What the request must be.
pub const REQUEST: &str = "request.json";
/// What must be made of the reply.
pub const RESULT: &str = "result.json";

/// The words that users read about an outcome. They are the server's, and a case checks them too.
#[derive(Debug, Clone, Copy)]
pub struct Wording {
    /// About a failure of an operation at a platform; absent if nobody reads any.
    pub failure: fn(Failure, OperationName, &str) -> Option<Value>,
    /// About a search that found nothing, as a rule says it.
    pub no_match: fn(&MessageOverride) -> Option<Value>,
}

/// A case as it was found on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Id of the connector: the document's file name without `.json`.
    pub proxy_id: String,
    /// The connector's document.
    pub config: PathBuf,
    /// Name of the case: its folder.
    pub name: String,
    /// The folder.
    pub directory: PathBuf,
    /// What the folder holds, or why it cannot be run: the file and what is wrong with it.
    pub content: Result<Content, String>,
}

/// What the files of a case hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The operation that runs.
    pub operation: OperationName,
    /// What the case is about.
    pub description: String,
    /// The template variables.
    pub input: Map<String, Value>,
    /// The CRM's reply, or the failure that a reply with a failing status is.
    pub response: Result<UpstreamResponse, Failure>,
    /// The expected request; absent if the file is.
    pub request: Option<Value>,
    /// The expected result; absent if the file is.
    pub result: Option<Value>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// `<proxyId>/<case>`.
    pub title: String,
    /// Name of the case: its folder.
    pub name: String,
    /// The folder.
    pub directory: PathBuf,
    /// The operation, and what the case is about; absent if the folder does not say.
    pub about: Option<(OperationName, String)>,
    /// Pointer of the `errorMapping` rule that decided what the reply means, where one did.
    pub rule: Option<String>,
    /// Where what came out is not what was expected; empty for a case that passes.
    pub differences: Vec<Difference>,
    /// Why the case could not be run at all.
    pub error: Option<String>,
    /// Fields that the document names and that the reply does not have. They are no part of the
    /// result: many CRMs leave out what is empty.
    pub unfound: Vec<MappingProblem>,
    /// What came out: [`REQUEST`] and [`RESULT`]; absent if the case could not be run. There is
    /// no result where there is no request.
    pub actual: Vec<(&'static str, Value)>,
}

/// What a case can be about: an operation, or signing in.
fn subject(name: &str) -> Option<OperationName> {
    OperationName::parse(name).or_else(|| (name == SIGN_IN.as_str()).then_some(SIGN_IN))
}

/// Finds the cases below a directory of documents, or of one document, in the order of their names.
/// A folder that cannot be read as a case is found too, with what is wrong with it.
pub fn discover(path: &Path) -> Vec<Case> {
    let configs = if path.is_dir() { files::configs_in(path) } else { vec![path.to_owned()] };
    configs.iter().flat_map(|config| files::cases_of(config)).collect()
}

/// Renders the request of a case and maps its reply.
pub fn run(case: &Case, config: &CompiledDocument, wording: Wording) -> Outcome {
    let mut outcome = Outcome {
        title: format!("{}/{}", case.proxy_id, case.name),
        name: case.name.clone(),
        directory: case.directory.clone(),
        about: None,
        rule: None,
        differences: Vec::new(),
        error: None,
        unfound: Vec::new(),
        actual: Vec::new(),
    };
    let content = match &case.content {
        Ok(content) => content,
        Err(error) => {
            outcome.error = Some(error.clone());
            return outcome;
        }
    };
    outcome.about = Some((content.operation, content.description.clone()));
    let mut inputs = Inputs::from_object(&content.input);
    // A case says the same every day.
    if inputs.get(Variable::Now).is_none() {
        inputs
            .owned(Variable::Now, serde_json::from_str::<Value>(Variable::Now.example()).unwrap_or_default());
    }
    if content.operation == SIGN_IN {
        sign_in::run(case, content, config, &inputs, &mut outcome);
    } else if let Some(operation) = config.operation(content.operation) {
        run_operation(case, content, operation, &inputs, wording, &mut outcome);
    } else {
        outcome.error = Some(format!("{}.json has no operation `{}`", case.proxy_id, content.operation));
    }
    if outcome.error.is_some() {
        return outcome;
    }
    for (file, expected) in [(REQUEST, &content.request), (RESULT, &content.result)] {
        let actual = outcome.actual.iter().find(|(name, _)| *name == file).map(|(_, value)| value);
        diff::compare(file, expected.as_ref(), actual, &mut outcome.differences);
    }
    outcome
}

fn run_operation(
    case: &Case,
    content: &Content,
    operation: &Operation,
    inputs: &Inputs<'_>,
    wording: Wording,
    outcome: &mut Outcome,
) {
    match render(operation, inputs) {
        Err(error) => outcome.actual.push((REQUEST, json!({"error": error.to_string()}))),
        Ok(spec) if !spec.hosts.allows(&spec.url) => {
            let host = spec.url.host_str().unwrap_or_default();
            let error =
                format!("the host {host} is none of `requestDefaults.allowedHosts`: the request is not sent");
            outcome.actual.push((REQUEST, json!({"error": error})));
        }
        Ok(spec) => {
            outcome.actual.push((REQUEST, recorded_exchange::request(&spec)));
            let platform = content.input.get("user").and_then(|user| user.get("platform"));
            let platform = platform.and_then(Value::as_str).unwrap_or(&case.proxy_id);
            outcome.rule = rule_of(operation, &content.response);
            let judged = judge(operation, content.response.clone(), platform, &[]);
            let result = result(judged, operation, inputs, platform, wording, &mut outcome.unfound);
            outcome.actual.push((RESULT, result));
        }
    }
}

/// The rule that decides about a recorded reply.
fn rule_of(operation: &Operation, response: &Result<UpstreamResponse, Failure>) -> Option<String> {
    let pointer = |reply: &UpstreamResponse| Some(rule_for(operation, reply)?.pointer().to_owned());
    match response {
        Ok(reply) => pointer(reply),
        Err(failure) => {
            let response = failure.response.as_deref()?.clone();
            let status = failure.status()?;
            pointer(&UpstreamResponse::new(status, response.headers, response.body, BodyKind::Json))
        }
    }
}

/// What becomes of a reply.
fn result(
    judged: Judged,
    operation: &Operation,
    inputs: &Inputs<'_>,
    platform: &str,
    wording: Wording,
    unfound: &mut Vec<MappingProblem>,
) -> Value {
    match judged {
        Judged::Reply(response) => match operation.map(&response, inputs) {
            Ok((mapped, problems)) => {
                let (problems, others): (Vec<_>, Vec<_>) =
                    problems.into_iter().partition(|problem| problem.is_essential);
                unfound.extend(others);
                json!({"result": mapped, "problems": problems})
            }
            Err(error) => json!({"error": error.to_string()}),
        },
        Judged::NoMatch(none) => {
            let mut value = json!({"result": operation.nothing_found(), "problems": []});
            if let Some(message) = none.message_override.as_ref().and_then(wording.no_match) {
                value["returnMessage"] = message;
            }
            value
        }
        Judged::Failed(failure) => {
            let kind = failure.status().map_or_else(|| json!(failure.kind.as_str()), |status| json!(status));
            let message = (wording.failure)(failure, operation.name, platform);
            json!({"failure": {"kind": kind, "returnMessage": message}})
        }
    }
}

/// Writes what came out as what is expected from now on, and gives the paths of what changed.
///
/// # Errors
/// If a file cannot be written or taken away.
pub fn rewrite(outcome: &Outcome) -> io::Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for file in [REQUEST, RESULT] {
        if outcome.error.is_some() || outcome.differences.iter().all(|difference| difference.file != file) {
            continue;
        }
        let path = outcome.directory.join(file);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        match outcome.actual.iter().find(|(name, _)| *name == file) {
            Some((_, value)) => crate::atomic_file::replace(&path, text(value).as_bytes()).map_err(named)?,
            None => std::fs::remove_file(&path).map_err(named)?,
        }
        changed.push(path);
    }
    Ok(changed)
}

/// A file of a case, as it is written.
pub fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

impl Outcome {
    /// Whether everything is as expected.
    pub fn passed(&self) -> bool {
        self.error.is_none() && self.differences.is_empty()
    }
}

/// One line for a case that passes; else everything that differs.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.passed() {
            return write!(f, "ok    {}", self.title);
        }
        write!(f, "FAIL  {} ({})", self.title, self.directory.display())?;
        if let Some((operation, description)) = &self.about {
            write!(f, "\n  {operation}: {description}")?;
        }
        if let Some(error) = &self.error {
            write!(f, "\n  {error}")?;
        }
        for difference in &self.differences {
            write!(f, "\n{difference}")?;
        }
        Ok(())
    }
}
