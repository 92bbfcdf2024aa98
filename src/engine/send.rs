//! Sends a rendered request and reads the answer: the only network I/O of the engine.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::dns::Resolve;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use url::Url;

use super::decode::{self, FAILED_BODY_BYTES, ReadError};
use super::egress::{EgressPolicy, Judged, SystemResolver, forbidden_literal};
use super::exchange::{RequestSpec, UpstreamResponse};
use super::failure::{FailedResponse, Failure, FailureKind};
use super::redirect::{Hop, becomes_get};
use super::transport::{self, host_label};
use super::verdict::Redirected;

/// Setting up a connection (TCP and TLS) may take this long, within the exchange's own timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Unused connections are closed after this time: before the 60 to 75 seconds at which common load
/// balancers close theirs, so that a request seldom meets a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Unused connections kept per host. A pool smaller than the concurrency halves throughput.
const IDLE_PER_HOST: usize = 256;

/// Longest timeout that is honoured, so that arithmetic on deadlines cannot overflow.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a [`Client`] may do.
#[derive(Clone)]
pub struct ClientOptions {
    /// Where requests may go.
    pub egress: EgressPolicy,
    /// Cap on an answer's body in bytes, counted after decompression.
    pub max_response_bytes: u64,
    /// Redirects that one exchange follows; the reference follows 21 (recordings 06,
    /// `redirect-loop`).
    pub max_redirects: usize,
    /// Resolves host names instead of the system's resolver. Its answers pass the egress guard too.
    pub resolver: Option<Arc<dyn Resolve>>,
    /// Certificate authorities that are trusted besides the system's, for every host: those of CRMs
    /// whose certificates come from a private authority. `reqwest::Certificate` reads DER and PEM.
    pub extra_roots: Vec<reqwest::Certificate>,
}

