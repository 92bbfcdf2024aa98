//! The connections of a client: how they are made, kept and shared.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::HeaderMap;
use http::header::HOST;

use super::egress::Judged;
use super::proxies::Proxies;

/// Setting up a connection (TCP and TLS) may take this long, within the exchange's own timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Unused connections are closed after this time: before the 60 to 75 seconds at which common load
/// balancers close theirs, so that a request seldom meets a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Unused connections kept per host. A pool smaller than the concurrency halves throughput.
const IDLE_PER_HOST: usize = 256;

/// The connections made under one rule about addresses.
#[derive(Clone)]
pub(super) struct Pool {
    /// HTTP/2 where the server offers it, else HTTP/1.1.
    any: reqwest::Client,
    /// HTTP/1.1 only, made when first needed.
    http1: OnceLock<reqwest::Client>,
    names: Arc<Judged>,
    extra_roots: Arc<[reqwest::Certificate]>,
    proxies: Proxies,
}

impl Pool {
    pub(super) fn new(
        names: Arc<Judged>,
        extra_roots: Arc<[reqwest::Certificate]>,
        proxies: Proxies,
    ) -> Result<Self, reqwest::Error> {
        let any = reqwest_client(&names, &extra_roots, &proxies, false)?;
        Ok(Self { any, http1: OnceLock::new(), names, extra_roots, proxies })
    }

    /// The client for a request. HTTP/2 names the host in `:authority`, which must not differ from
    /// `Host`; a document that overrides `Host` (recordings 05, `hostHeader`) is served by HTTP/1.1.
    pub(super) fn client(&self, headers: &HeaderMap) -> &reqwest::Client {
        if !headers.contains_key(HOST) {
            return &self.any;
        }
        // The same settings have worked before.
        self.http1.get_or_init(|| {
            reqwest_client(&self.names, &self.extra_roots, &self.proxies, true)
                .unwrap_or_else(|_| self.any.clone())
        })
    }
}

fn reqwest_client(
    names: &Arc<Judged>,
    extra_roots: &[reqwest::Certificate],
    proxies: &Proxies,
    http1_only: bool,
) -> Result<reqwest::Client, reqwest::Error> {
    let proxies = proxies.for_client()?;
    let builder = || {
        // Without `no_proxy` the client would ask the environment by itself.
        let builder = reqwest::Client::builder().no_proxy();
        let builder = proxies.iter().cloned().fold(builder, reqwest::ClientBuilder::proxy);
        let builder = builder
            .dns_resolver(names.clone())
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
