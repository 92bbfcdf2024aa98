//! Reads and decodes the body of an answer.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::exchange::{BodyKind, Replaced, UpstreamResponse};
use super::failure::{FailedResponse, Failure, FailureKind};
use super::text::head;
use super::{charset, parse};

/// How much of a failing answer's body is kept, in bytes: enough for a CRM's own words.
pub const FAILED_BODY_BYTES: usize = 64 * 1024;

/// How the bytes of a body ended other than well.
pub(super) enum ReadError {
    /// More than the cap.
    TooLarge,
    /// The connection failed.
    Broken(reqwest::Error),
}

/// Collects the body as it was sent into `into`, at most `cap` bytes. What arrived before an error
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

/// A body that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// JSON, or text as a JSON string, or the empty string for no body.
    pub body: Value,
    /// Which of these.
    pub kind: BodyKind,
    /// What could not be read as it was sent.
    pub replaced: Replaced,
    /// Whether it is JSON of more values than are read, and so stayed text.
    pub has_too_many_values: bool,
}

/// How many values a reply may hold that is read.
pub(super) const MOST_VALUES: usize = parse::MOST_VALUES;

/// Decodes a body: JSON is parsed whatever the content type says (recordings 06,
/// `body-json-as-text`, `body-bom`), anything else is text, and no body is the empty text. The
/// charset is found as `charset::text` says, and what is no character in it becomes U+FFFD. JSON
/// nested deeper than 128 levels is not parsed and stays text, and so does JSON of too many values.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Decoded {
    let (text, is_whole) = charset::text(bytes, content_type);
    let replaced = Replaced { halves: 0, characters: !is_whole };
    if text.is_empty() {
        return Decoded {
            body: Value::String(String::new()),
            kind: BodyKind::Empty,
            replaced,
            has_too_many_values: false,
        };
    }
    match parse::parse(&text) {
        Ok(parsed) => Decoded {
            body: parsed.value,
            kind: BodyKind::Json,
            replaced: Replaced { halves: parsed.halves, ..replaced },
            has_too_many_values: false,
        },
        Err(unread) => Decoded {
            body: Value::String(text.into_owned()),
            kind: BodyKind::Text,
            replaced,
            has_too_many_values: unread == parse::Unread::TooManyValues,
        },
    }
}

/// The content type of an answer, where it is text.
pub fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

/// Decodes the body of a failing answer, of which only the first [`FAILED_BODY_BYTES`] are kept: a
/// longer one is text.
pub(super) fn decode_failed(bytes: &[u8], complete: bool, content_type: Option<&str>) -> Value {
    if complete {
        return decode(bytes, content_type).body;
    }
    let mut text = charset::text(bytes, content_type).0.into_owned();
    // The cut may have gone through a character.
    while text.ends_with('\u{fffd}') {
        text.pop();
    }
    Value::String(text)
}

/// What a body is that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A web page.
    Page,
    /// An XML document; of SOAP or not.
    Xml {
        /// Whether it is an envelope of SOAP.
        is_soap: bool,
    },
    /// It begins like JSON, or says that it is.
    BrokenJson,
    /// Bytes that are no text.
    Binary,
    /// Anything else.
    Text,
}

/// Elements with which web pages, and pieces of them, begin.
const PAGE_ELEMENTS: [&str; 31] = [
    "html", "head", "body", "div", "p", "br", "b", "center", "script", "style", "title", "meta", "link",
    "table", "form", "span", "font", "pre", "section", "main", "noscript", "iframe", "img", "a", "i",
    "strong", "em", "ul", "h1", "h2", "h3",
];

/// Says what a text is, by how it begins and by what it says that it is.
pub fn sort(text: &str, content_type: Option<&str>) -> Sort {
    let essence = content_type.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    let is = |kind: &str| essence.eq_ignore_ascii_case(kind);
    let ends = |kind: &str| essence.to_ascii_lowercase().ends_with(kind);
    let start = beginning(text);
    if start.starts_with(['{', '[']) {
        return Sort::BrokenJson;
    }
    if start.starts_with('<') {
        let root = root_element(start);
        let local = root.rsplit(':').next().unwrap_or_default();
        if PAGE_ELEMENTS.iter().any(|name| root.eq_ignore_ascii_case(name)) || is_html_type(start) {
            return Sort::Page;
        }
        let is_xml = start.starts_with("<?xml") || !root.is_empty();
        return if is("text/html") && !start.starts_with("<?xml") || !is_xml {
            Sort::Page
        } else {
            Sort::Xml { is_soap: local == "Envelope" }
        };
    }
    if text.contains('\0') {
        return Sort::Binary;
    }
    if is("text/html") {
        Sort::Page
    } else if is("text/xml") || is("application/xml") || ends("+xml") {
        Sort::Xml { is_soap: ends("soap+xml") }
    } else if ends("/json") || ends("+json") || start.starts_with('"') {
        Sort::BrokenJson
    } else {
        Sort::Text
    }
}

/// A text from its first sign on.
pub(super) fn beginning(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

fn is_html_type(markup: &str) -> bool {
    markup.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html"))
}

/// The name of the first element of a markup, behind its declarations and comments.
pub(super) fn root_element(markup: &str) -> &str {
    let mut rest = markup;
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!") => ">",
            _ => break,
        };
        let Some((_, behind)) = rest.split_once(end) else { return "" };
        rest = behind.trim_start();
    }
    let name = rest.strip_prefix('<').unwrap_or_default();
    let ends = |c: char| !(c.is_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'));
    name.split(ends).next().unwrap_or_default()
}

