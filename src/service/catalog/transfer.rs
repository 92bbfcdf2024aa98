//! A connector as a file: all its revisions and what is said of it, but no secret.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::audit::{Action, Change};
use super::draft::{Stored, Upload, new_revision};
use super::record::{Connector, Record};
use super::settings::{Settings, new_record};
use super::{Catalog, ConnectorError, ConnectorView, Revision, check_text};
use crate::connector::documents::Secrets;
use crate::members::{Members, Wrong};
use crate::service::management::Caller;
use crate::store::{DocumentChange, StoreError};

const FORMAT: &str = "app-connect-connector";
const VERSION: u32 = 1;
const MAX_REVISIONS: usize = 1000;

/// What an import takes, with room for what stands around the texts, in bytes.
const MAX_EXPORT: usize = 9 * 1024 * 1024;

/// An exported connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    /// `app-connect-connector`
    pub format: String,
    /// Of the format.
    pub version: u32,
    /// Its id.
    pub proxy_id: String,
    /// Who is responsible for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// The RingCentral accounts that may use it; null where all may.
    #[serde(default)]
    pub allowed_accounts: Option<BTreeSet<String>>,
    /// What clients are told about it.
    #[serde(default)]
    pub manifest: Option<Map<String, Value>>,
    /// The number of the active revision, for information: an import activates nothing.
    #[serde(default)]
    pub active_revision: Option<u64>,
    /// The revisions, the oldest first.
    pub revisions: Vec<BundledRevision>,
}

/// An export is read as it was written: an odd member is a sign that it is none.
impl Members for Bundle {
    const NAMES: &'static [&'static str] = &[];

    fn take(object: &mut Map<String, Value>) -> Result<Self, Wrong> {
        Self::deserialize(Value::Object(std::mem::take(object))).map_err(|_| Wrong::Content {
            name: "",
            message: "This is no export of a connector. Send what GET …/export gave, as it is.".to_owned(),
        })
    }
}

/// An exported revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundledRevision {
    /// Counts from 1; an import counts anew, in the order of the list.
    pub number: u64,
    /// SHA-256 of the text, hexadecimal.
    pub hash: String,
    /// Who uploaded it.
    pub author: String,
    /// When, ISO 8601.
    pub created_at: String,
    /// What the author says about it.
    #[serde(default)]
    pub note: Option<String>,
    /// The proxyConfig, byte for byte.
    pub text: String,
    /// Its fixture cases.
    #[serde(default)]
    pub cases: Vec<Value>,
}

impl Catalog {
    /// Exports a connector, with its revisions from a number on.
    ///
    /// # Errors
    /// If there is none, the revisions are more than an import takes, or the store cannot be read.
    pub async fn export(&self, proxy_id: &str, from: u64) -> Result<Bundle, ConnectorError> {
        let record = self.found(proxy_id).await?.record;
        let mut revisions = Vec::new();
        let mut bytes = 0;
        let from = from.max(1);
        if from > record.revisions.max(1) {
            return Err(ConnectorError::UnknownRevision { proxy_id: record.proxy_id, number: from });
        }
        for number in from..=record.revisions {
            let revision = self.revision_of(&record, number).await?;
            let bundled = BundledRevision {
                number,
                text: self.text_of(proxy_id, &revision).await?.to_string(),
                cases: self.cases_of(proxy_id, &revision).await?,
                hash: revision.hash,
                author: revision.author,
                created_at: revision.created_at,
                note: revision.note,
            };
            bytes += json!(bundled).to_string().len();
            if bytes > MAX_EXPORT || revisions.len() == MAX_REVISIONS {
                return Err(ConnectorError::State {
                    code: "export_too_large",
                    message: format!(
                        "The {} revisions from {from} on are more than an import takes: {MAX_REVISIONS} revisions, {MAX_EXPORT} bytes. Export later ones, with `?from=` and a number.",
                        record.revisions + 1 - from
                    ),
                });
            }
            revisions.push(bundled);
        }
        Ok(Bundle {
            format: FORMAT.to_owned(),
            version: VERSION,
            proxy_id: record.proxy_id,
            owner: record.owner,
            allowed_accounts: record.allowed_accounts,
            manifest: record.manifest,
            active_revision: record.active,
            revisions,
        })
    }

    /// Makes a connector from an export, as a draft without secrets. Every text is checked as an upload
    /// is; author and time stay what the export says, beside who imported it.
    ///
    /// # Errors
    /// If there is a connector of this id, or something cannot be stored.
    pub async fn import(&self, who: &Caller, bundle: Bundle) -> Result<ConnectorView, ConnectorError> {
        if bundle.format != FORMAT || bundle.version != VERSION {
            return Err(ConnectorError::invalid(
                "format",
                format!(
                    "This is no export of a connector: `format` is \"{FORMAT}\" and `version` {VERSION}."
                ),
            ));
        }
        if bundle.revisions.len() > MAX_REVISIONS {
            return Err(ConnectorError::invalid(
                "revisions",
                format!("There are at most {MAX_REVISIONS} `revisions`."),
            ));
        }
        let settings = Settings {
            owner: Some(bundle.owner),
            allowed_accounts: Some(bundle.allowed_accounts),
            manifest: Some(bundle.manifest),
            ..Settings::default()
        };
        let (mut record, _) = new_record(who, bundle.proxy_id, settings, self.now())?;
        let mut changes = Vec::new();
        for bundled in bundle.revisions {
            check_text("author", &bundled.author)?;
            check_text("createdAt", &bundled.created_at)?;
            let upload = Upload { text: bundled.text, note: bundled.note, cases: Some(bundled.cases) };
            let Stored { mut revision, changes: stored } =
                self.store_revision(who, &record, &Secrets::default(), upload).await?;
            if revision.hash != bundled.hash {
                return Err(ConnectorError::invalid(
                    "hash",
                    format!("The text of revision {} was changed: it has another hash.", bundled.number),
                ));
            }
            revision.author = bundled.author;
            revision.created_at = bundled.created_at;
            revision.imported_by = Some(who.name.clone());
            record.revisions = revision.number;
            // Texts that several revisions share are stored once.
            changes.extend(with_new_texts(stored, &changes, &record, &revision)?);
        }
        let revision = (record.revisions > 0).then_some(record.revisions);
        let change = Change::new(Action::Import, revision, json!({"revisions": record.revisions}));
        let connector = Connector { record, secrets: Secrets::default() };
        self.commit_new(who, connector, changes, change).await
    }
}

/// The changes of a revision that are not among those before, with the revision as it is imported.
fn with_new_texts(
    stored: Vec<DocumentChange>,
    before: &[DocumentChange],
    record: &Record,
    revision: &Revision,
) -> Result<Vec<DocumentChange>, StoreError> {
    let own = new_revision(&record.proxy_id, revision)?;
    let others = stored.into_iter().filter(|change| change.key != own.key);
    let mut new: Vec<_> =
        others.filter(|change| !before.iter().any(|known| known.key == change.key)).collect();
    new.push(own);
    Ok(new)
}
