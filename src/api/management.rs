//! Requests and replies of the management API.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::management::TokenScope;
use crate::service::management::api_tokens::Token;

/// The API tokens.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ApiTokens")]
pub struct Tokens {
    /// Oldest first.
    pub tokens: Vec<Token>,
}

/// An API token to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewApiToken")]
pub struct NewToken {
    /// What it is for.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What it may do.
    #[schemars(length(min = 1))]
    pub scopes: BTreeSet<TokenScope>,
    /// How many days it is valid; without it, until it is revoked.
    #[schemars(range(min = 1, max = 3650))]
    pub valid_days: Option<u32>,
}

/// A token with its secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "IssuedApiToken")]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// The text to send as bearer token. It is shown this once, and kept nowhere.
    #[schemars(extend("format" = "password"))]
    pub secret: String,
}

/// How a token's secret is replaced.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiTokenRotation")]
pub struct Rotation {
    /// How many days it is valid from now on; without it, as long as before.
    #[schemars(range(min = 1, max = 3650))]
    pub valid_days: Option<u32>,
}

/// Which entries of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AuditQuery")]
pub struct AuditQuery {
    /// The number of the last entry that is known already; without it, from the first.
    pub after: Option<u64>,
    /// How many, up to 500; without it, 100.
    pub limit: Option<u64>,
}
