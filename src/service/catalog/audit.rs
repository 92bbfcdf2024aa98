//! What is recorded of a change, in the same change of the store.

use serde_json::Value;

use crate::service::management::Caller;
use crate::service::management::audit::Event;

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
    /// A revision was checked, and its cases were run with the connector's secret.
    Check,
    /// It was shown what an operation would send.
    Explain,
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
            Self::Check => "connector.check",
            Self::Explain => "connector.explain",
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

/// As the audit log takes it.
pub(super) fn event(who: &Caller, proxy_id: &str, change: &Change) -> Event {
    let mut detail = change.details.clone();
    if let (Some(revision), Some(members)) = (change.revision, detail.as_object_mut()) {
        members.insert("revision".to_owned(), revision.into());
    }
    Event::new(who, change.action.as_str(), format!("connector/{proxy_id}"), detail)
}
