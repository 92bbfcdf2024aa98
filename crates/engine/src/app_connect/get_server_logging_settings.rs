//! `getServerLoggingSettings`.

use serde_json::{json, Value};

use super::results::SettingsPath;
use super::spec::{OperationSpec, RunContext};
use crate::config::operations::{Advice, Descriptor, NeedsValues, OperationName, Words};
use crate::inputs::Inputs;

/// Reads the organisation's settings of server-side logging.
#[derive(Debug)]
pub struct GetServerLoggingSettings;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getServerLoggingSettings",
    title: "Read logging settings",
    description: "Reads the organisation's settings of server-side logging.",
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

impl OperationSpec for GetServerLoggingSettings {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = SettingsPath;

    fn example() -> Value {
        json!({"url": "/settings", "responseMapping": {"settingsPath": "body.settings"}})
    }

    fn fill<'a>(_: &'a (), _: RunContext<'a>, _: &mut Inputs<'a>) {}
}
