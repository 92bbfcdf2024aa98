//! The JSON grammar (RFC 8259) with places and explanations.
//!
//! `serde_json` decides what is JSON and makes the value; this reader finds where everything is and
//! says what is wrong with a text that is not JSON. It never recurses and goes on after an error for
//! as long as it can tell what was meant. A test holds it to `serde_json`'s verdict.

mod brackets;
mod lexer;
mod literal;
mod members;
mod outside;
mod reader;
mod tree;

pub(super) use literal::{Reached, decoded_range, inner};
pub(super) use reader::{MAX_DEPTH, Reading, read};
pub(super) use tree::Tree;

use std::ops::Range;

/// More syntax errors than this say nothing new.
const MAX_PROBLEMS: usize = 20;

/// A mistake in the text, before the reader adds where in the document it is.
#[derive(Debug)]
struct Problem {
    span: Range<usize>,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Problem {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: None, help: None }
    }

    fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
