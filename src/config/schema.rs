//! The JSON Schema of a proxyConfig, generated from the types, and validation against it.

use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::diagnostic::Code;
use super::document::Document;
use super::pointer;
use super::suggest::nearest;
use crate::engine::problem::{Part, Problem};

/// Keys that are allowed in every object: the author's own, and the schema's address.
const OWN_KEYS: &str = r"^(x-|\$schema$)";

static SCHEMA: LazyLock<Value> = LazyLock::new(generate);

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    // The schema is a constant of this crate, and a test validates it against its meta-schema.
    #[expect(clippy::expect_used)]
    jsonschema::validator_for(&SCHEMA).expect("the generated schema is valid")
});

/// The schema, draft 2020-12: closed objects, `x-…` keys allowed everywhere.
pub fn schema() -> &'static Value {
    &SCHEMA
}

fn generate() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>().to_value();
    head_first(&mut schema);
    let mut nullable = Vec::new();
    close_objects(&mut schema, &mut nullable);
    for name in nullable {
        if let Some(kind) = schema["$defs"].get_mut(&name).and_then(|definition| definition.get_mut("type")) {
            *kind = json!(["object", "null"]);
        }
    }
    schema
}

/// What people look for first stands first.
fn head_first(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    for (at, key) in ["$schema", "title", "description", "type", "required", "properties"].into_iter().enumerate() {
        if let Some(value) = members.shift_remove(key) {
            members.shift_insert(at, key.to_owned(), value);
        }
    }
}

/// Closes every object that has named properties, and turns "this type or null" into the type,
/// which then takes null itself (the names are collected): an `anyOf` would hide where inside an
/// object an error is.
fn close_objects(schema: &mut Value, nullable: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            unwrap_nullable(members, nullable);
            allow_null_option(members);
            if let Some(Value::String(description)) = members.get_mut("description") {
                // Doc comments are wrapped; editors show descriptions as they are.
                *description = description.replace('\n', " ");
            }
            members.values_mut().for_each(|member| close_objects(member, nullable));
            if members.get("properties").is_some_and(Value::is_object) && members.get("type").is_some() {
                members.insert("additionalProperties".to_owned(), false.into());
                members.insert("patternProperties".to_owned(), json!({OWN_KEYS: true}));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close_objects(item, nullable)),
        _ => {}
    }
}

fn unwrap_nullable(members: &mut Map<String, Value>, nullable: &mut Vec<String>) {
    let reference = match members.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one, null]) | Some([null, one]) if null == &json!({"type": "null"}) => one.get("$ref").cloned(),
        _ => None,
    };
    let Some(reference) = reference else { return };
    let name = reference.as_str().and_then(|text| text.rsplit('/').next());
    nullable.extend(name.map(str::to_owned));
    members.shift_remove("anyOf");
    members.insert("$ref".to_owned(), reference);
}

/// A choice of words that may be left out may be null too.
fn allow_null_option(members: &mut Map<String, Value>) {
    let takes_null = members.get("type").and_then(Value::as_array).is_some_and(|types| types.contains(&json!("null")));
    if let Some(Value::Array(options)) = members.get_mut("enum")
        && takes_null
        && !options.contains(&Value::Null)
    {
        options.push(Value::Null);
    }
}

/// The schema of the value at a pointer, references resolved.
fn at(pointer_text: &str) -> Option<&'static Value> {
    let mut current = resolve(&SCHEMA)?;
    for segment in pointer::segments(pointer_text) {
        let next = current
            .get("properties")
            .and_then(|properties| properties.get(&*segment))
            .or_else(|| current.get("items"))
            .or_else(|| current.get("additionalProperties").filter(|schema| schema.is_object()))?;
        current = resolve(next)?;
    }
    Some(current)
}

fn resolve(schema: &'static Value) -> Option<&'static Value> {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => SCHEMA.pointer(reference.strip_prefix('#')?),
        None => Some(schema),
    }
}

/// Validates a document: every violation, each as a problem. Also gives the pointers of values
/// that have no place in the typed document.
pub(super) fn validate(document: &Value) -> (Vec<Problem>, Vec<String>) {
    let mut problems = Vec::new();
    let mut unusable = Vec::new();
    for error in VALIDATOR.iter_errors(document) {
        let at = error.instance_path().as_str().to_owned();
        explain(&error, &at, &mut problems, &mut unusable);
    }
    (problems, unusable)
}

