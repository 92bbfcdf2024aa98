//! `refreshUserInfo`.

use serde_json::{Value, json};

use super::results::UserInfoPaths;
use super::spec::OperationSpec;
use crate::config::operations::{Descriptor, NeedsValues, OperationName};

/// Reads the user's profile again for a user who is already connected.
#[derive(Debug)]
pub struct RefreshUserInfo;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "refreshUserInfo",
    title: "Refresh the user",
    description: "Reads the user's profile again for a user who is already connected.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    ..Descriptor::PLAIN
};

impl OperationSpec for RefreshUserInfo {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = UserInfoPaths;

    fn example() -> Value {
        json!({"url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}})
    }
}
