//! What `explain` and `call` work on: one operation of one document, with inputs.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{CliError, print};
use crate::config::diagnostic::Severity;
use crate::config::operations::OperationName;
use crate::config::report::{Colour, Format, render};
use crate::config::suggest::nearest;
use crate::engine::load::{Loaded, load_file};
use crate::engine::operation::{CompiledDocument, Operation, RateLimit};
use crate::engine::trial::complete;

/// An operation and its inputs, named on the command line.
#[derive(Debug, clap::Args)]
#[group(id = "subject")]
pub(super) struct Arguments {
    /// The proxyConfig.
    pub(super) config: PathBuf,
    /// The operation, such as findContact. `explain` also takes signIn.
    pub(super) operation: String,
    /// JSON file of template variables, or - for standard input. What it leaves out is filled with
    /// example values.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// JSON file of the user: accessToken, id, hostname, platformAdditionalInfo, ….
    #[arg(long, value_name = "FILE")]
    user: Option<PathBuf>,
}

/// The named document, ready to run.
pub(super) struct Document {
    pub(super) config: CompiledDocument,
    source: Value,
}

/// What was named: one operation of a [`Document`], and its inputs.
pub(super) struct Subject<'a> {
    pub(super) operation: &'a Operation,
    /// The document as it was read.
    pub(super) source: &'a Value,
    /// The document's limits, where it sets any.
    pub(super) rate_limit: Option<RateLimit>,
    /// Template variables as one object.
    pub(super) variables: Map<String, Value>,
}

/// Loads the document. Findings go to standard error.
pub(super) fn load(arguments: &Arguments) -> Result<Document, CliError> {
    let Loaded { findings, config, .. } = load_file(&arguments.config, &|name| std::env::var(name).ok());
    if findings.worst() >= Some(Severity::Mistake) {
        print::error(render(Format::Human, std::slice::from_ref(&findings), Colour::Off).trim_end());
    }
    let Some(config) = config else {
        return Err(CliError("the document has errors and cannot run".to_owned()));
    };
    Ok(Document { config, source: serde_json::from_str(&findings.source)? })
}

impl Document {
    /// Finds the operation and gathers its inputs.
    pub(super) fn subject(
        &self,
        arguments: &Arguments,
        fill_examples: bool,
    ) -> Result<Subject<'_>, CliError> {
        let operation = OperationName::parse(&arguments.operation)
            .and_then(|name| self.config.operation(name))
            .ok_or_else(|| self.without(arguments))?;
        let mut variables = self.variables(arguments)?;
        complete(&self.config, operation.name, &mut variables, fill_examples);
        let is_limited = self.source.get("rateLimit").is_some_and(Value::is_object);
        let rate_limit = is_limited.then_some(self.config.rate_limit);
        Ok(Subject { operation, source: &self.source, rate_limit, variables })
    }

    /// The document as it was read.
    pub(super) fn source(&self) -> &Value {
        &self.source
    }

    /// The template variables that the arguments name.
    pub(super) fn variables(&self, arguments: &Arguments) -> Result<Map<String, Value>, CliError> {
        let mut variables = match &arguments.input {
            Some(path) => object(path)?,
            None => Map::new(),
        };
        if let Some(path) = &arguments.user {
            variables.insert("user".to_owned(), Value::Object(object(path)?));
        }
        Ok(variables)
    }

    /// Says that it has no such operation.
    fn without(&self, arguments: &Arguments) -> CliError {
        let defined: Vec<&str> = self.config.operations().map(|operation| operation.name.as_str()).collect();
        let hint = match nearest(&arguments.operation, defined.iter().copied()) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("it has {}", defined.join(", ")),
        };
        CliError(format!("{} has no operation {}; {hint}", arguments.config.display(), arguments.operation))
    }
}

fn object(path: &Path) -> Result<Map<String, Value>, CliError> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    } else {
        text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(CliError(format!("{} is not a JSON object", path.display()))),
        Err(error) => Err(CliError(format!("{} is not JSON: {error}", path.display()))),
    }
}
