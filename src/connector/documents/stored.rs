//! Connectors that were uploaded: what of them is in service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Entry;
use super::document::{Arrival, Document, Origin, Secrets};
use crate::connector::proxy::SharedLimits;
use crate::engine::load::SourceFile;

/// For whom a connector is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience<'a> {
    /// Nobody in particular: what a connector can do is no secret.
    Anybody,
    /// A user, of this RingCentral account where it is known.
    Account(Option<&'a str>),
}

/// An uploaded connector as the store describes it.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// The proxy id.
    pub proxy_id: String,
    /// The RingCentral accounts that may use it; absent where all may.
    pub allowed_accounts: Option<BTreeSet<String>>,
    /// Its secrets.
    pub secrets: Secrets,
    /// The text of the active revision; absent if there is none.
    pub active: Option<Arc<str>>,
    /// The texts of the revisions that accounts are pinned to.
    pub pins: BTreeMap<String, Arc<str>>,
}

/// An uploaded connector in service.
#[derive(Debug, Clone)]
pub(super) struct InService {
    allowed_accounts: Option<BTreeSet<String>>,
    active: Option<Entry>,
    pins: BTreeMap<String, Entry>,
}

impl InService {
    /// What the store says now, with everything that `before` has of it: compiled forms, what is used
    /// of the limits, and the last version that runs where the new one does not.
    pub(super) fn succeeding(
        stored: Stored,
        before: Option<&Self>,
        arrival: Arrival,
        shared_limits: &Arc<SharedLimits>,
    ) -> Self {
        let Stored { proxy_id, allowed_accounts, secrets, active, pins } = stored;
        let origin = Origin::Store(secrets);
        let mut known: Vec<Arc<Document>> = before.map(Self::documents).unwrap_or_default();
        let mut hold = |text: Arc<str>, slot: Option<&Entry>| {
            let last_good = slot.and_then(Entry::active).cloned();
            let source = SourceFile::of_text(format!("{proxy_id}.json"), text);
            let current = match known.iter().find(|document| document.is(&origin, &source)) {
                Some(document) => Arc::clone(document),
                None => {
                    let kept = last_good.as_ref().map(|document| document.source.revision().to_owned());
                    // One budget for all revisions: the CRM counts for the connector.
                    let limits = known.iter().find_map(|document| document.limits());
                    let document =
                        Document::new(proxy_id.clone(), origin.clone(), source, kept, limits, shared_limits);
                    let document = Arc::new(document);
                    known.push(Arc::clone(&document));
                    document
                }
            };
            current.prepare(arrival);
            let broken = current.checked.get().is_some_and(|checked| !checked.runs);
            Entry { current, last_good: last_good.filter(|_| broken), missing: false }
        };
        let active = active.map(|text| hold(text, before.and_then(|before| before.active.as_ref())));
        let pins = pins
            .into_iter()
            .map(|(account, text)| {
                let slot = before.and_then(|before| before.pins.get(&account).or(before.active.as_ref()));
                let held = hold(text, slot);
                (account, held)
            })
            .collect();
        Self { allowed_accounts, active, pins }
    }

    /// What serves these callers; `None` if a file of the folder may.
    pub(super) fn held(&self, audience: Audience<'_>) -> Option<&Entry> {
        let account = match audience {
            Audience::Account(Some(account)) => Some(account),
            _ => None,
        };
        account.and_then(|account| self.pins.get(account)).or(self.active.as_ref())
    }

    /// Whether these callers may not use it.
    pub(super) fn is_closed_to(&self, audience: Audience<'_>) -> bool {
        match (audience, &self.allowed_accounts) {
            (Audience::Account(account), Some(allowed)) => {
                account.is_none_or(|account| !allowed.contains(account))
            }
            _ => false,
        }
    }

    /// Whether anybody has it.
    pub(super) fn serves_anybody(&self) -> bool {
        self.active.is_some() || !self.pins.is_empty()
    }

    pub(super) fn active(&self) -> Option<&Entry> {
        self.active.as_ref()
    }

    /// Everything it holds, what is active first.
    pub(super) fn documents(&self) -> Vec<Arc<Document>> {
        let held = self.active.iter().chain(self.pins.values());
        held.flat_map(|held| std::iter::once(&held.current).chain(&held.last_good)).cloned().collect()
    }
}
