//! Workflow commands of GitHub Actions, which annotate the lines of a pull request
//! (docs.github.com, "Workflow commands for GitHub Actions").

use std::fmt::Write;

use super::Place;
use super::mask::Mask;
use crate::config::diagnostic::{Diagnostic, Findings, Lines, Severity};

/// One command per finding and line.
pub fn github(files: &[Findings]) -> String {
    let mut text = String::new();
    for file in files {
        let (mask, lines) = (Mask::new(file), Lines::new(&file.source));
        for found in &file.diagnostics {
            text.push_str(&command(file, &lines, &mask.diagnostic(found)));
            text.push('\n');
        }
        let omitted = super::omitted(file, usize::MAX);
        if omitted > 0 {
            let (name, more) = (property(&file.file), super::and_more(omitted));
            let _ = writeln!(text, "::error file={name},title=more findings::{}", data(&more));
        }
    }
    text
}

fn command(file: &Findings, lines: &Lines<'_>, found: &Diagnostic) -> String {
    let name = match found.severity() {
        Severity::Error | Severity::Mistake => "error",
        Severity::Warning => "warning",
    };
    let mut command = format!("::{name} file={}", property(&file.file));
    // A file that could not be read has no lines.
    if !file.source.is_empty() {
        let Place { line, column, end_line, end_column } = Place::new(lines, &found.span);
        // Columns of a range over several lines are refused. The end column is the last one inside.
        let _ = if line == end_line {
            let last = end_column.saturating_sub(1).max(column);
            write!(command, ",line={line},col={column},endLine={end_line},endColumn={last}")
        } else {
            write!(command, ",line={line},endLine={end_line}")
        };
    }
    let title = property(&format!("{} {}", found.code, found.code.title()));
    let mut message = found.message.clone();
    if let Some(help) = &found.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    if !found.pointer.is_empty() {
        let _ = write!(message, "\nat: {}", found.pointer);
    }
    format!("{command},title={title}::{}", data(&message))
}

/// Text after the last `::` of a command.
pub fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
pub fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
