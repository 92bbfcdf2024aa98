//! What compiling finds wrong, before it is known where in the file that stands.

use std::ops::Range;

use crate::cancel::Cancel;
use crate::config::diagnostic::{Code, Counts};

/// So many problems of each severity are put into words. Nobody reads more at once, and a text can hold as
/// many as it has bytes.
const KEPT: usize = 300;

/// The most regular expressions of a document. Compiling a large one takes milliseconds.
const PATTERNS: usize = 200;

/// The most work of reading templates of helpers and blocks: the parser reads a text from its start for each
/// tag, so it takes their product.
const TEMPLATE_WORK: usize = 1 << 30;

/// What reading a template takes besides.
const TEMPLATE: usize = 4096;

/// A finding of the compiler, located by JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which rule.
    pub code: Code,
    /// JSON pointer of the value.
    pub pointer: String,
    /// Which part of it.
    pub part: Part,
    /// What is wrong.
    pub message: String,
    /// A few words beside the underline.
    pub label: Option<String>,
    /// How to mend it.
    pub help: Option<String>,
}

/// The part of a value, or of the member it belongs to, that a problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The whole value.
    Value,
    /// The member's key.
    Key,
    /// Bytes of the decoded text.
    Text(Range<usize>),
}

impl Problem {
    /// A problem with a whole value.
    pub fn new(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            pointer: pointer.into(),
            part: Part::Value,
            message: message.into(),
            label: None,
            help: None,
        }
    }

    /// Says which part of the value is meant.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Adds a few words beside the underline.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Where the compiler puts what it finds. The first problems of each severity are kept, and the others are
/// counted. Also says whether anybody still waits for the outcome.
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    counts: Counts,
    omitted: Counts,
    patterns: usize,
    template_work: usize,
    cancel: Cancel,
}

impl Problems {
    /// For work that can be cancelled.
    pub fn new(cancel: Cancel) -> Self {
        Self { cancel, ..Self::default() }
    }

    /// Adds a problem, or counts it.
    pub fn push(&mut self, problem: Problem) {
        if self.takes(problem.code) {
            self.counts.add(problem.code.severity(), 1);
            self.kept.push(problem);
        }
    }

    /// Whether a problem of this kind is kept. One that is not has been counted hereby, and need not be put
    /// into words, which takes far longer than finding it.
    pub fn takes(&mut self, code: Code) -> bool {
        let severity = code.severity();
        // The place of each secret has to be known, so that no report shows it.
        let is_kept = marks_secret(code) || self.counts.of(severity) < KEPT;
        if !is_kept {
            self.omitted.add(severity, 1);
        }
        is_kept
    }

    /// Adds all.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Adds what another compilation found.
    pub fn append(&mut self, other: Self) {
        self.omitted.add_all(other.omitted);
        self.count_patterns_of(&other);
        self.extend(other.kept);
    }

    /// Adds what is not known yet: every operation compiles what all share.
    pub fn append_new(&mut self, other: Self) {
        let known = self.kept.len();
        for problem in other.kept {
            if !self.kept.contains(&problem) {
                self.push(problem);
            }
        }
        // Each compilation takes its time.
        self.template_work = self.template_work.max(other.template_work);
        // What was counted the first time is the same each time.
        if self.kept.len() > known {
            self.omitted.add_all(other.omitted);
        }
    }

    /// For a part whose problems are looked at before they are added here. It keeps no more than there is
    /// room for here.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            counts: self.counts,
            patterns: self.patterns,
            template_work: self.template_work,
            ..Self::new(self.cancel.clone())
        }
    }

    /// Whether the document may have so many more regular expressions.
    pub fn takes_patterns(&mut self, count: usize) -> bool {
        self.patterns = self.patterns.saturating_add(count);
        self.patterns <= PATTERNS
    }

    /// Counts those of a part whose problems are not added.
    pub fn count_patterns_of(&mut self, part: &Self) {
        self.patterns = self.patterns.max(part.patterns);
        self.template_work = self.template_work.max(part.template_work);
    }

    /// Whether the document may have one more template of helpers and blocks, with so many tags and bytes.
    pub fn takes_template(&mut self, tags: usize, bytes: usize) -> bool {
        let work = tags.saturating_mul(bytes).saturating_add(TEMPLATE);
        self.template_work = self.template_work.saturating_add(work);
        self.template_work <= TEMPLATE_WORK
    }

    /// Says that its templates are too much together.
    pub fn push_long_templates(&mut self, pointer: impl Into<String>) {
        let message =
            "the templates of this document, each for every operation that uses it, are too much together";
        self.push(
            Problem::new(Code::TemplateSyntax, pointer, message)
                .help("shorten those with many helpers and blocks, or let the CRM do a part of it"),
        );
    }

    /// Says that it has too many of them.
    pub fn push_many_patterns(&mut self, pointer: impl Into<String>) {
        let message = format!("the document has more than {PATTERNS} regular expressions");
        self.push(
            Problem::new(Code::Pattern, pointer, message)
                .help("say several in one with `|`, or test another part of the reply"),
        );
    }

    /// How many were found, kept or not.
    pub fn found(&self) -> usize {
        self.counts.total() + self.omitted.total()
    }

    /// Those that are kept.
    pub fn kept(&mut self) -> &mut [Problem] {
        &mut self.kept
    }

    /// Those that are kept, and how many there are besides.
    pub fn into_parts(self) -> (Vec<Problem>, Counts) {
        (self.kept, self.omitted)
    }

    /// Whether nobody waits for the outcome any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// Whether findings of this kind may underline a secret.
fn marks_secret(code: Code) -> bool {
    matches!(code, Code::SecretLiteral | Code::InvalidUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_severity_the_first_are_kept_and_all_are_counted() {
        let mut problems = Problems::default();
        for _ in 0..KEPT + 5 {
            problems.push(Problem::new(Code::UnknownVariable, "/a", ""));
            problems.push(Problem::new(Code::SecretLiteral, "/b", ""));
        }
        assert!(!problems.takes(Code::UnknownVariable));
        problems.push(Problem::new(Code::InvalidUrl, "/c", ""));
        assert_eq!(problems.found(), 2 * (KEPT + 5) + 2);
        let (kept, omitted) = problems.into_parts();
        assert_eq!((kept.len(), omitted.total()), (KEPT + KEPT + 5 + 1, 6));
    }

    #[test]
    fn what_several_share_is_told_once() {
        let mut problems = Problems::default();
        for _ in 0..3 {
            let mut part = problems.part();
            part.push(Problem::new(Code::UnknownKey, "/a", ""));
            problems.append_new(part);
        }
        assert_eq!(problems.found(), 1);
    }
}