impl Default for ClientOptions {
    /// Public addresses only, 8 MiB, 21 redirects, the system's resolver and authorities.
    fn default() -> Self {
        Self {
            egress: EgressPolicy::default(),
            max_response_bytes: 8 * 1024 * 1024,
            max_redirects: 21,
            resolver: None,
            extra_roots: Vec::new(),
        }
    }
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up")]
pub struct ClientError(#[from] reqwest::Error);

/// A pool of connections to CRMs, for one worker thread.
///
/// # Life and shutdown
/// Each connection is driven by a task on the runtime whose thread used it first. A client that
/// several runtimes share therefore fails calls when the runtime that owns a connection stops
/// before the others. So every worker has its own client, made and used on its own runtime only.
///
/// Dropping a client closes the unused connections. A call in flight holds its connection itself
/// and is not disturbed, as long as its runtime runs: await the calls, then drop the client, then
/// the runtime. Dropping the future of a call aborts it.
pub struct Client {
    /// Reaches public addresses only, unless the policy allows every address.
    general: Pool,
    /// Reaches any address: for the hosts that the operator trusts. A pool of its own, so that no
    /// connection made under one rule is reused under the other.
    trusted: Pool,
    egress: EgressPolicy,
    max_response_bytes: usize,
    max_redirects: usize,
}

impl Client {
    /// Sets up the connection pools and loads the system's certificate authorities.
    ///
    /// On a machine without any authority it works for plain HTTP, and https works only with what
    /// [`extra_roots`](ClientOptions::extra_roots) vouch for; every other https exchange fails as
    /// [`FailureKind::Tls`].
    ///
    /// # Errors
    /// When TLS cannot be initialised, or one of the extra roots is no certificate.
    pub fn new(options: &ClientOptions) -> Result<Self, ClientError> {
        let names = options.resolver.clone().unwrap_or_else(|| Arc::new(SystemResolver));
        let roots: Arc<[reqwest::Certificate]> = options.extra_roots.clone().into();
        let pool = |public_only| {
            Pool::new(Arc::new(Judged { names: names.clone(), public_only }), Arc::clone(&roots))
        };
        let (general, trusted) = match &options.egress {
            EgressPolicy::AllowPrivate => {
                let open = pool(false)?;
                (open.clone(), open)
            }
            // Nothing is trusted, so the second pool would never be asked for.
            EgressPolicy::PublicOnly { allowed } if allowed.is_empty() => {
                let guarded = pool(true)?;
                (guarded.clone(), guarded)
            }
            EgressPolicy::PublicOnly { .. } => (pool(true)?, pool(false)?),
        };
        Ok(Self {
            general,
            trusted,
            egress: options.egress.clone(),
            max_response_bytes: usize::try_from(options.max_response_bytes).unwrap_or(usize::MAX),
            max_redirects: options.max_redirects,
        })
    }
}

/// The connections made under one rule about addresses.
#[derive(Clone)]
struct Pool {
    /// HTTP/2 where the server offers it, else HTTP/1.1.
    any: reqwest::Client,
    /// HTTP/1.1 only, made when first needed.
    http1: OnceLock<reqwest::Client>,
    names: Arc<Judged>,
    extra_roots: Arc<[reqwest::Certificate]>,
}

impl Pool {
    fn new(names: Arc<Judged>, extra_roots: Arc<[reqwest::Certificate]>) -> Result<Self, reqwest::Error> {
        let any = reqwest_client(&names, &extra_roots, false)?;
        Ok(Self { any, http1: OnceLock::new(), names, extra_roots })
    }

    /// The client for a request. HTTP/2 names the host in `:authority`, which must not differ from
    /// `Host`; a document that overrides `Host` (recordings 05, `hostHeader`) is served by HTTP/1.1.
    fn client(&self, headers: &HeaderMap) -> &reqwest::Client {
        if !headers.contains_key(HOST) {
            return &self.any;
        }
        // The same settings have worked before.
        self.http1.get_or_init(|| {
            reqwest_client(&self.names, &self.extra_roots, true).unwrap_or_else(|_| self.any.clone())
        })
    }
}

fn reqwest_client(
    names: &Arc<Judged>,
    extra_roots: &[reqwest::Certificate],
    http1_only: bool,
) -> Result<reqwest::Client, reqwest::Error> {
    let builder = || {
        let builder = reqwest::Client::builder()
            .dns_resolver(names.clone())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // By default reqwest sends a request again after some HTTP/2 refusals. A call must
            // never be logged twice, and whether a server that says so did nothing is its word
            // alone.
            //
            // What remains is hyper-util's own retry: a request that was still queued when its
            // pooled connection turned out to be closed goes to another connection. hyper hands a
            // request back only when it has not begun to write it, so that one is safe. Once
            // writing has begun, a lost connection is a `Reset` failure.
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .tcp_nodelay(true);
        if http1_only { builder.http1_only() } else { builder }
    };
    builder().tls_certs_merge(extra_roots.iter().cloned()).build().or_else(|error| {
        // The one expected cause is an image without certificate authorities. Plain HTTP (a sandbox,
        // a CRM in the same network) must work there all the same. An extra root that is no
        // certificate fails here again.
        let client = builder().tls_certs_only(extra_roots.iter().cloned()).build()?;
        tracing::warn!(
            cause = std::error::Error::source(&error).map(ToString::to_string),
            "no certificate authorities: every https call will fail; install ca-certificates or set \
             SSL_CERT_FILE"
        );
        Ok(client)
    })
}

/// Sends `spec`, follows redirects and reads the answer.
///
/// Sent as the spec has it, plus `Host` and `Content-Length`, and where the spec has none,
/// `Accept-Encoding` and `Accept: */*`. Compressed answers are decoded whatever the request asked
/// for. Nothing is ever sent twice, except where a redirect asks for it.
///
/// # Errors
/// Every [`FailureKind`]; [`Status`](FailureKind::Status) for all answers outside 200–299 that are
/// not a redirect to follow, [`NotJson`](FailureKind::NotJson) only for bodies whose compression
/// cannot be decoded.
pub async fn send(client: &Client, spec: &RequestSpec) -> Result<UpstreamResponse, Failure> {
    send_by(client, spec, deadline(spec)).await
}

/// When an exchange that begins now has to be over.
pub fn deadline(spec: &RequestSpec) -> Instant {
    Instant::now() + spec.timeout.min(LONGEST_TIMEOUT)
}

/// As [`send`], but to be over by `deadline`: for one attempt of several that share a timeout.
///
/// # Errors
/// As [`send`].
pub async fn send_by(
    client: &Client,
    spec: &RequestSpec,
    deadline: Instant,
) -> Result<UpstreamResponse, Failure> {
    let span = tracing::debug_span!(
        "exchange",
        otel.kind = "client",
        method = spec.method.as_str(),
        host = spec.url.host_str(),
        outcome = tracing::field::Empty
    );
    let answered = follow(client, spec, deadline).instrument(span.clone()).await;
    span.record("outcome", answered.as_ref().map_or_else(|failure| failure.kind.as_str(), |_| "ok"));
    answered
}

async fn follow(client: &Client, spec: &RequestSpec, deadline: Instant) -> Result<UpstreamResponse, Failure> {
    let mut was_answered = false;
    let followed = follow_hops(client, spec, deadline, &mut was_answered).await;
    followed.map_err(|failure| Failure { in_doubt: failure.in_doubt || was_answered, ..failure })
}

/// `was_answered` becomes true once a redirect answered what was asked, and only the answer is fetched.
async fn follow_hops(
    client: &Client,
    spec: &RequestSpec,
    deadline: Instant,
    was_answered: &mut bool,
) -> Result<UpstreamResponse, Failure> {
    let mut hop = Hop::first(spec)?;
    let mut redirects = 0;
    loop {
        let http = client.admit(spec, &hop.url)?.client(&hop.headers);
        let response = match timeout_at(deadline, http.execute(request(&hop))).await {
            Ok(sent) => sent.map_err(|error| transport::failure(&hop.url, &error))?,
            Err(_) => return Err(late(spec, &hop.url, "did not answer")),
        };
        let status = response.status();
        if status.is_success() {
            return match timeout_at(deadline, finish(client, &hop, response)).await {
                Ok(result) => result.map(|mut response| {
                    response.redirected =
                        (redirects > 0).then(|| Redirected::between(&spec.url, &hop.url, *was_answered));
                    response
                }),
                Err(_) => Err(late(spec, &hop.url, "began to answer but did not finish")),
            };
        }
        let Some(location) = redirect_target(&response).cloned() else {
            return Err(refused(&hop, response, deadline).await);
        };
        // The body of a redirect is not read: its connection is given up for it, so that a slow
        // one cannot hold the exchange.
        let headers = response.headers().clone();
        let from = host_label(&hop.url);
        *was_answered |= !hop.method.is_safe() && becomes_get(&hop.method, status);
        let next = if redirects == client.max_redirects {
            let message =
                format!("{from} keeps redirecting: a redirect loop, given up after {redirects} redirects");
            Err(Failure::new(FailureKind::Status(status.as_u16()), message))
        } else {
            hop.follow(status, &location)
        };
        redirects += 1;
        hop = next.map_err(|mut failure| {
            if failure.status().is_some() {
                let body = Value::String(String::new());
                failure.response = Some(Box::new(FailedResponse { headers, body }));
            }
            failure
        })?;
    }
}

impl Client {
    /// Judges one step of an exchange before anything is sent, and picks the pool that sends it.
    fn admit(&self, spec: &RequestSpec, url: &Url) -> Result<&Pool, Failure> {
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            let message = format!("Only http and https URLs are called, not {}", url.scheme());
            return Err(Failure::new(FailureKind::Blocked, message));
        }
        if !spec.hosts.allows(url) {
            let message = format!(
                "{} is not among the hosts that this document may reach; a host that a template chooses, \
                 or a redirect leads to, must be listed in requestDefaults.allowedHosts",
                host_label(url)
            );
            return Err(Failure::new(FailureKind::Blocked, message));
        }
        if self.egress.trusts(url) {
            return Ok(&self.trusted);
        }
        match forbidden_literal(url) {
            Some(kind) => Err(transport::not_public_failure(url, &format!("is {kind}"))),
            None => Ok(&self.general),
        }
    }
}

fn request(hop: &Hop) -> reqwest::Request {
    let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
    *request.headers_mut() = hop.headers.clone();
    match &hop.body {
        Some(body) => *request.body_mut() = Some(body.clone().into()),
        // Recordings 03, `wholeBodyMissing`: these methods announce that there is no body.
        None if [Method::POST, Method::PUT, Method::PATCH].contains(&hop.method) => {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        None => {}
    }
    request
}

/// Where an answer redirects to, if it is a redirect that is followed.
fn redirect_target(response: &reqwest::Response) -> Option<&HeaderValue> {
    response.headers().get(LOCATION).filter(|_| is_followed(response.status()))
}

fn is_followed(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Reads the body of a successful answer.
async fn finish(
    client: &Client,
    hop: &Hop,
    mut response: reqwest::Response,
) -> Result<UpstreamResponse, Failure> {
    let host = || host_label(&hop.url);
    let cap = client.max_response_bytes;
    let mut bytes = Vec::new();
    if hop.method != Method::HEAD {
        let too_large = || {
            Failure::new(
                FailureKind::TooLarge,
                format!("{} answered with more than {cap} bytes; ask for fewer records or fields", host()),
            )
        };
        if response.content_length().is_some_and(|length| length > cap as u64) {
            return Err(too_large());
        }
        decode::read(&mut response, cap, &mut bytes).await.map_err(|error| match error {
            ReadError::TooLarge => too_large(),
            ReadError::Broken(error) => transport::failure(&hop.url, &error),
        })?;
        // The decoders remove the header; what is left is an encoding that they do not know.
        if let Some(encoding) = unknown_encoding(&response).filter(|_| !bytes.is_empty()) {
            let message = format!(
                "{} answered in the content encoding {encoding:?}; gzip, br, deflate and identity are \
                 understood",
                host()
            );
            return Err(Failure::new(FailureKind::NotJson, message));
        }
    }
    let (body, kind) = decode::decode(&bytes);
    let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    Ok(UpstreamResponse::new(status, headers, body, kind))
}

fn unknown_encoding(response: &reqwest::Response) -> Option<String> {
    let value = response.headers().get(CONTENT_ENCODING)?;
    let name: String = String::from_utf8_lossy(value.as_bytes()).chars().take(40).collect();
    (!name.trim().is_empty() && !name.trim().eq_ignore_ascii_case("identity")).then_some(name)
}

/// The failure for an answer outside 200–299, with as much of its body as arrives in time.
async fn refused(hop: &Hop, mut response: reqwest::Response, deadline: Instant) -> Failure {
    let status = response.status();
    let mut bytes = Vec::new();
    let mut complete = true;
    if hop.method != Method::HEAD {
        let reading = decode::read(&mut response, FAILED_BODY_BYTES, &mut bytes);
        complete = matches!(timeout_at(deadline, reading).await, Ok(Ok(())));
        if unknown_encoding(&response).is_some() {
            bytes.clear();
        }
    }
    let host = host_label(&hop.url);
    let mut message = format!("{host} answered {status}");
    if is_followed(status) {
        message.push_str(" without an address to go on to");
    }
    if hop.credentials_dropped && matches!(status.as_u16(), 401 | 403) {
        message.push_str(
            ": a redirect led to this host, and credentials are not sent along to another host; write its \
             address into the document",
        );
    }
    Failure {
        response: Some(Box::new(FailedResponse {
            body: decode::decode_failed(&bytes, complete),
            headers: std::mem::take(response.headers_mut()),
        })),
        ..Failure::new(FailureKind::Status(status.as_u16()), message)
    }
}

fn late(spec: &RequestSpec, url: &Url, what: &str) -> Failure {
    Failure::new(
        FailureKind::Timeout,
        format!(
            "{} {what} within {} s (timeoutSeconds); whether it did what was asked is unknown",
            host_label(url),
            spec.timeout.as_secs_f64()
        ),
    )
}
