//! Reports in a folder of this server: a file each, whose first line says whose it is. All file work is done off the
//! workers.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::link::{Link, Signer};
use super::{LARGEST, LINK_SECONDS, NoLink, Origin};
use crate::engine::time::to_iso;
use crate::random_id::random_hex;
use crate::secret::Secret;
use crate::service::clock::Clock;

/// How long a report is kept, in milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The most reports of all users, and their bytes.
const MOST: usize = 1000;
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The most reports of one user.
const MOST_OF_USER: usize = 20;

/// The longest first line, in bytes.
const LONGEST_HEAD: u64 = 8 * 1024;

const ENDING: &str = "report";

/// The folder, and what signs links to it.
pub struct Folder(Arc<Inside>);

struct Inside {
    path: PathBuf,
    signer: Signer,
    clock: Clock,
    /// Held while reports are counted and one is added.
    adding: Mutex<()>,
}

/// The first line of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    origin: Origin,
    /// In milliseconds.
    received_at: i64,
}

/// A report in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ErrorReport")]
pub struct Listed {
    /// Names it.
    pub id: String,
    /// Whose it is.
    #[serde(flatten)]
    pub origin: Origin,
    /// When it came, ISO 8601.
    pub received_at: String,
    /// Its length in bytes.
    pub bytes: u64,
    #[serde(skip)]
    received_ms: i64,
}

/// Why a report is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotUploaded {
    /// This server did not sign the link.
    #[error("This link for a report was not made by this server.")]
    Unsigned,
    /// The link has ended.
    #[error("This link for a report has expired. Ask for another one.")]
    Expired,
    /// There is a report under the link.
    #[error("A report was uploaded with this link already. Ask for another one.")]
    Used,
    /// It is no JSON.
    #[error("A report has to be JSON.")]
    NotJson,
    /// There are as many as are kept.
    #[error("{0}")]
    Full(&'static str),
    /// The folder cannot be written.
    #[error("The report could not be stored. Try again later.")]
    Failed,
}

const FULL: &str =
    "This server keeps as many reports as it can. Tell whoever runs it, or try again tomorrow.";
const FULL_OF_USER: &str = "There are twenty reports of yours, which is as many as are kept.";

impl Folder {
    pub(super) fn new(path: PathBuf, secret: &Secret, clock: Clock) -> Self {
        Self(Arc::new(Inside { path, signer: Signer::new(secret), clock, adding: Mutex::new(()) }))
    }

    /// The signed part of a link for one report.
    pub(super) async fn link(&self, origin: &Origin) -> Result<String, NoLink> {
        let of = origin.clone();
        if let Some(why) = self.run(move |inside| inside.is_full(&of)).await.ok_or(NoLink::Failed)? {
            return Err(NoLink::Full(why));
        }
        let id = random_hex::<12>().map_err(|_| NoLink::Failed)?;
        let life = i64::try_from(LINK_SECONDS * 1000).unwrap_or(i64::MAX);
        let until = self.0.clock.now_ms().saturating_add(life);
        let link = Link { id, origin: origin.clone(), until };
        self.0.signer.signed(&link).ok_or(NoLink::Failed)
    }

    /// Whether a link is one of this server that has not ended.
    ///
    /// # Errors
    /// If it is not.
    pub fn check(&self, signed: &str) -> Result<(), NotUploaded> {
        self.0.opened(signed).map(drop)
    }

    /// Keeps a report under a link.
    ///
    /// # Errors
    /// If the link does not open, or was used; the report is no JSON; there are too many; or the folder cannot be
    /// written. Nothing is kept then.
    pub async fn upload(&self, signed: &str, report: bytes::Bytes) -> Result<(), NotUploaded> {
        let link = self.0.opened(signed)?;
        self.run(move |inside| inside.add(&link, &report)).await.unwrap_or(Err(NotUploaded::Failed))
    }

    /// The reports, newest first.
    pub async fn list(&self) -> Vec<Listed> {
        self.run(|inside| inside.listed()).await.unwrap_or_default()
    }

    /// The content of a report; `None` if there is none of this id.
    pub async fn read(&self, id: &str) -> Option<Vec<u8>> {
        let is_id = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let path = is_id.then(|| self.0.file(id))?;
        self.run(move |_| content(&path).ok()).await.flatten()
    }

