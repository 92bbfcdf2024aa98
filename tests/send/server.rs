//! A small HTTP/1.1 server on a free port that records what it gets, and the parts of a request.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::exchange::{HostPattern, HostPolicy, RequestSpec, UpstreamResponse};
use app_connect::engine::failure::Failure;
use app_connect::engine::send::{Client, ClientOptions, send};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
pub enum Answer {
    /// Writes these bytes and waits for the next request.
    Bytes(Vec<u8>),
    /// Writes these bytes and closes the connection.
    ThenClose(Vec<u8>),
    /// Writes these bytes and never goes on.
    ThenStall(Vec<u8>),
    /// Writes these bytes again and again until the client has gone.
    Forever(Vec<u8>),
}

/// A whole answer with a length.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Answer::Bytes(bytes)
}

pub fn redirect(status: u16, location: impl std::fmt::Display) -> Answer {
    answer(&format!("{status} Moved"), &format!("Location: {location}\r\n"), "")
}

pub struct Server {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Serves on a free port of 127.0.0.1; `handler` gets each request.
    pub async fn start(handler: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            connections: Arc::default(),
        };
        let (received, connections) = (server.received.clone(), server.connections.clone());
        let handler = Arc::new(handler);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, handler.clone(), received.clone()));
            }
        });
        server
    }

    /// The URL of `path` here, under 127.0.0.1.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL of `path` here, under another host name.
    pub fn named(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Serves HTTP/1.1 on one connection.
pub async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: Arc<impl Fn(&Received) -> Answer>,
    received: Arc<Mutex<Vec<Received>>>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let answer = handler(&request);
        received.lock().unwrap().push(request);
        match answer {
            Answer::Bytes(bytes) => stream.write_all(&bytes).await.unwrap(),
            Answer::ThenClose(bytes) => return stream.write_all(&bytes).await.unwrap(),
            Answer::ThenStall(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                std::future::pending::<()>().await;
            }
            Answer::Forever(bytes) => while stream.write_all(&bytes).await.is_ok() {},
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end + 4).collect()).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let mut request = Received { method, target, headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |text| text.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    request.body = buffer.drain(..length).collect();
    Some(request)
}

/// Answers every name that ends in `.test` with fixed addresses, any other with nothing.
struct TestNames(Vec<IpAddr>);

impl Resolve for TestNames {
    fn resolve(&self, name: Name) -> Resolving {
        let known = name.as_str().ends_with(".test");
        let found: Vec<SocketAddr> =
            self.0.iter().filter(|_| known).map(|address| SocketAddr::new(*address, 0)).collect();
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

/// A client for which every `.test` name is 127.0.0.1 and every address is allowed.
pub fn open_client() -> Client {
    client(EgressPolicy::AllowPrivate, &["127.0.0.1"])
}

/// A client for which every `.test` name has these addresses.
pub fn client(egress: EgressPolicy, addresses: &[&str]) -> Client {
    let resolver = Some(test_names(addresses));
    Client::new(&ClientOptions { egress, resolver, ..ClientOptions::default() }).unwrap()
}

/// A resolver for which every `.test` name has these addresses.
pub fn test_names(addresses: &[&str]) -> Arc<dyn Resolve> {
    Arc::new(TestNames(addresses.iter().map(|text| text.parse().unwrap()).collect()))
}

pub fn patterns(texts: &[&str]) -> Arc<[HostPattern]> {
    texts.iter().map(|text| HostPattern::parse(text).unwrap()).collect()
}

pub fn public_only(allowed: &[&str]) -> EgressPolicy {
    EgressPolicy::PublicOnly { allowed: patterns(allowed) }
}

/// A bare request.
pub fn spec(method: Method, url: impl AsRef<str>) -> RequestSpec {
    RequestSpec {
        method,
        url: Url::parse(url.as_ref()).unwrap(),
        headers: HeaderMap::new(),
        body: None,
        sensitive_body: false,
        timeout: Duration::from_secs(20),
        hosts: HostPolicy::Literal,
    }
}

pub fn get_spec(url: impl AsRef<str>) -> RequestSpec {
    spec(Method::GET, url)
}

pub trait With {
    fn plain(self, name: &'static str, value: &'static str) -> Self;
    fn secret(self, name: &'static str, value: &'static str) -> Self;
    fn body(self, body: &str) -> Self;
    fn only(self, hosts: &[&str]) -> Self;
}

impl With for RequestSpec {
    fn plain(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    fn secret(mut self, name: &'static str, value: &'static str) -> Self {
        let mut value = HeaderValue::from_static(value);
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    fn body(mut self, body: &str) -> Self {
        self.body = Some(body.as_bytes().to_vec());
        self
    }

    fn only(mut self, hosts: &[&str]) -> Self {
        self.hosts = HostPolicy::Only(patterns(hosts));
        self
    }
}

/// Sends a GET with the open client.
pub async fn get(url: impl AsRef<str>) -> Result<UpstreamResponse, Failure> {
    send(&open_client(), &get_spec(url)).await
}

/// What no text may hold: the tests put these words into paths, queries and credentials.
pub fn assert_discreet(failure: &Failure) {
    for word in ["secret", "token", "?x", "?token", "://"] {
        assert!(!failure.message.contains(word), "{word} in {}", failure.message);
    }
}
