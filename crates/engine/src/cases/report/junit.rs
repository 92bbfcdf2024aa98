//! JUnit's XML, which test reports of CI systems read.

use std::fmt::Write as _;

use super::super::suite::Suite;
use super::counts;
use crate::cases::Outcome;

/// A test suite for each document, a test case for each case.
pub fn junit(suites: &[Suite]) -> String {
    let (cases, failed) = counts(suites);
    let refused = suites.iter().filter(|suite| suite.refused.is_some()).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"app-connect test\" tests=\"{}\" failures=\"{failed}\" errors=\"{refused}\">",
        cases + refused
    );
    for suite in suites {
        let (cases, failed) = counts(std::slice::from_ref(suite));
        let refused = usize::from(suite.refused.is_some());
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"{refused}\" file=\"{}\">",
            escaped(&suite.proxy_id),
            cases + refused,
            escaped(&suite.document.display().to_string()),
        );
        if let Some(refusal) = suite.refusal() {
            let (id, refusal) = (escaped(&suite.proxy_id), escaped(&refusal));
            let _ = writeln!(xml, "    <testcase classname=\"{id}\" name=\"(document)\">");
            let _ = writeln!(xml, "      <error message=\"{refusal}\"/>\n    </testcase>");
        }
        suite.outcomes.iter().for_each(|outcome| case(&mut xml, &suite.proxy_id, outcome));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, proxy_id: &str, outcome: &Outcome) {
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\"",
        escaped(proxy_id),
        escaped(&outcome.name),
        escaped(&outcome.directory.display().to_string()),
    );
    if outcome.passed() {
        xml.push_str("/>\n");
        return;
    }
    let message = match (&outcome.error, outcome.differences.as_slice()) {
        (Some(error), _) => error.clone(),
        (None, [only]) => format!("{} {} is not as expected", only.file, only.pointer),
        (None, several) => format!("{} places are not as expected", several.len()),
    };
    let shown: Vec<String> = outcome.differences.iter().map(ToString::to_string).collect();
    let shown: Vec<String> = shown.join("\n").lines().map(escaped).collect();
    let (message, shown) = (escaped(&message), shown.join("\n"));
    let _ = writeln!(xml, ">\n      <failure message=\"{message}\">{shown}</failure>\n    </testcase>");
}

/// Text for XML 1.0, which has no place for most control characters.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' | '\r' => {
                let _ = write!(safe, "&#{};", u32::from(letter));
            }
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(escaped("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
        assert_eq!(escaped("]]>\u{1b}[31m\n"), "]]&gt;\u{fffd}[31m&#10;");
    }
}
