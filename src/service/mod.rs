//! What App Connect does around an operation: sessions, users, contacts, logs, settings. Knows neither
//! the web server nor how things are stored.

pub mod account_data;
pub mod admin_settings;
pub mod appointments;
pub mod call_down;
pub mod call_logs;
pub mod catalog;
pub mod clock;
pub mod composition;
pub mod contacts;
pub mod coordination;
pub mod developer_portal;
mod fitting;
pub mod hashing;
pub mod interfaces;
mod invoke;
pub mod license;
pub mod managed_sign_in;
pub mod management;
pub mod manifest;
pub mod messages;
pub mod plugins;
pub mod profile;
pub mod ringcentral;
pub mod session;
pub mod settings;
pub mod tenants;
mod token_refresh;
mod too_long;
pub mod users;
pub mod wording;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::operations::OperationName;
use crate::connector::documents::{Audience, Documents};
use crate::connector::{Call, CallError, Connector, Interface, Missing, ProxyConnector, Registry};
use crate::engine::operation::{AuthType, Operation, TextLimit};
use crate::engine::send::Client;
use crate::metrics::Metrics;
use crate::store::{Secret, Store, User};
use wording::Refusal;

/// What all workers share.
pub struct Shared {
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
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Base URL of the RingCentral platform.
    pub ringcentral_server: url::Url,
    /// Base URL of the developer portal, where connectors are published.
    pub developer_portal: url::Url,
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

    /// The connector of a user: the document they signed in through, of this moment's snapshot, in the
    /// revision that their account has.
    fn platform_of(&self, platform: &str, user: &User) -> Platform<'_> {
        let account = Audience::Account(user.rc_account_id.as_deref());
        self.platform(platform, user.key.proxy_id.as_deref(), account)
    }

    /// The connector behind a proxy id, as these callers have it.
    fn platform(&self, platform: &str, proxy_id: Option<&str>, audience: Audience<'_>) -> Platform<'_> {
        let snapshot = self.documents.snapshot();
        let proxy = proxy_id.and_then(|id| snapshot.get(id, audience));
        let missing = match proxy_id {
            Some(id) if proxy.is_none() => Some(Missing::Document(id.to_owned())),
            None if !self.registry.knows(platform) => Some(Missing::Connector(platform.to_owned())),
            _ => None,
        };
        Platform { services: self, name: platform.to_owned(), proxy, missing }
    }
}

/// A platform as one request sees it: it keeps its revision to the end of the request.
pub(crate) struct Platform<'s> {
    services: &'s Services,
    pub(crate) name: String,
    pub(crate) proxy: Option<Arc<ProxyConnector>>,
    /// What should serve it and does not, or not for this account. No registered connector stands in for
    /// a document.
    missing: Option<Missing>,
}