fn explain(error: &ValidationError<'_>, at: &str, problems: &mut Vec<Problem>, unusable: &mut Vec<String>) {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            problems.extend(unexpected.iter().map(|key| unknown_key(at, key)));
        }
        ValidationErrorKind::Type { kind } => {
            unusable.push(at.to_owned());
            problems.push(wrong_type(error.instance(), kind, at));
        }
        ValidationErrorKind::Enum { options } => problems.push(not_an_option(error.instance(), options, at)),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => problems.push(
            Problem::new(Code::TimeoutRange, at, format!("a timeout of {} seconds does not work", error.instance()))
                .help("write a number of seconds from 1 to 300"),
        ),
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            unusable.push(at.to_owned());
            problems.push(
                Problem::new(Code::MissingKey, at, format!("`{key}` is missing"))
                    .help("a document needs `operations`, an object with at least `getUserInfo`"),
            );
        }
        other => {
            unusable.push(at.to_owned());
            problems.push(Problem::new(Code::InvalidValue, at, format!("the value does not satisfy `{}`", other.keyword())));
        }
    }
}

fn unknown_key(at: &str, key: &str) -> Problem {
    let in_operations = at == "/operations";
    let (code, what) = if in_operations { (Code::UnknownOperation, "operation") } else { (Code::UnknownKey, "key") };
    let place = match pointer::segments(at).last() {
        None => "the document".to_owned(),
        Some(parent) if parent.parse::<usize>().is_ok() => "this item".to_owned(),
        Some(parent) => format!("`{parent}`"),
    };
    let message = if in_operations {
        format!("App Connect has no operation `{key}`")
    } else {
        format!("{place} has no key `{key}`")
    };
    let problem = Problem::new(code, pointer::join(at, key), message).part(Part::Key).label(format!("unknown {what}"));
    let known = known_keys(at);
    if let Some(name) = nearest(key, known.iter().copied()) {
        return problem.help(format!("did you mean `{name}`?"));
    }
    if let Some(owner) = owner_of(key) {
        return problem.help(format!("`{key}` belongs into {owner}"));
    }
    problem.help(if in_operations {
        format!("the operations are {}", known.join(", "))
    } else {
        format!("known here: {}; keys of your own begin with `x-`", known.join(", "))
    })
}

fn known_keys(at_pointer: &str) -> Vec<&'static str> {
    let properties = at(at_pointer).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.map(|properties| properties.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// The part of a document that has a key of this name, for keys that stand in the wrong place.
fn owner_of(key: &str) -> Option<&'static str> {
    [("", "the document itself"), ("/meta", "`meta`"), ("/auth", "`auth`"), ("/requestDefaults", "`requestDefaults`"), ("/operations", "`operations`"), ("/operations/createCallLog", "an operation")]
        .into_iter()
        .find(|(place, _)| known_keys(place).contains(&key))
        .map(|(_, owner)| owner)
}

fn wrong_type(instance: &Value, kind: &TypeKind, at: &str) -> Problem {
    let wanted: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.as_str()).collect(),
    };
    let words: Vec<&str> = wanted.into_iter().filter(|name| *name != "null").map(in_words).collect();
    let key = pointer::segments(at).last().map(|key| key.into_owned());
    let name = key.map_or_else(|| "the document".to_owned(), |key| format!("`{key}`"));
    let found = crate::engine::render::kind(instance);
    let problem = Problem::new(Code::WrongType, at, format!("{name} is {found}, and takes {}", words.join(" or ")));
    match (instance, words.as_slice()) {
        (Value::String(text), ["a number"]) if text.parse::<f64>().is_ok() => problem.help(format!("write {text} without quotes")),
        (Value::Number(_) | Value::Bool(_), ["text"]) => problem.help(format!("write \"{instance}\", with quotes")),
        (Value::String(_), ["an object"]) => problem.help("write an object: { … }"),
        (Value::Null, _) => problem.help("leave the key out instead of writing null"),
        _ => problem,
    }
}

fn in_words(type_name: &str) -> &str {
    match type_name {
        "string" => "text",
        "number" | "integer" => "a number",
        "boolean" => "true or false",
        "object" => "an object",
        "array" => "a list",
        other => other,
    }
}

fn not_an_option(instance: &Value, options: &Value, at: &str) -> Problem {
    let names: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let key = pointer::segments(at).last().map(|key| key.into_owned()).unwrap_or_default();
    let shown = instance.to_string();
    let (code, consequence) = match key.as_str() {
        "logFormat" => (Code::UnknownLogFormat, "log text is then not composed"),
        "encode" => (Code::UnknownAuth, "the credential is encoded as base64"),
        "type" => (Code::UnknownAuth, "`apiKey` is used"),
        // The compiler explains methods: it also knows mixed case.
        "method" => (Code::UnknownMethod, "it cannot be sent"),
        _ => (Code::InvalidValue, "it has no effect"),
    };
    let problem = Problem::new(code, at, format!("`{key}` is {shown}, which is none of its values; {consequence}"));
    let text = instance.as_str().unwrap_or_default();
    match nearest(text, names.iter().copied()) {
        Some(name) => problem.help(format!("did you mean \"{name}\"?")),
        None => problem.help(format!("write one of {}", names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "))),
    }
}
