//! The web server: routes, extractors, replies. Thin: a handler extracts, calls one service
//! function and wraps its answer.

mod admin;
mod background;
mod base;
mod bounded;
mod chunked;
mod connections;
mod edge;
mod extract;
#[cfg(test)]
mod fuzz_tests;
mod intake;
mod management;
mod observe;
mod openapi;
mod public;
mod reply;
mod ringcentral;
mod route;
mod routes;
mod session;
mod sliced;

pub(crate) use connections::allowed_by_open_files;
pub use openapi::document as openapi_document;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use self::background::Background;
use self::intake::Intake;
use crate::connector::documents::{Documents, Watch};
use crate::connector::{Connector, Registry};
use crate::engine::egress::EgressPolicy;
use crate::engine::operation::RateBudget;
use crate::engine::proxies::Proxies;
use crate::engine::send::{Client, ClientOptions};
use crate::metrics::Metrics;
use crate::service::catalog::Catalog;
use crate::service::clock::Clock;
use crate::service::coordination::claims;
use crate::service::coordination::keyed_lock::KeyedLock;
use crate::service::credentials::{Renewals, TokenJournal};
use crate::service::invoke::Pipeline;
use crate::service::management::ApiTokens;
use crate::service::manifest::Manifest;
use crate::service::oauth::SignIns;
use crate::service::session::Sessions;
use crate::service::shared_limits::Keeper;
use crate::service::{Services, Shared};
use crate::store::{self, Backend, Backends, Keys, SealedFolder, Secret, Store};

/// Base URL of the RingCentral platform, where nothing else is set.
pub const RINGCENTRAL_SERVER: &str = "https://platform.ringcentral.com";

/// Base URL of the developer portal, where nothing else is set.
pub const DEVELOPER_PORTAL_SERVER: &str = "https://appconnect.labs.ringcentral.com";

/// The most requests under way where nothing else is set. Each takes some 100 KiB while a CRM is slow.
pub const MAX_REQUESTS: usize = 2_000;

/// The most connections of clients where nothing else is set.
pub const MAX_CONNECTIONS: usize = 10_000;

/// The budget of connectors whose document sets none, where nothing else is set. It keeps a request that asks for
/// thousands of lookups from reaching the CRM at once. Nobody meets it in ordinary work: even thousands of users at their
/// desks send some hundred requests a second. What exceeds it waits for its turn.
pub const DEFAULT_RATE_LIMIT: RateBudget = RateBudget { requests: 1000, per: Duration::from_secs(1) };

/// What a server needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Signs session tokens and seals what is stored (`APP_SERVER_SECRET_KEY`).
    pub secret_key: Secret,
    /// Salt of the hashes of account and extension ids (`HASH_KEY`).
    pub hash_key: Secret,
    /// Opens `GET /proxyConfigs` and `GET /metrics`; without it these routes are closed. Take 32 random characters
    /// or more, here and for the other secrets: short ones are guessed.
    pub admin_token: Option<Secret>,
    /// Where `GET /metrics` is served a second time, to anybody who reaches the address.
    pub metrics_listen: Option<SocketAddr>,
    /// Opens the management API before there is any other token (`APP_CONSOLE_BOOTSTRAP_TOKEN`).
    pub console_bootstrap_token: Option<Secret>,
    /// Store, such as `sled:PATH`.
    pub database_url: String,
    /// Folder of documents, `<proxyId>.json` each.
    pub proxy_configs: Option<PathBuf>,
    /// Folder for what has to be on the disk before the store takes it: new tokens. Without it they are lost if the
    /// process is killed between a CRM's answer and the store.
    pub data_dir: Option<PathBuf>,
    /// Base URL of the RingCentral platform.
    pub ringcentral_server: url::Url,
    /// Base URL of the developer portal, where connectors are published.
    pub developer_portal: url::Url,
    /// Where clients reach this server (`APP_SERVER`), for manifests that do not say it.
    pub app_server: Option<url::Url>,
    /// What stands in the place of `serverUrl` in every manifest that is handed out (`OVERRIDE_APP_SERVER`).
    pub override_app_server: Option<url::Url>,
    /// What `GET /crmManifest` hands out.
    pub manifest: Option<Manifest>,
    /// Which addresses outbound requests may reach.
    pub egress: EgressPolicy,
    /// Proxies through which outbound requests leave.
    pub proxies: Proxies,
    /// How many requests a connector sends in a period if its document sets no `rateLimit.requests`; absent for any
    /// number.
    pub default_rate_limit: Option<RateBudget>,
    /// Worker threads; the number of cores where not given.
    pub workers: Option<usize>,
    /// The most requests that are under way at a time; further ones get 503.
    pub max_requests: usize,
    /// The most connections of clients; further ones wait until one closes.
    pub max_connections: usize,
}

