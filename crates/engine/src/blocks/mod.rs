//! Blocks and helper calls: the part of the template language that goes through Handlebars.

mod check;
mod compiled;
mod functions;
mod gives;
mod helper_doc;
pub mod helpers;
mod marks;
mod output;
mod prepared;
mod problem;
mod reading;
mod run;
mod template;

use std::sync::LazyLock;

use handlebars::Handlebars;

pub use compiled::{CompiledTemplate, ThreeBraces, VariablePath};
pub use gives::{Expression, Gives};
pub use handlebars::Context;
pub use helper_doc::{HelperDoc, HelperKind};
pub use helpers::HELPERS;
pub use marks::OMITTED;
pub use output::{RenderProblem, Rendered};
pub use problem::{ProblemKind, TemplateProblem};
pub use template::{compile, compile_with};

use super::encode::Slot;
use super::missing::Demand;

/// The registries of a slot, one for each [`Demand`].
type Registries = [LazyLock<Handlebars<'static>>; 6];

macro_rules! registries {
    ($slot:expr) => {
        [
            LazyLock::new(|| registry($slot, Demand::Nothing)),
            LazyLock::new(|| registry($slot, Demand::Record)),
            LazyLock::new(|| registry($slot, Demand::Search)),
            LazyLock::new(|| registry($slot, Demand::LookUp)),
            LazyLock::new(|| registry($slot, Demand::Change)),
            LazyLock::new(|| registry($slot, Demand::Everything)),
        ]
    };
}

/// One registry for each slot: they differ in how `{{value}}` is encoded; `{{{value}}}` never is.
static PLAIN: Registries = registries!(Slot::Json);
static PATH_SEGMENT: Registries = registries!(Slot::PathSegment);
static QUERY_VALUE: Registries = registries!(Slot::QueryValue);
static MARKED: Registries = registries!(Slot::Marked);

fn registry(slot: Slot, demand: Demand) -> Handlebars<'static> {
    let mut handlebars = Handlebars::new();
    run::register_demanding(&mut handlebars, slot, demand);
    handlebars
}

/// How many patterns may stand in a text, at most: they are compiled with it.
pub fn patterns(source: &str) -> usize {
    source.matches("match").count()
}

/// Renders a template for a slot, to at most `limit` bytes.
///
/// # Errors
/// If a limit is exceeded, a helper refuses its arguments, or a value that is demanded is missing.
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
#[cfg(test)]
mod work_tests;
