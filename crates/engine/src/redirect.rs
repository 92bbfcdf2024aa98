//! What is sent next when a CRM answers with a redirect (recordings 06 and 07, `redirect-*`).
//!
//! The client never follows one by itself: each step has to pass the host policy and the egress
//! guard, and leave credentials behind when it goes to another host.

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::{Host, Url};

use super::exchange::RequestSpec;
use super::failure::{Failure, FailureKind};
use super::host::host_label;

/// Headers that belong to one connection or frame the body: the client sets them.
const FRAMING: [HeaderName; 8] = [
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    TE,
    TRAILER,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// One request of an exchange: the first as the document has it, later ones as redirects change it.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    /// Whether the body carries a credential.
    pub sensitive_body: bool,
    /// Whether credentials were left behind on the way here: worth saying when the answer is a
    /// refusal.
    pub credentials_dropped: bool,
}

impl Hop {
    /// The first request.
    pub fn first(spec: &RequestSpec) -> Result<Self, Failure> {
        if !spec.url.username().is_empty() || spec.url.password().is_some() {
            let host = host_label(&spec.url);
            return Err(Failure::new(
                FailureKind::Blocked,
                format!(
                    "The URL for {host} holds a user name or password, which HTTP does not send; \
                     put the credential into `auth` or a header"
                ),
            ));
        }
        let mut headers = spec.headers.clone();
        for name in FRAMING {
            headers.remove(name);
        }
        Ok(Self {
            method: spec.method.clone(),
            url: spec.url.clone(),
            headers,
            body: spec.body.as_deref().map(Bytes::copy_from_slice),
            sensitive_body: spec.sensitive_body,
            credentials_dropped: false,
        })
    }

    /// The request that follows this one after `status` with `location`.
    ///
    /// As the reference does: 301 and 302 turn POST into GET and leave other methods alone, 303
    /// turns everything but HEAD into GET, 307 and 308 change nothing.
    pub fn follow(mut self, status: StatusCode, location: &HeaderValue) -> Result<Self, Failure> {
        let from = host_label(&self.url);
        let mut target = std::str::from_utf8(location.as_bytes())
            .ok()
            .and_then(|text| self.url.join(text).ok())
            .ok_or_else(|| {
                Failure::new(
                    FailureKind::Status(status.as_u16()),
                    format!("{from} answered {status} with a Location that is not a URL"),
                )
            })?;
        let blocked = |message| Err(Failure::new(FailureKind::Blocked, message));
        if !matches!(target.scheme(), "http" | "https") {
            return blocked(format!("{from} redirects to a {} address, not to HTTP", target.scheme()));
        }
        target.set_fragment(None);
        // Credentials that the answering host chose are not ours to send. Both setters can only fail
        // for URLs without a host, which HTTP URLs have.
        let _ = target.set_username("");
        let _ = target.set_password(None);

        let to = host_label(&target);
        if self.url.scheme() == "https"
            && target.scheme() == "http"
            && !(is_local(&self.url) && is_local(&target))
        {
            return blocked(format!(
                "{from} redirects from https to plain http on {to}, where anyone on the way could read \
                 the request; write the https address of the CRM into the document"
            ));
        }

        if becomes_get(&self.method, status) {
            self.method = Method::GET;
            self.body = None;
            let content: Vec<HeaderName> =
                self.headers.keys().filter(|name| name.as_str().starts_with("content-")).cloned().collect();
            for name in content {
                self.headers.remove(name);
            }
        }

        if target.origin() != self.url.origin() {
            if self.body.is_some() && self.sensitive_body {
                return blocked(format!(
                    "{from} redirects to {to}, and the request body holds a credential, which is not sent \
                     to another host; write the address it redirects to into the document"
                ));
            }
            self.credentials_dropped |= leave_credentials(&mut self.headers);
            // The override was meant for the host that is being left.
            self.headers.remove(HOST);
        }
        self.url = target;
        Ok(self)
    }
}

/// Whether what follows a redirect is a `GET` of something else: what was asked by another method is
/// answered then, and perhaps done.
pub(super) fn becomes_get(method: &Method, status: StatusCode) -> bool {
    match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        _ => false,
    }
}

