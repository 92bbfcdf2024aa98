//! Documents from end to end: what is said about broken ones, that sound ones are clean, and that
//! none does harm.
//!
//! A broken document is one more file in `fixtures/invalid/`; what a person is told about it stands
//! beside it, in a `.snap` of the same name. [`MEND`] writes those that changed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use app_connect::config::diagnostic::{Code, Lines, Severity};
use app_connect::config::report::{Colour, Format, human, render};
use app_connect::engine::load::{Loaded, MAX_BYTES, load, load_file};
use proptest::prelude::*;
use serde_json::{Map, Value};

const MEND: &str = "INSTA_UPDATE=always cargo test --test it invalid";

/// Documents of the recordings that cannot run here although the reference runs them.
const REFUSED_RECORDINGS: &[&str] = &[];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Name (without `.json`) and path of every document in a folder, sorted.
fn documents(name: &str) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    found.sort();
    found
}

fn load_named(name: &str, path: &Path) -> Loaded {
    let mut loaded = load_file(path, &|_| None);
    loaded.findings.file = format!("{name}.json");
    loaded
}

fn load_text(text: &str) -> Loaded {
    load("crm.json", text, &|_| None)
}

/// What a person sees.
fn explained(loaded: Loaded) -> String {
    human(&[loaded.findings], Colour::Off)
}

/// All broken documents.
fn broken() -> Vec<(String, PathBuf, Loaded)> {
    let all: Vec<_> = documents("invalid")
        .into_iter()
        .map(|(name, path)| {
            let loaded = load_named(&name, &path);
            (name, path, loaded)
        })
        .collect();
    assert!(all.len() >= 50, "fixtures/invalid holds only {} documents", all.len());
    all
}

#[test]
fn every_broken_document_is_explained() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder("invalid"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let drifted: Vec<String> = broken()
        .into_iter()
        .filter_map(|(name, _, loaded)| {
            let text = explained(loaded);
            let same = || settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
            catch_unwind(AssertUnwindSafe(same)).is_err().then_some(name)
        })
        .collect();
    assert!(drifted.is_empty(), "said differently about {}; if that is right: {MEND}", drifted.join(", "));
}

#[test]
fn every_explanation_belongs_to_a_document() {
    let names: Vec<String> = documents("invalid").into_iter().map(|(name, _)| name).collect();
    for entry in std::fs::read_dir(folder("invalid")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "snap") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(names.contains(&name), "{} is left over; remove it", path.display());
        }
    }
}

#[test]
fn a_document_is_named_after_a_code_that_it_shows() {
    for (name, _, loaded) in broken() {
        let codes: BTreeSet<String> = loaded
            .findings
            .diagnostics
            .iter()
            .map(|found| found.code.as_str().to_ascii_lowercase())
            .collect();
        match name.split_once('-').unwrap() {
            ("mixed", _) => assert!(codes.len() > 3, "{name} shows only {codes:?}"),
            (code, _) => assert!(codes.contains(code), "{name} shows {codes:?}"),
        }
    }
}

#[test]
fn every_code_occurs() {
    let shown: BTreeSet<Code> = broken()
        .iter()
        .flat_map(|(_, _, loaded)| &loaded.findings.diagnostics)
        .map(|found| found.code)
        .collect();
    let missing: Vec<&str> =
        Code::ALL.iter().filter(|code| !shown.contains(code)).map(|code| code.as_str()).collect();
    assert!(missing.is_empty(), "no document in fixtures/invalid shows {}", missing.join(", "));
}

#[test]
fn errors_alone_keep_a_document_from_running() {
    for (name, _, loaded) in broken() {
        let worst = loaded.findings.diagnostics.iter().map(|found| found.code.severity()).max();
        assert_eq!(loaded.findings.worst(), worst, "{name}");
        assert_eq!(loaded.config.is_none(), worst == Some(Severity::Error), "{name}: {worst:?}");
        assert_eq!(loaded.is_acceptable(), worst < Some(Severity::Mistake), "{name}");
    }
}

