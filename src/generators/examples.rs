//! Tables whose results come out of the engine: each row of a marker is run when the page is made.
//!
//! Variables have the values that the page's own tables show as examples; a marker can set others.

use serde_json::{Map, Value, json};

use super::fields::spaced;
use super::markdown::{Table, code};
use crate::config::diagnostic::Severity;
use crate::config::operations::OperationName;
use crate::engine::exchange::RequestSpec;
use crate::engine::inputs::Inputs;
use crate::engine::load::load;
use crate::engine::mapping::is_truthy;
use crate::engine::path::{Listed, Path};
use crate::engine::render::render;
use crate::engine::variables;

/// The operation whose variables examples see.
const OPERATION: OperationName = OperationName::CREATE_CALL_LOG;

/// The table of a marker; `None` if the name is unknown or a row cannot be read.
pub(super) fn table(name: &str, argument: &str, rows: &str) -> Option<String> {
    let rows = rows.lines().map(str::trim).filter(|row| !row.is_empty());
    if name == "paths" {
        return paths(argument, rows);
    }
    let rows = rows.map(|row| serde_json::from_str(row).ok()).collect::<Option<Vec<Value>>>()?;
    let variables = if argument.is_empty() { json!({}) } else { serde_json::from_str(argument).ok()? };
    let columns: &[&str] = match name {
        "values" => &["Template", "Becomes"],
        "queries" => &["`query`", "Query string"],
        "urls" => &["`baseUrl`", "`url`", "Requested"],
        "credentials" => &["`auth`", "Header"],
        "bodies" => &["`Content-Type` in the document", "`body`", "`Content-Type` sent", "Body sent"],
        "headers" => &["`defaultHeaders`", "`headers`", "Sent"],
        _ => return None,
    };
    let runs: Vec<Run> = rows.iter().map(|row| run(name, row, &variables)).collect();
    let with_findings = runs.iter().any(|run| !run.codes.is_empty());
    let headings: Vec<&str> = columns.iter().copied().chain(with_findings.then_some("Finding")).collect();
    let mut table = Table::new(&headings);
    for (row, run) in rows.iter().zip(&runs) {
        let mut cells = cells(name, row, run)?;
        if with_findings {
            let links =
                run.codes.iter().map(|code| format!("[{code}](diagnostics.md#{})", code.to_lowercase()));
            cells.push(links.collect::<Vec<_>>().join(", "));
        }
        table.row(&cells);
    }
    Some(format!("{}{}", given(&variables), table.finish()))
}

/// Says which variables differ from the examples of the tables.
fn given(variables: &Value) -> String {
    let set = variables.as_object().into_iter().flatten();
    let set: Vec<String> =
        set.map(|(name, value)| format!("{} = {}", code(name), code(&spaced(value)))).collect();
    if set.is_empty() { String::new() } else { format!("With {}:\n\n", set.join(" and ")) }
}

/// One row that was run.
struct Run {
    request: Result<RequestSpec, String>,
    /// Codes of errors and mistakes in the row.
    codes: Vec<&'static str>,
}

fn run(kind: &str, row: &Value, variables: &Value) -> Run {
    let mut operation =
        json!({"method": "POST", "url": "/activities", "responseMapping": {"idPath": "body.id"}});
    let mut defaults = json!({"baseUrl": "https://api.example.com/v1"});
    let mut document = json!({});
    match kind {
        "values" => operation["body"] = json!({"value": row}),
        "queries" => operation["query"] = row.clone(),
        "urls" => {
            for (key, value) in row.as_object().into_iter().flatten() {
                match key.as_str() {
                    "url" | "query" => operation[key] = value.clone(),
                    _ => defaults[key] = value.clone(),
                }
            }
        }
        "credentials" => document["auth"] = row.clone(),
        "bodies" => {
            operation["body"] = row["body"].clone();
            operation["headers"] = json!({"Content-Type": row["contentType"]});
        }
        _ => {
            operation["headers"] = row["headers"].clone();
            defaults["defaultHeaders"] = row["defaultHeaders"].clone();
        }
    }
    document["requestDefaults"] = defaults;
    document["operations"] = json!({OPERATION.as_str(): operation});
    request(&document, variables)
}

fn request(document: &Value, variables: &Value) -> Run {
    let loaded = load("example", &document.to_string(), &|_| None);
    let here = |pointer: &str| {
        pointer.starts_with(&format!("/operations/{OPERATION}/"))
            || pointer.starts_with("/auth/")
            || pointer.starts_with("/requestDefaults/")
    };
    let found = loaded.findings.diagnostics.iter().filter(|found| found.severity() > Severity::Warning);
    let mut codes: Vec<&'static str> =
        found.filter(|found| here(&found.pointer)).map(|found| found.code.as_str()).collect();
    codes.dedup();
    let Some(operation) = loaded.config.as_ref().and_then(|config| config.operation(OPERATION)) else {
        let error = loaded.findings.diagnostics.iter().find(|found| found.severity() == Severity::Error);
        let message = error.map_or_else(String::new, |found| found.message.clone());
        return Run { request: Err(message), codes };
    };
    let context = context(document, variables);
    let request = render(operation, &Inputs::from_object(&context)).map_err(|error| error.to_string());
    Run { request, codes }
}

