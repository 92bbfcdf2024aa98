//! TLS and HTTP/2 against a real server whose certificate comes from an authority made here.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::exchange::UpstreamResponse;
use app_connect::engine::failure::{Failure, FailureKind};
use app_connect::engine::send::{Client, ClientOptions, send};
use bytes::Bytes;
use http::{Method, Response};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::send::server::*;

const H2: &str = "h2";
const HTTP1: &str = "http/1.1";

/// A certificate authority of this test's own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(parameters, key), certificate }
    }

    /// A server's settings: a certificate for `crm.test` that ends in `until`, and the protocols.
    fn settings(&self, protocols: &[&str], until: i32) -> ServerConfig {
        let mut parameters = CertificateParams::new(["crm.test".to_owned()]).unwrap();
        parameters.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().der().clone();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut settings = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        settings.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        settings
    }

    fn serve(&self, protocols: &[&str]) -> impl Future<Output = TlsServer> {
        TlsServer::start(self.settings(protocols, 2999))
    }

    /// A client that trusts this authority, and for which every `.test` name is 127.0.0.1.
    fn client(&self) -> Client {
        client_of(vec![reqwest::Certificate::from_der(&self.certificate).unwrap()])
    }
}

fn client_of(extra_roots: Vec<reqwest::Certificate>) -> Client {
    Client::new(&options(extra_roots)).unwrap()
}

fn options(extra_roots: Vec<reqwest::Certificate>) -> ClientOptions {
    ClientOptions {
        egress: EgressPolicy::AllowPrivate,
        resolver: Some(test_names(&["127.0.0.1"])),
        extra_roots,
        ..ClientOptions::default()
    }
}

/// A server that answers `{"over": protocol}` and records.
struct TlsServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    /// What each connection agreed on by ALPN; a failed handshake adds nothing.
    agreed: Arc<Mutex<Vec<Option<String>>>>,
}

impl TlsServer {
    async fn start(settings: ServerConfig) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            agreed: Arc::default(),
        };
        let acceptor = TlsAcceptor::from(Arc::new(settings));
        let (received, agreed) = (server.received.clone(), server.agreed.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, received, agreed) = (acceptor.clone(), received.clone(), agreed.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let protocol = stream.get_ref().1.alpn_protocol();
                    let protocol = protocol.map(|name| String::from_utf8(name.to_vec()).unwrap());
                    agreed.lock().unwrap().push(protocol.clone());
                    match protocol.as_deref() {
                        Some(H2) => serve_h2(stream, &received).await,
                        _ => {
                            let handler = |_: &Received| answer("200 OK", "", r#"{"over": "http/1.1"}"#);
                            serve(stream, Arc::new(handler), received).await;
                        }
                    }
                });
            }
        });
        server
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/v1?q=1", self.address.port())
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn agreed(&self) -> Vec<Option<String>> {
        self.agreed.lock().unwrap().clone()
    }
}

/// Serves HTTP/2 on one connection; `:authority` is recorded like a header.
async fn serve_h2(stream: TlsStream<TcpStream>, received: &Mutex<Vec<Received>>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let uri = request.uri();
        let authority = (":authority".to_owned(), uri.authority().unwrap().to_string());
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        received.lock().unwrap().push(Received {
            method: request.method().to_string(),
            target: uri.path_and_query().unwrap().to_string(),
            headers: std::iter::once(authority).chain(headers).collect(),
            body: Vec::new(),
        });
        let mut body = respond.send_response(Response::new(()), false).unwrap();
        body.send_data(Bytes::from_static(br#"{"over": "h2"}"#), true).unwrap();
    }
}

async fn get(client: &Client, url: String) -> Result<UpstreamResponse, Failure> {
    send(client, &get_spec(url)).await
}

#[tokio::test]
async fn http1_over_tls() {
    let authority = Authority::new();
    // Without ALPN, and where the server offers nothing else.
    for (protocols, agreed) in [(&[][..], None), (&[HTTP1], Some(HTTP1.to_owned()))] {
        let server = authority.serve(protocols).await;
        let client = authority.client();
        for _ in 0..2 {
            let reply = get(&client, server.url("crm.test")).await.unwrap();
            assert_eq!(*reply.body(), json!({"over": HTTP1}));
        }
        let received = server.received();
        assert_eq!(received.len(), 2);
        let host = format!("crm.test:{}", server.address.port());
        assert_eq!((received[0].target.as_str(), received[0].header("host")), ("/v1?q=1", Some(&*host)));
        assert_eq!(server.agreed(), [agreed], "one connection");
    }
}

#[tokio::test]
async fn http2_is_agreed_on_by_alpn_and_requests_share_a_connection() {
    let authority = Authority::new();
    let server = authority.serve(&[H2, HTTP1]).await;
    let client = authority.client();
    let first = get(&client, server.url("crm.test")).await.unwrap();
    assert_eq!(*first.body(), json!({"over": H2}));
    let at_once = tokio::join!(get(&client, server.url("crm.test")), get(&client, server.url("crm.test")));
    assert_eq!((at_once.0.unwrap().status, at_once.1.unwrap().status), (200, 200));
    assert_eq!(server.agreed(), [Some(H2.to_owned())], "one connection");
    let received = server.received();
    assert_eq!(received.len(), 3);
    let host = format!("crm.test:{}", server.address.port());
    for request in received {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/v1?q=1"));
        assert_eq!((request.header(":authority"), request.header("host")), (Some(&*host), None));
    }
}

#[tokio::test]
async fn a_host_override_goes_as_http1() {
    let authority = Authority::new();
    let server = authority.serve(&[H2, HTTP1]).await;
    let client = authority.client();
    get(&client, server.url("crm.test")).await.unwrap();
    let spec = spec(Method::GET, server.url("crm.test")).plain("host", "tenant.example.com");
    let reply = send(&client, &spec).await.unwrap();
    assert_eq!(*reply.body(), json!({"over": HTTP1}));
    assert_eq!(server.received()[1].header("host"), Some("tenant.example.com"));
    assert_eq!(server.agreed(), [Some(H2.to_owned()), Some(HTTP1.to_owned())]);
}

#[tokio::test]
async fn a_server_that_cannot_be_verified_gets_no_request() {
    let authority = Authority::new();
    let server = authority.serve(&[H2, HTTP1]).await;
    let expired = TlsServer::start(authority.settings(&[], 2001)).await;
    for (why, client, server, host) in [
        ("no authority is known", client_of(Vec::new()), &server, "crm.test"),
        ("another authority is known", Authority::new().client(), &server, "crm.test"),
        ("the name is another", authority.client(), &server, "other.test"),
        ("the certificate has expired", authority.client(), &expired, "crm.test"),
    ] {
        for spec in [get_spec(server.url(host)), get_spec(server.url(host)).plain("host", "crm.test")] {
            let failure = send(&client, &spec).await.expect_err(why);
            assert_eq!(failure.kind, FailureKind::Tls, "{why}: {failure:?}");
            assert!(failure.message.contains(&format!("{host}:")), "{why}: {}", failure.message);
            assert!(failure.message.contains("its certificate must be valid"), "{why}: {}", failure.message);
        }
        assert!(server.received().is_empty(), "{why}");
    }
}

#[test]
fn an_extra_root_that_is_no_certificate_is_refused() {
    let nonsense = reqwest::Certificate::from_der(b"nonsense").unwrap();
    assert!(Client::new(&options(vec![nonsense])).is_err());
}
