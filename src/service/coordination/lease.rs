//! Work that only one may do at a time, of all the servers that share a store. Whoever has the lease
//! does it; the others wait and look at what came of it. A lease that nobody ended expires.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::claims::unique;
use crate::service::Services;
use crate::service::wording::store_failed;
use crate::store::{DocumentChange, DocumentKey, DocumentKind, StoreError};

/// How often the lease of another is looked at, where no change is heard of.
const LOOK: Duration = Duration::from_millis(100);

/// A lease that the caller holds. It has to be ended; one that is dropped blocks the others of this
/// key until it expires.
pub(in crate::service) struct Lease {
    change: DocumentChange,
}

/// What came of asking for a lease.
pub(in crate::service) enum LeaseAnswer {
    Held(Lease),
    /// Another had it, and ended it or lost it meanwhile.
    Ended,
    /// Another has it still, and the caller's patience is over.
    Waiting,
}

/// Asks for the lease on what `parts` name, for `lifetime`; waits for another's, up to `patience`.
pub(in crate::service) async fn ask(
    services: &Services,
    parts: Vec<Option<String>>,
    lifetime: Duration,
    patience: Duration,
) -> Result<LeaseAnswer, StoreError> {
    let key = DocumentKey { kind: DocumentKind::Lease, parts };
    let until = Instant::now() + patience;
    let mut waited = false;
    let mut changes = services.store.changes();
    loop {
        let (before, now) = tokio::try_join!(services.store.document(&key), services.store.now())?;
        let stands = before.as_ref().is_some_and(|lease| stands(services, lease, now));
        if !stands && waited {
            return Ok(LeaseAnswer::Ended);
        }
        if !stands {
            let expires_at = now + i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
            let lease =
                json!({"holder": unique(), "instance": services.instance.name(), "expiresAt": expires_at});
            let change = DocumentChange { key: key.clone(), before, after: Some(lease.clone()) };
            if services.store.change_documents(std::slice::from_ref(&change)).await? {
                let change = DocumentChange { key, before: Some(lease), after: None };
                return Ok(LeaseAnswer::Held(Lease { change }));
            }
            continue;
        }
        waited = true;
        if Instant::now() >= until {
            return Ok(LeaseAnswer::Waiting);
        }
        let next = (Instant::now() + LOOK).min(until);
        // Too late is as good as a change: both are looked at.
        let _ = tokio::time::timeout_at(next, changes.changed()).await;
    }
}

/// In a store of one process, the lease of an earlier start is nobody's.
fn stands(services: &Services, lease: &Value, now: i64) -> bool {
    let expires_at = lease.get("expiresAt").and_then(Value::as_i64).unwrap_or_default();
    let is_own = lease.get("instance").and_then(Value::as_str) == Some(services.instance.name());
    expires_at > now && (is_own || services.store.is_shared())
}

impl Lease {
    /// Ends it. Where the store fails, it expires.
    pub(in crate::service) async fn end(self, services: &Services) {
        if let Err(error) = services.store.change_documents(&[self.change]).await {
            store_failed(&error);
        }
    }
}
