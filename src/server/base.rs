//! The base of a document: every route of clients answers below `/p/{proxyId}` too, for that document.
//!
//! A client knows a server by one address, `serverUrl` of its manifest, and asks for interfaces without naming a
//! document. So the address names it. The base is taken off the path before anything else looks at the request: routes,
//! metrics and logs know the path behind it alone.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderName};
use actix_web::http::uri::PathAndQuery;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::members::Members;
use crate::service::manifest::BASE;

/// The member that names a document, in queries and bodies.
pub(super) const MEMBER: &str = "proxyId";

/// A request below the base of a document that names another document.
#[derive(Debug, thiserror::Error)]
#[error(
    "This address belongs to the connector \"{proxy_id}\", and the request names another one in {MEMBER}. Leave {MEMBER} out, or use the address of the other connector."
)]
pub(super) struct WrongBase {
    /// The document of the base.
    proxy_id: String,
}

/// The document that the path of a request names.
#[derive(Debug, Clone)]
pub(super) struct Base(Arc<Asked>);

#[derive(Debug)]
struct Asked {
    proxy_id: String,
    /// The path as it came.
    path: String,
}

impl Base {
    /// Takes the base off a request's path, if there is one. Behind it stands at least `/`.
    pub(super) fn take(request: &mut ServiceRequest) -> Option<Self> {
        let path = request.uri().path();
        let (encoded, rest) = split(path)?;
        let proxy_id = percent_decode_str(encoded).decode_utf8_lossy().into_owned();
        let base = Self(Arc::new(Asked { proxy_id, path: path.to_owned() }));
        let uri = with_path(request.uri(), rest)?;
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
        request.extensions_mut().insert(base.clone());
        Some(base)
    }

    /// The base of a request.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().cloned()
    }

    /// The document.
    pub(super) fn proxy_id(&self) -> &str {
        &self.0.proxy_id
    }

    /// The path as the client asked for it.
    pub(super) fn path(&self) -> &str {
        &self.0.path
    }

    /// What names a document and does not say which, names this one.
    ///
    /// # Errors
    /// If it names another.
    pub(super) fn fill<T: Members>(&self, object: &mut Map<String, Value>) -> Result<(), WrongBase> {
        if !T::NAMES.contains(&MEMBER) {
            return Ok(());
        }
        match object.get(MEMBER) {
            None | Some(Value::Null) => {}
            Some(Value::String(named)) if named.is_empty() => {}
            Some(Value::String(named)) if named == self.proxy_id() => return Ok(()),
            Some(_) => return Err(WrongBase { proxy_id: self.proxy_id().to_owned() }),
        }
        object.insert(MEMBER.to_owned(), self.proxy_id().into());
        Ok(())
    }
}

/// Where a request reached the server, as its headers say; without a slash at the end. Only who sent the request gets
/// it back.
pub(super) struct ReachedAt(pub(super) Option<String>);

impl FromRequest for ReachedAt {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        // A proxy in front of this server ends TLS, and says so.
        let is_encrypted = value(HeaderName::from_static("x-forwarded-proto")) == Some("https");
        let scheme = if is_encrypted { "https" } else { "http" };
        let is_plain = |host: &&str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte))
        };
        ready(Ok(Self(value(HOST).filter(is_plain).map(|host| format!("{scheme}://{host}")))))
    }
}

/// The encoded proxy id, and the path behind it.
fn split(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(BASE)?.strip_prefix('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (encoded, rest) = rest.split_at(end);
    (!encoded.is_empty()).then_some((encoded, if rest.is_empty() { "/" } else { rest }))
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::members::{Given, members};

    members! {
        /// Names a document.
        struct Naming {
            /// Which.
            proxy_id as "proxyId": Option<Given<String>>,
        }
    }

    members! {
        /// Names none.
        struct Other {
            /// Anything.
            name as "name": Option<Given<String>>,
        }
    }

    #[test]
    fn the_first_part_behind_p_is_the_document() {
        for (path, expected) in [
            ("/p/acme/contact", Some(("acme", "/contact"))),
            ("/p/a%2Fb/calldown/7", Some(("a%2Fb", "/calldown/7"))),
            ("/p/acme", Some(("acme", "/"))),
            ("/p/acme/", Some(("acme", "/"))),
            ("/p/acme//contact", Some(("acme", "//contact"))),
            ("/p/p/p/contact", Some(("p", "/p/contact"))),
            ("/p", None),
            ("/p/", None),
            ("/p//contact", None),
            ("/pa/acme/contact", None),
            ("/contact", None),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
        let uri: Uri = "/p/acme/contact?a=%2F&b".parse().unwrap();
        assert_eq!(with_path(&uri, "/contact").unwrap(), "/contact?a=%2F&b");
    }

    #[test]
    fn what_names_no_document_gets_the_one_of_the_base() {
        let base = Base(Arc::new(Asked { proxy_id: "acme".to_owned(), path: "/p/acme/x".to_owned() }));
        for (given, expected) in [
            (json!({}), Some("acme")),
            (json!({"proxyId": null}), Some("acme")),
            (json!({"proxyId": ""}), Some("acme")),
            (json!({"proxyId": "acme"}), Some("acme")),
            (json!({"proxyId": "Acme"}), None),
            (json!({"proxyId": ["acme", "acme"]}), None),
            (json!({"proxyId": 7}), None),
        ] {
            let mut object = given.as_object().cloned().unwrap();
            let filled = base.fill::<Naming>(&mut object).is_ok().then(|| object["proxyId"].clone());
            assert_eq!(filled, expected.map(Value::from), "{given}");
            let taken = Naming::take(&mut object).unwrap();
            assert!(taken.proxy_id.is_some());
        }
        let mut object = Map::new();
        base.fill::<Other>(&mut object).unwrap();
        assert!(object.is_empty() && Other::take(&mut object).unwrap().name.is_none());
    }
}
