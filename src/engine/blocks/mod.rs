//! Blocks and helper calls: the part of the template language that goes through Handlebars.

mod check;
mod functions;
pub mod helpers;
mod output;
mod problem;
mod template;

use std::sync::LazyLock;

use handlebars::Handlebars;

pub use handlebars::Context;
pub use helpers::{HELPERS, HelperDoc};
pub use output::{OMITTED, RenderProblem, Rendered};
pub use problem::{ProblemKind, TemplateProblem};
pub use template::{CompiledTemplate, ThreeBraces, VariablePath, compile, compile_with};

use super::encode::Slot;

/// One registry for each slot: they differ in how `{{value}}` is encoded; `{{{value}}}` never is.
static PLAIN: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Slot::Json));
static PATH_SEGMENT: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Slot::PathSegment));
static QUERY_VALUE: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Slot::QueryValue));
static MARKED: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Slot::Marked));

fn registry(slot: Slot) -> Handlebars<'static> {
    let mut handlebars = Handlebars::new();
    helpers::register(&mut handlebars, slot);
    handlebars
}

/// Renders a template for a slot, to at most `limit` bytes.
///
/// # Errors
/// Where a limit is exceeded or a helper refuses its arguments.
pub fn render(
    template: &CompiledTemplate,
    context: &Context,
    slot: Slot,
    limit: usize,
) -> Result<Rendered, RenderProblem> {
    let handlebars = match slot {
        // A header is encoded as a whole.
        Slot::Json | Slot::Header => &PLAIN,
        Slot::PathSegment => &PATH_SEGMENT,
        Slot::QueryValue => &QUERY_VALUE,
        Slot::Marked => &MARKED,
    };
    output::render(handlebars, template, context, limit)
}

#[cfg(test)]
mod tests;
