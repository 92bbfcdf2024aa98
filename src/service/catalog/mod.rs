//! The life of uploaded connectors: records with immutable revisions, of which one is active.
//!
//! Activating moves a pointer in the record, in one change of the store together with its audit entry;
//! then the snapshot of documents is swapped. Whoever changes a record says which version of it was
//! read, so that two editors never overwrite each other.

mod activation;
mod audit;
mod check;
mod diff;
mod draft;
mod dry_run;
mod error;
mod record;
mod serving;
mod settings;
mod text;
mod transfer;
mod trials;
mod verdict;
mod view;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::activation::{ActivateRequest, Force, PromoteRequest};
pub use self::audit::{Action, Change};
pub use self::diff::{Changed, Diff, Kind, OperationDiff};
pub use self::draft::{FixtureCase, Upload, UploadRequest};
pub use self::dry_run::{Explained, ShownRequest, Tested, Trial};
pub use self::error::ConnectorError;
pub use self::record::{Revision, Status, Summary};
pub use self::settings::{New, NewConnector, Settings};
pub use self::transfer::Bundle;
pub use self::verdict::{CaseDifference, CaseVerdict, Verdict};
pub use self::view::ConnectorView;

use self::record::{Connector, Found, Record, connector_key, revision_key};
use self::serving::Seen;
use self::trials::Trials;
use crate::connector::documents::{Documents, Secrets};
use crate::engine::time::to_iso;
use crate::service::bounded_work::BoundedWork;
use crate::service::clock::Clock;
use crate::service::management::{Caller, audit as log};
use crate::store::{DocumentChange, Store, StoreError, Versioned};

/// The longest proxy id of an upload.
const MAX_PROXY_ID: usize = 64;

/// The longest note, reason and owner.
const MAX_TEXT: usize = 1000;

/// The connectors of the store.
pub struct Catalog {
    store: Arc<dyn Store>,
    documents: Arc<Documents>,
    clock: Clock,
    /// Checks, comparisons and what else takes long.
    work: BoundedWork,
    /// Trials that are under way.
    trials: Trials,
    /// What was read last; held while reading, so that an older reading never replaces a newer one.
    seen: tokio::sync::Mutex<Seen>,
}

/// A connector as somebody read it and wants to change it.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'a> {
    /// Who.
    pub who: &'a Caller,
    /// Which connector.
    pub proxy_id: &'a str,
    /// The version that was read.
    pub version: u64,
}

impl Catalog {
    /// The connectors of a store, served through `documents`.
    pub fn new(store: Arc<dyn Store>, documents: Arc<Documents>, clock: Clock) -> Self {
        Self {
            store,
            documents,
            clock,
            work: BoundedWork::default(),
            trials: Trials::default(),
            seen: tokio::sync::Mutex::default(),
        }
    }

    /// ISO 8601.
    fn now(&self) -> String {
        Timestamp::from_millisecond(self.clock.now_ms()).map(to_iso).unwrap_or_default()
    }

    async fn found(&self, proxy_id: &str) -> Result<Found, ConnectorError> {
        let found = Found::new(self.store.versioned(&connector_key(proxy_id)).await?);
        found.ok_or_else(|| ConnectorError::UnknownConnector(proxy_id.to_owned()))
    }

