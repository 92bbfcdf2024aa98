//! `getUserInfo`.

use serde_json::{Map, Value, json};

use super::results::UserInfoPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, OperationName};
use crate::config::variables::Variable;
use crate::inputs::Inputs;
use crate::secret::Secret;

/// Input of `getUserInfo`.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The submitted API key.
    pub api_key: Option<Secret>,
    /// The fields of the sign-in page.
    pub additional_info: Option<Map<String, Value>>,
    /// The CRM host that the user named.
    pub hostname: Option<String>,
    /// The RingCentral user's email address.
    pub user_email: Option<String>,
    /// What a sign-in with OAuth gives. Templates read the access token of it (`user.accessToken`).
    pub oauth: Option<Box<OAuthSignIn>>,
}

/// What a sign-in with OAuth gives, for connectors. It has secrets: its `Debug` shows nothing.
#[derive(Clone)]
pub struct OAuthSignIn {
    /// The access token.
    pub access_token: Secret,
    /// The whole reply of the token endpoint.
    pub reply: Value,
    /// Where the token was granted.
    pub token_url: Option<String>,
    /// The address of the CRM's API, as the request gives it.
    pub api_url: Option<String>,
    /// The user's name, as the request gives it.
    pub username: Option<String>,
    /// The address that the browser came back to, with the code that is spent.
    pub callback_uri: String,
    /// All query parameters of the request.
    pub query: Map<String, Value>,
}

impl std::fmt::Debug for OAuthSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuthSignIn").finish_non_exhaustive()
    }
}

/// Checks the credential after sign-in and reads who the user is.
#[derive(Debug)]
pub struct GetUserInfo;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getUserInfo",
    title: "Who signed in",
    description: "Checks the credential after sign-in and reads who the user is.",
    only_reads: true,
    signs_in: true,
    variables: {
        use Variable::*;
        &[AdditionalInfo, Hostname, Platform, UserEmail]
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for GetUserInfo {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = UserInfoPaths;

    fn example() -> Value {
        json!({"url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}})
    }

    fn fill<'a>(input: &'a Input, run: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        if let Some(key) = input.api_key.as_ref().map(Secret::expose).filter(|key| !key.is_empty()) {
            inputs.text(ApiKey, key).text(UserAccessToken, key);
        }
        if let Some(oauth) = &input.oauth {
            inputs.text(UserAccessToken, oauth.access_token.expose());
        }
        if let Some(fields) = &input.additional_info {
            inputs.object(AdditionalInfo, fields);
        }
        inputs.text_if(Hostname, input.hostname.as_deref());
        inputs.text(Platform, run.platform);
        inputs.text_if(UserEmail, input.user_email.as_deref());
    }
}
