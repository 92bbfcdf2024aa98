//! Agreement with a faithful server, and every kind of change seen.
use super::*;
use crate::support::compare::{self, Observed};
use crate::support::expected::ExpectedBody;

#[test]
fn a_server_that_does_what_was_recorded_agrees_everywhere() {
    for group in recording::groups() {
        let recording = recording::load(&group);
        let report = play_mirrored(&recording, &plain_rules(), Expected::recorded);
        assert!(!report.is_defective(), "{}", report.details());
        assert_eq!(report.steps.len(), recording.steps.len());
        assert!(report.steps.iter().all(|step| step.verdict == Verdict::Agrees));
    }
}

#[test]
fn a_changed_key_order_is_seen() {
    let differences = found(|act| {
        act.received[0].body = ExpectedBody::Exact(r#"{"b":2,"a":1}"#.to_owned());
        act.replies[0].body =
            ExpectedBody::Exact(r#"{"contact":[],"successful":true,"at":"<now>"}"#.to_owned());
    });
    assert_eq!(fields(&differences), ["crmReceived[0].body key order", "response.body key order"]);
    assert_eq!(differences[0].expected, "a, b");
    assert_eq!(differences[0].got, "b, a");
}

#[test]
fn spacing_of_json_is_seen() {
    let differences = found(|act| act.received[0].body = ExpectedBody::Exact(r#"{"a":1, "b":2}"#.to_owned()));
    assert_eq!(fields(&differences), ["crmReceived[0].headers.Content-Length", "crmReceived[0].body"]);
}

#[test]
fn missing_changed_doubled_and_added_headers_are_seen() {
    let differences = found(|act| {
        let headers = &mut act.received[0].headers;
        headers.retain(|header| header.name != "Accept");
        let agent = headers.iter_mut().find(|header| header.name == "User-Agent").unwrap();
        agent.value = "other".to_owned();
        let mut extra = agent.clone();
        extra.name = "X-Extra".to_owned();
        let host = headers.iter().find(|header| header.name == "Host").unwrap().clone();
        headers.extend([extra, host]);
        act.replies[0].headers.shift_remove("access-control-allow-origin");
    });
    assert_eq!(
        fields(&differences),
        [
            "crmReceived[0].headers.Accept",
            "crmReceived[0].headers.User-Agent",
            "crmReceived[0].headers.Host",
            "crmReceived[0].headers.X-Extra",
            "response.headers.access-control-allow-origin",
        ]
    );
}

#[test]
fn header_names_may_be_in_another_case() {
    let differences = found(|act| {
        act.received[0].headers.iter_mut().for_each(|header| header.name = header.name.to_lowercase());
    });
    assert_eq!(differences, []);
}

#[test]
fn extra_missing_and_other_requests_are_seen() {
    let extra = found(|act| act.received.push(act.received[0].clone()));
    assert_eq!(
        fields(&extra),
        ["crmReceived count", "crmReceived[1]", "scripted CRM"],
        "the second request also finds no reply in the script"
    );
    let missing = found(|act| act.received.clear());
    assert_eq!(fields(&missing), ["crmReceived count", "crmReceived[0]"]);
    let other = found(|act| {
        act.received[0].path = "/v1/contacts?phone=%31".to_owned();
        act.received[0].method = "POST".to_owned();
    });
    assert_eq!(fields(&other), ["crmReceived[0].method", "crmReceived[0].path"]);
}

#[test]
fn the_target_is_the_listener_that_got_the_request() {
    let differences = found(|act| act.received[0].target = "platform.ringcentral.com".to_owned());
    assert_eq!(fields(&differences), ["crmReceived[0].target", "crmReceived[0].headers.Host"]);
}

#[test]
fn every_difference_of_a_body_is_listed() {
    let differences = found(|act| {
        act.replies[0].status = Some(400);
        act.replies[0].body =
            ExpectedBody::Exact(r#"{"successful":false,"contact":[1],"extra":1}"#.to_owned());
    });
    assert_eq!(
        fields(&differences),
        [
            "response.status",
            "response.body.successful",
            "response.body.contact count",
            "response.body.at",
            "response.body.extra",
        ]
    );
}

#[test]
fn silence_and_unexpected_answers_are_seen() {
    let mut recording = tiny();
    recording.steps[1].response =
        Some(serde_json::from_value(json!({"noResponse": true, "waitedMs": 50})).unwrap());
    let silent = play_mirrored(&recording, &plain_rules(), Expected::recorded);
    assert!(!silent.is_defective(), "{}", silent.details());
    let answering = tiny();
    let report = play_mirrored(&recording, &plain_rules(), |step| {
        let same = answering.steps.iter().find(|other| other.name == step.name).unwrap();
        Expected::recorded(same)
    });
    assert_eq!(fields(&report.steps[1].differences), ["response"]);
}

#[test]
fn placeholders_stand_for_what_they_name() {
    let recording = tiny();
    let bindings = Bindings::new(&recording, &ScriptedCrm::start());
    let fits = |recorded: &str, got: &str| bindings.matcher().matches(recorded, got).is_ok();
    let now = jiff::Timestamp::now().to_string();
    assert!(fits("at <now>!", &format!("at {now}!")));
    assert!(!fits("at <now>!", "at 2001-01-01T00:00:00.000Z!"));
    assert!(fits("<uuid>", "3f0e8a52-1111-4222-8333-444455556666"));
    assert!(!fits("<uuid>", "3f0e8a52-1111-4222-8333-44445555666"));
    assert!(fits("<hex32>!", "0123456789abcdef0123456789abcdef!"));
    assert!(!fits("<hex32>", "0123456789abcdef"));
    assert!(fits("<b>bold</b> <now", "<b>bold</b> <now"), "other angle brackets are text");

    let token = bindings.session_token("ada-crm", "crm");
    assert!(fits("\"<jwt id=ada-crm platform=crm>\"", &format!("\"{token}\"")));
    assert!(!fits("<jwt id=bob-crm platform=crm>", &token));
    assert!(!fits("<jwt id=ada-crm platform=other>", &token));
    let mut other_secret = recording.clone();
    other_secret.environment["APP_SERVER_SECRET_KEY"] = "another secret of that length".to_owned();
    let forged = Bindings::new(&other_secret, &ScriptedCrm::start()).session_token("ada-crm", "crm");
    assert!(!fits("<jwt id=ada-crm platform=crm>", &forged));
}

#[test]
fn a_boundary_is_the_same_in_its_header_and_its_body() {
    let bindings = Bindings::new(&tiny(), &ScriptedCrm::start());
    let matcher = bindings.matcher();
    assert!(
        matcher
            .matches("multipart/form-data; boundary=<boundary>", "multipart/form-data; boundary=xyz")
            .is_ok()
    );
    assert!(matcher.matches("--<boundary>--", "--xyz--").is_ok());
    assert!(matcher.matches("--<boundary>--", "--abc--").is_err());
}

#[test]
fn minted_tokens_expire_when_the_recording_says() {
    let mut recording = tiny();
    recording.tokens = serde_json::from_value(json!({
        "short": {"claims": {"id": "ada-crm", "platform": "crm"}, "expiresInSeconds": 60},
        "session": {"claims": {"id": "ada-crm", "platform": "crm"}, "expiresInSeconds": 1_209_600},
        "foreign": {"claims": {"id": "ada-crm", "platform": "crm"}, "expiresInSeconds": 1_209_600,
            "signedWith": "another secret of that length"},
        "endless": {"claims": {"id": "ada-crm", "platform": "crm"}},
    }))
    .unwrap();
    let bindings = Bindings::new(&recording, &ScriptedCrm::start());
    let is_session = |name: &str| {
        let token = &bindings.variables[name];
        bindings.matcher().matches("<jwt id=ada-crm platform=crm>", token).is_ok()
    };
    assert!(is_session("session"));
    assert!(!is_session("short"));
    assert!(!is_session("foreign"));
    assert!(!is_session("endless"));
}

#[test]
fn an_unchanged_observation_has_no_differences_and_an_empty_one_has() {
    let recording = tiny();
    let bindings = Bindings::new(&recording, &ScriptedCrm::start());
    let expected = Expected::recorded(&recording.steps[0]);
    let nothing = compare::differences(&expected, &Observed::default(), &bindings);
    assert_eq!(fields(&nothing), ["crmReceived count", "crmReceived[0]", "response count"]);
}

#[test]
fn a_report_names_the_field_what_was_expected_and_what_came() {
    let mut recording = tiny();
    recording.steps[1].note = "an empty list".to_owned();
    let report = play_mirrored(&recording, &plain_rules(), |step| {
        let mut act = Expected::recorded(step);
        if step.name == "find" {
            act.received[0].path = "/v1/contacts".to_owned();
            act.replies[0].status = Some(502);
            act.replies[0].body = ExpectedBody::Exact("no\nluck".to_owned());
        }
        act
    });
    assert_eq!(
        report.details(),
        r#"step "find" (an empty list)
  crmReceived[0].path
    expected  /v1/contacts?phone=1
    got       /v1/contacts
  response.status
    expected  200
    got       502
  response.body
    expected  {"successful":true,"contact":[],"at":"<now>"}
    got       no\nluck (text differs)
"#
    );
    let columns: Vec<_> = report.line().split_whitespace().map(str::to_owned).collect();
    assert_eq!(columns, ["00-tiny", "2", "1", "0", "0", "1"]);
}