    /// Removes what is older than thirty days, and what was begun and not finished; how many files there were.
    pub async fn sweep(&self) -> usize {
        self.run(|inside| inside.swept()).await.unwrap_or_default()
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Inside) -> T + Send + 'static) -> Option<T> {
        let inside = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&inside)).await.ok()
    }
}

impl Inside {
    fn file(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.{ENDING}"))
    }

    fn opened(&self, signed: &str) -> Result<Link, NotUploaded> {
        let link = self.signer.opened(signed).ok_or(NotUploaded::Unsigned)?;
        if link.until <= self.clock.now_ms() {
            return Err(NotUploaded::Expired);
        }
        Ok(link)
    }

    fn is_full(&self, origin: &Origin) -> Option<&'static str> {
        let all = self.listed();
        let bytes: u64 = all.iter().map(|report| report.bytes).sum();
        if all.len() >= MOST || bytes.saturating_add(LARGEST as u64) > MOST_BYTES {
            return Some(FULL);
        }
        let own = all.iter().filter(|report| report.origin == *origin).count();
        (own >= MOST_OF_USER).then_some(FULL_OF_USER)
    }

    fn add(&self, link: &Link, report: &[u8]) -> Result<(), NotUploaded> {
        if serde_json::from_slice::<serde::de::IgnoredAny>(report).is_err() {
            return Err(NotUploaded::NotJson);
        }
        let _turn = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.file(&link.id);
        if path.exists() {
            return Err(NotUploaded::Used);
        }
        if let Some(why) = self.is_full(&link.origin) {
            return Err(NotUploaded::Full(why));
        }
        let head = Head { origin: link.origin.clone(), received_at: self.clock.now_ms() };
        self.write(&path, &head, report).map_err(|error| {
            tracing::error!(%error, "a report of an error could not be stored");
            NotUploaded::Failed
        })
    }

    /// Writes a file whole or not at all.
    fn write(&self, path: &Path, head: &Head, report: &[u8]) -> io::Result<()> {
        make_folder(&self.path)?;
        let partial = path.with_extension("part");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&partial)?;
        let written = (|| {
            serde_json::to_writer(&mut file, head)?;
            file.write_all(b"\n")?;
            file.write_all(report)?;
            file.sync_all()?;
            fs::rename(&partial, path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written
    }

    fn listed(&self) -> Vec<Listed> {
        let Ok(entries) = fs::read_dir(&self.path) else { return Vec::new() };
        let mut all: Vec<Listed> = entries.flatten().filter_map(|entry| listed(&entry.path())).collect();
        all.sort_by(|one, other| other.received_ms.cmp(&one.received_ms).then_with(|| one.id.cmp(&other.id)));
        all
    }

    fn swept(&self) -> usize {
        let Ok(entries) = fs::read_dir(&self.path) else { return 0 };
        let now = self.clock.now_ms();
        let is_old = |path: &Path| match listed(path) {
            Some(report) => report.received_ms <= now - KEPT_MS,
            // Of another ending, or without a first line: begun and not finished, unless it is being written.
            None => path.extension().is_some_and(|ending| ending == "part") && is_abandoned(path),
        };
        let old = entries.flatten().map(|entry| entry.path()).filter(|path| is_old(path));
        old.filter(|path| fs::remove_file(path).is_ok()).count()
    }
}

fn is_abandoned(path: &Path) -> bool {
    let changed = fs::metadata(path).and_then(|about| about.modified());
    changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age.as_secs() > 3600))
}

/// For the owner alone: reports may name people.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The first line, and what comes after it.
fn opened(path: &Path) -> io::Result<(String, BufReader<File>)> {
    let mut file = BufReader::new(File::open(path)?);
    let mut head = String::new();
    (&mut file).take(LONGEST_HEAD).read_line(&mut head)?;
    Ok((head, file))
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut report = Vec::new();
    opened(path)?.1.read_to_end(&mut report)?;
    Ok(report)
}

