//! Checks of helper calls: does the helper exist, do its arguments fit.

use handlebars::template::Parameter;
use serde_json::Value;

use super::{Options, Walk};
use crate::engine::blocks::helpers::{HELPERS, HelperKind, find};
use crate::engine::blocks::problem::ProblemKind;
use crate::engine::blocks::reading::{Prepared, prepared_name};
use crate::engine::date_format::DateFormat;
use crate::engine::phone::{PhoneFormat, parse_region};
use crate::engine::text::to_text;
use crate::engine::time::parse_zone;

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
            ("phone", Some(format)) => PhoneFormat::parse(format).err().map(|p| p.to_string()),
            _ => None,
        };
        if let (Some(message), Some(format)) = (message, format) {
            self.problem(ProblemKind::Literal, format, message, None);
        }
        if let Some(zone) = literal(options.get("zone")).filter(|zone| parse_zone(zone).is_none()) {
            let help = "use a name such as America/New_York, or an offset such as +05:30";
            let message = format!("{zone} is not a time zone");
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

fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_lowercase();
    names
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
