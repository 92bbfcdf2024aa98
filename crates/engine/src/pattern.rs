//! Regular expressions of documents: bounded in what compiling them costs.

use regex::{Regex, RegexBuilder};

/// The most memory that a compiled pattern takes, in bytes.
const COMPILED_BYTES: usize = 256 * 1024;

/// The longest pattern, in bytes. Its parsed form is made before [`COMPILED_BYTES`] counts.
const WRITTEN_BYTES: usize = 2000;

/// The most classes of characters in a pattern. Each is a table of some hundred ranges, in small letters and
/// capitals.
const CLASSES: usize = 64;

/// Compiles a pattern.
///
/// # Errors
/// If it is none, or too large: why.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > WRITTEN_BYTES {
        return Err(format!("it has {} bytes, and at most {WRITTEN_BYTES} are read", pattern.len()));
    }
    let classes: usize =
        ["[", "\\p", "\\P", "\\w", "\\W"].iter().map(|class| pattern.matches(class).count()).sum();
    if classes > CLASSES {
        return Err(format!("it has {classes} classes of characters, and at most {CLASSES} are read"));
    }
    RegexBuilder::new(pattern).size_limit(COMPILED_BYTES).build().map_err(|error| {
        // The parser draws the place over several lines; its last line says what is wrong.
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_bounded() {
        for pattern in ["(?i)not found", "^\\d{4}-\\d\\d$", "[^/]+$", "(\\pL+) (\\pL+)", "\\w+@\\w+"] {
            assert!(compile(pattern).is_ok(), "{pattern}");
        }
        for (pattern, reason) in [
            ("(".to_owned(), "unclosed group"),
            ("(\\pL{50}){9}".to_owned(), "size limit"),
            ("((a{1000}){1000}){1000}".to_owned(), "size limit"),
            ("(?i)".to_owned() + &"\\pL".repeat(65), "65 classes"),
            ("a".repeat(2001), "2001 bytes"),
        ] {
            let error = compile(&pattern).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
