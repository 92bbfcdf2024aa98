//! Templates, wherever a document has them: compiled, rendered with any values, read from any reply.

use std::time::Duration;

use http::HeaderMap;
use serde_json::json;

use super::harness::{Target, fuzz};
use super::{codes, json_or_text, loaded, outcome, parts, rendered, variables};
use crate::error_mapping::{Judged, judge};
use crate::exchange::{BodyKind, UpstreamResponse};
use crate::inputs::Inputs;

/// A template is compiled for seven places in a debug build, and an input may consist of nothing but mistakes: each
/// place is put into words. What takes a time that grows with the square of its length takes far longer.
const BUDGET: Duration = Duration::from_secs(8);

#[test]
fn templates() {
    fuzz(Target { name: "templates", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{{{",
    "}}}}",
    "{{~",
    "~}}",
    "{{!--",
    "--}}",
    "{{else}}",
    "{{else if note}}",
    "{{#if note}}",
    "{{/if}}",
    "{{#unless note}}",
    "{{/unless}}",
    "{{#each additionalSubmission.tags}}",
    "{{/each}}",
    "{{#each ../note}}",
    "{{#each $}}",
    "{{#with contactInfo}}",
    "{{/with}}",
    "{{note}}",
    "{{this}}",
    "{{@index}}",
    "{{@root.note}}",
    "{{../note}}",
    "{{lookup ../additionalSubmission.tags @index}}",
    "(lookup note 0)",
    "(eq note 'x')",
    "(gt note.length 1)",
    "(split note ',')",
    "(lowercase note)",
    "{{join (split note '') note}}",
    "{{replace note 'a' note}}",
    "{{json $}}",
    "{{default note omit}}",
    "{{omit}}",
    "{{date startTime 'YYYY'}}",
    "{{phone phoneNumber 'e164' region='US'}}",
    "{{truncate note 10}}",
    "{{number note}}",
    "{{multiply note 2}}",
    "{{base64 note}}",
    "{{urlencode note}}",
    "{{get body '$..a'}}",
    " as |x i|",
    "additionalSubmission",
    "contactInfo",
    "\n---\n",
    "[0]",
    ".",
    "../",
    "{\"note\":",
    "\"a\",",
];

fn run(input: &[u8]) -> u64 {
    let [template, values] = parts(input);
    let value = json_or_text(&values);
    let requests = json!({"createCallLog": {
        "method": "POST", "url": format!("/logs/{template}"), "query": {"q": template}, "headers": {"X-A": template},
        "body": {"a": template, "b": [{"c": template}]}, "responseMapping": {"idPath": "body.id"},
    }});
    let one = loaded(&json!({"createCallLog": {
        "method": "POST", "url": "/logs", "body": {"a": template}, "responseMapping": {"idPath": "body.id"},
    }}));
    // What does not compile in one place costs no more.
    let all = if one.config.is_some() { loaded(&requests) } else { loaded(&json!({})) };
    let replies = loaded(&json!({"findContact": {
        "url": "/contacts",
        "errorMapping": [{"when": {"status": 400}, "outcome": {"message": template}}],
        "responseMapping": {"listPath": "body", "item": {"idPath": "id", "namePath": template}},
    }}));
    let mut kinds = [codes(&one.findings), codes(&all.findings), codes(&replies.findings)];
    let values = variables(value.clone());
    let mut said = Vec::new();
    for document in [&one, &all] {
        said.extend(rendered(document, &values).into_iter().map(|made| made.err().unwrap_or_default()));
    }
    for operation in replies.config.iter().flat_map(|config| config.operations()) {
        let inputs = Inputs::from_object(&values);
        for status in [200, 400] {
            let reply = UpstreamResponse::new(status, HeaderMap::new(), value.clone(), BodyKind::Json);
            if let Judged::Reply(reply) = judge(operation, Ok(reply), "crm", &[]) {
                said.push(
                    operation.map(&reply, &inputs).err().map(|error| error.to_string()).unwrap_or_default(),
                );
            }
        }
    }
    kinds.sort();
    // The words of an error quote the input: their beginning tells the kind.
    let said: Vec<String> = said.iter().map(|words| words.chars().take(24).collect()).collect();
    outcome((kinds, said))
}
