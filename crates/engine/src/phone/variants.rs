//! The spellings under which a CRM may have a number.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

use super::{
    LEAST_DIGITS, PhoneFormat, calling_code, country_code, digits_of, fill_mask, holds_country_code,
    parse_region, understand, without_extension,
};

/// The spellings of a number that a search should try, the likeliest first, each once: in the wanted
/// formats that it fits, in E.164 and without its plus, with `00`, international, national, and as it
/// was sent.
///
/// Spellings without a country code are left out where the number belongs to another country than
/// the region: they would be numbers of this one. With no region, a number with `+` has them where
/// they are no whole number elsewhere: with the 0 of its country before it, or in North America.
/// Extensions and hidden numbers have no spelling.
pub fn phone_variants(input: &str, formats: &[PhoneFormat], default_region: Option<&str>) -> Vec<String> {
    let input = input.trim();
    let digits = digits_of(without_extension(input));
    if digits.len() < LEAST_DIGITS {
        return Vec::new();
    }
    let mut variants = Variants(Vec::new());
    let Some(number) = understand(input, default_region) else {
        // What country it belongs to is not known, so it is looked for as it stands.
        for format in formats {
            if let PhoneFormat::Mask(mask) = format
                && country_code(mask).is_none()
                && !holds_country_code(mask)
                && !input.starts_with('+')
            {
                variants.add(fill_mask(mask, &digits));
            }
        }
        variants.add(Some(input.to_owned()));
        variants.add(Some(digits));
        return variants.0;
    };
    let region_code = calling_code(default_region);
    let is_foreign = region_code.is_some_and(|code| code != number.country_code());
    let is_known_here = match region_code {
        Some(_) => !is_foreign,
        None => number.country_code() == NORTH_AMERICA,
    };
    for format in formats {
        variants.add(number.format(format, is_known_here));
    }
    let today = number.written(PhoneNumberFormat::E164);
    for e164 in [&number.e164, &today] {
        variants.add(Some(e164.clone()));
        // 47 22 12 34 56 of Norway would be a number of the United States.
        let digits = digits_of(e164);
        if !is_foreign || !is_number_of(&digits, default_region) {
            variants.add(Some(digits));
        }
    }
    variants.add(Some(number.written(PhoneNumberFormat::International)));
    // North America dials 011, and nobody writes that down.
    if number.country_code() != NORTH_AMERICA {
        variants.add(Some(format!("00{}", digits_of(&today))));
    }
    if !is_foreign {
        let national = number.written(PhoneNumberFormat::National);
        if is_known_here || digits_of(&national).starts_with('0') {
            variants.add(Some(digits_of(&national)));
            variants.add(Some(national));
        }
        if region_code.is_some() {
            variants.add(Some(number.significant()));
        }
    }
    if input.starts_with('+') || !is_foreign {
        variants.add(Some(input.to_owned()));
    }
    variants.0
}

/// The country calling code of the United States, Canada and their neighbours.
const NORTH_AMERICA: i32 = 1;

/// Whether digits are a number that is dialled within a region.
fn is_number_of(digits: &str, region: Option<&str>) -> bool {
    let parsed = PHONE_NUMBER_UTIL.parse(digits, region.and_then(parse_region));
    parsed.is_ok_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number))
}

struct Variants(Vec<String>);

