//! `getUserList`.

use serde_json::{json, Value};

use super::results::UserPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::inputs::Inputs;

/// Lists the CRM's users, so that admins can map them to extensions.
#[derive(Debug)]
pub struct GetUserList;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getUserList",
    title: "List the CRM's users",
    description: "Lists the CRM's users, so that admins can map them to extensions.",
    only_reads: true,
    signs_in: false,
    needs_values: NeedsValues::Nowhere,
    variables: &[],
    partners: &[],
    words: Words {
        failed: None,
        not_asked: None,
        advice: Advice::Permissions,
    },
};

impl OperationSpec for GetUserList {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = UserPaths;

    fn example() -> Value {
        json!({"url": "/users", "responseMapping": {"listPath": "body.users"}})
    }

    fn fill<'a>(_: &'a (), _: RunContext<'a>, _: &mut Inputs<'a>) {}
}
