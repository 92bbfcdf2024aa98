//! What is known about an expression before anything is rendered: whether it can be without a value,
//! and in which words that is told.

use handlebars::Path;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};

use super::Walk;
use crate::blocks::gives::{Expression, Gives, note, of_helper};
use crate::text::to_text;

/// An expression is quoted up to this length, in characters.
const LONGEST: usize = 120;

/// How a whole value that is one call is compiled, so that it keeps its type.
const TYPED: (&str, &str) = ("{{{json (", ")}}}");

/// How many calls of `json` stand around what is printed.
pub(super) fn json_calls(expression: &HelperTemplate) -> usize {
    if expression.name.as_name() != Some("json") {
        return 0;
    }
    match expression.params.first() {
        None => 0,
        Some(Parameter::Subexpression(sub)) => match sub.element.as_ref() {
            TemplateElement::Expression(inner) => 1 + json_calls(inner),
            _ => 1,
        },
        Some(_) => 1,
    }
}

/// The text of `lookup (split text separator) 0`: whatever is split has a first part.
fn first_of_split(expression: &HelperTemplate) -> Option<&Parameter> {
    let [Parameter::Subexpression(list), Parameter::Literal(key)] = expression.params.as_slice() else {
        return None;
    };
    let TemplateElement::Expression(split) = list.element.as_ref() else { return None };
    let is_first = expression.name.as_name() == Some("lookup") && to_text(key) == "0";
    split.params.first().filter(|_| is_first && split.name.as_name() == Some("split"))
}

impl Walk<'_> {
    /// What an expression gives, as it was written.
    pub(super) fn gives_of(&self, expression: &HelperTemplate) -> Gives {
        if expression.params.is_empty() && expression.hash.is_empty() {
            return self.gives(&expression.name);
        }
        if let Some(list) = first_of_split(expression) {
            return self.gives(list);
        }
        let arguments = expression.params.iter().map(|argument| self.gives(argument)).collect();
        of_helper(expression.name.as_name().unwrap_or_default(), arguments)
    }

    pub(super) fn gives(&self, value: &Parameter) -> Gives {
        match value {
            Parameter::Path(path) => self.gives_path(path),
            Parameter::Subexpression(sub) => match sub.element.as_ref() {
                TemplateElement::Expression(expression) => self.gives_of(expression),
                _ => Gives::Value,
            },
            Parameter::Name(name) => Path::parse(name).map_or(Gives::Value, |path| self.gives_path(&path)),
            Parameter::Literal(_) => Gives::Value,
            _ => Gives::Value,
        }
    }

    fn gives_path(&self, path: &Path) -> Gives {
        if let Path::Relative((_, raw)) = path
            && raw == "omit"
        {
            return Gives::Value;
        }
        match self.resolve(path) {
            Some((_, Some(keys))) if !keys.is_empty() => Gives::Variable(keys),
            _ => Gives::Meant,
        }
    }

    /// The note beside an expression of the current tag, whose variables are those from the `known`th
    /// on. None if it always has a value.
    pub(super) fn note(&mut self, gives: Gives, known: usize, json: usize) -> Option<Parameter> {
        if gives == Gives::Value {
            return None;
        }
        let text = self.tag_text();
        let reads: Vec<String> =
            self.variables[known..].iter().map(|variable| variable.segments.join(".")).collect();
        let parameter = Parameter::Literal(note(&text, &reads, json).into());
        if gives != Gives::Meant && self.conditions == 0 {
            self.expressions.push(Expression { text: text.into(), gives });
        }
        Some(parameter)
    }

    /// The current tag as the document has it.
    fn tag_text(&self) -> String {
        let rest = self.source.get(self.tag..).unwrap_or_default();
        let typed = self.source.strip_prefix(TYPED.0).and_then(|rest| rest.strip_suffix(TYPED.1));
        let text = match typed {
            Some(call) => format!("{{{{{call}}}}}"),
            None => {
                let end = rest.find("}}").map_or(rest.len(), |end| end + 2);
                rest[..end + usize::from(rest[end..].starts_with('}'))].to_owned()
            }
        };
        match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}
