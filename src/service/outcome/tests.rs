use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::*;
use crate::engine::failure::{FailedResponse, Presentation, Said};
use crate::engine::mapped::MapError;

fn answered(status: u16, header: Option<(&'static str, &'static str)>, body: Value) -> Failure {
    let headers: HeaderMap = header
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
    Failure {
        response: Some(Box::new(FailedResponse { headers, body })),
        ..Failure::new(FailureKind::Status(status), format!("crm.example.com answered {status}"))
    }
}

/// Each kind of failure once, by name.
fn failures() -> Vec<(String, CallError)> {
    let engine = [
        (FailureKind::Dns, "no-such-host.example: this host name does not resolve"),
        (FailureKind::Refused, "crm.example.com refuses connections"),
        (FailureKind::Tls, "crm.example.com: the certificate has expired"),
        (FailureKind::Timeout, "crm.example.com did not answer within 30 s (timeoutSeconds)"),
        (FailureKind::Reset, "The connection to crm.example.com broke"),
        (FailureKind::TooLarge, "crm.example.com answered with more than 8388608 bytes"),
        (FailureKind::NotJson, "The CRM answered 200 with a web page, where the mapping needs JSON"),
        (FailureKind::Blocked, "the credential cannot be made: `apiKey` has no value"),
        (
            FailureKind::Limited,
            "Nothing was sent: this connector sends at most 5 requests in 1 s (rateLimit)",
        ),
    ];
    let mut all: Vec<(String, CallError)> = engine
        .into_iter()
        .map(|(kind, text)| (kind.as_str().to_owned(), CallError::Failed(Failure::new(kind, text))))
        .collect();
    for status in [200, 302, 400, 401, 402, 403, 404, 405, 408, 409, 410, 418, 422, 429, 500, 502, 503, 504] {
        all.push((status.to_string(), CallError::Failed(answered(status, None, json!({})))));
    }
    let words = json!({"message": "The field is locked"});
    for status in [200, 400, 404, 409, 418, 422, 500] {
        all.push((format!("{status} words"), CallError::Failed(answered(status, None, words.clone()))));
    }
    all.push((
        "not a list".to_owned(),
        CallError::Unmapped(MapError::NotAList {
            path: "body.x".to_owned(),
            found: "text".to_owned(),
            advice: String::new(),
        }),
    ));
    all.push(("unsupported".to_owned(), CallError::NotSupported(Interface::FindContact)));
    all
}

/// What a client receives, in a few lines.
fn shown(message: &ReturnMessage) -> String {
    let value = serde_json::to_value(message).unwrap();
    let mut text =
        format!("{} {:?} {}", value["messageType"].as_str().unwrap(), message.message, message.ttl);
    for item in value.pointer("/details/0/items").and_then(Value::as_array).into_iter().flatten() {
        write!(text, "\n    {} {}", item["id"], item["text"].as_str().unwrap()).unwrap();
    }
    text
}

/// The interfaces that differ in words, and one for all the others.
const INTERFACES: &[Interface] = &[
    Interface::FindContact,
    Interface::FindContactWithName,
    Interface::CreateContact,
    Interface::CreateCallLog,
    Interface::GetCallLog,
    Interface::UpdateCallLog,
    Interface::CreateMessageLog,
    Interface::UpdateMessageLog,
    Interface::UpsertCallDisposition,
    Interface::CreateAppointment,
    Interface::UpdateAppointment,
];