#[test]
fn findings_say_where_and_how_to_mend() {
    for (name, _, loaded) in broken() {
        let source = loaded.findings.source.clone();
        let mut seen = Vec::new();
        for found in &loaded.findings.diagnostics {
            let at = format!("{name}: {} {}", found.code, found.message);
            assert!(source.get(found.span.clone()).is_some(), "{at}: {:?}", found.span);
            assert!(!found.message.ends_with('.') && !found.message.contains('\n'), "{at}");
            assert!(found.help.as_ref().is_some_and(|help| !help.is_empty()), "{at}: no help");
            let key = (found.code, found.span.clone(), &found.message);
            assert!(!seen.contains(&key), "{at}: twice at the same place");
            seen.push(key);
        }
    }
}

#[test]
fn no_report_shows_a_secret() {
    let secrets = [
        (
            "ac051-secrets",
            vec![
                "harbor-9f8e7d6c5b4a3210",
                "hk_0123456789abcdef0123",
                "ghp_0123456789abcdefghijABCDEFGHIJ012345",
                "qwertz0123456789",
            ],
        ),
        ("ac051-secret-on-one-line", vec!["harbor-9f8e7d6c5b4a3210"]),
        ("ac054-invalid-urls", vec!["ada:pass"]),
        ("ac013-secret-instead-of-its-name", vec!["hk 0123456789abcdef0123"]),
        ("ac011-number-as-secret", vec!["write 8675309123", "\"8675309123\""]),
    ];
    for (name, secrets) in secrets {
        let path = folder("invalid").join(format!("{name}.json"));
        let loaded = load_named(name, &path);
        assert!(!loaded.findings.diagnostics.is_empty());
        for format in Format::ALL {
            let report = render(format, std::slice::from_ref(&loaded.findings), Colour::Off);
            for secret in &secrets {
                assert!(!report.contains(secret), "{name}, {}: {report}", format.as_str());
            }
        }
    }
}

#[test]
fn reports_name_the_place_in_the_file() {
    for (name, _, loaded) in broken() {
        let text = Lines::new(&loaded.findings.source);
        let lines: Vec<String> = loaded
            .findings
            .diagnostics
            .iter()
            .filter(|_| !loaded.findings.source.is_empty())
            .map(|found| {
                let (line, column) = text.line_column(found.span.start);
                format!("--> {name}.json:{line}:{column}")
            })
            .collect();
        let text = explained(loaded);
        let mut rest = text.as_str();
        for line in lines {
            let at = rest.find(&format!("{line}\n")).unwrap_or_else(|| panic!("{line} is not in\n{text}"));
            rest = &rest[at + line.len()..];
        }
        assert!(!text.contains(" ::: "), "{name}");
    }
}

#[test]
fn sound_documents_are_clean() {
    let sound = documents("valid");
    assert!(!sound.is_empty());
    for (name, path) in sound {
        let loaded = load_named(&name, &path);
        assert!(loaded.config.is_some() && loaded.findings.diagnostics.is_empty(), "{}", explained(loaded));
    }
}

#[test]
fn recorded_documents_run() {
    let mut refused = Vec::new();
    for (group, path) in documents("recordings") {
        let recording: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for (name, config) in recording["configs"].as_object().unwrap() {
            let text = serde_json::to_string_pretty(config).unwrap();
            let text =
                text.replace("@@CRM@@", "http://127.0.0.1:1").replace("@@CLOSED@@", "http://127.0.0.1:2");
            let loaded = load_text(&text.replace("@@CRM_HOST@@", "127.0.0.1:1"));
            if loaded.config.is_none() {
                refused.push((format!("{group}/{name}"), explained(loaded)));
            }
        }
    }
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    let details: String = refused.iter().map(|(name, text)| format!("{name}\n{text}")).collect();
    assert_eq!(names, REFUSED_RECORDINGS, "{details}");
}

#[test]
fn files_that_cannot_be_read_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.json");
    std::fs::write(&large, vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
    for (path, word) in [
        (large.as_path(), "at most"),
        (&folder.path().join("none.json"), "cannot be read"),
        (folder.path(), "folder"),
    ] {
        let loaded = load_file(path, &|_| None);
        let [found] = loaded.findings.diagnostics.as_slice() else { panic!("{:?}", loaded.findings) };
        assert_eq!(found.code, Code::UnreadableFile);
        assert!(found.message.contains(word), "{}", found.message);
        assert!(loaded.config.is_none());
    }
}

