//! String literals: from a range of the decoded text back to the source.

use std::ops::Range;

/// The place between the quotes of a string literal.
pub(in crate::config) fn inner(literal: Range<usize>) -> Range<usize> {
    let start = (literal.start + 1).min(literal.end);
    start..literal.end.saturating_sub(1).max(start)
}

/// A place in a literal: bytes of its content, as it is written and decoded.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::config) struct Reached {
    pub(in crate::config) written: usize,
    pub(in crate::config) decoded: usize,
}

/// The source range of `content` (a valid JSON string literal, without its quotes, in `source`) that
/// decodes to the bytes `decoded` of its value. Parts of characters count as the whole character; what
/// lies behind the end counts as the end. Begins to read at a place that is not behind it, and also gives the
/// place where it begins.
pub(in crate::config) fn decoded_range(
    source: &str,
    content: Range<usize>,
    decoded: Range<usize>,
    from: Reached,
) -> (Range<usize>, Reached) {
    let text = source.get(content.clone()).unwrap_or_default();
    let (mut at, mut value_at) = (from.written, from.decoded);
    let mut reached = from;
    let mut start = None;
    while at < text.len() {
        if start.is_none() && value_at == decoded.start && decoded.is_empty() {
            let reached = Reached { written: at, decoded: value_at };
            return (content.start + at..content.start + at, reached);
        }
        if start.is_some() && value_at >= decoded.end {
            break;
        }
        let (source_len, value_len) = unit(&text[at..]);
        if start.is_none() && value_at + value_len > decoded.start {
            start = Some(at);
            reached = Reached { written: at, decoded: value_at };
        }
        at += source_len;
        value_at += value_len;
    }
    (content.start + start.unwrap_or(at)..content.start + at, reached)
}

/// Length in bytes of the first character of a literal, written and decoded.
fn unit(text: &str) -> (usize, usize) {
    let bytes = text.as_bytes();
    match bytes {
        [b'\\', b'u', ..] => match hex4(bytes, 2) {
            Some(high @ 0xD800..0xDC00) => match hex4(bytes, 8) {
                Some(0xDC00..0xE000) if bytes.get(6..8) == Some(br"\u") => (12, 4),
                _ => (6.min(text.len()), high_width(high)),
            },
            Some(code) => (6, high_width(code)),
            None => (1, 1),
        },
        [b'\\', _, ..] => (1 + text[1..].chars().next().map_or(0, char::len_utf8), 1),
        _ => {
            let len = text.chars().next().map_or(1, char::len_utf8);
            (len, len)
        }
    }
}

/// Bytes that a code unit outside a surrogate pair takes in UTF-8.
fn high_width(code: u32) -> usize {
    char::from_u32(code).map_or(3, char::len_utf8)
}

/// Four hexadecimal digits at an offset.
pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}
