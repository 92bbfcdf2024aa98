//! Text inside HTML.

/// Text between tags (Q45). Quotes stay: they mean nothing there.
pub(super) fn text(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A URL inside a double-quoted attribute. An `&` stays, as recorded; what would leave the
/// attribute is percent-encoded.
pub(super) fn url(value: &str) -> String {
    value.replace('"', "%22").replace('<', "%3C").replace('>', "%3E")
}

/// Text of people anywhere in HTML, quotes included: how the reference escapes shared messages.
pub(super) fn everything(value: &str) -> String {
    text(value).replace('"', "&quot;").replace('\'', "&#039;")
}
