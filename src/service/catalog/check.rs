//! What is wrong with a revision: the checks of `app-connect validate`, and its fixture cases.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::error::ConnectorError;
use super::record::Summary;
use super::verdict::{CaseDifference, CaseVerdict, Verdict};
use crate::config::diagnostic::{Code, Findings, Severity};
use crate::config::report::json_of_first;
use crate::config::source;
use crate::connector::documents::{Secrets, load_uploaded};
use crate::engine::cancel::Cancel;
use crate::engine::cases;
use crate::engine::load::{Loaded, MAX_BYTES, SourceFile};
use crate::service::wording::CASE_WORDING;

/// How many findings a reply has.
const TOLD: usize = 500;

/// After this time no further case is run. Those of a usual connector take some milliseconds together.
const CASES_TIME: Duration = Duration::from_secs(30);

/// How many findings are kept with a revision, and how long they are together.
const KEPT: usize = 50;
const KEPT_BYTES: usize = 32 * 1024;

pub(super) fn source_of(proxy_id: &str, text: Arc<str>) -> SourceFile {
    SourceFile::of_text(format!("{proxy_id}.json"), text)
}

/// Checks a text and runs its cases.
pub(super) fn verdict(
    proxy_id: &str,
    text: Arc<str>,
    secrets: &Secrets,
    data: &[Value],
    cancel: &Cancel,
) -> Verdict {
    let Loaded { findings, config, .. } = load_uploaded(&source_of(proxy_id, text), secrets, cancel);
    let started = Instant::now();
    let run = |case: &cases::Case| match &config {
        Some(_) if started.elapsed() > CASES_TIME => CaseVerdict {
            name: case.name.clone(),
            passed: false,
            error: Some(format!(
                "it was not run: those before it took more than {} seconds",
                CASES_TIME.as_secs()
            )),
            differences: Vec::new(),
        },
        Some(config) => case_verdict(case, cases::run(case, config, CASE_WORDING)),
        None => CaseVerdict {
            name: case.name.clone(),
            passed: false,
            error: Some("the document has errors and cannot run".to_owned()),
            differences: Vec::new(),
        },
    };
    let cases = cases::of_data(proxy_id, data);
    let cases: Vec<CaseVerdict> = cases.iter().take_while(|_| !cancel.is_cancelled()).map(run).collect();
    let summary = summary(&findings);
    let passes = summary.errors + summary.mistakes == 0 && cases.iter().all(|case| case.passed);
    let diagnostics = diagnostics(&findings);
    let more = (summary.errors + summary.mistakes + summary.warnings).saturating_sub(diagnostics.len());
    Verdict { passes, runs: config.is_some(), summary, diagnostics, more: (more > 0).then_some(more), cases }
}

fn case_verdict(case: &cases::Case, outcome: cases::Outcome) -> CaseVerdict {
    let passed = outcome.passed();
    let difference = |difference: cases::Difference| CaseDifference {
        part: difference.file.trim_end_matches(".json").to_owned(),
        pointer: difference.pointer,
        expected: difference.expected,
        got: difference.got,
    };
    CaseVerdict {
        name: case.name.clone(),
        passed,
        error: outcome.error,
        differences: outcome.differences.into_iter().map(difference).collect(),
    }
}

pub(super) fn summary(findings: &Findings) -> Summary {
    Summary {
        errors: findings.count(Severity::Error),
        mistakes: findings.count(Severity::Mistake),
        warnings: findings.count(Severity::Warning),
    }
}

/// The first findings as the command line writes them, secrets masked.
pub(super) fn diagnostics(findings: &Findings) -> Vec<Value> {
    let mut report: Value = serde_json::from_str(&json_of_first(findings, TOLD)).unwrap_or_default();
    match report.pointer_mut("/files/0/diagnostics").map(Value::take) {
        Some(Value::Array(found)) => found,
        _ => Vec::new(),
    }
}

