//! Bodies that are written as one text: what the text is decides how values are encoded in it.
//!
//! Templates render such a text with every value between two marks, as JSON. Only then is known where a
//! value stands, within the quotes of a JSON text or outside, and it is written for that place.

use std::borrow::Cow;

use serde_json::Value;

use super::json;
use super::text::to_text;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Values stand in it as they are.
    Plain,
    /// JSON: values are escaped within quotes, and are JSON of their own outside.
    Json,
    /// A form: values are percent-encoded.
    Form,
    /// XML: values are escaped.
    Xml,
}

/// What a helper that stands alone in an expression has made of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// Any value.
    Value,
    /// A text that is JSON: `json`.
    Json,
    /// Percent-encoded text: `urlencode`.
    UrlEncoded,
    /// Text that `replace` has escaped for JSON.
    JsonEscaped,
    /// Text that `replace` has escaped for XML.
    XmlEscaped,
}

// Unicode's noncharacters are for use within a program; in a value they are escaped.
const START: char = '\u{FDD0}';
const END: char = '\u{FDD1}';

impl Made {
    const ALL: [(Self, char); 5] = [
        (Self::Value, 'v'),
        (Self::Json, 'j'),
        (Self::UrlEncoded, 'u'),
        (Self::JsonEscaped, 's'),
        (Self::XmlEscaped, 'x'),
    ];

    /// The letter by which it is written in a template that is checked.
    pub(super) fn letter(self) -> char {
        Self::ALL.iter().find(|(made, _)| *made == self).map_or('v', |(_, letter)| *letter)
    }

    fn of(letter: char) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == letter).map_or(Self::Value, |(made, _)| *made)
    }
}

/// Appends a value between marks.
pub(super) fn mark(made: char, value: &Value, text: &mut String) {
    text.push(START);
    text.push(made);
    let written = value.to_string();
    if written.contains([START, END]) {
        text.push_str(&written.replace(START, "\\ufdd0").replace(END, "\\ufdd1"));
    } else {
        text.push_str(&written);
    }
    text.push(END);
}

impl Format {
    /// The format of a marked text that is sent with a content type; without one, JSON and XML are known
    /// by how they begin.
    pub(super) fn of(content_type: &str, text: &str) -> Self {
        let declared = content_type.to_ascii_lowercase();
        let begins = |signs: &[char]| text.trim_start().starts_with(signs);
        if declared.contains("x-www-form-urlencoded") || (declared.is_empty() && begins_like_form(text)) {
            Self::Form
        } else if declared.contains("xml") || (declared.is_empty() && begins(&['<'])) {
            Self::Xml
        } else if (declared.contains("json") && begins(&['{', '[', '"']))
            || (declared.is_empty() && begins(&['{', '[']))
        {
            Self::Json
        } else {
            Self::Plain
        }
    }

    /// Writes the values between marks for the places where they stand.
    pub(super) fn fill(self, marked: &str) -> String {
        let mut text = String::with_capacity(marked.len());
        let mut place = Place::default();
        let mut rest = marked;
        while let Some(start) = rest.find(START) {
            let Some(end) = rest[start..].find(END).map(|length| start + length) else { break };
            place.read(&rest[..start], self);
            text.push_str(&rest[..start]);
            let mut marks = rest[start + START.len_utf8()..end].chars();
            let made = marks.next().map_or(Made::Value, Made::of);
            let value: Value = serde_json::from_str(marks.as_str()).unwrap_or_default();
            let written = self.written(made, &value, place);
            if made == Made::JsonEscaped {
                place.read(&written, self);
            }
            text.push_str(&written);
            rest = &rest[end + END.len_utf8()..];
        }
        text.push_str(rest);
        text
    }

    fn written(self, made: Made, value: &Value, place: Place) -> Cow<'static, str> {
        let text = to_text(value).into_owned();
        Cow::Owned(match (self, made) {
            (Self::Plain, _) | (Self::Form, Made::UrlEncoded) | (Self::Xml, Made::XmlEscaped) => text,
            (Self::Form, _) => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            (Self::Xml, _) if place.is_inside => text.replace("]]>", "]]]]><![CDATA[>"),
            (Self::Xml, _) => xml(&text),
            // Escaping by hand that leaves a way out of the quotes does not count.
            (Self::Json, Made::JsonEscaped) if place.is_inside && is_json(&format!("\"{text}\"")) => text,
            (Self::Json, _) if place.is_inside => {
                let quoted = json::to_vec(&*text);
                String::from_utf8_lossy(&quoted[1..quoted.len() - 1]).into_owned()
            }
            (Self::Json, Made::Json) => text,
            (Self::Json, _) => match value {
                // Digits outside of quotes were meant as a number, though the CRM gave them as text.
                Value::String(text) if is_scalar(text) => text.clone(),
                other => other.to_string(),
            },
        })
    }
}

/// Whether a text begins with the name of a field: without a content type, a text is sent as a form.
fn begins_like_form(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.[]%".contains(c);
    let rest = text.trim_start_matches(is_name);
    rest.len() < text.len() && rest.starts_with('=')
}

/// Where in a text a value stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Within the quotes of JSON, or a CDATA section of XML.
    is_inside: bool,
}

