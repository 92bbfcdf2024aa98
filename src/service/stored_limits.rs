//! How much of what clients write is kept for them. What was kept before may stay, and become less.

use std::io;

use serde::Serialize;

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
