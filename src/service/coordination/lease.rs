//! Work that only one may do at a time, of all the servers that share a store. Whoever has the lease
//! does it; the others wait and look at what came of it. A lease that nobody ended expires.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::claims::{Instance, unique};
use crate::service::wording::store_failed;
use crate::store::{DocumentChange, DocumentKind, Key, Store, StoreError, StoredDocument};

/// How often the lease of another is looked at, where no change is heard of.
const LOOK: Duration = Duration::from_millis(100);

/// As it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Holding {
    /// Random, one for each time that it is taken.
    holder: String,
    /// The start of a server that took it.
    instance: String,
    /// In milliseconds, by [`Instance::now`].
    expires_at: i64,
}

impl StoredDocument for Holding {
    const KIND: DocumentKind = DocumentKind::Lease;
}

/// A lease that the caller holds. It has to be ended; one that is dropped blocks the others of this
/// key until it expires.
pub(in crate::service) struct Lease {
    end: DocumentChange,
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
    store: &dyn Store,
    instance: &Instance,
    parts: Vec<Option<String>>,
    lifetime: Duration,
    patience: Duration,
) -> Result<LeaseAnswer, StoreError> {
    let key: Key<Holding> = Key::new(parts);
    let until = instance.elapsed() + patience;
    let mut waited = false;
    let mut changes = store.changes();
    loop {
        let (before, now) = tokio::try_join!(store.versioned_lossy(&key), instance.now(store))?;
        let stands = before.content.as_ref().is_some_and(|lease| stands(store, instance, lease, now));
        if !stands && waited {
            return Ok(LeaseAnswer::Ended);
        }
        if !stands {
            let expires_at = now + i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
            let lease = Holding { holder: unique()?, instance: instance.name().to_owned(), expires_at };
            let change = before.changed_to(&lease)?;
            if store.change_documents(std::slice::from_ref(&change)).await? {
                return Ok(LeaseAnswer::Held(Lease { end: change.then_removed() }));
            }
            continue;
        }
        waited = true;
        let left = until.saturating_sub(instance.elapsed());
        if left.is_zero() {
            return Ok(LeaseAnswer::Waiting);
        }
        // Too late is as good as a change: both are looked at.
        let _ = tokio::time::timeout(left.min(LOOK), changes.changed()).await;
    }
}

/// In a store of one process, the lease of an earlier start is nobody's.
fn stands(store: &dyn Store, instance: &Instance, lease: &Holding, now: i64) -> bool {
    lease.expires_at > now && (lease.instance == instance.name() || store.is_shared())
}

impl Lease {
    /// Ends it. Where the store fails, it expires.
    pub(in crate::service) async fn end(self, store: &dyn Store) {
        if let Err(error) = store.change_documents(&[self.end]).await {
            store_failed(&error);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::service::clock::{Clock, Hand};
    use crate::store;

    const LIFETIME: Duration = Duration::from_secs(60);

    struct Scene {
        store: Arc<dyn Store>,
        instance: Instance,
        hand: Hand,
        _folder: tempfile::TempDir,
    }

    impl Scene {
        async fn start() -> Self {
            let (store, folder) = store::testing::empty().await;
            let (clock, hand) = Clock::by_hand(1_760_000_000_000);
            Self { store, instance: Instance::new(clock).unwrap(), hand, _folder: folder }
        }

        async fn ask(&self, instance: &Instance, patience: Duration) -> LeaseAnswer {
            let parts = vec![Some("work".to_owned())];
            ask(&*self.store, instance, parts, LIFETIME, patience).await.unwrap()
        }

        /// Asks for a lease that is free.
        async fn held(&self, instance: &Instance) -> Lease {
            let LeaseAnswer::Held(lease) = self.ask(instance, Duration::ZERO).await else {
                panic!("not held")
            };
            lease
        }
    }

    #[tokio::test]
    async fn a_lease_is_one_holders_until_it_is_ended() {
        let scene = Scene::start().await;
        let lease = scene.held(&scene.instance).await;
        assert!(matches!(scene.ask(&scene.instance, Duration::ZERO).await, LeaseAnswer::Waiting));
        let patient = scene.ask(&scene.instance, Duration::from_secs(10));
        let (waited, ()) = tokio::join!(patient, lease.end(&*scene.store));
        assert!(matches!(waited, LeaseAnswer::Ended));
        scene.held(&scene.instance).await.end(&*scene.store).await;
    }

    #[tokio::test]
    async fn patience_ends_and_a_lease_that_nobody_ended_expires() {
        let scene = Scene::start().await;
        let lost = scene.held(&scene.instance).await;
        let wait = scene.ask(&scene.instance, Duration::from_secs(10));
        let pass = async { scene.hand.advance(Duration::from_secs(10)) };
        assert!(matches!(tokio::join!(wait, pass).0, LeaseAnswer::Waiting));
        scene.hand.advance(LIFETIME - Duration::from_secs(10));
        drop(lost);
        scene.held(&scene.instance).await;
    }

    #[test]
    fn a_lease_is_stored_as_it_was() {
        let lease = Holding { holder: "h".to_owned(), instance: "i".to_owned(), expires_at: 1 };
        let form = r#"{"holder":"h","instance":"i","expiresAt":1}"#;
        store::assert_stored_as(&Key::new([Some("work".to_owned())]), &lease, "lease/work", form);
    }

    /// Nobody else works on the store of one process.
    #[tokio::test]
    async fn the_lease_of_an_earlier_start_is_nobodys() {
        let scene = Scene::start().await;
        drop(scene.held(&scene.instance).await);
        let next = Instance::new(Clock::system()).unwrap();
        scene.held(&next).await;
    }
}
