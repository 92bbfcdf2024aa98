//! How a value is encoded for the place where it is put.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::text::to_text;
use crate::config::document::QueryStyle;

/// The place where rendered text is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A JSON text: the serialiser escapes it.
    Json,
    /// A header value.
    Header,
    /// A segment of a URL's path.
    PathSegment,
    /// A name or value in a URL's query.
    QueryValue,
    /// A text whose values are marked, and encoded when it is known what they stand in.
    Marked,
}

/// RFC 3986 `unreserved`: everything else is encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the reference leaves as it is in query parameters (recordings 04, `encoding`).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b':')
    .remove(b',')
    .remove(b'$');

impl Slot {
    /// Appends a value to a text, encoded for the slot.
    pub fn encode(self, value: &str, text: &mut String) {
        match self {
            Self::Json | Self::Marked => text.push_str(value),
            // CR, LF and other controls end or split a header: the value goes on without them.
            Self::Header => value.split(char::is_control).for_each(|part| text.push_str(part)),
            Self::PathSegment => text.extend(utf8_percent_encode(value, SEGMENT)),
            Self::QueryValue => encode_query(value, text),
        }
    }
}

/// What JavaScript's `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &SEGMENT.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');

/// Appends a text as JavaScript's `encodeURIComponent` writes it.
pub(super) fn encode_component(value: &str, text: &mut String) {
    text.extend(utf8_percent_encode(value, COMPONENT));
}

