//! The current state of a logged call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compile::field::{Compiler, Start, Written, is_written, written};
use crate::compile::result::ResultMapping;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::{self, Found};
use crate::mapping::items::require_json;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;
use crate::path::{Path, Step};
use crate::verdict::says_no::is_refusals_word;

/// The current state of a logged call.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallLogInfo {
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Value>,
    /// The note that people edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Value>,
    /// The whole text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_body: Option<Value>,
    /// The CRM's reply as it came.
    pub full_log_response: Value,
    /// The CRM's id, as text; absent if the connector does not read it. Clients do not see it.
    #[serde(skip)]
    pub id: Option<String>,
    /// Whether the reply has the record's text: an update changes nothing where it has not. Clients do
    /// not see it.
    #[serde(skip)]
    pub text: RecordText,
}

/// What a reply has at the place of a record's text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordText {
    /// The text, be it empty.
    #[default]
    Found,
    /// Null: an empty text, or one that is kept back.
    Null,
    /// Nothing: the reply is not the record, or leaves the text out.
    Missing,
}

mapping_document! {
    /// The current state of a logged call.
    CallLogMapping {
        /// The record's subject. Default `body.subject`.
        subject_path: Option<Paths> = "Subject path", &"body.activity.subject";
        /// Instead of `subjectPath`: a template.
        subject: Option<String> = "Subject", &"{{body.activity.kind}}: {{body.activity.title}}";
        /// The note that people edit. Default `body.note`.
        note_path: Option<Paths> = "Note path", &"body.activity.note";
        /// Instead of `notePath`: a template.
        note: Option<String> = "Note", &"{{join body.activity.notes '; '}}";
        /// The whole text that was composed. Default `body.note`.
        full_body_path: Option<Paths> = "Full body path", &"body.activity.description";
        /// Instead of `fullBodyPath`: a template.
        full_body: Option<String> = "Full body", &"{{default body.activity.text body.activity.summary}}";
        /// The record's id. Set it where the request can look for a record by `sessionId` when
        /// `thirdPartyLogId` has no value: so a call whose creation got no answer is found again
        /// instead of being logged twice.
        id_path: Option<Paths> = "Id path", &"body.activities.0.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
    }
}

impl MappingDocument for CallLogMapping {
    fn example() -> Value {
        json!({"subjectPath": "body.subject", "fullBodyPath": "body.description"})
    }
}

/// Where the state of a logged call is.
#[derive(Debug)]
pub struct CallLogPaths {
    subject: Field,
    note: Field,
    full_body: Field,
    id: Option<Field>,
}

impl ResultMapping for CallLogPaths {
    type Document = CallLogMapping;
    type Output = CallLogInfo;

    fn compile(mapping: Option<&CallLogMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = CallLogMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let at = compiler.at();
        let mut field = |written: Written<'_>, key: &str, default: &str| {
            compiler.field(written, key, default, &at, Start::Reply)
        };
        let id = written(&mapping.id_path, &mapping.id);
        Self {
            subject: field(written(&mapping.subject_path, &mapping.subject), "subject", "body.subject"),
            note: field(written(&mapping.note_path, &mapping.note), "note", "body.note"),
            full_body: field(written(&mapping.full_body_path, &mapping.full_body), "fullBody", "body.note"),
            id: is_written(id).then(|| field(id, "id", "body.id")),
        }
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<CallLogInfo, MapError> {
        require_json(reply)?;
        reader.look_for(&[&self.subject, &self.note, &self.full_body], &[*view]);
        let note = self.note.read(view);
        let full_body = self.full_body.read(view);
        Ok(CallLogInfo {
            subject: self.subject.read(view),
            text: self.record_text(view),
            note,
            full_body,
            id: self.id.as_ref().and_then(|field| field.id(view)),
            full_log_response: reply.body().clone(),
        })
    }

    /// A text that stands where a refusal has its words proves no record.
    fn found(&self, view: &View<'_>) -> Found {
        let is_text = |field: &Field| {
            let found = field.find(view);
            found.is_some_and(|text| found::says_something(&text))
                && !field.path().is_some_and(ends_in_refusals_word)
        };
        if [&self.full_body, &self.note].into_iter().any(is_text) { Found::Yes } else { Found::Unread }
    }

    fn tells_id(&self) -> bool {
        self.id.is_some()
    }
}

impl CallLogPaths {
    /// What there is of the text that an update would change.
    fn record_text(&self, view: &View<'_>) -> RecordText {
        let is_note = self.note.explicit && !self.full_body.explicit;
        let field = if is_note { &self.note } else { &self.full_body };
        match field.find(view).as_deref() {
            None => RecordText::Missing,
            Some(Value::Null) => RecordText::Null,
            Some(_) => RecordText::Found,
        }
    }
}

fn ends_in_refusals_word(path: &Path) -> bool {
    match path {
        Path::Steps(steps) => match steps.last() {
            Some(Step::Segment(name, _) | Step::Name(name)) => is_refusals_word(name),
            _ => false,
        },
        Path::Query(_) => false,
    }
}
