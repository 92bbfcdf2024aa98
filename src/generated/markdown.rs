//! Markdown tables and code spans.

use std::fmt::Write as _;

/// A table with a heading row.
pub(super) struct Table {
    text: String,
}

impl Table {
    pub(super) fn new(headings: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(&headings.iter().map(|heading| (*heading).to_owned()).collect::<Vec<_>>());
        table.row(&headings.iter().map(|_| "---".to_owned()).collect::<Vec<_>>());
        table
    }

    /// Adds a row. Cells are Markdown; bars and line ends in them are escaped.
    pub(super) fn row(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A code span; line ends are shown as `\n`.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('\r', "\\r").replace('\n', "\\n");
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = if text.contains('`') { "``" } else { "`" };
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}
