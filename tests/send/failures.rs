//! One test per kind of failure.

use std::time::Duration;

use app_connect::engine::failure::{Failure, FailureKind};
use app_connect::engine::send::{Client, ClientOptions, send};
use app_connect::engine::{egress::EgressPolicy, exchange::RequestSpec};
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::send::server::*;

const PATH: &str = "/secret-path?token=secret";

/// Sends, expects this failure, and checks that the text names the host and nothing private.
async fn fails(client: &Client, spec: &RequestSpec, kind: FailureKind) -> Failure {
    let failure = send(client, spec).await.unwrap_err();
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.message.contains(spec.url.host_str().unwrap()), "{}", failure.message);
    assert_discreet(&failure);
    failure
}

#[tokio::test]
async fn dns() {
    let system = ClientOptions { egress: EgressPolicy::AllowPrivate, ..ClientOptions::default() };
    let spec = get_spec(format!("http://no-such-host.invalid{PATH}"));
    fails(&Client::new(&system).unwrap(), &spec, FailureKind::Dns).await;
    fails(&Client::new(&ClientOptions::default()).unwrap(), &spec, FailureKind::Dns).await;
}

#[tokio::test]
async fn a_name_without_addresses_is_a_dns_failure() {
    let spec = get_spec(format!("http://unknown.example{PATH}"));
    fails(&open_client(), &spec, FailureKind::Dns).await;
    fails(&client(public_only(&[]), &["1.1.1.1"]), &spec, FailureKind::Dns).await;
}

#[tokio::test]
async fn refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["http", "https"] {
        let failure =
            fails(&open_client(), &get_spec(format!("{scheme}://{address}{PATH}")), FailureKind::Refused)
                .await;
        assert!(failure.message.contains(&address.to_string()));
    }
}

#[tokio::test]
async fn tls_against_servers_that_do_not_speak_it() {
    for (answers, closes) in [(false, true), (true, true), (true, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if answers {
                    stream.readable().await.unwrap();
                    stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
                }
                if !closes {
                    open.push(stream);
                }
            }
        });
        fails(&open_client(), &get_spec(format!("https://{address}{PATH}")), FailureKind::Tls).await;
    }
}

#[tokio::test]
async fn timeout_before_and_within_the_answer() {
    for start in ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":"] {
        let server = Server::start(move |_| Answer::ThenStall(start.into())).await;
        let spec = RequestSpec { timeout: Duration::from_millis(150), ..get_spec(server.url(PATH)) };
        fails(&open_client(), &spec, FailureKind::Timeout).await;
    }
}

#[tokio::test]
async fn timeout_bounds_all_redirects_together() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_millis(40));
        redirect(302, "/again")
    })
    .await;
    let spec = RequestSpec { timeout: Duration::from_millis(150), ..get_spec(server.url(PATH)) };
    fails(&open_client(), &spec, FailureKind::Timeout).await;
}

#[tokio::test]
async fn timeout_keeps_a_status_that_arrived() {
    let head = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nslow";
    let server = Server::start(move |_| Answer::ThenStall(head.into())).await;
    // Long enough to connect and get the head on a busy machine; the body never ends.
    let spec = RequestSpec { timeout: Duration::from_secs(2), ..get_spec(server.url(PATH)) };
    let failure = fails(&open_client(), &spec, FailureKind::Status(429)).await;
    let response = failure.response.unwrap();
    assert_eq!(response.headers["retry-after"], "7");
    assert_eq!(response.body, json!("slow"));
}

#[tokio::test]
async fn reset_before_the_answer_and_within_it() {
    let starts = [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        "this is not HTTP\r\n\r\n",
    ];
    for start in starts {
        let server = Server::start(move |_| Answer::ThenClose(start.into())).await;
        let spec = spec(Method::POST, server.url(PATH)).body("{}");
        fails(&open_client(), &spec, FailureKind::Reset).await;
        assert_eq!(server.received().len(), 1, "sent once: {start:?}");
    }
}

