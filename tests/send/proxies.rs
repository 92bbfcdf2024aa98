//! Requests that leave through a proxy: what it gets, what it never sees, and what is told of it.

use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::failure::FailureKind;
use app_connect::engine::proxies::Proxies;
use app_connect::engine::send::{Client, ClientOptions, send};
use serde_json::json;

use crate::send::server::*;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer};

fn through(egress: EgressPolicy, addresses: &[&str], variables: &[(&str, String)]) -> Client {
    let proxies = Proxies::read(&|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    });
    let options = ClientOptions {
        egress,
        resolver: Some(test_names(addresses)),
        proxies: proxies.unwrap(),
        ..ClientOptions::default()
    };
    Client::new(&options).unwrap()
}

fn with_credentials(proxy: &Server) -> String {
    proxy.url("").replace("http://", "http://user:secret@")
}

#[tokio::test]
async fn a_request_leaves_through_the_proxy_with_its_whole_address() {
    let proxy = Server::start(|_| answer("200 OK", "", "{\"via\":1}")).await;
    // The proxy has a private address, the name none here: only the proxy knows it.
    for name in ["crm.example", "crm.example:8080"] {
        let client = through(public_only(&[]), &["1.1.1.1"], &[("HTTP_PROXY", with_credentials(&proxy))]);
        let spec = get_spec(format!("http://{name}/contacts?a=%2B1")).secret("authorization", "Bearer t");
        let response = send(&client, &spec).await.unwrap();
        assert_eq!(response.body(), &json!({"via": 1}));
        let request = proxy.received().pop().unwrap();
        assert_eq!(request.target, format!("http://{name}/contacts?a=%2B1"));
        assert_eq!(request.header("host"), Some(name));
        assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpzZWNyZXQ="));
        assert_eq!(request.header("authorization"), Some("Bearer t"));
    }
}

#[tokio::test]
async fn https_leaves_through_a_tunnel_that_sees_no_header_of_the_request() {
    let proxy = Server::start(|_| answer("403 Forbidden", "", "secret words of the proxy")).await;
    let client = through(public_only(&[]), &["1.1.1.1"], &[("HTTPS_PROXY", with_credentials(&proxy))]);
    let spec = get_spec("https://crm.test/contacts?token=secret").secret("authorization", "Bearer t");
    let failure = send(&client, &spec).await.unwrap_err();
    let request = proxy.received().pop().unwrap();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("CONNECT", "crm.test:443"));
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpzZWNyZXQ="));
    assert_eq!(request.header("authorization"), None);
    assert_eq!((failure.kind, failure.in_doubt), (FailureKind::Refused, false), "{failure}");
    let told = format!("crm.test was not asked: the proxy {} (HTTPS_PROXY) refused", proxy.address);
    assert!(failure.message.starts_with(&told), "{failure}");
    assert_discreet(&failure);
}

#[tokio::test]
async fn what_is_listed_or_local_or_of_the_other_scheme_is_called_directly() {
    let proxy = Server::start(|_| answer("200 OK", "", "{}")).await;
    let crm = Server::start(|_| answer("200 OK", "", "{}")).await;
    for variables in [
        &[("HTTP_PROXY", proxy.url("")), ("NO_PROXY", "crm.test".to_owned())] as &[_],
        &[("http_proxy", proxy.url("")), ("no_proxy", "a.test, .test".to_owned())],
        &[("HTTPS_PROXY", proxy.url(""))],
    ] {
        let client = through(EgressPolicy::AllowPrivate, &["127.0.0.1"], variables);
        send(&client, &get_spec(crm.named("crm.test", "/"))).await.unwrap();
        send(&client, &get_spec(crm.url("/"))).await.unwrap();
    }
    assert_eq!((crm.received().len(), proxy.connections()), (6, 0));
}

