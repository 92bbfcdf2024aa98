//! JSON as CRMs send it, and what is wrong with what they send instead.

use std::borrow::Cow;

use serde_json::Value;

use super::json::count_values;
use super::number;

/// How deep brackets may be nested: `serde_json`'s own bound.
const MOST_LEVELS: usize = 128;

/// What stands before JSON so that it is no script that another site could run.
const GUARDS: [&str; 5] = [")]}',", ")]}'", "while(1);", "for(;;);", "{}&&"];

/// How many values a JSON text may hold. A value takes some hundred bytes, however short its text is; with
/// usual names and texts 8 MiB of JSON hold half as many.
pub(super) const MOST_VALUES: usize = 500_000;

/// Why a text was not read as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no JSON.
    NotJson,
    /// It holds more than [`MOST_VALUES`].
    TooManyValues,
}

/// A JSON text that was read.
#[derive(Debug, PartialEq)]
pub(super) struct Parsed {
    /// The value; its numbers are as [`number`] writes them.
    pub value: Value,
    /// Halves of characters (lone surrogates) that were read as U+FFFD.
    pub halves: usize,
}

/// Reads JSON. Besides the grammar: byte order marks and guards against script inclusion are dropped,
/// and an escape of half a character is read as U+FFFD, as other clients do together with a UTF-8
/// encoder.
///
/// # Errors
/// If it is no JSON, or holds too many values: no memory is then used for any of them.
pub(super) fn parse(text: &str) -> Result<Parsed, Unread> {
    let text = text.trim_start_matches('\u{feff}');
    let read = |text: &str| {
        // Each value but the last takes two bytes or more.
        if text.len() / 2 > MOST_VALUES
            && count_values(text.as_bytes()) > MOST_VALUES
            && looks_like_json(text)
        {
            return Err(Unread::TooManyValues);
        }
        let mut value = serde_json::from_str(text).map_err(|_| Unread::NotJson)?;
        number::canonicalise(&mut value);
        Ok(value)
    };
    let refused = match read(text) {
        Ok(value) => return Ok(Parsed { value, halves: 0 }),
        Err(refused) => refused,
    };
    let (whole, halves) = replace_halves(unguarded(text));
    if refused == Unread::TooManyValues || (whole.len() == text.len() && halves == 0) {
        return Err(refused);
    }
    read(&whole).map(|value| Parsed { value, halves })
}

/// Whether a long text is JSON, without keeping any of it.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}

fn unguarded(text: &str) -> &str {
    let start = text.trim_start();
    GUARDS.iter().find_map(|guard| start.strip_prefix(guard)).unwrap_or(text)
}

/// Replaces the escapes of halves of characters, and counts them. The text keeps its length.
fn replace_halves(text: &str) -> (Cow<'_, str>, usize) {
    let bytes = text.as_bytes();
    let unit = |at: usize| {
        let escape = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let mut whole = String::new();
    let (mut kept, mut at, mut halves) = (0, 0, 0);
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str(&text[kept..at]);
                whole.push_str("\\ufffd");
                kept = at + 6;
                halves += 1;
                6
            }
            (Some(_), _) => 6,
            // The escaped character may be longer than a byte; what follows it is no backslash of an
            // escape in any case.
            (None, _) => 2,
        };
        if at >= bytes.len() {
            break;
        }
    }
    if halves == 0 {
        return (Cow::Borrowed(text), 0);
    }
    whole.push_str(&text[kept..]);
    (Cow::Owned(whole), halves)
}

/// What is wrong with a text that begins like JSON, as a noun with the place. Never quotes it.
pub(super) fn explain(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    // Halves of characters are read, so they are not what is wrong.
    let (whole, _) = replace_halves(unguarded(text));
    if deepest(&whole) >= MOST_LEVELS {
        return format!("JSON nested deeper than {MOST_LEVELS} levels");
    }
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&whole) else {
        return "JSON that cannot be read".to_owned();
    };
    if error.is_eof() {
        return format!("JSON that is cut off (it ends after {} bytes, before it is complete)", text.len());
    }
    let at = offset(&whole, &error);
    let what = wrong_at(&whole, at);
    format!("JSON that is broken ({}: {what})", place(&whole, at))
}

