//! What a sign-in form gives for a grant that needs no page of the CRM.

use serde_json::{Map, Value};

use super::{Grant, GrantType};
use crate::secret::Secret;
use crate::text::to_text;

/// User name and password of a sign-in form: its fields `username` and `password`, or the API key in place of the
/// password. Empty where the form has none.
#[derive(Debug, Clone)]
pub struct FormGrant {
    kind: GrantType,
    username: String,
    password: Secret,
}

impl FormGrant {
    /// Reads the fields of the form.
    pub fn new(kind: GrantType, fields: Option<&Map<String, Value>>, api_key: Option<&Secret>) -> Self {
        let field = |name: &str| {
            let value = fields.and_then(|fields| fields.get(name)).map(to_text);
            value.map(|text| text.into_owned()).filter(|text| !text.is_empty())
        };
        let password = field("password").map(Secret::from).or_else(|| api_key.cloned());
        Self {
            kind,
            username: field("username").unwrap_or_default(),
            password: password.unwrap_or_else(|| Secret::new("")),
        }
    }

    /// What the token endpoint is shown.
    pub fn grant(&self) -> Grant<'_> {
        match self.kind {
            GrantType::Password => Grant::Password { username: &self.username, password: &self.password },
            _ => Grant::ClientCredentials,
        }
    }
}
