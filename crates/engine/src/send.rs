//! Sends a rendered request and reads the answer: the only network I/O of the engine.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::dns::Resolve;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use url::Url;

use super::coding::{self, Codings};
use super::decode::{self, Decoded, FAILED_BODY_BYTES, ReadError};
use super::egress::{EgressPolicy, Judged, NotPublic, SystemResolver, forbidden_literal};
use super::exchange::{RequestSpec, UpstreamResponse, header_text};
use super::failure::{FailedResponse, Failure, FailureKind};
use super::host::host_label;
use super::off_worker::off_worker;
use super::pool::Pool;
use super::proxies::{Proxies, Proxy, is_private_name};
use super::redirect::{Hop, becomes_get};
use super::text::one_line;
use super::transport;
use super::verdict::redirected;

/// How long a name is looked up here that a proxy will resolve anyhow.
const NAME_TIMEOUT: Duration = Duration::from_secs(2);

/// A longer body is parsed off the worker (bytes): it would take more than a few milliseconds.
const INLINE: usize = 128 * 1024;

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
    /// Proxies through which requests leave.
    pub proxies: Proxies,
    /// Certificate authorities that are trusted besides the system's, for every host: those of CRMs
    /// whose certificates come from a private authority. `reqwest::Certificate` reads DER and PEM.
    pub extra_roots: Vec<reqwest::Certificate>,
}

