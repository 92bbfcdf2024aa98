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
use crate::cancel::Cancel;
use crate::config::problem::{Part, Problem, Problems};

/// Keys that are allowed in every object: the author's own, and the schema's address. The validator
/// compares such patterns as text; one for both would be a regular expression, compiled for every copy of
/// every object.
const OWN_KEYS: [&str; 2] = ["^x-", r"^\$schema$"];

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
    for (at, key) in
        ["$schema", "title", "description", "type", "required", "properties"].into_iter().enumerate()
    {
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
                members.insert(
                    "patternProperties".to_owned(),
                    OWN_KEYS.iter().map(|key| ((*key).to_owned(), json!(true))).collect(),
                );
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
    let takes_null =
        members.get("type").and_then(Value::as_array).is_some_and(|types| types.contains(&json!("null")));
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

/// What the schema says about a document.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The violations.
    pub(crate) problems: Problems,
    /// Pointers of values of the wrong type, which have no place in the typed document.
    pub(crate) unusable: Vec<String>,
    /// Pointers at which a value would be if its key were not misspelt.
    pub(crate) misspelt: Vec<String>,
}

/// Validates a document.
pub(crate) fn validate(document: &Value, cancel: &Cancel) -> Verdict {
    let mut verdict = Verdict { problems: Problems::new(cancel.clone()), ..Verdict::default() };
    for error in VALIDATOR.iter_errors(document) {
        if cancel.is_cancelled() {
            break;
        }
        let at = error.instance_path().as_str().to_owned();
        explain(&error, &at, &mut verdict);
    }
    // Where the right key is there too, what is wrong with its value has its own cause.
    verdict.misspelt.retain(|meant| document.pointer(meant).is_none());
    verdict
}

fn explain(error: &ValidationError<'_>, at: &str, verdict: &mut Verdict) {
    let Verdict { problems, unusable, misspelt } = verdict;
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let code = if at == "/operations" { Code::UnknownOperation } else { Code::UnknownKey };
            for key in unexpected {
                if !problems.takes(code) {
                    continue;
                }
                let (problem, meant) = unknown_key(at, key);
                problems.push(problem);
                misspelt.extend(meant);
            }
        }
        ValidationErrorKind::Type { kind } => {
            unusable.push(at.to_owned());
            if problems.takes(Code::WrongType) {
                problems.push(wrong_type(error.instance(), kind, at));
            }
        }
        // A value of another type is reported as such, and the compiler explains methods: it also
        // takes mixed case, as the reference does.
        ValidationErrorKind::Enum { .. } if !error.instance().is_string() || at.ends_with("/method") => {}
        ValidationErrorKind::Enum { options } => problems.push(not_an_option(error.instance(), options, at)),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            let number = error.instance().as_f64().unwrap_or_default();
            problems.push(if at.ends_with("/timeoutSeconds") {
                timeout_range(number, at)
            } else {
                out_of_range(number, error.kind(), at)
            });
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            unusable.push(at.to_owned());
            problems.push(
                Problem::new(Code::MissingKey, at, format!("the document has no `{key}`"))
                    .part(Part::Key)
                    .help("add `\"operations\": { … }` with at least `getUserInfo`"),
            );
        }
        other => {
            unusable.push(at.to_owned());
            problems.push(
                Problem::new(
                    Code::InvalidValue,
                    at,
                    format!("the value breaks the schema's rule `{}`", other.keyword()),
                )
                .help("see the key's description in the language reference"),
            );
        }
    }
}

/// The problem, and the pointer that was probably meant.
fn unknown_key(at: &str, key: &str) -> (Problem, Option<String>) {
    let known = known_keys(at);
    let pointer = pointer::join(at, key);
    if at == "/operations" {
        let problem =
            Problem::new(Code::UnknownOperation, pointer, format!("App Connect has no operation `{key}`"))
                .part(Part::Key)
                .label("never runs");
        return match meant(key, &known) {
            Some(name) => (problem.help(format!("did you mean `{name}`?")), Some(pointer::join(at, name))),
            None => (problem.help(format!("the operations are {}", known.join(", "))), None),
        };
    }
    let place = match pointer::segments(at).last() {
        None => "the document".to_owned(),
        Some(parent) if parent.parse::<usize>().is_ok() => "this item".to_owned(),
        Some(parent) => format!("`{parent}`"),
    };
    let problem = Problem::new(Code::UnknownKey, pointer, format!("{place} takes no key `{key}`"))
        .part(Part::Key)
        .label("ignored");
    match (meant(key, &known), owner_of(key)) {
        (Some(name), _) => (problem.help(format!("did you mean `{name}`?")), Some(pointer::join(at, name))),
        (None, Some((owner, place))) => {
            (problem.help(format!("`{key}` belongs into {owner}")), Some(pointer::join(place, key)))
        }
        (None, None) => (
            problem.help(format!("known here: {}; keys of your own begin with `x-`", known.join(", "))),
            None,
        ),
    }
}

/// Words for the same thing in other tools, where no spelling is near.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("url", "baseUrl"),
    ("path", "url"),
    ("endpoint", "url"),
    ("uri", "url"),
    ("verb", "method"),
    ("params", "query"),
    ("parameters", "query"),
    ("data", "body"),
    ("payload", "body"),
    ("json", "body"),
    ("response", "responseMapping"),
    ("mapping", "responseMapping"),
    ("headers", "defaultHeaders"),
    ("hosts", "allowedHosts"),
    ("token", "credentialTemplate"),
    ("template", "credentialTemplate"),
    ("credential", "credentialTemplate"),
    ("encoding", "encode"),
    ("phonenumberpath", "phonePath"),
    ("phonenumber", "phonePath"),
];

