//! Uploading revisions, and checking texts.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::audit::{Action, Change};
use super::check::{self, diagnostics, storable, summary, without_secrets};
use super::record::{Record, revision_key};
use super::verdict::Verdict;
use super::{Catalog, ConnectorError, ConnectorView, Edit, Revision, check_text, text};
use crate::connector::documents::Secrets;
use crate::engine::cancel::Cancel;
use crate::engine::load::MAX_BYTES;
use crate::engine::load::hash_of;
use crate::members::{Wrong, members};
use crate::service::management::Caller;
use crate::store::{DocumentChange, StoreError};

const MAX_CASES: usize = 500;

/// A revision as it is uploaded.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// The proxyConfig, byte for byte.
    pub text: String,
    /// What the author says about it.
    pub note: Option<String>,
    /// Fixture cases; where absent, those of the newest revision count for this one too.
    pub cases: Option<Vec<Value>>,
}

members! {
    /// A revision to be stored. `text` or `proxyConfig` is needed.
    #[derive(Debug)]
    pub struct UploadRequest {
        /// The proxyConfig as text, which is kept byte for byte.
        text as "text": Option<String>,
        /// The proxyConfig as an object, which is written as indented JSON.
        proxy_config as "proxyConfig": Option<Map<String, Value>>,
        /// What the author says about it.
        note as "note": Option<String>,
        /// Fixture cases; those of the newest revision where they are left out.
        #[schemars(with = "Option<Vec<FixtureCase>>")]
        cases as "cases": Option<Vec<Value>>,
    }
}

/// A fixture case: what the files of a case's folder hold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FixtureCase {
    /// Its name.
    pub name: String,
    /// The operation that runs.
    pub operation: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// The template variables.
    pub input: Map<String, Value>,
    /// The CRM's reply: `status`, `headers`, and `body` or `text`.
    pub response: Map<String, Value>,
    /// The request that must be sent.
    pub request: Value,
    /// What must be made of the reply.
    pub result: Value,
}

/// `None` if the request has no revision.
impl TryFrom<UploadRequest> for Option<Upload> {
    type Error = Wrong;

    fn try_from(request: UploadRequest) -> Result<Self, Wrong> {
        let UploadRequest { text, proxy_config, note, cases } = request;
        let text = match (text, proxy_config) {
            (Some(_), Some(_)) => {
                let message = "There are both `text` and `proxyConfig`; send one.".to_owned();
                return Err(Wrong::Content { name: "text", message });
            }
            (Some(text), None) => text,
            (None, Some(object)) => format!("{:#}\n", Value::Object(object)),
            (None, None) if note.is_none() && cases.is_none() => return Ok(None),
            (None, None) => return Err(UploadRequest::without_text()),
        };
        Ok(Some(Upload { text, note, cases }))
    }
}

impl UploadRequest {
    /// For a request that has no revision.
    pub fn without_text() -> Wrong {
        Wrong::Missing { name: "text", expected: "the proxyConfig as text" }
    }
}

/// A revision on its way into the store.
pub(super) struct Stored {
    pub(super) revision: Revision,
    pub(super) changes: Vec<DocumentChange>,
}

impl Catalog {
    /// Uploads a revision. One with errors is stored with what was found.
    ///
    /// # Errors
    /// If the text is not JSON, too long or too deep, the connector is not as it was read, or
    /// something cannot be stored.
    pub async fn upload(
        &self,
        edit: Edit<'_>,
        upload: Upload,
    ) -> Result<(ConnectorView, Revision), ConnectorError> {
        let found = self.to_edit(&edit).await?;
        let stored = self.store_revision(edit.who, &found.record, &found.secrets, upload).await?;
        let Stored { revision, changes } = stored;
        let details = json!({"hash": revision.hash, "summary": revision.summary, "note": revision.note});
        let change = Change::new(Action::Upload, Some(revision.number), details);
        let number = revision.number;
        let apply = |record: &mut Record, _: &mut Secrets| record.revisions = number;
        let view = self.change(&edit, found, apply, changes, change).await?;
        Ok((view, revision))
    }

