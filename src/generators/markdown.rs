//! Markdown tables and code spans.

/// A table with a heading row. Columns without any content are left out.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row. Cells are Markdown; bars and line ends in them are escaped.
    pub(super) fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect());
    }

    /// The table as text; empty if it has no rows.
    pub(super) fn finish(self) -> String {
        let Some((heading, rows)) = self.rows.split_first().filter(|(_, rows)| !rows.is_empty()) else {
            return String::new();
        };
        let filled: Vec<bool> =
            (0..heading.len()).map(|at| rows.iter().any(|row| !row[at].is_empty())).collect();
        let line = |cells: &[String]| {
            let kept =
                cells.iter().zip(&filled).filter(|(_, filled)| **filled).map(|(cell, _)| cell.as_str());
            format!("| {} |\n", kept.collect::<Vec<_>>().join(" | "))
        };
        let rule: Vec<String> = heading.iter().map(|_| "---".to_owned()).collect();
        [heading, &rule].into_iter().chain(rows).map(|cells| line(cells)).collect()
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
