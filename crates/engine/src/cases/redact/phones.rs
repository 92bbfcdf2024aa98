//! Phone numbers: each becomes one fictional number of the same country and length, and every way in
//! which it is written stays as it is but for the digits.

use std::sync::LazyLock;

use regex::Regex;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, Region};

/// What may be a phone number.
static CANDIDATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\+?\(?[0-9](?:[0-9]|[ ().\-/\u{a0}]{1,2}[0-9])*").ok());

/// What nobody writes but as a phone number: ten digits in groups of 3, 3 and 4.
static GROUPED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:1[ .\-])?\(?[0-9]{3}\)?[ .\-]+[0-9]{3}[ .\-][0-9]{4}$").ok());

/// The fewest digits by which a number is known again.
const SHORTEST: usize = 7;

/// The numbers that were found, and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Phones {
    numbers: Vec<Number>,
}

#[derive(Debug)]
struct Number {
    /// Country code, or empty if nobody knows.
    country: String,
    /// Digits behind it.
    national: String,
    /// As many digits.
    stand_in: String,
}

impl Phones {
    /// How many numbers were found.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Remembers the numbers in a text. `is_phone` says that the text is one.
    pub(super) fn collect(&mut self, text: &str, is_phone: bool) {
        for found in candidates(text) {
            let digits = digits(found);
            if !(SHORTEST..=15).contains(&digits.len()) || self.find(&digits).is_some() {
                continue;
            }
            let international = found.starts_with('+');
            let is_grouped = GROUPED.as_ref().is_some_and(|grouped| grouped.is_match(found));
            if international || is_phone || is_grouped {
                self.add(found, &digits, international);
            }
        }
    }

    fn add(&mut self, text: &str, digits: &str, international: bool) {
        let region = (!international).then_some(Region::US);
        let parsed = PHONE_NUMBER_UTIL.parse(text, region).ok();
        // Ten digits without a country are no number of North America where that cannot be.
        let parsed = parsed.filter(|number| international || PHONE_NUMBER_UTIL.is_valid_number(number));
        let (country, national) = match &parsed {
            Some(number) => (number.country_code.to_string(), number.get_national_significant_number()),
            None => (String::new(), digits.to_owned()),
        };
        let stand_in = self.stand_in(parsed.as_ref(), &national);
        self.numbers.push(Number { country, national, stand_in });
    }

    fn stand_in(&self, number: Option<&PhoneNumber>, national: &str) -> String {
        let taken = |digits: &String| self.numbers.iter().any(|known| known.stand_in == *digits);
        let nth = self.numbers.len();
        let base = match number {
            // Numbers from 555 0100 to 555 0199 are kept for fiction.
            Some(number) if number.country_code == 1 && national.len() == 10 => None,
            Some(number) => PHONE_NUMBER_UTIL
                .get_region_for_number(number)
                .and_then(|region| PHONE_NUMBER_UTIL.get_example_number(region).ok())
                .map(|example| example.get_national_significant_number())
                .filter(|example| example.len() == national.len()),
            None => None,
        };
        let plain = |n: usize| {
            let all = format!("99999{:03}55501{:02}", 202 + n / 100, n % 100);
            all[all.len().saturating_sub(national.len())..].to_owned()
        };
        if let (Some(base), Some(number)) = (base, number) {
            let head = &base[..base.len().saturating_sub(2)];
            let valid = |digits: &String| {
                let text = format!("+{}{digits}", number.country_code);
                let parsed = PHONE_NUMBER_UTIL.parse(&text, None).ok();
                parsed.is_some_and(|parsed| PHONE_NUMBER_UTIL.is_valid_number(&parsed))
            };
            let mut tried = (nth..nth + 100).map(|n| format!("{head}{:02}", n % 100));
            if let Some(found) = tried.find(|digits| valid(digits) && !taken(digits)) {
                return found;
            }
        }
        (nth..nth + 1000).map(plain).find(|digits| !taken(digits)).unwrap_or_else(|| plain(nth))
    }