#[tokio::test]
async fn a_reused_connection_that_breaks_sends_nothing_twice() {
    let server = Server::start(|request| match request.target.as_str() {
        "/first" => answer("200 OK", "", "{}"),
        _ => Answer::ThenClose(Vec::new()),
    })
    .await;
    let client = open_client();
    for method in [Method::POST, Method::GET] {
        let before = server.received().len();
        send(&client, &get_spec(server.url("/first"))).await.unwrap();
        fails(&client, &spec(method, server.url(PATH)).body("{}"), FailureKind::Reset).await;
        assert_eq!(server.received().len(), before + 2);
    }
}

#[tokio::test]
async fn too_large() {
    let options = ClientOptions {
        egress: EgressPolicy::AllowPrivate,
        max_response_bytes: 1000,
        ..ClientOptions::default()
    };
    let client = Client::new(&options).unwrap();
    let server = Server::start(|request| match request.target.as_str() {
        "/fits" => answer("200 OK", "", "x".repeat(1000)),
        "/declared" => Answer::ThenStall(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n".to_vec()),
        "/chunked" => Answer::ThenStall(
            [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n".to_vec(),
                vec![b'x'; 1001],
                b"\r\n".to_vec(),
            ]
            .concat(),
        ),
        _ => Answer::Forever(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
    })
    .await;
    let fits = send(&client, &get_spec(server.url("/fits"))).await.unwrap();
    assert_eq!(fits.body().as_str().unwrap().len(), 1000);
    for path in ["/declared", "/chunked", "/forever"] {
        let failure = fails(&client, &get_spec(server.url(path)), FailureKind::TooLarge).await;
        assert!(failure.message.contains("1000"));
    }
}

#[tokio::test]
async fn statuses_carry_the_answer() {
    let server = Server::start(|request| match request.target.as_str() {
        "/json" => answer("422 Unprocessable Entity", "X-Rate: 1\r\n", "{\"errors\":[\"x\"]}"),
        "/html" => answer("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>Bad gateway</html>"),
        "/empty" => answer("503 Service Unavailable", "Retry-After: 120\r\n", ""),
        "/long" => answer("500 Oops", "", format!("[{}]", "1,".repeat(70_000))),
        "/cut" => Answer::ThenClose(b"HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n{\"a\":1}".to_vec()),
        "/304" => Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()),
        "/302" => answer("302 Found", "", ""),
        "/300" => answer("300 Multiple Choices", "Location: /json\r\n", ""),
        _ => answer("418 I'm a teapot", "Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x04"),
    })
    .await;
    let client = open_client();
    let table: [(&str, u16, Value); 9] = [
        ("/json", 422, json!({"errors": ["x"]})),
        ("/html", 502, json!("<html>Bad gateway</html>")),
        ("/empty", 503, json!("")),
        ("/long", 500, json!(format!("[{}1", "1,".repeat(32_767)))),
        ("/cut", 500, json!("{\"a\":1}")),
        ("/304", 304, json!("")),
        ("/302", 302, json!("")),
        ("/300", 300, json!("")),
        ("/zstd", 418, json!("")),
    ];
    for (path, status, body) in table {
        let failure = fails(&client, &get_spec(server.url(path)), FailureKind::Status(status)).await;
        assert!(failure.message.contains(&status.to_string()), "{}", failure.message);
        assert!(failure.response.unwrap().body == body, "{path}");
    }
    let failure = fails(&client, &get_spec(server.url("/json")), FailureKind::Status(422)).await;
    assert_eq!(failure.response.unwrap().headers["x-rate"], "1");
    assert!(!failure.message.contains("errors"));
}

#[tokio::test]
async fn what_http_cannot_carry_is_blocked() {
    let server = Server::start(|_| answer("200 OK", "", "{}")).await;
    let with_user = server.url(PATH).replace("http://", "http://user:secret@");
    fails(&open_client(), &get_spec(with_user), FailureKind::Blocked).await;
    let failure = send(&open_client(), &get_spec("ftp://crm.test/secret")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Blocked);
    assert!(server.received().is_empty());
}
