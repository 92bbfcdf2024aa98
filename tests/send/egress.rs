//! The egress guard over real sockets: nothing arrives where it says no.

use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::exchange::RequestSpec;
use app_connect::engine::failure::FailureKind;
use app_connect::engine::send::{Client, ClientOptions, send};

use crate::send::server::*;

/// Sends and expects the guard's refusal, which tells the operator what to do.
async fn blocked(client: &Client, spec: &RequestSpec) {
    let failure = send(client, spec).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Blocked, "{}: {failure}", spec.url);
    let host = spec.url.host_str().unwrap();
    assert!(failure.message.contains(&format!("--allow-host {host}")), "{}", failure.message);
    assert!(failure.message.contains("--allow-private-network"), "{}", failure.message);
    assert_discreet(&failure);
}

#[tokio::test]
async fn literal_addresses_are_refused_in_every_spelling() {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let client = Client::new(&ClientOptions::default()).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
    ];
    for host in hosts {
        blocked(&client, &get_spec(server.named(host, "/secret?token=1"))).await;
        blocked(&client, &get_spec(format!("https://{host}/secret"))).await;
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn names_are_judged_by_their_addresses() {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let system = Client::new(&ClientOptions::default()).unwrap();
    blocked(&system, &get_spec(server.named("localhost", "/secret"))).await;
    let answers: [&[&str]; 7] = [
        &["10.0.0.1"],
        &["127.0.0.1"],
        &["::1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1", "127.0.0.1"],
    ];
    for answer in answers {
        blocked(&client(public_only(&[]), answer), &get_spec(server.named("crm.test", "/secret"))).await;
        let other_host_allowed = client(public_only(&["other.test"]), answer);
        blocked(&other_host_allowed, &get_spec(server.named("crm.test", "/secret"))).await;
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn trusted_hosts_and_private_networks_are_reached() {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let port = server.address.port();
    let crm = get_spec(server.named("crm.test", "/"));
    let literal = get_spec(server.url("/"));

    let trusted = client(public_only(&["crm.test", "127.0.0.1"]), &["127.0.0.1"]);
    send(&trusted, &crm).await.unwrap();
    send(&trusted, &literal).await.unwrap();
    blocked(&trusted, &get_spec(server.named("other.test", "/"))).await;

    let by_port = client(public_only(&[&format!("crm.test:{port}"), "*.sub.test"]), &["127.0.0.1"]);
    send(&by_port, &crm).await.unwrap();
    send(&by_port, &get_spec(server.named("a.sub.test", "/"))).await.unwrap();
    blocked(&by_port, &literal).await;
    let other_port = client(public_only(&["crm.test:1"]), &["127.0.0.1"]);
    blocked(&other_port, &crm).await;

    let open = client(EgressPolicy::AllowPrivate, &["127.0.0.1"]);
    send(&open, &crm).await.unwrap();
    send(&open, &literal).await.unwrap();
}

#[tokio::test]
async fn redirects_are_judged_too() {
    let inner = Server::start(|_| answer("200 OK", "", "{}")).await;
    let (literal, named) = (inner.url("/secret"), inner.named("inner.test", "/secret"));
    let server = Server::start(move |request| match request.target.as_str() {
        "/metadata" => redirect(302, "http://169.254.169.254/latest/secret?token=1"),
        "/decimal" => redirect(302, "http://2852039166/latest/secret"),
        "/literal" => redirect(307, &literal),
        _ => redirect(302, &named),
    })
    .await;
    let client = client(public_only(&["crm.test"]), &["127.0.0.1"]);
    for (path, host) in [
        ("/metadata", "169.254.169.254"),
        ("/decimal", "169.254.169.254"),
        ("/literal", "127.0.0.1"),
        ("/named", "inner.test"),
    ] {
        let failure = send(&client, &get_spec(server.named("crm.test", path))).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Blocked, "{path}: {failure}");
        assert!(failure.message.contains(&format!("--allow-host {host}")), "{}", failure.message);
        assert_discreet(&failure);
    }
    assert_eq!((server.received().len(), inner.connections()), (4, 0));
}
