//! What the store keeps of a connector: one record, and one document for each revision.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::connector::documents::Secrets;
use crate::secret::Secret;
use crate::store::{DocumentKind, Key, Prefix, StoreError, StoredDocument, Versioned};

/// How far a connector is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Never activated.
    #[default]
    Draft,
    /// A revision serves.
    Active,
    /// Out of service; activating a revision brings it back.
    Retired,
}

impl Status {
    /// Lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// A connector, but for its secrets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) proxy_id: String,
    /// Rises with every change: the ETag.
    pub(super) version: u64,
    pub(super) status: Status,
    pub(super) owner: Option<String>,
    pub(super) allowed_accounts: Option<BTreeSet<String>>,
    pub(super) manifest: Option<Map<String, Value>>,
    /// The number of the newest revision.
    pub(super) revisions: u64,
    pub(super) active: Option<u64>,
    /// The revisions that were active before, the latest last; bounded by [`FORMER`].
    pub(super) former: Vec<u64>,
    pub(super) pins: BTreeMap<String, u64>,
    pub(super) created_at: String,
    pub(super) created_by: String,
    pub(super) updated_at: String,
    pub(super) updated_by: String,
}

/// How many activations can be rolled back.
pub(super) const FORMER: usize = 50;

/// A connector as it is stored: its record and its secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Connector {
    pub(super) record: Record,
    #[serde(default, with = "written")]
    pub(super) secrets: Secrets,
}

impl StoredDocument for Connector {
    const KIND: DocumentKind = DocumentKind::Connector;
}

/// The one place where secrets are written down, and the store seals it.
mod written {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Secret, Secrets};

    #[derive(Default, Serialize, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Texts {
        secret_key: Option<String>,
        client_secret: Option<String>,
    }

    pub(super) fn serialize<S: Serializer>(secrets: &Secrets, to: S) -> Result<S::Ok, S::Error> {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let texts =
            Texts { secret_key: text(&secrets.secret_key), client_secret: text(&secrets.client_secret) };
        texts.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secrets, D::Error> {
        let Texts { secret_key, client_secret } = Texts::deserialize(from)?;
        Ok(Secrets {
            secret_key: secret_key.map(Secret::from),
            client_secret: client_secret.map(Secret::from),
        })
    }
}

/// A connector as it was read: its record, its secrets, and the version that a change is held to.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) secrets: Secrets,
    pub(super) version: Versioned<Connector>,
}

/// An immutable revision. What it says and the cases that it has to pass are texts of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// Counts from 1.
    pub number: u64,
    /// SHA-256 of the text, hexadecimal.
    pub hash: String,
    /// Length of the text.
    pub bytes: u64,
    /// Who uploaded it.
    pub author: String,
    /// When, ISO 8601.
    pub created_at: String,
    /// What the author says about it.
    pub note: Option<String>,
    /// Who imported it, where it was made elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_by: Option<String>,
    /// SHA-256 of the fixture cases as JSON, where there are any.
    pub cases_hash: Option<String>,
    /// How many fixture cases it has to pass.
    pub cases: u64,
    /// How many findings there are.
    pub summary: Summary,
    /// What was found when it was uploaded, as `app-connect validate --format json` writes it; at most
    /// the first fifty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Value>,
}

impl StoredDocument for Revision {
    const KIND: DocumentKind = DocumentKind::ConnectorRevision;
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// With these it cannot run.
    pub errors: usize,
    /// With these it runs, but not as meant.
    pub mistakes: usize,
    /// Worth knowing.
    pub warnings: usize,
}

pub(super) fn connector_key(proxy_id: &str) -> Key<Connector> {
    Key::new([Some(proxy_id.to_owned())])
}

pub(super) fn revisions_of(proxy_id: &str) -> Prefix<Revision> {
    Prefix::new([Some(proxy_id.to_owned())])
}

pub(super) fn revision_key(proxy_id: &str, number: u64) -> Key<Revision> {
    // Padded, so that the order of keys is that of numbers.
    revisions_of(proxy_id).key([Some(format!("{number:010}"))])
}

impl Found {
    /// `None` if there is no such connector.
    pub(super) fn new(mut version: Versioned<Connector>) -> Option<Self> {
        let Connector { record, secrets } = version.content.take()?;
        Some(Self { record, secrets, version })
    }
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt { what: what.to_owned(), why: "it is not of the form that was expected".to_owned() }
}