/// Byte offset at which the parser stopped, or near it.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    let mut at = (line_start + error.column().saturating_sub(1)).min(text.len());
    // Raw control characters are reported beside themselves.
    let is_raw =
        |at: usize| text.as_bytes().get(at).is_some_and(|byte| *byte < b' ') && is_in_string(text, at);
    if let Some(raw) = [at, at + 1, at.saturating_sub(1)].into_iter().find(|at| is_raw(*at)) {
        at = raw;
    }
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What the grammar says about the character at which the parser stopped.
fn wrong_at(text: &str, at: usize) -> String {
    let rest = &text[at..];
    let before = text[..at].trim_end();
    let Some(first) = rest.chars().next() else { return "it goes on where it should have ended".to_owned() };
    if first < ' ' && is_in_string(text, at) {
        return format!(
            "a raw control character (U+{:04X}) in a string, which has to be escaped",
            u32::from(first)
        );
    }
    let word = before.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '-').len();
    let word = &text[word..];
    for name in ["NaN", "-NaN", "Infinity", "-Infinity", "undefined", "None", "True", "False"] {
        if word.starts_with(name) {
            return format!("`{name}`, which is no JSON value");
        }
    }
    match first {
        '}' | ']' if before.ends_with(',') => "a comma before a closing bracket".to_owned(),
        '\'' => "a string or key in single quotes; JSON has double quotes".to_owned(),
        '/' => "a comment, which JSON has not".to_owned(),
        _ if before.ends_with('\\') || first == '\\' => "an escape that JSON has not".to_owned(),
        _ if serde_json::Deserializer::from_str(text)
            .into_iter::<serde::de::IgnoredAny>()
            .next()
            .is_some_and(|value| value.is_ok()) =>
        {
            "something follows the end of the JSON".to_owned()
        }
        _ => "what stands there is not JSON".to_owned(),
    }
}

/// Line, column and byte of an offset, all counted from one but the byte.
fn place(text: &str, at: usize) -> String {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}, byte {at}")
}

/// Whether an offset lies within a string.
fn is_in_string(text: &str, at: usize) -> bool {
    let mut in_string = false;
    let mut bytes = text.as_bytes()[..at].iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            _ => {}
        }
    }
    in_string
}