/// What a change puts in place of a value or into a text.
const FRAGMENTS: &[&str] = &[
    "{{",
    "}}",
    "{{}}",
    "{{{",
    "{{phoneNumber}}",
    "{{a.b[0]}}",
    "{{#if a}}",
    "{{/if}}",
    "{{else}}",
    "{{upper x}}",
    "{{date a \"\u{e9}\"}}",
    "{{omit}}",
    "{{> p}}",
    "{{! c",
    "$",
    "$.",
    "$.a[?(@.b)]",
    "$[",
    "..",
    "[0]",
    "https://",
    "http://é/",
    "//",
    "?",
    "#",
    "\r\n",
    "\u{0}",
    "\u{1F600}",
    "",
];

#[derive(Debug, Clone)]
enum Change {
    Drop,
    Rename(String),
    Replace(Value),
    Insert(usize, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let fragment = || proptest::sample::select(FRAGMENTS);
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        fragment().prop_map(Value::from),
        Just(Value::Object(Map::new())),
        Just(Value::Array(vec![Value::Null, Value::from("x")])),
    ];
    prop_oneof![
        Just(Change::Drop),
        prop_oneof![
            "[a-zA-Z{}~/. é-]{0,12}".prop_map(Change::Rename),
            fragment().prop_map(|text| Change::Rename(text.to_owned()))
        ],
        scalar.prop_map(Change::Replace),
        (any::<prop::sample::Index>(), fragment()).prop_map(|(at, text)| Change::Insert(at.index(400), text)),
    ]
}

/// Changes the `target`th value (in document order) below the root.
fn apply(value: &mut Value, target: &mut usize, change: &Change) -> bool {
    let members: Vec<String> = match value {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => return false,
    };
    for name in members {
        if *target == 0 {
            change_member(value, &name, change);
            return true;
        }
        *target -= 1;
        let child = match &mut *value {
            Value::Object(members) => members.get_mut(&name),
            other => name.parse().ok().and_then(|index: usize| other.get_mut(index)),
        };
        if child.is_some_and(|child| apply(child, target, change)) {
            return true;
        }
    }
    false
}

fn change_member(parent: &mut Value, name: &str, change: &Change) {
    match (parent, change) {
        (Value::Object(members), Change::Drop) => drop(members.shift_remove(name)),
        (Value::Object(members), Change::Rename(other)) => {
            if let Some(value) = members.shift_remove(name) {
                members.insert(other.clone(), value);
            }
        }
        (Value::Object(members), change) => change_value(&mut members[name], change),
        (Value::Array(items), change) => change_value(&mut items[name.parse::<usize>().unwrap()], change),
        _ => {}
    }
}

fn change_value(value: &mut Value, change: &Change) {
    match (change, &mut *value) {
        (Change::Replace(other), value) => *value = other.clone(),
        (Change::Insert(at, fragment), Value::String(text)) => {
            let at = (0..=text.len())
                .rev()
                .filter(|at| text.is_char_boundary(*at))
                .find(|place| *place <= *at)
                .unwrap_or(0);
            text.insert_str(at, fragment);
        }
        (_, value) => *value = Value::Null,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_document_does_harm(
        base in proptest::sample::select(documents("valid")),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), change()), 1..6),
    ) {
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(base.1).unwrap()).unwrap();
        for (place, change) in &changes {
            apply(&mut document, &mut place.index(160), change);
        }
        let text = serde_json::to_string_pretty(&document).unwrap();
        let loaded = load_text(&text);
        for found in &loaded.findings.diagnostics {
            prop_assert!(text.get(found.span.clone()).is_some(), "{found:?}");
        }
        prop_assert_eq!(loaded.config.is_none(), loaded.findings.worst() == Some(Severity::Error));
        for format in Format::ALL {
            render(format, std::slice::from_ref(&loaded.findings), Colour::Off);
        }
    }
}