    /// The manifest of a connector that serves, for everybody.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn manifest(&self, proxy_id: &str) -> Result<Option<Map<String, Value>>, StoreError> {
        let found = self.store.get(&connector_key(proxy_id)).await?;
        Ok(found
            .and_then(|Connector { record, .. }| record.manifest.filter(|_| record.status == Status::Active)))
    }

    /// The connector that is to be changed, still as it was read.
    async fn to_edit(&self, edit: &Edit<'_>) -> Result<Found, ConnectorError> {
        let found = self.found(edit.proxy_id).await?;
        if found.record.version != edit.version {
            return Err(ConnectorError::Changed { current: found.record.version });
        }
        Ok(found)
    }

    async fn revision_of(&self, record: &Record, number: u64) -> Result<Revision, ConnectorError> {
        let revision = self.store.get(&revision_key(&record.proxy_id, number)).await?;
        let unknown = || ConnectorError::UnknownRevision { proxy_id: record.proxy_id.clone(), number };
        revision.ok_or_else(unknown)
    }

    async fn text_of(&self, proxy_id: &str, revision: &Revision) -> Result<Arc<str>, StoreError> {
        Ok(text::read(&*self.store, proxy_id, &revision.hash).await?.into())
    }

    async fn cases_of(&self, proxy_id: &str, revision: &Revision) -> Result<Vec<Value>, StoreError> {
        let Some(hash) = &revision.cases_hash else { return Ok(Vec::new()) };
        let text = text::read(&*self.store, proxy_id, hash).await?;
        serde_json::from_str(&text).map_err(|_| record::damaged("the cases of a revision"))
    }

    /// Stores a changed record together with what belongs to it and the audit entry, and serves it.
    async fn change(
        &self,
        edit: &Edit<'_>,
        found: Found,
        change: impl FnOnce(&mut Record, &mut Secrets),
        others: Vec<DocumentChange>,
        action: Change,
    ) -> Result<ConnectorView, ConnectorError> {
        let Found { mut record, mut secrets, version } = found;
        change(&mut record, &mut secrets);
        record.version += 1;
        record.updated_at = self.now();
        record.updated_by = edit.who.name.clone();
        self.commit(edit.who, &version, Connector { record, secrets }, others, action).await
    }

    /// Records what somebody does that changes nothing.
    async fn note(&self, who: &Caller, proxy_id: &str, change: &Change) -> Result<(), StoreError> {
        let event = audit::event(who, proxy_id, change);
        log::commit(&*self.store, &self.clock, &event, Vec::new()).await.map(drop)
    }

    async fn commit_new(
        &self,
        who: &Caller,
        connector: Connector,
        others: Vec<DocumentChange>,
        action: Change,
    ) -> Result<ConnectorView, ConnectorError> {
        let before = Versioned::absent(connector_key(&connector.record.proxy_id));
        self.commit(who, &before, connector, others, action).await
    }

    async fn commit(
        &self,
        who: &Caller,
        before: &Versioned<Connector>,
        after: Connector,
        others: Vec<DocumentChange>,
        action: Change,
    ) -> Result<ConnectorView, ConnectorError> {
        let mut changes = vec![before.changed_to(&after)?];
        let Connector { record, secrets } = after;
        changes.extend(others);
        let event = audit::event(who, &record.proxy_id, &action);
        if !log::commit(&*self.store, &self.clock, &event, changes).await? {
            if before.is_absent() {
                return Err(ConnectorError::Exists(record.proxy_id.clone()));
            }
            let current = self.found(&record.proxy_id).await?.record.version;
            return Err(ConnectorError::Changed { current });
        }
        tracing::info!(
            who = who.name,
            proxy_id = record.proxy_id,
            action = action.action.as_str(),
            revision = action.revision,
            "connector changed"
        );
        // It is stored and will be served: at the latest when the store is read the next time.
        if let Err(error) = self.refresh().await {
            tracing::error!(%error, "the connectors of the store cannot be read; what was in service stays");
        }
        Ok(self.view(&record, &secrets))
    }
}

/// A proxy id that can also be the name of a file.
fn check_proxy_id(proxy_id: &str) -> Result<(), ConnectorError> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fits = (1..=MAX_PROXY_ID).contains(&proxy_id.len())
        && proxy_id.bytes().all(letters)
        && !proxy_id.starts_with('.');
    if fits {
        return Ok(());
    }
    Err(ConnectorError::invalid(
        "proxyId",
        format!(
            "`proxyId` is 1 to {MAX_PROXY_ID} letters, digits, hyphens, underscores and full stops, and begins with no full stop."
        ),
    ))
}

/// A text for people.
fn check_text(at: &'static str, text: &str) -> Result<(), ConnectorError> {
    if text.chars().count() <= MAX_TEXT {
        return Ok(());
    }
    Err(ConnectorError::invalid(at, format!("`{at}` has at most {MAX_TEXT} characters.")))
}

#[cfg(test)]
mod tests;
