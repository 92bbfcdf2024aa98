//! The server's own OpenAPI document: what it says is what is served, and where the reference's
//! document describes a route, both say the same.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::agreement;
use crate::support::client::{Request, Response};
use crate::support::test_server::TestServer;
use app_connect::server::openapi_document;
use serde_json::{Value, json};

fn facts(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openapi").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn words(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The names of a schema's members, of all alternatives together.
fn members(schema: &Value) -> BTreeSet<String> {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return members(&openapi_document()["components"]["schemas"][name]);
    }
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    own.chain(schema["anyOf"].as_array().into_iter().flatten().flat_map(members)).collect()
}

/// What a document says about an operation, as `fixtures/openapi/reference.json` writes it.
fn said(operation: &Value) -> Value {
    let parameters: BTreeSet<String> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] != "header")
        .map(|parameter| {
            let optional = if parameter["required"] == true { "" } else { "?" };
            format!("{}:{}{optional}", parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap())
        })
        .collect();
    let statuses: BTreeSet<&String> = operation["responses"].as_object().unwrap().keys().collect();
    json!({
        "parameters": parameters,
        "statuses": statuses,
        "request": members(&operation["requestBody"]["content"]["application/json"]["schema"]),
        "reply": members(&operation["responses"]["200"]["content"]["application/json"]["schema"]),
    })
}

/// Both directions: a difference that is not listed fails, and so does a listed one that is none.
#[test]
fn routes_of_the_reference_are_described_as_its_document_does() {
    let (reference, listed) = (facts("reference.json"), facts("differences.json"));
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut compared = 0;
    // The management API is this server's own.
    let paths = openapi_document()["paths"].as_object().unwrap().iter();
    for (path, methods) in paths.filter(|(path, _)| !path.starts_with("/console/")) {
        for (method, operation) in methods.as_object().unwrap() {
            let route = format!("{} {path}", method.to_uppercase());
            let Some(theirs) = reference.get(&route) else {
                found.insert(format!("{route}: not in the reference's document"));
                continue;
            };
            compared += 1;
            let ours = said(operation);
            for part in ["parameters", "statuses", "request", "reply"] {
                let (ours, theirs) = (words(&ours[part]), words(&theirs[part]));
                // A reply without named members is any object.
                if part == "reply" && (ours.is_empty() || theirs.is_empty()) {
                    continue;
                }
                found.extend(ours.difference(&theirs).map(|word| format!("{route}: {part}: + {word}")));
                found.extend(theirs.difference(&ours).map(|word| format!("{route}: {part}: - {word}")));
            }
        }
    }
    assert!(compared >= 9, "only {compared} routes were compared");
    let mut known = BTreeSet::new();
    for entry in listed.as_array().unwrap() {
        assert!(entry["why"].as_str().is_some_and(|why| !why.is_empty()), "{entry} gives no reason");
        known.extend(words(&entry["differences"]));
    }
    // `*` stands for every route.
    let of_all = |found: &String| format!("*{}", &found[found.find(':').unwrap()..]);
    let is_known = |found: &&String| known.contains(*found) || known.contains(&of_all(found));
    let unlisted: Vec<_> = found.iter().filter(|found| !is_known(found)).collect();
    let is_found =
        |known: &&String| found.contains(*known) || found.iter().any(|found| of_all(found) == **known);
    let gone: Vec<_> = known.iter().filter(|known| !is_found(known)).collect();
    assert!(
        unlisted.is_empty() && gone.is_empty(),
        "not listed: {unlisted:#?}\nlisted, but no difference: {gone:#?}"
    );
}

#[test]
fn every_reference_leads_to_a_type_and_every_operation_has_its_own_id() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    references(openapi_document(), &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(openapi_document().pointer(pointer).is_some(), "{reference}");
        let name = reference.rsplit('/').next().unwrap();
        assert!(
            !name.ends_with(|letter: char| letter.is_ascii_digit()),
            "{name} is a second type of one name"
        );
    }
    let mut ids = BTreeSet::new();
    for methods in openapi_document()["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|summary| !summary.is_empty() && !summary.ends_with('.'))
            );
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{operation}");
            let replies = operation["responses"].as_object().unwrap();
            let worked = ["200", "201", "302"].iter().any(|status| replies.contains_key(*status));
            assert!(worked, "{operation}");
        }
    }
}

