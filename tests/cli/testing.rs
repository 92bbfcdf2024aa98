//! `test`: fixture cases from the command line.
use super::{Run, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const MAPPING: &str = r#""phonePath": "phones.0""#;
const BROKEN: &str = r#""phonePath": "telephones.0""#;

fn shipped() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/proxy-configs"))
}

/// The sandbox's document with a change, and the named cases of it.
fn sandbox(change: impl Fn(String) -> String, cases: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(shipped().join("sandbox.json")).unwrap();
    fs::write(folder.path().join("sandbox.json"), change(text)).unwrap();
    for case in cases {
        let target = folder.path().join("sandbox.cases").join(case);
        fs::create_dir_all(&target).unwrap();
        for file in fs::read_dir(shipped().join("sandbox.cases").join(case)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), target.join(file.file_name())).unwrap();
        }
    }
    folder
}

/// A document with error rules, one of which has a case.
fn with_rules() -> tempfile::TempDir {
    let folder = sandbox(
        |text| {
            let mut document: Value = serde_json::from_str(&text).unwrap();
            document["errorMapping"] = json!([
                {"when": {"status": 404}, "outcome": {"noMatch": true}},
                {"when": {"status": 409}, "outcome": {"message": "It is there already."}},
            ]);
            document["operations"]["findContact"]["errorMapping"] =
                json!([{"when": {"status": 410}, "outcome": {"noMatch": true}}]);
            document["operations"]
                .as_object_mut()
                .unwrap()
                .retain(|name, _| ["getUserInfo", "findContact", "createContact"].contains(&name.as_str()));
            format!("{document:#}")
        },
        &["find-contact", "get-user-info"],
    );
    let nobody = folder.path().join("sandbox.cases/find-contact-nobody");
    fs::create_dir(&nobody).unwrap();
    for file in ["input.json", "request.json"] {
        fs::copy(folder.path().join("sandbox.cases/find-contact").join(file), nobody.join(file)).unwrap();
    }
    fs::write(nobody.join("case.json"), r#"{"operation": "findContact", "description": "Nobody."}"#).unwrap();
    fs::write(nobody.join("response.json"), r#"{"status": 404, "body": {"error": "none"}}"#).unwrap();
    fs::write(nobody.join("result.json"), r#"{"result": [], "problems": []}"#).unwrap();
    folder
}

fn assert_code(run: &Run, code: i32) {
    assert_eq!(run.code, Some(code), "{}\n{}", run.out, run.err);
}

#[test]
fn shipped_connectors_pass() {
    let run = run(shipped().parent().unwrap(), &["test", "proxy-configs", "--min-coverage", "100"]);
    assert_code(&run, 0);
    assert!(run.out.ends_with("documents: all pass\n"), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn a_mapping_broken_on_purpose_fails_with_a_readable_difference() {
    let folder = sandbox(|text| text.replace(MAPPING, BROKEN), &["find-contact", "get-user-info"]);
    let broken = run(folder.path(), &["test", "."]);
    assert_code(&broken, 1);
    insta::assert_snapshot!("test_broken_mapping", format!("{}---\n{}", broken.out, broken.err));
    let github = run(folder.path(), &["test", "sandbox.json", "--format", "github"]);
    assert_code(&github, 1);
    insta::assert_snapshot!("test_broken_mapping_github", github.out);
    let file = fs::read_to_string(folder.path().join("sandbox.cases/find-contact/result.json")).unwrap();
    let line = file.lines().position(|line| line.contains("\"phone\"")).unwrap() + 1;
    assert!(github.out.contains(&format!("result.json,line={line},")), "{}", github.out);
    let json = run(folder.path(), &["test", "sandbox.json", "--format", "json", "--junit", "report.xml"]);
    assert_code(&json, 1);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        report["summary"],
        json!({"documents": 1, "refused": 0, "cases": 2, "passed": 1, "failed": 1})
    );
    assert_eq!(
        report["documents"][0]["cases"][0]["differences"],
        json!([{"file": "result.json", "pointer": "/result/0/phone", "expected": "+14155550103"}])
    );
    insta::assert_snapshot!("test_junit", fs::read_to_string(folder.path().join("report.xml")).unwrap());
}

#[test]
fn update_writes_down_what_came_out() {
    let folder = sandbox(|text| text.replace(MAPPING, BROKEN), &["find-contact", "get-user-info"]);
    let case = folder.path().join("sandbox.cases/find-contact");
    let read = |file: &str| fs::read_to_string(case.join(file)).unwrap();
    let before = read("request.json");
    let updated = run(folder.path(), &["test", ".", "--update"]);
    assert_code(&updated, 0);
    assert_eq!(updated.err, "wrote ./sandbox.cases/find-contact/result.json\n");
    assert!(!read("result.json").contains("\"phone\""));
    assert_eq!(read("request.json"), before, "what was as expected is left alone");
    let again = run(folder.path(), &["test", ".", "--update"]);
    assert_code(&again, 0);
    assert_eq!(again.err, "");
    // What cannot be run cannot be updated.
    fs::remove_file(case.join("input.json")).unwrap();
    let torn = run(folder.path(), &["test", ".", "--update"]);
    assert_code(&torn, 1);
    assert!(torn.out.contains("input.json: the file is missing"), "{}", torn.out);
}

#[test]
fn coverage_counts_operations_and_error_rules() {
    let folder = with_rules();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let human = run(&["test", "."]);
    assert_code(&human, 0);
    insta::assert_snapshot!("test_coverage", human.out);
    assert_code(&run(&["test", ".", "--min-coverage", "50"]), 0);
    let short = run(&["test", ".", "--min-coverage", "51"]);
    assert_code(&short, 1);
    assert!(short.out.contains("1 document below the wanted coverage of 51 %"), "{}", short.out);
    let github = run(&["test", ".", "--min-coverage", "51", "--format", "github"]);
    assert!(github.out.contains("without one: createContact, /errorMapping/1,"), "{}", github.out);
    let json: Value = serde_json::from_str(&run(&["test", ".", "--format", "json"]).out).unwrap();
    let coverage = &json["documents"][0]["coverage"];
    assert_eq!(coverage["percent"], 50);
    assert_eq!(coverage["errorRules"][0]["cases"], 1, "{coverage:#}");
    let cases = json["documents"][0]["cases"].as_array().unwrap();
    let nobody = cases.iter().find(|case| case["name"] == "find-contact-nobody").unwrap();
    assert_eq!(nobody["errorRule"], "/errorMapping/0");
}

#[test]
fn paths_and_filters_choose_cases() {
    let folder = sandbox(|text| text, &["find-contact", "find-contact-none", "get-user-info"]);
    // What lies beside connectors is none of them.
    fs::write(folder.path().join("number.json"), r#"{"phoneNumber": "1"}"#).unwrap();
    fs::write(folder.path().join("torn.json"), "{").unwrap();
    for (arguments, cases) in [
        (&["sandbox.json"][..], 3),
        (&["."], 3),
        (&["sandbox.cases"], 3),
        (&["sandbox.cases/find-contact"], 1),
        (&["sandbox.cases/find-contact/"], 1),
        (&["sandbox.cases/find-contact", "sandbox.cases/get-user-info"], 2),
        (&["sandbox.cases/find-contact", "sandbox.json"], 3),
        (&["sandbox.json", "--filter", "none"], 1),
        (&["sandbox.json", "--filter", "findContact"], 2),
        (&["sandbox.json", "--filter", "none", "--filter", "getUserInfo"], 2),
        (&["sandbox.json", "--filter", "sandbox/get"], 1),
    ] {
        let mut all = vec!["test", "--format", "json"];
        all.extend(arguments);
        let run = run(folder.path(), &all);
        assert_code(&run, 0);
        let report: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(report["summary"]["cases"], cases, "{arguments:?}");
        assert_eq!(report["summary"]["documents"], 1, "{arguments:?}");
    }
}

#[test]
fn exit_codes_tell_failure_from_trouble() {
    let folder = sandbox(|text| text, &["find-contact"]);
    let path = folder.path();
    fs::create_dir(path.join("empty")).unwrap();
    fs::create_dir_all(path.join("orphan/gone.cases/one")).unwrap();
    let torn = sandbox(|text| text[..text.len() / 2].to_owned(), &["find-contact"]);
    fs::create_dir(path.join("torn")).unwrap();
    fs::copy(torn.path().join("sandbox.json"), path.join("torn/sandbox.json")).unwrap();
    fs::create_dir_all(path.join("torn/sandbox.cases/one")).unwrap();
    let mut told = String::new();
    for (code, arguments) in [
        (1, &["test", "torn"][..]),
        (1, &["test", "orphan"]),
        (2, &["test", "empty"]),
        (2, &["test", "nowhere"]),
        (2, &["test", "sandbox.json", "--filter", "nothing"]),
        (2, &["test", "sandbox.json", "--junit", "nowhere/report.xml"]),
    ] {
        let run = run(path, arguments);
        assert_code(&run, code);
        let out = if code == 2 { String::new() } else { run.out };
        told.push_str(&format!("$ app-connect {}\n{out}{}\n", arguments.join(" "), run.err));
    }
    insta::assert_snapshot!("test_says_why_it_cannot", told);
    for arguments in [
        &["test"][..],
        &["test", ".", "--format", "sarif"],
        &["test", ".", "--min-coverage", "101"],
        &["test", ".", "--min-coverage", "50", "--filter", "x"],
    ] {
        assert_code(&run(path, arguments), 2);
    }
}
