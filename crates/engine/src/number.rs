//! JSON numbers as they are read and written: every digit is kept, and what loses nothing by it is
//! written as JavaScript prints it.
//!
//! Recordings 06, `float-id`: `1.0` is `1`. Unlike the reference server, a number with more digits than
//! a double holds stays as the CRM wrote it.

use std::borrow::Cow;

use serde_json::{Number, Value};

/// Digits up to which JavaScript prints a whole number without an exponent.
const PLAIN_DIGITS: i64 = 21;

/// Digits up to which a longer whole number with a fraction or an exponent, such as an id that is
/// written `12345678901234567890123.0`, is written as digits alone.
const MOST_DIGITS: i64 = 64;

/// Significant digits that every double holds.
const EXACT_DIGITS: usize = 15;

/// The text of a number: `12.0` is `12`, `1e3` is `1000`, `1.50` is `1.5`, and `18446744073709551616`
/// and `0.12345678901234567890` are themselves.
pub(super) fn text(number: &Number) -> Cow<'_, str> {
    canonical(number.as_str())
}

/// Whether two numbers are the same, however they are written.
pub(super) fn equal(left: &Number, right: &Number) -> bool {
    let read = |number: &Number| Decimal::read(number.as_str());
    left == right || read(left).zip(read(right)).is_some_and(|(left, right)| left == right)
}

/// Rewrites every number of a value as JavaScript prints it where that loses nothing, so that what follows
/// compares and copies them as they are.
pub fn canonicalise(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Cow::Owned(text) = canonical(number.as_str())
                && let Ok(rewritten) = text.parse()
            {
                *number = rewritten;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(canonicalise),
        Value::Object(members) => members.values_mut().for_each(canonicalise),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// As [`text`], for a number of JSON's grammar.
pub(super) fn canonical(written: &str) -> Cow<'_, str> {
    let digits = written.strip_prefix('-').unwrap_or(written).as_bytes();
    if digits.iter().all(u8::is_ascii_digit) {
        return Cow::Borrowed(if written == "-0" { "0" } else { written });
    }
    if is_short_decimal(digits) {
        return Cow::Borrowed(written);
    }
    let Some(decimal) = Decimal::read(written) else { return Cow::Borrowed(written) };
    if decimal.digits.is_empty() {
        return Cow::Borrowed("0");
    }
    if let Some(whole) = decimal.whole(PLAIN_DIGITS) {
        return Cow::Owned(whole);
    }
    if let Some(float) = written.parse().ok().filter(|float: &f64| float.is_finite()) {
        let printed = float_text(float);
        if Decimal::read(&printed).as_ref() == Some(&decimal) {
            return Cow::Owned(printed);
        }
    }
    decimal.whole(MOST_DIGITS).map_or(Cow::Borrowed(written), Cow::Owned)
}

/// Whether an unsigned number is a decimal that a double holds and that is printed as it stands. Most
/// are, and are found so without being read.
fn is_short_decimal(written: &[u8]) -> bool {
    let Some(point) = written.iter().position(|byte| *byte == b'.') else { return false };
    let (whole, fraction) = (&written[..point], &written[point + 1..]);
    let significant = match whole {
        b"0" => {
            let zeros = fraction.iter().take_while(|byte| **byte == b'0').count();
            // JavaScript prints less than a millionth with an exponent.
            if zeros > 5 {
                return false;
            }
            fraction.len() - zeros
        }
        _ => whole.len() + fraction.len(),
    };
    significant <= EXACT_DIGITS
        && fraction.iter().all(u8::is_ascii_digit)
        && fraction.last().is_some_and(|last| *last != b'0')
}

/// The value of a decimal number: its digits without zeros at either end, times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    /// Zero where there are no digits.
    exponent: i64,
}