impl Platform<'_> {
    /// Who serves an interface.
    pub(crate) fn serving(&self, interface: Interface) -> Result<Arc<dyn Connector>, CallError> {
        if let Some(missing) = &self.missing {
            return Err(CallError::NotInService(missing.clone()));
        }
        self.services
            .registry
            .resolve(&self.name, self.proxy.as_ref(), interface)
            .map(|(_, connector)| connector)
            .ok_or(CallError::NotSupported(interface))
    }

    /// Whether anything serves an interface.
    pub(crate) fn serves(&self, interface: Interface) -> bool {
        self.serving(interface).is_ok()
    }

    /// As [`Self::serving`]; that nothing serves the platform is told as [`Self::in_service`] does.
    pub(crate) fn serving_or_tell(&self, interface: Interface) -> Result<Arc<dyn Connector>, CallError> {
        drop(self.in_service());
        self.serving(interface)
    }

    /// Whether anything serves this platform. Where nothing does, that is all there is to say: nobody was
    /// asked, so nothing is known to be there or not.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(crate) fn in_service(&self) -> Result<(), Refusal> {
        let Some(missing) = &self.missing else { return Ok(()) };
        self.services.metrics.not_in_service();
        tracing::warn!(platform = self.name, missing = %missing, "not in service");
        Err(Refusal::new(wording::not_in_service(missing)))
    }

    /// The host that has the records and contacts of a user, where templates choose it.
    pub(crate) fn tenant_host(&self, user: &User) -> Option<String> {
        let proxy = self.proxy.as_ref()?;
        proxy.tenant_host(&self.call(Some(user), None)).or_else(|| user.tenant_host.clone())
    }

    /// Whether an operation may be run a second time with the same idempotency key.
    pub(crate) fn repeats_safely(&self, operation: OperationName) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.is_safe_to_repeat(operation))
    }

    /// Whether whoever serves an operation may send the idempotency key to the CRM.
    pub(crate) fn sends_key(&self, operation: OperationName) -> bool {
        let operation = self.proxy.as_ref().and_then(|proxy| proxy.config.operation(operation));
        operation.is_some_and(Operation::reads_idempotency_key)
    }

    /// Whether `getCallLog` can be asked for a call by its session.
    pub(crate) fn finds_by_session(&self) -> bool {
        let operation =
            self.proxy.as_ref().and_then(|proxy| proxy.config.operation(OperationName::GetCallLog));
        operation.is_some_and(Operation::finds_by_session)
    }

    /// How long the text may be that an operation writes. An addition or update that does not say is as
    /// long as what made the record.
    pub(crate) fn text_limit(&self, operation: OperationName) -> Option<TextLimit> {
        let limit = |name| self.proxy.as_ref()?.config.operation(name)?.max_length;
        let of_record = [
            (OperationName::UpdateCallLog, OperationName::CreateCallLog),
            (OperationName::UpdateMessageLog, OperationName::CreateMessageLog),
        ];
        limit(operation).or_else(|| {
            let (_, creation) = of_record.into_iter().find(|(update, _)| *update == operation)?;
            limit(creation)
        })
    }

    /// Whether the document says that the CRM answers a creation without an id.
    pub(crate) fn gives_no_id(&self, operation: OperationName) -> bool {
        let operation = self.proxy.as_ref().and_then(|proxy| proxy.config.operation(operation));
        operation.is_some_and(Operation::gives_no_id)
    }

    /// Whether the document writes the composed text into a new log: it is there since.
    pub(crate) fn writes_text(&self) -> bool {
        let operation =
            self.proxy.as_ref().and_then(|proxy| proxy.config.operation(OperationName::CreateCallLog));
        operation.is_some_and(Operation::writes_text)
    }

    pub(crate) fn is_known(&self) -> bool {
        self.proxy.is_some() || self.services.registry.knows(&self.name)
    }

    /// How users of this platform sign in. Without anything that says otherwise, by API key.
    pub(crate) async fn auth_type(&self) -> Result<AuthType, CallError> {
        let call = self.call(None, None);
        match self.serving(Interface::GetAuthType) {
            Ok(connector) => Ok(connector.get_auth_type(&call).await?.value),
            Err(_) => Ok(AuthType::ApiKey),
        }
    }

    /// The `Authorization` value that connectors receive: `Basic` of the connector's own making
    /// for API keys, `Bearer` and the access token for OAuth.
    pub(crate) async fn auth_header(&self, token: &Secret) -> Result<Option<String>, CallError> {
        if token.expose().is_empty() {
            return Ok(None);
        }
        Ok(Some(match self.auth_type().await? {
            AuthType::OAuth => format!("Bearer {}", token.expose()),
            AuthType::ApiKey => {
                let basic = match self.serving(Interface::GetBasicAuth) {
                    Ok(connector) => {
                        connector.get_basic_auth(&self.call(None, None), token.expose()).await?.value
                    }
                    Err(_) => STANDARD.encode(format!("{}:", token.expose())),
                };
                format!("Basic {basic}")
            }
        }))
    }

    pub(crate) fn call<'a>(&'a self, user: Option<&'a User>, auth_header: Option<&'a str>) -> Call<'a> {
        Call {
            platform: &self.name,
            user,
            auth_header,
            client: self.services.client(),
            metrics: &self.services.metrics,
        }
    }
}
