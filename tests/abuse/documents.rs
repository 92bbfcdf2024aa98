//! Documents that are made to be expensive: to check, to load, to compare, to try out.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use app_connect::config::report::{Colour, Format, render};
use app_connect::engine::load::{Loaded, load};
use serde_json::{Map, Value, json};

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::{CONSOLE_TOKEN, TestServer, until};

/// Of a debug build on a loaded machine. What grows with the square of the text takes minutes.
const AT_MOST: Duration = Duration::from_secs(20);

fn sound() -> Value {
    json!({
        "auth": {"credentialTemplate": "{{apiKey}}", "encode": "none"},
        "requestDefaults": {"baseUrl": "https://crm.example.com/v1"},
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": {"url": "/c", "responseMapping": {"listPath": "body.l"}},
        },
    })
}

/// A sound document with something else at a pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = sound();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[name] = value;
    document
}

fn body(value: Value) -> Value {
    let mut document = with("/operations/findContact/method", "POST".into());
    document["operations"]["findContact"]["body"] = value;
    document
}

fn members(count: usize, member: impl Fn(usize) -> (String, Value)) -> Value {
    (0..count).map(member).collect::<Map<_, _>>().into()
}

fn rules(count: usize, pattern: impl Fn(usize) -> String) -> Value {
    let rule = |at: usize| json!({"when": {"body": {"path": "body.a", "matches": pattern(at)}}, "outcome": {"message": "m"}});
    with("/errorMapping", (0..count).map(rule).collect())
}