    /// The digits that stand for the digits of a number, however much of it is written.
    fn find(&self, digits: &str) -> Option<String> {
        self.numbers.iter().find_map(|number| {
            let Number { country, national, stand_in } = number;
            let before = digits.strip_suffix(national.as_str());
            if let Some(before) = before {
                let is_prefix = before == country || before.is_empty() || before == "0";
                let is_long = before.strip_prefix("00") == Some(country) || before == "00";
                return (is_prefix || is_long).then(|| format!("{before}{stand_in}"));
            }
            let is_local = digits.len() >= SHORTEST && national.ends_with(digits);
            is_local.then(|| stand_in[stand_in.len() - digits.len()..].to_owned())
        })
    }

    /// The text with every known number replaced.
    pub(super) fn replace(&self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        for found in candidates(text) {
            let at = found.as_ptr() as usize - rest.as_ptr() as usize;
            replaced.push_str(&rest[..at]);
            rest = &rest[at + found.len()..];
            match self.find(&digits(found)) {
                Some(digits) => replaced.push_str(&written_as(found, &digits)),
                None => replaced.push_str(found),
            }
        }
        replaced.push_str(rest);
        replaced
    }
}

fn candidates(text: &str) -> Vec<&str> {
    CANDIDATE
        .as_ref()
        .map(|pattern| pattern.find_iter(text).map(|found| found.as_str()).collect())
        .unwrap_or_default()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Other digits in the places of a text's digits.
fn written_as(text: &str, digits: &str) -> String {
    let mut digits = digits.chars();
    text.chars()
        .map(|letter| if letter.is_ascii_digit() { digits.next().unwrap_or(letter) } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let mut phones = Phones::default();
        phones.collect("+14154561234", false);
        for (text, expected) in [
            ("+14154561234", "+12025550100"),
            ("(415) 456-1234", "(202) 555-0100"),
            ("call 415.456.1234 now", "call 202.555.0100 now"),
            ("tel:+1-415-456-1234", "tel:+1-202-555-0100"),
            ("https://crm.example/c?phone=%2B14154561234", "https://crm.example/c?phone=%2B12025550100"),
            ("4561234", "5550100"),
            ("0014154561234", "0012025550100"),
            ("order 14154561299", "order 14154561299"),
            ("2026-01-03T09:00:00Z", "2026-01-03T09:00:00Z"),
        ] {
            assert_eq!(phones.replace(text), expected);
        }
    }

    #[test]
    fn stand_ins_keep_country_and_length_and_are_valid() {
        let mut phones = Phones::default();
        let numbers = ["+442079461234", "+442079465678", "+4930901820", "+33612345678", "+14164561234"];
        numbers.iter().for_each(|number| phones.collect(number, false));
        let replaced: Vec<String> = numbers.iter().map(|number| phones.replace(number)).collect();
        for (before, after) in numbers.iter().zip(&replaced) {
            assert_ne!(before, after);
            assert_eq!(before.len(), after.len(), "{after}");
            assert_eq!(before[..2], after[..2], "{after}");
            let parsed = PHONE_NUMBER_UTIL.parse(after, None).unwrap();
            let before = PHONE_NUMBER_UTIL.parse(before, None).unwrap();
            if PHONE_NUMBER_UTIL.is_valid_number(&before) && before.country_code != 49 {
                assert!(PHONE_NUMBER_UTIL.is_valid_number(&parsed), "{after}");
            }
        }
        let mut distinct = replaced.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), numbers.len());
    }

    #[test]
    fn digits_are_taken_for_a_number_only_where_something_says_so() {
        let mut phones = Phones::default();
        for text in ["1772442000", "id 100000123456", "2026-01-03", "4154561234"] {
            phones.collect(text, false);
        }
        assert_eq!(phones.len(), 0);
        phones.collect("4154561234", true);
        phones.collect("reach me at (628) 234-9876", false);
        assert_eq!(phones.len(), 2);
        assert_eq!(phones.replace("+1 415-456-1234, 6282349876"), "+1 202-555-0100, 2025550101");
    }
}