/// How many brackets are open at once, at most.
fn deepest(text: &str) -> usize {
    let (mut open, mut most, mut in_string) = (0_usize, 0, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => open += 1,
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn halves_of_characters_are_replaced_and_counted() {
        for (text, value, halves) in [
            (r#""\ud83d""#, "\u{fffd}", 1),
            (r#""\uDC00 a""#, "\u{fffd} a", 1),
            (r#""\ud83d\u0041""#, "\u{fffd}A", 1),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}", 1),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}", 2),
            (r#""\ud83d\ude00""#, "\u{1f600}", 0),
            (r#""\\ud83d \ud83d""#, "\\ud83d \u{fffd}", 1),
            (r#""\\\ud83d""#, "\\\u{fffd}", 1),
            (r#""é\ud83d\"é""#, "é\u{fffd}\"é", 1),
        ] {
            assert_eq!(parse(text), Ok(Parsed { value: value.into(), halves }), "{text}");
        }
        let keys = parse(r#"{"\ud83d": 12.0, "b": "\ud83d"}"#).unwrap();
        assert_eq!(keys, Parsed { value: json!({"\u{fffd}": 12, "b": "\u{fffd}"}), halves: 2 });
    }

    #[test]
    fn marks_and_guards_are_dropped() {
        for guard in ["\u{feff}", "\u{feff}\u{feff} ", ")]}'\n", " )]}',\n", "while(1);", "for(;;);", "{}&&"]
        {
            assert_eq!(parse(&format!("{guard}{{\"a\":1}}")).unwrap().value, json!({"a": 1}), "{guard}");
        }
        assert_eq!(parse(")]}'"), Err(Unread::NotJson));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, expected) in [
            ("{\"a\":", "JSON that is cut off (it ends after 5 bytes, before it is complete)"),
            ("{\"a\":[1,2", "JSON that is cut off (it ends after 9 bytes, before it is complete)"),
            ("{\"a\":\"secret", "JSON that is cut off (it ends after 12 bytes, before it is complete)"),
            (
                "{\"a\":1,}",
                "JSON that is broken (line 1, column 8, byte 7: a comma before a closing bracket)",
            ),
            ("[1,\n]", "JSON that is broken (line 2, column 1, byte 4: a comma before a closing bracket)"),
            (
                "{\"a\":\"x\ty\"}",
                "JSON that is broken (line 1, column 8, byte 7: a raw control character (U+0009) in a string, \
                 which has to be escaped)",
            ),
            (
                "{\n\"a\":\"é\ny\"}",
                "JSON that is broken (line 2, column 7, byte 9: a raw control character (U+000A) in a string, \
                 which has to be escaped)",
            ),
            ("{\"a\":NaN}", "JSON that is broken (line 1, column 6, byte 5: `NaN`, which is no JSON value)"),
            (
                "[-Infinity]",
                "JSON that is broken (line 1, column 3, byte 2: `-Infinity`, which is no JSON value)",
            ),
            ("[None]", "JSON that is broken (line 1, column 2, byte 1: `None`, which is no JSON value)"),
            (
                "{'a':1}",
                "JSON that is broken (line 1, column 2, byte 1: a string or key in single quotes; JSON has double \
                 quotes)",
            ),
            (
                "{} {}",
                "JSON that is broken (line 1, column 4, byte 3: something follows the end of the JSON)",
            ),
            ("[\"\\x\"]", "JSON that is broken (line 1, column 4, byte 3: an escape that JSON has not)"),
            ("[1 2]", "JSON that is broken (line 1, column 4, byte 3: what stands there is not JSON)"),
            (
                "[1, // one\n2]",
                "JSON that is broken (line 1, column 5, byte 4: a comment, which JSON has not)",
            ),
        ] {
            assert_eq!(parse(text), Err(Unread::NotJson), "{text}");
            assert_eq!(explain(text), expected, "{text}");
        }
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(&deep(127)).is_ok() && parse(&deep(128)).is_err());
        assert_eq!(explain(&deep(128)), "JSON nested deeper than 128 levels");
        assert_eq!(explain(&"[".repeat(100_000)), "JSON nested deeper than 128 levels");
    }

    #[test]
    fn a_text_of_too_many_values_is_not_read() {
        let list = |values: usize| format!("[{}]", vec!["{}"; values].join(","));
        assert_eq!(count_values("{\"a,[\": [1, {}, \"\\\",\"]}".as_bytes()), 5);
        assert!(parse(&list(MOST_VALUES - 1)).is_ok());
        assert_eq!(parse(&list(MOST_VALUES)), Err(Unread::TooManyValues));
        assert_eq!(parse(&format!("for(;;);{}", list(MOST_VALUES))), Err(Unread::TooManyValues));
        assert_eq!(parse(&",".repeat(2 * MOST_VALUES)), Err(Unread::NotJson));
    }

    proptest! {
        /// Any text is read or explained; what `serde_json` reads means the same here.
        #[test]
        fn any_text_is_read_or_explained(text in "\\PC{0,30}", near in "[\\[{\"\\\\udc8,:1.0eNa'/ \n\t}\\]é-]{0,30}") {
            for text in [&text, &near] {
                match (parse(text), serde_json::from_str::<Value>(text)) {
                    (Err(_), read) => {
                        prop_assert!(read.is_err());
                        prop_assert!(explain(text).starts_with("JSON "));
                    }
                    (Ok(parsed), Ok(mut value)) => {
                        number::canonicalise(&mut value);
                        prop_assert_eq!(parsed.value, value);
                    }
                    (Ok(_), Err(_)) => {}
                }
            }
        }
    }
}
