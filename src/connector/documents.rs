//! The documents in service: one immutable snapshot, swapped as a whole.
//!
//! A request takes the snapshot once and runs on it to its end. Reloading builds everything new
//! before it swaps; a document that broke keeps its last good version and says what is wrong.
//!
//! A compiled document takes some twenty times the memory of its text, and of a thousand documents
//! few are busy at once. So the text is what is kept: a document is compiled when it is first used,
//! and its compiled form goes when nobody has used it for a while.
//!
//! Documents are files of a folder, or were uploaded and lie in the store. Where both have a proxy
//! id, the uploaded one serves: it has a history, secrets and allowed accounts. When it is retired,
//! the file serves again.

mod document;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use notify::{RecursiveMode, Watcher as _};

use self::document::{Arrival, Document, Origin};
pub use self::document::{Secrets, load_uploaded};
use self::stored::InService;
pub use self::stored::{Audience, Stored};
use super::proxy::{ProxyConnector, SharedLimits};
use crate::config::diagnostic::Findings;
use crate::engine::load::SourceFile;

/// A change is over when nothing more happened in the folder for this time.
const QUIET: Duration = Duration::from_millis(50);

/// A folder in which something happens all the time is read after this time.
const LATEST: Duration = Duration::from_millis(300);

/// A file that is gone for longer was removed, and is not being replaced.
const REPLACING: Duration = Duration::from_millis(200);

/// How often compiled documents that were not used since the last time are let go.
const IDLE: Duration = Duration::from_secs(300);

/// The documents of one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    documents: BTreeMap<String, Entry>,
    stored: BTreeMap<String, InService>,
}

/// A document and what stands in for it.
#[derive(Debug, Clone)]
struct Entry {
    /// The file as it is now.
    current: Arc<Document>,
    /// The last version that runs, where the current one does not.
    last_good: Option<Arc<Document>>,
    /// Whether the file was not there at the last look. It goes out of service at the next one:
    /// editors remove a file and write it anew.
    missing: bool,
}

impl Entry {
    /// What runs. Compiles the document where it has not been used for a while.
    fn connector(&self) -> Option<Arc<ProxyConnector>> {
        self.current.connector().or_else(|| self.last_good.as_ref()?.connector())
    }

    fn state(&self, source: Source) -> State {
        State {
            source,
            active_revision: self.active().map(|document| document.source.revision().to_owned()),
            file_revision: self.current.source.revision().to_owned(),
            findings: self.current.check().findings.clone(),
        }
    }

    /// The version in service.
    fn active(&self) -> Option<&Arc<Document>> {
        if self.current.check().runs { Some(&self.current) } else { self.last_good.as_ref() }
    }
}

/// Where a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the operator's folder.
    Folder,
    /// In the store.
    Store,
}

impl Source {
    /// Lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Store => "store",
        }
    }
}

/// What is known about one document.
#[derive(Debug)]
pub struct State {
    /// Where it is.
    pub source: Source,
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
    /// The connector of a proxy id, as these callers have it.
    pub fn get(&self, proxy_id: &str, audience: Audience<'_>) -> Option<Arc<ProxyConnector>> {
        match self.uploaded(proxy_id, audience) {
            Some((true, _)) => None,
            Some((false, held)) => held.connector(),
            None => self.documents.get(proxy_id)?.connector(),
        }
    }

    /// Whether a connector is in service, and these callers may not use it.
    pub fn is_closed_to(&self, proxy_id: &str, audience: Audience<'_>) -> bool {
        self.uploaded(proxy_id, audience).is_some_and(|(is_closed, _)| is_closed)
    }

    /// What is known about an uploaded connector that is to serve.
    pub fn uploaded_state(&self, proxy_id: &str) -> Option<State> {
        let held = self.stored.get(proxy_id)?.active()?;
        Some(held.state(Source::Store))
    }

    /// Whether a document of this proxy id is to serve somebody, whether or not it runs.
    pub fn knows(&self, proxy_id: &str) -> bool {
        self.has_file(proxy_id) || self.stored.get(proxy_id).is_some_and(|stored| stored.serves_anybody())
    }

    /// Whether the folder has a document of this proxy id.
    pub fn has_file(&self, proxy_id: &str) -> bool {
        self.documents.contains_key(proxy_id)
    }

    /// What was uploaded for these callers, and whether it is closed to them.
    fn uploaded(&self, proxy_id: &str, audience: Audience<'_>) -> Option<(bool, &Entry)> {
        let stored = self.stored.get(proxy_id)?;
        stored.held(audience).map(|held| (stored.is_closed_to(audience), held))
    }

    /// The text of an uploaded document in service, by its SHA-256 in hexadecimal digits.
    pub fn uploaded_text(&self, proxy_id: &str, hash: &str) -> Option<Arc<str>> {
        let documents = self.stored.get(proxy_id)?.documents();
        documents.iter().find(|document| document.source.hash() == hash)?.source.text().cloned()
    }

