//! Compiles a document into what runs, and finds everything that is wrong with it on the way: one
//! compiler for the command line, the server, uploads and tests.

mod auth;
pub(crate) mod contract;
mod delivery;
#[cfg(test)]
mod error_tests;
mod errors;
pub(crate) mod field;
mod header;
mod mapping;
mod missing;
mod oauth;
mod paths;
mod request;
pub(crate) mod result;
mod secrets;
pub use secrets::looks_secret;
mod shared;
#[cfg(test)]
mod tests;
mod url;

use std::sync::Arc;
use std::time::Duration;

use self::contract::Contract;
use self::request::RequestCompiler;
use self::shared::Shared;
use super::exchange::HostPattern;
use super::operation::{AuthType, CompiledDocument, LONGEST_TIMEOUT, LogFormat, Operation};
use crate::cancel::Cancel;
use crate::config::diagnostic::Code;
use crate::config::document::Document;
use crate::config::problem::{Problem, Problems};
use crate::secret::Secret;

/// Looks up an environment variable that a document names.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Compiles a document. What cannot run is reported with a code of severity error; the compiled
/// form is then not to be used.
pub fn compile(
    document: &Document,
    contract: &Contract,
    environment: Environment<'_>,
    cancel: Cancel,
) -> (CompiledDocument, Problems) {
    let mut problems = Problems::new(cancel);
    let allowed_hosts = allowed_hosts(document, &mut problems);
    check_meta(document, &mut problems);
    auth::check(document, &mut problems);
    secrets::check(document, &mut problems);
    let base = url::Base::compile(document, &allowed_hosts, &mut problems);
    let shared = Shared::new(document);
    let errors = errors::compile(
        document.error_mapping.as_deref().unwrap_or_default(),
        "/errorMapping",
        &mut problems,
    );
    let compiler = RequestCompiler { document, base: &base, shared: &shared, errors: &errors };
    let mut operations: Vec<Operation> = Vec::new();
    for operation in document.operations.defined() {
        if problems.is_cancelled() {
            break;
        }
        if let Some(compile_mapping) = (contract.mapping_of)(operation.name) {
            operations.push(compiler.operation(&operation, compile_mapping, &mut problems));
        }
    }
    (contract.check)(&operations, &mut problems);
    let auth_type = document.auth.as_ref().and_then(|auth| auth.auth_type.as_deref());
    let oauth = oauth::compile(document, &allowed_hosts, environment, &mut problems);
    let secret_key = from_environment(document.secret_key_env.as_deref(), environment)
        .or_else(|| document.secret_key.clone());
    let rate_limit = delivery::rate_limit(document, &mut problems);
    let mut compiled = CompiledDocument::new(
        document.meta.as_ref().and_then(|meta| meta.name.clone()),
        LogFormat::parse(document.meta.as_ref().and_then(|meta| meta.log_format.as_deref())),
        AuthType::parse(auth_type),
        oauth,
        secret_key,
        allowed_hosts,
        operations,
    );
    compiled.rate_limit = rate_limit;
    compiled.region = request::region(document);
    (compiled, problems)
}

fn from_environment(name: Option<&str>, environment: Environment<'_>) -> Option<Secret> {
    name.and_then(environment).filter(|value| !value.is_empty()).map(Secret::from)
}

fn allowed_hosts(document: &Document, problems: &mut Problems) -> Arc<[HostPattern]> {
    let hosts = document.request_defaults.as_ref().and_then(|defaults| defaults.allowed_hosts.as_ref());
    let mut patterns = Vec::new();
    for (at, host) in hosts.into_iter().flatten().enumerate() {
        match HostPattern::parse(host) {
            Ok(pattern) => patterns.push(pattern),
            Err(reason) => problems.push(
                Problem::new(
                    Code::AllowedHost,
                    format!("/requestDefaults/allowedHosts/{at}"),
                    format!("`{host}` names no host: {reason}"),
                )
                .help(
                    "write a host name such as `api.example.com`, or `*.example.com` for every name below it",
                ),
            ),
        }
    }
    patterns.into()
}

fn check_meta(document: &Document, problems: &mut Problems) {
    let region = document.meta.as_ref().and_then(|meta| meta.region.as_deref());
    if let Some(region) = region.filter(|_| request::region(document).is_none()) {
        problems.push(
            Problem::new(
                Code::UnknownRegion,
                "/meta/region",
                format!("`{region}` is no country that has phone numbers, and is not used"),
            )
            .help("write two letters, such as `US` or `GB`"),
        );
    }
}

/// A number within its bounds; the schema reports one that is not.
fn number(value: f64, least: f64, most: f64) -> f64 {
    if value.is_nan() { least } else { value.clamp(least, most) }
}

/// Timeouts up to 300 seconds, parts of a second too, as on the reference server (recordings 14,
/// `slow`); 0 is the default, as there. The schema reports what is hardly meant.
fn timeout(seconds: Option<f64>) -> Option<Duration> {
    seconds
        .filter(|seconds| *seconds > 0.0 && seconds.is_finite())
        .map(|seconds| Duration::from_secs_f64(seconds.clamp(0.001, LONGEST_TIMEOUT.as_secs_f64())))
}
