//! The embedded store: the suite, and what only a directory can show.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use app_connect::store::{self, Counts, Keys, MAX_RECORD_BYTES, SledStore, Store, StoreError};
use serde_json::json;
use tempfile::TempDir;

use super::{SECRET, contact_key, contains, forbidden, keys, open_sled, suite, user};

fn empty() -> (TempDir, SledStore) {
    let directory = TempDir::new().unwrap();
    let store = open_sled(directory.path()).unwrap();
    (directory, store)
}

macro_rules! suite {
    ($($check:ident($($store:ident),+);)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $check() {
            $(let (_directory, $store) = empty();
            let $store = (_directory, $store);)+
            suite::$check($(&$store.1),+).await;
        }
    )+};
}

suite::every_check!(suite);

async fn open_url(path: &Path, keys: Keys) -> Result<(), StoreError> {
    store::open(&format!("sled:{}", path.display()), keys).await.map(drop)
}

#[tokio::test]
async fn records_are_there_after_reopening() {
    let (directory, store) = empty();
    let counts = suite::fill(&store).await;
    drop(store);
    let store = open_sled(directory.path()).unwrap();
    let integrity = store.integrity().await.unwrap();
    assert_eq!(integrity.readable, counts);
    assert_eq!(integrity.damaged, [""; 0]);
    let one = user("7-crm", Some("proxy-1"));
    assert_eq!(store.get_user(&one.key).await.unwrap(), Some(one));
}

#[tokio::test]
async fn another_key_is_refused_at_open_and_at_import() {
    let (directory, store) = empty();
    suite::fill(&store).await;
    let (_, exported) = suite::export(&store).await;
    drop(store);
    let error = open_url(directory.path(), keys("another")).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("APP_SERVER_SECRET_KEY"));
    open_url(directory.path(), keys(SECRET)).await.unwrap();

    let elsewhere = TempDir::new().unwrap();
    let other = SledStore::open(elsewhere.path(), keys("another"), Default::default()).unwrap();
    let error = suite::import(&other, &exported).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    assert_eq!(suite::export(&other).await.0, Counts::default());
}

#[tokio::test]
async fn a_store_in_use_is_named_with_what_to_do() {
    let (directory, _store) = empty();
    let error = open_url(directory.path(), keys(SECRET)).await.unwrap_err();
    let path = directory.path().display().to_string();
    assert_eq!(error, StoreError::Locked { path: path.clone() });
    let text = error.to_string();
    assert!(text.contains(&path) && text.contains("Stop that process"), "{text}");
}

/// As when a server starts while the one before is still stopping.
#[test]
fn a_store_that_is_being_closed_is_waited_for() {
    let (directory, store) = empty();
    let closing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        drop(store);
    });
    open_sled(directory.path()).unwrap();
    closing.join().unwrap();
}

#[tokio::test]
async fn an_unknown_url_names_the_known_ones_and_no_password() {
    for url in ["mysql://me:hunter2@db/x", "hunter2", "", "sled:", "postgres:"] {
        let error = store::open(url, keys(SECRET)).await.err().unwrap();
        assert!(matches!(error, StoreError::UnknownScheme { .. }));
        let text = error.to_string();
        assert!(text.contains("sled:PATH") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_path_that_is_a_file_is_an_error_that_says_so() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let text = open_url(&path, keys(SECRET)).await.unwrap_err().to_string();
        assert!(text.contains("Name a directory"), "{text}");
    }
}

/// sled drops what follows damage in its log without a word; the store tells.
#[tokio::test]
async fn a_damaged_log_is_reported_and_never_opens_as_a_smaller_store() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 5] = [
        ("garbage at the start", |log| log[..600_000].fill(0xA5)),
        ("garbage in the middle", |log| {
            let middle = log.len() / 2;
            log[middle..middle + 5_000].fill(0xA5);
        }),
        ("one bit in the middle", |log| {
            let middle = log.len() / 2;
            log[middle] ^= 1;
        }),
        ("the end is missing", |log| log.truncate(log.len() / 4 * 3)),
        ("all is missing", Vec::clear),
    ];
    for (case, damage) in damages {
        let (directory, store) = empty();
        suite::fill(&store).await;
        drop(store);
        let log = directory.path().join("db");
        let mut bytes = fs::read(&log).unwrap();
        damage(&mut bytes);
        fs::write(&log, bytes).unwrap();
        for snapshot in snapshots(directory.path()) {
            fs::remove_file(snapshot).unwrap();
        }
        let error = open_url(directory.path(), keys(SECRET)).await.expect_err(case);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{case}: {error}");
        assert!(error.to_string().contains("Restore the store"), "{case}: {error}");
    }
}

