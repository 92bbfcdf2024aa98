//! The two ends of one exchange with a CRM, as plain data: what is sent and what came back.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;
use url::{Host, Url};

/// A fully rendered request: comparable in a test, printable by `explain`, sendable by
/// [`send`](super::send()).
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

/// A host name, or `*.` and a domain, which matches every name below that domain. Names are kept as
/// URLs spell them: lower case, IDNA, canonical IP addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// Exactly this host; with a port (`host:port`), that port only, else every port.
    Exact(String),
    /// Any name below this domain on any port, not the domain itself.
    Below(String),
}

impl HostPattern {
    /// Reads `api.example.com`, `localhost:8080`, `[::1]` or `*.example.com`.
    ///
    /// # Errors
    /// What is wrong with the text, as a clause for a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let (name, below) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        if name.is_empty() {
            return Err("the host name is empty");
        }
        if name.contains(['/', '\\', '?', '#', '@']) {
            return Err("write the host alone, without scheme, credentials, path and query");
        }
        if name.contains('*') {
            return Err("only a leading \"*.\" is a wildcard");
        }
        // An IPv6 address ends in a bracket, so its colons are none of a port.
        let port = name.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        let parsed = Url::parse(&format!("http://{name}/")).ok();
        let Some(host) = parsed.as_ref().and_then(Url::host) else { return Err("this is not a host name") };
        if below {
            return match (host, port) {
                (_, Some(_)) => Err("a wildcard takes no port"),
                (Host::Domain(domain), None) if domain.contains('.') => Ok(Self::Below(domain.to_owned())),
                (Host::Domain(_), None) => Err("a wildcard needs a domain of at least two labels"),
                _ => Err("a wildcard needs a domain, not an address"),
            };
        }
        match port.map(str::parse::<u16>) {
            None => Ok(Self::Exact(host.to_string())),
            Some(Ok(port)) => Ok(Self::Exact(format!("{host}:{port}"))),
            Some(Err(_)) => Err("the port is not a number from 0 to 65535"),
        }
    }

    /// Whether the URL's host (and port, where the pattern names one) matches.
    pub fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        match self {
            Self::Exact(name) => match name.strip_prefix(host) {
                Some("") => true,
                Some(rest) => {
                    let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
                    port.is_some() && port == url.port_or_known_default()
                }
                None => false,
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
    /// HTTP status, 200–299: anything else is a [`Failure`](super::failure::Failure) in the end.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// What kind of body it was.
    pub kind: BodyKind,
    /// Where it came from, if not from the address that was asked.
    pub redirected: Option<Redirected>,
    /// What of the body could not be read as it was sent.
    pub replaced: Replaced,
    document: Value,
}

impl UpstreamResponse {
    /// Takes the parsed body: JSON, text as a JSON string, or the empty string for an empty body,
    /// as on the reference server.
    pub fn new(status: u16, headers: HeaderMap, body: Value, kind: BodyKind) -> Self {
        let values =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), Value::String(header_text(value))));
        let header_values = Value::Object(values.collect());
        let document = Value::Object(
            [
                ("body".to_owned(), body),
                ("status".to_owned(), status.into()),
                ("headers".to_owned(), header_values),
            ]
            .into_iter()
            .collect(),
        );
        Self { status, headers, kind, redirected: None, replaced: Replaced::default(), document }
    }

    /// The body.
    pub fn body(&self) -> &Value {
        &self.document["body"]
    }

    /// Headers and body.
    pub fn into_parts(mut self) -> (HeaderMap, Value) {
        (self.headers, self.document["body"].take())
    }

    /// `{ body, status, headers }`: what mapping paths start at.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

/// A header's value as text: UTF-8, else ISO 8859-1 (RFC 9110, section 5.5).
pub fn header_text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// What of a body was read as U+FFFD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// How many escapes stood for half a character: a text was cut there.
    pub halves: usize,
    /// Whether there were bytes that are no characters of the charset.
    pub characters: bool,
}

