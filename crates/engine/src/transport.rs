//! Turns the HTTP client's errors into failures that a person can act on.
//!
//! Texts name the host and what happened. Errors of the client itself are not quoted: they print
//! the whole URL, and some of them bytes that the other side sent.

use std::error::Error;
use std::io;

use url::Url;

use super::egress::NotPublic;
use super::failure::{Failure, FailureKind};
use super::host::host_label;
use super::proxies::Proxy;

/// The refusal of the egress guard; `reason` reads "resolves to a private address".
pub(super) fn not_public_failure(url: &Url, reason: &str) -> Failure {
    let label = host_label(url);
    Failure::new(
        FailureKind::Blocked,
        format!(
            "{label} {reason}, which this server does not call; the operator can allow it with \
             --allow-host {label}, or every such address with --allow-private-network"
        ),
    )
}

/// As [`failure`], for a request that left through a proxy: what keeps it from being reached, or what
/// it refuses, is told as the proxy's.
pub(super) fn failure_through(proxy: Option<&Proxy>, url: &Url, error: &reqwest::Error) -> Failure {
    let Some(proxy) = proxy.filter(|_| error.is_connect() || error.is_dns()) else {
        return failure(url, error);
    };
    let host = host_label(url);
    let failed =
        |kind, what: &str| Failure::new(kind, format!("{host} was not asked: the proxy {proxy} {what}"));
    if error.is_dns() {
        return failed(FailureKind::Dns, "has a host name that does not resolve");
    }
    // The HTTP client has no type for it: the texts are its own.
    let tunnel = causes(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error"));
    match tunnel {
        Some(text) if text.contains("authorization") => {
            Failure::new(FailureKind::Refused, format!("{host} was not asked{}", wants_credentials(proxy)))
        }
        Some(text) if !text.contains("underlying") => {
            failed(FailureKind::Refused, "refused to connect to it")
        }
        // It was not reached, so the CRM was not asked.
        _ if error.is_timeout() => {
            Failure { in_doubt: false, ..failed(FailureKind::Timeout, "did not answer in time") }
        }
        _ => match find::<io::Error>(error).filter(|io| io.raw_os_error().is_some()) {
            Some(io) => failed(FailureKind::Refused, &format!("cannot be reached: {io}")),
            // What remains is TLS with the target, within the tunnel.
            None => failure(url, error),
        },
    }
}

/// What is to be done about a proxy that asks for credentials, as the end of a sentence.
pub(super) fn wants_credentials(proxy: &Proxy) -> String {
    format!(
        ": the proxy {proxy} asks for credentials, or refuses those that it got; write them into its address, \
         as http://user:password@host:port"
    )
}

/// Why a request to `url` was not sent or got no answer, or why its body ended early.
pub(super) fn failure(url: &Url, error: &reqwest::Error) -> Failure {
    let host = host_label(url);
    let new = |kind, message| Failure::new(kind, message);
    if let Some(NotPublic(kind)) = find(error) {
        return not_public_failure(url, &format!("resolves to {kind}"));
    }
    if error.is_builder() {
        return new(
            FailureKind::Blocked,
            format!("The request to {host} holds a URL or header that HTTP cannot carry"),
        );
    }
    if error.is_dns() {
        return new(
            FailureKind::Dns,
            format!("{host}: this host name does not resolve; check its spelling and this machine's DNS"),
        );
    }
    if error.is_timeout() {
        let what = if url.scheme() == "https" { "TLS connection" } else { "connection" };
        let message = format!("No {what} to {host} in time; can this machine reach it?");
        // Without a connection nothing was asked.
        return Failure { in_doubt: !error.is_connect(), ..Failure::new(FailureKind::Timeout, message) };
    }
    let io = find::<io::Error>(error);
    if error.is_connect() {
        return connect_failure(&host, url.scheme() == "https", error, io);
    }
    match io.map(io::Error::kind) {
        // A TLS alert that arrives after the handshake: TLS 1.3 refuses client certificates so.
        Some(io::ErrorKind::InvalidData) if !error.is_decode() && url.scheme() == "https" => {
            new(FailureKind::Tls, format!("{host} ended the TLS session: {}", innermost(error)))
        }
        _ => new(
            FailureKind::Reset,
            format!(
                "The connection to {host} broke before the answer was complete; whether the CRM did what \
                 was asked is unknown"
            ),
        ),
    }
}

/// TCP or TLS could not be set up. Errors of the operating system are TCP's; the TLS library wraps
/// its own in I/O errors without a system code.
fn connect_failure(host: &str, https: bool, error: &reqwest::Error, io: Option<&io::Error>) -> Failure {
    let system = io.filter(|io| io.raw_os_error().is_some());
    let broke = |io: &io::Error| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        matches!(io.kind(), ConnectionReset | BrokenPipe | ConnectionAborted)
    };
    match system {
        Some(io) if io.kind() == io::ErrorKind::ConnectionRefused => Failure::new(
            FailureKind::Refused,
            format!("{host} refuses connections: nothing listens on that port"),
        ),
        // Connected, then cut: over https that happens within the handshake.
        Some(io) if broke(io) && https => Failure::new(
            FailureKind::Tls,
            format!(
                "{host} closed the connection during the TLS handshake; check that it speaks https on this port"
            ),
        ),
        Some(io) if broke(io) => {
            Failure::new(FailureKind::Reset, format!("{host} closed the connection before it was used"))
        }
        Some(io) => Failure::new(FailureKind::Refused, format!("{host} cannot be reached: {io}")),
        None if https => {
            let detail = innermost(error);
            let hint = if detail.contains("certificate") {
                "its certificate must be valid, match the name and come from an authority that this machine \
                 trusts"
            } else {
                "check that it speaks https on this port"
            };
            Failure::new(FailureKind::Tls, format!("No TLS connection to {host} ({detail}); {hint}"))
        }
        None => Failure::new(FailureKind::Refused, format!("{host} cannot be reached")),
    }
}

/// The first error of type `E` in the chain, looking into I/O errors too: they hide what they wrap
/// from `source`, which skips to the wrapped error's own source.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|inner| inner.downcast_ref()) {
            return Some(found);
        }
        next = wrapped.map(|inner| inner as &dyn Error).or_else(|| error.source());
    }
    None
}

/// An error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (**error).source())
}

/// The text of the innermost error. Only for errors of connecting, which come from this machine's
/// own libraries.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