impl Settings {
    /// A server on a free loopback port that reaches public addresses only, without documents and
    /// without an admin. The ids are hashed with the secret key. Change what you need:
    ///
    /// ```
    /// use app_connect::server::Settings;
    /// use app_connect::store::Secret;
    ///
    /// let settings = Settings {
    ///     proxy_configs: Some("connectors".into()),
    ///     ..Settings::new(Secret::new("a long random text"), "sled:data/store")
    /// };
    /// ```
    pub fn new(secret_key: Secret, database_url: impl Into<String>) -> Self {
        #[allow(clippy::expect_used, reason = "a constant")]
        let ringcentral_server = RINGCENTRAL_SERVER.parse().expect("a URL");
        #[allow(clippy::expect_used, reason = "a constant")]
        let developer_portal = DEVELOPER_PORTAL_SERVER.parse().expect("a URL");
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            hash_key: secret_key.clone(),
            secret_key,
            admin_token: None,
            metrics_listen: None,
            console_bootstrap_token: None,
            database_url: database_url.into(),
            proxy_configs: None,
            data_dir: None,
            ringcentral_server,
            developer_portal,
            app_server: None,
            override_app_server: None,
            manifest: None,
            egress: EgressPolicy::default(),
            proxies: Proxies::default(),
            default_rate_limit: Some(DEFAULT_RATE_LIMIT),
            workers: None,
            max_requests: MAX_REQUESTS,
            max_connections: MAX_CONNECTIONS,
        }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another with --listen or PORT")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address of the metrics cannot be bound.
    #[error("cannot listen for metrics on {address}: {source}; choose another with --metrics-listen")]
    ListenMetrics {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] store::StoreError),
    /// The folder of documents cannot be listed.
    #[error("the folder {} cannot be listed: {source}; set --proxy-configs to a folder of <proxyId>.json files", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The HTTP client cannot be set up.
    #[error("outbound requests cannot be set up: {0}")]
    Client(#[from] crate::engine::send::ClientError),
}

/// Builds a server: settings, and the connectors and kinds of store that a library user registers.
///
/// Start it on a tokio runtime; the workers bring their own. `examples/code_connector.rs` is a
/// whole program.
///
/// ```no_run
/// use app_connect::connector::prelude::*;
/// use app_connect::server::{ServerBuilder, Settings};
///
/// struct Acme;
///
/// #[async_trait]
/// impl Connector for Acme {
///     fn interfaces(&self) -> Vec<Interface> {
///         Vec::new()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings::new(Secret::new("a long random text"), "sled:data/store");
/// let server = ServerBuilder::new(settings).connector("acme", Acme).start().await?;
/// println!("listening on http://{}", server.address());
/// server.run_until_stopped().await?;
/// # Ok(())
/// # }
/// ```
pub struct ServerBuilder {
    settings: Settings,
    registry: Registry,
    backends: Backends,
}

impl ServerBuilder {
    /// A server with these settings and no registered connectors.
    pub fn new(settings: Settings) -> Self {
        Self { settings, registry: Registry::new(), backends: store::backends() }
    }

    /// Registers the code connector of a platform; a second one replaces the first.
    #[must_use]
    pub fn connector(mut self, platform: impl Into<String>, connector: impl Connector + 'static) -> Self {
        self.registry.register_connector(platform, Arc::new(connector));
        self
    }

    /// Registers a connector over the platform's own: it serves the interfaces that it lists, and keeps a clone
    /// of the other one if it builds on it. A second one for the same interface replaces the first.
    #[must_use]
    pub fn overriding(mut self, platform: impl Into<String>, connector: impl Connector + 'static) -> Self {
        self.registry.register_override(platform, Arc::new(connector));
        self
    }

