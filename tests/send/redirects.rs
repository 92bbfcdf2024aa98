//! Redirects over real sockets (recordings 06 and 07, `redirect-*`).

use app_connect::engine::failure::FailureKind;
use app_connect::engine::send::send;
use http::Method;
use serde_json::json;

use crate::send::server::*;

#[tokio::test]
async fn a_get_keeps_its_body_and_credentials_on_the_same_host() {
    for status in [301, 302, 307, 308] {
        let server = Server::start(move |request| match request.target.as_str() {
            "/v1/contacts?phone=1" => redirect(status, "/moved?x=1"),
            _ => answer("200 OK", "", "{\"moved\":true}"),
        })
        .await;
        let spec = get_spec(server.url("/v1/contacts?phone=1"))
            .plain("content-type", "application/json")
            .secret("authorization", "Basic c2VjcmV0")
            .body("{}");
        let response = send(&open_client(), &spec).await.unwrap();
        assert_eq!(*response.body(), json!({"moved": true}));
        let received = server.received();
        let (first, second) = (&received[0], &received[1]);
        assert_eq!((second.method.as_str(), second.target.as_str()), ("GET", "/moved?x=1"), "{status}");
        assert_eq!(second.headers, first.headers, "{status}");
        assert_eq!(second.body, b"{}");
    }
}

#[tokio::test]
async fn a_post_becomes_a_get_or_stays() {
    for (status, method, body) in
        [(301, "GET", ""), (302, "GET", ""), (303, "GET", ""), (307, "POST", "{}"), (308, "POST", "{}")]
    {
        let server = Server::start(move |request| match request.target.as_str() {
            "/v1/contacts" => redirect(status, "moved"),
            _ => answer("200 OK", "", "{}"),
        })
        .await;
        let spec = spec(Method::POST, server.url("/v1/contacts"))
            .plain("content-type", "application/json")
            .plain("accept", "application/json")
            .secret("authorization", "Basic c2VjcmV0")
            .body("{}");
        send(&open_client(), &spec).await.unwrap();
        let second = &server.received()[1];
        assert_eq!((second.method.as_str(), second.target.as_str()), (method, "/v1/moved"), "{status}");
        assert_eq!(second.body, body.as_bytes(), "{status}");
        assert_eq!(second.header("content-type").is_some(), !body.is_empty(), "{status}");
        assert_eq!(second.header("content-length").is_some(), !body.is_empty(), "{status}");
        assert_eq!(second.header("authorization"), Some("Basic c2VjcmV0"), "{status}");
    }
}

#[tokio::test]
async fn a_head_stays_a_head() {
    let server = Server::start(|request| match request.target.as_str() {
        "/a" => redirect(303, "/b"),
        _ => {
            Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n".to_vec())
        }
    })
    .await;
    let response = send(&open_client(), &spec(Method::HEAD, server.url("/a"))).await.unwrap();
    assert_eq!(*response.body(), json!(""));
    assert_eq!(server.received()[1].method, "HEAD");
}

#[tokio::test]
async fn a_loop_ends_after_21_redirects() {
    let server = Server::start(|_| redirect(302, "/loop")).await;
    let failure = get(server.url("/v1/contacts?token=secret")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Status(302));
    assert!(failure.message.contains("redirect loop"), "{}", failure.message);
    assert_eq!(failure.response.as_ref().unwrap().headers["location"], "/loop");
    assert_discreet(&failure);
    assert_eq!(server.received().len(), 22);
}

