//! The JSON Schema of a proxyConfig: valid, described in full, and true to what loads.

use std::path::Path;

use app_connect::config::diagnostic::Severity;
use app_connect::config::document::Document;
use app_connect::config::schema::schema;
use app_connect::engine::load::load;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

#[test]
fn the_schema_is_draft_2020_12_and_satisfies_its_meta_schema() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema().get("$id").is_none(), "an id would tie documents to one address");
    assert_eq!(schema()["title"], "proxyConfig");
    if let Err(error) = jsonschema::draft202012::meta::validate(schema()) {
        panic!("{}: {error}", error.instance_path());
    }
}

/// Every property of every object: its JSON pointer and its schema.
fn properties() -> Vec<(String, &'static Value)> {
    let definitions = schema()["$defs"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, definition)| (format!("/$defs/{name}"), definition));
    let mut all = Vec::new();
    for (at, object) in std::iter::once((String::new(), schema())).chain(definitions) {
        let members = object["properties"].as_object().unwrap_or_else(|| panic!("{at} has no properties"));
        all.extend(members.iter().map(|(key, property)| (format!("{at}/properties/{key}"), property)));
    }
    all
}

#[test]
fn every_property_has_a_title_a_description_and_an_example() {
    for (at, property) in properties() {
        for key in ["title", "description"] {
            let text = property[key].as_str().unwrap_or_default();
            assert!(
                !text.trim().is_empty() && !text.contains('\n'),
                "{at} has no {key}, or one of several lines: {text:?}"
            );
        }
        assert!(
            property["examples"].as_array().is_some_and(|examples| !examples.is_empty()),
            "{at} has no example"
        );
    }
    assert!(properties().len() > 150, "operations and mappings are among them");
}

#[test]
fn every_example_satisfies_its_own_property() {
    for (at, property) in properties() {
        let mut standalone = property.clone();
        standalone["$defs"] = schema()["$defs"].clone();
        let validator = jsonschema::validator_for(&standalone).unwrap();
        for example in property["examples"].as_array().unwrap() {
            let errors: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{at}: {example}: {errors:?}");
        }
    }
}

/// The examples are what editors offer: they must not only have the right shape but run.
#[test]
fn every_example_of_an_operation_loads_without_errors_and_mistakes() {
    let operations = schema()["$defs"]["Operations"]["properties"].as_object().unwrap();
    for (name, property) in operations {
        for example in property["examples"].as_array().unwrap() {
            let mut document = minimal();
            document["operations"][name] = example.clone();
            let loaded = load(name, &document.to_string(), &|_| None);
            assert!(loaded.is_acceptable(), "{name}: {:?}", loaded.findings.diagnostics);
        }
    }
}

#[test]
fn objects_are_closed_except_for_the_authors_own_keys() {
    fn closed(at: &str, schema: &Value) {
        match schema {
            Value::Object(members) if members.get("properties").is_some_and(Value::is_object) => {
                assert_eq!(members["additionalProperties"], json!(false), "{at}");
                let own = json!({"^x-": true, r"^\$schema$": true});
                assert_eq!(members["patternProperties"], own, "{at}");
                members
                    .iter()
                    .filter(|(key, _)| *key != "examples")
                    .for_each(|(key, member)| closed(&format!("{at}/{key}"), member));
            }
            Value::Object(members) => {
                members
                    .iter()
                    .filter(|(key, _)| *key != "examples")
                    .for_each(|(key, member)| closed(&format!("{at}/{key}"), member));
            }
            _ => {}
        }
    }
    closed("", schema());
    let validator = jsonschema::validator_for(schema()).unwrap();
    let mut document = minimal();
    document["$schema"] = "../schemas/proxy-config.schema.json".into();
    document["x-owner"] = json!({"team": "crm"});
    document["operations"]["getUserInfo"]["x-note"] = "checked".into();
    assert!(validator.is_valid(&document));
    document["operations"]["getUserInfo"]["note"] = "checked".into();
    assert!(!validator.is_valid(&document));
}

