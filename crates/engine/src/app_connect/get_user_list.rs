//! `getUserList`.

use serde_json::{Value, json};

use super::results::UserPaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, OperationName};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `getUserList`.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// What the reply before gave for the next page; absent for the first one.
    pub next_page: Option<Value>,
}

/// Lists the CRM's users, so that admins can map them to extensions.
#[derive(Debug)]
pub struct GetUserList;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getUserList",
    title: "List the CRM's users",
    description: "Lists the CRM's users, so that admins can map them to extensions.",
    only_reads: true,
    variables: &[Variable::NextPage],
    ..Descriptor::PLAIN
};

impl OperationSpec for GetUserList {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = UserPaths;

    fn example() -> Value {
        json!({"url": "/users", "responseMapping": {"listPath": "body.users"}})
    }

    fn fill<'a>(input: &'a Input, _: RunContext<'a>, inputs: &mut Inputs<'a>) {
        inputs.json_if(Variable::NextPage, input.next_page.as_ref());
    }
}
