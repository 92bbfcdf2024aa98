//! Tables of keys, made from the schema.

use serde_json::{Map, Value};

use super::markdown::{Table, code};
use crate::config::operations::OperationName;
use crate::config::schema::schema;

/// The table of the keys of a definition; the root is `Document`.
pub(super) fn keys(definition: &str) -> Option<String> {
    let schema = if definition == "Document" { schema() } else { schema()["$defs"].get(definition)? };
    let required = schema.get("required").and_then(Value::as_array);
    let mut table = Table::new(&["Key", "Type", "Required", "Default", "What it is", "Example"]);
    for (key, property) in schema.get("properties")?.as_object()? {
        // The kind of a mapping changes nothing; the page says so once.
        if text(property, "title") == "Kind" && definition.ends_with("Mapping") {
            continue;
        }
        let is_required = required.is_some_and(|names| names.iter().any(|name| name == key));
        let (description, default) = split_default(text(property, "description"));
        table.row(&[
            code(key),
            type_of(property),
            if is_required { "yes" } else { "" }.to_owned(),
            default,
            description,
            example(property),
        ]);
    }
    Some(table.finish())
}

/// The operations: what each is for and where its mapping is described.
pub(super) fn operations() -> String {
    let mut table = Table::new(&["Operation", "What it is for", "Mapping"]);
    for operation in OperationName::ALL {
        let mapping = &operation.mapping_type();
        table.row(&[
            code(operation.as_str()),
            operation.descriptor().description.to_owned(),
            format!("[{}](#{})", words_of(mapping), mapping.to_lowercase()),
        ]);
    }
    table.finish()
}

/// Every mapping with its keys, in the order of the operations that use it.
pub(super) fn mappings() -> String {
    let mut done: Vec<String> = Vec::new();
    let mut text = String::new();
    for operation in OperationName::ALL {
        add_mapping(&operation.mapping_type(), &mut done, &mut text);
    }
    text
}

fn add_mapping(name: &str, done: &mut Vec<String>, text: &mut String) {
    if done.iter().any(|known| known == name) {
        return;
    }
    done.push(name.to_owned());
    let used: Vec<String> = OperationName::ALL
        .iter()
        .filter(|operation| operation.mapping_type() == name)
        .map(|operation| code(operation.as_str()))
        .collect();
    let definition = &schema()["$defs"][name];
    let intro = match used.as_slice() {
        [] => String::new(),
        used => format!("Of {}. ", used.join(", ")),
    };
    text.push_str(&format!(
        "\n<a id=\"{}\"></a>\n### {}\n\n{intro}{}\n\n{}",
        name.to_lowercase(),
        words_of(name),
        one_line(self::text(definition, "description")),
        keys(name).unwrap_or_default(),
    ));
    for inner in PARTS.iter().filter(|(owner, _)| *owner == name) {
        add_mapping(inner.1, done, text);
    }
}

/// Mappings that stand inside others.
const PARTS: &[(&str, &str)] = &[
    ("ContactListMapping", "ContactItemMapping"),
    ("ContactListMapping", "NewContactMapping"),
    ("AppointmentListMapping", "AppointmentItemMapping"),
    ("AppointmentItemMapping", "AttendeeMapping"),
];

/// `ContactListMapping` as people say it: `Contact list`.
fn words_of(mapping: &str) -> String {
    let mut words = String::new();
    for letter in mapping.trim_end_matches("Mapping").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

fn text<'v>(schema: &'v Value, key: &str) -> &'v str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes the sentence that gives the default out of a description.
fn split_default(description: &str) -> (String, String) {
    let description = one_line(description);
    let mut kept = Vec::new();
    let mut default = String::new();
    for sentence in sentences(&description) {
        match sentence.strip_prefix("Default").filter(|rest| rest.starts_with([' ', ':'])) {
            Some(rest) => default = rest.trim_start_matches(':').trim().trim_end_matches('.').to_owned(),
            None => kept.push(sentence),
        }
    }
    (kept.join(" "), default)
}

/// Sentences end in a full stop and a space, outside of code.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let (mut start, mut in_code) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '`' => in_code = !in_code,
            ' ' if !in_code && text[..at].ends_with('.') => {
                sentences.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    sentences.push(&text[start..]);
    sentences
}

fn type_of(property: &Value) -> String {
    if let Some(words) = property.get("enum").and_then(Value::as_array) {
        // Methods are listed in both cases; one is enough to read.
        let is_shown = |word: &str| word != word.to_lowercase() || !is_method(word);
        let shown = words.iter().filter_map(|word| match word {
            Value::String(word) => is_shown(word).then(|| code(word)),
            Value::Bool(value) => Some(code(&value.to_string())),
            _ => None,
        });
        return shown.collect::<Vec<_>>().join(", ");
    }
    if property.get("$ref").is_some() {
        return "object".to_owned();
    }
    let list = match property.pointer("/items/$ref") {
        Some(_) => "list of objects",
        None if property.pointer("/items/type").is_some_and(Value::is_array) => "list of these",
        None => "list of texts",
    };
    let types: Vec<&str> = match property.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return "any JSON".to_owned(),
    };
    let named = types.into_iter().filter(|name| *name != "null").map(|name| match name {
        "string" => "text",
        "array" => list,
        "integer" => "number",
        other => other,
    });
    let text = named.collect::<Vec<_>>().join(" or ");
    match (property.get("minimum"), property.get("maximum")) {
        (Some(least), Some(most)) => format!("{text}, {least} to {most}"),
        _ => text,
    }
}

fn is_method(word: &str) -> bool {
    crate::config::document::METHODS.contains(&word.to_ascii_uppercase().as_str())
}

fn example(property: &Value) -> String {
    let examples = property.get("examples").and_then(Value::as_array);
    let example = examples.and_then(|examples| examples.first()).cloned().unwrap_or_default();
    code(&spaced(&example))
}

/// JSON on one line with spaces between its parts, for reading.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => format!("{{ {} }}", inside(members)),
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn inside(members: &Map<String, Value>) -> String {
    let members =
        members.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), spaced(value)));
    members.collect::<Vec<_>>().join(", ")
}
