//! Header values of requests that documents make.

use http::HeaderValue;

use super::template::Template;

/// A header value.
#[derive(Debug)]
pub(super) enum HeaderTemplate {
    /// Known at load.
    Literal(HeaderValue),
    /// One expression: left out where it yields nothing.
    Value(Template),
}
