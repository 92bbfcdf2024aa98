//! Workflow commands of GitHub Actions: annotations at the lines of the expectations that failed.

use std::path::Path;

use super::super::suite::Suite;
use super::falls_short;
use crate::cases::{Difference, Outcome, REQUEST, RESULT};
use crate::config::report::{data, property};
use crate::config::source;

/// One command for each expectation that failed, and for each document that cannot run or is not
/// covered as wanted.
pub(super) fn github(suites: &[Suite], wanted: Option<u8>) -> String {
    let mut text = String::new();
    for suite in suites {
        if let Some(refusal) = suite.refusal() {
            text.push_str(&command(&suite.document, None, "cases cannot run", &refusal));
        }
        for outcome in suite.outcomes.iter().filter(|outcome| !outcome.passed()) {
            case(&mut text, outcome);
        }
        if let Some((coverage, wanted)) =
            suite.coverage.as_ref().zip(wanted).filter(|_| falls_short(suite, wanted))
        {
            let missing: Vec<&str> = coverage.missing().map(|covered| covered.name.as_str()).collect();
            let message = format!(
                "{} % of operations and error rules have a case; wanted are {wanted} %\nwithout one: {}",
                coverage.percent(),
                missing.join(", ")
            );
            text.push_str(&command(&suite.document, None, "too few cases", &message));
        }
    }
    text
}

fn case(text: &mut String, outcome: &Outcome) {
    if let Some(error) = &outcome.error {
        text.push_str(&command(&outcome.directory.join("case.json"), None, &outcome.title, error));
    }
    for file in [REQUEST, RESULT] {
        let differences: Vec<&Difference> =
            outcome.differences.iter().filter(|difference| difference.file == file).collect();
        let Some(first) = differences.first() else { continue };
        let path = outcome.directory.join(file);
        let line = line_of(&path, &first.pointer);
        let shown: Vec<String> = differences.iter().map(|difference| difference.to_string()).collect();
        text.push_str(&command(&path, line, &outcome.title, &shown.join("\n")));
    }
}

/// The line of a value in a file; the nearest one around it where it is not there.
fn line_of(path: &Path, pointer: &str) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    let (_, map) = source::parse(&text).ok()?;
    let start = map.value_span(pointer).start;
    Some(text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1)
}

fn command(path: &Path, line: Option<usize>, title: &str, message: &str) -> String {
    let line = line.map(|line| format!(",line={line}")).unwrap_or_default();
    let file = property(&path.display().to_string());
    format!("::error file={file}{line},title={}::{}\n", property(title), data(message))
}
