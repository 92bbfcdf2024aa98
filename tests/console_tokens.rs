//! Who may change connectors, and the record of who did: API tokens over HTTP and on the command line,
//! on one store.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::client::Response;
use crate::support::crm::Crm;
use crate::support::test_server::{self, ADMIN_TOKEN, CONSOLE_TOKEN as BOOTSTRAP, TestServer, document};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const TOKENS: &str = "/console/api/v1/tokens";
const AUDIT: &str = "/console/api/v1/audit";

/// A server without tokens, with or without the one of the environment.
fn start(bootstrap: bool) -> TestServer {
    TestServer::start_with(&[], |options| {
        let options = options.env("ADMIN_TOKEN", ADMIN_TOKEN);
        if bootstrap { options.env("APP_CONSOLE_BOOTSTRAP_TOKEN", BOOTSTRAP) } else { options }
    })
}

fn send(app: &TestServer, method: &str, target: &str, token: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Content-Type", "application/json")];
    if !token.is_empty() {
        headers.push(("Authorization", &bearer));
    }
    let body = (method != "GET").then(|| body.to_string().into_bytes());
    app.send(method, target, &headers, body)
}

/// Makes a token; gives its id and its secret.
#[track_caller]
fn create(app: &TestServer, by: &str, name: &str, scopes: &[&str]) -> (String, String) {
    let reply = send(app, "POST", TOKENS, by, &json!({"name": name, "scopes": scopes}));
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let text = |pointer: &str| reply.json().pointer(pointer).unwrap().as_str().unwrap().to_owned();
    (text("/token/id"), text("/secret"))
}

#[track_caller]
fn refused(reply: &Response, status: u16, code: &str) -> String {
    assert_eq!(
        (reply.status, reply.json().pointer("/error/code").cloned()),
        (status, Some(json!(code))),
        "{}",
        reply.text()
    );
    reply.json().pointer("/error/message").unwrap().as_str().unwrap().to_owned()
}

fn entries(app: &TestServer, token: &str) -> Vec<Value> {
    let reply = send(app, "GET", &format!("{AUDIT}?limit=500"), token, &Value::Null);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["entries"].as_array().unwrap().clone()
}