impl Default for ClientOptions {
    /// Public addresses only, 8 MiB, 21 redirects, the system's resolver and authorities, no proxy.
    fn default() -> Self {
        Self {
            egress: EgressPolicy::default(),
            max_response_bytes: 8 * 1024 * 1024,
            max_redirects: 21,
            resolver: None,
            proxies: Proxies::default(),
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
    /// Reaches what has a proxy, through it. The proxy is the operator's choice and may have any address;
    /// the target is judged before each request.
    proxied: Option<Pool>,
    proxies: Proxies,
    /// Resolves names as the general pool does, to judge targets that a proxy will resolve.
    judge: Arc<Judged>,
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
        let judged = |public_only| Arc::new(Judged { names: names.clone(), public_only });
        let pool = |public_only| Pool::new(judged(public_only), Arc::clone(&roots), Proxies::default());
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
        let proxied = match options.proxies.is_empty() {
            true => None,
            false => Some(Pool::new(judged(false), Arc::clone(&roots), options.proxies.clone())?),
        };
        Ok(Self {
            general,
            trusted,
            proxied,
            proxies: options.proxies.clone(),
            judge: judged(true),
            egress: options.egress.clone(),
            max_response_bytes: usize::try_from(options.max_response_bytes).unwrap_or(usize::MAX),
            max_redirects: options.max_redirects,
        })
    }
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
    followed.map_err(|failure| Failure {
        in_doubt: failure.in_doubt || was_answered,
        was_redirected: was_answered,
        ..failure
    })
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
        let (pool, proxy) = client.admit(spec, &hop.url, deadline).await?;
        let sending = pool.client(&hop.headers).execute(request(&hop));
        let response = match timeout_at(deadline, sending).await {
            Ok(sent) => sent.map_err(|error| transport::failure_through(proxy, &hop.url, &error))?,
            Err(_) => return Err(late(spec, &hop.url, "did not answer")),
        };
        let status = response.status();
        if status.is_success() {
            return match timeout_at(deadline, finish(client, &hop, response)).await {
                Ok(result) => result.map(|mut response| {
                    response.redirected =
                        (redirects > 0).then(|| redirected(&spec.url, &hop.url, *was_answered));
                    response
                }),
                Err(_) => Err(late(spec, &hop.url, "began to answer but did not finish")),
            };
        }
        let Some(location) = redirect_target(&response).cloned() else {
            return Err(refused(&hop, proxy, response, deadline).await);
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
    /// Judges one step of an exchange before anything is sent, and picks the pool that sends it, with the
    /// proxy that it leaves through.
    async fn admit(
        &self,
        spec: &RequestSpec,
        url: &Url,
        deadline: Instant,
    ) -> Result<(&Pool, Option<&Proxy>), Failure> {
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
        let through = self.proxied.as_ref().zip(self.proxies.of(url));
        let is_trusted = self.egress.trusts(url);
        if !is_trusted && let Some(kind) = forbidden_literal(url) {
            return Err(transport::not_public_failure(url, &format!("is {kind}")));
        }
        match through {
            Some((pool, proxy)) => {
                if !is_trusted {
                    self.judge_name(url, proxy, deadline).await?;
                }
                Ok((pool, Some(proxy)))
            }
            None if is_trusted => Ok((&self.trusted, None)),
            None => Ok((&self.general, None)),
        }
    }

    /// Judges a name that a proxy will resolve by what it resolves to here. Where it does not, the proxy
    /// decides, as in networks whose names of the outside only a proxy knows; names of private networks
    /// are not left to it.
    async fn judge_name(&self, url: &Url, proxy: &Proxy, deadline: Instant) -> Result<(), Failure> {
        let Some(name) = url.domain() else { return Ok(()) };
        let Ok(parsed) = name.parse() else { return Ok(()) };
        let until = deadline.min(Instant::now() + NAME_TIMEOUT);
        let found = timeout_at(until, self.judge.resolve(parsed)).await;
        let refused = match &found {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.downcast_ref::<NotPublic>(),
            Err(_) => None,
        };
        let reason = match refused {
            Some(NotPublic(kind)) => format!("resolves to {kind}"),
            None if is_private_name(name) => {
                format!("is a name of private networks that only the proxy {proxy} may know")
            }
            None => return Ok(()),
        };
        Err(transport::not_public_failure(url, &reason))
    }
}

fn request(hop: &Hop) -> reqwest::Request {
    let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
    *request.headers_mut() = hop.headers.clone();
    request.headers_mut().entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip,deflate,br"));
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
        let codings = Codings::of(response.headers());
        let most = codings.longest_of(cap);
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err(too_large());
        }
        decode::read(&mut response, most, &mut bytes).await.map_err(|error| match error {
            ReadError::TooLarge => too_large(),
            ReadError::Broken(error) => transport::failure(&hop.url, &error),
        })?;
        if !codings.is_empty() {
            let (decoded, trouble) = codings.decode(bytes, cap).await;
            match trouble {
                None => bytes = decoded,
                Some(coding::Trouble::TooLarge) => return Err(too_large()),
                Some(trouble) => return Err(undecoded(&host(), trouble, response.headers())),
            }
        }
    }
    let Decoded { body, kind, replaced, has_too_many_values } = decoded(bytes, response.headers()).await;
    if has_too_many_values {
        let message = format!(
            "{} answered with more than {} values; ask for fewer records or fields",
            host(),
            decode::MOST_VALUES
        );
        return Err(Failure::new(FailureKind::TooLarge, message));
    }
    let (status, mut headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    // They told of the body as it was sent.
    if headers.remove(CONTENT_ENCODING).is_some() {
        headers.remove(CONTENT_LENGTH);
    }
    let mut response = UpstreamResponse::new(status, headers, body, kind);
    response.replaced = replaced;
    Ok(response)
}

/// Reads a body; a long one off the worker.
async fn decoded(bytes: Vec<u8>, headers: &HeaderMap) -> Decoded {
    let content_type = decode::content_type(headers);
    if bytes.len() <= INLINE {
        return decode::decode(&bytes, content_type);
    }
    let content_type = content_type.map(str::to_owned);
    let decoding = off_worker(move || decode::decode(&bytes, content_type.as_deref()));
    decoding.await.unwrap_or_else(|| decode::decode(&[], None))
}

/// The failure for a body that could not be decoded.
fn undecoded(host: &str, trouble: coding::Trouble, headers: &HeaderMap) -> Failure {
    let names: Vec<_> = headers.get_all(CONTENT_ENCODING).iter().map(header_text).collect();
    let names = one_line(&names.join(", "), 40);
    match trouble {
        coding::Trouble::CutOff => Failure::new(
            FailureKind::Reset,
            format!(
                "{host} answered with a compressed body that is cut off; whether the CRM did what was asked is \
                 unknown"
            ),
        ),
        coding::Trouble::Unknown => Failure::new(
            FailureKind::NotJson,
            format!(
                "{host} answered in the content encoding {names:?}; gzip, br, deflate and identity are \
                 understood"
            ),
        ),
        coding::Trouble::Damaged | coding::Trouble::TooLarge => Failure::new(
            FailureKind::NotJson,
            format!("{host} answered with a body that is damaged: it is not the {names:?} that it names"),
        ),
    }
}

/// The failure for an answer outside 200–299, with as much of its body as arrives in time.
async fn refused(
    hop: &Hop,
    proxy: Option<&Proxy>,
    mut response: reqwest::Response,
    deadline: Instant,
) -> Failure {
    let status = response.status();
    let mut bytes = Vec::new();
    let mut complete = true;
    if hop.method != Method::HEAD {
        let codings = Codings::of(response.headers());
        let reading = decode::read(&mut response, codings.longest_of(FAILED_BODY_BYTES), &mut bytes);
        complete = matches!(timeout_at(deadline, reading).await, Ok(Ok(())));
        if !codings.is_empty() {
            let (decoded, trouble) = codings.decode(bytes, FAILED_BODY_BYTES).await;
            complete &= trouble.is_none();
            bytes = decoded;
        }
    }
    let host = host_label(&hop.url);
    let mut message = format!("{host} answered {status}");
    if is_followed(status) {
        message.push_str(" without an address to go on to");
    }
    // Of https a proxy sees nothing.
    if let Some(proxy) = proxy.filter(|_| hop.url.scheme() == "http") {
        message.push_str(&match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => transport::wants_credentials(proxy),
            _ => format!(", through the proxy {proxy}, which may have answered itself"),
        });
    }
    if hop.credentials_dropped && matches!(status.as_u16(), 401 | 403) {
        message.push_str(
            ": a redirect led to this host, and credentials are not sent along to another host; write its \
             address into the document",
        );
    }
    Failure {
        response: Some(Box::new(FailedResponse {
            body: decode::decode_failed(&bytes, complete, decode::content_type(response.headers())),
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