/// What costs a checker most, about as much of it as a document can hold.
fn pathological() -> Vec<(&'static str, Value)> {
    let long_key = "k".repeat(100_000);
    vec![
        ("unclosed templates", body(json!({"x": "{{".repeat(100_000)}))),
        ("unclosed templates before a brace", body(json!({"x": "{{ ".repeat(100_000) + "}"}))),
        ("unclosed calls", body(json!({"x": "{{default '".repeat(40_000)}))),
        ("unclosed calls before their end", body(json!({"x": "{{json \"a' ".repeat(40_000) + "}}"}))),
        ("unclosed comments", body(json!({"x": "{{!-- ".repeat(100_000)}))),
        (
            "single braces",
            with("/operations/findContact/url", ("/".to_owned() + &"{".repeat(400_000) + "}").into()),
        ),
        (
            "single braces of names",
            with("/operations/findContact/url", ("/".to_owned() + &"{apiKey}".repeat(60_000)).into()),
        ),
        ("unknown variables in a text", body(json!({"x": "{{nope}}".repeat(100_000)}))),
        (
            "unknown variables in texts",
            body(members(30_000, |at| (format!("k{at}"), format!("{{{{nope{at}}}}}").into()))),
        ),
        (
            "unknown helpers",
            body(members(20_000, |at| (format!("k{at}"), format!("{{{{nope{at} apiKey}}}}").into()))),
        ),
        ("wrong calls", body(members(5_000, |at| (format!("k{at}"), "{{phone apiKey 1 2 3}}".into())))),
        ("unknown keys", {
            let mut document = sound();
            document.as_object_mut().unwrap().extend((0..60_000).map(|at| (format!("zz{at}"), 1.into())));
            document
        }),
        (
            "unknown operations",
            with("/operations", members(40_000, |at| (format!("findContact{at}"), json!({})))),
        ),
        ("wrong types", with("/requestDefaults/allowedHosts", (0..100_000).collect())),
        ("wrong hosts", with("/requestDefaults/allowedHosts", (0..60_000).map(|_| "a b").collect())),
        (
            "wrong header names",
            with("/requestDefaults/defaultHeaders", members(40_000, |at| (format!("a b{at}"), "x".into()))),
        ),
        (
            "headers",
            with(
                "/requestDefaults/defaultHeaders",
                members(40_000, |at| (format!("x-{at}"), "{{nope}}".into())),
            ),
        ),
        (
            "secrets",
            body((0..15_000).map(|at| json!({"password": format!("0123456789abcdef{at}")})).collect()),
        ),
        (
            "secrets in a URL",
            with(
                "/operations/findContact/url",
                ("/c?".to_owned() + &"token=0123456789abcdef&".repeat(30_000)).into(),
            ),
        ),
        (
            "paths outside the reply",
            with(
                "/operations/getUserInfo/responseMapping/idPath",
                (0..60_000).map(|at| format!("nope{at}")).collect(),
            ),
        ),
        (
            "a long path",
            with(
                "/operations/findContact/responseMapping/listPath",
                ("nope".to_owned() + &".a".repeat(400_000)).into(),
            ),
        ),
        ("large patterns", rules(1_500, |at| format!("(\\pL{{50}}){{{}}}", at % 9 + 1))),
        ("patterns of many classes", rules(300, |_| "(?i)".to_owned() + &"\\pL".repeat(600))),
        ("one long pattern", rules(1, |_| (1..1_000).map(|at| "a".repeat(at)).collect::<Vec<_>>().join("|"))),
        (
            "patterns of templates",
            body(members(8_000, |at| {
                (format!("k{at}"), format!("{{{{match apiKey '(\\\\pL{{50}}){{{}}}'}}}}", at % 9 + 1).into())
            })),
        ),
        (
            "wrong statuses",
            with(
                "/errorMapping",
                json!([{"when": {"status": (0..100_000).map(|_| "x").collect::<Vec<_>>()}, "outcome": {"noMatch": true}}]),
            ),
        ),
        ("rules without effect", with("/errorMapping", (0..60_000).map(|_| json!({})).collect())),
        (
            "keys that make long pointers",
            body(json!({ long_key.as_str(): members(60_000, |at| (format!("k{at}"), 1.into())) })),
        ),
        ("headers that are taken away", {
            let headers = |value: Value| members(25_000, |at| (format!("x-{at}"), value.clone()));
            let mut document = with("/requestDefaults/defaultHeaders", headers("a".into()));
            document["operations"]["findContact"]["headers"] = headers(false.into());
            document
        }),
        (
            "long templates",
            body(members(15, |at| {
                let text = "{{#if apiKey}}".to_owned() + &"{{nope}} ".repeat(6_000) + "{{/if}}";
                (format!("k{at}"), text.into())
            })),
        ),
        ("keys with braces", body(members(40_000, |at| (format!("{{{{k{at}}}}}"), 1.into())))),
    ]
}

fn check(document: &str) -> (Loaded, Duration) {
    let started = Instant::now();
    let loaded = load("crm.json", document, &|_| None);
    for format in Format::ALL {
        let shown = render(format, std::slice::from_ref(&loaded.findings), Colour::Off);
        assert!(shown.len() < 4 << 20, "{format:?}: {} bytes", shown.len());
    }
    (loaded, started.elapsed())
}

