//! How much of what clients write is kept for them. What was kept before may stay, and become less.

use std::io;

use serde::Serialize;
use serde_json::{Map, Value};

/// A list or text of a client that is longer than what is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} would be {count} {unit}, and at most {most} are kept. Nothing was changed. {mend}")]
pub struct TooMuch {
    /// What is too long, the member that has it included.
    pub what: &'static str,
    /// How long it is.
    pub count: usize,
    /// In what it is counted.
    pub unit: &'static str,
    /// How long it may be.
    pub most: usize,
    /// What to do.
    pub mend: &'static str,
}

impl TooMuch {
    /// Whether it is too long, and not too many.
    pub fn is_length(&self) -> bool {
        self.unit.starts_with("bytes")
    }
}

/// What is counted, and how much of it there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) what: &'static str,
    pub(super) unit: &'static str,
    pub(super) most: usize,
    pub(super) mend: &'static str,
}

impl Limit {
    /// # Errors
    /// If it is more than may be kept, and more than there was.
    pub(super) fn check(self, count: usize, before: usize) -> Result<(), TooMuch> {
        let Self { what, unit, most, mend } = self;
        if count <= most || count <= before { Ok(()) } else { Err(TooMuch { what, count, unit, most, mend }) }
    }
}

/// How many settings are kept for a user: clients have some two hundred.
const MOST_SETTINGS: Limit = Limit {
    what: "The settings (userSettings)",
    unit: "settings",
    most: 2000,
    mend: "Remove some (settingKeysToRemove), or send fewer.",
};

/// How long they are together.
const MOST_BYTES: Limit = Limit {
    what: "The settings (userSettings)",
    unit: "bytes of JSON",
    most: 256 * 1024,
    mend: "Shorten their values, or remove some (settingKeysToRemove).",
};

/// Whether settings may take the place of those that there were.
pub(super) fn check_settings(
    settings: &Map<String, Value>,
    before: Option<&Map<String, Value>>,
) -> Result<(), TooMuch> {
    MOST_SETTINGS.check(settings.len(), before.map_or(0, Map::len))?;
    let length = bytes(settings);
    if length <= MOST_BYTES.most { Ok(()) } else { MOST_BYTES.check(length, before.map_or(0, bytes)) }
}

/// How many bytes a value takes as JSON.
pub(super) fn bytes(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting does not fail, and neither do values that were read from JSON.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_kept_before_may_stay_and_become_less() {
        let limit = Limit { what: "The list (items)", unit: "items", most: 5, mend: "Remove some." };
        assert_eq!(limit.check(5, 0), Ok(()));
        assert_eq!((limit.check(8, 8), limit.check(7, 8)), (Ok(()), Ok(())));
        assert_eq!(
            limit.check(6, 5).unwrap_err().to_string(),
            "The list (items) would be 6 items, and at most 5 are kept. Nothing was changed. Remove some."
        );
    }

    #[test]
    fn bytes_are_those_of_the_text() {
        let value = json!({"a": [1, "é", null]});
        assert_eq!(bytes(&value), value.to_string().len());
    }
}
