//! What is recorded of a change, in the same change of the store.

use serde_json::{Value, json};

use crate::hex::hex;
use crate::service::clock::now_ms;
use crate::store::{DocumentChange, DocumentKey, DocumentKind};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A connector was made.
    Create,
    /// Owner, accounts, manifest or secrets changed.
    Configure,
    /// A revision was uploaded.
    Upload,
    /// A revision became active.
    Activate,
    /// The revision before became active again.
    RollBack,
    /// The connector went out of service.
    Retire,
    /// An account was pinned to a revision.
    Pin,
    /// An account follows the active revision again.
    Unpin,
    /// The revision of an account became active for all.
    Promote,
    /// A connector was imported.
    Import,
    /// An operation was tried at the CRM, with the connector's secret.
    Test,
}

impl Action {
    /// Stable, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "connector.create",
            Self::Configure => "connector.configure",
            Self::Upload => "connector.upload",
            Self::Activate => "connector.activate",
            Self::RollBack => "connector.rollBack",
            Self::Retire => "connector.retire",
            Self::Pin => "connector.pin",
            Self::Unpin => "connector.unpin",
            Self::Promote => "connector.promote",
            Self::Import => "connector.import",
            Self::Test => "connector.test",
        }
    }
}

/// What is recorded; never a secret.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// To which revision.
    pub revision: Option<u64>,
    /// The rest.
    pub details: Value,
}

impl Change {
    pub(super) fn new(action: Action, revision: Option<u64>, details: Value) -> Self {
        Self { action, revision, details }
    }
}

/// The entry as a new document.
pub(super) fn entry(who: &str, proxy_id: &str, change: &Change) -> DocumentChange {
    let mut random = [0u8; 8];
    // Two entries of one millisecond would collide without it, and the change be repeated.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let parts = [format!("{:015}", now_ms()), hex(&random)];
    DocumentChange {
        key: DocumentKey { kind: DocumentKind::Audit, parts: parts.map(Some).to_vec() },
        before: None,
        after: Some(json!({
            "at": super::now(),
            "who": who,
            "action": change.action.as_str(),
            "connector": proxy_id,
            "revision": change.revision,
            "details": change.details,
        })),
    }
}