/// The failure for an answer that arrived well but is not the JSON that was expected; the mapping
/// decides when that matters. Never quotes the body.
pub fn not_json(response: &UpstreamResponse) -> Failure {
    let text = response.body().as_str().unwrap_or_default();
    let what = if response.kind == BodyKind::Empty {
        "an empty body".to_owned()
    } else {
        match sort(text, content_type(&response.headers)) {
            Sort::Page => "a web page (often a login page: check the address and the credentials)".to_owned(),
            Sort::Xml { is_soap } => {
                let soap = if is_soap { "of SOAP; " } else { "" };
                format!("XML ({soap}ask the CRM for JSON, by an Accept header or as its documentation says)")
            }
            Sort::BrokenJson => parse::explain(text),
            Sort::Binary => "bytes that are no text".to_owned(),
            Sort::Text => "text that is not JSON".to_owned(),
        }
    };
    let message = format!("The CRM answered {} with {what}, where the mapping needs JSON", response.status);
    Failure {
        response: Some(Box::new(FailedResponse {
            headers: response.headers.clone(),
            body: Value::String(head(text, FAILED_BODY_BYTES).to_owned()),
        })),
        answered: Some(response.status),
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
            let decoded = decode(bytes, None);
            let context = String::from_utf8_lossy(bytes);
            assert_eq!((&decoded.body, decoded.kind), (value, *kind), "{context}");
            assert_eq!(decoded.replaced.characters, bytes.contains(&0xeb), "{context}");
        }
        assert_eq!(decode(&deep(127), None).kind, BodyKind::Json);
        assert_eq!(decode(&deep(128), None).kind, BodyKind::Text);
        assert_eq!(decode(&deep(1_000_000), None).kind, BodyKind::Text);
    }

    #[test]
    fn cut_bodies_end_at_a_character() {
        let whole = "aé".as_bytes();
        assert_eq!(decode_failed(whole, true, None), json!("aé"));
        assert_eq!(decode_failed(&whole[..2], false, None), json!("a"));
        assert_eq!(decode_failed(b"{}", false, None), json!("{}"));
    }

    #[track_caller]
    fn told(text: &str, content_type: &str) -> String {
        let decoded = decode(text.as_bytes(), Some(content_type));
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        let failure = not_json(&UpstreamResponse::new(200, headers, decoded.body, decoded.kind));
        assert_eq!(failure.kind, FailureKind::NotJson);
        assert!(!failure.message.contains("secret"), "{}", failure.message);
        assert_eq!(failure.response.unwrap().body, json!(text.trim_start_matches('\u{feff}')));
        failure.message
    }

    #[test]
    fn not_json_says_what_came_without_quoting_it() {
        for (text, content_type, word) in [
            ("<html>secret</html>", "text/html", "a web page"),
            ("<!DOCTYPE html>\n<body>secret", "application/json", "a web page"),
            (
                "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C\"><html>secret",
                "text/html",
                "a web page",
            ),
            ("<br />\n<b>Warning</b>: secret", "application/json", "a web page"),
            ("<!-- secret --><div>", "", "a web page"),
            ("secret: please sign in", "text/html; charset=utf-8", "a web page"),
            ("<", "", "a web page"),
            ("<?xml version=\"1.0\"?><contacts>secret</contacts>", "text/xml", "XML ("),
            ("<?xml version=\"1.0\"?>\n<contacts>secret</contacts>", "text/html", "XML ("),
            ("<contacts>secret</contacts>", "application/atom+xml", "XML ("),
            ("\u{feff}<ns:contacts/>", "", "XML ("),
            ("secret", "application/xml", "XML ("),
            ("<soap:Envelope xmlns:soap=\"x\">secret", "text/xml", "XML (of SOAP;"),
            ("<?xml version='1.0'?><s:Envelope>", "", "XML (of SOAP;"),
            ("{\"secret\":", "application/json", "JSON that is cut off (it ends after 10 bytes"),
            ("{\"secret\":1,}", "text/html", "JSON that is broken (line 1, column 13, byte 12: a comma"),
            ("secret", "application/problem+json", "JSON that is broken (line 1, column 1, byte 0:"),
            ("secret", "text/plain", "text that is not JSON"),
            ("PK\0secret", "application/zip", "bytes that are no text"),
        ] {
            let message = told(text, content_type);
            assert!(message.contains(word), "{text:?} {content_type}: {message}");
        }
        let nothing = UpstreamResponse::new(200, HeaderMap::new(), json!(""), BodyKind::Empty);
        assert!(not_json(&nothing).message.contains("an empty body"));
    }

    #[test]
    fn a_long_body_is_kept_up_to_a_character() {
        let long = "é".repeat(FAILED_BODY_BYTES);
        let response = UpstreamResponse::new(200, HeaderMap::new(), long.into(), BodyKind::Text);
        let kept = not_json(&response).response.unwrap().body;
        assert_eq!(kept.as_str().unwrap().len(), FAILED_BODY_BYTES);
    }
}
