//! How a JSON value reads as text inside other text: JavaScript's `String()`.
//!
//! Recordings 03-templates, step `embedded`: arrays become `a,b,[object Object]`, objects
//! `[object Object]`, null nothing.

use std::borrow::Cow;

use serde_json::Value;

use super::number;

/// The text of a value: null is empty, numbers as JavaScript prints them, array elements joined
/// with `,` (null elements empty), an object `[object Object]`.
///
/// Numbers keep all their digits, unlike in JavaScript (quirk Q24).
///
/// ```
/// use app_connect_engine::text::to_text;
/// assert_eq!(to_text(&serde_json::json!(["a", null, 1.0, {"b": 2}])), "a,,1,[object Object]");
/// ```
pub fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::String(text) => Cow::Borrowed(text),
        Value::Number(number) => number::text(number),
        Value::Object(_) => Cow::Borrowed("[object Object]"),
        Value::Array(items) => {
            let mut joined = String::new();
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    joined.push(',');
                }
                joined.push_str(&to_text(item));
            }
            Cow::Owned(joined)
        }
    }
}

/// An id as text; null, booleans, empty texts and containers are no ids.
pub fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(_) | Value::Number(_) => Some(to_text(value).into_owned()),
        _ => None,
    }
}

/// Whether a value can be the id of a record that was just made: an id, and none of the texts and numbers
/// with which programs say that they have none (`"null"`, `-1`).
pub fn is_record_id(value: &Value) -> bool {
    id_text(value).is_some_and(|id| {
        let id = id.trim();
        let is_nothing = ["", "null", "undefined", "none", "nan", "false"];
        !is_nothing.iter().any(|nothing| id.eq_ignore_ascii_case(nothing))
            && !id.parse::<i64>().is_ok_and(|number| number < 0)
    })
}

/// Whether a key is this name, in any case and with any separators: `errorCode`, `ERROR_CODE`. The name is
/// in small letters and digits.
pub fn is_named(key: &str, name: &str) -> bool {
    let mut letters = key.bytes().filter(u8::is_ascii_alphanumeric);
    name.bytes().all(|wanted| letters.next().is_some_and(|letter| letter.to_ascii_lowercase() == wanted))
        && letters.next().is_none()
}

/// The beginning of a text, of at most `limit` bytes, up to a whole character.
pub fn head(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text that somebody else wrote, for showing to people: blanks and line ends become single blanks,
/// control and direction characters go, and what is longer than `limit` characters is cut.
pub fn one_line(text: &str, limit: usize) -> String {
    let shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line = String::new();
    let mut characters = 0;
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(shown).collect();
        if word.is_empty() {
            continue;
        }
        if characters > 0 {
            line.push(' ');
            characters += 1;
        }
        for c in word.chars() {
            if characters >= limit {
                line.truncate(line.trim_end().len());
                line.push('…');
                return line;
            }
            line.push(c);
            characters += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_of_others_become_one_line() {
        for (text, expected) in [
            ("  a\r\n\tb  ", "a b"),
            ("a\u{0}b \u{7} c", "ab c"),
            ("\u{202e}txet", "txet"),
            ("1234567890", "1234567890"),
            ("12345678901", "1234567890…"),
            ("123456789 0", "123456789…"),
            ("1234567890 1 2 3", "1234567890…"),
            ("éééééééééé", "éééééééééé"),
            ("", ""),
        ] {
            assert_eq!(one_line(text, 10), expected, "{text:?}");
        }
    }

    #[test]
    fn values_that_name_no_record_are_no_ids() {
        for value in [json!(5), json!(0), json!("0"), json!("-Nx1"), json!("nullable"), json!(u64::MAX)] {
            assert!(is_record_id(&value), "{value}");
        }
        for value in [
            json!(null),
            json!(true),
            json!(""),
            json!("  "),
            json!("null"),
            json!("Undefined"),
            json!(-1),
            json!("-1"),
            json!({"id": 5}),
            json!([]),
        ] {
            assert!(!is_record_id(&value), "{value}");
        }
    }

    #[test]
    fn values_read_as_in_javascript() {
        let cases = [
            (json!(null), ""),
            (json!(true), "true"),
            (json!("a b"), "a b"),
            (json!(1.0), "1"),
            (json!(-0.0), "0"),
            (json!(12.5), "12.5"),
            (json!(-0.5), "-0.5"),
            (json!(0.1), "0.1"),
            (json!(100.0), "100"),
            (json!(1e21), "1e+21"),
            (json!(1.5e300), "1.5e+300"),
            (json!(1e-6), "0.000001"),
            (json!(1e-7), "1e-7"),
            (json!(-1.25e-9), "-1.25e-9"),
            (json!(9007199254740993_i64), "9007199254740993"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!(["a", "b", {"deep": "c"}, null, [1, 2]]), "a,b,[object Object],,1,2"),
            (json!({"k": "v"}), "[object Object]"),
            (json!([]), ""),
        ];
        for (value, expected) in cases {
            assert_eq!(to_text(&value), expected, "{value}");
        }
        let parsed: Value = serde_json::from_str("123456789012345680000").unwrap();
        assert_eq!(to_text(&parsed), "123456789012345680000");
    }
}
