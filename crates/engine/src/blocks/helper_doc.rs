//! What describes a helper.

use std::ops::RangeInclusive;

use super::functions::{Arguments, Outcome, Picked};

/// One helper, as documented and as run.
#[derive(Debug, Clone, Copy)]
pub struct HelperDoc {
    /// The name in templates.
    pub name: &'static str,
    /// How it is called: optional parts in brackets, `…` for repetition.
    pub signature: &'static str,
    /// One sentence on what it gives.
    pub doc: &'static str,
    /// A template that uses it.
    pub example: &'static str,
    /// The example's input, JSON.
    pub input: &'static str,
    /// What the example renders to.
    pub result: &'static str,
    /// Whether it is a value or a block, and its arguments.
    pub kind: HelperKind,
}

/// The two kinds of helpers.
#[derive(Debug, Clone, Copy)]
pub enum HelperKind {
    /// `{{name a b}}` or `(name a b)`: gives a JSON value.
    Value {
        /// How many arguments it takes: the least and the most.
        arguments: (usize, usize),
        /// Names of its options (`zone="UTC"`).
        options: &'static [&'static str],
        /// The function.
        run: fn(Arguments<'_, '_>) -> Outcome,
    },
    /// As [`Self::Value`], for what gives one of its arguments, a part of one, or a small value, and does
    /// not look at all of them.
    Pick {
        /// How many arguments it takes: the least and the most.
        arguments: (usize, usize),
        /// The function.
        run: fn(Arguments<'_, '_>) -> Picked,
    },
    /// As [`Self::Value`]; the second argument is spelt out in the template and compiled with it.
    Prepared {
        /// How many arguments it takes: the least and the most.
        arguments: (usize, usize),
        /// Names of its options.
        options: &'static [&'static str],
    },
    /// `{{#name a}}…{{/name}}`: takes one argument and decides what becomes of its content.
    Block {
        /// Names of its options.
        options: &'static [&'static str],
    },
}

impl HelperDoc {
    /// How many arguments it takes.
    pub fn arguments(&self) -> RangeInclusive<usize> {
        match self.kind {
            HelperKind::Value { arguments, .. }
            | HelperKind::Pick { arguments, .. }
            | HelperKind::Prepared { arguments, .. } => arguments.0..=arguments.1,
            HelperKind::Block { .. } => 1..=1,
        }
    }

    /// Names of its options.
    pub fn options(&self) -> &'static [&'static str] {
        match self.kind {
            HelperKind::Value { options, .. }
            | HelperKind::Prepared { options, .. }
            | HelperKind::Block { options } => options,
            HelperKind::Pick { .. } => &[],
        }
    }
}
