//! One version of a document, from a folder or from the store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;

use crate::config::diagnostic::{Findings, Severity};
use crate::config::report::human_of_first;
use crate::connector::proxy::{Limits, ProxyConnector, SharedLimits};
use crate::engine::cancel::Cancel;
use crate::engine::load::{Loaded, SourceFile};
use crate::engine::operation::CompiledDocument;
use crate::secret::Secret;

/// How many findings of a document stand in the log.
const LOGGED: usize = 50;

/// The secrets of an uploaded connector, which do not stand in its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// What templates see as `secretKey`.
    pub secret_key: Option<Secret>,
    /// The secret of the OAuth app.
    pub client_secret: Option<Secret>,
}

/// Where a document comes from, and with it where its secrets do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file of the operator's, which may name variables of the server's environment.
    Folder,
    /// An upload.
    Store(Secrets),
}

impl Origin {
    fn load(&self, source: &SourceFile) -> Loaded {
        match self {
            Self::Folder => source.load(&|name| std::env::var(name).ok()),
            Self::Store(secrets) => load_uploaded(source, secrets, &Cancel::default()),
        }
    }
}

/// Loads an uploaded document with the secrets of its connector. The server's environment is not for
/// those who upload: a document that could name `APP_SERVER_SECRET_KEY` could send it anywhere.
pub fn load_uploaded(source: &SourceFile, secrets: &Secrets, cancel: &Cancel) -> Loaded {
    let mut loaded = source.load_unless(&|_| None, cancel);
    if let Some(config) = &mut loaded.config {
        if secrets.secret_key.is_some() {
            config.secret_key.clone_from(&secrets.secret_key);
        }
        if secrets.client_secret.is_some() {
            config.oauth.client_secret.clone_from(&secrets.client_secret);
        }
    }
    loaded
}

/// Documents that are checked before the server listens; further ones are checked after that, or at
/// their first use. A check takes about a millisecond.
pub(super) const CHECKED_FIRST: usize = 64;

/// When a version of a document came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrival {
    /// The server starts, and so many others came before it.
    Start { before_it: usize },
    /// The server runs.
    Change,
}

/// One version of a document: its text, what was found in it, and while it is in use what runs.
#[derive(Debug)]
pub(super) struct Document {
    proxy_id: String,
    origin: Origin,
    pub(super) source: SourceFile,
    /// The revision that stays in service if this one does not run, for the log.
    before: Option<String>,
    pub(super) checked: OnceLock<Checked>,
    pub(super) compiled: ArcSwapOption<ProxyConnector>,
    /// What is used of the CRM's limits: of this version, or of the one before it.
    limits: Mutex<Option<Arc<Limits>>>,
    shared_limits: Arc<SharedLimits>,
    /// One at a time compiles; the others wait for the outcome.
    compiling: Mutex<()>,
    used: AtomicBool,
}

/// What a document's check said.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) findings: Findings,
    pub(super) runs: bool,
}

impl Document {
    pub(super) fn new(
        proxy_id: String,
        origin: Origin,
        source: SourceFile,
        before: Option<String>,
        limits: Option<Arc<Limits>>,
        shared_limits: &Arc<SharedLimits>,
    ) -> Self {
        Self {
            proxy_id,
            origin,
            source,
            before,
            checked: OnceLock::new(),
            compiled: ArcSwapOption::empty(),
            limits: Mutex::new(limits),
            shared_limits: Arc::clone(shared_limits),
            compiling: Mutex::new(()),
            used: AtomicBool::new(false),
        }
    }

    /// What runs; `None` if the document has an error.
    pub(super) fn connector(&self) -> Option<Arc<ProxyConnector>> {
        if let Some(connector) = self.compiled.load_full() {
            // A store for each request would move the cache line from core to core.
            if !self.used.load(Ordering::Relaxed) {
                self.used.store(true, Ordering::Relaxed);
            }
            return Some(connector);
        }
        if self.checked.get().is_some_and(|checked| !checked.runs) {
            return None;
        }
        let _alone = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = self.compiled.load_full() {
            return Some(connector);
        }
        let config = Arc::new(self.load()?);
        let revision = self.source.revision().to_owned();
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let connector = ProxyConnector::new(self.proxy_id.clone(), revision, config);
        let connector =
            match limits.as_ref().filter(|limits| limits.settings() == connector.limits().settings()) {
                None => connector.sharing(&self.shared_limits),
                previous => connector.succeeding(previous),
            };
        let connector = Arc::new(connector);
        *limits = Some(Arc::clone(connector.limits()));
        self.used.store(true, Ordering::Relaxed);
        self.compiled.store(Some(Arc::clone(&connector)));
        Some(connector)
    }

    /// What is done before it serves.
    pub(super) fn prepare(&self, arrival: Arrival) {
        match arrival {
            Arrival::Start { before_it } if before_it >= CHECKED_FIRST => {}
            Arrival::Start { .. } => {
                self.check();
            }
            // Whoever changed a document is about to use it.
            Arrival::Change => {
                self.connector();
            }
        }
    }

    pub(super) fn limits(&self) -> Option<Arc<Limits>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is wrong with the document, if anything.
    pub(super) fn check(&self) -> &Checked {
        // `load` sets it, whoever comes first.
        self.checked.get_or_init(|| self.judge().0)
    }

    fn load(&self) -> Option<CompiledDocument> {
        let (checked, config) = self.judge();
        self.checked.get_or_init(|| checked);
        config
    }

    fn judge(&self) -> (Checked, Option<CompiledDocument>) {
        let Loaded { findings, config, .. } = self.origin.load(&self.source);
        if self.checked.get().is_none() {
            self.report(&findings, config.is_some());
        }
        (Checked { findings, runs: config.is_some() }, config)
    }

    /// Says in the log what was found, the first time.
    fn report(&self, findings: &Findings, runs: bool) {
        let (proxy_id, revision) = (self.proxy_id.as_str(), self.source.revision());
        let report = || human_of_first(findings, LOGGED);
        match findings.worst() {
            _ if !runs => {
                let kept = self.before.as_deref();
                tracing::error!(
                    proxy_id,
                    revision,
                    kept_revision = kept,
                    "proxyConfig refused\n{}",
                    report()
                );
            }
            Some(Severity::Mistake) => tracing::warn!(
                proxy_id,
                revision,
                "proxyConfig loaded with mistakes; it runs as on the reference server\n{}",
                report()
            ),
            Some(_) => tracing::info!(proxy_id, revision, "proxyConfig loaded with warnings"),
            None => tracing::info!(proxy_id, revision, "proxyConfig loaded"),
        }
    }

    /// Lets go of what runs if nobody used it since the last time.
    pub(super) fn release_if_idle(&self) {
        if !self.used.swap(false, Ordering::Relaxed) {
            self.compiled.store(None);
        }
    }

    /// Whether it is this text from there.
    pub(super) fn is(&self, origin: &Origin, source: &SourceFile) -> bool {
        self.origin == *origin && self.source.hash() == source.hash()
    }
}
