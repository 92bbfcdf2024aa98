//! Phone numbers: the `parsedPhoneNumber.*` object of templates, and the `phone` helper's formats.

mod extension;
mod variants;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
    ValidationError,
};
use serde_json::{Value, json};

use extension::without_extension;
pub use variants::phone_variants;

/// What has fewer digits and no country code is an extension or a short code, in no region a number.
const LEAST_DIGITS: usize = 7;

/// What templates see as `parsedPhoneNumber` (recordings 06-contact-find, steps `phone-*`).
///
/// An international number (`+…`) is understood, and with a region also a number as it is dialled
/// there. What can be parsed has every field, also where it is not valid (`phone-with-ext-suffix`):
///
/// `{"number":{"input","international","national","e164","rfc3966","significant"},"regionCode",
/// "valid","possible","canBeInternationallyDialled","possibility","type","typeIsMobile",
/// "typeIsFixedLine","countryCode"}`
///
/// Anything else has `{"number":{"input"},"regionCode","valid":false,"possible":false,
/// "possibility"}`.
pub fn parsed_phone_number(input: &str, default_region: Option<&str>) -> Value {
    let input = input.trim();
    let parsed = match input.starts_with('+') {
        true => PHONE_NUMBER_UTIL.parse(input, None).ok(),
        false => understand(input, default_region).map(|number| number.parsed),
    };
    let region = parsed
        .as_ref()
        .and_then(|number| PHONE_NUMBER_UTIL.get_region_for_number(number))
        .or_else(|| region_of_leading_digits(input));
    let country_code = region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region));
    // A number without a country, such as +800 free phone, counts as unparsable.
    let possibility = match (parsed, region, country_code) {
        (Some(number), Some(region), Some(country_code)) => {
            return understood(input, &number, region, country_code);
        }
        (None, Some(_), Some(_)) => "unknown",
        _ => "invalid-country-code",
    };
    json!({
        "number": {"input": input},
        "regionCode": region.map(|region| region.to_string()),
        "valid": false,
        "possible": false,
        "possibility": possibility,
    })
}

fn understood(input: &str, number: &PhoneNumber, region: Region, country_code: i32) -> Value {
    let phones = &*PHONE_NUMBER_UTIL;
    let kind = phones.get_number_type(number);
    let fixed_or_mobile = kind == PhoneNumberType::FixedLineOrMobile;
    json!({
        "number": {
            "input": input,
            "international": phones.format(number, PhoneNumberFormat::International),
            "national": phones.format(number, PhoneNumberFormat::National),
            "e164": phones.format(number, PhoneNumberFormat::E164),
            "rfc3966": phones.format(number, PhoneNumberFormat::RFC3966),
            "significant": number.get_national_significant_number(),
        },
        "regionCode": region.to_string(),
        "valid": phones.is_valid_number(number),
        "possible": phones.is_possible_number(number),
        "canBeInternationallyDialled": phones.can_be_internationally_dialled(number),
        "possibility": possibility(number),
        "type": type_name(kind),
        "typeIsMobile": fixed_or_mobile || kind == PhoneNumberType::Mobile,
        "typeIsFixedLine": fixed_or_mobile || kind == PhoneNumberType::FixedLine,
        "countryCode": country_code,
    })
}

/// The main region of the first country calling code (one to three digits) that follows the first
/// character. This is how `+1+415 555 0123`, which does not parse, still says `US`.
fn region_of_leading_digits(input: &str) -> Option<Region> {
    let digits = input.strip_prefix('+')?;
    (1..4).find_map(|length| {
        let code = digits.get(..length)?;
        if code.starts_with('0') || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        PHONE_NUMBER_UTIL.get_region_for_country_code(code.parse().ok()?)
    })
}

