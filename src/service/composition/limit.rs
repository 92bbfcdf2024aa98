//! Texts that are no longer than a CRM takes: long values are shortened, the last one first, and say so.

use std::ops::Range;

use super::fields::Field;
use super::recognise;
use crate::engine::operation::{LogFormat, TextLimit};
use crate::engine::truncate::{Unit, end_within};

/// Behind a value that was shortened.
pub(super) const SHORTENED: &str = "… (shortened)";

/// The longest value of a field, in bytes: a transcript of some hours.
pub const LONGEST_VALUE: usize = 256 * 1024;

/// The longest text of a record that is read and changed, in bytes. No CRM is known whose field takes more.
pub const LONGEST_TEXT: usize = 2 * 1024 * 1024;

/// How much of a value is read for the place where it is cut, in bytes.
const NEAR_CUT: usize = 1024;

/// How far a cut goes back for the end of a word, in bytes.
const WORD: usize = 40;

/// The text of a call log within a limit. Sections are shortened, the last one first, and the note only
/// where that is not enough. `None` where all of them together are not: short fields and what people
/// wrote stay whole.
pub fn call_log(text: &str, format: LogFormat, limit: TextLimit) -> Option<String> {
    if limit.unit.length(text) <= limit.length {
        return Some(text.to_owned());
    }
    let mut values = recognise::long_values(text, format);
    values.sort_by_key(|(field, place)| (*field == Field::Note, std::cmp::Reverse(place.start)));
    let mut excess = limit.unit.length(text) - limit.length;
    let mut cuts: Vec<(Range<usize>, String)> = Vec::new();
    for (_, place) in values {
        // What people wrote can make one value begin within another; what is cut is cut once.
        if cuts.iter().any(|(cut, _)| cut.start < place.end && place.start < cut.end) {
            continue;
        }
        let value = &text[place.clone()];
        let before = limit.unit.length(value);
        let short = cut(value, before.saturating_sub(excess), limit.unit);
        let after = limit.unit.length(&short);
        if after < before {
            excess = excess.saturating_sub(before - after);
            cuts.push((place, short));
        }
        if excess == 0 {
            break;
        }
    }
    (excess == 0).then(|| {
        cuts.sort_by_key(|(place, _)| place.start);
        let mut short = String::with_capacity(text.len());
        let mut at = 0;
        for (place, value) in cuts {
            short.push_str(&text[at..place.start]);
            short.push_str(&value);
            at = place.end;
        }
        short + &text[at..]
    })
}

/// A value that is longer than [`LONGEST_VALUE`], within it.
pub(super) fn value(value: &str) -> Option<String> {
    if value.len() <= LONGEST_VALUE {
        return None;
    }
    let (kept, rest) = value.split_at(beginning(value, LONGEST_VALUE - NEAR_CUT).len());
    Some(format!("{kept}{}", cut(beginning(rest, 2 * NEAR_CUT), NEAR_CUT, Unit::Bytes)))
}

/// The longest beginning of at most so many bytes.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// A value of at most so many units, its mark included where that has room. It ends with a word where one
/// is near, and never within a character, a tag or an entity.
pub(super) fn cut(value: &str, most: usize, unit: Unit) -> String {
    let whole = value.strip_suffix(SHORTENED).unwrap_or(value);
    let mut end = end_within(whole, most.saturating_sub(unit.length(SHORTENED)), unit);
    let kept = &whole[..end];
    if let Some(open) = kept.rfind('<').filter(|open| !kept[*open..].contains('>')) {
        end = open;
    }
    let kept = &whole[..end];
    if let Some(open) =
        kept.rfind('&').filter(|open| kept.len() - open < 12 && !kept[*open..].contains([';', ' ']))
    {
        end = open;
    }
    let kept = &whole[..end];
    if let Some(blank) =
        kept.rfind(char::is_whitespace).filter(|blank| end - blank <= WORD && end < whole.len())
    {
        end = blank;
    }
    format!("{}{SHORTENED}", whole[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn characters(length: usize) -> TextLimit {
        TextLimit { length, unit: Unit::Utf16 }
    }

    #[test]
    fn a_value_is_cut_between_words_characters_tags_and_entities() {
        let cut = |value: &str, most| cut(value, most, Unit::Utf16);
        assert_eq!(cut("one two three four five", 21), "one two… (shortened)");
        assert_eq!(cut("a", 0), SHORTENED);
        assert_eq!(
            cut(&format!("{}{SHORTENED}", "word ".repeat(9)), 33),
            format!("word word word word{SHORTENED}")
        );
        for most in 13..40 {
            let html = cut("abc&amp;def&lt;g<br>hi&gt;jklmnopqrst", most);
            let kept = html.strip_suffix(SHORTENED).unwrap();
            assert!(Unit::Utf16.length(&html) <= most, "{html}");
            assert!(kept.matches('&').count() == kept.matches(';').count(), "{html}");
            assert!(kept.matches('<').count() == kept.matches('>').count(), "{html}");
            let emoji = cut("👩\u{200d}👩\u{200d}👧👍🏽e\u{301}👩\u{200d}👩\u{200d}👧👍🏽", most);
            let kept = emoji.strip_suffix(SHORTENED).unwrap();
            assert!(!kept.ends_with('\u{200d}') && !kept.ends_with("👩"), "{emoji}");
        }
    }

    #[test]
    fn no_value_is_longer_than_the_longest() {
        assert_eq!(value(&"a".repeat(LONGEST_VALUE)), None);
        for text in ["word ", "é", "👩\u{200d}👩\u{200d}👧", "a\n\n"] {
            let short = value(&text.repeat(LONGEST_VALUE)).unwrap();
            assert!(
                short.len() <= LONGEST_VALUE && short.len() > LONGEST_VALUE - 2 * WORD,
                "{}",
                short.len()
            );
            let kept = short.strip_suffix(SHORTENED).unwrap();
            assert!(text.repeat(LONGEST_VALUE).starts_with(kept) && value(&short).is_none());
        }
    }

    #[test]
    fn sections_are_shortened_before_the_note_and_short_fields_never() {
        let text = format!(
            "- Note: {}\n- Result: Call connected\n\n- AI Note:\n{}\n--- END\n\n- Transcript:\n{}\n--- END\n",
            "n".repeat(300),
            "a".repeat(300),
            "t".repeat(300)
        );
        let short = call_log(&text, LogFormat::Plain, characters(800)).unwrap();
        assert!(short.contains(&"n".repeat(300)) && short.contains(&"a".repeat(300)), "{short}");
        assert!(short.ends_with("t… (shortened)\n--- END\n"), "{short}");
        assert!(short.encode_utf16().count() <= 800);
        let short = call_log(&text, LogFormat::Plain, characters(420)).unwrap();
        assert!(
            short.contains(&"n".repeat(300)) && short.contains("Transcript:\n… (shortened)\n--- END"),
            "{short}"
        );
        let short = call_log(&text, LogFormat::Plain, characters(200)).unwrap();
        assert!(short.starts_with("- Note: n") && short.contains("- Result: Call connected\n"), "{short}");
        assert_eq!(call_log(&text, LogFormat::Plain, characters(100)), None);
        assert_eq!(call_log(&text, LogFormat::Plain, characters(5000)), Some(text));
    }
}