fn in_time(documents: &[(&'static str, Value)]) {
    for (name, document) in documents {
        let text = document.to_string();
        assert!(text.len() <= 1 << 20, "{name}: {} bytes", text.len());
        let (loaded, time) = check(&text);
        eprintln!(
            "{name}: {time:?}, {} told, {} more",
            loaded.findings.diagnostics.len(),
            loaded.findings.omitted.counts.total()
        );
        assert!(time < AT_MOST, "{name}: {time:?}");
        assert!(loaded.findings.diagnostics.len() <= 300, "{name}");
    }
}

/// Several tests, so that they run side by side.
#[test]
fn documents_are_checked_in_time_1() {
    in_time(&pathological()[..10]);
}

#[test]
fn documents_are_checked_in_time_2() {
    in_time(&pathological()[10..20]);
}

#[test]
fn documents_are_checked_in_time_3() {
    in_time(&pathological()[20..]);
}

/// The worst findings are told, every format says how many there are besides, and an error counts wherever it
/// stands.
#[test]
fn of_very_many_findings_the_worst_are_told_and_the_others_counted() {
    let mut document = body(members(2_000, |at| (format!("k{at}"), "{{nope}}".into())));
    document["operations"]["getUserInfo"]["method"] = "FETCH".into();
    let (loaded, _) = check(&document.to_string());
    assert!(loaded.config.is_none());
    assert!(loaded.findings.diagnostics.iter().any(|found| found.code.as_str() == "AC061"));
    let told = loaded.findings.diagnostics.len();
    assert_eq!(told, 300);
    let files = [loaded.findings];
    for (format, said) in [
        (Format::Human, "crm.json: and 1701 more;"),
        (Format::Json, "\"more\": 1701"),
        (Format::Sarif, "\"and 1701 more;"),
        (Format::Github, "::error file=crm.json,title=more findings::and 1701 more;"),
    ] {
        let shown = render(format, &files, Colour::Off);
        assert!(shown.contains(said), "{format:?}: {}", &shown[shown.len().saturating_sub(600)..]);
    }
    let shown = render(Format::Human, &files, Colour::Off);
    assert!(shown.ends_with("1 file checked: 1 error, 2000 mistakes\n"), "{}", &shown[shown.len() - 200..]);
}

/// A secret is masked even if the finding that underlines it is not told.
#[test]
fn secrets_of_findings_that_are_not_told_are_masked() {
    let mut document =
        body(members(400, |at| (format!("k{at}"), "{{nope}} 0123456789abcdef0 {{nope}}".into())));
    document["requestDefaults"]["defaultHeaders"] = json!({"X-Api-Key": "0123456789abcdef0"});
    let (loaded, _) = check(&document.to_string());
    assert!(loaded.findings.diagnostics.iter().all(|found| found.code.as_str() != "AC051"));
    for format in Format::ALL {
        let shown = render(format, std::slice::from_ref(&loaded.findings), Colour::Off);
        assert!(!shown.contains("0123456789abcdef0"), "{format:?}");
    }
}

fn server() -> TestServer {
    TestServer::start_with(&[], |options| {
        options.env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN).arg("--workers").arg("1")
    })
}

fn send(server: &TestServer, token: &str, method: &str, target: &str, body: Option<String>) -> Response {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    server.send(method, &format!("/console/api/v1{target}"), &headers, body.map(String::into_bytes))
}

fn read_token(server: &TestServer) -> String {
    let new = json!({"name": "reader", "scopes": ["read"]}).to_string();
    let reply = send(server, CONSOLE_TOKEN, "POST", "/tokens", Some(new));
    reply.json()["secret"].as_str().unwrap().to_owned()
}

/// Checks by a token that may only read neither stop others nor take long.
#[test]
fn checks_by_the_management_api_leave_others_alone() {
    let server = server();
    let token = read_token(&server);
    let text = body(json!({"x": "{{".repeat(50_000)})).to_string();
    while_others_are_served(&server, || {
        std::thread::scope(|scope| {
            let checks: Vec<_> = (0..6)
                .map(|_| scope.spawn(|| send(&server, &token, "POST", "/validate", Some(text.clone()))))
                .collect();
            for check in checks {
                let reply = check.join().unwrap();
                match reply.status {
                    200 => {
                        let verdict = reply.json();
                        assert_eq!(verdict["diagnostics"].as_array().unwrap().len(), 300);
                        assert_eq!(verdict["more"], 50_000 - 300);
                    }
                    503 => {
                        assert_eq!(reply.json()["error"]["code"], "busy");
                        assert!(reply.header("retry-after").is_some());
                    }
                    other => panic!("{other}: {}", reply.text()),
                }
            }
        });
    });
}

/// Whoever runs a connector's secrets is in the audit log, with what was run and not with what was sent.
#[test]
fn checks_and_explanations_are_recorded() {
    let server = server();
    let token = read_token(&server);
    let new = json!({"proxyId": "crm", "text": sound().to_string()}).to_string();
    assert_eq!(send(&server, CONSOLE_TOKEN, "POST", "/connectors", Some(new)).status, 201);
    let trial = json!({"operation": "findContact", "input": {"phoneNumber": "+14155550199"}}).to_string();
    let revision = "/connectors/crm/revisions/1";
    let checked = send(&server, &token, "POST", &format!("{revision}/check"), None);
    assert_eq!(checked.status, 200, "{}", checked.text());
    let explained = send(&server, &token, "POST", &format!("{revision}/explain"), Some(trial));
    assert_eq!(explained.status, 200, "{}", explained.text());
    let audit = send(&server, CONSOLE_TOKEN, "GET", "/audit", None);
    let entries = audit.json()["entries"].as_array().unwrap().clone();
    let ours: Vec<_> = entries.iter().filter(|entry| entry["tokenName"] == "reader").collect();
    let told = |at: usize| (ours[at]["action"].as_str().unwrap(), ours[at]["detail"].clone());
    assert_eq!(ours.len(), 2, "{entries:?}");
    assert_eq!(told(0), ("connector.check", json!({"revision": 1})));
    assert_eq!(told(1), ("connector.explain", json!({"operation": "findContact", "revision": 1})));
    assert!(!audit.text().contains("4155550199"));
}

/// Of each token a few trials run at a time.
#[test]
fn trials_are_limited_for_each_token() {
    let crm = Crm::start(|_: &Request| {
        std::thread::sleep(Duration::from_secs(2));
        Answer::json(&json!({"l": []}))
    });
    let server = server();
    let mut document = sound();
    document["requestDefaults"]["baseUrl"] = crm.origin().into();
    let new = json!({"proxyId": "crm", "text": document.to_string()}).to_string();
    assert_eq!(send(&server, CONSOLE_TOKEN, "POST", "/connectors", Some(new)).status, 201);
    let trial = json!({"operation": "findContact", "user": {"accessToken": "a-key"}}).to_string();
    let statuses = std::thread::scope(|scope| {
        let target = "/connectors/crm/revisions/1/test";
        let trials: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| send(&server, CONSOLE_TOKEN, "POST", target, Some(trial.clone())).status))
            .collect();
        let mut statuses: Vec<u16> = trials.into_iter().map(|trial| trial.join().unwrap()).collect();
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429, 429, 429]);
}

