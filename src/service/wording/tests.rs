use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::own_words::MAX_BYTES;
use super::*;
use crate::engine::failure::{FailedResponse, MessageOverride, Presentation};
use crate::engine::results::MapError;

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
        (
            FailureKind::Unconfirmed,
            "The CRM answered 200 without the id of a new record at body.id (found nothing)",
        ),
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
    all.push(("unsupported".to_owned(), CallError::NotSupported(Interface::FIND_CONTACT)));
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
    Interface::FIND_CONTACT,
    Interface::FIND_CONTACT_WITH_NAME,
    Interface::CREATE_CONTACT,
    Interface::CREATE_CALL_LOG,
    Interface::GET_CALL_LOG,
    Interface::UPDATE_CALL_LOG,
    Interface::CREATE_MESSAGE_LOG,
    Interface::UPDATE_MESSAGE_LOG,
    Interface::UPSERT_CALL_DISPOSITION,
    Interface::CREATE_APPOINTMENT,
    Interface::UPDATE_APPOINTMENT,
    Interface::GET_SERVER_LOGGING_SETTINGS,
    Interface::UPDATE_SERVER_LOGGING_SETTINGS,
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
            Some("Zoho: Phone"),
        ),
        (json!({"message": "m", "details": ["first", "second"]}), Some("m: first; second")),
        (json!({"title": "NetSuite", "o:errorDetails": [{"detail": "d"}]}), Some("NetSuite: d")),
        (json!({"phone": ["Enter a valid phone number."]}), Some("Enter a valid phone number.")),
        (
            json!({"email": ["is taken"], "non_field_errors": ["No more than two."]}),
            Some("email: is taken; No more than two."),
        ),
        (
            json!({"contact": {"address": {"zip": ["is wrong", "is too long"]}}}),
            Some("contact.address.zip: is wrong is too long"),
        ),
        (json!({"errors": [], "field-errors": {"phone": "is not a number"}}), Some("phone: is not a number")),
        (
            json!({"error": "RecordInvalid", "description": "Not valid", "details": {"phone": [{"description": "is not a number"}]}}),
            Some("Not valid: phone: is not a number"),
        ),
        (json!({"error": {"code": "E", "details": {"id": 5, "limit": 3}, "message": "m"}}), Some("m")),
        (
            json!({"Message": "The request is invalid.", "ModelState": {"contact.phone": ["is not a number"]}}),
            Some("The request is invalid: contact.phone: is not a number"),
        ),
        (
            json!({"title": "Validation", "status": 400, "errors": {"Phone": ["is not a number"]}}),
            Some("Validation: Phone: is not a number"),
        ),
        (
            json!({"errors": [{"detail": "is not a number", "source": {"pointer": "/data/attributes/phone"}}]}),
            Some("phone: is not a number"),
        ),
        (json!({"detail": [{"loc": ["body", "phone"], "msg": "is required"}]}), Some("phone: is required")),
        (
            json!({"code": "MANDATORY_NOT_FOUND", "message": "required field not found", "details": {"api_name": "Last_Name"}}),
            Some("required field not found: Last_Name"),
        ),
        (
            json!([{"message": "A value is missing", "errorCode": "X", "fields": ["LastName", "Phone"]}]),
            Some("LastName.Phone: A value is missing"),
        ),
        (json!([{}, {"phone": ["is wrong"]}]), Some("phone: is wrong")),
        (
            json!({"phone": "is not a number", "name": "must not be empty"}),
            Some("phone: is not a number; name: must not be empty"),
        ),
        (json!({"phone": "+1 650 555 0100", "name": "Ada is here at 5", "mail": "is@x.y is it"}), None),
        // Spring.
        (
            json!({"status": 400, "error": "Bad Request", "message": "Validation failed", "path": "/calls",
                "errors": [{"objectName": "call", "field": "subject", "rejectedValue": null, "defaultMessage": "must not be null"}]}),
            Some("Validation failed: subject: must not be null"),
        ),
        // Laminas.
        (
            json!({"title": "Unprocessable Entity", "status": 422, "detail": "Failed Validation",
                "validation_messages": {"phone": {"isEmpty": "Value is required and can't be empty"}}}),
            Some("Failed Validation: phone: Value is required and can't be empty"),
        ),
        // Yii.
        (json!([{"field": "phone", "message": "Phone is invalid."}]), Some("Phone is invalid.")),
        (json!([{"field": "mobile", "message": "Phone is invalid."}]), Some("mobile: Phone is invalid.")),
        // FHIR.
        (
            json!({"resourceType": "OperationOutcome", "issue": [
                {"severity": "error", "code": "invalid", "details": {"text": "The number is wrong"}, "expression": ["Patient.telecom"]}
            ]}),
            Some("Patient.telecom: The number is wrong"),
        ),
        (
            json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid", "diagnostics": "No such call"}]}),
            Some("No such call"),
        ),
        // Bullhorn.
        (
            json!({"errorMessage": "error persisting an entity of type: Note", "errors": [
                {"detailMessage": "A value is required", "propertyName": "action", "severity": "ERROR", "type": "REQUIRED"}
            ]}),
            Some("error persisting an entity of type: Note: action: A value is required"),
        ),
        // GitHub.
        (
            json!({"message": "Validation Failed", "errors": [{"resource": "Issue", "field": "title", "code": "missing_field"}]}),
            Some("Validation Failed: title: missing_field"),
        ),
        (
            json!({"message": "Scopes are missing", "errors": [{"message": "One is required", "context": {"requiredScopes": ["crm.write"]}}]}),
            Some("Scopes are missing: One is required (needed: crm.write)"),
        ),
        (json!({"message": "<b>Bad</b> phone &amp; name"}), Some("Bad phone & name")),
        (json!({"status": "error", "code": "LOCKED"}), Some("LOCKED")),
        (json!("<html><title>ERROR: not satisfied</title></html>"), Some("ERROR: not satisfied")),
        (
            json!(
                "<?xml version=\"1.0\"?><error><code>7</code><message>Last name is missing</message></error>"
            ),
            Some("Last name is missing"),
        ),
        (json!({"errors": [{"detail": "  A duplicate\n  exists\u{0} "}]}), Some("A duplicate exists")),
        (json!("Plain text\nof an old server"), Some("Plain text of an old server")),
        (json!("<html><h1>Bad Request</h1></html>"), None),
        (json!("{\"message\": \"cut o"), None),
        (json!({"status": 400, "ok": false}), None),
        (json!({"message": " "}), None),
        (json!({"a": {"message": "inside"}}), Some("inside")),
        (json!({"a": {"message": "elsewhere"}, "b": 1}), None),
        (json!(""), None),
        (Value::Null, None),
    ];
    for (body, expected) in table {
        assert_eq!(own_words(&answered(400, None, body.clone())).as_deref(), expected, "{body}");
    }
    let words = own_words(&answered(400, None, json!({"message": long}))).unwrap();
    assert!(words.chars().count() <= 301 && words.ends_with('…'), "{words}");
    let tags = format!("{}end", "<a".repeat(1_000_000));
    let words = own_words(&answered(400, None, json!({"message": tags}))).unwrap();
    assert!(words.starts_with("<a<a") && words.chars().count() <= 301, "{words}");
    let late = format!("{}late", "<br>".repeat(MAX_BYTES));
    assert_eq!(own_words(&answered(400, None, json!({"message": late}))), None);
    let deep = (0..100).fold(json!("deep"), |inner, _| json!({"error": inner}));
    assert_eq!(own_words(&answered(400, None, deep)), None);
}

