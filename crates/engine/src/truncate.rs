//! Shortening a text to what a CRM's field holds.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

/// How a CRM counts the length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// UTF-16 units, as JavaScript, Java, .NET and `maxLengthUnit` count: a text that fits so fits in code points too.
    #[default]
    Utf16,
    /// Code points of Unicode.
    CodePoints,
    /// Bytes of UTF-8.
    Bytes,
}

impl Unit {
    /// The unit of this name in a document.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "characters" | "utf16" => Some(Self::Utf16),
            "codepoints" => Some(Self::CodePoints),
            "bytes" => Some(Self::Bytes),
            _ => None,
        }
    }

    /// How long a text is.
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::CodePoints => text.chars().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// The text, in at most `limit` units: what is longer ends where a character does, as people see
/// characters, and `end` follows. An `end` that is longer than the limit is left out.
///
/// ```
/// use app_connect_engine::truncate::{Unit, truncate};
/// assert_eq!(truncate("Outbound Call", 9, "…", Unit::Utf16), "Outbound…");
/// ```
pub fn truncate<'t>(text: &'t str, limit: usize, end: &str, unit: Unit) -> Cow<'t, str> {
    // No unit is longer than a byte.
    if text.len() <= limit || unit.length(text) <= limit {
        return Cow::Borrowed(text);
    }
    let (end, room) = match limit.checked_sub(unit.length(end)) {
        Some(room) => (end, room),
        None => ("", limit),
    };
    // A blank before the end would be cut off by most CRMs.
    let kept = text[..end_within(text, room, unit)].trim_end();
    Cow::Owned(format!("{kept}{end}"))
}

/// Where the longest beginning of at most `limit` units ends, in bytes: never within a character as people
/// see it.
pub fn end_within(text: &str, limit: usize, unit: Unit) -> usize {
    let mut length = 0;
    let fitting = text.grapheme_indices(true).take_while(|(_, character)| {
        length += unit.length(character);
        length <= limit
    });
    fitting.last().map_or(0, |(at, character)| at + character.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_end_where_a_character_does() {
        use Unit::*;
        let family = "👨‍👩‍👧";
        for (text, limit, end, unit, expected) in [
            ("Outbound Call", 13, "…", Utf16, "Outbound Call"),
            ("Outbound Call", 12, "…", Utf16, "Outbound Ca…"),
            ("Outbound Call", 10, "…", Utf16, "Outbound…"),
            ("Outbound Call", 8, "", Utf16, "Outbound"),
            ("Outbound Call", 5, "...", CodePoints, "Ou..."),
            ("Outbound Call", 2, "...", CodePoints, "Ou"),
            ("Outbound Call", 0, "…", Utf16, ""),
            // An emoji is two UTF-16 units, one code point and four bytes.
            ("ab😀cd", 4, "", Utf16, "ab😀"),
            ("ab😀cd", 3, "", Utf16, "ab"),
            ("ab😀cd", 3, "", CodePoints, "ab😀"),
            ("ab😀cd", 5, "", Bytes, "ab"),
            ("ab😀cd", 6, "", Bytes, "ab😀"),
            ("éé", 3, "", Bytes, "é"),
            ("ééé", 5, "…", Bytes, "é…"),
            // One character of several: a flag, a letter and its accent, a family.
            ("a🇩🇪b", 3, "", Utf16, "a"),
            ("e\u{301}e\u{301}x", 3, "", CodePoints, "e\u{301}"),
            (family, 4, "", Utf16, ""),
        ] {
            assert_eq!(truncate(text, limit, end, unit), expected, "{text} {limit} {unit:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_cut_fits_and_is_a_beginning(
            text in "(a|é|😀|e\u{301}|👨‍👩‍👧| |\\PC){0,20}",
            limit in 0..40_usize,
            end in "(|…|\\.\\.\\.| \\[cut\\])",
        ) {
            for unit in [Unit::Utf16, Unit::CodePoints, Unit::Bytes] {
                let cut = truncate(&text, limit, &end, unit);
                prop_assert!(unit.length(&cut) <= limit);
                if unit.length(&text) <= limit {
                    prop_assert_eq!(&*cut, &text);
                } else {
                    prop_assert!(cut.strip_suffix(end.as_str()).is_some_and(|kept| text.starts_with(kept))
                        || text.starts_with(&*cut));
                }
            }
        }
    }
}