/// A trial is given up with its client: its place is free at once, and not once the CRM has answered.
#[test]
fn a_trial_ends_with_its_client() {
    let asked = AtomicUsize::new(0);
    let crm = Crm::start(move |_: &Request| {
        if asked.fetch_add(1, Ordering::SeqCst) < 4 {
            std::thread::sleep(Duration::from_secs(10));
        }
        Answer::json(&json!({"l": []}))
    });
    let server = server();
    let mut document = sound();
    document["requestDefaults"]["baseUrl"] = crm.origin().into();
    let new = json!({"proxyId": "crm", "text": document.to_string()}).to_string();
    assert_eq!(send(&server, CONSOLE_TOKEN, "POST", "/connectors", Some(new)).status, 201);
    let trial = json!({"operation": "findContact", "user": {"accessToken": "a-key"}}).to_string();
    let target = "/connectors/crm/revisions/1/test";
    let started = Instant::now();
    let clients: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut client = TcpStream::connect(server.server.address()).unwrap();
            let length = trial.len();
            let head = format!(
                "POST /console/api/v1{target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {CONSOLE_TOKEN}\r\nContent-Length: {length}\r\n\r\n"
            );
            client.write_all((head + &trial).as_bytes()).unwrap();
            client
        })
        .collect();
    until("four trials ask the CRM", || crm.count("/c") == 4);
    assert_eq!(send(&server, CONSOLE_TOKEN, "POST", target, Some(trial.clone())).status, 429);
    drop(clients);
    until("a further trial has a place", || {
        send(&server, CONSOLE_TOKEN, "POST", target, Some(trial.clone())).status == 200
    });
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}