#[test]
fn not_every_403_is_about_who_is_signed_in() {
    let told = |body: Value| {
        shown(&message(&CallError::Failed(answered(403, None, body)), Interface::FIND_CONTACT, "testCrm"))
    };
    for body in [
        json!({}),
        json!({"error": "no"}),
        json!({"code": "INVALID_TOKEN"}),
        json!({"message": "Your session has expired"}),
        json!("<html><form action=\"/login\"></form></html>"),
        json!("<?xml version=\"1.0\"?><response><code>7</code></response>"),
        json!("<present>no</present>"),
        Value::Null,
    ] {
        assert!(told(body.clone()).contains("Logout and then Connect"), "{body}");
    }
    for (body, words) in [
        (json!("<html><title>The request could not be satisfied</title></html>"), "could not be satisfied"),
        (json!("<html><h1>403</h1></html>"), "with a web page, as firewalls do"),
        (json!("<section>403</section>"), "with a web page, as firewalls do"),
        (
            json!("<?xml version=\"1.0\"?><problem><message>Calls are locked</message></problem>"),
            "Calls are locked",
        ),
        (
            json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]),
            "Limit exceeded",
        ),
        (json!({"errorCode": "INSUFFICIENT_ACCESS"}), "INSUFFICIENT_ACCESS"),
        (
            json!({"category": "MISSING_SCOPES", "message": "The token lacks a scope", "errors": [{"context": {"requiredScopes": ["crm.objects.contacts.write"]}}]}),
            "crm.objects.contacts.write",
        ),
    ] {
        let told = told(body);
        assert!(told.contains(words) && !told.contains("Logout"), "{told}");
    }
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
    let told = |by: MessageOverride| {
        let failure = Failure { message_override: Some(Box::new(by)), ..answered(401, None, Value::Null) };
        shown(&message(&CallError::Failed(failure), Interface::FIND_CONTACT, "testCrm"))
    };
    let usual = told(MessageOverride::default());
    assert!(usual.starts_with("warning \"Authorization error\" 5000\n    \"1\" It seems"), "{usual}");
    let whole = told(MessageOverride {
        message: Some("Closed".to_owned()),
        presentation: Presentation::Error,
        ttl: Some(9000),
        details: Some(vec!["Call us.".to_owned()]),
    });
    assert_eq!(whole, "error \"Closed\" 9000\n    1 Call us.");
    let details = told(MessageOverride { details: Some(Vec::new()), ..MessageOverride::default() });
    assert_eq!(details, "warning \"Authorization error\" 5000");
}