fn listed(path: &Path) -> Option<Listed> {
    if path.extension()? != ENDING {
        return None;
    }
    let (line, file) = opened(path).ok()?;
    let head: Head = serde_json::from_str(&line).ok()?;
    let length = file.get_ref().metadata().ok()?.len();
    Some(Listed {
        id: path.file_stem()?.to_str()?.to_owned(),
        origin: head.origin,
        received_at: Timestamp::from_millisecond(head.received_at).map(to_iso).unwrap_or_default(),
        bytes: length.saturating_sub(line.len() as u64),
        received_ms: head.received_at,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::service::clock::Hand;

    const NOW: i64 = 1_760_000_000_000;

    fn folder() -> (Folder, Hand, tempfile::TempDir) {
        let (clock, hand) = Clock::by_hand(NOW);
        let place = tempfile::tempdir().unwrap();
        (Folder::new(place.path().join("reports"), &Secret::new("s"), clock), hand, place)
    }

    fn origin(id: &str) -> Origin {
        Origin { user_id: id.to_owned(), platform: "acme".to_owned() }
    }

    async fn put(folder: &Folder, id: &str, report: &'static str) -> Result<(), NotUploaded> {
        let link = folder.link(&origin(id)).await.map_err(|_| NotUploaded::Failed)?;
        folder.upload(&link, report.as_bytes().into()).await
    }

    #[tokio::test]
    async fn a_report_is_kept_as_it_came_and_once() {
        let (folder, hand, _place) = folder();
        let link = folder.link(&origin("7-acme")).await.unwrap();
        let text = "{\"a\": [1,\n 2]}\n";
        assert!(matches!(folder.upload(&link, "{\"a\":".into()).await, Err(NotUploaded::NotJson)));
        folder.upload(&link, text.into()).await.unwrap();
        assert!(matches!(folder.upload(&link, "{}".into()).await, Err(NotUploaded::Used)));
        hand.advance(Duration::from_secs(1));
        put(&folder, "8-acme", "[]").await.unwrap();
        let all = folder.list().await;
        assert_eq!(all.iter().map(|it| it.origin.user_id.as_str()).collect::<Vec<_>>(), ["8-acme", "7-acme"]);
        assert_eq!(
            (all[1].received_at.as_str(), all[1].bytes),
            ("2025-10-09T08:53:20.000Z", text.len() as u64)
        );
        assert_eq!(folder.read(&all[1].id).await.as_deref(), Some(text.as_bytes()));
        for none in ["", "..", "nothere", "../secret-key"] {
            assert_eq!(folder.read(none).await, None, "{none}");
        }
    }

    #[tokio::test]
    async fn a_link_ends_and_so_does_a_report() {
        let (folder, hand, place) = folder();
        let link = folder.link(&origin("7-acme")).await.unwrap();
        put(&folder, "7-acme", "{}").await.unwrap();
        hand.advance(Duration::from_secs(300));
        assert!(matches!(folder.check(&link), Err(NotUploaded::Expired)));
        assert!(matches!(folder.upload(&link, "{}".into()).await, Err(NotUploaded::Expired)));
        assert!(matches!(folder.check("x.y"), Err(NotUploaded::Unsigned)));
        std::fs::write(place.path().join("reports/other.txt"), "no report").unwrap();
        hand.advance(Duration::from_secs(30 * 24 * 3600 - 301));
        assert_eq!(folder.sweep().await, 0);
        hand.advance(Duration::from_secs(1));
        assert_eq!((folder.sweep().await, folder.list().await.len()), (1, 0));
        assert!(place.path().join("reports/other.txt").exists(), "what is no report stays");
    }

    #[tokio::test]
    async fn nobody_fills_the_folder() {
        let (folder, _hand, _place) = folder();
        let spare = folder.link(&origin("7-acme")).await.unwrap();
        for _ in 0..MOST_OF_USER {
            put(&folder, "7-acme", "{}").await.unwrap();
        }
        assert!(matches!(folder.link(&origin("7-acme")).await, Err(NoLink::Full(FULL_OF_USER))));
        assert!(matches!(folder.upload(&spare, "{}".into()).await, Err(NotUploaded::Full(FULL_OF_USER))));
        put(&folder, "8-acme", "{}").await.unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn reports_are_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let (folder, _hand, place) = folder();
        put(&folder, "7-acme", "{}").await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let reports = place.path().join("reports");
        let file = std::fs::read_dir(&reports).unwrap().next().unwrap().unwrap().path();
        assert_eq!((mode(&reports), mode(&file)), (0o700, 0o600));
    }
}
