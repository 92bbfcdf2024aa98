//! Connectors as people and programs read them: never with a secret.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::record::{Connector, Record, revisions_of};
use super::{Catalog, ConnectorError, Revision, Status};
use crate::connector::documents::Secrets;
use crate::store::Prefix;

/// A connector.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorView {
    /// Its id, by which users sign in.
    pub proxy_id: String,
    /// How far it is.
    pub status: Status,
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// The RingCentral accounts that may use it; null where all may.
    pub allowed_accounts: Option<BTreeSet<String>>,
    /// What clients are told about it.
    pub manifest: Option<Map<String, Value>>,
    /// Whether it has a `secretKey`, which is never shown.
    pub has_secret_key: bool,
    /// Whether it has a `clientSecret`, which is never shown.
    pub has_client_secret: bool,
    /// The revision that serves; null where none does.
    pub active_revision: Option<u64>,
    /// The newest revision.
    pub latest_revision: Option<u64>,
    /// The revision that a roll-back would activate.
    pub former_revision: Option<u64>,
    /// The revisions that accounts are pinned to.
    pub pins: BTreeMap<String, u64>,
    /// What this server does with it: `active`, `kept` (the active revision does not run here, so the
    /// one before it serves) or `refused`; null if nothing is to be served.
    #[schemars(extend("enum" = ["active", "kept", "refused", null]))]
    pub serving: Option<&'static str>,
    /// Whether the folder of this server has a file of this id, which serves when the connector does not.
    pub has_file: bool,
    /// The ETag, for `If-Match`.
    pub etag: String,
    /// When it was made, ISO 8601.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
    /// When it was changed last, ISO 8601.
    pub updated_at: String,
    /// By whom.
    pub updated_by: String,
}

impl Catalog {
    pub(super) fn view(&self, record: &Record, secrets: &Secrets) -> ConnectorView {
        let snapshot = self.documents.snapshot();
        let record = record.clone();
        ConnectorView {
            serving: snapshot.uploaded_state(&record.proxy_id).map(|state| state.status()),
            has_file: snapshot.has_file(&record.proxy_id),
            status: record.status,
            owner: record.owner,
            allowed_accounts: record.allowed_accounts,
            manifest: record.manifest,
            has_secret_key: secrets.secret_key.is_some(),
            has_client_secret: secrets.client_secret.is_some(),
            active_revision: record.active,
            latest_revision: (record.revisions > 0).then_some(record.revisions),
            former_revision: record.former.last().copied(),
            pins: record.pins,
            etag: format!("\"{}\"", record.version),
            created_at: record.created_at,
            created_by: record.created_by,
            updated_at: record.updated_at,
            updated_by: record.updated_by,
            proxy_id: record.proxy_id,
        }
    }

    /// All connectors, by proxy id.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self) -> Result<Vec<ConnectorView>, ConnectorError> {
        let found: Vec<Connector> = self.store.list(&Prefix::all()).await?;
        let mut views: Vec<_> = found.iter().map(|found| self.view(&found.record, &found.secrets)).collect();
        views.sort_by(|a, b| a.proxy_id.cmp(&b.proxy_id));
        Ok(views)
    }

    /// One connector.
    ///
    /// # Errors
    /// If there is none, or the store cannot be read.
    pub async fn get(&self, proxy_id: &str) -> Result<ConnectorView, ConnectorError> {
        let found = self.found(proxy_id).await?;
        Ok(self.view(&found.record, &found.secrets))
    }

    /// The revisions of a connector, the newest first, without their findings.
    ///
    /// # Errors
    /// If there is no such connector, or the store cannot be read.
    pub async fn revisions(&self, proxy_id: &str) -> Result<Vec<Revision>, ConnectorError> {
        self.found(proxy_id).await?;
        let revisions = self.store.list(&revisions_of(proxy_id)).await?.into_iter().rev();
        Ok(revisions.map(|revision| Revision { diagnostics: Vec::new(), ..revision }).collect())
    }

    /// One revision.
    ///
    /// # Errors
    /// If there is none, or the store cannot be read.
    pub async fn revision(&self, proxy_id: &str, number: u64) -> Result<Revision, ConnectorError> {
        let found = self.found(proxy_id).await?;
        self.revision_of(&found.record, number).await
    }

    /// The text of a revision as it was uploaded, with its hash.
    ///
    /// # Errors
    /// If there is no such revision, or the store cannot be read.
    pub async fn revision_text(
        &self,
        proxy_id: &str,
        number: u64,
    ) -> Result<(String, String), ConnectorError> {
        let revision = self.revision(proxy_id, number).await?;
        let text = super::text::read(&*self.store, proxy_id, &revision.hash).await?;
        Ok((revision.hash, text))
    }

    /// The fixture cases of a revision.
    ///
    /// # Errors
    /// If there is no such revision, or the store cannot be read.
    pub async fn revision_cases(&self, proxy_id: &str, number: u64) -> Result<Vec<Value>, ConnectorError> {
        let revision = self.revision(proxy_id, number).await?;
        Ok(self.cases_of(proxy_id, &revision).await?)
    }
}
