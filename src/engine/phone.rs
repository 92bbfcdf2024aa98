//! Phone numbers: the `parsedPhoneNumber.*` object of templates, and the `phone` helper's formats.

mod variants;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
    ValidationError,
};
use serde_json::{Value, json};

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
    /// `(###) ###-####`: each `#` or `*` is one digit of the national significant number.
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
    /// Where the text is none of these.
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
/// Where one of them is no format.
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

/// `None` where the input is not a possible phone number. A number without `+` needs a default region
/// and the digits of a whole number: an extension is none in any region.
fn understand(input: &str, default_region: Option<&str>) -> Option<Understood> {
    let input = input.trim();
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

/// The number in the first of the formats that it fits. A number without `+` needs a default region
/// (`US`).
///
/// `None` where the input is not a possible phone number, so that a search never runs with half a
/// number. For the same reason a mask must fit exactly: with fewer digits it would stay
/// unfinished, with more it would name another number (the reference's connectors leave the
/// placeholders, or drop the digits that are too many). A mask that begins with a country code fits
/// numbers of that country alone.
pub fn format_phone(input: &str, formats: &[PhoneFormat], default_region: Option<&str>) -> Option<String> {
    let number = understand(input, default_region)?;
    formats.iter().find_map(|format| number.format(format))
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

    fn format(&self, format: &PhoneFormat) -> Option<String> {
        match format {
            PhoneFormat::E164 => Some(self.e164.clone()),
            PhoneFormat::National => Some(self.written(PhoneNumberFormat::National)),
            PhoneFormat::International => Some(self.written(PhoneNumberFormat::International)),
            PhoneFormat::Digits => Some(self.significant()),
            PhoneFormat::Mask(mask) => match country_code(mask) {
                Some(code) if code != self.country_code().to_string() => None,
                _ => fill_mask(mask, &self.significant()),
            },
        }
    }
}

/// The country code that a mask begins with.
fn country_code(mask: &str) -> Option<&str> {
    let code = mask.trim_start().strip_prefix('+')?;
    let end = code.find(|character: char| !character.is_ascii_digit()).unwrap_or(code.len());
    Some(&code[..end]).filter(|code| !code.is_empty())
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

    proptest! {
        #[test]
        fn any_mask_and_number_are_handled(mask in "\\PC*", number in "[+0-9 #*a-z]{0,20}|\\PC*") {
            parsed_phone_number(&number, None);
            parsed_phone_number(&number, Some("DE"));
            let formats = parse_formats(&mask).unwrap_or_default();
            format_phone(&number, &formats, Some("US"));
            phone_variants(&number, &formats, Some("US"));
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