/// `app-connect` on the store of a server: exit code, standard output, standard error.
fn run(app: &TestServer, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_app-connect"))
        .args(arguments)
        .args(["--data-dir", "data"])
        .current_dir(app.folder())
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn done(app: &TestServer, arguments: &[&str]) -> String {
    let (code, out, err) = run(app, arguments);
    assert_eq!(code, Some(0), "{err}");
    out.trim_end().to_owned()
}

#[test]
fn without_a_token_the_console_is_closed_and_says_how_to_open_it() {
    let app = start(false);
    for (method, target) in [
        ("GET", TOKENS),
        ("POST", TOKENS),
        ("DELETE", "/console/api/v1/tokens/x"),
        ("POST", "/console/api/v1/tokens/x/rotate"),
        ("GET", AUDIT),
        ("GET", "/console/api/v1/connectors"),
        ("POST", "/console/api/v1/connectors"),
    ] {
        for token in ["", "admin", ADMIN_TOKEN, "acx_0000000000000000_0"] {
            let reply = send(&app, method, target, token, &json!({}));
            let message = refused(&reply, 403, "console_closed");
            for way in ["app-connect token create", "APP_CONSOLE_BOOTSTRAP_TOKEN"] {
                assert!(message.contains(way), "{message}");
            }
        }
    }
}

#[test]
fn a_token_opens_what_its_scopes_say() {
    let app = start(true);
    let (_, admin) = create(&app, BOOTSTRAP, "ops", &["admin"]);
    let tokens: Vec<(&str, String)> = ["read", "edit", "activate"]
        .into_iter()
        .map(|scope| (scope, create(&app, &admin, scope, &[scope]).1))
        .collect();
    let connector = |n: usize| json!({"proxyId": format!("c-{n}")});
    for (n, (scope, token)) in tokens.iter().enumerate() {
        let reply = send(&app, "GET", "/console/api/v1/connectors", token, &Value::Null);
        assert_eq!(reply.status, 200, "{scope} reads: {}", reply.text());
        let reply = send(&app, "POST", "/console/api/v1/connectors", token, &connector(n));
        match *scope {
            "edit" => assert_eq!(reply.status, 201, "{}", reply.text()),
            _ => {
                let message = refused(&reply, 403, "scope_missing");
                assert!(message.contains("`edit`") && message.contains(scope), "{message}");
            }
        }
        for (method, target) in [
            ("GET", TOKENS),
            ("POST", TOKENS),
            ("DELETE", "/console/api/v1/tokens/x"),
            ("POST", "/console/api/v1/tokens/x/rotate"),
            ("GET", AUDIT),
        ] {
            let reply = send(&app, method, target, token, &json!({"name": "x", "scopes": ["admin"]}));
            refused(&reply, 403, "scope_missing");
        }
    }
    assert_eq!(send(&app, "POST", "/console/api/v1/connectors", &admin, &connector(9)).status, 201);
    // A token is a bearer token and nothing else.
    for header in
        [format!("Basic {admin}"), admin.clone(), format!("Bearer {}x", admin), "Bearer ".to_owned()]
    {
        let reply = app.send("GET", TOKENS, &[("Authorization", &header)], None);
        refused(&reply, 401, "unauthorized");
    }
    let reply = app.send("GET", &format!("{TOKENS}?jwtToken={admin}"), &[], None);
    refused(&reply, 401, "unauthorized");
}

#[test]
fn tokens_are_made_listed_rotated_and_revoked() {
    let mut app = start(true);
    let (id, first) = create(&app, BOOTSTRAP, "  ci  ", &["edit", "activate", "edit"]);
    let reply = send(&app, "GET", TOKENS, BOOTSTRAP, &Value::Null);
    let listed = reply.json()["tokens"][0].clone();
    assert_eq!(
        (&listed["id"], &listed["name"], &listed["scopes"]),
        (&json!(id), &json!("ci"), &json!(["edit", "activate"]))
    );
    assert!(listed.get("validUntil").is_none() && !reply.text().contains(&first), "{}", reply.text());

    let rotate = format!("{TOKENS}/{id}/rotate");
    let rotated = send(&app, "POST", &rotate, BOOTSTRAP, &json!({"validDays": 30}));
    let second = rotated.json()["secret"].as_str().unwrap().to_owned();
    assert!(
        rotated.json()["token"]["rotatedAt"].is_string() && rotated.json()["token"]["validUntil"].is_string()
    );
    assert_ne!(first, second);
    let opens = |app: &TestServer, token: &str| {
        send(app, "GET", "/console/api/v1/connectors", token, &Value::Null).status
    };
    assert_eq!((opens(&app, &first), opens(&app, &second)), (401, 200), "the old secret ends at once");
    // What is acknowledged survives a crash.
    app.kill_and_restart();
    assert_eq!((opens(&app, &first), opens(&app, &second)), (401, 200));

    let revoke = format!("{TOKENS}/{id}");
    assert_eq!(send(&app, "DELETE", &revoke, BOOTSTRAP, &json!({})).json()["name"], "ci");
    assert_eq!(opens(&app, &second), 401);
    refused(&send(&app, "DELETE", &revoke, BOOTSTRAP, &json!({})), 404, "unknown_token");
    refused(&send(&app, "POST", &rotate, BOOTSTRAP, &json!({})), 404, "unknown_token");

    let long = "x".repeat(101);
    for (body, at) in [
        (json!({"scopes": ["read"]}), "name"),
        (json!({"name": " ", "scopes": ["read"]}), "name"),
        (json!({"name": "a\nb", "scopes": ["read"]}), "name"),
        (json!({"name": long, "scopes": ["read"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["root"]}), "scopes"),
        (json!({"name": "x", "scopes": "read"}), "scopes"),
        (json!({"name": "x", "scopes": ["read"], "validDays": 0}), "validDays"),
        (json!({"name": "x", "scopes": ["read"], "validDays": 1e9 as u64}), "validDays"),
        (json!({"name": "x", "scopes": ["read"], "validDays": -1}), "validDays"),
        (json!({"name": "x", "scopes": ["read"], "validFor": 1}), ""),
    ] {
        let reply = send(&app, "POST", TOKENS, BOOTSTRAP, &body);
        refused(&reply, 400, "invalid_request");
        assert_eq!(reply.json()["error"]["at"], at, "{}", reply.text());
    }
    assert_eq!(send(&app, "GET", TOKENS, BOOTSTRAP, &Value::Null).json()["tokens"], json!([]));
}

/// Only the address that fails waits, and no token that is another's than what was guessed at.
#[test]
fn wrong_tokens_are_held_back_by_address() {
    let app = start(true);
    let (_, token) = create(&app, BOOTSTRAP, "ops", &["admin"]);
    let guess = |n: usize| send(&app, "GET", TOKENS, &format!("acx_0123456789abcdef_{n:064x}"), &Value::Null);
    for n in 0..10 {
        // Without a token nothing is guessed.
        assert_eq!(send(&app, "GET", TOKENS, "", &Value::Null).status, 401);
        assert_eq!(send(&app, "GET", TOKENS, &token, &Value::Null).status, 200);
        refused(&guess(n), 401, "unauthorized");
    }
    // On a slow machine one more may have been made up for.
    let limited = (0..100).map(guess).find(|reply| reply.status == 429).expect("held back");
    refused(&limited, 429, "too_many_failures");
    let seconds: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&seconds), "{seconds}");
    assert_eq!(send(&app, "GET", TOKENS, &token, &Value::Null).status, 200);
    // From another address nobody waits.
    let elsewhere = from_elsewhere(&app, &token);
    assert!(elsewhere.starts_with("HTTP/1.1 200"), "{elsewhere}");
}

