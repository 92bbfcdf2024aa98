//! From the store into service: read, compile, swap. What cannot be read or does not run leaves what
//! was in service before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::record::{Connector, Status};
use super::{Catalog, ConnectorError};
use crate::connector::documents::Stored;
use crate::service::management::audit as log;
use crate::store::{Prefix, StoreError};

/// What was read last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The versions of the records; empty where something could not be read.
    versions: BTreeMap<String, u64>,
    /// The number of the newest audit entry before they were read; absent where something could not
    /// be. Whoever changes a connector writes an entry in the same commit.
    audited: Option<u64>,
}

/// Changes that follow one another faster are read together.
const TOGETHER: Duration = Duration::from_millis(100);

/// The store is read after this time at the latest, whether or not it said that it changed.
const AT_THE_LATEST: Duration = Duration::from_secs(30);

/// How often compiled documents that were not used since the last time are let go.
const IDLE: Duration = Duration::from_secs(300);

impl Catalog {
    /// Serves what the store says now.
    ///
    /// # Errors
    /// If the records cannot be read; what was in service then stays.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut seen = self.seen.lock().await;
        let audited = log::newest(&*self.store).await?;
        self.read_again(&mut seen, audited).await
    }

    /// As [`Catalog::refresh`], but reads nothing more where nobody changed a connector: the store
    /// also says so of what has nothing to do with them, many times a second.
    pub(super) async fn refresh_where_changed(&self) -> Result<(), StoreError> {
        let mut seen = self.seen.lock().await;
        let audited = log::newest(&*self.store).await?;
        if seen.audited == Some(audited) {
            return Ok(());
        }
        self.read_again(&mut seen, audited).await
    }

    async fn read_again(&self, seen: &mut Seen, audited: u64) -> Result<(), StoreError> {
        seen.audited = None;
        let found: Vec<Connector> = self.store.list(&Prefix::all()).await?;
        let versions: BTreeMap<String, u64> =
            found.iter().map(|found| (found.record.proxy_id.clone(), found.record.version)).collect();
        if seen.versions == versions {
            seen.audited = Some(audited);
            return Ok(());
        }
        let (mut stored, mut unreadable) = (Vec::new(), BTreeSet::new());
        for found in found.into_iter().filter(|found| found.record.status != Status::Retired) {
            let proxy_id = found.record.proxy_id.clone();
            match self.to_serve(found).await {
                Ok(Some(connector)) => stored.push(connector),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, proxy_id, "a connector cannot be read; what was in service stays");
                    unreadable.insert(proxy_id);
                }
            }
        }
        let (documents, is_complete) = (Arc::clone(&self.documents), unreadable.is_empty());
        // Compiles what changed.
        let swapped = tokio::task::spawn_blocking(move || documents.serve_stored(stored, &unreadable)).await;
        if swapped.is_err() {
            tracing::error!("compiling the connectors of the store panicked; what was in service stays");
        }
        // What could not be read is read again the next time.
        *seen = match swapped.is_ok() && is_complete {
            true => Seen { versions, audited: Some(audited) },
            false => Seen::default(),
        };
        Ok(())
    }

    /// What is to be served of a connector; `None` if nothing is.
    async fn to_serve(&self, connector: Connector) -> Result<Option<Stored>, ConnectorError> {
        let Connector { record, secrets } = connector;
        let mut texts: BTreeMap<u64, Arc<str>> = BTreeMap::new();
        for number in record.active.iter().chain(record.pins.values()) {
            if !texts.contains_key(number) {
                let revision = self.revision_of(&record, *number).await?;
                let in_service = self.documents.snapshot().uploaded_text(&record.proxy_id, &revision.hash);
                let text = match in_service {
                    Some(text) => text,
                    None => self.text_of(&record.proxy_id, &revision).await?,
                };
                texts.insert(*number, text);
            }
        }
        if texts.is_empty() {
            return Ok(None);
        }
        let text = |number: &u64| texts.get(number).cloned();
        Ok(Some(Stored {
            active: record.active.as_ref().and_then(text),
            pins: record
                .pins
                .iter()
                .filter_map(|(account, number)| Some((account.clone(), text(number)?)))
                .collect(),
            allowed_accounts: record.allowed_accounts,
            secrets,
            proxy_id: record.proxy_id,
        }))
    }

    /// Reads the folder and the store again, for an operator who asks for it.
    pub async fn reload(&self) {
        tracing::info!("reloading the folder of proxyConfigs and the connectors of the store");
        *self.seen.lock().await = Seen::default();
        if let Err(error) = self.refresh().await {
            tracing::error!(%error, "the connectors of the store cannot be read; what was in service stays");
        }
        let documents = Arc::clone(&self.documents);
        let reloaded = tokio::task::spawn_blocking(move || documents.reload()).await;
        if let Ok(Err(error)) = reloaded {
            tracing::error!(%error, "the folder of proxyConfigs cannot be listed; the last documents stay in service");
        }
    }

    /// Serves what changes in the store, here or on another instance. Goes on until it is dropped.
    pub async fn follow(&self, mut changes: watch::Receiver<u64>) {
        let (mut released, mut whole) = (Instant::now(), Instant::now());
        loop {
            // A store that is gone says nothing any more; it is still asked now and then.
            let is_told = match tokio::time::timeout(AT_THE_LATEST, changes.changed()).await {
                Ok(Ok(())) => {
                    sleep(TOGETHER).await;
                    true
                }
                Ok(Err(_)) => {
                    sleep(AT_THE_LATEST).await;
                    false
                }
                Err(_) => false,
            };
            changes.mark_unchanged();
            let refreshed = match is_told && whole.elapsed() < AT_THE_LATEST {
                true => self.refresh_where_changed().await,
                false => {
                    whole = Instant::now();
                    self.refresh().await
                }
            };
            if let Err(error) = refreshed {
                tracing::error!(%error, "the connectors of the store cannot be read; what was in service stays");
            }
            if released.elapsed() >= IDLE {
                released = Instant::now();
                self.documents.release_idle_stored();
            }
        }
    }
}
