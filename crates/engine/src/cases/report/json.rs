//! For programs.

use serde_json::{Value, json};

use super::super::suite::Suite;
use super::{counts, falls_short};
use crate::cases::{Covered, Difference, Outcome};

/// One object: every document with its cases and coverage, and a summary.
pub(super) fn json(suites: &[Suite], wanted: Option<u8>) -> String {
    let (cases, failed) = counts(suites);
    let value = json!({
        "documents": suites.iter().map(|suite| document(suite, wanted)).collect::<Vec<_>>(),
        "summary": {
            "documents": suites.len(),
            "refused": suites.iter().filter(|suite| suite.refused.is_some()).count(),
            "cases": cases,
            "passed": cases - failed,
            "failed": failed,
        },
    });
    format!("{value:#}\n")
}

fn document(suite: &Suite, wanted: Option<u8>) -> Value {
    let mut value = json!({
        "file": suite.document.display().to_string(),
        "proxyId": suite.proxy_id,
        "passed": suite.passed() && !falls_short(suite, wanted),
        "cases": suite.outcomes.iter().map(case).collect::<Vec<_>>(),
    });
    if let Some(refusal) = suite.refusal() {
        value["error"] = json!(refusal);
    }
    if let Some(coverage) = &suite.coverage {
        let list = |list: &[Covered]| -> Vec<Value> {
            let one = |covered: &Covered| json!({"name": covered.name, "description": covered.description, "cases": covered.cases});
            list.iter().map(one).collect()
        };
        value["coverage"] = json!({
            "percent": coverage.percent(),
            "operations": list(&coverage.operations),
            "errorRules": list(&coverage.error_rules),
        });
    }
    value
}

fn case(outcome: &Outcome) -> Value {
    let mut value = json!({
        "name": outcome.name,
        "directory": outcome.directory.display().to_string(),
        "passed": outcome.passed(),
    });
    if let Some((operation, description)) = &outcome.about {
        value["operation"] = json!(operation.as_str());
        value["description"] = json!(description);
    }
    if let Some(rule) = &outcome.rule {
        value["errorRule"] = json!(rule);
    }
    if let Some(error) = &outcome.error {
        value["error"] = json!(error);
    }
    if !outcome.differences.is_empty() {
        value["differences"] = outcome.differences.iter().map(difference).collect();
    }
    value
}

/// A side that is not there has no member: `null` is a value.
fn difference(difference: &Difference) -> Value {
    let mut value = json!({"file": difference.file, "pointer": difference.pointer});
    for (side, found) in [("expected", &difference.expected), ("got", &difference.got)] {
        if let Some(found) = found {
            value[side] = found.clone();
        }
    }
    value
}