#[test]
fn the_document_and_its_page_are_served_whole() {
    let server = TestServer::start(&[]);
    let reply = server.get("/openapi.json", "");
    assert_eq!((reply.status, &reply.json()), (200, openapi_document()));
    let page = server.get("/docs", "");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-security-policy"), Some("default-src 'none'; style-src 'unsafe-inline'"));
    let html = page.text();
    for path in openapi_document()["paths"].as_object().unwrap().keys() {
        assert!(html.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for name in openapi_document()["components"]["schemas"].as_object().unwrap().keys() {
        assert!(html.contains(&format!("id=\"{name}\"")), "{name}");
    }
    for foreign in ["<script", "http://", "https://", "src=", "@import"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

/// Every reply that a test sees is held against the document. This is what would be found.
#[test]
fn a_reply_that_the_document_does_not_describe_is_found() {
    let reply = |status, content_type: &str, body: &str| Response {
        status,
        headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let json = |status, body: &str| reply(status, "application/json; charset=utf-8", body);
    let list = "/console/api/v1/tokens";
    let contact = "/contact?phoneNumber=1";
    let refused =
        r#"{"successful": false, "returnMessage": {"messageType": "warning", "message": "No", "ttl": 1}}"#;
    let found = r#"{"successful": true, "returnMessage": null, "contact": []}"#;
    for (method, target, reply, wrong) in [
        ("GET", contact, json(200, found), ""),
        ("HEAD", "/isAlive", reply(200, "text/plain; charset=utf-8", ""), ""),
        ("GET", "/calldown/7", reply(404, "text/html", "Cannot GET"), ""),
        ("OPTIONS", contact, reply(204, "", ""), ""),
        ("GET", "/contact", json(200, refused), ""),
        ("GET", "/contact", json(200, found), "phoneNumber is called required"),
        ("POST", "/console/api/v1/connectors/p/retire", json(200, "{}"), "breaks its schema"),
        ("GET", list, json(200, r#"{"tokens": 7}"#), "at \"/tokens\""),
        ("GET", list, json(200, "{"), "is no JSON"),
        ("GET", list, json(418, "{}"), "the status 418 is not described"),
        ("GET", list, json(401, r#"{"error": {"code": "none", "message": ""}}"#), "at \"/error/code\""),
        ("GET", contact, reply(200, "text/plain", "yes"), "as text/plain is not described"),
        ("GET", "/nowhere", json(200, "{}"), "/nowhere is not described"),
        ("DELETE", "/isAlive", json(200, "{}"), "DELETE /isAlive is not described"),
    ] {
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("if-match".to_owned(), "\"1\"".to_owned())],
            body: None,
        };
        let told = agreement::agreed(&request, &reply).err().unwrap_or_default();
        let is_found = if wrong.is_empty() { told.is_empty() } else { told.contains(wrong) };
        assert!(is_found, "{method} {target}: {told:?} instead of {wrong:?}");
    }
}

/// What a token needs is part of the route: every route of the management API names one scope, and a route
/// that only reads asks for no more than `read`, but for the tokens and the audit log themselves.
#[test]
fn every_management_route_names_its_scope() {
    let document = app_connect::server::openapi_document();
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let scopes = &operation["security"][0]["consoleToken"];
            if !path.starts_with("/console/api/v1/") {
                assert!(scopes.is_null(), "{method} {path}");
                continue;
            }
            seen += 1;
            let scope = scopes[0].as_str().unwrap_or_else(|| panic!("{method} {path} names no scope"));
            assert_eq!(scopes.as_array().unwrap().len(), 1, "{method} {path}");
            assert!(["read", "edit", "activate", "admin"].contains(&scope), "{method} {path}: {scope}");
            if method == "get" && path.starts_with("/console/api/v1/connectors") {
                assert_eq!(scope, "read", "{method} {path}");
            }
        }
    }
    assert!(seen > 20, "{seen} routes");
}