    /// Adds a kind of store, which [`Settings::database_url`] names by its scheme. It replaces others for its
    /// schemes.
    #[must_use]
    pub fn store_backend(mut self, backend: impl Backend + 'static) -> Self {
        self.backends.register(backend);
        self
    }

    /// Opens the store, loads the documents and listens.
    ///
    /// # Errors
    /// If any of it fails; nothing is left running then.
    pub async fn start(self) -> Result<Server, StartError> {
        let Self { settings, registry, backends } = self;
        let keys = Keys::from_secret(&settings.secret_key)?;
        let store = backends.open(&settings.database_url, keys.clone()).await?;
        let token_journal = match &settings.data_dir {
            Some(folder) => TokenJournal::new(SealedFolder::new(folder.join("tokens"), keys)),
            None => TokenJournal::default(),
        };
        let documents = match &settings.proxy_configs {
            Some(path) => {
                Documents::open(path).map_err(|source| StartError::Folder { path: path.clone(), source })?
            }
            None => Documents::none(),
        };
        if let Some(budget) = settings.default_rate_limit {
            documents.shared_limits().set_default(budget);
        }
        let clock = Clock::system();
        let instance = claims::Instance::new(clock.clone())?;
        let keeper = store.is_shared().then(|| {
            let limits = Arc::clone(documents.shared_limits());
            Arc::new(Keeper::begin(Arc::clone(&store), instance.clone(), limits))
        });
        let connectors = Catalog::new(Arc::clone(&store), Arc::clone(&documents), clock.clone());
        let connectors = Arc::new(connectors);
        connectors.refresh().await?;
        let watch = documents.watch().unwrap_or_else(|error| {
            tracing::error!(%error, "the folder of proxyConfigs cannot be watched; changes need a restart");
            None
        });
        let routes: Vec<_> = routes::table().iter().map(|route| (route.method_name(), route.path)).collect();
        let metrics = Arc::new(Metrics::new(routes, store.meter()));
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            store: Arc::clone(&store),
            documents,
            connectors: Arc::clone(&connectors),
            metrics,
            pipeline: Pipeline::new(Vec::new()),
            registry,
            sessions: Sessions::new(&settings.secret_key, clock.clone()),
            hash_key: settings.hash_key.clone(),
            ringcentral_server: settings.ringcentral_server.clone(),
            developer_portal: settings.developer_portal.clone(),
            app_server: settings.app_server.clone(),
            override_app_server: settings.override_app_server.clone(),
            manifest: settings.manifest.clone(),
            api_tokens: ApiTokens::new(settings.console_bootstrap_token.clone(), clock.clone()),
            instance: instance.clone(),
            calls_in_flight: Arc::default(),
            conversations_in_flight: Arc::default(),
            contacts_in_flight: Arc::default(),
            searches_in_flight: Arc::default(),
            sign_ins: SignIns::new(&settings.secret_key),
            renewals: Renewals::default(),
            token_journal,
            record_locks: KeyedLock::default(),
        });
        shared.read_token_journal().await;
        shared.settle_tokens().await;
        let (counted, settling) = (Arc::clone(&shared), Arc::clone(&shared));
        let client_options = ClientOptions {
            egress: settings.egress.clone(),
            proxies: settings.proxies.clone(),
            ..ClientOptions::default()
        };
        // What would fail on every worker fails here, once and with words.
        drop(Client::new(&client_options)?);
        let admin = web::Data::new(admin::AdminToken::new(settings.admin_token.clone(), clock.clone()));
        let intake = Arc::new(Intake::new(settings.max_requests));
        let workers = settings.workers.unwrap_or_else(connections::usual_workers);
        let http = HttpServer::new(move || {
            let (shared, client_options) = (Arc::clone(&shared), client_options.clone());
            App::new()
                .data_factory(move || {
                    let services =
                        Client::new(&client_options).map(|client| Services::new(Arc::clone(&shared), client));
                    async move { services }
                })
                .app_data(admin.clone())
                .app_data(web::Data::new(routes::Description {
                    document: openapi::text,
                    page: openapi::page,
                }))
                .app_data(web::Data::from(Arc::clone(&intake)))
                .wrap(from_fn(edge::edge))
                .configure(routes::configure)
                .default_service(web::to(reply::not_found))
        })
        // A client that closes its side has gone: its handler is dropped, and with it what it would ask of a CRM.
        // Few clients close one side only, and proxies treat them in the same way.
        .h1_allow_half_closed(false)
        .shutdown_timeout(30)
        .workers(workers)
        .max_connections(settings.max_connections.div_ceil(workers))
        .keep_alive(connections::IDLE)
        .client_request_timeout(connections::HEAD)
        .on_connect(|connection, _| connections::limit_unread(connection));
        let listen = |source| StartError::Listen { address: settings.listen, source };
        let http = http.bind(settings.listen).map_err(listen)?;
        let address = http.addrs().first().copied().unwrap_or(settings.listen);
        let metrics_server = match settings.metrics_listen {
            Some(address) => Some(serve_metrics(address, counted)?),
            None => None,
        };
        let running = http.run();
        let handle = running.handle();
        let task = tokio::spawn(running);
        let mut background = Background::start(&store, &connectors, clock, instance);
        if let Some(keeper) = &keeper {
            background.share_limits(Arc::clone(keeper));
        }
        background.settle_tokens(settling);
        Ok(Server {
            address,
            handle,
            task,
            store,
            connectors,
            metrics_server,
            background,
            keeper,
            _watch: watch,
        })
    }
}

