//! Checks of helper calls: does the helper exist, do its arguments fit.

use handlebars::Path;
use handlebars::template::Parameter;
use serde_json::Value;

use super::{Options, Walk};
use crate::blocks::functions::whole_number;
use crate::blocks::helper_doc::HelperKind;
use crate::blocks::helpers::{HELPERS, find};
use crate::blocks::prepared::{Prepared, prepared_name};
use crate::blocks::problem::ProblemKind;
use crate::date_format::DateFormat;
use crate::phone::{parse_formats, parse_region};
use crate::text::to_text;
use crate::time::{ZoneProblem, parse_instant, parse_seconds, read_zone};
use crate::truncate::Unit;

impl Walk<'_> {
    /// Notes a call of an unknown helper, or one with the wrong arguments.
    pub(super) fn checked_call(
        &mut self,
        name: &str,
        arguments: &[Parameter],
        options: &Options,
        block: bool,
    ) {
        let (what, list) = if block { ("block", "the blocks are") } else { ("helper", "the helpers are") };
        let is_block = |kind: HelperKind| matches!(kind, HelperKind::Block { .. });
        let Some(helper) = find(name) else {
            let names: Vec<&str> = HELPERS
                .iter()
                .filter(|helper| is_block(helper.kind) == block)
                .map(|helper| helper.name)
                .collect();
            let help = match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("{list} {}", names.join(", ")),
            };
            let message = format!("there is no {what} \"{name}\"");
            return self.problem(ProblemKind::UnknownHelper, name, message, Some(help));
        };
        let usage = match is_block(helper.kind) {
            true => format!("write {{{{{}}}}}…{{{{/{name}}}}}", helper.signature),
            false => format!("write {{{{{}}}}}", helper.signature),
        };
        if is_block(helper.kind) != block {
            let not = if block { "not " } else { "" };
            let message = format!("\"{name}\" is {not}a block");
            return self.problem(ProblemKind::Arguments, name, message, Some(usage));
        }
        let (wanted, given) = (helper.arguments(), arguments.len());
        if !wanted.contains(&given) {
            let plural = if *wanted.start() == 1 { "" } else { "s" };
            let least = if wanted.start() == wanted.end() { "" } else { "at least " };
            let message = format!("\"{name}\" takes {least}{} argument{plural}, not {given}", wanted.start());
            return self.problem(ProblemKind::Arguments, name, message, Some(usage));
        }
        for option in options.keys() {
            if !helper.options().contains(&option.as_str()) {
                let near = nearest(option, helper.options().iter().copied());
                let help = near.map_or(usage.clone(), |near| format!("did you mean \"{near}\"?"));
                let message = format!("\"{name}\" has no option \"{option}\"");
                self.problem(ProblemKind::Arguments, name, message, Some(help));
            }
        }
        self.check_literals(name, arguments, options);
    }

    /// Notes literals that stand for a time or a length of time and are none.
    fn check_times(&mut self, name: &str, arguments: &[Parameter], options: &Options) {
        let first = arguments.first();
        match (name, first) {
            ("date" | "add", Some(Parameter::Literal(_))) if first.is_some_and(is_now) => {
                let message = "\"now\" in quotes is a text; it is read as the present time".to_owned();
                let help = "write `now` without quotes, such as `{{date now \"iso\"}}`".to_owned();
                self.problem(ProblemKind::Time, "now", message, Some(help));
            }
            ("date" | "add", Some(Parameter::Literal(value)))
                if !value.is_null() && parse_instant(value).is_none() =>
            {
                let message = format!("{value} is no time, so \"{name}\" gives null");
                let help =
                    "write a variable such as `startTime` or `now`; `(now offset=\"+1d\")` is a day later";
                self.problem(ProblemKind::Time, &to_text(value), message, Some(help.to_owned()));
            }
            _ => {}
        }
        let length = match name {
            "add" => arguments.get(1),
            "now" => options.get("offset"),
            _ => None,
        };
        if let Some(Parameter::Literal(value)) = length
            && !value.is_null()
            && parse_seconds(value).is_none()
        {
            let message = format!("{value} is no length of time, so \"{name}\" gives null");
            let help = "write seconds, or a text such as `\"15m\"`, `\"-2h\"` or `\"1d\"`";
            self.problem(ProblemKind::Time, &to_text(value), message, Some(help.to_owned()));
        }
    }

    /// Checks how long a text may become.
    fn check_length(&mut self, name: &str, arguments: &[Parameter], options: &Options) {
        if name != "truncate" {
            return;
        }
        if let Some(Parameter::Literal(length)) = arguments.get(1)
            && whole_number(length).is_none()
        {
            let message = format!("{length} is no length");
            let help = "write a whole number such as 80".to_owned();
            self.problem(ProblemKind::Literal, &to_text(length), message, Some(help));
        }
        if let Some(Parameter::Literal(unit)) = options.get("unit")
            && unit.as_str().and_then(Unit::parse).is_none()
        {
            let message = format!("{unit} is no unit of a text's length");
            let help = "use characters (UTF-16 units), codepoints or bytes".to_owned();
            self.problem(ProblemKind::Literal, &to_text(unit), message, Some(help));
        }
    }

    /// Compiles what a call's template spells out for it, and gives the name of the helper that then
    /// runs the call.
    pub(super) fn prepared(
        &mut self,
        name: &str,
        arguments: &[Parameter],
        options: &Options,
    ) -> Option<String> {
        let helper = find(name).filter(|helper| matches!(helper.kind, HelperKind::Prepared { .. }))?;
        if !helper.arguments().contains(&arguments.len()) {
            return None;
        }
        let literal = |parameter: &Parameter| match parameter {
            Parameter::Literal(value) => Some(value.clone()),
            _ => None,
        };
        let group = options.get("group").map(literal);
        let written = arguments.get(1).and_then(literal);
        match Prepared::new(name, written.as_ref(), group.as_ref().map(Option::as_ref)) {
            Ok(prepared) => {
                self.prepared.push(prepared);
                Some(prepared_name(self.prepared.len() - 1))
            }
            Err((text, message)) => {
                let help = format!("write {{{{{}}}}}", helper.signature);
                self.problem(ProblemKind::Literal, &text, message, Some(help));
                None
            }
        }
    }

    /// Formats, zones and regions written out in the template are checked before any call.
    fn check_literals(&mut self, name: &str, arguments: &[Parameter], options: &Options) {
        let literal = |parameter: Option<&Parameter>| match parameter {
            Some(Parameter::Literal(value)) => Some(value.clone()),
            _ => None,
        };
        let format = literal(arguments.get(1));
        let format = format.as_ref().and_then(Value::as_str);
        let message = match (name, format) {
            ("date", Some(format)) => DateFormat::parse(format).err().map(|p| p.to_string()),
            ("phone" | "phoneVariants", Some(format)) => parse_formats(format).err().map(|p| p.to_string()),
            _ => None,
        };
        self.check_times(name, arguments, options);
        self.check_length(name, arguments, options);
        if let (Some(message), Some(format)) = (message, format) {
            self.problem(ProblemKind::Literal, format, message, None);
        }
        if let Some((zone, problem)) =
            literal(options.get("zone")).and_then(|zone| Some((zone.clone(), read_zone(&zone).err()?)))
        {
            let help = "use a name such as America/New_York, or an offset such as +05:30";
            let message = match problem {
                ZoneProblem::Unknown => format!("{zone} is not a time zone"),
                ZoneProblem::Ambiguous(_, zones) => {
                    format!("{zone} is not one time zone: it may be the time of {zones}")
                }
            };
            self.problem(ProblemKind::Literal, &to_text(&zone), message, Some(help.to_owned()));
        }
        if let Some(region) = literal(options.get("region"))
            && region.as_str().and_then(parse_region).is_none()
        {
            let help = "use two letters such as US".to_owned();
            let message = format!("{region} is not a region");
            self.problem(ProblemKind::Literal, &to_text(&region), message, Some(help));
        }
    }
}

/// The word that is read as the present time.
fn is_now(value: &Parameter) -> bool {
    matches!(value, Parameter::Literal(Value::String(text)) if text.trim().eq_ignore_ascii_case("now"))
}

/// The arguments with the present time where a call means it: `now offset=…` counts from it, and people
/// write `date 'now' …`.
pub(super) fn with_present(name: &str, mut arguments: Vec<Parameter>) -> Vec<Parameter> {
    let Ok(now) = Path::parse("@root.now").map(Parameter::Path) else { return arguments };
    match (name, arguments.as_mut_slice()) {
        ("now", []) => arguments.push(now),
        ("date" | "add", [first, ..]) if is_now(first) => *first = now,
        _ => {}
    }
    arguments
}

fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_lowercase();
    names
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
