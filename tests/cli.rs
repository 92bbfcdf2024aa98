//! The command line as people and scripts see it: what is printed, and the exit code.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use support::crm::{Answer, Crm, Request};
use support::server::{Options, Server};
use support::site::{self, PATIENCE, api_key, document, pretty};

const PUBLIC: &str = "https://crm.example.com";
const KEY: &str = "averysecretapikey";

struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs a command in a folder, with nothing in its environment but what is given.
fn run_with(folder: &Path, arguments: &[&str], env: &[(&str, &str)], input: &str) -> Run {
    let mut child = start(folder, arguments, env);
    // A command that does not read its input has closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).map(|_| text)
        })
    };
    let out = read(Box::new(child.stdout.take().unwrap()));
    let err = read(Box::new(child.stderr.take().unwrap()));
    let code = wait(&mut child, arguments);
    Run { code, out: out.join().unwrap().unwrap(), err: err.join().unwrap().unwrap() }
}

fn start(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_app-connect"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait(child: &mut Child, arguments: &[&str]) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("{arguments:?} did not end");
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    run_with(folder, arguments, &[], "")
}

/// A folder with documents: clean, with a warning, with a mistake, with an error, with cases.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let clean = document(PUBLIC);
    write("clean/crm.json", &pretty(&clean));
    write("clean/crm.cases/finds.json", "{ this is a case, and no document");
    write("clean/.hidden/other.json", "{");
    write("clean/readme.md", "{");
    write("clean/below/deeper.json", &pretty(&clean));
    let mut warned = clean.clone();
    warned["operations"].as_object_mut().unwrap().shift_remove("getCallLog");
    write("warned.json", &pretty(&warned));
    let mut mistaken = clean.clone();
    mistaken["operations"]["findContact"]["query"]["phone"] = "{{phoneNumbr}}".into();
    mistaken["operations"]["findContact"]["querry"] = json!({});
    write("mistaken.json", &pretty(&mistaken));
    write("broken.json", "{\n  \"meta\": {\"name\": \"x\",}\n}\n");
    folder
}

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
    assert_eq!((empty.code, empty.err.as_str()), (Some(2), "app-connect: no .json file is in these folders\n"));
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
    let files: Vec<_> = report["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
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
        assert!(result["ruleId"].as_str().unwrap().starts_with("AC") && result["message"]["text"].is_string());
    }

    let commands = format("github");
    assert_eq!(commands.lines().count() as u64, findings);
    for line in commands.lines() {
        let known = paths.iter().any(|path| {
            line.starts_with(&format!("::error file={path},line=")) || line.starts_with(&format!("::warning file={path},line="))
        });
        assert!(known && line.matches("::").count() >= 2, "{line}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = folder();
    for arguments in [&["schema"][..], &["validate", "."], &["explain", "clean/crm.json", "createCallLog"], &["--help"]] {
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

/// The lines behind "As curl:".
fn curl_of(out: &str) -> &str {
    out.split_once("As curl:\n").expect("a curl line").1.trim_end()
}

fn sh(folder: &Path, arguments: &[&str], script: &str) -> std::process::Output {
    Command::new("sh").args(arguments).arg("-c").arg(script).current_dir(folder).output().unwrap()
}

#[test]
fn explain_shows_the_request_and_where_it_comes_from() {
    let folder = folder();
    std::fs::write(folder.path().join("user.json"), json!({"accessToken": KEY, "id": "7"}).to_string()).unwrap();
    std::fs::write(folder.path().join("input.json"), json!({"phoneNumber": "+14155550101"}).to_string()).unwrap();
    let explained = |arguments: &[&str]| {
        let mut all = vec!["explain", "clean/crm.json"];
        all.extend(arguments);
        let run = run(folder.path(), &all);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}");
        for secret in [KEY, "YXZlcnlzZWNyZXRhcGlrZXk6"] {
            assert!(!run.out.contains(secret), "{}", run.out);
        }
        run.out
    };
    let found = explained(&["findContact", "--input", "input.json", "--user", "user.json"]);
    insta::assert_snapshot!("explain_find_contact", unversioned(&found));
    insta::assert_snapshot!("explain_create_call_log", unversioned(&explained(&["createCallLog"])));
    // Every operation can be explained without any input, and each as a line that a shell takes.
    for operation in document(PUBLIC)["operations"].as_object().unwrap().keys() {
        let out = explained(&[operation, "--user", "user.json"]);
        let curl = curl_of(&out);
        assert!(curl.starts_with("curl -X ") && curl.contains(PUBLIC), "{curl}");
        let checked = sh(folder.path(), &["-n"], curl);
        assert!(checked.status.success(), "{curl}\n{}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn explain_reads_standard_input_and_quotes_for_the_shell() {
    let folder = folder();
    let nasty = "O'Brien $(touch evil) `touch evil` \\ \" ; & \n next";
    let input = json!({"newContactName": nasty, "phoneNumber": "1", "apiKey": KEY}).to_string();
    let run = run_with(folder.path(), &["explain", "clean/crm.json", "createContact", "--input", "-"], &[], &input);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(!run.out.contains(KEY), "{}", run.out);
    // The shell hands curl exactly what would be sent: here a function stands for curl.
    let script = format!("curl() {{ for word; do printf '%s\\036' \"$word\"; done; }}\n{}", curl_of(&run.out));
    let output = sh(folder.path(), &[], &script);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let words: Vec<_> = text.split('\u{1e}').collect();
    assert_eq!(words[..3], ["-X", "POST", "https://crm.example.com/v1/contacts"]);
    let body = words.iter().skip_while(|word| **word != "--data-raw").nth(1).expect("a body");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["name"], nasty);
    assert!(!folder.path().join("evil").exists());

    for (input, words) in [("[]", "not a JSON object"), ("{", "not JSON"), ("", "not JSON")] {
        let run = run_with(folder.path(), &["explain", "clean/crm.json", "createContact", "--input", "-"], &[], input);
        assert_eq!(run.code, Some(2), "{input}");
        assert!(run.err.contains(words) && run.err.lines().count() == 1, "{}", run.err);
    }
}

#[test]
fn explain_says_why_it_cannot() {
    let folder = folder();
    let mut told = String::new();
    for arguments in [
        &["explain", "clean/crm.json", "findContacts"][..],
        &["explain", "clean/crm.json", "frobnicate"],
        &["explain", "clean/crm.json", "getUserList"],
        &["explain", "broken.json", "findContact"],
        &["explain", "nowhere.json", "findContact"],
        &["explain", "clean/crm.json", "findContact", "--input", "nowhere.json"],
    ] {
        let run = run(folder.path(), arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        told.push_str(&format!("$ {}\n{}\n", arguments.join(" "), run.err));
    }
    assert!(told.contains("did you mean findContact?"), "{told}");
    insta::assert_snapshot!(told);
}

/// A folder with one document for this CRM, and the inputs of a call.
fn calling(crm: &Crm) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("crm.json"), pretty(&document(&crm.origin()))).unwrap();
    let input = json!({"phoneNumber": "+14155550101", "apiKey": KEY});
    std::fs::write(folder.path().join("input.json"), input.to_string()).unwrap();
    folder
}

fn shown(text: &str, crm: &Crm) -> String {
    unversioned(&text.replace(crm.origin().trim_start_matches("http://"), "CRM"))
}

/// Snapshots outlive a release.
fn unversioned(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn call_sends_and_shows_the_exchange() {
    let crm = Crm::start(site::ordinary);
    let folder = calling(&crm);
    let arguments = ["call", "crm.json", "findContact", "--input", "input.json", "--allow-private-network"];
    let run = run(folder.path(), &arguments);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(!run.out.contains(KEY), "{}", run.out);
    insta::assert_snapshot!(shown(&run.out, &crm));
    let received = crm.received();
    assert_eq!(received.len(), 1);
    assert_eq!(api_key(&received[0]), KEY, "the real key is sent");
    assert_eq!(received[0].query("phone").as_deref(), Some("+14155550101"));
    // One host alone can be allowed.
    let host = crm.origin().trim_start_matches("http://").to_owned();
    let allowed = ["call", "crm.json", "findContact", "--input", "input.json", "--allow-host", &host];
    assert_eq!(self::run(folder.path(), &allowed).code, Some(0));
}

#[test]
fn call_shows_mapping_problems_and_failures() {
    let crm = Crm::start(|request: &Request| match request.path() {
        "/v1/contacts" => Answer::json(&json!({"contacts": [{"id": 1, "name": "Ada"}, null, {"name": "Eve"}]})),
        "/v1/contacts/search" => Answer::json(&json!({"message": "no search today"})).status(422),
        "/v1/me" => Answer::json(&json!({"name": "nobody"})),
        "/v1/activities/1" => Answer::text("text/html", "<p>Please sign in</p>"),
        _ => Answer::reset(),
    });
    let folder = calling(&crm);
    let input = json!({"phoneNumber": "1", "apiKey": KEY, "name": "Ada", "thirdPartyLogId": "1", "contactInfo": {"id": "c"}});
    let mut told = String::new();
    for operation in ["findContact", "findContactWithName", "getUserInfo", "getCallLog", "unAuthorize"] {
        let arguments = ["call", "crm.json", operation, "--input", "-", "--allow-private-network"];
        let run = run_with(folder.path(), &arguments, &[], &input.to_string());
        assert_eq!((run.code, run.err.as_str()), (Some(1), ""), "{operation}: {}", run.out);
        assert!(!run.out.contains(KEY), "{}", run.out);
        told.push_str(&format!("$ app-connect call crm.json {operation}\n{}\n", shown(&run.out, &crm)));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn call_does_not_reach_into_the_private_network_unless_told() {
    let crm = Crm::start(site::ordinary);
    let folder = calling(&crm);
    let run = run(folder.path(), &["call", "crm.json", "findContact", "--input", "input.json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.out.contains("failed (blocked)") && run.out.contains("--allow-private-network"), "{}", run.out);
    assert_eq!(crm.received().len(), 0);
    let wrong = self::run(folder.path(), &["call", "crm.json", "findContact", "--allow-host", "a b"]);
    assert_eq!((wrong.code, wrong.err.lines().count()), (Some(2), 1), "{}", wrong.err);
}

#[test]
fn sandbox_listens_and_misbehaves_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--fault", "status=503;times=1"];
    let mut child = start(folder.path(), &arguments, &[]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").expect("its address").parse().unwrap();
    let key = format!("Bearer {}", app_connect::sandbox::API_KEY);
    let ask = || site::try_send(address, "GET", "/api/v1/me", &[("Authorization", &key)], None).unwrap();
    assert_eq!((ask().status, ask().status), (503, 200));
    let taken = run(folder.path(), &["sandbox", "--listen", &address.to_string()]);
    assert_eq!((taken.code, taken.err.lines().count()), (Some(2), 1), "{}", taken.err);
    assert!(taken.err.contains(&address.to_string()), "{}", taken.err);
    child.kill().unwrap();
    child.wait().unwrap();
    let wrong = run(folder.path(), &["sandbox", "--fault", "stats=503"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("stats"), "{}", wrong.err);
}

/// `serve` that cannot start: code 2 and one line; the log before it may warn, but not fail.
fn refused(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> String {
    let mut all = vec!["serve", "--data-dir", "data"];
    if !arguments.contains(&"--listen") && !env.iter().any(|(name, _)| *name == "PORT") {
        all.extend(["--listen", "127.0.0.1:0"]);
    }
    all.extend(arguments);
    let run = run_with(folder, &all, env, "");
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?} {env:?}\n{}", run.err);
    let (log, own): (Vec<_>, Vec<_>) = run.err.lines().partition(|line| line.starts_with('{'));
    assert!(log.iter().all(|line| !line.contains("\"ERROR\"")), "{log:?}");
    let [line] = own[..] else { panic!("not one line: {}", run.err) };
    line.strip_prefix("app-connect: ").unwrap_or_else(|| panic!("{line}")).to_owned()
}

#[test]
fn serve_says_in_one_line_why_it_cannot_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let write = |name: &str, text: &str| std::fs::write(path.join(name), text).unwrap();
    write("typo.json", r#"{"PROT": 6066}"#);
    write("strange.json", r#"{"FROBNICATE": 1}"#);
    write("list.json", "[]");
    write("wrong.json", r#"{"PORT": [1]}"#);
    write("words.json", r#"{"PORT": "many"}"#);
    let mut told = String::new();
    let mut tell = |arguments: &[&str], env: &[(&str, &str)]| {
        let env_shown: String = env.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        told.push_str(&format!("$ {env_shown}app-connect serve {}\n{}\n\n", arguments.join(" "), refused(path, arguments, env)));
    };
    tell(&["--settings", "typo.json"], &[]);
    tell(&["--settings", "strange.json"], &[]);
    tell(&["--settings", "list.json"], &[]);
    tell(&["--settings", "wrong.json"], &[]);
    tell(&["--settings", "nowhere.json"], &[]);
    tell(&[], &[("PORT", "70000")]);
    tell(&[], &[("PORT", "many")]);
    tell(&[], &[("IS_PROD", "true")]);
    tell(&[], &[("DATABASE_URL", "postgres://user:hunter2@db/app")]);
    tell(&[], &[("DATABASE_URL", "data")]);
    tell(&["--proxy-configs", "nowhere"], &[]);
    tell(&["--allow-host", "a b"], &[]);
    tell(&[], &[("RINGCENTRAL_SERVER", "platform.ringcentral.com")]);
    tell(&[], &[("APP_SERVER", "ftp://me")]);
    assert!(told.contains("did you mean PORT?"), "{told}");
    assert!(!told.lines().any(|line| !line.starts_with('$') && line.contains("hunter2")), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn serve_says_what_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let configs = folder.path().join("configs");
    std::fs::create_dir(&configs).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = refused(folder.path(), &["--listen", &address], &[]);
    assert!(line.contains(&format!("cannot listen on {address}")) && line.contains("--listen"), "{line}");

    let options = Options::new(&configs, folder.path().join("data"));
    let server = Server::start(&options).unwrap();
    let line = refused(folder.path(), &[], &[]);
    assert!(line.contains("in use by another process") && line.contains("DATABASE_URL"), "{line}");
    drop(server);
    // The key of the store is another one now.
    let line = refused(folder.path(), &[], &[("APP_SERVER_SECRET_KEY", "another")]);
    assert!(line.contains("sealed with another APP_SERVER_SECRET_KEY") && !line.contains("another another"), "{line}");
}

#[test]
fn serve_takes_settings_from_flags_then_the_environment_then_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({"PORT": 1, "ADMIN_TOKEN": "from the file", "IS_PROD": false, "DATA_DIR": "elsewhere"});
    std::fs::write(folder.path().join("settings.json"), settings.to_string()).unwrap();
    let address = |arguments: &[&str], env: &[(&str, &str)]| {
        let mut child = start(folder.path(), arguments, env);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let text = line.trim().strip_prefix("listening on http://").map(str::to_owned);
        (child, text.unwrap_or_else(|| panic!("no address: {line:?}")).parse::<std::net::SocketAddr>().unwrap())
    };
    // PORT alone listens on every interface, as a container needs it.
    let (mut child, open) = address(&["serve", "--settings", "settings.json"], &[("PORT", "0")]);
    assert!(open.ip().is_unspecified() && open.port() != 1, "{open}");
    let local = (std::net::Ipv4Addr::LOCALHOST, open.port()).into();
    let ask = |token: &str| {
        site::try_send(local, "GET", "/proxyConfigs", &[("Authorization", &format!("Bearer {token}"))], None).unwrap().status
    };
    assert_eq!((ask("from the file"), ask("other")), (200, 401));
    assert!(folder.path().join("elsewhere/store").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let arguments = ["serve", "--settings", "settings.json", "--listen", "127.0.0.1:0", "--data-dir", "flagged"];
    let (mut child, flagged) = address(&arguments, &[("PORT", "1"), ("ADMIN_TOKEN", "from the environment")]);
    assert!(flagged.ip().is_loopback());
    let headers = [("Authorization", "Bearer from the environment")];
    assert_eq!(site::try_send(flagged, "GET", "/proxyConfigs", &headers, None).unwrap().status, 200);
    assert!(folder.path().join("flagged/store").exists());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn the_secret_that_serve_makes_is_for_its_owner_only_and_outlives_a_restart() {
    use std::os::unix::fs::PermissionsExt as _;
    let crm = Crm::start(site::ordinary);
    let mut site = site::Site::start(&[("crm", &document(&crm.origin()))]);
    let path = site.folder().join("data/secret-key");
    let secret = std::fs::read_to_string(&path).unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let token = site.sign_in("crm", "testCrm", "1-key");
    site.kill_and_restart();
    assert_eq!(site.get("/contact?phoneNumber=1", &token).json()["successful"], true);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
    assert!(!site.server.log().contains(&secret));
    // In production none is made.
    let folder = tempfile::tempdir().unwrap();
    let line = refused(folder.path(), &[], &[("IS_PROD", "true")]);
    assert!(line.contains("APP_SERVER_SECRET_KEY is not set"), "{line}");
    assert!(!folder.path().join("data/secret-key").exists());
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
