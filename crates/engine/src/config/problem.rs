//! What compiling finds wrong, before it is known where in the file that stands.

use std::ops::Range;

use crate::config::diagnostic::Code;

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
