//! The page that explains every code.

use std::fmt::Write;

use crate::config::diagnostic::Code;

/// Where the page is kept, from the root of the repository.
pub(super) const PATH: &str = "docs/diagnostics.md";

/// The anchor of a code on the page.
pub(super) fn anchor(code: Code) -> String {
    code.as_str().to_ascii_lowercase()
}

/// The page `docs/diagnostics.md`: every code with its anchor, severity, title and explanation.
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for code in Code::ALL {
        let (id, title, severity) = (code.as_str(), code.title(), code.severity());
        let _ = writeln!(page, "| [{id}](#{}) | {severity} | {title} |", anchor(*code));
    }
    for code in Code::ALL {
        let (id, title, severity) = (code.as_str(), code.title(), code.severity());
        let _ = write!(
            page,
            "\n<a id=\"{}\"></a>\n## {id}: {title}\n\nSeverity: {severity}\n\n{}\n",
            anchor(*code),
            code.explanation()
        );
    }
    page
}

const INTRODUCTION: &str = "\
# Diagnostics

<!-- Generated from crates/engine/src/config/diagnostic.rs by `app-connect schema --write`. -->

Everything that `app-connect validate` can find in a document. A code never changes its meaning.

- An **error** cannot run; it is refused everywhere.
- A **mistake** runs as it does on the reference server but is surely not meant: `validate`, uploads and
  activations refuse it, `serve` loads the document and says so.
- A **warning** runs as written and is worth knowing.

| Code | Severity | Title |
| --- | --- | --- |
";
