//! Blocks and helper calls: the part of the template language that goes through Handlebars.

mod check;
mod functions;
mod gives;
pub mod helpers;
mod output;
mod problem;
mod reading;
mod template;

use std::sync::LazyLock;

use handlebars::Handlebars;

pub use functions::REGION;
pub use gives::{Expression, Gives};
pub use handlebars::Context;
pub use helpers::{HELPERS, HelperDoc};
pub use output::{OMITTED, RenderProblem, Rendered};
pub use problem::{ProblemKind, TemplateProblem};
pub use template::{CompiledTemplate, ThreeBraces, VariablePath, compile, compile_with};

use super::encode::Slot;
use super::missing::Demand;

/// The registries of a slot, one for each [`Demand`].
type Registries = [LazyLock<Handlebars<'static>>; 4];

const fn registries(of: [fn() -> Handlebars<'static>; 4]) -> [LazyLock<Handlebars<'static>>; 4] {
    let [nothing, record, search, everything] = of;
    [LazyLock::new(nothing), LazyLock::new(record), LazyLock::new(search), LazyLock::new(everything)]
}

/// One registry for each slot: they differ in how `{{value}}` is encoded; `{{{value}}}` never is.
static PLAIN: Registries = registries([
    || registry(Slot::Json, Demand::Nothing),
    || registry(Slot::Json, Demand::Record),
    || registry(Slot::Json, Demand::Search),
    || registry(Slot::Json, Demand::Everything),
]);
static PATH_SEGMENT: Registries = registries([
    || registry(Slot::PathSegment, Demand::Nothing),
    || registry(Slot::PathSegment, Demand::Record),
    || registry(Slot::PathSegment, Demand::Search),
    || registry(Slot::PathSegment, Demand::Everything),
]);
static QUERY_VALUE: Registries = registries([
    || registry(Slot::QueryValue, Demand::Nothing),
    || registry(Slot::QueryValue, Demand::Record),
    || registry(Slot::QueryValue, Demand::Search),
    || registry(Slot::QueryValue, Demand::Everything),
]);
static MARKED: Registries = registries([
    || registry(Slot::Marked, Demand::Nothing),
    || registry(Slot::Marked, Demand::Record),
    || registry(Slot::Marked, Demand::Search),
    || registry(Slot::Marked, Demand::Everything),
]);

fn registry(slot: Slot, demand: Demand) -> Handlebars<'static> {
    let mut handlebars = Handlebars::new();
    helpers::register_demanding(&mut handlebars, slot, demand);
    handlebars
}

/// Renders a template for a slot, to at most `limit` bytes.
///
/// # Errors
/// Where a limit is exceeded, a helper refuses its arguments, or a value that is demanded is missing.
pub fn render(
    template: &CompiledTemplate,
    context: &Context,
    slot: Slot,
    limit: usize,
    demand: Demand,
) -> Result<Rendered, RenderProblem> {
    let handlebars = match slot {
        // A header is encoded as a whole.
        Slot::Json | Slot::Header => &PLAIN[demand as usize],
        Slot::PathSegment => &PATH_SEGMENT[demand as usize],
        Slot::QueryValue => &QUERY_VALUE[demand as usize],
        Slot::Marked => &MARKED[demand as usize],
    };
    output::render(handlebars, template, context, limit)
}

#[cfg(test)]
mod tests;
