//! `refreshUserInfo`.

use serde_json::{json, Value};

use super::results::UserInfoPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::inputs::Inputs;

/// Reads the user's profile again for a user who is already connected.
#[derive(Debug)]
pub struct RefreshUserInfo;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "refreshUserInfo",
    title: "Refresh the user",
    description: "Reads the user's profile again for a user who is already connected.",
    only_reads: true,
    signs_in: false,
    needs_values: NeedsValues::ToSearch,
    variables: &[],
    partners: &[],
    words: Words {
        failed: None,
        not_asked: None,
        advice: Advice::Permissions,
    },
};

impl OperationSpec for RefreshUserInfo {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = UserInfoPaths;

    fn example() -> Value {
        json!({"url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}})
    }

    fn fill<'a>(_: &'a (), _: RunContext<'a>, _: &mut Inputs<'a>) {}
}
