//! The two ends of one exchange with a CRM, as plain data: what is sent and what came back.

use std::time::Duration;

use http::{HeaderMap, Method};
use serde_json::Value;
use url::Url;

/// A fully rendered request: comparable in a test, printable by `explain`, sendable by
/// [`send`](super::send).
///
/// Header values that carry a credential are marked
/// [sensitive](http::HeaderValue::is_sensitive): they are masked wherever a request is shown and
/// dropped when a redirect leaves the host.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestSpec {
    /// HTTP method.
    pub method: Method,
    /// Absolute `http` or `https` URL, query included, fragment removed.
    pub url: Url,
    /// All headers that the document decides, default headers included; `Host`, `Content-Length`
    /// and connection management are left to the client unless the document sets `Host`.
    pub headers: HeaderMap,
    /// Body bytes as they go onto the wire; `None` sends no body.
    pub body: Option<Vec<u8>>,
    /// Whether the body was rendered from a credential: such a body never follows a redirect to
    /// another host.
    pub sensitive_body: bool,
    /// Upper bound for the whole exchange, redirects and body included.
    pub timeout: Duration,
    /// Hosts that this request may reach.
    pub hosts: HostPolicy,
}

/// Which hosts a rendered request may reach.
#[derive(Debug, Clone, PartialEq)]
pub enum HostPolicy {
    /// The document spells the host out: it is trusted as written.
    Literal,
    /// A template chose the host: only these patterns are reached.
    Only(std::sync::Arc<[HostPattern]>),
}

/// A host name, or `*.` and a domain, which matches every name below that domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// Exactly this host, with a port when one was given.
    Exact(String),
    /// Any name below this domain, not the domain itself.
    Below(String),
}

impl HostPattern {
    /// Reads `api.example.com`, `localhost:8080` or `*.example.com`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, below) = match lower.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (lower.as_str(), false),
        };
        if name.is_empty() {
            return Err("the host name is empty");
        }
        if name.contains("://") || name.contains('/') {
            return Err("write the host alone, without scheme and path");
        }
        if name.contains('*') {
            return Err("only a leading \"*.\" is a wildcard");
        }
        if below && !name.contains('.') {
            return Err("a wildcard needs a domain of at least two labels");
        }
        if Url::parse(&format!("http://{name}/")).is_err() {
            return Err("this is not a host name");
        }
        Ok(if below { Self::Below(name.to_owned()) } else { Self::Exact(name.to_owned()) })
    }

    /// Whether the URL's host (and port, where the pattern names one) matches.
    pub fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        match self {
            Self::Exact(name) => match (name.rsplit_once(':'), url.port_or_known_default()) {
                (Some((name, port)), Some(actual)) if port.parse() == Ok(actual) => name == host,
                _ => name == host,
            },
            Self::Below(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|left| left.ends_with('.') && left.len() > 1)
            }
        }
    }
}

impl HostPolicy {
    /// Whether the policy lets a request go to `url`.
    pub fn allows(&self, url: &Url) -> bool {
        match self {
            Self::Literal => true,
            Self::Only(patterns) => patterns.iter().any(|pattern| pattern.matches(url)),
        }
    }
}

/// What the CRM answered, its body already decoded and parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamResponse {
    /// HTTP status, 200–299: anything else is a [`Failure`](super::failure::Failure).
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// What kind of body it was.
    pub kind: BodyKind,
    document: Value,
}

impl UpstreamResponse {
    /// Takes the parsed body: JSON, text as a JSON string, or the empty string for an empty body,
    /// as on the reference server.
    pub fn new(status: u16, headers: HeaderMap, body: Value, kind: BodyKind) -> Self {
        let values = headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        let header_values = Value::Object(values.collect());
        let document = Value::Object(
            [("body".to_owned(), body), ("status".to_owned(), status.into()), ("headers".to_owned(), header_values)]
                .into_iter()
                .collect(),
        );
        Self { status, headers, kind, document }
    }

    /// The body.
    pub fn body(&self) -> &Value {
        &self.document["body"]
    }

    /// `{ body, status, headers }`: what mapping paths start at.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

/// How [`UpstreamResponse::body`] was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// Parsed as JSON, whatever the content type said (recordings 06, `body-json-as-text`).
    Json,
    /// Not JSON; the body is the text.
    Text,
    /// No body at all.
    Empty,
}
