//! Who calls the management API, and what they may do.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// See connectors, their revisions and diagnostics.
    Read,
    /// Create connectors, upload drafts, test them.
    Edit,
    /// Put revisions into service, roll back, retire.
    Activate,
    /// Everything, and the tokens and the audit log themselves.
    Admin,
}

impl TokenScope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Edit, Self::Activate, Self::Admin];

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Edit => "edit",
            Self::Activate => "activate",
            Self::Admin => "admin",
        }
    }
}

/// Somebody who presented a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's id.
    pub token_id: String,
    /// The token's name.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<TokenScope>,
    /// Which request this is; absent on the command line.
    pub request_id: Option<String>,
}

/// The token does not reach so far.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The API token \"{name}\" may not do this: it lacks the scope `{}`.", needed.as_str())]
pub struct Forbidden {
    /// The token's name.
    pub name: String,
    /// What it lacks.
    pub needed: TokenScope,
}

impl Caller {
    /// Whoever holds the token of the environment.
    pub(super) fn bootstrap() -> Self {
        Self {
            token_id: "bootstrap".to_owned(),
            name: "APP_CONSOLE_BOOTSTRAP_TOKEN".to_owned(),
            scopes: BTreeSet::from([TokenScope::Admin]),
            request_id: None,
        }
    }

    /// Whoever can open the store.
    pub fn command_line() -> Self {
        Self {
            token_id: "cli".to_owned(),
            name: "command line".to_owned(),
            scopes: BTreeSet::from([TokenScope::Admin]),
            request_id: None,
        }
    }

    /// Whether this may be done. `admin` may do everything, and everybody may read.
    ///
    /// # Errors
    /// If the token lacks the scope.
    pub fn may(&self, scope: TokenScope) -> Result<(), Forbidden> {
        let may = scope == TokenScope::Read
            || self.scopes.contains(&scope)
            || self.scopes.contains(&TokenScope::Admin);
        if may { Ok(()) } else { Err(Forbidden { name: self.name.clone(), needed: scope }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_reach_as_far_as_they_say() {
        let caller = |scopes: &[TokenScope]| Caller {
            scopes: scopes.iter().copied().collect(),
            ..Caller::command_line()
        };
        use TokenScope::{Activate, Admin, Edit, Read};
        for (scopes, allowed) in [
            (&[Read][..], &[Read][..]),
            (&[Edit], &[Read, Edit]),
            (&[Activate], &[Read, Activate]),
            (&[Edit, Activate], &[Read, Edit, Activate]),
            (&[Admin], &[Read, Edit, Activate, Admin]),
        ] {
            let may: Vec<_> =
                TokenScope::ALL.into_iter().filter(|scope| caller(scopes).may(*scope).is_ok()).collect();
            assert_eq!(may, allowed, "{scopes:?}");
        }
    }
}
