//! Reads and decodes the body of an answer.

use std::borrow::Cow;

use serde_json::Value;

use super::exchange::{BodyKind, UpstreamResponse};
use super::failure::{FailedResponse, Failure, FailureKind};

/// How much of a failing answer's body is kept, in bytes: enough for a CRM's own words.
pub const FAILED_BODY_BYTES: usize = 64 * 1024;

/// How a body ended other than well.
pub(super) enum ReadError {
    /// More than the cap, counted after decompression.
    TooLarge,
    /// The connection or the decompression failed.
    Broken(reqwest::Error),
}

/// Collects the (decompressed) body into `into`, at most `cap` bytes. What arrived before an error
/// stays in `into`, never more than the cap.
pub(super) async fn read(
    response: &mut reqwest::Response,
    cap: usize,
    into: &mut Vec<u8>,
) -> Result<(), ReadError> {
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        let left = cap - into.len();
        if chunk.len() > left {
            into.extend_from_slice(&chunk[..left]);
            return Err(ReadError::TooLarge);
        }
        into.extend_from_slice(&chunk);
    }
    Ok(())
}

/// Decodes a body: a byte order mark is dropped, JSON is parsed whatever the content type says
/// (recordings 06, `body-json-as-text`, `body-bom`), anything else is text, and no body is the empty
/// text. Bytes that are not UTF-8 become U+FFFD, as on the reference server. JSON nested deeper than
/// 128 levels is not parsed and stays text.
pub fn decode(bytes: &[u8]) -> (Value, BodyKind) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.is_empty() {
        return (Value::String(String::new()), BodyKind::Empty);
    }
    // Checked once: the parser would do it for each string. Text in an older encoding inside a JSON
    // string should not cost the whole answer.
    let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    match serde_json::from_str(&text) {
        Ok(value) => (value, BodyKind::Json),
        Err(_) => (Value::String(text.into_owned()), BodyKind::Text),
    }
}

/// Decodes the body of a failing answer, of which only the first [`FAILED_BODY_BYTES`] are kept: a
/// longer one is text.
pub(super) fn decode_failed(bytes: &[u8], complete: bool) -> Value {
    if complete {
        return decode(bytes).0;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    // The cut may have gone through a character.
    while text.ends_with('\u{fffd}') {
        text.pop();
    }
    Value::String(text)
}

/// The failure for an answer that arrived well but is not the JSON that was expected; the mapping
/// decides when that matters. Never quotes the body.
pub fn not_json(response: &UpstreamResponse) -> Failure {
    let content_type = response.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_page = response.body().as_str().is_some_and(|text| text.trim_start().starts_with('<'))
        || content_type.is_some_and(|kind| kind.starts_with("text/html"));
    let what = if response.kind == BodyKind::Empty {
        "an empty body"
    } else if is_page {
        "a web page (often a login page: check the address and the credentials)"
    } else {
        "text that is not JSON, or JSON that is cut off or nested deeper than 128 levels"
    };
    let bytes = response.body().as_str().unwrap_or_default().as_bytes();
    let kept = &bytes[..bytes.len().min(FAILED_BODY_BYTES)];
    let message = format!("The CRM answered {} with {what}, where the mapping needs JSON", response.status);
    Failure {
        response: Some(Box::new(FailedResponse {
            headers: response.headers.clone(),
            body: decode_failed(kept, kept.len() == bytes.len()),
        })),
        ..Failure::new(FailureKind::NotJson, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_are_decoded() {
        let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
        let table: &[(&[u8], Value, BodyKind)] = &[
            (b"", json!(""), BodyKind::Empty),
            (b"\xef\xbb\xbf", json!(""), BodyKind::Empty),
            (b"\xef\xbb\xbf{\"a\":1}", json!({"a": 1}), BodyKind::Json),
            (b"\xef\xbb\xbfplain", json!("plain"), BodyKind::Text),
            (b" \n", json!(" \n"), BodyKind::Text),
            (b"null", json!(null), BodyKind::Json),
            (b"\"text\"", json!("text"), BodyKind::Json),
            (b" [1] ", json!([1]), BodyKind::Json),
            (b"{\"id\":9007199254740993}", json!({"id": 9_007_199_254_740_993_u64}), BodyKind::Json),
            (b"{\"a\":", json!("{\"a\":"), BodyKind::Text),
            (b"{} {}", json!("{} {}"), BodyKind::Text),
            (b"{\"a\":\"Zo\xeb\"}", json!({"a": "Zo\u{fffd}"}), BodyKind::Json),
            (b"Zo\xeb", json!("Zo\u{fffd}"), BodyKind::Text),
            (b"<html>", json!("<html>"), BodyKind::Text),
        ];
        for (bytes, value, kind) in table {
            assert_eq!(decode(bytes), (value.clone(), *kind), "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(decode(&deep(127)).1, BodyKind::Json);
        assert_eq!(decode(&deep(128)).1, BodyKind::Text);
        assert_eq!(decode(&deep(1_000_000)).1, BodyKind::Text);
    }

    #[test]
    fn cut_bodies_end_at_a_character() {
        let whole = "aé".as_bytes();
        assert_eq!(decode_failed(whole, true), json!("aé"));
        assert_eq!(decode_failed(&whole[..2], false), json!("a"));
        assert_eq!(decode_failed(b"{}", false), json!("{}"));
    }

    #[test]
    fn not_json_says_what_came_without_quoting_it() {
        let (body, kind) = decode(b"<html>secret</html>");
        let response = UpstreamResponse::new(200, http::HeaderMap::new(), body, kind);
        let failure = not_json(&response);
        assert_eq!(failure.kind, FailureKind::NotJson);
        assert!(failure.message.contains("web page") && !failure.message.contains("secret"));
        assert_eq!(failure.response.unwrap().body, json!("<html>secret</html>"));
    }
}