/// The known key that was probably meant.
fn meant(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let lower = key.to_ascii_lowercase();
    let other =
        OTHER_WORDS.iter().find(|(word, name)| *word == lower && known.contains(name)).map(|(_, name)| *name);
    let path =
        || known.iter().copied().find(|name| name.to_ascii_lowercase().strip_suffix("path") == Some(&lower));
    other.or_else(path).or_else(|| nearest(key, known.iter().copied()))
}

fn known_keys(at_pointer: &str) -> Vec<&'static str> {
    let properties = at(at_pointer).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.map(|properties| properties.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// The part of a document that has a key of this name, for keys that stand in the wrong place.
fn owner_of(key: &str) -> Option<(&'static str, &'static str)> {
    [
        ("", "the document itself"),
        ("/meta", "`meta`"),
        ("/auth", "`auth`"),
        ("/requestDefaults", "`requestDefaults`"),
        ("/operations", "`operations`"),
        ("/operations/createCallLog", "an operation"),
    ]
    .into_iter()
    .find(|(place, _)| known_keys(place).contains(&key))
    .map(|(place, owner)| (owner, place))
}

fn wrong_type(instance: &Value, kind: &TypeKind, at: &str) -> Problem {
    let wanted: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.as_str()).collect(),
    };
    let mut words: Vec<&str> = wanted.into_iter().filter(|name| *name != "null").map(in_words).collect();
    // What is written most often stands first.
    words.sort_by_key(|word| {
        ["an object", "text", "a list", "a number", "a boolean"].iter().position(|known| known == word)
    });
    let words = words.as_slice();
    let list = match words {
        [some @ .., before, last] => {
            some.iter().map(|word| format!("{word}, ")).collect::<String>() + &format!("{before} or {last}")
        }
        few => few.concat(),
    };
    let mut keys: Vec<String> = pointer::segments(at).map(|key| key.into_owned()).collect();
    let name = match (keys.pop(), keys.pop()) {
        (None, _) => "a document".to_owned(),
        (Some(item), Some(list)) if item.parse::<usize>().is_ok() => format!("an item of `{list}`"),
        (Some(key), _) => format!("`{key}`"),
    };
    let found = crate::json_kind::kind(instance);
    let verb = if at.is_empty() { "is" } else { "takes" };
    let problem = Problem::new(Code::WrongType, at, format!("{name} {verb} {list}, not {found}"));
    match (instance, words) {
        (Value::String(text), ["a number"]) if text.parse::<f64>().is_ok() => {
            problem.help(format!("write {text} without quotes"))
        }
        (Value::String(_), ["a number"]) => problem.help("write digits alone, without quotes and units"),
        (Value::Null, _) if name.starts_with("an item") => problem.help("remove the item"),
        (Value::Null, _) => problem.help("leave the key out instead of writing null"),
        // The value is not repeated: it may be a secret.
        (Value::Number(_) | Value::Bool(_), ["text"]) => problem.help("put it in double quotes"),
        (Value::Object(_), ["text"]) => problem.help("write one text in double quotes"),
        (Value::String(text), ["a list"]) => {
            problem.help(format!("write a list with one item: [\"{text}\"]"))
        }
        (Value::Array(_), ["text"]) => problem.help("write one text, without brackets"),
        (_, ["an object", ..]) => problem.help("write members in braces: `{ \"key\": … }`"),
        _ => problem.help(format!("write {list}")),
    }
}

/// What is used instead of a number that does not work.
fn out_of_range(number: f64, kind: &ValidationErrorKind, at: &str) -> Problem {
    let key = pointer::segments(at).last().map(|key| key.into_owned()).unwrap_or_default();
    let (bound, word) = match kind {
        ValidationErrorKind::Minimum { limit } => (limit, "at least"),
        ValidationErrorKind::Maximum { limit } => (limit, "at most"),
        _ => (&Value::Null, "about"),
    };
    Problem::new(
        Code::OutOfRange,
        at,
        format!("`{key}` is {word} {bound}; instead of {number}, {bound} is used"),
    )
    .help(format!("write {bound}, or leave `{key}` out for its default"))
}

/// What runs instead, and what was probably meant.
fn timeout_range(seconds: f64, at: &str) -> Problem {
    let message = match seconds {
        seconds if seconds <= 0.0 => {
            format!("a timeout is 1 to 300 seconds; instead of {seconds}, the default is used")
        }
        seconds if seconds < 1.0 => {
            format!("a timeout is 1 to 300 seconds; hardly any CRM always answers within {seconds}")
        }
        _ => format!("a timeout is 1 to 300 seconds; instead of {seconds}, 300 seconds are used"),
    };
    let milliseconds = seconds / 1000.0;
    Problem::new(Code::TimeoutRange, at, message).help(if (1.0..=300.0).contains(&milliseconds) {
        format!("if these are milliseconds, write {milliseconds}")
    } else {
        "write a number of seconds from 1 to 300".to_owned()
    })
}

fn in_words(type_name: &str) -> &str {
    match type_name {
        "string" => "text",
        "number" | "integer" => "a number",
        "boolean" => "a boolean",
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
        "logFormat" => (Code::UnknownLogFormat, "no log text is composed"),
        "encode" => (Code::UnknownAuth, "the credential is encoded as base64"),
        "type" => (Code::UnknownAuth, "`apiKey` is used"),
        _ => (Code::InvalidValue, "it has no effect"),
    };
    let problem = Problem::new(code, at, format!("`{key}` cannot be {shown}; {consequence}"));
    let text = instance.as_str().unwrap_or_default();
    match nearest(text, names.iter().copied()) {
        Some(name) => problem.help(format!("did you mean \"{name}\"?")),
        None => problem.help(format!(
            "write one of {}",
            names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        )),
    }
}
