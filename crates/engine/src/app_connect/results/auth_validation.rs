//! Whether the session with the CRM holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compile::field::{Compiler, Written, written};
use crate::compile::result::ResultMapping;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::TextReply;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::{self, Found};
use crate::mapping::problems::Reader;
use crate::mapping::view::View;
use crate::truthy::is_truthy;

/// Whether the session with the CRM holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuthValidation {
    /// Whether it holds.
    pub successful: bool,
    /// What to tell the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The CRM's status.
    pub status: u16,
}

mapping_document! {
    /// Whether the session with the CRM still holds.
    AuthValidationMapping {
        /// Whether it holds. Default: the status is 200–299.
        successful_path: Option<Paths> = "Success path", &"body.active";
        /// Instead of `successfulPath`: a template.
        successful: Option<String> = "Success", &"{{eq body.session.state 'open'}}";
        /// What to tell the user where it does not.
        message_path: Option<Paths> = "Message path", &"body.message";
        /// Instead of `messagePath`: a template.
        message: Option<String> = "Message", &"Connected to {{body.company.name}}";
    }
}

impl MappingDocument for AuthValidationMapping {
    fn example() -> Value {
        json!({"successfulPath": "body.active"})
    }
}

/// Where a reply says whether the session holds.
#[derive(Debug, Default)]
pub struct AuthValidationPaths {
    successful: Option<Field>,
    message: Option<Field>,
}

impl ResultMapping for AuthValidationPaths {
    type Document = AuthValidationMapping;
    type Output = AuthValidation;

    fn compile(mapping: Option<&AuthValidationMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = AuthValidationMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let at = compiler.at();
        let mut field = |written: Written<'_>, key: &str| compiler.optional(written, key, &at);
        Self {
            successful: field(written(&mapping.successful_path, &mapping.successful), "successful"),
            message: field(written(&mapping.message_path, &mapping.message), "message"),
        }
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<AuthValidation, MapError> {
        let successful = self.successful.as_ref();
        Ok(AuthValidation {
            successful: successful
                .is_none_or(|field| reader.expected(field, view).as_ref().is_some_and(is_truthy)),
            // There is none where all is well.
            message: self.message.as_ref().and_then(|field| field.text(view)),
            status: reply.status,
        })
    }

    fn found(&self, view: &View<'_>) -> Found {
        match &self.successful {
            Some(field) if found::has_value(field, view) => Found::Yes,
            _ => Found::Unread,
        }
    }

    fn text(&self) -> TextReply {
        TextReply::Fine
    }

    fn reads_flag(&self) -> bool {
        true
    }
}