/// Lists the tokens from another address of the loopback network.
fn from_elsewhere(app: &TestServer, token: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(app.server.address()).await.unwrap();
        let request = format!(
            "GET {TOKENS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    })
}

#[test]
fn the_audit_log_tells_who_did_what() {
    let app = start(true);
    let (admin_id, admin) = create(&app, BOOTSTRAP, "ops", &["admin"]);
    let (id, editor) = create(&app, &admin, "dev", &["edit"]);
    let headers = [
        ("Authorization", format!("Bearer {editor}")),
        ("Content-Type", "application/json".to_owned()),
        ("x-request-id", "request-17".to_owned()),
    ];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = json!({"proxyId": "acme", "owner": "team"}).to_string().into_bytes();
    assert_eq!(app.send("POST", "/console/api/v1/connectors", &headers, Some(body)).status, 201);
    assert_eq!(send(&app, "DELETE", &format!("{TOKENS}/{id}"), &admin, &json!({})).status, 200);
    // What is refused changes nothing and is no entry.
    refused(&send(&app, "DELETE", &format!("{TOKENS}/{id}"), &admin, &json!({})), 404, "unknown_token");

    let all = entries(&app, &admin);
    let told: Vec<_> = all
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            (entry["sequence"].as_u64().unwrap(), text("tokenId"), text("action"), text("target"))
        })
        .collect();
    let told: Vec<_> =
        told.iter().map(|(n, by, what, on)| (*n, by.as_str(), what.as_str(), on.as_str())).collect();
    assert_eq!(
        told,
        [
            (1, "bootstrap", "token.create", format!("token/{admin_id}").as_str()),
            (2, &admin_id, "token.create", &format!("token/{id}")),
            (3, &id, "connector.create", "connector/acme"),
            (4, &admin_id, "token.revoke", &format!("token/{id}")),
        ]
    );
    assert_eq!((&all[2]["requestId"], &all[2]["tokenName"]), (&json!("request-17"), &json!("dev")));
    assert_eq!((&all[3]["detail"]["name"], &all[1]["detail"]["scopes"]), (&json!("dev"), &json!(["edit"])));
    assert!(all.iter().all(|entry| entry["at"].as_str().is_some_and(|at| at.ends_with('Z'))));

    // Pages join without a gap.
    let page = send(&app, "GET", &format!("{AUDIT}?limit=3"), &admin, &Value::Null).json();
    assert_eq!((&page["next"], &page["last"]), (&json!(3), &json!(4)));
    let rest = send(&app, "GET", &format!("{AUDIT}?after=3&limit=3"), &admin, &Value::Null).json();
    assert_eq!((rest["entries"].as_array().unwrap(), rest.get("next")), (&all[3..].to_vec(), None));
    for query in ["after=x", "after=-1", "limit=1&limit=2"] {
        refused(
            &send(&app, "GET", &format!("{AUDIT}?{query}"), &admin, &Value::Null),
            400,
            "invalid_request",
        );
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(send(&app, method, AUDIT, &admin, &json!({})).status, 405, "{method}: nothing changes it");
    }
}

