//! The documents in service: one immutable snapshot, swapped as a whole.
//!
//! A request takes the snapshot once and runs on it to its end. Reloading builds everything new
//! before it swaps; a document that broke keeps its last good version and says what is wrong.
//!
//! A compiled document takes some twenty times the memory of its text, and of a thousand documents
//! few are busy at once. So the text is what is kept: a document is compiled when it is first used,
//! and its compiled form goes when nobody has used it for a while.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use notify::{RecursiveMode, Watcher as _};

use super::proxy::{Limits, ProxyConnector};
use crate::config::diagnostic::{Findings, Severity};
use crate::config::load::{Loaded, SourceFile};
use crate::config::report::{Colour, Format, render};
use crate::engine::operation::CompiledConfig;

/// A change is over when nothing more happened in the folder for this time.
const QUIET: Duration = Duration::from_millis(50);

/// A folder in which something happens all the time is read after this time.
const LATEST: Duration = Duration::from_millis(300);

/// A file that is gone for longer was removed, and is not being replaced.
const REPLACING: Duration = Duration::from_millis(200);

/// How often compiled documents that were not used since the last time are let go.
const IDLE: Duration = Duration::from_secs(300);

/// Documents of a folder that are checked before the server listens; further ones are checked after
/// that, or at their first use. A check takes about a millisecond.
const CHECKED_FIRST: usize = 64;

/// The documents of one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    documents: BTreeMap<String, Held>,
}

/// A document and what stands in for it.
#[derive(Debug, Clone)]
struct Held {
    /// The file as it is now.
    current: Arc<Document>,
    /// The last version that runs, where the current one does not.
    last_good: Option<Arc<Document>>,
    /// Whether the file was not there at the last look. It goes out of service at the next one:
    /// editors remove a file and write it anew.
    missing: bool,
}

impl Held {
    /// The version in service.
    fn active(&self) -> Option<&Arc<Document>> {
        if self.current.check().runs { Some(&self.current) } else { self.last_good.as_ref() }
    }
}

/// What is known about one document.
#[derive(Debug)]
pub struct State {
    /// The revision in service, where there is one.
    pub active_revision: Option<String>,
    /// The revision of the file as it is now.
    pub file_revision: String,
    /// What was found in the file as it is now.
    pub findings: Findings,
}

impl State {
    /// `active`, `kept` (the file broke, its last good version serves) or `refused`.
    pub fn status(&self) -> &'static str {
        match &self.active_revision {
            None => "refused",
            Some(active) if *active != self.file_revision => "kept",
            Some(_) => "active",
        }
    }
}

impl Snapshot {
    /// The connector of a proxy id. Compiles the document where it has not been used for a while.
    pub fn get(&self, proxy_id: &str) -> Option<Arc<ProxyConnector>> {
        let held = self.documents.get(proxy_id)?;
        held.current.connector().or_else(|| held.last_good.as_ref()?.connector())
    }

    /// All documents, by proxy id, those that never loaded included. Checks what was not checked
    /// yet.
    pub fn states(&self) -> BTreeMap<String, State> {
        let state = |held: &Held| State {
            active_revision: held.active().map(|document| document.source.revision().to_owned()),
            file_revision: held.current.source.revision().to_owned(),
            findings: held.current.check().findings.clone(),
        };
        self.documents.iter().map(|(proxy_id, held)| (proxy_id.clone(), state(held))).collect()
    }
}

/// One version of a document: its text, what was found in it, and while it is in use what runs.
#[derive(Debug)]
struct Document {
    proxy_id: String,
    source: SourceFile,
    /// The revision that stays in service if this one does not run, for the log.
    before: Option<String>,
    checked: OnceLock<Checked>,
    compiled: ArcSwapOption<ProxyConnector>,
    /// What is used of the CRM's limits: of this version, or of the one before it.
    limits: Mutex<Option<Arc<Limits>>>,
    /// One at a time compiles; the others wait for the outcome.
    compiling: Mutex<()>,
    used: AtomicBool,
}

/// What a document's check said.
#[derive(Debug)]
struct Checked {
    findings: Findings,
    runs: bool,
}

impl Document {
    fn new(
        proxy_id: String,
        source: SourceFile,
        before: Option<String>,
        limits: Option<Arc<Limits>>,
    ) -> Self {
        Self {
            proxy_id,
            source,
            before,
            checked: OnceLock::new(),
            compiled: ArcSwapOption::empty(),
            limits: Mutex::new(limits),
            compiling: Mutex::new(()),
            used: AtomicBool::new(false),
        }
    }

    /// What runs; `None` where the document has an error.
    fn connector(&self) -> Option<Arc<ProxyConnector>> {
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
        let connector = Arc::new(connector.succeeding(limits.as_ref()));
        *limits = Some(Arc::clone(connector.limits()));
        self.used.store(true, Ordering::Relaxed);
        self.compiled.store(Some(Arc::clone(&connector)));
        Some(connector)
    }

    fn limits(&self) -> Option<Arc<Limits>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is wrong with the document, if anything.
    fn check(&self) -> &Checked {
        // `load` sets it, whoever comes first.
        self.checked.get_or_init(|| self.judge().0)
    }

    fn load(&self) -> Option<CompiledConfig> {
        let (checked, config) = self.judge();
        self.checked.get_or_init(|| checked);
        config
    }

    fn judge(&self) -> (Checked, Option<CompiledConfig>) {
        let Loaded { findings, config, .. } = self.source.load(&|name| std::env::var(name).ok());
        if self.checked.get().is_none() {
            self.report(&findings, config.is_some());
        }
        (Checked { findings, runs: config.is_some() }, config)
    }

