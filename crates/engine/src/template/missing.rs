//! References and templates whose value can be missing.

use super::{Piece, Reference, Scope, Template, TextTemplate};
use crate::blocks::RenderProblem;
use crate::missing::Missing;
use crate::variables::Variable;

impl Reference {
    /// The refusal to leave the value out, where it must be there.
    pub(super) fn refuse_missing(&self, scope: &Scope<'_>) -> Result<(), RenderProblem> {
        let name = self.dotted();
        if scope.demand.get().covers(std::iter::once(name.as_str())) {
            let missing = Missing::new(&format!("{{{{{name}}}}}"), [name]);
            return Err(RenderProblem::Missing(Box::new(missing)));
        }
        Ok(())
    }

    /// The expression without its braces.
    fn dotted(&self) -> String {
        match self {
            Self::Variable(variable, steps) => {
                let steps = steps.iter().map(|step| format!(".{step}"));
                std::iter::once(variable.name().to_owned()).chain(steps).collect()
            }
            Self::User => "user".to_owned(),
            Self::Everything => "$".to_owned(),
            Self::Nothing(expression) => expression.to_string(),
        }
    }

    fn missing_where(&self, is_missing: &dyn Fn(&str) -> bool) -> Option<String> {
        // What names no variable is reported as such.
        let name = Some(self.dotted()).filter(|_| matches!(self, Self::Variable(..)));
        name.filter(|name| is_missing(name)).map(|name| format!("{{{{{name}}}}}"))
    }
}

impl Template {
    /// The first expression that can be without a value although the inputs are as they always are.
    pub(crate) fn can_be_missing(&self) -> Option<String> {
        match self {
            Self::Literal(_) => None,
            Self::Typed(reference) => reference.missing_where(&can_be_missing),
            Self::TypedCall(block) => block.missing_where(&can_be_missing),
            Self::Text(text) => text.can_be_missing(),
        }
    }
}

impl TextTemplate {
    /// See [`Template::can_be_missing`].
    pub(crate) fn can_be_missing(&self) -> Option<String> {
        self.missing_where(&can_be_missing)
    }

    /// The first expression that is without a value where a variable is.
    pub(crate) fn missing_without(&self, variable: Variable) -> Option<String> {
        self.missing_where(&|name| name == variable.name())
    }

    fn missing_where(&self, is_missing: &dyn Fn(&str) -> bool) -> Option<String> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Path { reference, .. } => reference.missing_where(is_missing),
            Piece::Block(block) => block.missing_where(is_missing),
        })
    }
}

impl super::Block {
    fn missing_where(&self, is_missing: &dyn Fn(&str) -> bool) -> Option<String> {
        let variable = |keys: &[String]| is_missing(&keys.join("."));
        let mut expressions = self.template.expressions().iter();
        let found = expressions.find(|expression| expression.gives.can_be_missing(&variable));
        found.map(|expression| expression.text.to_string())
    }
}

/// Whether a dotted name has no value for numbers that calls do come from.
fn can_be_missing(name: &str) -> bool {
    const ALWAYS: &[&str] = &["number", "number.input", "valid", "possible", "possibility"];
    let member =
        name.strip_prefix(Variable::ParsedPhoneNumber.name()).and_then(|rest| rest.strip_prefix('.'));
    member.is_some_and(|member| !ALWAYS.contains(&member))
}
