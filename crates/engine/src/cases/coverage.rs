//! What the cases of a document do not show.

use super::Outcome;
use crate::oauth::SIGN_IN;
use crate::operation::{AuthType, CompiledDocument};

/// Which operations and error rules of a document have a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The operations that the document defines, in the order of the contract; before them `signIn`, where users
    /// sign in with OAuth.
    pub operations: Vec<Covered>,
    /// The rules of `errorMapping`, by their pointers: the document's, then the operations' own.
    pub error_rules: Vec<Covered>,
}

/// How often something was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The operation's name or the rule's pointer.
    pub name: String,
    /// What it is, in a line.
    pub description: String,
    /// Cases that ran it.
    pub cases: usize,
}

impl Coverage {
    pub(super) fn new(config: &CompiledDocument, outcomes: &[Outcome]) -> Self {
        let signs_in = (config.auth_type == AuthType::OAuth).then_some(SIGN_IN);
        let names = signs_in.into_iter().chain(config.operations().map(|operation| operation.name));
        let operations = names.map(|name| Covered {
            name: name.as_str().to_owned(),
            description: name.descriptor().title.to_owned(),
            cases: outcomes
                .iter()
                .filter(|outcome| outcome.about.as_ref().is_some_and(|(about, _)| *about == name))
                .count(),
        });
        let mut error_rules: Vec<Covered> = Vec::new();
        for rule in config.operations().flat_map(|operation| operation.errors.iter()) {
            // Every operation holds the document's rules.
            if error_rules.iter().all(|known| known.name != rule.pointer()) {
                error_rules.push(Covered {
                    name: rule.pointer().to_owned(),
                    description: rule.to_string(),
                    cases: outcomes
                        .iter()
                        .filter(|outcome| outcome.rule.as_deref() == Some(rule.pointer()))
                        .count(),
                });
            }
        }
        error_rules.sort_by_key(|rule| rule.name.starts_with("/operations/"));
        Self { operations: operations.collect(), error_rules }
    }

    /// What no case runs.
    pub fn missing(&self) -> impl Iterator<Item = &Covered> {
        self.operations.iter().chain(&self.error_rules).filter(|covered| covered.cases == 0)
    }

    /// How much of both has a case, in percent, rounded down: 100 says that nothing is missing.
    pub fn percent(&self) -> u8 {
        let total = self.operations.len() + self.error_rules.len();
        let covered = total - self.missing().count();
        u8::try_from((covered * 100).checked_div(total).unwrap_or(100)).unwrap_or(100)
    }
}

/// `3 of 4`.
pub(super) fn share(list: &[Covered]) -> (usize, usize) {
    (list.iter().filter(|covered| covered.cases > 0).count(), list.len())
}