/// The first findings, as many as a record takes.
pub(super) fn kept(diagnostics: Vec<Value>) -> Vec<Value> {
    let mut bytes = 0;
    let fits = |finding: &Value| {
        bytes += finding.to_string().len();
        bytes <= KEPT_BYTES
    };
    diagnostics.into_iter().take(KEPT).take_while(fits).collect()
}

/// Whether a text can be stored as a revision, whatever else is wrong with it.
pub(super) fn storable(
    proxy_id: &str,
    text: &Arc<str>,
    secrets: &Secrets,
    cancel: &Cancel,
) -> Result<Findings, ConnectorError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(ConnectorError::TooLarge { what: "proxyConfig", bytes: text.len(), limit: MAX_BYTES });
    }
    let source = source_of(proxy_id, Arc::clone(text));
    let value = match source::parse(text) {
        Ok((value, _)) => value,
        Err(found) => {
            let too_deep = found.iter().any(|found| found.code == Code::TooDeep);
            let found = json!(diagnostics(&load_uploaded(&source, secrets, cancel).findings));
            return Err(if too_deep {
                ConnectorError::TooDeep(found)
            } else {
                ConnectorError::NotJson(found)
            });
        }
    };
    let findings = load_uploaded(&source, secrets, cancel).findings;
    let own = ["/secretKey", "/auth/clientSecret"];
    let is_written = own.iter().any(|pointer| value.pointer(pointer).is_some_and(is_literal));
    // Of a key that stands there twice the value has the last one only; the text is kept as it is.
    if is_written || serde_json::from_str::<Written>(text).is_ok_and(|written| written.0) {
        let mut found = findings;
        found.diagnostics.retain(|found| own.contains(&found.pointer.as_str()));
        return Err(ConnectorError::SecretInText {
            what: "The proxyConfig",
            diagnostics: json!(diagnostics(&found)),
        });
    }
    without_secrets("The proxyConfig", &json!([&**text, value]), secrets)?;
    Ok(findings)
}

/// Whether a value is no template, but what it says.
fn is_literal(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && !text.contains("{{"),
        _ => true,
    }
}

/// Whether a document has a secret of its own under any of the members that are for one, of those
/// that stand there twice each.
struct Written(bool);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        document.deserialize_map(Members { secret: "secretKey", below: Some("auth") }).map(Self)
    }
}

struct Members {
    secret: &'static str,
    below: Option<&'static str>,
}

impl<'de> Visitor<'de> for Members {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut is_written = false;
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            let value = members.next_value::<&RawValue>()?.get();
            if name == self.secret {
                is_written |= serde_json::from_str(value).is_ok_and(|value| is_literal(&value));
            } else if self.below.is_some_and(|below| name == below) {
                let below = Self { secret: "clientSecret", below: None };
                let mut reader = serde_json::Deserializer::from_str(value);
                is_written |= reader.deserialize_map(below).unwrap_or(false);
            }
        }
        Ok(is_written)
    }
}

/// Refuses a value that holds a secret of the connector.
pub(super) fn without_secrets(
    what: &'static str,
    value: &Value,
    secrets: &Secrets,
) -> Result<(), ConnectorError> {
    if holds_secret(value, secrets) {
        return Err(ConnectorError::SecretInText { what, diagnostics: json!([]) });
    }
    Ok(())
}

/// Whether one of these secrets stands somewhere in a value.
pub(super) fn holds_secret(value: &Value, secrets: &Secrets) -> bool {
    fn holds(value: &Value, secret: &str) -> bool {
        match value {
            Value::String(text) => text.contains(secret),
            Value::Array(items) => items.iter().any(|item| holds(item, secret)),
            Value::Object(members) => {
                members.iter().any(|(key, member)| key.contains(secret) || holds(member, secret))
            }
            _ => false,
        }
    }
    let secrets = [&secrets.secret_key, &secrets.client_secret];
    let mut known = secrets.into_iter().flatten().map(|secret| secret.expose());
    known.any(|secret| !secret.is_empty() && holds(value, secret))
}