#[test]
fn entries_of_simultaneous_changes_are_numbered_without_gaps() {
    const THREADS: usize = 8;
    const EACH: usize = 5;
    let app = start(true);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let app = &app;
            scope.spawn(move || {
                for n in 0..EACH {
                    let (id, _) = create(app, BOOTSTRAP, &format!("t-{thread}-{n}"), &["read"]);
                    let gone = send(app, "DELETE", &format!("{TOKENS}/{id}"), BOOTSTRAP, &json!({}));
                    assert_eq!(gone.status, 200, "{}", gone.text());
                }
            });
        }
    });
    let all = entries(&app, BOOTSTRAP);
    let numbers: Vec<u64> = all.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=2 * (THREADS * EACH) as u64).collect::<Vec<_>>());
    let of = |action: &str| -> BTreeSet<String> {
        all.iter()
            .filter(|entry| entry["action"] == action)
            .map(|entry| entry["target"].to_string())
            .collect()
    };
    assert_eq!((of("token.create").len(), of("token.create")), (THREADS * EACH, of("token.revoke")));
    assert_eq!(send(&app, "GET", TOKENS, BOOTSTRAP, &Value::Null).json()["tokens"], json!([]));
}

#[test]
fn the_command_line_does_the_same_while_the_server_is_stopped() {
    let mut app = start(false);
    let in_use = run(&app, &["token", "create", "--name", "x", "--scope", "read"]);
    assert_eq!((in_use.0, in_use.1.as_str(), in_use.2.lines().count()), (Some(2), "", 1), "{}", in_use.2);
    for words in ["in use", "running server", "/console/api/v1/tokens", "APP_CONSOLE_BOOTSTRAP_TOKEN"] {
        assert!(in_use.2.contains(words), "{}", in_use.2);
    }
    app.server.kill();
    let secret = done(&app, &["token", "create", "--name", "ops", "--scope", "admin", "--valid-days", "9"]);
    assert_eq!(secret.lines().count(), 1, "a script can take it: {secret}");
    let ci = done(&app, &["token", "create", "--name", "ci", "--scope", "edit", "--scope", "activate"]);
    let listed: Value = serde_json::from_str(&done(&app, &["token", "list", "--json"])).unwrap();
    let id = |n: usize| listed[n]["id"].as_str().unwrap().to_owned();
    assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&json!("ops"), &json!("ci")));
    let lines = done(&app, &["token", "list"]);
    assert!(lines.contains(&format!("{}  ops  (admin)", id(0))) && lines.contains("valid until"), "{lines}");
    for arguments in [
        &["token", "create", "--name", "x", "--scope", "root"][..],
        &["token", "create", "--name", "", "--scope", "read"],
        &["token", "create", "--name", "x", "--scope", "read", "--valid-days", "0"],
        &["token", "revoke", "nobody"],
        &["token", "rotate", "nobody"],
    ] {
        let (code, out, err) = run(&app, arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
    }

    app.kill_and_restart();
    assert_eq!(send(&app, "GET", TOKENS, &secret, &Value::Null).status, 200);
    let known = entries(&app, &secret);
    assert_eq!(known.iter().map(|entry| &entry["tokenId"]).collect::<Vec<_>>(), ["cli", "cli"]);
    app.server.kill();

    let rotated = done(&app, &["token", "rotate", &id(1)]);
    assert_ne!(rotated, ci);
    assert!(done(&app, &["token", "revoke", &id(0)]).contains("ops"));
    let exported = done(&app, &["audit", "export"]);
    let exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((exported.len(), &exported[..2]), (4, &known[..]));
    assert_eq!(
        (&exported[2]["action"], &exported[3]["action"]),
        (&json!("token.rotate"), &json!("token.revoke"))
    );
    assert_eq!(done(&app, &["audit", "export", "audit.jsonl"]), "exported to audit.jsonl: 4 entries");
    assert_eq!(run(&app, &["audit", "export", "audit.jsonl"]).0, Some(2), "nothing is overwritten");

    app.kill_and_restart();
    let opens = |token: &str| send(&app, "GET", "/console/api/v1/connectors", token, &Value::Null).status;
    assert_eq!((opens(&secret), opens(&ci), opens(&rotated)), (401, 401, 200));
}