fn snapshots(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap."))
        .collect()
}

/// An operator can decide to go on with what is left.
#[tokio::test]
async fn a_loss_is_accepted_by_deleting_the_witness() {
    let (directory, store) = empty();
    suite::fill(&store).await;
    drop(store);
    fs::write(directory.path().join("db"), b"").unwrap();
    for snapshot in snapshots(directory.path()) {
        fs::remove_file(snapshot).unwrap();
    }
    let error = open_url(directory.path(), keys(SECRET)).await.unwrap_err();
    assert!(error.to_string().contains("delete the file acknowledged"), "{error}");
    fs::remove_file(directory.path().join("acknowledged")).unwrap();
    let store = open_sled(directory.path()).unwrap();
    assert_eq!(suite::export(&store).await.0, Counts::default());
}

#[cfg(unix)]
#[test]
fn a_new_store_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a/b");
    drop(open_sled(&path).unwrap());
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// Longest records, rewritten often: sled must never move one into a blob
/// file, because it does not sync those.
#[tokio::test]
async fn the_longest_records_stay_in_the_synced_log() {
    let (directory, store) = empty();
    let text = "x".repeat(MAX_RECORD_BYTES - 1000);
    for round in 0..3 {
        for n in 0..40 {
            let mut one = user(&format!("{n}-crm"), None);
            one.platform_additional_info.insert("text".to_owned(), json!(text));
            one.updated_at = round;
            store.save_user(&one).await.unwrap();
        }
        let blobs = fs::read_dir(directory.path().join("blobs")).unwrap();
        assert_eq!(blobs.count(), 0);
    }
    drop(store);
    let store = open_sled(directory.path()).unwrap();
    assert_eq!(store.integrity().await.unwrap().readable.users, 40);
}

fn files_below(directory: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(fs::read(path).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn no_secret_and_no_number_is_readable_on_disk_or_in_an_export() {
    let (directory, store) = empty();
    let key = contact_key("+16505550107");
    store.save_user(&user("7-crm", None)).await.unwrap();
    let contacts = json!([{"name": "Ada Lovelace", "phone": "+16505550107"}]);
    store.cache_contacts(&key, contacts.to_string().as_bytes()).await.unwrap();
    let (_, exported) = suite::export(&store).await;
    store.close().await.unwrap();
    let mut contents = files_below(directory.path());
    drop(store);
    contents.extend(files_below(directory.path()));
    contents.push(exported);

    // The search itself finds what is there: ids are not secret.
    assert!(contents.iter().any(|bytes| contains(bytes, b"7-crm")));
    for text in forbidden() {
        let shown = String::from_utf8_lossy(&text).into_owned();
        assert!(!contents.iter().any(|bytes| contains(bytes, &text)), "{shown}");
    }
}

#[test]
fn debug_output_shows_no_secret_and_no_number() {
    let shown = format!("{:?} {:?}", user("7-crm", None), contact_key("+16505550107"));
    assert!(shown.contains("7-crm"));
    for text in forbidden() {
        assert!(!contains(shown.as_bytes(), &text), "{shown}");
    }
}
