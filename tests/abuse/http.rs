//! HTTP manners: methods, headers, statuses.
use crate::support::test_server::{ADMIN_TOKEN, CONSOLE_TOKEN, TestServer};
use app_connect::server::openapi_document;
use serde_json::Value;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn server() -> TestServer {
    TestServer::start_with(&[], |options| {
        options.env("ADMIN_TOKEN", ADMIN_TOKEN).env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN)
    })
}

/// Every path of the server, its parameters filled in, with the methods that it has.
fn paths() -> Vec<(String, Vec<String>)> {
    let paths = openapi_document()["paths"].as_object().unwrap();
    paths
        .iter()
        .map(|(path, methods)| {
            let filled: Vec<&str> =
                path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
            let methods = methods.as_object().unwrap().keys().map(|method| method.to_uppercase());
            (filled.join("/"), methods.collect())
        })
        .collect()
}

#[test]
fn a_method_that_a_path_lacks_is_told_those_it_has() {
    let app = server();
    for (path, has) in paths() {
        for method in METHODS.into_iter().chain(["TRACE", "PROPFIND", "FOO"]) {
            // A connector may be called `import`, and is read and changed there.
            if has.iter().any(|known| known == method) || path.ends_with("/connectors/import") {
                continue;
            }
            let reply = app.send(method, &path, &[], None);
            assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text());
            let allowed: Vec<&str> = reply.header("allow").unwrap().split(", ").collect();
            for known in &has {
                assert!(allowed.contains(&known.as_str()), "{path}: {allowed:?}");
            }
            assert_eq!(allowed.contains(&"HEAD"), has.iter().any(|known| known == "GET"), "{path}");
            let words = reply.json()["error"].as_str().unwrap().to_owned();
            assert!(words.contains(method) && words.contains(&allowed.join(", ")), "{words}");
        }
    }
}

#[test]
fn a_path_that_does_not_exist_is_404_in_every_method() {
    let app = server();
    for method in METHODS {
        assert_eq!(app.send(method, "/nowhere", &[], None).status, 404, "{method}");
    }
}

#[test]
fn head_is_get_without_its_body() {
    let app = server();
    let (admin, console) = (format!("Bearer {ADMIN_TOKEN}"), format!("Bearer {CONSOLE_TOKEN}"));
    for (path, has) in paths() {
        if !has.iter().any(|known| known == "GET") {
            continue;
        }
        let token = if path.starts_with("/console") { &console } else { &admin };
        let headers = [("Authorization", token.as_str())];
        let get = app.send("GET", &path, &headers, None);
        let head = app.send("HEAD", &path, &headers, None);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        // What is counted or written down between the two makes these longer.
        if !["/metrics", "/console/api/v1/audit"].contains(&path.as_str()) {
            assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        }
    }
}

#[test]
fn no_reply_is_sniffed() {
    let app = server();
    for (method, path) in [
        ("GET", "/isAlive"),
        ("GET", "/docs"),
        ("GET", "/nowhere"),
        ("PUT", "/isAlive"),
        ("GET", "/contact"),
        ("GET", "/metrics"),
        ("GET", "/console/api/v1/connectors"),
        ("OPTIONS", "/callLog"),
        ("POST", "/apiKeyLogin"),
    ] {
        let reply = app.send(method, path, &[], None);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{method} {path}");
    }
}

#[test]
fn readiness_says_that_the_store_can_be_read() {
    let app = server();
    let reply = app.send("GET", "/readyz", &[], None);
    assert_eq!((reply.status, reply.json()), (200, serde_json::json!({"ready": true})));
}

#[test]
fn large_replies_arrive_whole() {
    let app = server();
    let reply = app.send("GET", "/openapi.json", &[], None);
    assert!(reply.body.len() > 64 * 1024);
    assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap(), *openapi_document());
}

#[test]
fn ninety_headers_are_read() {
    let app = server();
    let names: Vec<String> = (0..90).map(|number| format!("x-proxy-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(app.send("GET", "/isAlive", &headers, None).status, 200);
}