/// Neither in the clear nor as base64, whole or the secret half: not in the store, a backup, the log, a
/// list, the audit log; and the digest is sealed.
#[test]
fn a_token_stands_nowhere_but_in_its_one_reply() {
    let mut app = start(true);
    let (id, token) = create(&app, BOOTSTRAP, "ops", &["admin"]);
    let secret = token.rsplit('_').next().unwrap().to_owned();
    assert_eq!((secret.len(), token.starts_with(&format!("acx_{id}_"))), (64, true), "256 bits");
    refused(&send(&app, "GET", TOKENS, &format!("{token}0"), &Value::Null), 401, "unauthorized");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let listed = send(&app, "GET", TOKENS, &token, &Value::Null).text();
    let audit = send(&app, "GET", AUDIT, &token, &Value::Null).text();
    let log = app.server.log();
    app.server.kill();
    done(&app, &["store", "export", "backup.jsonl"]);
    let mut texts = vec![("list", listed), ("audit", audit), ("log", log)];
    let mut files = vec![app.folder().join("backup.jsonl"), app.folder().join("data")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            texts.push(("store", String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()));
        }
    }
    assert!(texts.len() > 4, "the files of the store were read");
    for (place, text) in &texts {
        for shown in [&secret, &digest, &BOOTSTRAP.to_owned()] {
            let forms = [shown.clone(), STANDARD.encode(shown), URL_SAFE_NO_PAD.encode(shown)];
            assert!(!forms.iter().any(|form| text.contains(form.as_str())), "{place}");
        }
    }
}

/// Sessions of App Connect's users and the operator's token are no API tokens, and the other way round.
#[test]
fn no_other_credential_opens_the_console() {
    let crm = Crm::start(test_server::ordinary);
    let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("ADMIN_TOKEN", ADMIN_TOKEN).env("APP_CONSOLE_BOOTSTRAP_TOKEN", BOOTSTRAP)
    });
    let session = app.sign_in("crm", "testCrm", "1-key");
    for token in [session.as_str(), ADMIN_TOKEN] {
        refused(&send(&app, "GET", TOKENS, token, &Value::Null), 401, "unauthorized");
    }
    let (_, token) = create(&app, BOOTSTRAP, "ops", &["admin"]);
    for token in [BOOTSTRAP, &token] {
        assert_eq!(app.get("/proxyConfigs", token).status, 401);
        assert_eq!(app.get("/user/settings", token).status, 400);
    }
}
