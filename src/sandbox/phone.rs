//! Phone numbers: storing them as E.164 and finding them by their digits.

/// Shortest run of digits that may stand for the end of a longer number.
const SHORTEST_NATIONAL: usize = 7;

/// `+` and 8 to 15 digits, punctuation removed; `None` if the text is no such number.
pub(super) fn e164(text: &str) -> Option<String> {
    let number = text.trim();
    let plain = |c: char| c.is_ascii_digit() || " +-.()".contains(c);
    let digits = digits(number);
    (number.starts_with('+') && number.chars().all(plain) && (8..=15).contains(&digits.len()))
        .then(|| format!("+{digits}"))
}

/// Whether a stored E.164 number is the one that was asked for.
///
/// With a plus sign all digits must be equal. Without one the digits may also be the national
/// part, a trunk `0` or an international `00` in front included.
pub(super) fn is_same(stored: &str, asked: &str) -> bool {
    let stored = digits(stored);
    let asked_digits = digits(asked);
    if asked.trim_start().starts_with('+') {
        return stored == asked_digits;
    }
    let asked = asked_digits.trim_start_matches('0');
    stored == asked || (asked.len() >= SHORTEST_NATIONAL && stored.ends_with(asked))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::{e164, is_same};

    #[test]
    fn numbers_are_kept_as_e164() {
        let cases = [
            ("+14155550101", Some("+14155550101")),
            (" +1 (415) 555-0101 ", Some("+14155550101")),
            ("4155550101", None),
            ("+1415", None),
            ("+1415555010112345", None),
            ("+1415555CALL", None),
        ];
        for (text, expected) in cases {
            assert_eq!(e164(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_found_by_their_digits() {
        let cases = [
            ("+14155550101", "+1 415-555-0101", true),
            ("+14155550101", "14155550101", true),
            ("+14155550101", "(415) 555-0101", true),
            ("+14155550101", "+4155550101", false),
            ("+14155550101", "0101", false),
            ("+14155550101", "", false),
            ("+442079460123", "020 7946 0123", true),
            ("+442079460123", "0044 20 7946 0123", true),
            ("+442079460123", "+44 20 7946 0124", false),
        ];
        for (stored, asked, expected) in cases {
            assert_eq!(is_same(stored, asked), expected, "{stored} {asked}");
        }
    }
}