/// Spelled as awesome-phonenumber 5 spells it; lengths between valid ones are `unknown` there.
fn possibility(number: &PhoneNumber) -> &'static str {
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
        Ok(_) => "is-possible",
        Err(ValidationError::InvalidCountryCode) => "invalid-country-code",
        Err(ValidationError::TooShort) => "too-short",
        Err(ValidationError::TooLong) => "too-long",
        Err(ValidationError::InvalidLength) => "unknown",
    }
}

/// Spelled as awesome-phonenumber 5 spells it; it has no word for voicemail numbers.
fn type_name(kind: PhoneNumberType) -> &'static str {
    match kind {
        PhoneNumberType::FixedLine => "fixed-line",
        PhoneNumberType::Mobile => "mobile",
        PhoneNumberType::FixedLineOrMobile => "fixed-line-or-mobile",
        PhoneNumberType::TollFree => "toll-free",
        PhoneNumberType::PremiumRate => "premium-rate",
        PhoneNumberType::SharedCost => "shared-cost",
        PhoneNumberType::VoIP => "voip",
        PhoneNumberType::PersonalNumber => "personal-number",
        PhoneNumberType::Pager => "pager",
        PhoneNumberType::UAN => "uan",
        PhoneNumberType::VoiceMail | PhoneNumberType::Unknown => "unknown",
    }
}

/// How the `phone` helper writes a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneFormat {
    /// `+14155550123`
    E164,
    /// `(415) 555-0123`: as dialled within the country.
    National,
    /// `+1 415-555-0123`
    International,
    /// `4155550123`: the national significant number, digits only.
    Digits,
    /// `(###) ###-####`: each `#` or `*` is one digit of the national significant number. A `+` right
    /// before the first one lets them hold the country code too.
    Mask(String),
}

/// A format name that is neither known nor a mask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a phone format: use e164, national, international, digits, or a mask such as (###) ###-####"
)]
pub struct UnknownPhoneFormat(pub String);

impl PhoneFormat {
    /// Reads `e164`, `national`, `international`, `digits` (in any case), or a mask: any text with
    /// at least one `#` or `*`, which are interchangeable (App Connect's `overridingFormat` has
    /// `*`; its connectors accept both).
    ///
    /// # Errors
    /// If the text is none of these.
    pub fn parse(format: &str) -> Result<Self, UnknownPhoneFormat> {
        let format = format.trim();
        match format.to_ascii_lowercase().as_str() {
            "e164" => Ok(Self::E164),
            "national" => Ok(Self::National),
            "international" => Ok(Self::International),
            "digits" => Ok(Self::Digits),
            _ if format.contains(is_placeholder) => Ok(Self::Mask(format.to_owned())),
            _ => Err(UnknownPhoneFormat(format.to_owned())),
        }
    }
}

/// The formats of a list: a text with commas between them, which is how App Connect sends
/// `overridingFormat`.
///
/// # Errors
/// If one of them is no format.
pub fn parse_formats(list: &str) -> Result<Vec<PhoneFormat>, UnknownPhoneFormat> {
    list.split(',').map(PhoneFormat::parse).collect()
}

fn is_placeholder(character: char) -> bool {
    matches!(character, '#' | '*')
}

/// A region code such as `US`, if it is one that has phone numbers.
pub fn parse_region(code: &str) -> Option<Region> {
    let region = Region::from_code(code).ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| region)
}

/// A possible phone number.
struct Understood {
    parsed: PhoneNumber,
    /// In E.164 as it was dialled.
    e164: String,
}

/// `None` if the input is not a possible phone number. A number without `+` needs a default region
/// and the digits of a whole number: an extension is none in any region.
fn understand(input: &str, default_region: Option<&str>) -> Option<Understood> {
    let input = without_extension(input.trim());
    let region = default_region.and_then(parse_region);
    let digits = input.chars().filter(char::is_ascii_alphanumeric).count();
    if !input.starts_with('+') && (region.is_none() || digits < LEAST_DIGITS) {
        return None;
    }
    let parsed = PHONE_NUMBER_UTIL.parse(input, region).ok()?;
    let e164 = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164).into_owned();
    if is_whole(&parsed) {
        return Some(Understood { parsed, e164 });
    }
    // Mexico dropped the 1 before mobile numbers in 2019; networks and address books still have it.
    let without_one = e164.strip_prefix("+521").map(|rest| format!("+52{rest}"))?;
    let parsed = PHONE_NUMBER_UTIL.parse(&without_one, None).ok().filter(is_whole)?;
    Some(Understood { parsed, e164 })
}

