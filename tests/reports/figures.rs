//! What reports count.
use super::{AGGREGATION, RANGE, Scene, aggregation, call, page, record, text};
use crate::support::crm::Answer;
use serde_json::{Value, json};

const CALLS: &str = "/restapi/v1.0/account/~/extension/5001/call-log";
const TEXTS: &str = "/restapi/v1.0/account/~/extension/5001/message-store";

#[test]
fn odd_records_count_as_zero() {
    let scene = Scene::start();
    let session = scene.admin();
    scene.ringcentral.answer_instead(
        AGGREGATION,
        aggregation(&[
            record("Good", 3, 1, 2, json!("59.999")),
            json!({"info": {"name": "Empty"}}),
            json!({
                "info": {"name": "Odd"}, "timers": {"allCalls": {"values": "abc"}},
                "counters": {"callsByDirection": {"values": {"inbound": null, "outbound": "x"}}}
            }),
            json!({"info": {"name": "Idle"}, "timers": {"allCalls": {"values": 30}}}),
            record("Huge", u32::MAX, 0, 7, json!(1e300)),
            json!(null),
            json!({"info": {"name": ""}}),
            json!("x"),
        ]),
    );
    let reply = scene.report(&session);
    let body = reply.json();
    assert_eq!(body["itemKeys"], json!(["Good", "Empty", "Odd", "Idle", "Huge"]), "{body}");
    let figures = |at: usize| body["callLogStats"][at].clone();
    assert_eq!(
        figures(0),
        json!({
            "name": "Good", "inboundCallCount": 3, "outboundCallCount": 1, "answeredCallCount": 2,
            "answeredCallPercentage": "66.67%", "totalTalkTime": "60.00", "averageTalkTime": "15.00"
        })
    );
    for at in [1, 2] {
        assert_eq!(
            (
                &figures(at)["answeredCallPercentage"],
                &figures(at)["totalTalkTime"],
                &figures(at)["averageTalkTime"]
            ),
            (&json!("0%"), &json!(0), &json!(0)),
            "{body}"
        );
    }
    assert_eq!((&figures(3)["totalTalkTime"], &figures(3)["averageTalkTime"]), (&json!("30.00"), &json!(0)));
    assert_eq!(
        (&figures(4)["answeredCallPercentage"], &figures(4)["totalTalkTime"]),
        (&json!("0.00%"), &json!(0))
    );
    for odd in ["NaN", "Infinity", "null"] {
        assert!(!reply.text().contains(odd), "{}", reply.text());
    }
}

#[test]
fn odd_calls_count_as_zero() {
    let scene = Scene::start();
    let session = scene.admin();
    let calls = [
        json!(null),
        json!({"direction": "Inbound", "result": "Call connected", "duration": "NaN"}),
        json!({"direction": "Outbound", "duration": -5}),
        call("Inbound", "Missed", 90),
        json!([1]),
    ];
    scene.ringcentral.answer_instead(CALLS, page(&calls, false));
    let body = scene.user_report(&session).json();
    assert_eq!(
        body["callLogStats"],
        json!({
            "inboundCallCount": 2, "outboundCallCount": 1, "answeredCallCount": 1,
            "answeredCallPercentage": "50.00%", "totalTalkTime": 2, "averageTalkTime": 1
        })
    );
}

#[test]
fn only_text_messages_are_counted() {
    let scene = Scene::start();
    let session = scene.admin();
    let texts = ["SMS", "Fax", "VoiceMail", "Pager", "sms"].map(|kind| text("Outbound", kind));
    let texts = [texts.to_vec(), vec![text("Inbound", "SMS"), json!({"type": "SMS"}), json!(null)]].concat();
    scene.ringcentral.answer_instead(TEXTS, page(&texts, false));
    let body = scene.user_report(&session).json();
    assert_eq!(body["smsLogStats"], json!({"smsSentCount": 1, "smsReceivedCount": 1}), "{body}");
}

#[test]
fn without_a_grouping_it_is_the_companys() {
    let scene = Scene::start();
    let session = scene.admin();
    for query in ["", "&groupBy=undefined", "&groupBy="] {
        let reply = scene.app.get(&format!("/ringcentral/admin/report?{RANGE}{query}"), &session);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let sent = scene.platform.received();
    let sent: Vec<Value> = sent
        .iter()
        .filter(|request| request.path().starts_with(AGGREGATION))
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|body| body["grouping"] == json!({"groupBy": "Company"})), "{sent:?}");
}

/// A large report is read off the worker and within the limit of an answer.
#[test]
fn an_answer_of_ten_megabytes_is_told() {
    let scene = Scene::start();
    let session = scene.admin();
    scene
        .ringcentral
        .answer_instead(AGGREGATION, Answer::text("application/json", &"[1],".repeat(3_000_000)));
    super::assert_told(&scene.report(&session), "more than is read at a time");
}
