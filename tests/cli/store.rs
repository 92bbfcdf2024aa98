//! `store`: check, export and import of what a server kept.
use super::{Run, run, run_with};
use crate::support::crm::Crm;
use crate::support::test_server::{self, TestServer, call, document};
use std::path::Path;

const API_KEY: &str = "1-averysecretapikey";

/// A stopped server's folder with a user and a call log in it.
fn kept() -> TestServer {
    let crm = Crm::start(test_server::ordinary);
    let mut app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", API_KEY);
    assert_eq!(app.post("/callLog", &token, &call("s-1", "c-1")).json()["successful"], true);
    app.server.kill();
    app
}

/// A command that cannot run: code 2, nothing on standard output, one line.
#[track_caller]
fn refusal(run: &Run) -> &str {
    assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (Some(2), "", 1), "{}", run.err);
    assert!(!run.err.contains(API_KEY), "{}", run.err);
    run.err.trim_end().strip_prefix("app-connect: ").unwrap()
}

#[track_caller]
fn done(run: &Run) -> &str {
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    run.out.trim_end()
}

const COUNTS: &str =
    "users 1, call logs 1, conversations 0, messages 0, claims 0, cached phone numbers 0, documents 0";

fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_store_moves_to_another_folder() {
    let mut app = kept();
    let folder = app.folder().to_owned();
    assert_eq!(
        done(&run(&folder, &["store", "check", "--data-dir", "data"])),
        format!("readable: {COUNTS}; nothing is damaged")
    );
    let before = entries(&folder);
    // The settings of `serve` name the store: flag, environment, file.
    std::fs::write(folder.join("settings.json"), r#"{"DATA_DIR": "data"}"#).unwrap();
    let exported = run(&folder, &["store", "export", "moved.jsonl", "--settings", "settings.json"]);
    assert_eq!(done(&exported), format!("exported to moved.jsonl: {COUNTS}"));
    let text = std::fs::read_to_string(folder.join("moved.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 4, "a header, two records, the end");
    assert!(!text.contains(API_KEY));
    let mut expected = before;
    expected.extend(["moved.jsonl".to_owned(), "settings.json".to_owned()]);
    expected.sort();
    assert_eq!(entries(&folder), expected, "nothing else is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.join("moved.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let secret = std::fs::read_to_string(folder.join("data/secret-key")).unwrap();
    let env = [("APP_SERVER_SECRET_KEY", secret.as_str()), ("DATABASE_URL", "sled:other")];
    let imported = run_with(&folder, &["store", "import", "moved.jsonl"], &env, "");
    assert_eq!(done(&imported), format!("imported from moved.jsonl: {COUNTS}"));
    let checked = run_with(&folder, &["store", "check"], &env, "");
    assert_eq!(done(&checked), format!("readable: {COUNTS}; nothing is damaged"));
    // The same records, and the server still runs on the store that was read.
    let again = run_with(&folder, &["store", "export", "again.jsonl"], &env, "");
    done(&again);
    let records = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(records(&std::fs::read_to_string(folder.join("again.jsonl")).unwrap()), records(&text));
    let mixed = run_with(&folder, &["store", "import", "moved.jsonl"], &env, "");
    assert!(refusal(&mixed).contains("never mixes"), "{}", mixed.err);
    app.kill_and_restart();
    app.assert_alive();
}

#[test]
fn an_export_replaces_nothing() {
    let app = kept();
    let folder = app.folder();
    std::fs::write(folder.join("here.jsonl"), "precious").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.join("link.jsonl")).unwrap();
    #[cfg(not(unix))]
    std::fs::write(folder.join("link.jsonl"), "").unwrap();
    let before = entries(folder);
    for file in ["here.jsonl", "link.jsonl", "data"] {
        let run = run(folder, &["store", "export", file, "--data-dir", "data"]);
        assert!(refusal(&run).contains("exists already and is not overwritten"), "{}", run.err);
    }
    for file in ["nofolder/x.jsonl", ".."] {
        refusal(&run(folder, &["store", "export", file, "--data-dir", "data"]));
    }
    assert_eq!(std::fs::read_to_string(folder.join("here.jsonl")).unwrap(), "precious");
    assert_eq!(entries(folder), before);
}

#[test]
fn a_store_says_why_it_cannot_be_used() {
    let mut app = kept();
    let folder = app.folder().to_owned();
    let secret = std::fs::read_to_string(folder.join("data/secret-key")).unwrap();
    done(&run(&folder, &["store", "export", "x.jsonl", "--data-dir", "data"]));

    let wrong = [("APP_SERVER_SECRET_KEY", "another"), ("DATA_DIR", "data")];
    let run_wrong = run_with(&folder, &["store", "check"], &wrong, "");
    assert!(refusal(&run_wrong).contains("the store at data/store was sealed with another"));
    let elsewhere = [("APP_SERVER_SECRET_KEY", "another"), ("DATABASE_URL", "sled:fresh")];
    let run_wrong = run_with(&folder, &["store", "import", "x.jsonl"], &elsewhere, "");
    assert!(refusal(&run_wrong).contains("the export was sealed with another"));

    let before = entries(&folder);
    // No key and no store are made on the way.
    for action in [&["store", "check"][..], &["store", "export", "y.jsonl"], &["store", "import", "x.jsonl"]]
    {
        let mut elsewhere = action.to_vec();
        elsewhere.extend(["--data-dir", "elsewhere"]);
        assert!(refusal(&run(&folder, &elsewhere)).contains("elsewhere/secret-key does not exist"));
    }
    let env = [("APP_SERVER_SECRET_KEY", secret.as_str()), ("DATA_DIR", "elsewhere")];
    for action in [&["store", "check"][..], &["store", "export", "y.jsonl"]] {
        let missing = run_with(&folder, action, &env, "");
        assert!(refusal(&missing).contains("there is no store at elsewhere/store"), "{}", missing.err);
    }
    let missing = run_with(&folder, &["store", "import", "nowhere.jsonl"], &env, "");
    assert!(refusal(&missing).contains("nowhere.jsonl"), "{}", missing.err);
    assert_eq!(entries(&folder), before);

    let text = std::fs::read_to_string(folder.join("x.jsonl")).unwrap();
    let cut: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.join("cut.jsonl"), cut).unwrap();
    let cut = run_with(&folder, &["store", "import", "cut.jsonl"], &env, "");
    assert!(refusal(&cut).contains("the export was cut off"), "{}", cut.err);

    app.kill_and_restart();
    for action in [&["store", "check"][..], &["store", "export", "y.jsonl"], &["store", "import", "x.jsonl"]]
    {
        let mut action = action.to_vec();
        action.extend(["--data-dir", "data"]);
        let locked = run(&folder, &action);
        assert!(refusal(&locked).contains("in use by another process"), "{}", locked.err);
    }
    assert!(!folder.join("y.jsonl").exists());
    app.assert_alive();
}

#[test]
fn check_finds_damage() {
    let app = kept();
    let folder = app.folder();
    std::fs::write(folder.join("data/store/db"), "no log of records").unwrap();
    let run = run(folder, &["store", "check", "--data-dir", "data"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(run.out.contains("Restore the store from a backup"), "{}", run.out);
}
