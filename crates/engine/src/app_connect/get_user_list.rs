//! `getUserList`.

use serde_json::{Value, json};

use super::results::UserPaths;
use super::spec::OperationSpec;
use crate::config::operations::{Descriptor, OperationName};

/// Lists the CRM's users, so that admins can map them to extensions.
#[derive(Debug)]
pub struct GetUserList;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getUserList",
    title: "List the CRM's users",
    description: "Lists the CRM's users, so that admins can map them to extensions.",
    only_reads: true,
    ..Descriptor::PLAIN
};

impl OperationSpec for GetUserList {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = UserPaths;

    fn example() -> Value {
        json!({"url": "/users", "responseMapping": {"listPath": "body.users"}})
    }
}