/// Removes every header that carries a credential and says whether there was one.
fn leave_credentials(headers: &mut HeaderMap) -> bool {
    let secret: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| {
            value.is_sensitive() || [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name)
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in &secret {
        headers.remove(name);
    }
    !secret.is_empty()
}

/// Whether the URL names this machine: nobody listens in between.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: Method, url: &str) -> Hop {
        let mut headers = HeaderMap::new();
        let mut secret = HeaderValue::from_static("s3cret");
        secret.set_sensitive(true);
        headers.insert("x-api-key", secret);
        for (name, value) in [
            ("authorization", "Bearer t"),
            ("cookie", "a=b"),
            ("host", "crm.example.net"),
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("content-language", "en"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Hop {
            method,
            url: Url::parse(url).unwrap(),
            headers,
            body: Some(Bytes::from_static(b"{}")),
            sensitive_body: false,
            credentials_dropped: false,
        }
    }

    fn follow(hop: Hop, status: u16, location: &str) -> Result<Hop, Failure> {
        hop.follow(StatusCode::from_u16(status).unwrap(), &HeaderValue::from_str(location).unwrap())
    }

    #[test]
    fn methods_and_bodies() {
        let table = [
            ("GET", 301, "GET", true),
            ("GET", 302, "GET", true),
            ("GET", 303, "GET", false),
            ("GET", 307, "GET", true),
            ("GET", 308, "GET", true),
            ("HEAD", 301, "HEAD", true),
            ("HEAD", 302, "HEAD", true),
            ("HEAD", 303, "HEAD", true),
            ("HEAD", 307, "HEAD", true),
            ("HEAD", 308, "HEAD", true),
            ("POST", 301, "GET", false),
            ("POST", 302, "GET", false),
            ("POST", 303, "GET", false),
            ("POST", 307, "POST", true),
            ("POST", 308, "POST", true),
            ("PUT", 301, "PUT", true),
            ("PATCH", 302, "PATCH", true),
            ("DELETE", 303, "GET", false),
            ("PUT", 307, "PUT", true),
            ("PATCH", 308, "PATCH", true),
        ];
        for (method, status, then, with_body) in table {
            let first = hop(Method::from_bytes(method.as_bytes()).unwrap(), "https://a.test/x?y=1");
            let next = follow(first, status, "/moved").unwrap();
            let context = format!("{method} {status}");
            assert_eq!(next.method.as_str(), then, "{context}");
            assert_eq!(next.body.is_some(), with_body, "{context}");
            assert_eq!(next.headers.contains_key("content-type"), with_body, "{context}");
            assert_eq!(next.headers.contains_key("content-language"), with_body, "{context}");
            assert_eq!(next.url.as_str(), "https://a.test/moved", "{context}");
            assert!(next.headers.contains_key("x-api-key") && next.headers.contains_key("host"));
            assert!(!next.credentials_dropped);
        }
    }

    #[test]
    fn credentials_stay_with_the_origin() {
        let table = [
            ("https://a.test/x", "https://a.test:443/z", true),
            ("https://a.test/x", "//a.test/z", true),
            ("https://a.test/x", "https://b.test/z", false),
            ("https://a.test/x", "https://a.test:8443/z", false),
            ("https://a.test/x", "https://sub.a.test/z", false),
            ("https://a.test/x", "https://a.test@b.test/z", false),
            ("http://a.test/x", "https://a.test/z", false),
        ];
        for (from, location, kept) in table {
            let next = follow(hop(Method::GET, from), 302, location).unwrap();
            for name in ["x-api-key", "authorization", "cookie", "host"] {
                assert_eq!(next.headers.contains_key(name), kept, "{from} -> {location}: {name}");
            }
            assert!(next.headers.contains_key("accept"));
            assert_eq!(next.credentials_dropped, !kept, "{from} -> {location}");
        }
        // On the way back they stay dropped.
        let away = follow(hop(Method::GET, "https://a.test/x"), 302, "https://b.test/").unwrap();
        let back = follow(away, 302, "https://a.test/x").unwrap();
        assert!(!back.headers.contains_key("authorization") && back.credentials_dropped);
    }

    #[test]
    fn sensitive_bodies_stay_with_the_origin() {
        let secret = |method| Hop { sensitive_body: true, ..hop(method, "https://a.test/x") };
        let refused = follow(secret(Method::POST), 307, "https://b.test/token?code=1").unwrap_err();
        assert_eq!(refused.kind, FailureKind::Blocked);
        assert!(refused.message.contains("a.test") && refused.message.contains("b.test"));
        assert!(!refused.message.contains("code=1"), "{}", refused.message);
        assert!(follow(secret(Method::POST), 308, "https://b.test/").is_err());
        assert!(follow(secret(Method::PUT), 302, "https://b.test/").is_err());
        assert!(follow(secret(Method::POST), 307, "/token").is_ok());
        // Without the body there is nothing to protect.
        assert!(follow(secret(Method::POST), 302, "https://b.test/").is_ok());
    }

    #[test]
    fn targets() {
        let kind = |from: &str, location: &str| {
            follow(hop(Method::GET, from), 302, location).map(|hop| hop.url.to_string()).map_err(|f| f.kind)
        };
        let blocked = Err(FailureKind::Blocked);
        assert_eq!(kind("https://a.test/x/y", "z?q#f"), Ok("https://a.test/x/z?q".to_owned()));
        assert_eq!(kind("https://a.test/", "https://u:p@b.test/"), Ok("https://b.test/".to_owned()));
        assert_eq!(kind("https://a.test/", "http://a.test/"), blocked);
        assert_eq!(kind("https://a.test/", "http://localhost/"), blocked);
        assert_eq!(kind("https://localhost/", "http://127.0.0.1/"), Ok("http://127.0.0.1/".to_owned()));
        assert_eq!(kind("https://[::1]/", "http://x.localhost/"), Ok("http://x.localhost/".to_owned()));
        assert_eq!(kind("https://a.test/", "file:///etc/passwd"), blocked);
        assert_eq!(kind("https://a.test/", "gopher://a.test/"), blocked);
        assert_eq!(kind("https://a.test/", "https://"), Err(FailureKind::Status(302)));
    }
}
