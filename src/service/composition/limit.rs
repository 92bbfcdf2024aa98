//! Texts that are no longer than a CRM takes: long values are shortened, the last one first, and say so.

use std::ops::Range;

use super::fields::Field;
use super::recognise;
use crate::engine::operation::{LengthUnit, LogFormat, TextLimit};

/// Behind a value that was shortened.
pub(super) const SHORTENED: &str = "… (shortened)";

/// How far a cut goes back for the end of a word, in bytes.
const WORD: usize = 40;

/// How long a text is.
pub fn length(text: &str, unit: LengthUnit) -> usize {
    match unit {
        LengthUnit::Characters => text.encode_utf16().count(),
        LengthUnit::Bytes => text.len(),
    }
}

/// The text of a call log within a limit. Sections are shortened, the last one first, and the note only
/// where that is not enough. `None` where all of them together are not: short fields and what people
/// wrote stay whole.
pub fn call_log(text: &str, format: LogFormat, limit: TextLimit) -> Option<String> {
    if length(text, limit.unit) <= limit.length {
        return Some(text.to_owned());
    }
    let mut values = recognise::long_values(text, format);
    values.sort_by_key(|(field, place)| (*field == Field::Note, std::cmp::Reverse(place.start)));
    let mut excess = length(text, limit.unit) - limit.length;
    let mut cuts: Vec<(Range<usize>, String)> = Vec::new();
    for (_, place) in values {
        let value = &text[place.clone()];
        let before = length(value, limit.unit);
        let short = cut(value, before.saturating_sub(excess), limit.unit);
        let after = length(&short, limit.unit);
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

/// A value of at most so many units, its mark included where that has room. It ends with a word where one
/// is near, and never within a character, a tag or an entity.
pub(super) fn cut(value: &str, most: usize, unit: LengthUnit) -> String {
    let whole = value.strip_suffix(SHORTENED).unwrap_or(value);
    let room = most.saturating_sub(length(SHORTENED, unit));
    let mut used = 0;
    let mut end = 0;
    for (at, character) in whole.char_indices() {
        used += match unit {
            LengthUnit::Characters => character.len_utf16(),
            LengthUnit::Bytes => character.len_utf8(),
        };
        if used > room {
            break;
        }
        end = at + character.len_utf8();
    }
    end = apart(whole, end);
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

/// A place at or in front of another one, where two characters that are seen as one are not parted.
fn apart(text: &str, mut end: usize) -> usize {
    let joins = |character: char| {
        matches!(character, '\u{200d}' | '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{20d0}'..='\u{20ff}')
            || ('\u{1f3fb}'..='\u{1f3ff}').contains(&character)
    };
    while end > 0 && end < text.len() {
        let last = text[..end].chars().next_back();
        if !text[end..].starts_with(joins) && last != Some('\u{200d}') {
            break;
        }
        end -= last.map_or(1, char::len_utf8);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn characters(length: usize) -> TextLimit {
        TextLimit { length, unit: LengthUnit::Characters }
    }

    #[test]
    fn a_value_is_cut_between_words_characters_tags_and_entities() {
        let cut = |value: &str, most| cut(value, most, LengthUnit::Characters);
        assert_eq!(cut("one two three four five", 21), "one two… (shortened)");
        assert_eq!(cut("a", 0), SHORTENED);
        assert_eq!(
            cut(&format!("{}{SHORTENED}", "word ".repeat(9)), 33),
            format!("word word word word{SHORTENED}")
        );
        for most in 13..40 {
            let html = cut("abc&amp;def&lt;g<br>hi&gt;jklmnopqrst", most);
            let kept = html.strip_suffix(SHORTENED).unwrap();
            assert!(length(&html, LengthUnit::Characters) <= most, "{html}");
            assert!(kept.matches('&').count() == kept.matches(';').count(), "{html}");
            assert!(kept.matches('<').count() == kept.matches('>').count(), "{html}");
            let emoji = cut("👩\u{200d}👩\u{200d}👧👍🏽e\u{301}👩\u{200d}👩\u{200d}👧👍🏽", most);
            let kept = emoji.strip_suffix(SHORTENED).unwrap();
            assert!(!kept.ends_with('\u{200d}') && !kept.ends_with("👩"), "{emoji}");
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
