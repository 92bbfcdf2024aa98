//! Replies of a CRM: bytes of any kind, judged and read for what they mean.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use super::harness::{Target, fuzz};
use super::{loaded, outcome};
use crate::decode::{decode, sort};
use crate::error_mapping::{Judged, judge};
use crate::exchange::UpstreamResponse;
use crate::inputs::Inputs;

const BUDGET: Duration = Duration::from_secs(5);

#[test]
fn replies() {
    fuzz(Target { name: "replies", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "text/html\n",
    "application/json\n",
    "application/xml\n",
    "text/plain; charset=utf-16\n",
    "charset=iso-8859-1",
    "<html>",
    "<!DOCTYPE html>",
    "<form>",
    "<input type=\"password\">",
    "<title>Sign in</title>",
    "<div>",
    "</div>",
    "<!--",
    "-->",
    "<script>",
    "<soap:Envelope>",
    "<Fault>",
    "<?xml version=\"1.0\"?>",
    ")]}',\n",
    "while(1);",
    "{\"id\": \"1\"}",
    "{\"id\":",
    "\"success\": false",
    "\"error\":",
    "\"errors\": [",
    "\"message\": \"",
    "\"status\": \"error\"",
    "not found",
    "failed",
    "unauthorized",
    "\\ud800",
    "\\ud83d\\ude00",
    "\"__proto__\"",
    "[[",
    "{\"contacts\": [",
    "{\"1\": {\"id\": 1}}",
    "1e400",
    "0.1000000000000000055",
];

fn run(input: &[u8]) -> u64 {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (first, body) = input.split_at(line);
    let content_type = std::str::from_utf8(first).ok();
    let decoded = decode(body.get(1..).unwrap_or_default(), content_type);
    let sorted = sort(&String::from_utf8_lossy(body), content_type);
    let document = loaded(&json!({
        "findContact": {"url": "/a", "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id"}}},
        "getUserInfo": {"url": "/b", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}},
        "createCallLog": {"method": "POST", "url": "/c", "responseMapping": {"idPath": "body.id"}},
    }));
    let mut headers = HeaderMap::new();
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    let mut kinds = Vec::new();
    for operation in document.config.iter().flat_map(|config| config.operations()) {
        let reply = UpstreamResponse::new(200, headers.clone(), decoded.body.clone(), decoded.kind);
        kinds.push(match judge(operation, Ok(reply), "crm", &[]) {
            Judged::Reply(reply) => match operation.map(&reply, &Inputs::new()) {
                Ok((_, problems)) => format!("{}", problems.len().min(3)),
                Err(error) => error.to_string().chars().take(24).collect(),
            },
            Judged::NoMatch(_) => "nothing".to_owned(),
            Judged::Failed(failure) => failure.kind.as_str().to_owned(),
        });
    }
    outcome((format!("{:?} {sorted:?}", decoded.kind), decoded.replaced.halves.min(1), kinds))
}