/// The words for each kind of failure and each interface; those that are the same for several
/// interfaces stand together.
#[test]
fn every_failure_has_words_for_every_interface() {
    let mut table = String::new();
    for interface in INTERFACES {
        writeln!(table, "<headline> of {interface}: {}", general(*interface).message).unwrap();
    }
    for (name, error) in failures() {
        writeln!(table, "{name}").unwrap();
        let mut done: Vec<(String, Vec<&str>)> = Vec::new();
        for interface in INTERFACES {
            let text = shown(&message(&error, *interface, "testCrm"));
            let text = text.replace(&general(*interface).message, "<headline>");
            match done.iter_mut().find(|(known, _)| *known == text) {
                Some((_, interfaces)) => interfaces.push(interface.as_str()),
                None => done.push((text, vec![interface.as_str()])),
            }
        }
        for (text, interfaces) in done {
            let all = interfaces.len() == INTERFACES.len();
            let who = if all { "every interface".to_owned() } else { interfaces.join(", ") };
            writeln!(table, "  {who}: {text}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn interfaces_without_words_of_their_own_are_named() {
    for interface in Interface::ALL.iter().filter(|interface| !INTERFACES.contains(interface)) {
        let text = shown(&message(&CallError::Failed(answered(418, None, json!({}))), *interface, "testCrm"));
        let expected = format!(
            "warning \"Error performing {interface}\" 5000\n    1 Please check if your account has the necessary permissions."
        );
        assert_eq!(text, expected);
    }
}

#[test]
fn the_crms_own_words_are_found() {
    let long = "no ".repeat(1000);
    let table = [
        (json!({"message": "m"}), Some("m")),
        (json!({"Message": "Insightly writes it so"}), Some("Insightly writes it so")),
        (json!([{"message": "Salesforce", "errorCode": "X"}]), Some("Salesforce")),
        (json!({"error": {"type": "T", "message": "nested"}}), Some("nested")),
        (json!({"error": {"code": 3, "message": {"lang": "en", "value": "OData"}}}), Some("OData")),
        (json!({"error": "invalid_grant", "error_description": "expired"}), Some("expired")),
        (
            json!({"description": "Validation failed", "errors": [{"field": "email", "message": "is taken", "code": "dup"}]}),
            Some("Validation failed: email: is taken"),
        ),
        (
            json!({"errors": {"phone": ["is invalid"], "name": ["is too short"]}}),
            Some("phone: is invalid; name: is too short"),
        ),
        (json!({"errors": ["x", "y", "z", "more"]}), Some("x; y; z")),
        (
            json!({"data": [{"code": "INVALID_DATA", "message": "Zoho", "details": {"api_name": "Phone"}}]}),
            Some("Zoho"),
        ),
        (json!({"message": "m", "details": ["first", "second"]}), Some("m: first; second")),
        (json!({"title": "NetSuite", "o:errorDetails": [{"detail": "d"}]}), Some("NetSuite")),
        (json!({"errors": [{"detail": "  A duplicate\n  exists\u{0} "}]}), Some("A duplicate exists")),
        (json!("Plain text\nof an old server"), Some("Plain text of an old server")),
        (json!("<html><h1>Bad Request</h1></html>"), None),
        (json!("{\"message\": \"cut o"), None),
        (json!({"status": 400, "ok": false}), None),
        (json!({"message": " "}), None),
        (json!({"a": {"message": "elsewhere"}}), None),
        (json!(""), None),
        (Value::Null, None),
    ];
    for (body, expected) in table {
        assert_eq!(own_words(&answered(400, None, body.clone())).as_deref(), expected, "{body}");
    }
    let words = own_words(&answered(400, None, json!({"message": long}))).unwrap();
    assert!(words.chars().count() <= 301 && words.ends_with('…'), "{words}");
    let deep = (0..100).fold(json!("deep"), |inner, _| json!({"error": inner}));
    assert_eq!(own_words(&answered(400, None, deep)), None);
}

#[test]
fn the_wait_is_told_in_words() {
    for (name, value, expected) in [
        ("retry-after", "1", Some("1 second")),
        ("retry-after", "7", Some("7 seconds")),
        ("retry-after", "0", None),
        ("retry-after", "600", Some("10 minutes")),
        ("retry-after", "86400", Some("24 hours")),
        ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", Some("until Wed, 21 Oct 2026 07:28:00 GMT")),
        ("retry-after", "<script>", None),
        ("x-ratelimit-reset", "1.5", Some("2 seconds")),
        ("x-ratelimit-reset", "1000000000", None),
        ("x-other", "7", None),
    ] {
        let found = wait(&answered(429, Some((name, value)), Value::Null));
        assert_eq!(found.as_deref(), expected, "{name}: {value}");
    }
}

#[test]
fn a_document_has_the_last_word() {
    let said = |said: Said| {
        let failure = Failure { said: Some(Box::new(said)), ..answered(401, None, Value::Null) };
        shown(&message(&CallError::Failed(failure), Interface::FindContact, "testCrm"))
    };
    let usual = said(Said::default());
    assert!(usual.starts_with("warning \"Authorization error\" 5000\n    \"1\" It seems"), "{usual}");
    let whole = said(Said {
        message: Some("Closed".to_owned()),
        presentation: Presentation::Error,
        ttl: Some(9000),
        details: Some(vec!["Call us.".to_owned()]),
    });
    assert_eq!(whole, "error \"Closed\" 9000\n    1 Call us.");
    let details = said(Said { details: Some(Vec::new()), ..Said::default() });
    assert_eq!(details, "warning \"Authorization error\" 5000");
}
