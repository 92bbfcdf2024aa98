//! What came of cases, as text: for people, for programs, for code hosts, for test reports.

mod github;
mod human;
mod json;
mod junit;

pub use junit::junit;

use std::str::FromStr;

use super::suite::Suite;

/// How outcomes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Failures with their differences, a line for each document.
    #[default]
    Human,
    /// One JSON object.
    Json,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// All formats, the default first.
    pub const ALL: [Self; 3] = [Self::Human, Self::Json, Self::Github];

    /// The name that selects the format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
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

/// The outcomes in a format. Ends with a line break unless it is empty. `wanted` is the coverage, in
/// percent, that every document must have.
pub fn render(format: Format, suites: &[Suite], wanted: Option<u8>) -> String {
    match format {
        Format::Human => human::human(suites, wanted),
        Format::Json => json::json(suites, wanted),
        Format::Github => github::github(suites, wanted),
    }
}

/// Whether a document has less coverage than wanted.
pub fn falls_short(suite: &Suite, wanted: Option<u8>) -> bool {
    suite.coverage.as_ref().zip(wanted).is_some_and(|(coverage, wanted)| coverage.percent() < wanted)
}

/// Cases, and those of them that failed.
fn counts(suites: &[Suite]) -> (usize, usize) {
    let outcomes = || suites.iter().flat_map(|suite| &suite.outcomes);
    (outcomes().count(), outcomes().filter(|outcome| !outcome.passed()).count())
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
