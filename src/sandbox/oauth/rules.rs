//! How the authorization server of the sandbox behaves: strict or lenient, and in which of the forms that CRMs
//! have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How OAuth works at the sandbox. The same rules can be given when a sandbox starts and at
/// `PUT /_sandbox/oauth`. What is left out there has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuthRules {
    /// How long an access token works; zero makes tokens that have expired already. Default: one hour.
    pub access_token_lifetime_seconds: u64,
    /// How a token reply tells the lifetime. Default: `number`.
    pub expires_in: ExpiresIn,
    /// Whether a renewal gives a new refresh token and ends the old one. Else the old one stays, and the reply
    /// has none. Default: true.
    pub rotates_refresh_tokens: bool,
    /// Whether a sign-in without a code challenge is refused. Public clients need one in any case. Default: false.
    pub requires_pkce: bool,
    /// How a client with a secret has to prove itself. Default: `any`.
    pub client_authentication: ClientAuthentication,
    /// In which form tokens are told. Default: `json`.
    pub token_reply: TokenReply,
    /// Further fields that each token request has to carry, with their values. Default: none.
    pub required_fields: BTreeMap<String, String>,
}

impl Default for OAuthRules {
    fn default() -> Self {
        Self {
            access_token_lifetime_seconds: 3600,
            expires_in: ExpiresIn::Number,
            rotates_refresh_tokens: true,
            requires_pkce: false,
            client_authentication: ClientAuthentication::Any,
            token_reply: TokenReply::Json,
            required_fields: BTreeMap::new(),
        }
    }
}

/// How a token reply tells the lifetime of the access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresIn {
    /// `"expires_in":3600`.
    Number,
    /// `"expires_in":"3600"`.
    Text,
    /// Not at all.
    Absent,
}

/// How a client proves itself at the token endpoint (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// By either way.
    Any,
    /// By the `Authorization` header alone.
    Basic,
    /// By fields of the form alone; any `Authorization` header is refused.
    Form,
}

/// In which form a token reply comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenReply {
    /// A JSON object.
    Json,
    /// `access_token=…&token_type=Bearer`.
    Form,
}