/// Whether the number has the length of a whole one, not only of a part that is dialled locally.
fn is_whole(number: &PhoneNumber) -> bool {
    matches!(PHONE_NUMBER_UTIL.is_possible_number_with_reason(number), Ok(NumberLengthType::IsPossible))
}

/// The country calling code of a region.
fn calling_code(region: Option<&str>) -> Option<i32> {
    PHONE_NUMBER_UTIL.get_country_code_for_region(parse_region(region?)?)
}

/// Whether two inputs are one number of a region. What is no number there is compared by its digits.
pub fn is_same_number(a: &str, b: &str, region: Option<&str>) -> bool {
    let e164 = |input: &str| {
        let number = understand(input, region).or_else(|| {
            // Also where another prefix is dialled for calls abroad.
            let rest = region.and_then(|_| input.trim().strip_prefix("00"))?;
            understand(&format!("+{rest}"), None)
        });
        number.map(|number| number.written(PhoneNumberFormat::E164))
    };
    match (e164(a), e164(b)) {
        (Some(a), Some(b)) => a == b,
        _ => {
            let digits = digits_of(without_extension(a));
            !digits.is_empty() && digits == digits_of(without_extension(b))
        }
    }
}

/// The number in the first of the formats that it fits. A number without `+` needs a default region
/// (`US`).
///
/// `None` if the input is not a possible phone number, so that a search never runs with half a
/// number. For the same reason a mask must fit exactly: with fewer digits it would stay
/// unfinished, with more it would name another number (the reference's connectors leave the
/// placeholders, or drop the digits that are too many). A mask that begins with a country code fits
/// numbers of that country alone. A format without one fits no number from outside of the region:
/// there its digits belong to somebody else.
pub fn format_phone(input: &str, formats: &[PhoneFormat], default_region: Option<&str>) -> Option<String> {
    let number = understand(input, default_region)?;
    let is_foreign = calling_code(default_region).is_some_and(|code| code != number.country_code());
    formats.iter().find_map(|format| number.format(format, !is_foreign))
}

/// For whom a number is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// For everybody: with its country code.
    World,
    /// For who dials it within its country.
    Country,
}

impl Understood {
    fn written(&self, format: PhoneNumberFormat) -> String {
        PHONE_NUMBER_UTIL.format(&self.parsed, format).into_owned()
    }

    fn significant(&self) -> String {
        self.parsed.get_national_significant_number()
    }

    fn country_code(&self) -> i32 {
        self.parsed.country_code
    }

    /// The number in the format, where it fits. Formats without a country code may be forbidden.
    fn format(&self, format: &PhoneFormat, may_be_national: bool) -> Option<String> {
        if !may_be_national && self.readers(format)? == Readers::Country {
            return None;
        }
        match format {
            PhoneFormat::E164 => Some(self.e164.clone()),
            PhoneFormat::National => Some(self.written(PhoneNumberFormat::National)),
            PhoneFormat::International => Some(self.written(PhoneNumberFormat::International)),
            PhoneFormat::Digits => Some(self.significant()),
            PhoneFormat::Mask(mask) => {
                self.readers(format)?;
                let digits = match holds_country_code(mask) {
                    true => format!("{}{}", self.country_code(), self.significant()),
                    false => self.significant(),
                };
                fill_mask(mask, &digits)
            }
        }
    }

