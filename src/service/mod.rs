//! What App Connect does around an operation: sessions, users, contacts, logs, settings. Knows neither
//! the web server nor how things are stored.

pub mod account_data;
pub mod accounts;
pub mod admin_settings;
pub mod admin_tokens;
pub mod adoption;
pub mod appointments;
mod assigned_user;
pub mod bounded_work;
pub mod call_down;
pub mod call_logs;
pub mod catalog;
pub mod clock;
pub mod composition;
pub mod contacts;
pub mod coordination;
pub(crate) mod credentials;
pub mod developer_portal;
pub mod error_reports;
mod fitting;
pub mod hashing;
pub mod interfaces;
pub mod invoke;
pub mod license;
pub mod managed_oauth;
pub mod managed_sign_in;
pub mod management;
pub mod manifest;
pub mod mask;
pub mod messages;
pub mod oauth;
mod off_worker;
pub mod plugins;
pub mod profile;
pub mod reports;
mod resolved_platform;
pub mod ringcentral;
pub mod server_logging;
pub mod session;
pub mod settings;
pub(crate) mod shared_limits;
pub(crate) mod stored_ids;
pub mod stored_limits;
pub mod tenants;
#[cfg(test)]
mod testing;
mod too_long;
pub mod user_mapping;
mod user_record;
pub mod users;
pub mod wording;
pub mod wrong_tokens;

use std::collections::HashSet;
use std::sync::Arc;

use crate::connector::Registry;
use crate::connector::documents::Documents;
use crate::engine::send::Client;
use crate::metrics::Metrics;
use crate::store::{Secret, Store};

pub(crate) use resolved_platform::ResolvedPlatform;

/// What all workers share.
pub struct Shared {
    /// The time, for everything that services write down.
    pub clock: clock::Clock,
    /// Users, logs, cached contacts.
    pub store: Arc<dyn Store>,
    /// The documents in service.
    pub documents: Arc<Documents>,
    /// The connectors that were uploaded.
    pub connectors: Arc<catalog::Catalog>,
    /// Registered connectors.
    pub registry: Registry,
    /// Signs and verifies session tokens.
    pub sessions: session::Sessions,
    /// Salt of the hashes of account and extension ids (`HASH_KEY`).
    pub hash_key: Secret,
    /// What every call of a connector passes through.
    pub pipeline: invoke::Pipeline,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Base URL of the RingCentral platform.
    pub ringcentral_server: url::Url,
    /// This server as RingCentral knows it; absent if no reports are made here.
    pub ringcentral_app: Option<ringcentral::grants::RingCentralApp>,
    /// What RingCentral said lately about who administers an account.
    pub standings: ringcentral::standing::Standings,
    /// Who was seen lately of an account.
    pub adoption: adoption::Adoption,
    /// Where clients put reports of errors; absent if nowhere.
    pub error_reports: Option<error_reports::ErrorReports>,
    /// Base URL of the developer portal, where connectors are published.
    pub developer_portal: url::Url,
    /// Extensions that count as admins of their accounts, whatever RingCentral says of their permissions.
    pub admin_extensions: HashSet<String>,
    /// This server's own base URL as clients reach it; absent if the operator did not say it.
    pub app_server: Option<url::Url>,
    /// What stands in the place of `serverUrl` in every manifest.
    pub override_app_server: Option<url::Url>,
    /// What `GET /crmManifest` hands out.
    pub manifest: Option<manifest::Manifest>,
    /// Who may call the management API.
    pub api_tokens: management::ApiTokens,
    /// This start of the server, as claims name it.
    pub instance: coordination::claims::Instance,
    /// Calls that CRMs are being asked to log.
    pub calls_in_flight: Arc<coordination::single_flight::SingleFlight<call_logs::SharedAnswer>>,
    /// Conversations that CRMs are being asked to log.
    pub conversations_in_flight: Arc<coordination::single_flight::SingleFlight<()>>,
    /// Contacts that CRMs are being asked to create.
    pub contacts_in_flight: Arc<coordination::single_flight::SingleFlight<contacts::Answer>>,
    /// Contacts that CRMs are being asked for.
    pub searches_in_flight:
        Arc<coordination::single_flight::SingleFlight<contacts::SharedAnswer, contacts::Search>>,
    /// Sign-ins with OAuth.
    pub sign_ins: oauth::SignIns,
    /// Tokens that are being renewed.
    pub renewals: credentials::Renewals,
    /// Tokens that were granted and are not stored yet.
    pub token_journal: credentials::TokenJournal,
    /// By the key of a record that is read and written back.
    pub record_locks: coordination::keyed_lock::KeyedLock,
}

/// The services of one worker: what is shared, and this worker's HTTP client.
#[derive(Clone)]
pub struct Services {
    shared: Arc<Shared>,
    client: Arc<Client>,
}

impl std::ops::Deref for Services {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Services {
    /// The services of a worker.
    pub fn new(shared: Arc<Shared>, client: Client) -> Self {
        Self { shared, client: Arc::new(client) }
    }

    /// This worker's HTTP client.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
