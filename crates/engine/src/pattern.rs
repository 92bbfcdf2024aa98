//! Regular expressions that documents spell out: compiled once, when the document is loaded.

use std::cell::Cell;
use std::fmt;

use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use super::budget::{self, Spent};

/// The longest pattern, in bytes. Its parsed form is made before [`MOST_BYTES`] counts.
const WRITTEN_BYTES: usize = 2000;

/// The most classes of characters in a pattern. Each is a table of some hundred ranges, in small letters and
/// capitals.
const CLASSES: usize = 64;

/// The most memory that one pattern takes, in bytes: `\w{1,40}` takes nearly as much.
const MOST_BYTES: usize = 2 << 20;

/// The most memory that the patterns of a document take together, in bytes.
const MOST_OF_DOCUMENT: usize = 32 << 20;

/// The sizes that are tried, so that a document's patterns can be added up.
const SIZES: [usize; 5] = [16 * 1024, 64 * 1024, 256 * 1024, 1 << 20, MOST_BYTES];

thread_local! {
    /// How many bytes the patterns of the document may still take that is being compiled.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Compiles a document, whose patterns share one allowance.
pub(crate) fn of_document<T>(compile: impl FnOnce() -> T) -> T {
    with_allowance(MOST_OF_DOCUMENT, compile).0
}

/// What is left for the document that is being compiled on this thread.
pub(crate) fn allowance() -> usize {
    LEFT.get()
}

/// Compiles a part of a document with what is left, and says what is left then.
pub(crate) fn with_allowance<T>(bytes: usize, compile: impl FnOnce() -> T) -> (T, usize) {
    let before = LEFT.replace(bytes);
    let compiled = compile();
    (compiled, LEFT.replace(before))
}

/// Says how much of the allowance another thread has left.
pub(crate) fn set_allowance(bytes: usize) {
    LEFT.set(bytes);
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    regex: Regex,
    /// How the pattern multiplies the cost of a text.
    factor: u64,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The reason, in a few words, if it is no pattern or would be too large.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        // The parser draws the place over several lines; its last line says what is wrong.
        let syntax = |error: String| {
            let last = error.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").trim_end_matches('.').to_owned()
        };
        check_length(text)?;
        let parsed = regex_syntax::parse(text).map_err(|error| syntax(error.to_string()))?;
        for bytes in SIZES {
            if bytes > LEFT.get() {
                let most = MOST_OF_DOCUMENT >> 20;
                return Err(format!("the patterns of the document take more than {most} MiB together"));
            }
            match RegexBuilder::new(text).size_limit(bytes).build() {
                Ok(regex) => {
                    take(bytes);
                    return Ok(Self { regex, factor: 1 + positions(&parsed) / 2 });
                }
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => return Err(syntax(error.to_string())),
            }
        }
        // Trying it has taken its time.
        take(MOST_BYTES);
        Err(format!("it takes more than {} MiB: write shorter repetitions", MOST_BYTES >> 20))
    }

    /// Whether a text fits.
    ///
    /// # Errors
    /// If the budget is spent.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, Spent> {
        self.count(text)?;
        Ok(self.regex.is_match(text))
    }

    /// What of a text fits.
    ///
    /// # Errors
    /// If the budget is spent.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Result<Option<Captures<'t>>, Spent> {
        self.count(text)?;
        Ok(self.regex.captures(text))
    }

    /// The pattern itself, for what its groups are.
    pub(crate) fn regex(&self) -> &Regex {
        &self.regex
    }

    fn count(&self, text: &str) -> Result<(), Spent> {
        budget::spend(budget::text(text.len()).saturating_mul(self.factor))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.regex.fmt(f)
    }
}

fn check_length(text: &str) -> Result<(), String> {
    if text.len() > WRITTEN_BYTES {
        return Err(format!("it has {} bytes, and at most {WRITTEN_BYTES} are read", text.len()));
    }
    let classes: usize =
        ["[", "\\p", "\\P", "\\w", "\\W"].iter().map(|class| text.matches(class).count()).sum();
    if classes > CLASSES {
        return Err(format!("it has {classes} classes of characters, and at most {CLASSES} are read"));
    }
    Ok(())
}

fn take(bytes: usize) {
    if LEFT.get() != usize::MAX {
        LEFT.set(LEFT.get().saturating_sub(bytes));
    }
}

/// At how many places of a pattern a search can be at once, in the worst case: each costs time for every
/// byte.
fn positions(pattern: &Hir) -> u64 {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(_) => 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            positions(&repetition.sub).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => positions(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum: u64, part| sum.saturating_add(positions(part)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_a_largest_size() {
        for pattern in [r"^\w{1,40}$", "(?i)^(mr|mrs|dr) .{1,40}$", r"(?<id>\d+)"] {
            assert!(Pattern::new(pattern).is_ok(), "{pattern}");
        }
        assert!(Pattern::new(r"(\w{50}){20}").unwrap_err().contains("more than 2 MiB"));
        for (pattern, reason) in [
            ("((a{1000}){1000}){1000}".to_owned(), "more than 2 MiB"),
            ("(?i)".to_owned() + &"\\pL".repeat(65), "65 classes"),
            ("a".repeat(2001), "2001 bytes"),
        ] {
            let error = Pattern::new(&pattern).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert!(!Pattern::new("(a").unwrap_err().contains('\n'));
        let reasons: Vec<String> =
            of_document(|| (0..1000).filter_map(|_| Pattern::new(r"(\w{50}){20}").err()).collect());
        assert_eq!(reasons.len(), 1000);
        assert!(reasons[999].contains("together"), "{}", reasons[999]);
        assert!(Pattern::new("a").is_ok());
    }

    #[test]
    fn a_text_costs_what_the_pattern_makes_of_it() {
        let (small, large) = (Pattern::new("a+b").unwrap(), Pattern::new("[a-z]{5000}").unwrap());
        let text = "a".repeat(16_000);
        budget::within(100_000, || {
            assert_eq!(small.is_match(&text), Ok(false));
            assert_eq!(large.is_match(&text), Err(Spent));
        });
    }
}
