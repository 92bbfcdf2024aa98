//! Phone numbers: the `parsedPhoneNumber.*` object of templates, and the `phone` helper's formats.

use rlibphonenumber::{
    PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region, ValidationError,
};
use serde_json::{Value, json};

/// What templates see as `parsedPhoneNumber` (recordings 06-contact-find, steps `phone-*`).
///
/// Only an international number (`+…`) can be understood, because there is no default region.
/// What can be parsed has every field, also where it is not valid (`phone-with-ext-suffix`):
///
/// `{"number":{"input","international","national","e164","rfc3966","significant"},"regionCode",
/// "valid","possible","canBeInternationallyDialled","possibility","type","typeIsMobile",
/// "typeIsFixedLine","countryCode"}`
///
/// Anything else has `{"number":{"input"},"regionCode","valid":false,"possible":false,
/// "possibility"}`.
pub fn parsed_phone_number(input: &str) -> Value {
    let input = input.trim();
    let parsed = input.starts_with('+').then(|| PHONE_NUMBER_UTIL.parse(input, None).ok()).flatten();
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

fn is_placeholder(character: char) -> bool {
    matches!(character, '#' | '*')
}

/// A region code such as `US`, if it is one that has phone numbers.
pub fn parse_region(code: &str) -> Option<Region> {
    let region = Region::from_code(code).ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| region)
}

/// The number in the wanted format. A number without `+` needs a default region (`US`).
///
/// `None` where the input is not a possible phone number, so that a search never runs with half a
/// number. For the same reason a mask must fit exactly: with fewer digits it would stay
/// unfinished, with more it would name another number (the reference's connectors leave the
/// placeholders, or drop the digits that are too many).
pub fn format_phone(input: &str, format: &PhoneFormat, default_region: Option<&str>) -> Option<String> {
    let region = default_region.and_then(parse_region);
    let number = PHONE_NUMBER_UTIL.parse(input.trim(), region).ok()?;
    if !PHONE_NUMBER_UTIL.is_possible_number(&number) {
        return None;
    }
    let formatted = |format| PHONE_NUMBER_UTIL.format(&number, format).into_owned();
    match format {
        PhoneFormat::E164 => Some(formatted(PhoneNumberFormat::E164)),
        PhoneFormat::National => Some(formatted(PhoneNumberFormat::National)),
        PhoneFormat::International => Some(formatted(PhoneNumberFormat::International)),
        PhoneFormat::Digits => Some(number.get_national_significant_number()),
        PhoneFormat::Mask(mask) => fill_mask(mask, &number.get_national_significant_number()),
    }
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
        parsed_phone_number(input).to_string()
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
        assert_eq!(parsed_phone_number("+999123456")["regionCode"], json!(null));
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
        ];
        for (input, format, region, expected) in cases {
            let format = PhoneFormat::parse(format).unwrap();
            assert_eq!(format_phone(input, &format, region).as_deref(), expected, "{input} {format:?}");
        }
        assert!(PhoneFormat::parse("E.164").is_err());
        assert!(PhoneFormat::parse("").is_err());
    }

    proptest! {
        #[test]
        fn any_mask_and_number_are_handled(mask in "\\PC*", number in "[+0-9 #*a-z]{0,20}|\\PC*") {
            parsed_phone_number(&number);
            if let Ok(format) = PhoneFormat::parse(&mask) {
                format_phone(&number, &format, Some("US"));
            }
        }

        #[test]
        fn a_filled_mask_holds_every_digit(separators in "[-. ()]{10}") {
            let mask: String = separators.chars().flat_map(|separator| ['#', separator]).collect();
            let format = PhoneFormat::parse(&mask).unwrap();
            let filled = format_phone("+14155550123", &format, None).unwrap();
            let digits: String = filled.chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits, "4155550123");
        }
    }
}
