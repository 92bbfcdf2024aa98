//! Rules of `errorMapping`, compiled from documents and applied to replies.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::config::operations::OperationName;
use crate::decode::FAILED_BODY_BYTES;
use crate::error_mapping::{Judged, judge};
use crate::exchange::{BodyKind, UpstreamResponse};
use crate::failure::{FailedResponse, Failure, FailureKind};
use crate::load::load;
use crate::operation::CompiledDocument;

fn compiled(rules: &Value) -> CompiledDocument {
    let document = json!({
        "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "errorMapping": rules,
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": {"url": "/c", "responseMapping": {"listPath": "body"}}
        }
    });
    let loaded = load("crm", &document.to_string(), &|_| None);
    loaded.config.unwrap_or_else(|| panic!("{rules}: {:?}", loaded.findings.diagnostics))
}

fn answer(
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: Value,
) -> Result<UpstreamResponse, Failure> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    if (200..300).contains(&status) {
        return Ok(UpstreamResponse::new(status, headers, body, BodyKind::Json));
    }
    Err(Failure {
        response: Some(Box::new(FailedResponse { headers, body })),
        ..Failure::new(FailureKind::Status(status), "")
    })
}

/// `reply`, `nothing`, or the status and the message of the failure.
fn judged(
    config: &CompiledDocument,
    operation: OperationName,
    answer: Result<UpstreamResponse, Failure>,
) -> String {
    match judge(config.operation(operation).unwrap(), answer, "crm", &["s3cr3t"]) {
        Judged::Reply(_) => "reply".to_owned(),
        Judged::NoMatch(_) => "nothing".to_owned(),
        Judged::Failed(failure) => {
            let message =
                failure.message_override.as_ref().and_then(|said| said.message.clone()).unwrap_or_default();
            format!("{} {message}", failure.status().unwrap_or_default()).trim_end().to_owned()
        }
    }
}

#[test]
fn conditions_hold_together_and_the_first_rule_counts() {
    let say = |message: &str| json!({"message": message});
    let table: Vec<(Value, u16, Value, &str)> = vec![
        (json!({"status": 404}), 404, json!({}), "404 yes"),
        (json!({"status": 404}), 405, json!({}), "405"),
        (json!({"status": "404"}), 404, json!({}), "404 yes"),
        (json!({"status": ["5xx", "409-411"]}), 410, json!({}), "410 yes"),
        (json!({"status": []}), 404, json!({}), "404"),
        (json!({"status": 200}), 200, json!({}), "200 yes"),
        (json!({}), 500, json!({}), "500 yes"),
        (json!({}), 200, json!({}), "reply"),
        (json!({"header": {"name": "X-Reason"}}), 200, json!({}), "200 yes"),
        (json!({"header": {"name": "x-REASON", "equals": "quota"}}), 429, json!({}), "429 yes"),
        (json!({"header": {"name": "X-Reason", "equals": "Quota"}}), 429, json!({}), "429"),
        (json!({"header": {"name": "X-Reason", "matches": "^quo"}}), 429, json!({}), "429 yes"),
        (json!({"header": {"name": "X-Reason", "exists": false}}), 429, json!({}), "429"),
        (json!({"header": {"name": "X-Other", "exists": false}}), 429, json!({}), "429 yes"),
        (json!({"status": 400, "header": {"name": "X-Reason"}}), 429, json!({}), "429"),
        (json!({"body": {"path": "body.code"}}), 400, json!({"code": 0}), "400 yes"),
        (json!({"body": {"path": "body.code"}}), 400, json!({"code": null}), "400"),
        (json!({"body": {"path": "body.code", "exists": false}}), 400, json!({"code": null}), "400 yes"),
        (json!({"body": {"path": "body.code", "equals": 7}}), 400, json!({"code": 7.0}), "400 yes"),
        (json!({"body": {"path": "body.code", "equals": 7}}), 400, json!({"code": "7"}), "400"),
        (json!({"body": {"path": "body.code", "equals": "7"}}), 400, json!({"code": "7"}), "400 yes"),
        (json!({"body": {"path": "body.ok", "equals": false}}), 200, json!({"ok": false}), "200 yes"),
        (json!({"body": {"path": "body.ok", "equals": false}}), 200, json!({"ok": true}), "reply"),
        (json!({"body": {"path": "body.ok", "equals": false}}), 200, json!({}), "reply"),
        (json!({"body": {"path": "body.code", "matches": "^4\\d$"}}), 400, json!({"code": 42}), "400 yes"),
        (json!({"body": {"path": "body.code", "matches": "null"}}), 400, json!({"code": null}), "400"),
        (
            json!({"body": {"path": "$.body.errors[*].code", "equals": "B"}}),
            400,
            json!({"errors": [{"code": "A"}, {"code": "B"}]}),
            "400 yes",
        ),
        (json!({"body": {"path": "$..code", "equals": "C"}}), 400, json!({"errors": [{"code": "A"}]}), "400"),
        (
            json!({"body": {"path": "body", "matches": "(?i)not found"}}),
            400,
            json!("Record NOT FOUND"),
            "400 yes",
        ),
        (json!({"body": {"path": "status", "equals": 400}}), 400, json!({}), "400 yes"),
    ];
    for (when, status, body, expected) in table {
        let rules =
            json!([{"when": when, "outcome": say("yes")}, {"when": {"status": 299}, "outcome": say("no")}]);
        let found = judged(
            &compiled(&rules),
            OperationName::FIND_CONTACT,
            answer(status, &[("x-reason", "quota")], body.clone()),
        );
        assert_eq!(found, expected, "{when} and {status} {body}");
    }
}