impl Place {
    fn read(&mut self, literal: &str, format: Format) {
        match format {
            Format::Plain | Format::Form => {}
            Format::Xml => match (literal.rfind("<![CDATA["), literal.rfind("]]>")) {
                (Some(open), close) => self.is_inside = close.is_none_or(|close| close < open),
                (None, Some(_)) => self.is_inside = false,
                (None, None) => {}
            },
            Format::Json => {
                let mut bytes = literal.bytes();
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' if self.is_inside => drop(bytes.next()),
                        b'"' => self.is_inside = !self.is_inside,
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Escapes text for XML 1.0, and leaves out the control characters that it does not allow.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Whether a text is JSON.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether a text is a number, a boolean or null in JSON.
pub(super) fn is_scalar(text: &str) -> bool {
    !text.trim_start().starts_with(['"', '{', '[']) && is_json(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn filled(format: Format, text: &str, made: Made, value: &Value) -> String {
        let mut marked = String::new();
        for (at, part) in text.split('@').enumerate() {
            if at > 0 {
                mark(made.letter(), value, &mut marked);
            }
            marked.push_str(part);
        }
        format.fill(&marked)
    }

    #[test]
    fn values_are_written_for_their_place() {
        let quoted = json!("a \"b\"\n\\c");
        for (format, text, made, value, expected) in [
            (
                Format::Json,
                r#"{"a": "@", "b": @}"#,
                Made::Value,
                &quoted,
                r#"{"a": "a \"b\"\n\\c", "b": "a \"b\"\n\\c"}"#,
            ),
            (Format::Json, r#"{"a": "\"@", "b": @}"#, Made::Value, &json!("5"), r#"{"a": "\"5", "b": 5}"#),
            (Format::Json, r#"["@", @]"#, Made::Value, &json!(null), r#"["", null]"#),
            (Format::Json, r#"["@", @]"#, Made::Value, &json!(["x"]), r#"["x", ["x"]]"#),
            (Format::Json, r#"["@", @]"#, Made::Json, &json!("\"x\""), r#"["\"x\"", "x"]"#),
            (Format::Json, r#"["@"]"#, Made::JsonEscaped, &json!("a \\\"b\\\""), r#"["a \"b\""]"#),
            (Format::Json, r#"["@"]"#, Made::JsonEscaped, &json!("a \\\\\""), r#"["a \\\\\""]"#),
            (Format::Json, "[@]", Made::Value, &json!("007"), r#"["007"]"#),
            (Format::Json, "[@]", Made::Value, &json!("1, 2"), r#"["1, 2"]"#),
            (Format::Form, "a=@&b=1", Made::Value, &json!("x y&z=~"), "a=x+y%26z%3D%7E&b=1"),
            (Format::Form, "a=@", Made::UrlEncoded, &json!("x%20y"), "a=x%20y"),
            (Format::Form, "a=@", Made::Json, &json!("{\"a\":1}"), "a=%7B%22a%22%3A1%7D"),
            (
                Format::Xml,
                "<a b='@'>@</a>",
                Made::Value,
                &json!("<'&\u{1}>"),
                "<a b='&lt;&apos;&amp;&gt;'>&lt;&apos;&amp;&gt;</a>",
            ),
            (
                Format::Xml,
                "<a><![CDATA[@]]>@</a>",
                Made::Value,
                &json!("]]><b>"),
                "<a><![CDATA[]]]]><![CDATA[><b>]]>]]&gt;&lt;b&gt;</a>",
            ),
            (Format::Xml, "<a>@</a>", Made::XmlEscaped, &json!("a &amp; b"), "<a>a &amp; b</a>"),
            (Format::Plain, "{@}", Made::Value, &quoted, "{a \"b\"\n\\c}"),
        ] {
            assert_eq!(filled(format, text, made, value), expected, "{format:?} {text} {value}");
        }
    }

    #[test]
    fn a_content_type_or_a_beginning_tells_the_format() {
        for (content_type, text, expected) in [
            ("application/json; charset=utf-8", " {}", Format::Json),
            ("application/vnd.api+JSON", "[1]", Format::Json),
            ("application/json", "\"x\"", Format::Json),
            ("application/json", "Call with", Format::Plain),
            ("", "{\"a\":1}", Format::Json),
            ("application/graphql", "{ me { id } }", Format::Plain),
            ("application/soap+xml", "<a/>", Format::Xml),
            ("text/xml", "hello", Format::Xml),
            ("", "<a/>", Format::Xml),
            ("text/plain", "<a/>", Format::Plain),
            ("application/x-www-form-urlencoded", "{", Format::Form),
        ] {
            assert_eq!(Format::of(content_type, text), expected, "{content_type} {text}");
        }
    }

    proptest! {
        /// Whatever a value is, the text keeps its shape and gives the value back.
        #[test]
        fn no_value_leaves_its_place(value in "(\\PC|[\"\\\\{}\\[\\]<>&\u{fdd0}\u{fdd1}\n\r\t]){0,20}") {
            let value = json!(value);
            let text = filled(Format::Json, r#"{"a": "@", "b": [@], "c": "x@y\"@"}"#, Made::Value, &value);
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.as_object().unwrap().len(), 3);
            prop_assert_eq!(&read["a"], &value);
            let by_hand = filled(Format::Json, r#"{"a": "@"}"#, Made::JsonEscaped, &value);
            prop_assert_eq!(serde_json::from_str::<Value>(&by_hand).unwrap().as_object().unwrap().len(), 1);
            let form = filled(Format::Form, "a=@&b=@", Made::Value, &value);
            let pairs: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let value = value.as_str().unwrap();
            prop_assert_eq!(pairs, [("a".to_owned(), value.to_owned()), ("b".to_owned(), value.to_owned())]);
            let escaped = xml(value);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
