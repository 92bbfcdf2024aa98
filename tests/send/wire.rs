//! What goes onto the wire.

use app_connect::engine::send::send;
use http::Method;

use crate::send::server::*;

async fn sent(spec: app_connect::engine::exchange::RequestSpec) -> Received {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let mut spec = spec;
    spec.url.set_port(Some(server.address.port())).unwrap();
    send(&open_client(), &spec).await.unwrap();
    server.received().remove(0)
}

fn names(request: &Received) -> Vec<String> {
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn only_the_headers_of_the_spec_and_of_the_connection_are_sent() {
    let bare = sent(get_spec("http://crm.test/a%20b?q=1&r=%2B1")).await;
    assert_eq!(bare.target, "/a%20b?q=1&r=%2B1");
    assert_eq!(names(&bare), ["accept", "accept-encoding", "host"]);
    assert_eq!(bare.header("accept"), Some("*/*"));

    let full = get_spec("http://crm.test/")
        .plain("accept", "application/json")
        .plain("user-agent", "app-connect")
        .plain("accept-encoding", "identity")
        .plain("x-a", "1");
    let full = sent(full).await;
    assert_eq!(names(&full), ["accept", "accept-encoding", "host", "user-agent", "x-a"]);
    assert_eq!(full.header("accept-encoding"), Some("identity"));
    assert_eq!(full.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn bodies_announce_their_length_on_every_method() {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = sent(spec(method.clone(), "http://crm.test/").body("{}")).await;
        assert_eq!(request.header("content-length"), Some("2"), "{method}");
        assert_eq!(request.header("transfer-encoding"), None, "{method}");
        assert_eq!((request.method.as_str(), request.body.as_slice()), (method.as_str(), b"{}".as_slice()));
    }
}

#[tokio::test]
async fn a_missing_body_is_announced_where_one_is_expected() {
    for (method, length) in [
        (Method::POST, Some("0")),
        (Method::PUT, Some("0")),
        (Method::PATCH, Some("0")),
        (Method::GET, None),
        (Method::HEAD, None),
        (Method::DELETE, None),
    ] {
        let request = sent(spec(method.clone(), "http://crm.test/")).await;
        assert_eq!(request.header("content-length"), length, "{method}");
        assert_eq!(request.header("transfer-encoding"), None, "{method}");
    }
}

#[tokio::test]
async fn the_host_can_be_overridden() {
    let request = sent(get_spec("http://a.test/").plain("host", "crm.example.com")).await;
    let hosts: Vec<&str> = request
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(hosts, ["crm.example.com"]);
}

#[tokio::test]
async fn framing_is_not_left_to_documents() {
    let request = spec(Method::POST, "http://crm.test/")
        .plain("content-length", "5000")
        .plain("transfer-encoding", "chunked")
        .plain("connection", "close, x-a")
        .plain("x-a", "1")
        .body("{}");
    let request = sent(request).await;
    assert_eq!(request.header("content-length"), Some("2"));
    assert_eq!(request.header("transfer-encoding"), None);
    assert_eq!(request.header("connection"), None);
    assert_eq!(request.header("x-a"), Some("1"));
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let client = open_client();
    for _ in 0..20 {
        send(&client, &spec(Method::POST, server.url("/")).body("{}")).await.unwrap();
    }
    assert_eq!((server.received().len(), server.connections()), (20, 1));
}

#[tokio::test]
async fn a_call_in_flight_outlives_its_client() {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let client = std::sync::Arc::new(open_client());
    let (moved, url) = (client.clone(), server.url("/"));
    let call = tokio::spawn(async move { send(&moved, &get_spec(url)).await });
    drop(client);
    call.await.unwrap().unwrap();
}