#[tokio::test]
async fn the_guard_judges_the_target() {
    let proxy = Server::start(|_| answer("200 OK", "", "{}")).await;
    let variables = [("ALL_PROXY", proxy.url(""))];
    let inner = through(public_only(&["trusted.test", "crm.corp"]), &["10.0.0.1"], &variables);
    for url in [
        "http://10.0.0.1/secret",
        "https://169.254.169.254/secret",
        "http://crm.test/secret",
        "https://crm.test/secret",
        // Names that do not resolve here, and that a proxy may know.
        "http://metadata.google.internal/secret",
        "http://intranet/secret",
        "https://printer.local/secret",
    ] {
        let failure = send(&inner, &get_spec(url)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Blocked, "{url}: {failure}");
        assert!(failure.message.contains("--allow-host"), "{failure}");
        assert_discreet(&failure);
    }
    assert_eq!(proxy.connections(), 0);
    for url in ["http://trusted.test/", "http://crm.corp/", "http://crm.example/"] {
        send(&inner, &get_spec(url)).await.unwrap();
    }
    assert_eq!(proxy.received().len(), 3);
}

#[tokio::test]
async fn redirects_are_judged_and_routed_one_by_one() {
    let proxy = Server::start(|request| match request.target.as_str() {
        "http://crm.example/out" => redirect(302, "http://other.example/"),
        "http://crm.example/in" => redirect(302, "http://10.0.0.1/secret"),
        _ => answer("200 OK", "", "{\"end\":1}"),
    })
    .await;
    let client = through(public_only(&[]), &["1.1.1.1"], &[("http_proxy", proxy.url(""))]);
    let response = send(&client, &get_spec("http://crm.example/out")).await.unwrap();
    assert_eq!(response.body(), &json!({"end": 1}));
    let failure = send(&client, &get_spec("http://crm.example/in")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Blocked, "{failure}");
    assert_eq!(proxy.received().len(), 3);
}

#[tokio::test]
async fn what_goes_wrong_at_the_proxy_is_told_as_the_proxys() {
    let proxy = Server::start(|_| answer("407 Proxy Authentication Required", "", "{}")).await;
    let asks = [("ALL_PROXY", with_credentials(&proxy))];
    // Bound, so that nobody else gets the port, and never listening.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let closed = silent.local_addr().unwrap();
    let gone = [("ALL_PROXY", format!("http://user:secret@{closed}"))];
    let unknown = [("ALL_PROXY", "http://user:secret@proxy.invalid:3128".to_owned())];
    for (variables, scheme, kind, words) in [
        (&asks, "http", FailureKind::Status(407), "asks for credentials"),
        (&asks, "https", FailureKind::Refused, "asks for credentials"),
        (&gone, "http", FailureKind::Refused, "cannot be reached"),
        (&gone, "https", FailureKind::Refused, "cannot be reached"),
        (&unknown, "http", FailureKind::Dns, "does not resolve"),
        (&unknown, "https", FailureKind::Dns, "does not resolve"),
    ] {
        let client = through(public_only(&[]), &["1.1.1.1"], variables);
        let failure = send(&client, &get_spec(format!("{scheme}://crm.test/secret"))).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{scheme}: {failure}");
        assert!(failure.message.contains("the proxy ") && failure.message.contains(words), "{failure}");
        assert!(!failure.message.contains("secret") && !failure.in_doubt, "{failure}");
    }
}

/// Operators set these variables for the server as for any other program.
#[test]
fn the_server_sends_through_the_proxy_of_its_environment() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Crm::start(|request: &Request| {
            assert!(request.target.starts_with("http://crm.example/v1/"), "{}", request.target);
            Answer::json(&json!({"id": "1", "name": "Ada"}))
        });
        let document = test_server::document("http://crm.example");
        let server = TestServer::start_with(&[("crm", &document)], |options| {
            options.env(variable, proxy.origin()).env("NO_PROXY", "other.example")
        });
        server.sign_in("crm", "testCrm", "1-key");
        assert_eq!(proxy.count("http://crm.example/v1/me"), 1, "{variable}");
    }
}
