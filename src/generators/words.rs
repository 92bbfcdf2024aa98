//! Tables of variables, helpers and deviations.

use serde_json::Value;

use super::fields::spaced;
use super::markdown::{Table, code};
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::schema::schema;
use crate::config::source::MAX_DEPTH;
use crate::engine::blocks::HELPERS;
use crate::engine::load::MAX_BYTES;
use crate::engine::send::ClientOptions;
use crate::engine::template::MAX_TEXT;
use crate::engine::variables::{self, Shape, Variable};

/// The variables that every operation sees.
pub(super) fn common_variables() -> String {
    let mut table = Table::new(&["Variable", "What it holds", "Example"]);
    for variable in variables::COMMON {
        table.row(&[code(variable.name()), holds(*variable), example(*variable)]);
    }
    table.finish()
}

/// The other variables, each with the operations that see it.
pub(super) fn other_variables() -> String {
    let mut table = Table::new(&["Variable", "What it holds", "Example", "Operations"]);
    for variable in Variable::ALL.iter().filter(|variable| !variables::COMMON.contains(variable)) {
        let seen = OperationName::ALL.iter().filter(|one| one.variables().contains(variable));
        let seen: Vec<String> = seen.map(|one| code(one.as_str())).collect();
        table.row(&[code(variable.name()), holds(*variable), example(*variable), seen.join(", ")]);
    }
    table.finish()
}

/// Each operation with the variables that only some operations see.
pub(super) fn variables_by_operation() -> String {
    let mut table = Table::new(&["Operation", "Variables besides the common ones"]);
    for operation in OperationName::ALL {
        let names = operation.variables().iter().map(|variable| code(variable.name()));
        let names = names.collect::<Vec<_>>().join(", ");
        table.row(&[code(operation.as_str()), if names.is_empty() { "none".to_owned() } else { names }]);
    }
    table.finish()
}

fn holds(variable: Variable) -> String {
    let mut text = variable.doc().to_owned();
    let mut names = Vec::new();
    if let Shape::Members(members) = variable.shape() {
        member_names("", members, &mut names);
        text.push_str(&format!(" Members: {}.", names.join(", ")));
    }
    if variable.shape() == Shape::Open {
        text.push_str(" Any path below it is accepted.");
    }
    text
}

fn member_names(prefix: &str, members: &[variables::Member], names: &mut Vec<String>) {
    for member in members {
        let name = format!("{prefix}.{}", member.name);
        match member.shape {
            Shape::Members(inner) => member_names(&name, inner, names),
            Shape::Open => names.push(format!("{} and below", code(&name))),
            Shape::Scalar => names.push(code(&name)),
        }
    }
}

fn example(variable: Variable) -> String {
    let value: Value = serde_json::from_str(variable.example()).unwrap_or_default();
    code(&spaced(&value))
}

/// Every helper with its example.
pub(super) fn helpers() -> String {
    let mut table = Table::new(&["Helper", "What it gives", "Example", "With", "Result"]);
    for helper in HELPERS {
        let input: Value = serde_json::from_str(helper.input).unwrap_or_default();
        let with = if input.as_object().is_some_and(|members| members.is_empty()) {
            String::new()
        } else {
            code(&spaced(&input))
        };
        table.row(&[
            code(helper.signature),
            helper.doc.to_owned(),
            code(helper.example),
            with,
            code(helper.result),
        ]);
    }
    table.finish()
}

/// The list of deviations from the reference server.
const DEVIATIONS: &str = include_str!("../../fixtures/deviations.json");

/// The deviations with these identifiers.
pub(super) fn deviations(ids: &str) -> Option<String> {
    let list: Value = serde_json::from_str(DEVIATIONS).ok()?;
    let mut table = Table::new(&["Number", "About", "Reference server", "Here", "Why"]);
    for id in ids.split_whitespace() {
        let found = list["entries"].as_array()?.iter().find(|entry| entry["id"] == id)?;
        let cell = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        table.row(&[id.to_owned(), cell("title"), cell("reference"), cell("here"), cell("why")]);
    }
    Some(table.finish())
}

/// What bounds documents, templates and exchanges.
pub(super) fn limits() -> String {
    let client = ClientOptions::default();
    let timeout = &schema()["$defs"]["RequestDefaults"]["properties"]["timeoutSeconds"];
    let timeout = format!(
        "{} to {}, for the whole exchange with redirects and body",
        timeout["minimum"], timeout["maximum"]
    );
    let link = |code: Code| format!("[{code}](diagnostics.md#{})", code.as_str().to_lowercase());
    let mut table = Table::new(&["What", "Limit", "Beyond it"]);
    let mut row = |what: &str, limit: String, beyond: String| table.row(&[what.to_owned(), limit, beyond]);
    row(
        "`timeoutSeconds`",
        timeout,
        format!("{}; what is longer counts as the longest", link(Code::TimeoutRange)),
    );
    row("Document", size(MAX_BYTES), link(Code::UnreadableFile));
    row("Open brackets in a document", MAX_DEPTH.to_string(), link(Code::TooDeep));
    row("Keys that lead to a place, together", "4096 bytes".to_owned(), link(Code::TooDeep));
    row(
        "Regular expressions of a document, `match` included",
        "200, each of 2000 bytes and 64 classes of characters".to_owned(),
        link(Code::Pattern),
    );
    row("Findings that are told", "300".to_owned(), "The worst are told, the others counted".to_owned());
    row(
        "Text with helpers or blocks",
        "64 KiB, 32 blocks and calls within each other".to_owned(),
        link(Code::TemplateSyntax),
    );
    row("One rendered text", size(MAX_TEXT as u64), "The operation fails before anything is sent".to_owned());
    row("Reply, decompressed", size(client.max_response_bytes), "The operation fails".to_owned());
    row("Redirects", client.max_redirects.to_string(), "The operation fails".to_owned());
    table.finish()
}

fn size(bytes: u64) -> String {
    format!("{} MiB", bytes / (1024 * 1024))
}