/// A text as it may stand in a URL or a form, whoever wrote that: each way once, itself among them.
pub fn as_in_urls(text: &str) -> Vec<String> {
    let mut query = String::new();
    Slot::QueryValue.encode(text, &mut query);
    let encoded = [
        // What a query is once it is part of a URL that was read.
        query.replace('\'', "%27"),
        query,
        utf8_percent_encode(text, SEGMENT).to_string(),
        utf8_percent_encode(text, COMPONENT).to_string(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
    ];
    let mut forms = vec![text.to_owned()];
    for form in encoded.iter().cloned().chain(encoded.iter().map(|form| with_small_digits(form))) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// `%2F` as `%2f`.
fn with_small_digits(encoded: &str) -> String {
    let mut small = String::with_capacity(encoded.len());
    let mut digits = 0;
    for character in encoded.chars() {
        small.push(if digits > 0 { character.to_ascii_lowercase() } else { character });
        digits = if character == '%' { 2_u8 } else { digits.saturating_sub(1) };
    }
    small
}

/// Appends a query name or value; a space becomes a plus.
fn encode_query(value: &str, text: &mut String) {
    for (at, part) in value.split(' ').enumerate() {
        if at > 0 {
            text.push('+');
        }
        text.extend(utf8_percent_encode(part, QUERY));
    }
}

/// How the values of parameters are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As the reference writes queries: some reserved characters stay.
    Query,
    /// As `URLSearchParams` writes forms (`application/x-www-form-urlencoded`): none stays.
    Form,
}

/// Writes parameters as the reference serialises them: null is left out, lists and objects are written
/// with brackets, and lists inside of anything but the top level with their index. A style other than
/// [`QueryStyle::Brackets`] holds for every list of plain values.
#[derive(Debug, Clone, Copy)]
pub struct Parameters {
    /// How lists are written.
    pub style: QueryStyle,
    /// How names and values are encoded.
    pub encoding: Encoding,
    /// Nothing is appended any more to a text that is longer (bytes).
    pub most: usize,
}

impl Parameters {
    /// Appends a parameter.
    pub fn append(self, name: &str, value: &Value, text: &mut String) {
        match value {
            Value::Array(items) if self.style == QueryStyle::Brackets && items.iter().all(is_flat) => {
                let name = format!("{name}[]");
                items.iter().for_each(|item| self.scalar(&name, item, text));
            }
            _ => self.nested(name, value, text),
        }
    }

    fn nested(self, name: &str, value: &Value, text: &mut String) {
        if text.len() > self.most {
            return;
        }
        match value {
            Value::Array(items) if self.style == QueryStyle::Repeat && items.iter().all(is_flat) => {
                items.iter().for_each(|item| self.scalar(name, item, text));
            }
            Value::Array(items) if self.style == QueryStyle::Comma && items.iter().all(is_flat) => {
                let mut items = items.iter().filter(|item| !item.is_null()).peekable();
                if items.peek().is_none() {
                    return;
                }
                self.name(name, text);
                for (at, item) in items.enumerate() {
                    text.push_str(if at > 0 { "," } else { "" });
                    let mut encoded = String::new();
                    self.encode(&to_text(item), &mut encoded);
                    // A comma of a value is none between values.
                    text.push_str(&encoded.replace(',', "%2C"));
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.nested(&format!("{name}[{at}]"), item, text);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    self.nested(&format!("{name}[{key}]"), member, text);
                }
            }
            scalar => self.scalar(name, scalar, text),
        }
    }

    fn scalar(self, name: &str, value: &Value, text: &mut String) {
        if !value.is_null() && text.len() <= self.most {
            self.name(name, text);
            self.encode(&to_text(value), text);
        }
    }

    fn name(self, name: &str, text: &mut String) {
        if !text.is_empty() {
            text.push('&');
        }
        self.encode(name, text);
        text.push('=');
    }

    fn encode(self, value: &str, text: &mut String) {
        match self.encoding {
            Encoding::Query => encode_query(value, text),
            Encoding::Form => text.extend(url::form_urlencoded::byte_serialize(value.as_bytes())),
        }
    }
}

fn is_flat(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// A header value: text in Latin-1 goes out as Latin-1, as on the reference server (recordings 02,
/// `unicodeHeader`); anything beyond it as UTF-8. Control characters never get in.
pub fn header_value(text: &str) -> Option<http::HeaderValue> {
    if text.is_ascii() {
        return http::HeaderValue::from_bytes(text.as_bytes()).ok();
    }
    let latin_1: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    http::HeaderValue::from_bytes(&latin_1.unwrap_or_else(|| text.as_bytes().to_vec())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(style: QueryStyle, encoding: Encoding, parameters: &Value) -> String {
        let mut text = String::new();
        for (name, value) in parameters.as_object().unwrap() {
            Parameters { style, encoding, most: usize::MAX }.append(name, value, &mut text);
        }
        text
    }

    #[track_caller]
    fn query(parameters: Value, expected: &str) {
        assert_eq!(written(QueryStyle::Brackets, Encoding::Query, &parameters), expected);
    }

    #[test]
    fn lists_are_written_in_the_style_that_is_asked_for() {
        let parameters = json!({"t": ["a b", "c,d", null, 3], "none": [], "nul": [null], "o": {"ids": [1, 2]}, "l": [{"k": 1}]});
        for (style, expected) in [
            (QueryStyle::Brackets, "t[]=a b&t[]=c,d&t[]=3&nul[]=&o[ids][0]=1&o[ids][1]=2&l[0][k]=1"),
            (QueryStyle::Repeat, "t=a b&t=c,d&t=3&o[ids]=1&o[ids]=2&l[0][k]=1"),
            (QueryStyle::Comma, "t=a b,c%2Cd,3&o[ids]=1,2&l[0][k]=1"),
            (QueryStyle::Indices, "t[0]=a b&t[1]=c,d&t[3]=3&o[ids][0]=1&o[ids][1]=2&l[0][k]=1"),
        ] {
            let text = written(style, Encoding::Query, &parameters);
            let shown = text.replace("%5B", "[").replace("%5D", "]").replace('+', " ");
            assert_eq!(shown, expected.replace("&nul[]=", ""), "{style:?}");
        }
    }

    /// `new URLSearchParams({v: …}).toString()` in a browser.
    #[test]
    fn forms_encode_every_reserved_character() {
        let text = "a b!'()~*-._:,$&=+%@/?#[]{}\"<>\\^`|;é\n";
        let expected = "v=a+b%21%27%28%29%7E*-._%3A%2C%24%26%3D%2B%25%40%2F%3F%23%5B%5D%7B%7D%22%3C%3E%5C%5E%60%7C%3B%C3%A9%0A";
        assert_eq!(written(QueryStyle::Brackets, Encoding::Form, &json!({"v": text})), expected);
        let parsed: Vec<_> = url::form_urlencoded::parse(expected.as_bytes()).collect();
        assert_eq!(parsed, [("v".into(), text.into())]);
    }

    #[test]
    fn query_parameters_follow_the_recordings() {
        query(
            json!({"s": "text", "n": 5, "f": 1.5, "t": true, "e": "", "z": null}),
            "s=text&n=5&f=1.5&t=true&e=",
        );
        query(json!({"a": ["x", 3, null, true], "e": []}), "a%5B%5D=x&a%5B%5D=3&a%5B%5D=true");
        query(json!({"o": {"k": "v", "n": {"m": 1}}, "e": {}}), "o%5Bk%5D=v&o%5Bn%5D%5Bm%5D=1");
        query(
            json!({"a": [{"k": 1}, {"k": 2}], "m": [["p"], ["r"]]}),
            "a%5B0%5D%5Bk%5D=1&a%5B1%5D%5Bk%5D=2&m%5B0%5D%5B0%5D=p&m%5B1%5D%5B0%5D=r",
        );
        query(json!({"f": {"ids": [1, 2]}}), "f%5Bids%5D%5B0%5D=1&f%5Bids%5D%5B1%5D=2");
        query(
            json!({"q": "a b&c=d/e?f#g+h%i:j,k[l]m@n$o!p*q(r)s't~u;v"}),
            "q=a+b%26c%3Dd%2Fe%3Ff%23g%2Bh%25i:j,k%5Bl%5Dm%40n$o!p*q(r)s't~u%3Bv",
        );
    }

    #[test]
    fn slots_encode_for_themselves() {
        let encoded = |slot: Slot, value: &str| {
            let mut text = String::new();
            slot.encode(value, &mut text);
            text
        };
        assert_eq!(encoded(Slot::PathSegment, "../a b?c#d"), "..%2Fa%20b%3Fc%23d");
        assert_eq!(encoded(Slot::QueryValue, "a b&c"), "a+b%26c");
        assert_eq!(encoded(Slot::Header, "a\r\nX-Evil: 1"), "aX-Evil: 1");
        assert_eq!(encoded(Slot::Json, "<\"&"), "<\"&");
    }

    #[test]
    fn header_values_keep_latin_1() {
        assert_eq!(header_value("Zoë").unwrap().as_bytes(), b"Zo\xeb");
        assert_eq!(header_value("漢").unwrap().as_bytes(), "漢".as_bytes());
        assert!(header_value("a\nb").is_none());
    }
}
