//! What CRMs answer with a status of success: refusals in the shapes that their documentation shows, and
//! replies that only look like one. Each file of `fixtures/replies/` is one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::support::crm::{Answer, Crm};
use crate::support::test_server::{self, TestServer, call};
use app_connect::config::operations::OperationName;
use app_connect::connector::{CallError, Interface};
use app_connect::engine::decode::decode;
use app_connect::engine::error_mapping::{Judged, judge};
use app_connect::engine::exchange::UpstreamResponse;
use app_connect::engine::inputs::Inputs;
use app_connect::engine::load::load;
use app_connect::engine::operation::CompiledDocument;
use app_connect::engine::results::MapError;
use app_connect::service::wording;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    title: String,
    from: String,
    operation: String,
    #[serde(default)]
    id_path: Option<String>,
    /// Whether the document says that creations are answered without an id.
    #[serde(default)]
    no_id: bool,
    #[serde(default)]
    successful_path: Option<String>,
    reply: Reply,
    refused: bool,
    /// The status that the refusal counts as; by default the reply's.
    #[serde(default)]
    status: Option<u16>,
    /// The kind of a failure that is none of a status.
    #[serde(default)]
    kind: Option<String>,
    /// What users read, among other words.
    #[serde(default)]
    words: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    status: u16,
    #[serde(default)]
    json: Option<Option<Value>>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
}

fn document(case: &Case) -> CompiledDocument {
    let id_path = case.id_path.as_deref().unwrap_or("body.id");
    let id = if case.no_id { json!({"noId": true}) } else { json!({"idPath": id_path}) };
    let created = json!({"method": "POST", "url": "/calls", "responseMapping": id});
    let changed = json!({"method": "PATCH", "url": "/calls/{{thirdPartyLogId}}"});
    let session = match &case.successful_path {
        Some(path) => json!({"url": "/session", "responseMapping": {"successfulPath": path}}),
        None => json!({"url": "/session"}),
    };
    let document = json!({
        "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "authValidation": session,
            "getLicenseStatus": {"url": "/license"},
            "findContact": {"url": "/contacts", "responseMapping": {"listPath": "body.contacts"}},
            "createContact": created,
            "createCallLog": created,
            "createMessageLog": created,
            "getCallLog": {"url": "/calls/{{thirdPartyLogId}}", "responseMapping": {"fullBodyPath": "body.text", "notePath": "body.text"}},
            "updateCallLog": changed
        }
    });
    let loaded = load("crm", &document.to_string(), &|_| None);
    loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings.diagnostics))
}

fn reply(case: &Case) -> UpstreamResponse {
    let headers: HeaderMap = case
        .reply
        .headers
        .iter()
        .map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        })
        .collect();
    let bytes = match (&case.reply.json, &case.reply.text) {
        (Some(json), _) => json.clone().unwrap_or_default().to_string().into_bytes(),
        (None, Some(text)) => text.clone().into_bytes(),
        (None, None) => Vec::new(),
    };
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
    let decoded = decode(&bytes, content_type);
    UpstreamResponse::new(case.reply.status, headers, decoded.body, decoded.kind)
}

/// What is wrong, if anything.
fn played(case: &Case) -> Result<(), String> {
    let config = document(case);
    let name = OperationName::parse(&case.operation).ok_or("no such operation")?;
    let interface = Interface::Operation(name);
    let operation = config.operation(name).ok_or("the document has no such operation")?;
    let failure = match judge(operation, Ok(reply(case)), "testCrm", &[]) {
        Judged::Failed(failure) if case.refused => failure,
        Judged::Failed(failure) => {
            return Err(format!("taken for a refusal: {failure} ({:?})", failure.kind));
        }
        Judged::Reply(_) | Judged::NoMatch(_) if case.refused => return Err("taken for an answer".to_owned()),
        Judged::Reply(_) | Judged::NoMatch(_) => return Ok(()),
    };
    match &case.kind {
        Some(kind) if kind != failure.kind.as_str() => return Err(format!("is {:?}", failure.kind)),
        Some(_) => {}
        None => {
            let expected = case.status.unwrap_or(case.reply.status);
            if failure.status() != Some(expected) {
                return Err(format!("counts as {:?}, not as {expected}", failure.kind));
            }
        }
    }
    let message = wording::message(&CallError::Failed(failure), interface, "testCrm");
    let told = serde_json::to_string(&message).map_err(|error| error.to_string())?;
    match &case.words {
        Some(words) if !told.contains(json!(words).to_string().trim_matches('"')) => {
            Err(format!("`{words}` is not in {told}"))
        }
        _ => Ok(()),
    }
}