/// In words; nothing where nothing was replaced.
impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.halves {
            0 => {}
            1 => f.write_str("half a character (a lone surrogate), read as U+FFFD")?,
            count => write!(f, "{count} halves of characters (lone surrogates), read as U+FFFD")?,
        }
        if self.characters {
            let joined = if self.halves > 0 { ", and " } else { "" };
            write!(f, "{joined}bytes that are no characters of its charset, read as U+FFFD")?;
        }
        Ok(())
    }
}

/// How an exchange came to its answer, where redirects led there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redirected {
    /// A redirect answered a request that was to change something, and the page it named was fetched.
    pub became_get: bool,
    /// The page has the address that was asked, perhaps with another scheme, host or slash.
    pub is_same_place: bool,
    /// The page is another host's.
    pub is_elsewhere: bool,
    /// The page is one where people sign in, and what was asked is none.
    pub is_sign_in: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_patterns_are_read() {
        let exact = |text: &str| Ok(HostPattern::Exact(text.to_owned()));
        let below = |text: &str| Ok(HostPattern::Below(text.to_owned()));
        let table = [
            ("api.example.com", exact("api.example.com")),
            (" API.Example.com ", exact("api.example.com")),
            ("localhost:8080", exact("localhost:8080")),
            ("example.com:443", exact("example.com:443")),
            ("münchen.example", exact("xn--mnchen-3ya.example")),
            ("[::1]", exact("[::1]")),
            ("[0:0::1]:8080", exact("[::1]:8080")),
            ("0x7f.1", exact("127.0.0.1")),
            ("*.example.com", below("example.com")),
            ("*.München.example", below("xn--mnchen-3ya.example")),
        ];
        for (text, expected) in table {
            assert_eq!(HostPattern::parse(text), expected, "{text}");
        }
        let wrong = [
            ("", "empty"),
            ("*.", "empty"),
            ("https://example.com", "host alone"),
            ("example.com/v1", "host alone"),
            ("user@example.com", "host alone"),
            ("example.com?x", "host alone"),
            ("a.*.com", "wildcard"),
            ("*", "wildcard"),
            ("*.com", "two labels"),
            ("*.example.com:80", "no port"),
            ("*.10.0.0.1", "not an address"),
            ("::1", "not a host name"),
            ("exa mple.com", "not a host name"),
            ("example.com:", "port"),
            ("example.com:99999", "not a host name"),
        ];
        for (text, word) in wrong {
            let problem = HostPattern::parse(text).unwrap_err();
            assert!(problem.contains(word), "{text}: {problem}");
        }
    }

    #[test]
    fn host_patterns_match() {
        let table = [
            ("api.example.com", "https://api.example.com/", true),
            ("api.example.com", "https://API.example.com:8443/x", true),
            ("api.example.com", "https://example.com/", false),
            ("api.example.com", "https://api.example.com.evil.test/", false),
            ("api.example.com", "https://evil.test/api.example.com", false),
            ("api.example.com", "https://api.example.com@evil.test/", false),
            ("api.example.com", "https://xapi.example.com/", false),
            ("localhost:8080", "http://localhost:8080/", true),
            ("localhost:8080", "http://localhost/", false),
            ("localhost:80", "http://localhost/", true),
            ("localhost:80", "https://localhost/", false),
            ("example.com:443", "https://example.com/", true),
            ("[::1]", "http://[0:0::1]:99/", true),
            ("[::1]:80", "http://[::1]:81/", false),
            ("127.0.0.1", "http://2130706433/", true),
            ("*.example.com", "https://a.example.com/", true),
            ("*.example.com", "https://a.b.example.com:8443/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://badexample.com/", false),
            ("*.example.com", "https://a.example.com.evil.test/", false),
        ];
        for (pattern, url, expected) in table {
            let found = HostPattern::parse(pattern).unwrap().matches(&Url::parse(url).unwrap());
            assert_eq!(found, expected, "{pattern} and {url}");
        }
    }
}
