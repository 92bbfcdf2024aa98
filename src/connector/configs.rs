//! The documents in service: one immutable snapshot, swapped as a whole.
//!
//! A request takes the snapshot once and runs on it to its end. Reloading builds everything new
//! before it swaps; a document that broke keeps its last good version and says what is wrong.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use notify::{RecursiveMode, Watcher as _};

use super::proxy::ProxyConnector;
use crate::config::diagnostic::{Findings, Severity};
use crate::config::load::{Loaded, load_changed};
use crate::config::report::{Colour, Format, render};

/// A change is over when nothing more happened in the folder for this time.
const QUIET: Duration = Duration::from_millis(50);

/// A folder in which something happens all the time is read after this time.
const LATEST: Duration = Duration::from_millis(300);

/// A file that is gone for longer was removed, and is not being replaced.
const REPLACING: Duration = Duration::from_millis(200);

/// The documents of one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    connectors: HashMap<String, Arc<ProxyConnector>>,
    states: BTreeMap<String, State>,
}

/// What is known about one document.
#[derive(Debug, Clone)]
pub struct State {
    /// The revision in service, where there is one.
    pub active_revision: Option<String>,
    /// The revision of the file as it is now.
    pub file_revision: String,
    /// What was found in the file as it is now.
    pub findings: Findings,
    /// Whether the file was not there at the last look. It goes out of service at the next one:
    /// editors remove a file and write it anew.
    missing: bool,
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
    /// The connector of a proxy id.
    pub fn get(&self, proxy_id: &str) -> Option<&Arc<ProxyConnector>> {
        self.connectors.get(proxy_id)
    }

    /// All documents, by proxy id, those that never loaded included.
    pub fn states(&self) -> &BTreeMap<String, State> {
        &self.states
    }

    /// Number of documents in service.
    pub fn len(&self) -> usize {
        self.connectors.len()
    }

    /// Whether no document is in service.
    pub fn is_empty(&self) -> bool {
        self.connectors.is_empty()
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
            let known = before.states.get(&proxy_id);
            let revision = known.map(|state| state.file_revision.as_str());
            match (load_changed(&path, revision, &|name| std::env::var(name).ok()), known) {
                (Some(loaded), _) => place(proxy_id, loaded, &before, &mut next),
                (None, Some(state)) => {
                    next.states.insert(proxy_id.clone(), State { missing: false, ..state.clone() });
                    if let Some(connector) = before.connectors.get(&proxy_id) {
                        next.connectors.insert(proxy_id, connector.clone());
                    }
                }
                (None, None) => {}
            }
        }
        let mut missing = false;
        for (proxy_id, state) in &before.states {
            if next.states.contains_key(proxy_id) {
                continue;
            }
            if state.missing {
                tracing::info!(proxy_id, "proxyConfig removed");
                continue;
            }
            missing = true;
            next.states.insert(proxy_id.clone(), State { missing: true, ..state.clone() });
            if let Some(connector) = before.connectors.get(proxy_id) {
                next.connectors.insert(proxy_id.clone(), connector.clone());
            }
        }
        self.snapshot.store(Arc::new(next));
        Ok(missing)
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
            while changes.recv().is_ok() {
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

/// Puts a newly read document into the next snapshot, or keeps its last good version.
fn place(proxy_id: String, loaded: Loaded, before: &Snapshot, next: &mut Snapshot) {
    let Loaded { findings, config, revision } = loaded;
    let previous = before.connectors.get(&proxy_id);
    let report = || render(Format::Human, std::slice::from_ref(&findings), Colour::Off);
    let active = match config {
        Some(config) => {
            match findings.worst() {
                Some(Severity::Mistake) => tracing::warn!(
                    proxy_id,
                    revision,
                    "proxyConfig loaded with mistakes; it runs as on the reference server\n{}",
                    report()
                ),
                Some(_) => tracing::info!(proxy_id, revision, "proxyConfig loaded with warnings"),
                None => tracing::info!(proxy_id, revision, "proxyConfig loaded"),
            }
            let connector = ProxyConnector::new(proxy_id.clone(), revision.clone(), Arc::new(config));
            Some(Arc::new(connector.succeeding(previous)))
        }
        None => {
            let kept = previous.map(|connector| connector.revision.as_str());
            tracing::error!(proxy_id, revision, kept_revision = kept, "proxyConfig refused\n{}", report());
            previous.cloned()
        }
    };
    next.states.insert(
        proxy_id.clone(),
        State {
            active_revision: active.as_ref().map(|connector| connector.revision.clone()),
            file_revision: revision,
            findings,
            missing: false,
        },
    );
    if let Some(connector) = active {
        next.connectors.insert(proxy_id, connector);
    }
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
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_goes_out_of_service_at_the_second_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.json");
        let document = |name: &str| {
            format!(
                r#"{{"meta": {{"name": "{name}"}}, "requestDefaults": {{"baseUrl": "https://crm.example.com"}},
                    "operations": {{"getUserInfo": {{"method": "GET", "url": "/me", "responseMapping": {{"idPath": "body.id"}}}}}}}}"#
            )
        };
        std::fs::write(&path, document("first")).unwrap();
        let configs = Configs::open(folder.path()).unwrap();
        let name = || configs.snapshot().get("crm").and_then(|connector| connector.config.name.clone());
        assert_eq!(name().as_deref(), Some("first"));

        std::fs::remove_file(&path).unwrap();
        assert!(configs.look().unwrap(), "it may be coming back");
        assert_eq!(name().as_deref(), Some("first"));
        std::fs::write(&path, document("second")).unwrap();
        assert!(!configs.look().unwrap());
        assert_eq!(name().as_deref(), Some("second"));

        std::fs::remove_file(&path).unwrap();
        assert!(configs.look().unwrap());
        assert!(!configs.look().unwrap());
        assert_eq!((name(), configs.snapshot().states().len()), (None, 0));
    }
}