    /// Says in the log what was found, the first time.
    fn report(&self, findings: &Findings, runs: bool) {
        let (proxy_id, revision) = (self.proxy_id.as_str(), self.source.revision());
        let report = || render(Format::Human, std::slice::from_ref(findings), Colour::Off);
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
    fn release_if_idle(&self) {
        if !self.used.swap(false, Ordering::Relaxed) {
            self.compiled.store(None);
        }
    }
}

/// The documents of a folder, `<proxyId>.json` each.
pub struct Configs {
    folder: Option<PathBuf>,
    snapshot: ArcSwap<Snapshot>,
}

impl Configs {
    /// Loads a folder. Documents that do not load are reported in the log and at
    /// `GET /proxyConfigs`; the others are served.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    pub fn open(folder: &Path) -> std::io::Result<Arc<Self>> {
        let configs =
            Self { folder: Some(folder.to_owned()), snapshot: ArcSwap::from_pointee(Snapshot::default()) };
        configs.look()?;
        Ok(Arc::new(configs))
    }

    /// No documents: only registered connectors are served.
    pub fn none() -> Arc<Self> {
        Arc::new(Self { folder: None, snapshot: ArcSwap::from_pointee(Snapshot::default()) })
    }

    /// The documents of this moment.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Reads the folder again and swaps the snapshot. Documents whose content did not change are
    /// taken over, not compiled again. Blocks on the disk, longer where a file is gone.
    ///
    /// # Errors
    /// Where the folder cannot be listed; the snapshot then stays.
    pub fn reload(&self) -> std::io::Result<()> {
        if self.look()? {
            std::thread::sleep(REPLACING);
            self.look()?;
        }
        Ok(())
    }

    /// One look at the folder. True where a file that was in service is missing now: it stays in
    /// service until the next look.
    fn look(&self) -> std::io::Result<bool> {
        let Some(folder) = &self.folder else { return Ok(false) };
        let before = self.snapshot();
        let mut next = Snapshot::default();
        for path in documents(folder)? {
            let Some(proxy_id) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else {
                continue;
            };
            let source = SourceFile::read(&path);
            let held = match before.documents.get(&proxy_id) {
                Some(held)
                    if !source.revision().is_empty()
                        && held.current.source.revision() == source.revision() =>
                {
                    Held { missing: false, ..held.clone() }
                }
                known => {
                    let last_good = known.and_then(|held| held.active().cloned());
                    let kept = last_good.as_ref().map(|document| document.source.revision().to_owned());
                    let limits = last_good.as_ref().and_then(|document| document.limits());
                    let current = Arc::new(Document::new(proxy_id.clone(), source, kept, limits));
                    let first_look = known.is_none() && before.documents.is_empty();
                    if !first_look || next.documents.len() < CHECKED_FIRST {
                        // Also compiles it: whoever changed a document is about to use it.
                        current.connector();
                    }
                    // Only a document that is known not to run needs another in its place.
                    let broken = current.checked.get().is_some_and(|checked| !checked.runs);
                    Held { current, last_good: last_good.filter(|_| broken), missing: false }
                }
            };
            next.documents.insert(proxy_id, held);
        }
        let mut missing = false;
        for (proxy_id, held) in &before.documents {
            if next.documents.contains_key(proxy_id) {
                continue;
            }
            if held.missing {
                tracing::info!(proxy_id, "proxyConfig removed");
                continue;
            }
            missing = true;
            next.documents.insert(proxy_id.clone(), Held { missing: true, ..held.clone() });
        }
        self.snapshot.store(Arc::new(next));
        Ok(missing)
    }

    /// Checks every document that was not checked yet, so that the log says what is wrong.
    fn check_all(&self) {
        for held in self.snapshot().documents.values() {
            held.current.check();
        }
    }

    fn release_idle(&self) {
        for held in self.snapshot().documents.values() {
            held.current.release_if_idle();
            if let Some(document) = &held.last_good {
                document.release_if_idle();
            }
        }
    }

    /// Watches the folder and reloads after changes, until the returned guard is dropped.
    ///
    /// # Errors
    /// Where the folder cannot be watched.
    pub fn watch(self: &Arc<Self>) -> notify::Result<Option<Watch>> {
        let Some(folder) = self.folder.clone() else { return Ok(None) };
        let (changed, changes) = std::sync::mpsc::channel();
        // What changed between the first look and the start of watching is seen by a second look.
        let _ = changed.send(());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading the folder is an access too: only what may have changed it counts.
            if event.map_or(true, |event| !event.kind.is_access()) {
                let _ = changed.send(());
            }
        })?;
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        let configs = Arc::clone(self);
        std::thread::Builder::new().name("proxy-configs".to_owned()).spawn(move || {
            configs.check_all();
            loop {
                match changes.recv_timeout(IDLE) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => {
                        configs.release_idle();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                // An editor writes in several steps: what follows at once belongs to the same change.
                let latest = Instant::now() + LATEST;
                while Instant::now() < latest && changes.recv_timeout(QUIET).is_ok() {}
                if let Err(error) = configs.reload() {
                    tracing::error!(%error, "the folder of proxyConfigs cannot be listed; the last documents stay in service");
                }
            }
        })?;
        Ok(Some(Watch { _watcher: watcher }))
    }
}

/// Keeps watching until it is dropped.
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
}

/// The documents of a folder, in order of their names.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn documents(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().and_then(|name| name.to_str()).is_none_or(|name| name.starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "json") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
