//! The helpers as Handlebars calls them: every call is counted, and what stands in the context is lent.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, PathAndJson, RenderContext, RenderError,
    RenderErrorReason, ScopedJson, no_escape,
};
use serde_json::Value;

use super::functions::{self, Arguments, Outcome, Picked};
use super::gives::refusal;
use super::helper_doc::HelperKind;
use super::helpers::HELPERS;
use super::marks::{CHOOSE, GET, OMITTED, PRINT, PRINT_IN_BRACES, PRINT_RAW, SEEN, STEP};
use super::prepared::Prepared;
use crate::budget::{self, CALL, weight};
use crate::encode::Slot;
use crate::missing::Demand;
use crate::text::to_text;
use crate::text_body::{self, Made};

/// Registers every helper for templates of a slot, and switches HTML escaping off.
///
/// The registry serves every template; it holds no templates itself.
#[cfg(test)]
pub(super) fn register(handlebars: &mut Handlebars<'static>, slot: Slot) {
    register_demanding(handlebars, slot, Demand::Nothing);
}

/// The same, for templates whose values must be there.
pub(super) fn register_demanding(handlebars: &mut Handlebars<'static>, slot: Slot, demand: Demand) {
    handlebars.register_escape_fn(no_escape);
    for helper in HELPERS {
        match helper.kind {
            HelperKind::Value { run, .. } => {
                handlebars.register_helper(helper.name, Box::new(ValueHelper(run)))
            }
            HelperKind::Pick { run, .. } => {
                handlebars.register_helper(helper.name, Box::new(PickHelper(run)))
            }
            HelperKind::Prepared { .. } | HelperKind::Block { .. } => {}
        }
    }
    handlebars.register_helper(GET, Box::new(PickHelper(functions::get)));
    handlebars.register_helper(SEEN, Box::new(PickHelper(functions::seen)));
    handlebars.register_helper(PRINT, Box::new(Print(slot, demand)));
    let raw = if slot == Slot::Marked { Slot::Marked } else { Slot::Json };
    handlebars.register_helper(PRINT_RAW, Box::new(Print(raw, demand)));
    handlebars.register_helper(PRINT_IN_BRACES, Box::new(PrintInBraces(demand)));
    handlebars.register_helper(CHOOSE, Box::new(PickHelper(functions::choose)));
    handlebars.register_helper(STEP, Box::new(Step));
}

/// Counts a call: what its arguments cost that were copied for it, and if it looks at all of them, the others.
fn count(helper: &Helper<'_>, looks: bool) -> Result<(), RenderError> {
    let arguments = helper.params().iter().chain(helper.hash().values());
    let cost = |argument: &PathAndJson<'_>| match argument.context_path() {
        Some(path) => {
            let names: u64 = path.iter().map(|name| budget::text(name.len())).sum();
            names + if looks { weight(argument.value()) } else { 0 }
        }
        None if !looks && argument.try_get_constant_value().is_some() => 0,
        None => weight(argument.value()),
    };
    spend(CALL + arguments.map(cost).sum::<u64>())
}

/// A refusal whose words nobody sees: [`super::output::render`] asks first whether the budget is spent.
fn spend(steps: u64) -> Result<(), RenderError> {
    budget::spend(steps).map_err(|spent| RenderErrorReason::Other(spent.to_string()).into())
}

struct ValueHelper(fn(Arguments<'_, '_>) -> Outcome);

impl HelperDef for ValueHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        count(helper, true)?;
        match (self.0)(Arguments(helper, context)) {
            Ok(value) => made(value),
            Err(message) => {
                let name = helper.name();
                Err(RenderErrorReason::Other(format!("{name}: {message}")).into())
            }
        }
    }
}

fn made<'rc>(value: Value) -> Result<ScopedJson<'rc>, RenderError> {
    spend(weight(&value))?;
    Ok(ScopedJson::Derived(value))
}

struct PickHelper(fn(Arguments<'_, '_>) -> Picked);

impl HelperDef for PickHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        count(helper, false)?;
        let picked = (self.0)(Arguments(helper, context));
        // Some of them compare texts.
        spend(0)?;
        let (argument, keys) = match picked {
            Picked::Made(value) => return made(value),
            Picked::Part(argument, keys) => (argument, keys),
        };
        let Some(argument) = helper.param(argument) else { return Ok(ScopedJson::Missing) };
        if let Some(path) = argument.context_path() {
            let path: Vec<String> = path.iter().cloned().chain(keys).collect();
            return Ok(match below(context.data(), &path) {
                Some(value) => ScopedJson::Context(value, path),
                None => ScopedJson::Missing,
            });
        }
        if let Some(constant) = argument.try_get_constant_value() {
            return Ok(below(constant, &keys).map_or(ScopedJson::Missing, ScopedJson::Constant));
        }
        match below(argument.value(), &keys) {
            Some(value) => {
                spend(weight(value))?;
                Ok(ScopedJson::Derived(value.clone()))
            }
            None => Ok(ScopedJson::Missing),
        }
    }
}

/// The value at keys of objects and indexes of arrays.
fn below<'v>(value: &'v Value, keys: &[String]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| match value {
        Value::Object(members) => members.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The helper that runs a prepared call.
pub(super) struct PreparedHelper<'t>(pub(super) &'t Prepared);

impl HelperDef for PreparedHelper<'_> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        count(helper, false)?;
        let value = self.0.run(Arguments(helper, context).value(0));
        spend(0)?;
        made(value)
    }
}

struct Print(Slot, Demand);

impl HelperDef for Print {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        count(helper, true)?;
        let value = helper.param(0).map_or(&Value::Null, |p| p.value());
        let text = to_text(value);
        demand_value(helper, value, &text, self.1)?;
        let argument = |at: usize| helper.param(at).and_then(|p| p.value().as_str());
        if self.0 == Slot::Marked && argument(0) != Some(OMITTED) {
            let mut marked = String::new();
            let made = argument(2).and_then(|made| made.chars().next());
            text_body::mark(made.unwrap_or(Made::Value.letter()), value, &mut marked);
            return Ok(output.write(&marked)?);
        }
        if matches!(self.0, Slot::Json | Slot::Marked) {
            return Ok(output.write(&text)?);
        }
        let mut encoded = String::new();
        for (at, part) in text.split(OMITTED).enumerate() {
            // The mark is no part of the value.
            encoded.push_str(if at > 0 { OMITTED } else { "" });
            self.0.encode(part, &mut encoded);
        }
        Ok(output.write(&encoded)?)
    }
}

/// Refuses to print nothing where there must be a value. What the value was read from is noted in the
/// second argument.
fn demand_value(
    helper: &Helper<'_>,
    value: &Value,
    printed: &str,
    demand: Demand,
) -> Result<(), RenderError> {
    if demand != Demand::Nothing
        && let Some(note) = helper.param(1).and_then(|note| note.value().as_str())
        && let Some(missing) = refusal(note, value, printed, demand)
    {
        return Err(RenderErrorReason::NestedError(Box::new(missing)).into());
    }
    Ok(())
}

struct PrintInBraces(Demand);

impl HelperDef for PrintInBraces {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        count(helper, true)?;
        let value = helper.param(0).map_or(&Value::Null, |p| p.value());
        let text = to_text(value);
        demand_value(helper, value, &text, self.0)?;
        Ok(output.write(&format!("{{{text}}}"))?)
    }
}

struct Step;

impl HelperDef for Step {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        Ok(output.write("")?)
    }
}
