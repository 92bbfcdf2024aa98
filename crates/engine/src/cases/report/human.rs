//! For a terminal.

use std::fmt::Write as _;

use super::super::coverage::share;
use super::super::suite::Suite;
use super::{counted, counts, falls_short};
use crate::cases::{Coverage, Outcome, RESULT};
use crate::config::operations::OperationName;

/// Failures first, then a line for each document, then one that counts.
pub(super) fn human(suites: &[Suite], wanted: Option<u8>) -> String {
    let mut text = String::new();
    for outcome in suites.iter().flat_map(|suite| &suite.outcomes).filter(|outcome| !outcome.passed()) {
        let _ = writeln!(text, "{outcome}\n");
    }
    for suite in suites {
        document(&mut text, suite, wanted);
    }
    let (cases, failed) = counts(suites);
    let refused = suites.iter().filter(|suite| suite.refused.is_some()).count();
    let mut result = match (cases, failed) {
        (0, _) => "none was run".to_owned(),
        (_, 0) => "all pass".to_owned(),
        _ => format!("{} pass, {failed} fail", cases - failed),
    };
    if refused > 0 {
        let _ = write!(result, ", {} cannot run", counted(refused, "document"));
    }
    let short = suites.iter().filter(|suite| falls_short(suite, wanted)).count();
    if let Some(wanted) = wanted.filter(|_| short > 0) {
        let _ = write!(result, ", {} below the wanted coverage of {wanted} %", counted(short, "document"));
    }
    let _ = writeln!(text, "\n{} of {}: {result}", counted(cases, "case"), counted(suites.len(), "document"));
    text
}

fn document(text: &mut String, suite: &Suite, wanted: Option<u8>) {
    let name = suite.document.display();
    if let Some(refusal) = suite.refusal() {
        let _ = writeln!(text, "FAIL  {name}: {refusal}");
        return;
    }
    let passes = suite.passed() && !falls_short(suite, wanted);
    let word = if passes { "ok  " } else { "FAIL" };
    let _ = write!(text, "{word}  {name}: {}", counted(suite.outcomes.len(), "case"));
    let failed = suite.outcomes.iter().filter(|outcome| !outcome.passed()).count();
    if failed > 0 {
        let _ = write!(text, ", {failed} failed");
    }
    match &suite.coverage {
        Some(coverage) => covered(text, coverage),
        None => text.push('\n'),
    }
    unfound(text, suite);
}

/// Fields that no case of an operation has: the document may name them wrongly.
fn unfound(text: &mut String, suite: &Suite) {
    let has_result = |outcome: &&Outcome| {
        let result =
            outcome.actual.iter().find(|(name, _)| *name == RESULT).map(|(_, value)| &value["result"]);
        result.is_some_and(|result| {
            result.as_array().is_none_or(|items| !items.is_empty()) && !result.is_null()
        })
    };
    let operation = |outcome: &Outcome| outcome.about.as_ref().map(|(operation, _)| *operation);
    let mapped: Vec<&Outcome> = suite.outcomes.iter().filter(has_result).collect();
    let mut told: Vec<(&str, &str, Option<OperationName>)> = Vec::new();
    for outcome in &mapped {
        for problem in &outcome.unfound {
            let this = (problem.key.as_str(), problem.path.as_str(), operation(outcome));
            let lacks = |other: &&&Outcome| {
                other.unfound.iter().any(|one| (one.key.as_str(), one.path.as_str()) == (this.0, this.1))
            };
            let others = mapped.iter().filter(|other| operation(other) == this.2);
            if told.contains(&this) || !others.clone().all(|other| lacks(&other)) {
                continue;
            }
            told.push(this);
            let name = this.2.map(|name| name.as_str()).unwrap_or_default();
            let _ = writeln!(text, "        in no case of {name}: {problem}");
        }
    }
}

fn covered(text: &mut String, coverage: &Coverage) {
    let (operations, all_operations) = share(&coverage.operations);
    let _ = write!(text, "; {operations} of {} covered", counted(all_operations, "operation"));
    let (rules, all_rules) = share(&coverage.error_rules);
    if all_rules > 0 {
        let _ = write!(text, ", {rules} of {}", counted(all_rules, "error rule"));
    }
    let _ = writeln!(text, " ({} %)", coverage.percent());
    let missing = coverage.operations.iter().filter(|covered| covered.cases == 0);
    let missing: Vec<&str> = missing.map(|covered| covered.name.as_str()).collect();
    if !missing.is_empty() {
        let _ = writeln!(text, "        no case runs {}", missing.join(", "));
    }
    for missing in coverage.error_rules.iter().filter(|covered| covered.cases == 0) {
        // The description begins with the rule's place.
        let _ = writeln!(text, "        no case meets {}", missing.description);
    }
}
