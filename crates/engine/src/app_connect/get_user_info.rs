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
        if let Some(fields) = &input.additional_info {
            inputs.object(AdditionalInfo, fields);
        }
        inputs.text_if(Hostname, input.hostname.as_deref());
        inputs.text(Platform, run.platform);
        inputs.text_if(UserEmail, input.user_email.as_deref());
    }
}
