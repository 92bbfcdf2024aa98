//! A record that was created.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compile::field::{Compiler, Start, Written, is_written, written};
use crate::compile::result::ResultMapping;
use crate::config::diagnostic::Code;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::TextReply;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::Found;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;
use crate::text::id_text;

/// A record that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedLog {
    /// The CRM's id, as text; absent if the reply has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
}

mapping_document! {
    /// The record that was created.
    LogIdMapping {
        /// The record's id, by which updates find it again. Default `body.id`. Where the reply has none there,
        /// the record does not count as made. A header that holds an address gives the id at its end:
        /// `headers.location`, `headers.odata-entityid`.
        id_path: Option<Paths> = "Id path", &"body.activity.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
        /// Whether the CRM answers without an id. The record then counts as made where the reply is no
        /// refusal. Updates need `getCallLog` with an `idPath` that finds it by `sessionId`.
        no_id: Option<bool> = "No id", true;
    }
}

impl MappingDocument for LogIdMapping {
    fn example() -> Value {
        json!({"idPath": "body.id"})
    }
}

/// Where the id of a record is that was created.
#[derive(Debug)]
pub struct LogPaths {
    id: Field,
    /// Whether the document says that the CRM answers without one.
    has_none: bool,
}

impl ResultMapping for LogPaths {
    type Document = LogIdMapping;
    type Output = CreatedLog;

    // Without a mapping the id is at its default place (recordings 13, `no-responseMapping`).
    fn compile(mapping: Option<&LogIdMapping>, compiler: &mut Compiler<'_>) -> Self {
        if mapping.is_none() {
            compiler.missing_mapping(
                Code::MissingIdPath,
                "without `responseMapping.idPath` the record's id is looked for at `body.id`",
                "add `\"responseMapping\": { \"idPath\": \"body.id\" }`",
            );
        }
        let id = mapping.map_or(Written::NONE, |mapping| written(&mapping.id_path, &mapping.id));
        let no_id = mapping.and_then(|mapping| mapping.no_id);
        if mapping.is_some() && !is_written(id) && no_id != Some(true) {
            compiler.missing_id_path("the record's id is looked for at `body.id`");
        }
        let at = compiler.at();
        Self {
            has_none: compiler.has_none(no_id, id),
            id: compiler.field(id, "id", "body.id", &at, Start::Reply),
        }
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<CreatedLog, MapError> {
        let log_id = reader.created_id(&self.id, self.has_none, view).as_ref().and_then(id_text);
        if log_id.is_none() && !self.has_none {
            return Err(MapError::NoRecordId(reader.missing_id(&self.id, reply)));
        }
        Ok(CreatedLog { log_id })
    }

    fn found(&self, view: &View<'_>) -> Found {
        if self.has_none { Found::Unread } else { Found::id(&self.id, view) }
    }

    fn text(&self) -> TextReply {
        if self.has_none { TextReply::Fine } else { TextReply::WithoutId }
    }

    fn gives_no_id(&self) -> bool {
        self.has_none
    }
}