    /// The next revision of a connector, and what has to change for it to be stored.
    pub(super) async fn store_revision(
        &self,
        who: &Caller,
        record: &Record,
        secrets: &Secrets,
        upload: Upload,
    ) -> Result<Stored, ConnectorError> {
        let Upload { text, note, cases } = upload;
        if let Some(note) = &note {
            check_text("note", note)?;
        }
        without_secrets("The note", &json!(note), secrets)?;
        let text: Arc<str> = text.into();
        let findings = {
            let (proxy_id, text, secrets) = (record.proxy_id.clone(), Arc::clone(&text), secrets.clone());
            self.work.run(move |cancel| storable(&proxy_id, &text, &secrets, cancel)).await??
        };
        let mut changes = text::storing(&*self.store, &record.proxy_id, &text).await?;
        let (cases_hash, count) = match cases {
            Some(cases) => {
                let (hash, count, new) = self.store_cases(record, secrets, &cases).await?;
                changes.extend(new);
                (hash, count)
            }
            None if record.revisions > 0 => {
                let before = self.revision_of(record, record.revisions).await?;
                (before.cases_hash, before.cases)
            }
            None => (None, 0),
        };
        let revision = Revision {
            number: record.revisions + 1,
            hash: hash_of(&text),
            bytes: text.len() as u64,
            author: who.name.clone(),
            created_at: self.now(),
            note,
            imported_by: None,
            cases_hash,
            cases: count,
            summary: summary(&findings),
            diagnostics: check::kept(diagnostics(&findings)),
        };
        changes.push(new_revision(&record.proxy_id, &revision)?);
        Ok(Stored { revision, changes })
    }

    async fn store_cases(
        &self,
        record: &Record,
        secrets: &Secrets,
        cases: &[Value],
    ) -> Result<(Option<String>, u64, Vec<DocumentChange>), ConnectorError> {
        if cases.is_empty() {
            return Ok((None, 0, Vec::new()));
        }
        if cases.len() > MAX_CASES {
            return Err(ConnectorError::invalid("cases", format!("There are at most {MAX_CASES} `cases`.")));
        }
        let value = json!(cases);
        without_secrets("A case", &value, secrets)?;
        let text = value.to_string();
        if text.len() as u64 > MAX_BYTES {
            return Err(ConnectorError::TooLarge { what: "cases", bytes: text.len(), limit: MAX_BYTES });
        }
        let changes = text::storing(&*self.store, &record.proxy_id, &text).await?;
        Ok((Some(hash_of(&text)), cases.len() as u64, changes))
    }

    /// Checks a text that is stored nowhere: what `app-connect validate` finds in it.
    ///
    /// # Errors
    /// If it is too long to be a document.
    pub async fn validate(&self, text: String) -> Result<Verdict, ConnectorError> {
        if text.len() as u64 > MAX_BYTES {
            return Err(ConnectorError::TooLarge {
                what: "proxyConfig",
                bytes: text.len(),
                limit: MAX_BYTES,
            });
        }
        let check = move |cancel: &Cancel| {
            check::verdict("proxyConfig", text.into(), &Secrets::default(), &[], cancel)
        };
        Ok(self.work.run(check).await?)
    }

    /// Checks a revision and runs its cases, with the connector's secrets. That it was done is recorded first.
    ///
    /// # Errors
    /// If there is no such revision, or the store fails.
    pub async fn check(&self, who: &Caller, proxy_id: &str, number: u64) -> Result<Verdict, ConnectorError> {
        let found = self.found(proxy_id).await?;
        let revision = self.revision_of(&found.record, number).await?;
        self.note(who, proxy_id, &Change::new(Action::Check, Some(number), json!({}))).await?;
        self.judge(proxy_id, &found.secrets, &revision).await
    }

    pub(super) async fn judge(
        &self,
        proxy_id: &str,
        secrets: &Secrets,
        revision: &Revision,
    ) -> Result<Verdict, ConnectorError> {
        let text = self.text_of(proxy_id, revision).await?;
        let cases = self.cases_of(proxy_id, revision).await?;
        let (proxy_id, secrets) = (proxy_id.to_owned(), secrets.clone());
        Ok(self.work.run(move |cancel| check::verdict(&proxy_id, text, &secrets, &cases, cancel)).await?)
    }
}

pub(super) fn new_revision(proxy_id: &str, revision: &Revision) -> Result<DocumentChange, StoreError> {
    DocumentChange::create(&revision_key(proxy_id, revision.number), revision)
}
