//! Whether an expression can be without a value: decided once, when the template is compiled.

use crate::missing::{Demand, Missing, is_nothing};
use serde_json::Value;

/// What an expression gives where its variables have no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gives {
    /// A value, or what the author wrote for this case.
    Value,
    /// Nothing only where nothing is to be asked for: an element of a list that is there, the spellings
    /// of what is no phone number.
    Meant,
    /// What this variable holds; the keys from the root.
    Variable(Vec<String>),
    /// Nothing for some values, whatever they are.
    Maybe,
    /// The first of these that is there.
    FirstOf(Vec<Gives>),
}

impl Gives {
    /// Whether it can be missing, given whether a variable can.
    pub fn can_be_missing(&self, variable: &dyn Fn(&[String]) -> bool) -> bool {
        match self {
            Self::Value | Self::Meant => false,
            Self::Variable(keys) => variable(keys),
            Self::Maybe => true,
            Self::FirstOf(all) => all.iter().all(|one| one.can_be_missing(variable)),
        }
    }
}

/// What a helper makes of what its arguments give.
pub(super) fn of_helper(name: &str, mut arguments: Vec<Gives>) -> Gives {
    match name {
        // A fallback that the author wrote out is meant, be it an empty text.
        "default" if arguments.contains(&Gives::Value) => Gives::Value,
        "default" | "coalesce" | "words" => Gives::FirstOf(arguments),
        // The inline form chooses between what stands behind the condition.
        "if" if arguments.len() == 3 && arguments[1..].iter().all(|branch| *branch == Gives::Value) => {
            Gives::Value
        }
        "if" => Gives::Maybe,
        "eq" | "ne" | "gt" | "lt" | "and" | "or" | "not" | "omit" => Gives::Value,
        // These refuse values: what is no number, no whole number of a phone, no element.
        "phone" | "number" | "boolean" | "lookup" | "fromJson" | "select" | "selectAll" | "match"
        | "first" | "last" => Gives::Maybe,
        "phoneVariants" => Gives::Meant,
        // Null in, null out.
        _ if arguments.is_empty() => Gives::Value,
        _ => arguments.swap_remove(0),
    }
}

/// An expression of a template that can be without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// As the document writes it.
    pub text: Box<str>,
    /// What it gives.
    pub gives: Gives,
}

/// What is written beside a printed expression, so that printing nothing can be refused in its words:
/// how often it was made JSON, what it reads, its text.
pub(super) fn note(text: &str, reads: &[String], json: usize) -> String {
    format!("{}\0{}\0{text}", json.min(2), reads.join(" "))
}

/// The refusal to print a value, where there must be one and it is nothing.
pub(super) fn refusal(note: &str, value: &Value, printed: &str, demand: Demand) -> Option<Missing> {
    let (json, rest) = note.split_once('\0')?;
    let nothing = match json {
        "0" => printed.trim().is_empty() || is_nothing(value),
        "1" => is_nothing_in_json(printed),
        _ => serde_json::from_str::<String>(printed).is_ok_and(|text| is_nothing_in_json(&text)),
    };
    if !nothing {
        return None;
    }
    let (reads, text) = rest.split_once('\0')?;
    let reads = reads.split(' ').filter(|name| !name.is_empty());
    demand.covers(reads.clone()).then(|| Missing::new(text, reads))
}

/// Longer JSON says something.
const LONGEST_NOTHING: usize = 256;

fn is_nothing_in_json(text: &str) -> bool {
    text.len() <= LONGEST_NOTHING && serde_json::from_str(text).is_ok_and(|value| is_nothing(&value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::compile;
    use crate::blocks::helper_doc::HelperKind;
    use crate::blocks::helpers::HELPERS;

    fn can_be_missing(source: &str) -> bool {
        let compiled = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let variable = |keys: &[String]| keys.first().is_some_and(|name| name.starts_with('m'));
        compiled.expressions().iter().any(|expression| expression.gives.can_be_missing(&variable))
    }

    /// `m` may be missing, `a` is always there.
    #[test]
    fn expressions_know_whether_they_can_be_missing() {
        for (source, expected) in [
            ("{{a}}", false),
            ("{{m}}", true),
            ("{{m.e164}}", true),
            ("{{uppercase a}}", false),
            ("{{uppercase m}}", true),
            ("{{phone a \"e164\"}}", true),
            ("phone:{{replace (phone a \"e164\") \"+\" \"\"}}*", true),
            ("{{default (phone a \"e164\") a}}", false),
            ("{{default m (phone a \"e164\")}}", true),
            ("{{default m \"\"}}", false),
            ("{{default m omit}}", false),
            ("{{{json (default m omit)}}}", false),
            ("{{{json (phone a \"e164\")}}}", true),
            ("{{trim (default m \"x\")}}", false),
            ("{{lookup (split a \" \") 1}}", true),
            ("{{lookup (split a \" \") 0}}", false),
            ("{{lookup (split m \" \") 0}}", true),
            ("{{join (phoneVariants a) \"|\"}}", false),
            ("{{#if m}}{{m}}{{/if}}", false),
            ("{{#if m}}{{m}}{{/if}}{{m}}", true),
            ("{{#each (split \"x,y\" \",\")}}{{this}}{{/each}}", false),
            ("{{#each m}}{{this}}{{/each}}", true),
            ("{{#each m}}{{this}}{{else}}x{{/each}}", false),
            ("{{#with m}}{{b}}{{/with}}", true),
            ("{{eq m a}}", false),
        ] {
            assert_eq!(can_be_missing(source), expected, "{source}");
        }
    }

    /// Each helper was thought of: those that [`of_helper`] does not name give nothing for nothing.
    #[test]
    fn helpers_give_nothing_where_this_says_so() {
        for helper in HELPERS {
            let least = match helper.kind {
                HelperKind::Value { arguments, .. } | HelperKind::Pick { arguments, .. } => arguments.0,
                // What is compiled with the template has to be spelt out there: each has its own test.
                HelperKind::Prepared { .. } | HelperKind::Block { .. } => continue,
            };
            // Without arguments it is a variable's name, or `omit`.
            if least == 0 {
                continue;
            }
            let arguments = " missing".repeat(least);
            let source = format!("{{{{{{json ({}{arguments})}}}}}}", helper.name);
            let template = compile(&source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
            let context = crate::blocks::Context::from(serde_json::json!({}));
            let rendered = crate::blocks::render(
                &template,
                &context,
                crate::encode::Slot::Json,
                1000,
                Demand::Everything,
            );
            let missing = vec![Gives::Maybe; least];
            let can_be = of_helper(helper.name, missing) != Gives::Value;
            assert_eq!(rendered.is_err(), can_be, "{}: {rendered:?}", helper.name);
        }
    }
}
