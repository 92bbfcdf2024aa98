//! Findings for programs.

use serde::Serialize;

use super::mask::Mask;
use super::{Place, count};
use crate::config::diagnostic::{Findings, Lines, Severity};

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    files: Vec<File<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    diagnostics: Vec<Finding>,
    /// How many findings are not among them; absent where all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    code: &'static str,
    severity: Severity,
    title: &'static str,
    message: String,
    pointer: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    offset: usize,
    length: usize,
    label: Option<String>,
    help: Option<String>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    errors: usize,
    mistakes: usize,
    warnings: usize,
}

/// `{"version":1,"files":[{"file","diagnostics":[…]}],"summary":{"files","errors","mistakes",
/// "warnings"}}`. Lines and columns count from 1, columns in characters, the end is behind the span;
/// `offset` and `length` are bytes. `label` and `help` may be null. A file with very many findings has `more`
/// too: how many are not listed.
pub fn json(files: &[Findings]) -> String {
    json_of_first(files, usize::MAX)
}

/// As [`json`], with at most so many findings of a file; the summary counts all.
pub(super) fn json_of_first(files: &[Findings], count_of_each: usize) -> String {
    let report = Report {
        version: 1,
        files: files.iter().map(|findings| file(findings, count_of_each)).collect(),
        summary: Summary {
            files: files.len(),
            errors: count(files, Severity::Error),
            mistakes: count(files, Severity::Mistake),
            warnings: count(files, Severity::Warning),
        },
    };
    // Plain structs with string keys: serialising them has no way to fail.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn file(file: &Findings, count: usize) -> File<'_> {
    let (mask, lines) = (Mask::new(file), Lines::new(&file.source));
    let finding = |found| {
        let found = mask.diagnostic(found);
        let place = Place::new(&lines, &found.span);
        Finding {
            code: found.code.as_str(),
            severity: found.severity(),
            title: found.code.title(),
            pointer: found.pointer,
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            offset: found.span.start,
            length: found.span.len(),
            message: found.message,
            label: found.label,
            help: found.help,
        }
    };
    let more = super::omitted(file, count);
    File {
        file: &file.file,
        diagnostics: file.diagnostics.iter().take(count).map(finding).collect(),
        more: (more > 0).then_some(more),
    }
}