#[test]
fn replies_are_judged_as_their_crms_mean_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/replies");
    let mut wrong = Vec::new();
    let (mut refused, mut answers) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!case.title.is_empty() && !case.from.is_empty(), "{}", path.display());
        *(if case.refused { &mut refused } else { &mut answers }) += 1;
        if let Err(why) = played(&case) {
            wrong.push(format!("{}: {why}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused >= 30 && answers >= 30, "{refused} refusals, {answers} answers");
}

/// JSON as CRMs and their worst days write it: the names that mean something, with values that do not
/// belong there.
fn bodies() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2i64..600).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "0",
            "false",
            "error",
            "OK",
            "5",
            "Failed",
            "not found",
            "- Note: mine\n"
        ])
        .prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    let names = vec![
        "id", "text", "success", "ok", "status", "error", "errors", "code", "message", "data", "result",
        "jsonrpc", "fault", "meta", "subject", "Id", "x",
    ];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        let members = prop::collection::vec((prop::sample::select(names.clone()), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Bytes of a reply: such JSON, whole or cut, pages, XML, and anything else.
fn replies() -> impl Strategy<Value = Vec<u8>> {
    let texts = vec![
        "",
        "OK",
        "<html>",
        "<!DOCTYPE html><form action=/login>",
        "<?xml version='1.0'?><error/>",
        "{\"id\": 5",
        "null",
        "5",
        "\"5\"",
        "[]",
        "{}",
    ];
    prop_oneof![
        4 => bodies().prop_map(|body| body.to_string().into_bytes()),
        1 => (bodies(), 0usize..40).prop_map(|(body, cut)| body.to_string().into_bytes().into_iter().take(cut).collect()),
        1 => prop::sample::select(texts).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

/// The id that a reply has where the document looks for it.
fn id_in(bytes: &[u8]) -> Option<String> {
    match decode(bytes, None).body.get("id")? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever comes back, a creation is done only with the id that stands in the reply.
    #[test]
    fn nothing_is_made_without_an_id(status in 200u16..300, bytes in replies(), with_location in any::<bool>()) {
        let case = Case {
            title: String::new(),
            from: String::new(),
            operation: "createCallLog".to_owned(),
            id_path: None,
            no_id: false,
            successful_path: None,
            reply: Reply { status, json: None, text: None, headers: Default::default() },
            refused: false,
            status: None,
            kind: None,
            words: None,
        };
        let config = document(&case);
        let mut headers = HeaderMap::new();
        if with_location {
            headers.insert("location", HeaderValue::from_static("/calls/9"));
        }
        for name in [OperationName::CREATE_CALL_LOG, OperationName::CREATE_MESSAGE_LOG] {
            let operation = config.operation(name).unwrap();
            let decoded = decode(&bytes, None);
            let reply = UpstreamResponse::new(status, headers.clone(), decoded.body, decoded.kind);
            let failure = match judge(operation, Ok(reply), "testCrm", &[]) {
                Judged::Failed(failure) => failure,
                Judged::NoMatch(_) => panic!("a creation finds nothing"),
                Judged::Reply(reply) => match operation.map(&reply, &Inputs::new()) {
                    Ok((log, _)) => {
                        let log_id = log["logId"].as_str().map(str::to_owned);
                        prop_assert!(log_id.is_some() && log_id == id_in(&bytes), "{:?}", log);
                        continue;
                    }
                    Err(MapError::NoRecordId(failure)) => *failure,
                    other => panic!("{other:?}"),
                },
            };
            let told = wording::message(&CallError::Failed(failure), Interface::CREATE_CALL_LOG, "testCrm");
            prop_assert!(serde_json::to_value(&told).unwrap()["messageType"] != "success");
        }
    }
}

type Replies = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Whatever a CRM answers when asked for a record: what was there is written back with it, or nothing is
/// written. Played against the server; each record has a reply of its own.
#[test]
fn an_update_removes_nothing_that_it_did_not_read() {
    const CASES: u32 = 150;
    let known: Replies = Arc::default();
    let told = Arc::clone(&known);
    let crm = Crm::start(move |request| match (request.method.as_str(), request.path()) {
        ("POST", "/v1/activities") => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            Answer::json(&json!({"id": body["contact_id"]})).status(201)
        }
        ("GET", path) if path.starts_with("/v1/activities/") => {
            let id = path.rsplit('/').next().unwrap_or_default();
            let bytes = told.lock().unwrap().get(id).cloned().unwrap_or_default();
            Answer { body: bytes, ..Answer::text("application/json", "") }
        }
        ("PATCH", _) => Answer::json(&json!({})),
        _ => test_server::ordinary(request),
    });
    let mut document = test_server::document(&crm.origin());
    document["meta"]["logFormat"] = json!("text/plain");
    document["operations"]["createCallLog"]["body"] =
        json!({"contact_id": "{{contactInfo.id}}", "text": "{{composedLogDetails}}"});
    document["operations"]["getCallLog"] = json!({
        "url": "/activities/{{thirdPartyLogId}}",
        "responseMapping": {"fullBodyPath": "body.text", "notePath": "body.text"}
    });
    document["operations"]["updateCallLog"] = json!({"method": "PATCH", "url": "/activities/{{thirdPartyLogId}}", "body": {"text": "{{composedLogDetails}}"}});
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    let bearer = format!("Bearer {token}");
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(CASES));
    let number = std::cell::Cell::new(0);
    let result = runner.run(&replies(), |bytes| {
        number.set(number.get() + 1);
        let id = format!("r{}", number.get());
        known.lock().unwrap().insert(id.clone(), bytes.clone());
        let logged = server.post("/callLog", &token, &call(&id, &id));
        prop_assert_eq!(&logged.json()["logId"], &json!(id));
        let update = json!({"sessionId": id, "recordingLink": "https://rec.example.com/1"});
        let headers = [("Content-Type", "application/json")];
        let body = Some(update.to_string().into_bytes());
        let updated =
            server.send("PATCH", "/callLog", &[headers[0], ("Authorization", bearer.as_str())], body);
        let target = format!("/v1/activities/{id}");
        let sent =
            crm.received().into_iter().find(|request| request.method == "PATCH" && request.path() == target);
        let text = decode(&bytes, None).body.get("text").cloned();
        match sent {
            None => prop_assert!(updated.json()["successful"] == json!(false), "{}", updated.text()),
            Some(sent) => {
                let written: Value = serde_json::from_slice(&sent.body).unwrap();
                let written = written["text"].as_str().unwrap_or_default().to_owned();
                let read = text.as_ref().map(app_connect::engine::text::to_text);
                prop_assert!(
                    matches!(text, Some(Value::String(_) | Value::Number(_) | Value::Bool(_))),
                    "{text:?}"
                );
                let is_nothing = matches!(text, Some(Value::Bool(false))) || text == Some(json!(0));
                let lines = read.as_deref().filter(|_| !is_nothing).unwrap_or_default();
                for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    prop_assert!(written.contains(line), "{line:?} is gone: {written:?}");
                }
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