    /// `None` if a mask has the country code of another country.
    fn readers(&self, format: &PhoneFormat) -> Option<Readers> {
        let mask = match format {
            PhoneFormat::E164 | PhoneFormat::International => return Some(Readers::World),
            PhoneFormat::National | PhoneFormat::Digits => return Some(Readers::Country),
            PhoneFormat::Mask(mask) if holds_country_code(mask) => return Some(Readers::World),
            PhoneFormat::Mask(mask) => mask,
        };
        match country_code(mask) {
            None => Some(Readers::Country),
            Some(code) if code == self.country_code().to_string() => Some(Readers::World),
            // The 0 or 8 that is dialled before a number within its country.
            Some(code) => (self.trunk_prefix()? == code).then_some(Readers::Country),
        }
    }

    /// What is dialled before the number within its country.
    fn trunk_prefix(&self) -> Option<String> {
        let national = digits_of(&self.written(PhoneNumberFormat::National));
        national.strip_suffix(&self.significant()).map(str::to_owned)
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The digits before a mask's first placeholder: its country code, with or without `+` or `00`.
fn country_code(mask: &str) -> Option<&str> {
    let head = mask.split(is_placeholder).next()?;
    let begin = head.find(|character: char| character.is_ascii_digit())?;
    let digits = &head[begin..];
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    let digits = &digits[..end];
    Some(digits.strip_prefix("00").filter(|code| !code.is_empty()).unwrap_or(digits))
}

/// Whether a mask's placeholders begin with the country code: `+###########`.
fn holds_country_code(mask: &str) -> bool {
    mask.split(is_placeholder).next().is_some_and(|head| head.trim_end().ends_with('+'))
}

fn fill_mask(mask: &str, digits: &str) -> Option<String> {
    let mut digits = digits.chars();
    let filled = mask
        .chars()
        .map(|character| match is_placeholder(character) {
            true => digits.next(),
            false => Some(character),
        })
        .collect::<Option<String>>()?;
    digits.next().is_none().then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_of(input: &str) -> String {
        parsed_phone_number(input, None).to_string()
    }

    /// Byte for byte what recordings 06-contact-find, steps `phone-*`, sent as `parsed`.
    #[test]
    fn parsed_numbers_are_as_recorded() {
        let us = r#"{"number":{"input":"+14155550123","international":"+1 415-555-0123","national":"(415) 555-0123","e164":"+14155550123","rfc3966":"tel:+1-415-555-0123","significant":"4155550123"},"regionCode":"US","valid":true,"possible":true,"canBeInternationallyDialled":true,"possibility":"is-possible","type":"fixed-line-or-mobile","typeIsMobile":true,"typeIsFixedLine":true,"countryCode":1}"#;
        let cases = [
            ("+14155550123", us),
            (
                "+1+415 555 0123",
                r#"{"number":{"input":"+1+415 555 0123"},"regionCode":"US","valid":false,"possible":false,"possibility":"unknown"}"#,
            ),
            (
                "14155550123",
                r#"{"number":{"input":"14155550123"},"regionCode":null,"valid":false,"possible":false,"possibility":"invalid-country-code"}"#,
            ),
            (
                "+442071838750",
                r#"{"number":{"input":"+442071838750","international":"+44 20 7183 8750","national":"020 7183 8750","e164":"+442071838750","rfc3966":"tel:+44-20-7183-8750","significant":"2071838750"},"regionCode":"GB","valid":true,"possible":true,"canBeInternationallyDialled":true,"possibility":"is-possible","type":"fixed-line","typeIsMobile":false,"typeIsFixedLine":true,"countryCode":44}"#,
            ),
            (
                "+4930123456",
                r#"{"number":{"input":"+4930123456","international":"+49 30 123456","national":"030 123456","e164":"+4930123456","rfc3966":"tel:+49-30-123456","significant":"30123456"},"regionCode":"DE","valid":true,"possible":true,"canBeInternationallyDialled":true,"possibility":"is-possible","type":"fixed-line","typeIsMobile":false,"typeIsFixedLine":true,"countryCode":49}"#,
            ),
            (
                "+14155550123*101",
                r#"{"number":{"input":"+14155550123*101","international":"+1 4155550123101","national":"4155550123101","e164":"+14155550123101","rfc3966":"tel:+1-4155550123101","significant":"4155550123101"},"regionCode":"US","valid":false,"possible":false,"canBeInternationallyDialled":true,"possibility":"too-long","type":"unknown","typeIsMobile":false,"typeIsFixedLine":false,"countryCode":1}"#,
            ),
            (
                "anonymous",
                r#"{"number":{"input":"anonymous"},"regionCode":null,"valid":false,"possible":false,"possibility":"invalid-country-code"}"#,
            ),
            (
                "",
                r#"{"number":{"input":""},"regionCode":null,"valid":false,"possible":false,"possibility":"invalid-country-code"}"#,
            ),
        ];
        for (input, expected) in cases {
            assert_eq!(text_of(input), expected, "{input}");
        }
        // Q37: spaces inside are spaces.
        assert_eq!(text_of("+1 415 555 0123"), us.replacen("+14155550123", "+1 415 555 0123", 1));
    }

    #[test]
    fn numbers_without_a_country_are_not_understood() {
        assert_eq!(
            text_of("+80012345678"),
            r#"{"number":{"input":"+80012345678"},"regionCode":"001","valid":false,"possible":false,"possibility":"invalid-country-code"}"#
        );
        assert_eq!(parsed_phone_number("+999123456", None)["regionCode"], json!(null));
    }

    /// A region makes a number of what is dialled there, and of nothing else.
    #[test]
    fn a_region_completes_national_numbers() {
        let parsed = |input| parsed_phone_number(input, Some("US"));
        assert_eq!(parsed("(415) 555-0123")["number"]["e164"], json!("+14155550123"));
        assert_eq!(parsed("4155550123")["regionCode"], json!("US"));
        for input in ["101", "anonymous", "", "5550123", "+44 20 7183 8750", "+1415"] {
            assert_eq!(parsed(input), parsed_phone_number(input, None), "{input}");
        }
    }

    #[test]
    fn formats() {
        let cases = [
            ("+14155550123", "e164", None, Some("+14155550123")),
            ("(415) 555-0123", "E164", Some("us"), Some("+14155550123")),
            ("+14155550123", "national", None, Some("(415) 555-0123")),
            ("+14155550123", "international", None, Some("+1 415-555-0123")),
            (" +1 415 555 0123 ", "digits", None, Some("4155550123")),
            ("+14155550123", "(###) ###-####", None, Some("(415) 555-0123")),
            ("+14155550123", "+1-***-***-****", None, Some("+1-415-555-0123")),
            // Ten digits: one too few, one too many.
            ("+14155550123", "(###) ###-#####", None, None),
            ("+14155550123", "(###) ###-###", None, None),
            ("+4930123456", "###/#####", None, Some("301/23456")),
            ("4155550123", "e164", None, None),
            ("4155550123", "e164", Some("Mars"), None),
            ("+1415", "e164", None, None),
            ("anonymous", "digits", Some("US"), None),
            // Extensions, short codes and local numbers are no numbers of a region.
            ("101", "e164", Some("US"), None),
            ("101", "digits", Some("DE"), None),
            ("123456", "e164", Some("DE"), None),
            ("5550123", "e164", Some("US"), None),
            // Mexico's former mobile prefix: as dialled in E.164, as written today else.
            ("+5215512345678", "e164", None, Some("+5215512345678")),
            ("+5215512345678", "digits", None, Some("5512345678")),
            ("+525512345678", "e164", None, Some("+525512345678")),
            ("+52155123456789", "e164", None, None),
            // The first of several formats that fits.
            ("+4930123456", "(***) ***-****, ***/*****", None, Some("301/23456")),
            ("+14155550123", "***-***-****,(***) ***-****", None, Some("415-555-0123")),
            // A format without a country code fits no number from outside of the region.
            ("+442071838750", "(###) ###-####", Some("US"), None),
            ("+442071838750", "(***) ***-****", Some("CA"), None),
            ("+442071838750", "digits", Some("US"), None),
            ("+442071838750", "national", Some("US"), None),
            ("+442071838750", "national", Some("GB"), Some("020 7183 8750")),
            ("+442071838750", "digits,e164", Some("US"), Some("+442071838750")),
            ("+14155550123", "(###) ###-####", Some("CA"), Some("(415) 555-0123")),
            ("00442071838750", "digits", Some("DE"), None),
            // Digits before the first placeholder are a country code, or what is dialled within it.
            ("+442071838750", "1##########", None, None),
            ("+442071838750", "(1) ##########", None, None),
            ("+14155550123", "1##########", Some("GB"), Some("14155550123")),
            ("+14155550123", "001##########", None, Some("0014155550123")),
            ("+14155550123", "0##########", None, None),
            ("+442071838750", "0## #### ####", Some("GB"), Some("020 7183 8750")),
            ("+442071838750", "0## #### ####", Some("US"), None),
            ("+74951234567", "8 (***) ***-**-**", Some("RU"), Some("8 (495) 123-45-67")),
            // Placeholders behind a plus hold the country code too.
            ("+14155550123", "+###########", Some("GB"), Some("+14155550123")),
            ("+14155550123", "+##########", None, None),
            // What is dialled after the number is no part of it.
            ("+14155550123,101", "e164", None, Some("+14155550123")),
            ("415-555-0123 ext. 101", "digits", Some("US"), Some("4155550123")),
            // No number of one country under the code of another.
            ("+442071838750", "+1 (***) ***-****", None, None),
            ("+442071838750", "+1 (***) ***-****,+44 **********", None, Some("+44 2071838750")),
        ];
        for (input, format, region, expected) in cases {
            let formats = parse_formats(format).unwrap();
            assert_eq!(format_phone(input, &formats, region).as_deref(), expected, "{input} {format}");
        }
        assert!(PhoneFormat::parse("E.164").is_err());
        assert!(PhoneFormat::parse("").is_err());
    }

    #[test]
    fn spellings_of_one_number_are_the_same() {
        let spellings = [
            "+14155550123",
            "+1 415-555-0123",
            "4155550123",
            "14155550123",
            "(415) 555-0123",
            "0014155550123",
            "+14155550123;ext=5",
            "+14155550123,101",
        ];
        for a in spellings {
            for b in spellings {
                assert!(is_same_number(a, b, Some("US")), "{a} {b}");
            }
            assert!(!is_same_number(a, "+14155550124", Some("US")), "{a}");
        }
        assert!(!is_same_number("+442071838750", "2071838750", Some("US")), "of Maine");
        assert!(is_same_number("+442071838750", "020 7183 8750", Some("GB")));
        assert!(is_same_number("+52 1 55 1234 5678", "+525512345678", None));
        assert!(!is_same_number("+14155550123", "4155550123", None));
        assert!(is_same_number("101", "101", Some("US")));
        for nothing in ["", "anonymous", "+"] {
            assert!(!is_same_number(nothing, nothing, Some("US")), "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn any_mask_and_number_are_handled(mask in "\\PC*", number in "[+0-9 #*a-z]{0,20}|\\PC*") {
            parsed_phone_number(&number, None);
            parsed_phone_number(&number, Some("DE"));
            let formats = parse_formats(&mask).unwrap_or_default();
            format_phone(&number, &formats, Some("US"));
            phone_variants(&number, &formats, Some("US"));
            is_same_number(&number, &mask, Some("US"));
        }

        #[test]
        fn a_filled_mask_holds_every_digit(separators in "[-. ()]{10}") {
            let mask: String = separators.chars().flat_map(|separator| ['#', separator]).collect();
            let format = PhoneFormat::parse(&mask).unwrap();
            let filled = format_phone("+14155550123", &[format], None).unwrap();
            let digits: String = filled.chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits, "4155550123");
        }
    }
}
