//! Bodies that are one text: a value stays in its place in JSON, in a form and in XML.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Target, fuzz};
use super::{codes, json_or_text, loaded, outcome, parts, rendered, variables};

const BUDGET: Duration = Duration::from_secs(5);

#[test]
fn text_bodies() {
    fuzz(Target { name: "text_bodies", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "{{note}}",
    "{{{note}}}",
    "\"{{note}}\"",
    "{{json note}}",
    "{{urlencode note}}",
    "{{#each note}}",
    "{{/each}}",
    "<a>",
    "</a>",
    "<a b=\"",
    "<a b='",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.0\"?>",
    "<?",
    "?>",
    "&lt;",
    "{\"a\":",
    "[",
    "]",
    "}",
    ",",
    "a=",
    "&b=",
    "\\\"",
    "\\u",
    "\u{fdd0}",
    "\u{fdd1}",
    "\n---\n",
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "text/plain",
];

fn run(input: &[u8]) -> u64 {
    let [content_type, body, values] = parts(input);
    let document = loaded(&json!({"createCallLog": {
        "method": "POST", "url": "/logs", "headers": {"Content-Type": content_type}, "body": body,
        "responseMapping": {"idPath": "body.id"},
    }}));
    let values = variables(json_or_text(&values));
    let made = rendered(&document, &values);
    // A value in a text of JSON is a text, whatever it holds: the shape is the author's.
    let note = values.get("note").and_then(Value::as_str).unwrap_or_default();
    let fixed = loaded(&json!({"createCallLog": {
        "method": "POST", "url": "/logs", "headers": {"Content-Type": "application/json"},
        "body": "{\"a\": \"{{note}}\", \"b\": [\"x{{note}}\"]}", "responseMapping": {"idPath": "body.id"},
    }}));
    let inputs = json!({"note": note});
    for operation in fixed.config.iter().flat_map(|config| config.operations()) {
        let inputs = crate::inputs::Inputs::from_object(inputs.as_object().unwrap());
        if let Ok(request) = crate::render(operation, &inputs) {
            let sent: Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
            assert_eq!(sent, json!({"a": note, "b": [format!("x{note}")]}));
        }
    }
    let made: Vec<_> = made.into_iter().map(|made| made.is_ok()).collect();
    outcome((codes(&document.findings), made))
}
