//! `getServerLoggingSettings`.

use serde_json::{Value, json};

use super::results::SettingsPath;
use super::spec::OperationSpec;
use crate::config::operations::{Descriptor, OperationName, Words};

/// Reads the organisation's settings of server-side logging.
#[derive(Debug)]
pub struct GetServerLoggingSettings;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "getServerLoggingSettings",
    title: "Read logging settings",
    description: "Reads the organisation's settings of server-side logging.",
    only_reads: true,
    words: Words { failed: Some("Server logging settings cannot be read"), ..Words::USUAL },
    ..Descriptor::PLAIN
};

impl OperationSpec for GetServerLoggingSettings {
    const NAME: OperationName = OperationName::new(&DESCRIPTOR);
    type Input = ();
    type Mapping = SettingsPath;

    fn example() -> Value {
        json!({"url": "/settings", "responseMapping": {"settingsPath": "body.settings"}})
    }
}
