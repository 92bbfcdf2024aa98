//! Settings of server-side logging.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::compile::field::{Compiler, Start, Written};
use crate::compile::result::ResultMapping;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::{self, Found};
use crate::mapping::items::require_json;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

mapping_document! {
    /// The account's settings of server-side logging.
    ServerLoggingSettingsMapping {
        /// The object of settings. Default `body`.
        settings_path: Option<Paths> = "Settings path", &"body.settings";
        /// Instead of `settingsPath`: a template, or an object with templates in it.
        settings: Option<Value> = "Settings", serde_json::json!({"apiUsername": "{{body.user.login}}"});
    }
}

impl MappingDocument for ServerLoggingSettingsMapping {
    fn example() -> Value {
        json!({"settingsPath": "body.settings"})
    }
}

/// Where the settings are.
#[derive(Debug)]
pub struct SettingsPath(Field);

impl ResultMapping for SettingsPath {
    type Document = ServerLoggingSettingsMapping;
    type Output = Value;

    fn compile(mapping: Option<&ServerLoggingSettingsMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = ServerLoggingSettingsMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let settings = Written::json(&mapping.settings_path, mapping.settings.as_ref());
        let at = compiler.at();
        Self(compiler.field(settings, "settings", "body", &at, Start::Reply))
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Value, MapError> {
        require_json(reply)?;
        Ok(reader.expected(&self.0, view).unwrap_or_else(|| Value::Object(Map::new())))
    }

    fn found(&self, view: &View<'_>) -> Found {
        if self.0.explicit && found::has_value(&self.0, view) { Found::Yes } else { Found::Unread }
    }
}
