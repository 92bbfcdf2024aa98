//! The range of a report, as clients write it.

use serde_json::Value;

use super::NoReport;
use crate::engine::time::parse_client_time;
use crate::members::Given;

/// The longest range, in days: five years.
const MOST_DAYS: i64 = 5 * 366;

/// The longest text of a parameter, in bytes.
const LONGEST: usize = 100;

/// From when to when, each as the client wrote it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// The range of `timeFrom` and `timeTo`.
///
/// # Errors
/// If one is no time, the end comes before the beginning, or the range is too long.
pub(super) fn range(from: Option<Given<String>>, to: Option<Given<String>>) -> Result<Range, NoReport> {
    let range = Range { from: text("timeFrom", from)?, to: text("timeTo", to)? };
    let instant = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => match parse_client_time(&Value::String(text.clone())) {
            Some(instant) => Ok(Some(instant)),
            None => Err(invalid(format!("`{name}` is no time such as 2024-01-31T23:59:59Z."))),
        },
    };
    if let (Some(from), Some(to)) = (instant("timeFrom", &range.from)?, instant("timeTo", &range.to)?) {
        if to < from {
            return Err(invalid("The range ends before it begins: `timeTo` has to come after `timeFrom`."));
        }
        if to.duration_since(from).as_hours() > MOST_DAYS * 24 {
            return Err(invalid("The range is longer than five years. Choose a shorter one."));
        }
    }
    Ok(range)
}

/// One text, or nothing; clients write `undefined` for what they do not have.
pub(super) fn text(name: &str, given: Option<Given<String>>) -> Result<Option<String>, NoReport> {
    match given.map(Given::into_value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() || text == "undefined" => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST => Ok(Some(text)),
        Some(Value::String(_)) => Err(invalid(format!("`{name}` is longer than {LONGEST} bytes."))),
        Some(_) => Err(invalid(format!("`{name}` has to be one text."))),
    }
}

pub(super) fn invalid(words: impl Into<String>) -> NoReport {
    NoReport::Invalid(words.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(value: Value) -> Option<Given<String>> {
        Member::read("x", Some(value)).unwrap()
    }

    use crate::members::Member;

    #[test]
    fn a_range_stays_as_it_was_written() {
        let texts = |from: &str, to: &str| {
            let range = range(given(json!(from)), given(json!(to))).unwrap();
            (range.from, range.to)
        };
        let some = |text: &str| Some(text.to_owned());
        for (from, to) in [
            ("2024-01-01T00:00:00.000Z", "2024-01-31T23:59:59.999Z"),
            ("2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00+02:00"),
            ("2019-06-01T00:00:00Z", "2024-05-31T00:00:00Z"),
        ] {
            assert_eq!(texts(from, to), (some(from), some(to)));
        }
        assert_eq!(texts("", "undefined"), (None, None));
        assert_eq!(range(None, None).unwrap(), Range { from: None, to: None });
    }

    #[test]
    fn an_odd_range_gets_words() {
        let day = "2024-01-01T00:00:00Z";
        for (from, to, words) in [
            (json!("2004-01-01T00:00:00Z"), json!(day), "longer than five years"),
            (json!("2024-01-02T00:00:00Z"), json!(day), "before it begins"),
            (json!("yesterday"), json!(day), "`timeFrom` is no time"),
            (json!(day), json!("2024-13-01T00:00:00Z"), "`timeTo` is no time"),
            (json!([day, day]), json!(day), "`timeFrom` has to be one text"),
            (json!(day), json!({"a": day}), "`timeTo` has to be one text"),
            (json!("9".repeat(101)), json!(day), "longer than 100 bytes"),
        ] {
            let error = range(given(from.clone()), given(to)).unwrap_err().to_string();
            assert!(error.contains(words), "{from}: {error}");
        }
    }
}
