//! Runs the fixture cases of every connector that ships, and checks that running them can fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use app_connect::config::operations::OperationName;
use app_connect::engine::cases::{self, Case, Outcome};
use app_connect::engine::load;
use app_connect::engine::operation::CompiledDocument;
use app_connect::service::wording::CASE_WORDING;

const MEND: &str = "cargo run -- test proxy-configs --update";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs")
}

/// Every document that ships, by its id.
fn documents() -> BTreeMap<String, PathBuf> {
    let files = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect()
}

fn compiled(path: &Path) -> CompiledDocument {
    let loaded = load::load_file(path, &|_| None);
    loaded.config.unwrap_or_else(|| panic!("{}: {:#?}", path.display(), loaded.findings.diagnostics))
}

fn failures(outcomes: &[Outcome]) -> Vec<String> {
    outcomes.iter().filter(|outcome| !outcome.passed()).map(Outcome::to_string).collect()
}

#[test]
fn documents_have_no_findings() {
    let documents = documents();
    assert!(documents.len() >= 5, "{documents:?}");
    for (id, path) in documents {
        let found = load::load_file(&path, &|_| None).findings.diagnostics;
        assert!(found.is_empty(), "{id}: {found:#?}");
    }
}

#[test]
fn cases_pass() {
    let configs: BTreeMap<String, CompiledDocument> =
        documents().into_iter().map(|(id, path)| (id, compiled(&path))).collect();
    let run = |cases: Vec<Case>| -> Vec<Outcome> {
        cases.iter().map(|case| cases::run(case, &configs[&case.proxy_id], CASE_WORDING)).collect()
    };
    let outcomes = run(cases::discover(&directory()));
    let failures = failures(&outcomes);
    assert!(
        failures.is_empty(),
        "{} of {} cases fail.\n\n{}\n\nIf what came out is right, write it down with:\n    {MEND}\n",
        failures.len(),
        outcomes.len(),
        failures.join("\n\n")
    );
}

#[test]
fn every_operation_has_a_case() {
    let cases = cases::discover(&directory());
    for (id, path) in documents() {
        let covered: Vec<OperationName> = cases
            .iter()
            .filter(|case| case.proxy_id == id)
            .filter_map(|case| Some(case.content.as_ref().ok()?.operation))
            .collect();
        let missing: Vec<&str> = compiled(&path)
            .operations()
            .map(|operation| operation.name)
            .filter(|name| !covered.contains(name))
            .map(OperationName::as_str)
            .collect();
        assert!(
            missing.is_empty(),
            "{id}.json has operations without a case in {id}.cases/: {}",
            missing.join(", ")
        );
    }
}

/// A copy of the sandbox's document and cases, with a change.
fn broken(change: impl Fn(&str) -> String) -> (tempfile::TempDir, Vec<Outcome>) {
    let temporary = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(directory().join("sandbox.json")).unwrap();
    let path = temporary.path().join("sandbox.json");
    fs::write(&path, change(&text)).unwrap();
    for case in cases::discover(&directory().join("sandbox.json")) {
        let copy = temporary.path().join("sandbox.cases").join(&case.name);
        fs::create_dir_all(&copy).unwrap();
        for file in fs::read_dir(&case.directory).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
    let config = compiled(&path);
    let outcomes =
        cases::discover(&path).iter().map(|case| cases::run(case, &config, CASE_WORDING)).collect();
    (temporary, outcomes)
}

fn outcome<'o>(outcomes: &'o [Outcome], name: &str) -> &'o Outcome {
    outcomes.iter().find(|outcome| outcome.title == format!("sandbox/{name}")).unwrap()
}

#[test]
fn a_broken_mapping_fails_with_a_readable_difference() {
    let (_, outcomes) = broken(|text| text.replace("\"phones.0\"", "\"telephones.0\""));
    let outcome = outcome(&outcomes, "find-contact");
    assert!(!outcome.passed());
    let shown = outcome.to_string();
    assert!(shown.starts_with("FAIL  sandbox/find-contact ("), "{shown}");
    let expected = "  result.json /result/0/phone\n    expected  \"+14155550103\"\n    got       (nothing)";
    assert!(shown.contains(expected), "{shown}");
    assert!(!shown.contains("request.json"), "{shown}");
}

#[test]
fn a_broken_request_fails_and_rewriting_mends_it() {
    let (temporary, outcomes) =
        broken(|text| text.replace("\"subject\": \"{{subject}}\"", "\"title\": \"{{subject}}\""));
    let shown = outcome(&outcomes, "create-call-log").to_string();
    for expected in [
        "  request.json /body/subject\n    expected  \"Outbound Call to Lena Lead\"\n    got       (nothing)",
        "  request.json /body/title\n    expected  (nothing)\n    got       \"Outbound Call to Lena Lead\"",
    ] {
        assert!(shown.contains(expected), "{shown}");
    }
    for outcome in &outcomes {
        cases::rewrite(outcome).unwrap();
    }
    let path = temporary.path().join("sandbox.json");
    let config = compiled(&path);
    let again: Vec<Outcome> =
        cases::discover(&path).iter().map(|case| cases::run(case, &config, CASE_WORDING)).collect();
    assert_eq!(again.len(), outcomes.len());
    assert_eq!(failures(&again), Vec::<String>::new());
}

#[test]
fn a_folder_that_is_no_case_says_why() {
    let temporary = tempfile::tempdir().unwrap();
    let good = directory().join("sandbox.cases/find-contact");
    let table: [(&str, &str, Option<&str>, &str); 7] = [
        ("no-case", "case.json", None, "case.json: the file is missing"),
        ("no-input", "input.json", None, "input.json: the file is missing"),
        (
            "typo",
            "case.json",
            Some(r#"{"operation": "findContacts", "description": "x"}"#),
            "did you mean `findContact`?",
        ),
        ("silent", "case.json", Some(r#"{"operation": "findContact"}"#), "`description` is missing"),
        ("refused", "response.json", Some(r#"{"status": 604, "body": {}}"#), "from 200 to 599"),
        ("misspelt", "response.json", Some(r#"{"status": 200, "json": {}}"#), "`json` is none of"),
        ("no-json", "input.json", Some("{"), "input.json: EOF"),
    ];
    for (name, file, content, _) in &table {
        let copy = temporary.path().join("sandbox.cases").join(name);
        fs::create_dir_all(&copy).unwrap();
        for file in fs::read_dir(&good).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        match content {
            Some(content) => fs::write(copy.join(file), content).unwrap(),
            None => fs::remove_file(copy.join(file)).unwrap(),
        }
    }
    let config = compiled(&directory().join("sandbox.json"));
    let cases = cases::discover(temporary.path());
    assert_eq!(cases.len(), table.len());
    for (name, _, _, expected) in table {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let shown = cases::run(case, &config, CASE_WORDING).to_string();
        assert!(shown.contains(expected), "{name}: {shown}");
    }
}
