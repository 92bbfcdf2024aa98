//! `validate`, `schema` and the usage.
use super::{folder, run, run_with, start, wait};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

#[test]
fn validate_tells_by_its_exit_code() {
    let folder = folder();
    for (code, arguments) in [
        (0, &["validate", "clean"][..]),
        (0, &["validate", "clean/crm.json", "clean/below"]),
        (0, &["validate", "warned.json"]),
        (1, &["validate", "warned.json", "--deny-warnings"]),
        (0, &["validate", "clean", "--deny-warnings"]),
        (1, &["validate", "mistaken.json"]),
        (1, &["validate", "broken.json"]),
        (1, &["validate", "."]),
        (1, &["validate", "clean", "broken.json"]),
        (2, &["validate", "nowhere.json"]),
        (2, &["validate", "clean", "nowhere"]),
        (2, &["validate"]),
        (2, &["validate", "clean", "--format", "yaml"]),
        (2, &["validate", "clean/.hidden/nothing"]),
    ] {
        for format in ["human", "json", "sarif", "github"] {
            let mut arguments = arguments.to_vec();
            if !arguments.contains(&"--format") {
                arguments.extend(["--format", format]);
            }
            let run = run(folder.path(), &arguments);
            assert_eq!(run.code, Some(code), "{arguments:?}\n{}{}", run.out, run.err);
            assert_eq!(run.err.is_empty(), code != 2, "{arguments:?}: {}", run.err);
        }
    }
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let empty = run(folder.path(), &["validate", "empty"]);
    assert_eq!(
        (empty.code, empty.err.as_str()),
        (Some(2), "app-connect: no .json file is in these folders\n")
    );
}

#[test]
fn validate_for_people() {
    let folder = folder();
    insta::assert_snapshot!("validate_clean", run(folder.path(), &["validate", "clean"]).out);
    let found = run(folder.path(), &["validate", "warned.json", "mistaken.json", "broken.json"]);
    insta::assert_snapshot!("validate_findings", found.out);
    let missing = run(folder.path(), &["validate", "nowhere.json"]);
    insta::assert_snapshot!("validate_missing", missing.err);
}

#[test]
fn validate_for_programs() {
    let folder = folder();
    let paths = ["warned.json", "mistaken.json", "broken.json", "clean/crm.json"];
    let format = |format: &str| {
        let mut arguments = vec!["validate", "--format", format];
        arguments.extend(paths);
        run(folder.path(), &arguments).out
    };
    let report: Value = serde_json::from_str(&format("json")).unwrap();
    let files: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(files, paths);
    let count = |kind: &str| report["summary"][kind].as_u64().unwrap();
    assert_eq!((count("files"), count("warnings"), count("mistakes")), (4, 1, 2), "{}", report["summary"]);
    assert!(count("errors") >= 1);
    let findings = count("errors") + count("mistakes") + count("warnings");

    let sarif: Value = serde_json::from_str(&format("sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len() as u64, findings);
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1), "{result}");
        assert!(paths.contains(&place["artifactLocation"]["uri"].as_str().unwrap()), "{result}");
        assert!(
            result["ruleId"].as_str().unwrap().starts_with("AC") && result["message"]["text"].is_string()
        );
    }

    let commands = format("github");
    assert_eq!(commands.lines().count() as u64, findings);
    for line in commands.lines() {
        let known = paths.iter().any(|path| {
            line.starts_with(&format!("::error file={path},line="))
                || line.starts_with(&format!("::warning file={path},line="))
        });
        assert!(known && line.matches("::").count() >= 2, "{line}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = folder();
    for arguments in
        [&["schema"][..], &["validate", "."], &["explain", "clean/crm.json", "createCallLog"], &["--help"]]
    {
        let mut child = start(folder.path(), arguments, &[]);
        drop(child.stdout.take());
        drop(child.stdin.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let code = wait(&mut child, arguments);
        assert!(code.is_some_and(|code| code <= 1), "{arguments:?}: {code:?}");
        assert_eq!(err, "", "{arguments:?}");
    }
}

#[test]
fn schema_prints_the_committed_schema() {
    let run = run(Path::new("/"), &["schema"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let printed: Value = serde_json::from_str(&run.out).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/proxy-config.schema.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(printed, serde_json::from_str::<Value>(&committed).unwrap());
    assert_eq!(run.out, committed, "byte for byte");
    assert_eq!(printed["$schema"], "https://json-schema.org/draft/2020-12/schema");
    // It goes only where it is told to.
    let folder = tempfile::tempdir().unwrap();
    let alone = run_with(folder.path(), &["schema", "--root", "x"], &[], "");
    assert_eq!(alone.code, Some(2), "{}", alone.err);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn usage_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let bare = run(folder.path(), &[]);
    assert_eq!(bare.code, Some(2));
    let help = run(folder.path(), &["--help"]);
    assert_eq!(help.code, Some(0));
    insta::assert_snapshot!("usage", help.out);
    insta::assert_snapshot!("usage_serve", run(folder.path(), &["serve", "--help"]).out);
    let typo = run(folder.path(), &["valdate", "x"]);
    assert_eq!(typo.code, Some(2));
    assert!(typo.err.contains("validate"), "{}", typo.err);
}