impl Decimal {
    /// Reads a number of JSON's grammar; none if its exponent is beyond counting.
    fn read(written: &str) -> Option<Self> {
        let (is_negative, unsigned) = match written.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let kept = all.trim_end_matches('0');
        let dropped = all.len() - kept.len();
        let digits = kept.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: String::new(), exponent: 0 });
        }
        let exponent = i64::from(exponent) - length(fraction) + i64::try_from(dropped).ok()?;
        Some(Self { is_negative, digits: digits.to_owned(), exponent })
    }

    /// The number as digits alone, where it is whole and has at most so many.
    fn whole(&self, most: i64) -> Option<String> {
        let zeros = usize::try_from(self.exponent).ok()?;
        if length(&self.digits).saturating_add(self.exponent) > most {
            return None;
        }
        let sign = if self.is_negative { "-" } else { "" };
        Some(format!("{sign}{}{}", self.digits, "0".repeat(zeros)))
    }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// ECMAScript `Number::toString`: plain digits where the exponent lies in -6..21, else scientific. Of two
/// shortest texts that are equally near, the even one, which Rust's own `{:e}` does not promise.
pub(super) fn float_text(float: f64) -> String {
    ryu_js::Buffer::new().format(float).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_written_as_in_javascript_where_that_loses_nothing() {
        let table = [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e5", "0"),
            ("12", "12"),
            ("-12", "-12"),
            ("12.0", "12"),
            ("-12.000", "-12"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("1.5e1", "15"),
            ("12e-1", "1.2"),
            ("1.50", "1.5"),
            ("0.1", "0.1"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("0.00000015", "1.5e-7"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("0.3000000000000000400", "0.30000000000000004"),
            ("0.3000000000000000401", "0.3000000000000000401"),
            ("37.774929", "37.774929"),
            ("-122.4194155", "-122.4194155"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("1e21", "1e+21"),
            ("1e20", "100000000000000000000"),
            ("9007199254740993", "9007199254740993"),
            ("9007199254740993.0", "9007199254740993"),
            ("18446744073709551616", "18446744073709551616"),
            ("-18446744073709551616", "-18446744073709551616"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("12345678901234567890123.0", "12345678901234567890123"),
            ("1.2345678901234567890123e22", "12345678901234567890123"),
            ("0.12345678901234567890", "0.12345678901234567890"),
            ("1e400", "1e400"),
            ("-1e-400", "-1e-400"),
            ("1e99999999999", "1e99999999999"),
        ];
        for (written, expected) in table {
            assert_eq!(canonical(written), expected, "{written}");
            assert_eq!(canonical(expected), expected, "{written}: once is enough");
        }
    }

    #[test]
    fn numbers_are_compared_by_what_they_say() {
        let same = |left: &str, right: &str| {
            let [left, right] = [left, right].map(|text| text.parse::<Number>().unwrap());
            equal(&left, &right)
        };
        assert!(same("1", "1.0") && same("1e3", "1000") && same("0", "-0.0") && same("0.10", "1e-1"));
        assert!(!same("18446744073709551616", "18446744073709551617"));
        assert!(!same("1", "-1") && !same("1", "10"));
    }

    #[test]
    fn values_are_rewritten_in_place() {
        let mut value: Value = serde_json::from_str(r#"{"a":[1.0,{"b":2.50}],"c":"1.0"}"#).unwrap();
        canonicalise(&mut value);
        assert_eq!(value.to_string(), r#"{"a":[1,{"b":2.5}],"c":"1.0"}"#);
    }

    proptest! {
        /// No number changes its value, and writing is settled after once.
        #[test]
        fn no_digit_is_lost(written in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?") {
            let once = canonical(&written).into_owned();
            prop_assert_eq!(Decimal::read(&once), Decimal::read(&written));
            prop_assert_eq!(canonical(&once), once.as_str());
            prop_assert!(once.parse::<Number>().is_ok());
        }

        /// Every double is printed as JavaScript prints it.
        #[test]
        fn doubles_stay_as_in_javascript(float in any::<f64>().prop_filter("JSON has finite numbers", |f| f.is_finite())) {
            let number = Number::from_f64(float).unwrap();
            prop_assert_eq!(text(&number), float_text(float));
        }
    }
}
