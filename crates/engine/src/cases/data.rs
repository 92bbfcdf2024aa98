//! Cases that come as data: what the files of a folder hold, as the members of one object.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Case, Content, recorded_exchange, subject};

/// Reads cases of the form `{"name", "operation", "description", "input", "response", "request",
/// "result"}`. One that cannot be run is found too, with what is wrong with it.
pub fn of_data(proxy_id: &str, cases: &[Value]) -> Vec<Case> {
    let numbered = cases.iter().enumerate();
    numbered
        .map(|(at, case)| {
            let name = case.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            Case {
                proxy_id: proxy_id.to_owned(),
                config: PathBuf::from(format!("{proxy_id}.json")),
                name: name.map_or_else(|| format!("case {}", at + 1), str::to_owned),
                directory: PathBuf::new(),
                content: content(case),
            }
        })
        .collect()
}

fn content(case: &Value) -> Result<Content, String> {
    let Value::Object(case) = case else { return Err("a case is a JSON object".to_owned()) };
    const MEMBERS: [&str; 7] = ["name", "operation", "description", "input", "response", "request", "result"];
    if let Some(unknown) = case.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        return Err(format!("`{unknown}` is none of {}", MEMBERS.join(", ")));
    }
    let text = |name: &str| case.get(name).and_then(Value::as_str).unwrap_or_default();
    let operation = subject(text("operation"))
        .ok_or_else(|| format!("`operation` is `{}`, which is no operation", text("operation")))?;
    let object = |name: &str| -> Result<&Map<String, Value>, String> {
        case.get(name).and_then(Value::as_object).ok_or_else(|| format!("`{name}` has to be a JSON object"))
    };
    let response = recorded_exchange::response(object("response")?)
        .map_err(|problem| format!("`response`: {problem}"))?;
    Ok(Content {
        operation,
        description: text("description").to_owned(),
        input: object("input")?.clone(),
        response,
        request: case.get("request").cloned(),
        result: case.get("result").cloned(),
    })
}
