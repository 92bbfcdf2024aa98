//! JSONPath expressions and patterns that would work for minutes.

use super::crm_replies::{found, search};
use crate::support::pulse::while_others_are_served;
use serde_json::{Value, json};
use std::fs;

#[test]
fn patterns_are_compiled_once() {
    for pattern in ["a+", "^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$", r"^\\w{1,40}$", "(?i)^(mr|mrs|dr) .{1,40}$"] {
        let list: Vec<Value> = (0..2000).map(|id| json!({"id": id, "name": "aaa@b.c"})).collect();
        let crm = search(json!({"list": list}).to_string());
        let path = format!("$.body.list[?search(@.name, '{pattern}')]");
        let (server, token) = crm.server(&json!({"listPath": path}));
        let reply = while_others_are_served(&server, || found(&server, &token));
        assert_eq!(reply["successful"], true, "{pattern}: {reply}");
    }
}

#[test]
fn a_reply_chooses_no_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.json");
    for (path, expected) in [
        ("$.body.list[?search(@.name, @.pattern)]", "is a text in quotes"),
        ("$.body.list[?match(@.name, $.body.pattern)]", "is a text in quotes"),
        ("$.body.list[?match(@.name, '(')]", "cannot be used"),
        ("$.body.list[?search(@.name, '(a{1000}){1000}')]", "cannot be used"),
    ] {
        let document = json!({
            "requestDefaults": {"baseUrl": "https://api.example.com"},
            "operations": {"findContact": {"url": "/c", "responseMapping": {"listPath": path}}},
        });
        fs::write(&file, document.to_string()).unwrap();
        let checked = std::process::Command::new(env!("CARGO_BIN_EXE_app-connect"))
            .arg("validate")
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
        assert!(
            !checked.status.success() && said.contains("AC091") && said.contains(expected),
            "{path}: {said}"
        );
    }
}

#[test]
fn queries_that_multiply_are_stopped_with_words() {
    let nested = |count: usize| -> Vec<Value> {
        (0..count).map(|id| json!({"id": id, "a": {"b": {"c": {"d": id}}}})).collect()
    };
    for (path, item, count) in [
        ("$.body.list[?count($.body.list[?@.name == 'x']) > 0]", "id", 10_000),
        ("$.body.list[?length($..*) == 1]", "id", 3000),
    ] {
        let crm = search(json!({"list": nested(count)}).to_string());
        let (server, token) = crm.server(&json!({"listPath": path, "item": {"idPath": item}}));
        let reply = while_others_are_served(&server, || found(&server, &token));
        assert_eq!(reply["successful"], false, "{path}: {reply}");
        assert!(reply.to_string().contains("steps"), "{path}: {reply}");
    }
    for (mapping, count) in [
        (json!({"listPath": "body.list", "item": {"idPath": "$..id", "namePath": "$..[?@.name]"}}), 20_000),
        (json!({"listPath": "$..*..*..*"}), 3000),
    ] {
        let crm = search(json!({"list": nested(count)}).to_string());
        let (server, token) = crm.server(&mapping);
        let reply = while_others_are_served(&server, || found(&server, &token));
        assert_eq!(reply["contact"].as_array().map(Vec::len), Some(200), "{}", reply["returnMessage"]);
    }
}