    /// All documents, by proxy id, those that never loaded included. Checks what was not checked
    /// yet.
    pub fn states(&self) -> BTreeMap<String, State> {
        let files = self.documents.iter().map(|(proxy_id, held)| (proxy_id, Source::Folder, held));
        let uploaded = self
            .stored
            .iter()
            .filter_map(|(proxy_id, stored)| stored.active().map(|held| (proxy_id, Source::Store, held)));
        // The later of two with one proxy id is the one that serves.
        files.chain(uploaded).map(|(proxy_id, source, held)| (proxy_id.clone(), held.state(source))).collect()
    }
}

/// The documents of a folder, `<proxyId>.json` each, and those of the store.
pub struct Documents {
    folder: Option<PathBuf>,
    snapshot: ArcSwap<Snapshot>,
    /// Held while the next snapshot is made from the last: the folder's thread and the store's task
    /// each change their half.
    swapping: Mutex<()>,
    shared_limits: Arc<SharedLimits>,
}

impl Documents {
    /// Loads a folder. Documents that do not load are reported in the log and at
    /// `GET /proxyConfigs`; the others are served.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn open(folder: &Path) -> std::io::Result<Arc<Self>> {
        let configs = Self::of(Some(folder.to_owned()));
        configs.look()?;
        Ok(Arc::new(configs))
    }

    /// No folder: only registered connectors and the store's are served.
    pub fn none() -> Arc<Self> {
        Arc::new(Self::of(None))
    }

    fn of(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            snapshot: ArcSwap::default(),
            swapping: Mutex::default(),
            shared_limits: Arc::default(),
        }
    }

    /// The budgets of `rateLimit`, for whoever shares them with other servers. That has to begin before a document is
    /// used.
    pub fn shared_limits(&self) -> &Arc<SharedLimits> {
        &self.shared_limits
    }

    /// Serves what the store says now; `unreadable` ones stay as they are. A revision that does not
    /// run never takes the place of one that does.
    pub fn serve_stored(&self, stored: Vec<Stored>, unreadable: &BTreeSet<String>) {
        let _alone = self.swapping.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let is_first = before.stored.is_empty();
        let mut next = BTreeMap::new();
        for stored in stored {
            let arrival = if is_first { Arrival::Start { before_it: next.len() } } else { Arrival::Change };
            let proxy_id = stored.proxy_id.clone();
            let known = before.stored.get(&proxy_id);
            next.insert(proxy_id, InService::succeeding(stored, known, arrival, &self.shared_limits));
        }
        for (proxy_id, held) in before.stored.iter().filter(|(proxy_id, _)| unreadable.contains(*proxy_id)) {
            next.entry(proxy_id.clone()).or_insert_with(|| held.clone());
        }
        self.snapshot.store(Arc::new(Snapshot { documents: before.documents.clone(), stored: next }));
    }

    /// Lets go of uploaded documents that nobody used since the last time.
    pub fn release_idle_stored(&self) {
        for document in self.snapshot().stored.values().flat_map(InService::documents) {
            document.release_if_idle();
        }
    }

    /// The documents of this moment.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Reads the folder again and swaps the snapshot. Documents whose content did not change are
    /// taken over, not compiled again. Blocks on the disk, longer where a file is gone.
    ///
    /// # Errors
    /// If the folder cannot be listed; the snapshot then stays.
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
        let _alone = self.swapping.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let mut next = Snapshot { documents: BTreeMap::new(), stored: before.stored.clone() };
        for path in documents(folder)? {
            let Some(proxy_id) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else {
                continue;
            };
            let source = SourceFile::read(&path);
            let held = match before.documents.get(&proxy_id) {
                Some(held) if !source.hash().is_empty() && held.current.source.hash() == source.hash() => {
                    Entry { missing: false, ..held.clone() }
                }
                known => {
                    let last_good = known.and_then(|held| held.active().cloned());
                    let kept = last_good.as_ref().map(|document| document.source.revision().to_owned());
                    let limits = last_good.as_ref().and_then(|document| document.limits());
                    let current = Arc::new(Document::new(
                        proxy_id.clone(),
                        Origin::Folder,
                        source,
                        kept,
                        limits,
                        &self.shared_limits,
                    ));
                    current.prepare(if known.is_none() && before.documents.is_empty() {
                        Arrival::Start { before_it: next.documents.len() }
                    } else {
                        Arrival::Change
                    });
                    // Only a document that is known not to run needs another in its place.
                    let broken = current.checked.get().is_some_and(|checked| !checked.runs);
                    Entry { current, last_good: last_good.filter(|_| broken), missing: false }
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
            next.documents.insert(proxy_id.clone(), Entry { missing: true, ..held.clone() });
        }
        self.snapshot.store(Arc::new(next));
        Ok(missing)
    }

    /// Checks every document that was not checked yet, so that the log says what is wrong.
    fn check_all(&self) {
        let snapshot = self.snapshot();
        for held in snapshot.documents.values() {
            held.current.check();
        }
        for document in snapshot.stored.values().flat_map(InService::documents) {
            document.check();
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
    /// If the folder cannot be watched.
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
/// If the folder cannot be listed.
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
