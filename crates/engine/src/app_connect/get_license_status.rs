//! `getLicenseStatus`.

use serde_json::{Value, json};

use super::results::LicensePaths;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Descriptor, NeedsValues, OperationName};
use crate::config::variables::Variable;
use crate::inputs::Inputs;

/// Input of `getLicenseStatus`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The user's id in App Connect.
    pub user_id: String,
}

/// Asks whether the user's licence covers the connector.
#[derive(Debug)]
pub struct GetLicenseStatus;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getLicenseStatus",
    title: "Licence status",
    description: "Asks whether the user's licence covers the connector.",
    only_reads: true,
    needs_values: NeedsValues::ToSearch,
    variables: {
        use Variable::*;
        &[UserIdArgument, Platform]
    },
    ..Descriptor::PLAIN
};

impl OperationSpec for GetLicenseStatus {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = Input;
    type Mapping = LicensePaths;

    fn example() -> Value {
        json!({"url": "/license", "responseMapping": {"isLicenseValidPath": "body.valid"}})
    }

    fn fill<'a>(input: &'a Input, run: RunContext<'a>, inputs: &mut Inputs<'a>) {
        use Variable::*;
        inputs.text(UserIdArgument, input.user_id.as_str()).text(Platform, run.platform);
    }
}