/// Serves the metrics alone, on one thread; ends with its handle or the process.
fn serve_metrics(address: SocketAddr, shared: Arc<Shared>) -> Result<(SocketAddr, ServerHandle), StartError> {
    let http = HttpServer::new(move || {
        let shared = Arc::clone(&shared);
        let read = move || std::future::ready(routes::metrics_reply(&shared.metrics, &shared.documents));
        App::new().route("/metrics", web::get().to(read))
    });
    let http = http.workers(1).disable_signals().bind(address);
    let http = http.map_err(|source| StartError::ListenMetrics { address, source })?;
    let bound = http.addrs().first().copied().unwrap_or(address);
    let running = http.run();
    let handle = running.handle();
    tokio::spawn(running);
    Ok((bound, handle))
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    store: Arc<dyn Store>,
    connectors: Arc<Catalog>,
    metrics_server: Option<(SocketAddr, ServerHandle)>,
    background: Background,
    /// Where the store is shared.
    keeper: Option<Arc<Keeper>>,
    _watch: Option<Watch>,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it serves metrics to anybody, where it does.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_server.as_ref().map(|(address, _)| *address)
    }

    /// Why the store can write nothing any more, once that is so. Then the process has to end, and not by
    /// [`Server::stop`]: its threads may wait for the disk for good.
    pub fn store_failure(&self) -> tokio::sync::watch::Receiver<Option<store::StoreError>> {
        self.store.failure()
    }

    /// Finishes requests in flight, stops, and makes everything durable.
    ///
    /// # Errors
    /// If the store cannot be closed.
    pub async fn stop(self) -> Result<(), store::StoreError> {
        self.handle.stop(true).await;
        if let Some((_, metrics)) = &self.metrics_server {
            metrics.stop(false).await;
        }
        self.background.stop().await;
        if let Some(keeper) = &self.keeper {
            keeper.leave().await;
        }
        self.store.close().await
    }

    /// Serves until the process is told to stop (SIGINT, SIGTERM). SIGHUP reads the folder of documents
    /// and the connectors of the store again.
    ///
    /// # Errors
    /// If serving fails or the store cannot be closed.
    pub async fn run_until_stopped(mut self) -> std::io::Result<()> {
        self.background.reload_on_hangup(self.connectors)?;
        self.task.await.map_err(std::io::Error::other)??;
        if let Some((_, metrics)) = &self.metrics_server {
            metrics.stop(false).await;
        }
        self.background.stop().await;
        if let Some(keeper) = &self.keeper {
            keeper.leave().await;
        }
        self.store.close().await.map_err(std::io::Error::other)
    }
}