#[test]
fn definitions_have_readable_names_and_descriptions() {
    for (name, definition) in schema()["$defs"].as_object().unwrap() {
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{name}");
        assert!(
            !name.ends_with(|letter: char| letter.is_ascii_digit()),
            "{name} is a second definition of one name"
        );
        assert!(definition["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
}

/// A null is nothing, wherever the typed document takes it for nothing.
#[test]
fn null_is_accepted_where_the_types_accept_it() {
    let validator = jsonschema::validator_for(schema()).unwrap();
    for (at, _) in properties() {
        let mut document = minimal();
        let Some(place) = place_of(&at) else { continue };
        set(&mut document, &place, Value::Null);
        let typed = Document::deserialize(&document).is_ok();
        assert_eq!(
            validator.is_valid(&document),
            typed,
            "{place}: the schema and the types disagree about null"
        );
        assert!(typed || place == "/operations", "{place} takes no null");
        let loaded = load(&place, &document.to_string(), &|_| None);
        let about_null = loaded
            .findings
            .diagnostics
            .iter()
            .any(|found| found.severity() == Severity::Error && found.pointer == place);
        assert_eq!(about_null, !typed, "{place}: {:?}", loaded.findings.diagnostics);
    }
}

/// Where in a document a property of the schema stands: of a definition that several operations
/// share, in the first of them.
fn place_of(at: &str) -> Option<String> {
    let (owner, key) = at.split_once("/properties/")?;
    let own = match owner.strip_prefix("/$defs/") {
        None => String::new(),
        Some(name) => {
            let reference = format!("#/$defs/{name}");
            let holder = properties().into_iter().find(|(_, property)| property["$ref"] == reference)?;
            place_of(&holder.0)?
        }
    };
    Some(format!("{own}/{key}"))
}

fn set(document: &mut Value, place: &str, value: Value) {
    let mut current = document;
    for key in place.trim_start_matches('/').split('/') {
        if !current.is_object() {
            *current = Value::Object(Map::new());
        }
        current = current.as_object_mut().unwrap().entry(key).or_insert(Value::Null);
    }
    *current = value;
}

/// Configurations of the recordings that are broken on purpose, and the pointer of what is.
const BROKEN: &[(&str, &str, &str)] = &[
    ("02-auth-headers", "unknownEncode", "/auth/encode"),
    // Less than a second: kept as it is by the server, so that the recording runs in time.
    ("14-crm-failures", "slow", "/requestDefaults/timeoutSeconds"),
];

#[test]
fn recorded_configs_are_valid_except_for_the_broken_ones() {
    let validator = jsonschema::validator_for(schema()).unwrap();
    let mut seen = 0;
    let mut broken = Vec::new();
    for group in json_files("fixtures/recordings") {
        let text = std::fs::read_to_string(&group).unwrap().replace("@@CRM@@", "http://127.0.0.1:1");
        let recording: Value = serde_json::from_str(&text).unwrap();
        let group = group.file_stem().unwrap().to_string_lossy().into_owned();
        for (name, config) in recording["configs"].as_object().unwrap() {
            seen += 1;
            broken.extend(
                validator
                    .iter_errors(config)
                    .map(|error| (group.clone(), name.clone(), error.instance_path().as_str().to_owned())),
            );
        }
    }
    assert!(seen > 100, "only {seen} configurations were found");
    let expected: Vec<(String, String, String)> = BROKEN
        .iter()
        .map(|(group, name, at)| ((*group).to_owned(), (*name).to_owned(), (*at).to_owned()))
        .collect();
    assert_eq!(broken, expected);
}

#[test]
fn shipped_configs_are_valid_and_name_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let validator = jsonschema::validator_for(schema()).unwrap();
    for file in json_files("proxy-configs") {
        let config: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&config)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
        let named = config["$schema"]
            .as_str()
            .unwrap_or_else(|| panic!("{} has no $schema for editors", file.display()));
        let target = file.parent().unwrap().join(named).canonicalize().unwrap();
        assert_eq!(target, root.join("schemas/proxy-config.schema.json").canonicalize().unwrap());
    }
}

fn json_files(folder: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    files
}

fn minimal() -> Value {
    json!({
        "requestDefaults": {"baseUrl": "https://api.example.com/v1"},
        "operations": {"getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}}},
    })
}
