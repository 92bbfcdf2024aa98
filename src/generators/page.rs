//! The language reference: a page written by hand, in which each marker
//! `<!-- generate: name argument` … `-->` becomes a table.

use super::{examples, fields, words};

const TEMPLATE: &str = include_str!("../../docs/templates/proxy-config.md");

const OPEN: &str = "<!-- generate: ";
const CLOSE: &str = "-->";

/// The page. A marker that nothing is made from stays as it is, and a test finds it.
pub(super) fn page() -> String {
    let mut page = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((marker, after)) = after.split_once(CLOSE) else { break };
        page.push_str(before);
        match generate(marker) {
            Some(text) => page.push_str(text.trim_matches('\n')),
            None => page.push_str(&format!("{OPEN}{marker}{CLOSE}")),
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

fn generate(marker: &str) -> Option<String> {
    let (head, rows) = marker.split_once('\n').unwrap_or((marker, ""));
    let (name, argument) = head.trim().split_once(' ').unwrap_or((head.trim(), ""));
    match name {
        "notice" => Some(NOTICE.to_owned()),
        "keys" => fields::keys(argument),
        "operations" => Some(fields::operations()),
        "mappings" => Some(fields::mappings()),
        "common-variables" => Some(words::common_variables()),
        "other-variables" => Some(words::other_variables()),
        "variables-by-operation" => Some(words::variables_by_operation()),
        "limits" => Some(words::limits()),
        "helpers" => Some(words::helpers()),
        "deviations" => words::deviations(argument),
        other => examples::table(other, argument, rows),
    }
}

const NOTICE: &str =
    "<!-- Generated from docs/templates/proxy-config.md and the types by `app-connect schema --write`. -->";
