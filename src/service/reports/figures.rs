//! Figures as the reference's reports write them.

use serde_json::{Value, json};

/// A number that a report counts with: what is no number, or none that can be a count or a time, is zero (Q108).
pub(super) fn number(value: Option<&Value>) -> f64 {
    let number = match value {
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        Some(other) => other.as_f64(),
        None => None,
    };
    number.filter(|number| number.is_finite() && (0.0..1e15).contains(number)).unwrap_or_default()
}

/// A number as JSON writes it: whole ones without a fraction.
pub(super) fn json_number(number: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "below 1e15")]
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

/// As JavaScript's `toFixed(2)`: a half is rounded up.
pub(super) fn two_decimals(number: f64) -> String {
    // Only a number of whole eighths can have an exact half of a hundredth.
    let eighths = number * 8.0;
    if eighths.fract() == 0.0 && eighths % 2.0 != 0.0 {
        return format!("{:.2}", ((number * 1000.0 + 5.0) / 10.0).floor() / 100.0);
    }
    format!("{number:.2}")
}

/// `part` of `whole` in percent; of nothing, `0%`.
pub(super) fn percentage(part: f64, whole: f64) -> String {
    if whole == 0.0 { "0%".to_owned() } else { format!("{}%", two_decimals(part / whole * 100.0)) }
}

/// As JavaScript's `Math.round`, for numbers that are not negative: a half is rounded up.
pub(super) fn rounded(number: f64) -> f64 {
    (number + 0.5).floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_counts_as_zero() {
        for (value, expected) in [
            (json!(3), 3.0),
            (json!("59.999"), 59.999),
            (json!(" 7 "), 7.0),
            (json!("abc"), 0.0),
            (json!("NaN"), 0.0),
            (json!("inf"), 0.0),
            (json!(-4), 0.0),
            (json!(1e300), 0.0),
            (json!(null), 0.0),
            (json!([1]), 0.0),
        ] {
            assert_eq!(number(Some(&value)), expected, "{value}");
        }
        assert_eq!(number(None), 0.0);
    }

    /// As node prints them.
    #[test]
    fn decimals_are_javascripts() {
        for (number, expected) in [
            (3723.456, "3723.46"),
            (59.999, "60.00"),
            (1.005, "1.00"),
            (0.125, "0.13"),
            (0.375, "0.38"),
            (0.625, "0.63"),
            (2.5, "2.50"),
            (1.25, "1.25"),
            (0.001, "0.00"),
            (100_000.5, "100000.50"),
            (0.0, "0.00"),
            (186.1728, "186.17"),
            (8.345, "8.35"),
            (1.45, "1.45"),
        ] {
            assert_eq!(two_decimals(number), expected, "{number}");
        }
    }

    #[test]
    fn shares_of_nothing_are_nothing() {
        assert_eq!(percentage(9.0, 12.0), "75.00%");
        assert_eq!(percentage(1.0, 3.0), "33.33%");
        assert_eq!(percentage(3.0, 1.0), "300.00%");
        assert_eq!(percentage(2.0, 0.0), "0%");
        assert_eq!((rounded(1.5), rounded(0.49), rounded(2.51)), (2.0, 0.0, 3.0));
        assert_eq!((json_number(12.0), json_number(0.5)), (json!(12), json!(0.5)));
    }
}