impl Variants {
    fn add(&mut self, spelling: Option<String>) {
        if let Some(spelling) = spelling.filter(|spelling| !self.0.contains(spelling)) {
            self.0.push(spelling);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_formats;
    use super::*;

    fn variants(input: &str, formats: &str, region: Option<&str>) -> Vec<String> {
        let formats = parse_formats(formats).unwrap_or_default();
        phone_variants(input, &formats, region)
    }

    #[test]
    fn a_number_is_spelled_as_its_country_spells_it() {
        let american = ["+14155550123", "14155550123", "+1 415-555-0123", "4155550123", "(415) 555-0123"];
        assert_eq!(variants("+14155550123", "", None), american);
        assert_eq!(variants("+14155550123", "", Some("US")), american);
        assert_eq!(variants("(415) 555-0123", "", Some("US")), american);
        assert_eq!(variants("4155550123", "", Some("CA")), american);
        assert_eq!(
            variants("+442071838750", "", Some("GB")),
            [
                "+442071838750",
                "442071838750",
                "+44 20 7183 8750",
                "00442071838750",
                "02071838750",
                "020 7183 8750",
                "2071838750",
            ]
        );
    }

    /// `2071838750` is also a number of Maine.
    #[test]
    fn no_spelling_is_a_number_of_another_country() {
        let formats = "(***) ***-****,national,digits,+44 ** **** ****";
        let foreign = variants("+442071838750", formats, Some("US"));
        assert_eq!(
            foreign,
            ["+44 20 7183 8750", "+442071838750", "442071838750", "00442071838750"],
            "spellings with the country code alone"
        );
        assert!(!variants("+442071838750", "", None).contains(&"2071838750".to_owned()));
    }

    #[test]
    fn without_a_region_no_format_makes_it_a_number_of_another_country() {
        let found = variants("+442071838750", "(***) ***-****,1##########,digits,national", None);
        for spelling in &found {
            assert!(!spelling.contains("207) 183") && !spelling.starts_with("12"), "{found:?}");
        }
        assert!(!found.contains(&"2071838750".to_owned()), "{found:?}");
        assert_eq!(variants("+14155550123", "***-***-****", None)[0], "415-555-0123");
        let mexican = variants("+525512345678", "", None);
        assert!(!mexican.contains(&"5512345678".to_owned()), "{mexican:?}");
    }

    #[test]
    fn digits_with_a_country_code_are_no_number_of_the_region() {
        let norwegian = variants("+4722123456", "", Some("US"));
        let valid_there = is_number_of("4722123456", Some("US"));
        assert_eq!(norwegian.contains(&"4722123456".to_owned()), !valid_there, "{norwegian:?}");
        assert!(is_number_of("4155550123", Some("US")) && !is_number_of("442071838750", Some("US")));
        assert!(variants("+14155550123", "", Some("DE")).contains(&"14155550123".to_owned()));
    }

    #[test]
    fn an_extension_is_no_part_of_a_number() {
        for input in ["+14155550123,101", "+14155550123;101", "+14155550123x101", "+14155550123 ext 101"] {
            for region in [None, Some("US"), Some("GB")] {
                let found = variants(input, "", region);
                assert!(found.contains(&"+14155550123".to_owned()), "{found:?}");
                assert!(!found.iter().any(|spelling| spelling.contains("0123101")), "{found:?}");
            }
        }
        let unknown = variants("4155550123,101", "***-***-****", None);
        assert!(unknown.contains(&"415-555-0123".to_owned()), "{unknown:?}");
        assert!(!unknown.contains(&"4155550123101".to_owned()), "{unknown:?}");
    }

    #[test]
    fn formats_come_first_where_they_fit() {
        let found = variants("+14155550123", "(###) ###-####,###-####", Some("US"));
        assert_eq!(found[0], "(415) 555-0123");
        assert_eq!(found.iter().filter(|spelling| *spelling == "(415) 555-0123").count(), 1);
        assert!(found.iter().all(|spelling| !spelling.contains('#')), "{found:?}");
    }

    #[test]
    fn without_a_region_a_national_number_is_looked_for_as_it_stands() {
        assert_eq!(
            variants("415-555-0123", "(***) ***-****,+1 (***) ***-****", None),
            ["(415) 555-0123", "415-555-0123", "4155550123"]
        );
    }

    #[test]
    fn extensions_and_hidden_numbers_have_no_spelling() {
        for input in
            ["101", "123456", "anonymous", "Restricted", "unknown", "private", "blocked", "", " ", "+"]
        {
            assert_eq!(variants(input, "(***) ***-****", Some("US")), [""; 0], "{input}");
        }
    }

    #[test]
    fn mexico_has_both_spellings_of_a_mobile_number() {
        let found = variants("+5215512345678", "", Some("US"));
        for spelling in ["+5215512345678", "+525512345678", "5215512345678", "525512345678"] {
            assert!(found.contains(&spelling.to_owned()), "{spelling}: {found:?}");
        }
    }
}