/// The examples of all variables that the operation sees, with those of the marker.
fn context(document: &Value, variables: &Value) -> Map<String, Value> {
    let mut context = Map::new();
    let mut user = Map::new();
    for variable in variables::visible(OPERATION.variables()) {
        let value: Value = serde_json::from_str(variable.example()).unwrap_or_default();
        match variable.name().strip_prefix("user.") {
            Some(name) => user.insert(name.to_owned(), value),
            None => context.insert(variable.name().to_owned(), value),
        };
    }
    context.insert("user".to_owned(), Value::Object(user));
    if document.pointer("/auth/type").and_then(Value::as_str) == Some("oauth") {
        context.insert("authHeader".to_owned(), "Bearer key-1".into());
    }
    context.extend(variables.as_object().cloned().unwrap_or_default());
    context
}

fn cells(kind: &str, row: &Value, run: &Run) -> Option<Vec<String>> {
    let given = |key: &str| row.get(key).map_or_else(String::new, |value| code(&spaced(value)));
    let outcome = |show: &dyn Fn(&RequestSpec) -> String| match &run.request {
        Ok(request) => show(request),
        Err(message) => format!("refused: {message}"),
    };
    let body = |request: &RequestSpec| {
        request.body.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    Some(match kind {
        "values" => vec![
            code(&spaced(row)),
            outcome(&|request| {
                let body: Value =
                    body(request).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
                body.get("value")
                    .map_or_else(|| "*the key is left out*".to_owned(), |value| code(&spaced(value)))
            }),
        ],
        "queries" => {
            vec![code(&spaced(row)), outcome(&|request| code(request.url.query().unwrap_or_default()))]
        }
        "urls" => {
            let base = row.get("baseUrl").map_or_else(
                || "https://api.example.com/v1".to_owned(),
                |base| base.as_str().unwrap_or_default().to_owned(),
            );
            let query = row
                .get("query")
                .map(|query| format!(" with `query` {}", code(&spaced(query))))
                .unwrap_or_default();
            let url = format!("{}{query}", code(row["url"].as_str()?));
            vec![code(&base), url, outcome(&|request| code(request.url.as_str()))]
        }
        "credentials" => vec![
            code(&spaced(row)),
            outcome(&|request| {
                let name = row["headerName"].as_str().unwrap_or("Authorization");
                code(&format!("{name}: {}", header(request, name)))
            }),
        ],
        "bodies" => {
            let declared =
                row.get("contentType").and_then(Value::as_str).map_or_else(|| "none".to_owned(), code);
            vec![
                declared,
                given("body"),
                outcome(&|request| code(&header(request, "content-type"))),
                outcome(&|request| body(request).map_or_else(|| "*none*".to_owned(), |text| code(&text))),
            ]
        }
        _ => {
            let sent = |request: &RequestSpec| {
                let names = ["defaultHeaders", "headers"]
                    .iter()
                    .filter_map(|key| row[*key].as_object())
                    .flatten()
                    .map(|(name, _)| name);
                let mut lines: Vec<String> = Vec::new();
                for name in names {
                    let line = match request.headers.get(name.as_str()) {
                        Some(_) => code(&format!("{}: {}", name.to_lowercase(), header(request, name))),
                        None => format!("no {}", code(&name.to_lowercase())),
                    };
                    if !lines.contains(&line) {
                        lines.push(line);
                    }
                }
                lines.join(", ")
            };
            vec![given("defaultHeaders"), given("headers"), outcome(&sent)]
        }
    })
}

fn header(request: &RequestSpec, name: &str) -> String {
    request
        .headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// Paths into the reply in `argument`: as one value and as a list.
fn paths<'r>(argument: &str, rows: impl Iterator<Item = &'r str>) -> Option<String> {
    let reply: Value = serde_json::from_str(argument).ok()?;
    let mut table = Table::new(&["Path", "One value", "List"]);
    for row in rows {
        let Ok(path) = Path::parse(row) else {
            table.row(&[code(row), "*not a path*".to_owned(), String::new()]);
            continue;
        };
        let one = path.first(&reply).map_or_else(|| "*nothing*".to_owned(), |value| code(&spaced(&value)));
        let list = match path.list(&reply) {
            Listed::Items(items) => code(&spaced(&items.into_iter().cloned().collect::<Vec<_>>().into())),
            Listed::Missing => "*empty*".to_owned(),
            Listed::Other(value) if !is_truthy(&value) => "*empty*".to_owned(),
            Listed::Other(_) => "*not a list*".to_owned(),
        };
        table.row(&[code(row), one, list]);
    }
    Some(format!("In the reply {}:\n\n{}", code(&spaced(&reply)), table.finish()))
}
