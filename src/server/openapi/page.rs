//! The document as one page: no script, nothing loaded from elsewhere.

use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1b1f24;background:#fff}code{font:14px ui-monospace,monospace;background:#f1f3f5;padding:.1em .3em;\
border-radius:3px}details{border:1px solid #d5d9de;border-radius:6px;margin:.5rem 0;padding:.5rem .8rem}\
summary{cursor:pointer}b.m{display:inline-block;min-width:4.2rem}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid #e6e9ec}\
h3{font-size:1rem;margin:1rem 0 .3rem}a{color:#0b57d0}@media(prefers-color-scheme:dark){body{color:#e6e9ec;\
background:#16191d}code{background:#262b31}details,td,th{border-color:#39414a}a{color:#8ab4f8}}";

pub(super) fn page(document: &Value) -> String {
    let mut html = String::with_capacity(64 * 1024);
    let title = escaped(text(&document["info"]["title"]));
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title} {}</h1>\n",
        escaped(text(&document["info"]["version"]))
    );
    for paragraph in text(&document["info"]["description"]).split("\n\n") {
        let _ = writeln!(html, "<p>{}</p>", prose(paragraph));
    }
    html.push_str("<p><a href=\"openapi.json\">openapi.json</a></p>\n<h2>Routes</h2>\n");
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            route(&mut html, method, path, operation);
        }
    }
    html.push_str("<h2>Types</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let name = escaped(name);
        let _ = writeln!(html, "<details id=\"{name}\" open><summary><code>{name}</code></summary>");
        let _ = writeln!(html, "<p>{}</p>", prose(text(&schema["description"])));
        properties(&mut html, schema);
        html.push_str("</details>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn route(html: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = writeln!(
        html,
        "<details id=\"{}\"><summary><b class=\"m\">{}</b> <code>{}</code> {}</summary>",
        escaped(text(&operation["operationId"])),
        method.to_uppercase(),
        escaped(path),
        prose(text(&operation["summary"]))
    );
    let schemes: Vec<&str> = items(&operation["security"])
        .iter()
        .flat_map(|scheme| members(scheme).map(|(name, _)| name.as_str()))
        .collect();
    if !schemes.is_empty() {
        let _ = writeln!(html, "<p>Needs <code>{}</code></p>", schemes.join("</code> or <code>"));
    }
    let parameters = items(&operation["parameters"]);
    if !parameters.is_empty() {
        html.push_str("<h3>Parameters</h3>\n<table>\n");
        for parameter in parameters {
            let place = text(&parameter["in"]);
            row(html, parameter, &parameter["schema"], place, parameter["required"] == true);
        }
        html.push_str("</table>\n");
    }
    if let Some((_, body)) = members(&operation["requestBody"]["content"]).next() {
        let _ = writeln!(html, "<h3>Body</h3>\n<p>{}</p>", type_of(&body["schema"]));
    }
    html.push_str("<h3>Replies</h3>\n<table>\n");
    for (status, response) in members(&operation["responses"]) {
        let _ = write!(html, "<tr><td>{status}</td><td>{}</td><td>", prose(text(&response["description"])));
        let content = members(&response["content"]).map(|(content_type, content)| {
            format!("<code>{}</code> {}", escaped(content_type), type_of(&content["schema"]))
        });
        html.push_str(&content.collect::<Vec<_>>().join("<br>"));
        html.push_str("</td></tr>\n");
    }
    html.push_str("</table>\n</details>\n");
}

fn properties(html: &mut String, schema: &Value) {
    html.push_str("<table>\n");
    for (name, property) in members(&schema["properties"]) {
        let required = items(&schema["required"]).iter().any(|required| required == name);
        let named = serde_json::json!({"name": name, "description": property["description"]});
        row(html, &named, property, "", required);
    }
    html.push_str("</table>\n");
}

fn row(html: &mut String, named: &Value, schema: &Value, place: &str, required: bool) {
    let _ = writeln!(
        html,
        "<tr><td><code>{}</code>{} {place}</td><td>{}</td><td>{}</td></tr>",
        escaped(text(&named["name"])),
        if required { " required" } else { "" },
        type_of(schema),
        prose(text(&named["description"]))
    );
}

/// A type in words, named types as links.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(alternatives) = schema[key].as_array() {
            return alternatives.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let value = |value: &Value| format!("<code>{}</code>", escaped(&value.to_string()));
        return values.iter().map(value).collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(name) => escaped(name),
        Value::Array(names) => names.iter().map(|name| escaped(text(name))).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

/// Escaped text in which what stands between backquotes is code.
fn prose(words: &str) -> String {
    let mut html = String::new();
    for (at, part) in words.split('`').enumerate() {
        let part = escaped(part);
        html.push_str(&if at % 2 == 1 { format!("<code>{part}</code>") } else { part });
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