#[tokio::test]
async fn a_location_that_is_no_url_is_a_status_failure() {
    let server = Server::start(|_| redirect(302, "http://[secret")).await;
    let failure = get(server.url("/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Status(302));
    assert!(failure.message.contains("Location"), "{}", failure.message);
    assert_discreet(&failure);
}

#[tokio::test]
async fn credentials_are_left_behind_at_another_host() {
    let other = Server::start(|_| answer("401 Unauthorized", "", "{}")).await;
    let target = other.named("b.test", "/x");
    let server = Server::start(move |_| redirect(307, &target)).await;
    let spec = spec(Method::POST, server.named("a.test", "/token?secret=1"))
        .plain("accept", "application/json")
        .plain("cookie", "session=1")
        .plain("authorization", "Bearer unmarked")
        .plain("host", "crm.example.net")
        .secret("x-api-key", "k")
        .body("{}");
    let failure = send(&open_client(), &spec).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Status(401));
    assert!(failure.message.contains("credentials are not sent along"), "{}", failure.message);
    assert_discreet(&failure);

    let first = &server.received()[0];
    assert_eq!(first.header("host"), Some("crm.example.net"));
    let second = &other.received()[0];
    for name in ["cookie", "authorization", "x-api-key"] {
        assert!(first.header(name).is_some() && second.header(name).is_none(), "{name}");
    }
    assert_eq!(second.header("accept"), Some("application/json"));
    assert_eq!(second.header("host"), Some(format!("b.test:{}", other.address.port()).as_str()));
    assert_eq!(second.body, b"{}");
}

#[tokio::test]
async fn another_port_is_another_host() {
    let other = Server::start(|_| answer("200 OK", "", "{}")).await;
    let target = other.url("/x");
    let server = Server::start(move |_| redirect(302, &target)).await;
    send(&open_client(), &get_spec(server.url("/")).secret("authorization", "Bearer t")).await.unwrap();
    assert_eq!(other.received()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_sensitive_body_is_not_sent_to_another_host() {
    let other = Server::start(|_| answer("200 OK", "", "{}")).await;
    let target = other.named("b.test", "/secret");
    let server = Server::start(move |_| redirect(308, &target)).await;
    let mut spec = spec(Method::POST, server.named("a.test", "/token")).body("grant_type=password");
    spec.sensitive_body = true;
    let failure = send(&open_client(), &spec).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Blocked);
    assert_discreet(&failure);
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn templated_hosts_are_checked_at_every_step() {
    let other = Server::start(|_| answer("200 OK", "", "{}")).await;
    let (there, elsewhere) = (other.named("b.crm.test", "/"), other.named("evil.test", "/"));
    let server = Server::start(move |request| match request.target.as_str() {
        "/fine" => redirect(302, &there),
        _ => redirect(302, &elsewhere),
    })
    .await;
    let client = open_client();
    let allowed = ["*.crm.test"];
    send(&client, &get_spec(server.named("a.crm.test", "/fine")).only(&allowed)).await.unwrap();
    assert_eq!(other.received().len(), 1);

    let failure =
        send(&client, &get_spec(server.named("a.crm.test", "/astray")).only(&allowed)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Blocked);
    assert!(failure.message.contains("evil.test") && failure.message.contains("allowedHosts"));
    assert_discreet(&failure);
    assert_eq!(other.received().len(), 1);

    let sent = server.received().len();
    let failure = send(&client, &get_spec(server.named("evil.test", "/")).only(&allowed)).await.unwrap_err();
    assert_eq!((failure.kind, server.received().len()), (FailureKind::Blocked, sent));
}

/// What was posted may be done once a redirect answered it, whatever becomes of fetching the answer.
#[tokio::test]
async fn what_follows_an_answered_post_leaves_it_in_doubt() {
    for (method, status, in_doubt) in [
        (Method::POST, 301, true),
        (Method::POST, 302, true),
        (Method::POST, 303, true),
        (Method::PATCH, 303, true),
        (Method::POST, 307, false),
        (Method::PATCH, 302, false),
        (Method::GET, 303, false),
    ] {
        for target in ["/missing", "ftp://elsewhere.test/"] {
            let server = Server::start(move |request| match request.target.as_str() {
                "/v1/contacts" => redirect(status, target),
                _ => answer("404 Not Found", "", "{}"),
            })
            .await;
            let spec = spec(method.clone(), server.url("/v1/contacts")).body("{}");
            let failure = send(&open_client(), &spec).await.unwrap_err();
            assert_eq!(failure.in_doubt, in_doubt, "{method} {status} {target}: {failure}");
        }
    }
}