#[test]
fn only_searches_find_nothing() {
    let config = compiled(&json!([
        {"when": {"status": 404}, "outcome": {"noMatch": true}},
        {"when": {"status": 404}, "outcome": {"message": "gone"}}
    ]));
    assert_eq!(judged(&config, OperationName::FIND_CONTACT, answer(404, &[], json!({}))), "nothing");
    assert_eq!(judged(&config, OperationName::GET_USER_INFO, answer(404, &[], json!({}))), "404 gone");
}

#[test]
fn what_no_crm_answered_no_rule_is_about() {
    let config = compiled(&json!([{"outcome": {"message": "always"}}]));
    for kind in [FailureKind::Timeout, FailureKind::Refused, FailureKind::Limited, FailureKind::NotJson] {
        let answer = Err(Failure::new(kind, "lost"));
        match judge(config.operation(OperationName::FIND_CONTACT).unwrap(), answer, "crm", &[]) {
            Judged::Failed(failure) => assert_eq!((failure.kind, failure.message_override), (kind, None)),
            other => panic!("{other:?}"),
        }
    }
}

/// A status that a rule names says what came of the request, and nothing of a redirect that answered it.
#[test]
fn a_rule_keeps_the_doubt_of_a_redirect() {
    let config = compiled(&json!([{"when": {"status": [404, 500]}, "outcome": {"treatAs": 409}}]));
    for status in [404, 500] {
        for was_redirected in [true, false] {
            let failure = answer(status, &[], json!({})).unwrap_err();
            let failure = Failure { was_redirected, in_doubt: failure.in_doubt || was_redirected, ..failure };
            match judge(config.operation(OperationName::FIND_CONTACT).unwrap(), Err(failure), "crm", &[]) {
                Judged::Failed(failure) => {
                    assert_eq!((failure.status(), failure.in_doubt), (Some(409), was_redirected), "{status}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Rules read a header as mappings do: ISO 8859-1 where it is no UTF-8.
#[test]
fn a_header_of_another_charset_is_read() {
    let config = compiled(&json!([
        {"when": {"header": {"name": "x-reason", "equals": "gesperrt für heute"}}, "outcome": {"message": "yes"}}
    ]));
    for bytes in [&b"gesperrt f\xfcr heute"[..], "gesperrt für heute".as_bytes()] {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-reason"),
            HeaderValue::from_bytes(bytes).unwrap(),
        )]);
        let reply = UpstreamResponse::new(200, headers, json!({}), BodyKind::Json);
        assert_eq!(judged(&config, OperationName::FIND_CONTACT, Ok(reply)), "200 yes");
    }
}

/// A page that is a refusal is kept like that of a failing status.
#[test]
fn the_body_of_a_refusal_is_bounded() {
    let config = compiled(&json!([
        {"when": {"body": {"path": "body", "matches": "^Locked"}}, "outcome": {"message": "yes"}}
    ]));
    let text = format!("Locked {}", "é".repeat(FAILED_BODY_BYTES));
    let reply = UpstreamResponse::new(200, HeaderMap::new(), text.into(), BodyKind::Text);
    match judge(config.operation(OperationName::FIND_CONTACT).unwrap(), Ok(reply), "crm", &[]) {
        Judged::Failed(failure) => {
            let body = failure.response.unwrap().body;
            assert_eq!(body.as_str().unwrap().len(), FAILED_BODY_BYTES - 1);
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a CRM answers, what users read is one bounded line without credentials.
    #[test]
    fn messages_are_bounded_lines_without_credentials(text in "(\\PC|\\s|s3cr3t|\\{\\{x\\}\\}){0,400}", key in "[a-z{}. ]{0,6}") {
        let config = compiled(&json!([
            {"when": {"status": "4xx"}, "outcome": {"message": "A {{body.text}} {{{body.text}}} {{headers}} {{json body}}", "details": ["{{body.text}}"]}}
        ]));
        let body = json!({"text": text, key: [text.clone()]});
        let operation = config.operation(OperationName::FIND_CONTACT).unwrap();
        let Judged::Failed(failure) = judge(operation, answer(400, &[("x-key", "s3cr3t")], body), "crm", &["s3cr3t"]) else {
            panic!("a failure stays one");
        };
        let said = failure.message_override.unwrap();
        for line in said.message.iter().chain(said.details.iter().flatten()) {
            prop_assert!(line.chars().count() <= 501, "{} characters: {line}", line.chars().count());
            prop_assert!(!line.contains(['\n', '\r', '\0']), "{line:?}");
            prop_assert!(!line.contains("s3cr"), "{line}");
        }
    }
}
