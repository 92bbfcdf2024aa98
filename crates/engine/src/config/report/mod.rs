//! Findings as text: for people, for programs, for code hosts.
//!
//! Every format says the same. No format shows a secret: what `AC051` underlines is masked wherever it
//! would appear.

mod github;
mod human;
mod json;
mod markdown;
mod mask;
mod sarif;

pub use github::github;
pub use github::{data, property};
pub use human::{Colour, human};
pub use json::json;
pub use markdown::markdown;
pub use sarif::sarif;

use std::ops::Range;
use std::str::FromStr;

use super::diagnostic::{Code, Diagnostic, Findings, Lines, Severity};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Code frames for a terminal.
    #[default]
    Human,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// All formats, the default first.
    pub const ALL: [Self; 4] = [Self::Human, Self::Json, Self::Sarif, Self::Github];

    /// The name that selects the format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| format!("no such format; there are {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// The findings of all checked files, those without findings included, in a format. Ends with a line
/// break unless it is empty. Colour applies to [`Format::Human`] only.
pub fn render(format: Format, files: &[Findings], colour: Colour) -> String {
    match format {
        Format::Human => human(files, colour),
        Format::Json => json(files),
        Format::Sarif => sarif(files),
        Format::Github => github(files),
    }
}

/// The first findings of a document that may have as many as it has bytes, as text for a log; all are
/// counted, and what any of them says to be a secret is masked.
pub fn human_of_first(file: &Findings, count: usize) -> String {
    human::human_of_first(std::slice::from_ref(file), Colour::Off, count)
}

/// As [`human_of_first`], as JSON.
pub fn json_of_first(file: &Findings, count: usize) -> String {
    json::json_of_first(std::slice::from_ref(file), count)
}

/// The place of the secret that a finding underlines, which no report may show.
pub fn secret_in(found: &Diagnostic, source: &str) -> Option<Range<usize>> {
    mask::secret_in(found, source)
}

/// How many findings of a file are there besides those that are told: those that loading left out, and those
/// after the first `count`.
fn omitted(file: &Findings, count: usize) -> usize {
    file.omitted.counts.total() + file.diagnostics.len().saturating_sub(count)
}

/// What is said of them.
fn and_more(omitted: usize) -> String {
    format!("and {omitted} more; they are told once those before are mended")
}

/// What was found, in one line: `3 files checked: 1 error, 2 mistakes, 1 warning` or
/// `1 file checked: clean`.
pub fn summary(files: &[Findings]) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Mistake, Severity::Warning]
        .into_iter()
        .map(|severity| (severity, count(files, severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}{}", plural(count)))
        .collect();
    let found = if counts.is_empty() { "clean".to_owned() } else { counts.join(", ") };
    format!("{} file{} checked: {found}", files.len(), plural(files.len()))
}

fn count(files: &[Findings], severity: Severity) -> usize {
    files.iter().map(|file| file.count(severity)).sum()
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Where a code is explained, relative to the repository.
fn documentation(code: Code) -> String {
    format!("{}#{}", markdown::PATH, markdown::anchor(code))
}

/// First and last place of a span, one-based, in characters; the last is behind the span.
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl Place {
    fn new(lines: &Lines<'_>, span: &Range<usize>) -> Self {
        let (line, column) = lines.line_column(span.start);
        let (end_line, end_column) = lines.line_column(span.end.max(span.start));
        Self { line, column, end_line, end_column }
    }
}
