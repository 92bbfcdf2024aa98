//! The server's own OpenAPI document: what it says is what is served, and where the reference's
//! document describes a route, both say the same.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::crm::Crm;
use crate::support::test_server::{ADMIN_TOKEN, TestServer, call, document, ordinary};
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
            assert!(replies.contains_key("200") || replies.contains_key("201"), "{operation}");
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

/// A reply of the real server has the status, the type and the shape that the document says.
#[test]
fn replies_are_as_the_document_says() {
    let crm = Crm::start(ordinary);
    let server = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = server.sign_in("crm", "testCrm", "77-key");
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "77-key"});
    let contact = json!({"phoneNumber": "+14155550101", "newContactName": "Ada"});
    let nothing = Value::Null;
    let get = |target, token| ("GET", target, token, &nothing);
    let logged = call("s1", "c1");
    let empty = json!({});
    let requests: [(&str, &str, &str, &Value); 20] = [
        get("/isAlive", ""),
        get("/implementedInterfaces?platform=testCrm&proxyId=crm", ""),
        get("/implementedInterfaces", ""),
        get("/implementedInterfaces?proxyId=none", ""),
        get("/proxyConfigs", ADMIN_TOKEN),
        get("/proxyConfigs", "guess"),
        get("/openapi.json", ""),
        get("/docs", ""),
        ("POST", "/apiKeyLogin", "", &login),
        ("POST", "/apiKeyLogin", "", &empty),
        get("/contact?phoneNumber=%2B14155550101", &token),
        get("/contact?phoneNumber=%2B14155550101", "none"),
        get("/contact", &token),
        ("POST", "/contact", &token, &contact),
        get("/custom/contact/search?name=Ada", &token),
        ("POST", "/callLog", &token, &logged),
        ("POST", "/callLog", &token, &empty),
        get("/callLog?sessionIds=s1,s2&requireDetails=true", &token),
        get("/callLog", &token),
        ("POST", "/unAuthorize", &token, &empty),
    ];
    for (method, target, token, body) in requests {
        let reply = if body.is_null() { server.get(target, token) } else { server.post(target, token, body) };
        let path = target.split('?').next().unwrap();
        let operation = &openapi_document()["paths"][path][method.to_lowercase()];
        let response = &operation["responses"][reply.status.to_string()];
        assert!(
            response.is_object(),
            "{method} {target}: {} is not described: {}",
            reply.status,
            reply.text()
        );
        let content_type = reply.header("content-type").unwrap().split(';').next().unwrap();
        let mut schema = response["content"][content_type]["schema"].clone();
        assert!(schema.is_object(), "{method} {target}: {} as {content_type} is not described", reply.status);
        if content_type == "application/json" {
            schema["components"] = openapi_document()["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let wrong: Vec<_> = validator.iter_errors(&reply.json()).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{method} {target}: {wrong:?}\n{}", reply.text());
        }
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
