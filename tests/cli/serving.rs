//! `serve` and `sandbox`: settings, refusals, what is left behind.
use super::{run, run_with, start};
use crate::support::crm::Crm;
use crate::support::server::{Options, Server};
use crate::support::test_server::{self, document};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;

#[test]
fn sandbox_listens_and_misbehaves_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--fault", "status=503;times=1"];
    let mut child = start(folder.path(), &arguments, &[]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").expect("its address").parse().unwrap();
    let key = format!("Bearer {}", app_connect::sandbox::API_KEY);
    let ask =
        || test_server::try_send(address, "GET", "/api/v1/me", &[("Authorization", &key)], None).unwrap();
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
        told.push_str(&format!(
            "$ {env_shown}app-connect serve {}\n{}\n\n",
            arguments.join(" "),
            refused(path, arguments, env)
        ));
    };
    tell(&["--settings", "typo.json"], &[]);
    tell(&["--settings", "strange.json"], &[]);
    tell(&["--settings", "list.json"], &[]);
    tell(&["--settings", "wrong.json"], &[]);
    tell(&["--settings", "nowhere.json"], &[]);
    tell(&[], &[("PORT", "70000")]);
    tell(&[], &[("PORT", "many")]);
    tell(&[], &[("METRICS_LISTEN", "9464")]);
    tell(&[], &[("MAX_REQUESTS", "0")]);
    tell(&[], &[("MAX_CONNECTIONS", "many")]);
    tell(&[], &[("IS_PROD", "true")]);
    tell(&[], &[("DATABASE_URL", "mysql://user:hunter2@db/app")]);
    tell(&[], &[("DATABASE_URL", "postgres://user:hunter2@db/app?pasword=hunter2")]);
    tell(&[], &[("DATABASE_URL", "data")]);
    tell(&["--proxy-configs", "nowhere"], &[]);
    tell(&["--allow-host", "a b"], &[]);
    tell(&[], &[("RINGCENTRAL_SERVER", "platform.ringcentral.com")]);
    tell(&[], &[("APP_SERVER", "ftp://me")]);
    tell(&[], &[("CRM_MANIFEST", "nowhere.json")]);
    tell(&[], &[("CRM_MANIFEST", "typo.json")]);
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

    let line = refused(folder.path(), &["--metrics-listen", &address], &[]);
    assert!(line.contains(&address) && line.contains("--metrics-listen"), "{line}");

    let options = Options::new(&configs, folder.path().join("data"));
    let server = Server::start(&options).unwrap();
    let line = refused(folder.path(), &[], &[]);
    assert!(line.contains("in use by another process") && line.contains("DATABASE_URL"), "{line}");
    drop(server);
    // The key of the store is another one now.
    let line = refused(folder.path(), &[], &[("APP_SERVER_SECRET_KEY", "another")]);
    assert!(
        line.contains("sealed with another APP_SERVER_SECRET_KEY") && !line.contains("another another"),
        "{line}"
    );
}

const FROM_FILE: &str = "the admin token of the settings file";
const FROM_ENVIRONMENT: &str = "the admin token of the environment";

#[test]
fn serve_takes_settings_from_flags_then_the_environment_then_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({"PORT": 1, "ADMIN_TOKEN": FROM_FILE, "IS_PROD": false, "DATA_DIR": "elsewhere"});
    std::fs::write(folder.path().join("settings.json"), settings.to_string()).unwrap();
    let address = |arguments: &[&str], env: &[(&str, &str)]| {
        let mut child = start(folder.path(), arguments, env);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let text = line.trim().strip_prefix("listening on http://").map(str::to_owned);
        (
            child,
            text.unwrap_or_else(|| panic!("no address: {line:?}")).parse::<std::net::SocketAddr>().unwrap(),
        )
    };
    // PORT alone listens on every interface, as a container needs it.
    let (mut child, open) = address(&["serve", "--settings", "settings.json"], &[("PORT", "0")]);
    assert!(open.ip().is_unspecified() && open.port() != 1, "{open}");
    let local = (std::net::Ipv4Addr::LOCALHOST, open.port()).into();
    let ask = |token: &str| {
        test_server::try_send(
            local,
            "GET",
            "/proxyConfigs",
            &[("Authorization", &format!("Bearer {token}"))],
            None,
        )
        .unwrap()
        .status
    };
    assert_eq!((ask(FROM_FILE), ask("other")), (200, 401));
    assert!(folder.path().join("elsewhere/store").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let arguments =
        ["serve", "--settings", "settings.json", "--listen", "127.0.0.1:0", "--data-dir", "flagged"];
    let (mut child, flagged) = address(&arguments, &[("PORT", "1"), ("ADMIN_TOKEN", FROM_ENVIRONMENT)]);
    assert!(flagged.ip().is_loopback());
    let bearer = format!("Bearer {FROM_ENVIRONMENT}");
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(test_server::try_send(flagged, "GET", "/proxyConfigs", &headers, None).unwrap().status, 200);
    assert!(folder.path().join("flagged/store").exists());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn the_secret_that_serve_makes_is_for_its_owner_only_and_outlives_a_restart() {
    use std::os::unix::fs::PermissionsExt as _;
    let crm = Crm::start(test_server::ordinary);
    let mut app = test_server::TestServer::start(&[("crm", &document(&crm.origin()))]);
    let path = app.folder().join("data/secret-key");
    let secret = std::fs::read_to_string(&path).unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let token = app.sign_in("crm", "testCrm", "1-key");
    app.kill_and_restart();
    assert_eq!(app.get("/contact?phoneNumber=1", &token).json()["successful"], true);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
    assert!(!app.server.log().contains(&secret));
    // In production none is made.
    let folder = tempfile::tempdir().unwrap();
    let line = refused(folder.path(), &[], &[("IS_PROD", "true")]);
    assert!(line.contains("APP_SERVER_SECRET_KEY is not set"), "{line}");
    assert!(!folder.path().join("data/secret-key").exists());
}

#[cfg(unix)]
#[test]
fn the_folder_of_the_demo_is_its_owners_alone_and_goes_with_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let env = [("TMPDIR", folder.path().to_str().unwrap())];
    let mut child = start(folder.path(), &["demo"], &env);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("connector")).unwrap();
    let own = Path::new(line.split_whitespace().nth(1).unwrap()).parent().unwrap().to_owned();
    assert_eq!(own.parent(), Some(folder.path()));
    assert_eq!(std::fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o700);
    let suffix =
        own.file_name().unwrap().to_str().unwrap().trim_start_matches("app-connect-demo-").to_owned();
    assert!(suffix.len() == 64 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit()), "{suffix}");
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_dir_all(&own).unwrap();
    let run = run_with(folder.path(), &["demo", "--once"], &env, "");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
