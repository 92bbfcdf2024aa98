//! A request written by hand, for code connectors: what [`render`](super::render::render) makes
//! from a document, a few calls make from code.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

use super::encode::Slot;
use super::exchange::{HostPolicy, RequestSpec};
use super::failure::{Failure, FailureKind};
use super::json;
use super::render::{USER_AGENT, VERSION_HEADER};

/// How long an exchange may take where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Requests that code connectors make, part by part.
///
/// ```
/// use app_connect_engine::exchange::RequestSpec;
/// use app_connect_engine::failure::Failure;
///
/// fn create_note(base: &url::Url, contact_id: &str, text: &str) -> Result<RequestSpec, Failure> {
///     Ok(RequestSpec::post(base.clone())
///         .path(["contacts", contact_id, "notes"])?
///         .query("notify", "false")
///         .bearer("the access token")?
///         .header("idempotency-key", "call-4711")?
///         .json(&serde_json::json!({"text": text})))
/// }
///
/// let base = "https://api.example.com/v2".parse().unwrap();
/// let request = create_note(&base, "a/b", "Hello").unwrap();
/// assert_eq!(request.url.as_str(), "https://api.example.com/v2/contacts/a%2Fb/notes?notify=false");
/// assert!(create_note(&base, "..", "Hello").is_err());
/// ```
impl RequestSpec {
    /// A request with the headers that every operation sends, no body, 30 seconds, and the host
    /// that the URL spells out. A fragment is removed.
    ///
    /// Where a user's input chooses the host, set [`hosts`](Self::hosts) to the ones you mean.
    pub fn new(method: Method, mut url: Url) -> Self {
        url.set_fragment(None);
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"));
        headers.insert(VERSION_HEADER, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        Self {
            method,
            url,
            headers,
            body: None,
            sensitive_body: false,
            timeout: TIMEOUT,
            hosts: HostPolicy::Literal,
        }
    }

    /// A `GET` request; see [`new`](Self::new).
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `POST` request; see [`new`](Self::new).
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// A `PUT` request; see [`new`](Self::new).
    pub fn put(url: Url) -> Self {
        Self::new(Method::PUT, url)
    }

    /// A `PATCH` request; see [`new`](Self::new).
    pub fn patch(url: Url) -> Self {
        Self::new(Method::PATCH, url)
    }

    /// A `DELETE` request; see [`new`](Self::new).
    pub fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url)
    }

    /// Appends segments to the path. Each is encoded as one segment, so that a value cannot lead
    /// to another resource.
    ///
    /// # Errors
    /// [`FailureKind::Blocked`] for the segments that cannot be kept apart: the empty text, `.` and
    /// `..`.
    pub fn path<'a>(mut self, segments: impl IntoIterator<Item = &'a str>) -> Result<Self, Failure> {
        let mut path = self.url.path().trim_end_matches('/').to_owned();
        for segment in segments {
            if matches!(segment, "" | "." | "..") {
                let message = "A value that is empty, \".\" or \"..\" cannot be part of a URL's path: check the id that it is made from";
                return Err(Failure::new(FailureKind::Blocked, message));
            }
            path.push('/');
            Slot::PathSegment.encode(segment, &mut path);
        }
        self.url.set_path(&path);
        Ok(self)
    }

    /// Appends a parameter to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sets a header that holds nothing secret; see [`secret_header`](Self::secret_header).
    ///
    /// # Errors
    /// [`FailureKind::Blocked`] where HTTP cannot carry the name or the value.
    pub fn header(self, name: &str, value: &str) -> Result<Self, Failure> {
        self.set_header(name, value, false)
    }

    /// Sets a header that holds a credential: masked wherever the request is shown, dropped when a
    /// redirect leaves the host.
    ///
    /// # Errors
    /// [`FailureKind::Blocked`] where HTTP cannot carry the name or the value.
    pub fn secret_header(self, name: &str, value: &str) -> Result<Self, Failure> {
        self.set_header(name, value, true)
    }

    fn set_header(mut self, name: &str, value: &str, secret: bool) -> Result<Self, Failure> {
        let blocked = |what: &str| Failure::new(FailureKind::Blocked, what.to_owned());
        let header =
            HeaderName::try_from(name).map_err(|_| blocked("A header has a name that HTTP cannot carry"))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            blocked(&format!("The header {header} has a value that HTTP cannot carry: a line break or another control character"))
        })?;
        value.set_sensitive(secret);
        self.headers.insert(header, value);
        Ok(self)
    }

    /// Sets `Authorization` to a prepared value, such as `connector::Call::credential` gives.
    ///
    /// # Errors
    /// [`FailureKind::Blocked`] if HTTP cannot carry the value.
    pub fn authorization(self, value: &str) -> Result<Self, Failure> {
        self.secret_header("authorization", value)
    }

    /// Sets `Authorization` to a bearer token (RFC 6750).
    ///
    /// # Errors
    /// [`FailureKind::Blocked`] where HTTP cannot carry the token.
    pub fn bearer(self, token: &str) -> Result<Self, Failure> {
        self.authorization(&format!("Bearer {token}"))
    }

    /// Sets a JSON body and its content type.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(json::to_vec(body));
        self
    }

    /// Sets how long the whole exchange may take, redirects and body included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://api.example.com/v2/?fixed=1#part").unwrap()
    }

    #[test]
    fn a_value_stays_within_its_segment() {
        let table = [
            (vec!["contacts", "7"], "https://api.example.com/v2/contacts/7?fixed=1"),
            (vec!["a/b?c#d"], "https://api.example.com/v2/a%2Fb%3Fc%23d?fixed=1"),
            (vec!["ö %2e"], "https://api.example.com/v2/%C3%B6%20%252e?fixed=1"),
            (vec![], "https://api.example.com/v2?fixed=1"),
        ];
        for (segments, expected) in table {
            assert_eq!(RequestSpec::get(base()).path(segments).unwrap().url.as_str(), expected);
        }
        for segment in ["", ".", ".."] {
            let failure = RequestSpec::get(base()).path(["contacts", segment]).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Blocked, "{segment:?}");
        }
    }

    #[test]
    fn credentials_are_marked_and_broken_headers_refused() {
        let request = RequestSpec::put(base())
            .bearer("t-1")
            .and_then(|request| request.header("X-Plain", "v"))
            .and_then(|request| request.secret_header("X-Api-Key", "k"))
            .unwrap();
        let header = |name: &str| {
            request.headers.get(name).map(|value| (value.to_str().unwrap(), value.is_sensitive()))
        };
        assert_eq!(header("authorization"), Some(("Bearer t-1", true)));
        assert_eq!(header("x-plain"), Some(("v", false)));
        assert_eq!(header("x-api-key"), Some(("k", true)));
        for (name, value) in [("bad name", "v"), ("", "v"), ("x", "a\r\nb: c")] {
            let failure = RequestSpec::get(base()).secret_header(name, value).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Blocked);
            assert!(!failure.message.contains("b: c"), "{failure}");
        }
    }

    #[test]
    fn a_json_body_names_its_type() {
        let request = RequestSpec::patch(base()).json(&serde_json::json!({"a": 1})).query("x", "a b&c");
        assert_eq!(request.body.as_deref(), Some(&b"{\"a\":1}"[..]));
        assert_eq!(request.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(request.url.query(), Some("fixed=1&x=a+b%26c"));
        assert_eq!(request.method, Method::PATCH);
    }
}
