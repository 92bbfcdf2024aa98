//! What compiling a template gives.

use handlebars::Template;

use super::gives::Expression;
use super::prepared::Prepared;
use super::problem::TemplateProblem;

/// How deep blocks and helper calls may nest, counted together.
pub const MAX_DEPTH: usize = 32;

/// A checked template, ready to render.
#[derive(Debug, Clone)]
pub struct CompiledTemplate {
    pub(super) template: Template,
    pub(super) variables: Vec<VariablePath>,
    pub(super) expressions: Vec<Expression>,
    pub(super) doubts: Vec<TemplateProblem>,
    /// Calls with what the template spells out for them; each is a helper of its own.
    pub(super) prepared: Vec<Prepared>,
}

impl CompiledTemplate {
    /// The variables that the template reads, from the root, in order, each use once.
    ///
    /// Left out is what has no name from the root: `@index` and the like, and fields of the
    /// element within `each` (the list itself is there, open).
    pub fn variables(&self) -> &[VariablePath] {
        &self.variables
    }

    /// The expressions that can be without a value and stand in no `if` or `unless`.
    pub fn expressions(&self) -> &[Expression] {
        &self.expressions
    }

    /// What is wrong with it although it runs.
    pub fn doubts(&self) -> &[TemplateProblem] {
        &self.doubts
    }

    /// The template for Handlebars; it needs the helpers that `super::run` registers.
    pub fn as_handlebars(&self) -> &Template {
        &self.template
    }
}

/// What three braces around an expression mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreeBraces {
    /// The value is inserted as it is.
    Raw,
    /// A brace on either side of the value.
    Literal,
}

/// A variable that a template reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariablePath {
    /// The keys from the root: `["contactInfo", "id"]`.
    pub segments: Vec<String>,
    /// Whether what is below is read too: the value of `each`, `with`, `lookup`.
    pub open: bool,
    /// Byte offset of its text in the template.
    pub offset: usize,
    /// Length of its text in bytes.
    pub length: usize,
}
