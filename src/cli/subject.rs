//! What `explain` and `call` work on: one operation of one document, with inputs.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Trouble, print};
use crate::config::diagnostic::Severity;
use crate::config::load::{Loaded, load_file};
use crate::config::operations::OperationName;
use crate::config::report::{Colour, Format, render};
use crate::config::suggest::nearest;
use crate::engine::operation::{AuthType, CompiledConfig, Operation, RateLimit};
use crate::engine::phone::parsed_phone_number;
use crate::engine::variables::{Variable, visible};

/// An operation and its inputs, named on the command line.
#[derive(Debug, clap::Args)]
#[group(id = "subject")]
pub(super) struct Arguments {
    /// The proxyConfig.
    pub(super) config: PathBuf,
    /// The operation, such as findContact.
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
    pub(super) config: CompiledConfig,
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
pub(super) fn load(arguments: &Arguments) -> Result<Document, Trouble> {
    let Loaded { findings, config, .. } = load_file(&arguments.config, &|name| std::env::var(name).ok());
    if findings.worst() >= Some(Severity::Mistake) {
        print::error(render(Format::Human, std::slice::from_ref(&findings), Colour::Off).trim_end());
    }
    let Some(config) = config else {
        return Err(Trouble("the document has errors and cannot run".to_owned()));
    };
    Ok(Document { config, source: serde_json::from_str(&findings.source)? })
}

impl Document {
    /// Finds the operation and gathers its inputs.
    pub(super) fn subject(&self, arguments: &Arguments, fill_examples: bool) -> Result<Subject<'_>, Trouble> {
        let operation = OperationName::parse(&arguments.operation)
            .and_then(|name| self.config.operation(name))
            .ok_or_else(|| self.without(arguments))?;
        let mut variables = match &arguments.input {
            Some(path) => object(path)?,
            None => Map::new(),
        };
        if let Some(path) = &arguments.user {
            variables.insert("user".to_owned(), Value::Object(object(path)?));
        }
        complete(&self.config, operation.name, &mut variables, fill_examples);
        let is_limited = self.source.get("rateLimit").is_some_and(Value::is_object);
        let rate_limit = is_limited.then_some(self.config.rate_limit);
        Ok(Subject { operation, source: &self.source, rate_limit, variables })
    }

    /// Says that it has no such operation.
    fn without(&self, arguments: &Arguments) -> Trouble {
        let defined: Vec<&str> = self.config.operations().map(|operation| operation.name.as_str()).collect();
        let hint = match nearest(&arguments.operation, defined.iter().copied()) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("it has {}", defined.join(", ")),
        };
        Trouble(format!("{} has no operation {}; {hint}", arguments.config.display(), arguments.operation))
    }
}

fn object(path: &Path) -> Result<Map<String, Value>, Trouble> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    } else {
        text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Trouble(format!("{} is not a JSON object", path.display()))),
        Err(error) => Err(Trouble(format!("{} is not JSON: {error}", path.display()))),
    }
}

/// Adds what follows from what is given: the parsed number, the credential. With `fill_examples`,
/// also an example for everything that is not given; credentials are shown as `<name>`.
fn complete(
    config: &CompiledConfig,
    operation: OperationName,
    variables: &mut Map<String, Value>,
    fill_examples: bool,
) {
    if let Some(number) = variables.get("phoneNumber").and_then(Value::as_str) {
        let parsed = parsed_phone_number(number);
        variables.entry("parsedPhoneNumber").or_insert(parsed);
    }
    let token = variables
        .get("apiKey")
        .or_else(|| variables.get("user").and_then(|user| user.get("accessToken")))
        .and_then(Value::as_str)
        .map(str::to_owned)
        .or_else(|| fill_examples.then(|| "<apiKey>".to_owned()));
    if let Some(token) = token {
        let header = match config.auth_type {
            AuthType::ApiKey => format!("Basic {}", STANDARD.encode(format!("{token}:"))),
            AuthType::OAuth => format!("Bearer {token}"),
        };
        variables.entry("authHeader").or_insert_with(|| header.into());
        variables.entry("apiKey").or_insert_with(|| token.clone().into());
        let user = variables.entry("user").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(user) = user {
            user.entry("accessToken").or_insert_with(|| token.into());
        }
    }
    if let Some(secret) = &config.secret_key {
        variables.entry("secretKey").or_insert_with(|| secret.expose().into());
    }
    if !fill_examples {
        return;
    }
    for variable in visible(operation) {
        let example = if variable.is_secret() && variable != Variable::AdditionalInfo {
            Value::from(format!("<{}>", variable.name()))
        } else {
            serde_json::from_str(variable.example()).unwrap_or_default()
        };
        match variable.name().strip_prefix("user.") {
            None => drop(variables.entry(variable.name()).or_insert(example)),
            Some(member) => {
                if let Value::Object(user) =
                    variables.entry("user").or_insert_with(|| Value::Object(Map::new()))
                {
                    user.entry(member).or_insert(example);
                }
            }
        }
    }
}

/// Replaces credentials by their names, so that a rendered request can be shown.
pub(super) fn mask(variables: &mut Map<String, Value>) {
    for variable in Variable::ALL.iter().filter(|variable| variable.is_secret()) {
        let slot = match variable.name().strip_prefix("user.") {
            None => variables.get_mut(variable.name()),
            Some(member) => variables.get_mut("user").and_then(|user| user.get_mut(member)),
        };
        match slot {
            Some(Value::Object(members)) => {
                for (name, value) in members.iter_mut().filter(|(_, value)| value.is_string()) {
                    *value = format!("<{}.{name}>", variable.name()).into();
                }
            }
            Some(value) if !value.is_null() => {
                *value = match (variable, value.as_str().and_then(|text| text.split_once(' '))) {
                    (Variable::AuthHeader, Some((scheme, _))) => format!("{scheme} <authHeader>").into(),
                    _ => format!("<{}>", variable.name()).into(),
                };
            }
            _ => {}
        }
    }
}
