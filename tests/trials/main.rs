//! Plays what people reported about connectors of other products: a document, a scripted CRM, and what
//! a user expects. Each case is a file, `tests/trials/<kind>/<name>.json`; `README.md` beside this file
//! says how to write one. `TRIAL=word` plays the cases whose path contains the word.

mod case;
mod crm;
mod play;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How many cases are played at the same time: each mostly waits for processes.
const AT_ONCE: usize = 4;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trials")
}

fn files() -> Vec<PathBuf> {
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let kinds = entries(&directory()).filter(|path| path.is_dir());
    let mut files: Vec<_> = kinds.flat_map(|kind| entries(&kind).collect::<Vec<_>>()).collect();
    files.sort();
    files
}

#[test]
fn every_case_ends_as_a_user_expects() {
    let word = std::env::var("TRIAL").unwrap_or_default();
    let files: Vec<_> =
        files().into_iter().filter(|path| path.to_string_lossy().contains(word.as_str())).collect();
    assert!(!files.is_empty(), "no case has {word:?} in its path");
    let left = Mutex::new(files.iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(path) = left.lock().unwrap().next() else { return };
                    let shown = path.strip_prefix(directory()).unwrap().display();
                    if let Err(problems) = case::read(path).and_then(|case| play::play(&case)) {
                        failures.lock().unwrap().push(format!("{shown}\n  {}", problems.join("\n  ")));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n\n{}",
        failures.len(),
        files.len(),
        failures.join("\n\n")
    );
}

#[test]
fn a_case_can_fail() {
    let played = |text: &str| play::play(&serde_json::from_str(text).unwrap());
    let document = r#""document": {"operations": {"getUserInfo": {"url": "${crm}/me", "responseMapping": {"idPath": "body.id"}}}}"#;
    let crm = r#""crm": [{"on": "GET /me", "reply": {"json": {"id": "7"}}}]"#;
    let with = |steps: &str| played(&format!(r#"{{"title": "t", {document}, {crm}, "steps": [{steps}]}}"#));
    assert_eq!(with(r#"{"login": {}, "status": 200, "json": {"name": "7"}}"#), Ok(()));
    let wrong = [
        r#"{"login": {}, "status": 400}"#,
        r#"{"login": {}, "has": ["never said"]}"#,
        r#"{"login": {}, "lacks": ["jwtToken"]}"#,
        r#"{"login": {}, "json": {"name": "another"}}"#,
        r#"{"validate": [{"code": "AC999"}]}"#,
        r#"{"call": "getUserInfo", "lacks": ["HTTP 200"]}"#,
        r#"{"sent": "GET /me", "count": 1}"#,
        r#"{"sent": "GET /me", "has": ["authorization"]}"#,
        r#"{"login": {}}, {"request": "GET /no-such-route", "status": 200}"#,
    ];
    for step in wrong {
        assert!(with(step).is_err(), "{step}");
    }
}
