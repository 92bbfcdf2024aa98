//! Where the values of a request come from.

use serde_json::Value;

use super::inputs::Inputs;
use super::template::{Output, Place, Scope, Template, compile_text, compile_value};
use super::text::to_text;
use crate::config::operations::OperationName;
use crate::config::pointer;

/// One template of an operation, and what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Where it stands, below the operation: `body/subject`.
    pub place: String,
    /// The template.
    pub template: String,
    /// What it rendered to; absent where it yields nothing.
    pub value: Option<Value>,
    /// The variables that it reads.
    pub variables: Vec<&'static str>,
}

/// The templates of an operation's document, in the order in which they stand there.
pub fn origins(operation: OperationName, document: &Value, inputs: &Inputs<'_>) -> Vec<Origin> {
    let mut origins = Vec::new();
    let members = document.get("operations").and_then(|operations| operations.get(operation.as_str()));
    for part in ["url", "query", "headers", "body"] {
        if let Some(value) = members.and_then(|members| members.get(part)) {
            visit(operation, value, part, inputs, &mut origins);
        }
    }
    let auth = members.and_then(|members| members.get("auth")).or_else(|| document.get("auth"));
    if let Some(template) = auth.and_then(|auth| auth.get("credentialTemplate")) {
        visit(operation, template, "auth/credentialTemplate", inputs, &mut origins);
    }
    if let Some(headers) = document.pointer("/requestDefaults/defaultHeaders") {
        visit(operation, headers, "defaultHeaders", inputs, &mut origins);
    }
    origins
}

fn visit(
    operation: OperationName,
    value: &Value,
    place: &str,
    inputs: &Inputs<'_>,
    origins: &mut Vec<Origin>,
) {
    match value {
        Value::String(text) if text.contains("{{") => origins.extend(origin(operation, text, place, inputs)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                visit(operation, item, &format!("{place}/{at}"), inputs, origins);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                visit(operation, member, &pointer::join(place, key), inputs, origins);
            }
        }
        _ => {}
    }
}

fn origin(operation: OperationName, text: &str, place: &str, inputs: &Inputs<'_>) -> Option<Origin> {
    let at = Place::own(operation, place);
    let mut problems = Vec::new();
    let template = if place == "url" {
        Template::Text(compile_text(text, at, &mut problems))
    } else {
        compile_value(text, at, &mut problems)
    };
    let mut variables = template.sources();
    variables.dedup();
    let wanted = template.wanted();
    let scope = Scope::new(inputs, &wanted);
    let value = match template.evaluate(&scope).ok()? {
        Output::Missing => None,
        Output::Text(text) => Some(Value::String(text.into_owned())),
        Output::Json(value) => Some(value.into_owned()),
    };
    Some(Origin {
        place: place.to_owned(),
        template: text.to_owned(),
        value,
        variables: variables.into_iter().map(|variable| variable.name()).collect(),
    })
}

/// A value in at most `limit` characters, for one line of a table.
pub fn shortened(value: &Value, limit: usize) -> String {
    let text = match value {
        Value::String(text) => format!("{text:?}"),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        scalar => to_text(scalar).into_owned(),
    };
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
