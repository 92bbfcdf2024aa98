//! It worked; there is nothing to read.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::compile::field::Compiler;
use crate::compile::result::ResultMapping;
use crate::config::mapping::{MappingDocument, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::TextReply;
use crate::mapping::error::MapError;
use crate::mapping::found::Found;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

mapping_document! {
    /// The reply is not read; its status says whether it worked.
    AcknowledgementMapping {}
}

impl MappingDocument for AcknowledgementMapping {
    fn example() -> Value {
        json!({})
    }
}

/// Reads nothing.
#[derive(Debug)]
pub struct Acknowledged;

impl ResultMapping for Acknowledged {
    type Document = AcknowledgementMapping;
    type Output = ();

    fn compile(_: Option<&AcknowledgementMapping>, _: &mut Compiler<'_>) -> Self {
        Self
    }

    fn read(&self, _: &mut Reader, _: &UpstreamResponse, _: &View<'_>) -> Result<(), MapError> {
        Ok(())
    }

    fn found(&self, _: &View<'_>) -> Found {
        Found::Unread
    }

    fn text(&self) -> TextReply {
        TextReply::Fine
    }

    fn to_json((): &()) -> Value {
        json!({})
    }
}
