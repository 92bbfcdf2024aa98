//! Services for unit tests: an empty store in a folder that goes with them.

use std::ops::Deref;
use std::sync::Arc;

use super::clock::Clock;
use super::coordination::claims::Instance;
use super::invoke::{Hook, Pipeline};
use super::management::ApiTokens;
use super::session::Sessions;
use super::{Services, Shared, catalog};
use crate::connector::Registry;
use crate::connector::documents::Documents;
use crate::engine::send::{Client, ClientOptions};
use crate::metrics::Metrics;
use crate::store::{self, Secret};

/// Services, and the folder of their store.
pub(super) struct TestServices {
    services: Services,
    _folder: tempfile::TempDir,
}

impl Deref for TestServices {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

/// Services with this clock, these connectors and hooks, and without documents.
pub(super) async fn services(clock: Clock, registry: Registry, hooks: Vec<Arc<dyn Hook>>) -> TestServices {
    let secret = Secret::new("a secret");
    let (store, folder) = store::testing::empty().await;
    let documents = Documents::none();
    let shared = Shared {
        instance: Instance::new(clock.clone()).unwrap(),
        sessions: Sessions::new(&secret, clock.clone()),
        connectors: Arc::new(catalog::Catalog::new(
            Arc::clone(&store),
            Arc::clone(&documents),
            clock.clone(),
        )),
        store,
        documents,
        registry,
        hash_key: Secret::new("a salt"),
        pipeline: Pipeline::new(hooks),
        metrics: Arc::new(Metrics::default()),
        ringcentral_server: "https://ringcentral.example".parse().unwrap(),
        developer_portal: "https://portal.example".parse().unwrap(),
        app_server: None,
        override_app_server: None,
        manifest: None,
        api_tokens: ApiTokens::new(None, clock.clone()),
        calls_in_flight: Arc::default(),
        conversations_in_flight: Arc::default(),
        contacts_in_flight: Arc::default(),
        searches_in_flight: Arc::default(),
        sign_ins: super::oauth::SignIns::new(&secret),
        renewals: super::credentials::Renewals::default(),
        token_journal: super::credentials::TokenJournal::default(),
        record_locks: super::coordination::keyed_lock::KeyedLock::default(),
        clock,
    };
    let client = Client::new(&ClientOptions::default()).unwrap();
    TestServices { services: Services::new(Arc::new(shared), client), _folder: folder }
}
