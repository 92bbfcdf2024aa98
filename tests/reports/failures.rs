//! What is told where a report cannot be made, or not wholly.
use super::{AGGREGATION, Scene, assert_told, call, page, record, text};
use crate::support::crm::Answer;
use serde_json::json;

const CALLS: &str = "/restapi/v1.0/account/~/extension/5001/call-log";
const TEXTS: &str = "/restapi/v1.0/account/~/extension/5001/message-store";

#[test]
fn what_failed_is_told() {
    let scene = Scene::start();
    let session = scene.admin();
    for (answer, words) in [
        (Answer::json(&json!({"errorCode": "CMN-101"})).status(400), "HTTP 400, CMN-101"),
        (Answer::json(&json!({"errorCode": "TokenExpired"})).status(401), "no longer accepts the token"),
        (Answer::json(&json!({})).status(403), "does not let the admin's token do this"),
        (Answer::json(&json!({})).status(429), "too many requests"),
        (Answer::json(&json!({})).status(500), "in trouble"),
        (Answer::text("text/html", "<html></html>"), "no report"),
        (Answer::json(&json!({})), "no report"),
        (Answer::json(&json!([1])), "no report"),
        (Answer::reset(), "could not be reached"),
    ] {
        for path in [AGGREGATION, CALLS] {
            scene.ringcentral.answer_instead(path, answer.clone());
        }
        assert_told(&scene.report(&session), words);
        assert_told(&scene.user_report(&session), words);
    }
    assert_eq!(scene.count(TEXTS), 0);
}

#[test]
fn calls_stay_where_texts_fail() {
    let scene = Scene::start();
    let session = scene.admin();
    scene.ringcentral.answer_instead(TEXTS, Answer::json(&json!({})).status(403));
    let reply = scene.user_report(&session);
    let body = reply.json();
    assert_eq!(
        (&body["callLogStats"]["inboundCallCount"], &body["smsLogStats"]),
        (&json!(1), &json!({})),
        "{body}"
    );
    let words = body["returnMessage"]["message"].as_str().unwrap();
    assert!(words.contains("The text messages are missing"), "{words}");
}

/// RingCentral that names a next page for ever is asked fifty times, and the reader learns that there was more.
#[test]
fn endless_pages_are_cut_and_told() {
    let scene = Scene::start();
    let session = scene.admin();
    scene.ringcentral.answer_instead(CALLS, page(&[call("Outbound", "Busy", 1)], true));
    scene.ringcentral.answer_instead(TEXTS, page(&[text("Inbound", "SMS")], true));
    let body = scene.user_report(&session).json();
    assert_eq!((scene.count(CALLS), scene.count(TEXTS)), (50, 100));
    assert_eq!(body["callLogStats"]["outboundCallCount"], 50, "{body}");
    assert_eq!(body["smsLogStats"]["smsReceivedCount"], 100, "{body}");
    let words = body["returnMessage"]["message"].as_str().unwrap();
    assert!(words.contains("Not all calls") && words.contains("Not all text messages"), "{words}");
}

#[test]
fn the_pages_of_an_account_are_read_and_cut() {
    let scene = Scene::start();
    let session = scene.admin();
    let pages = |total: u32| {
        Answer::json(&json!({
            "paging": {"page": 1, "totalPages": total},
            "data": {"groupedBy": "Users", "records": [record("Ada", 1, 1, 1, json!(1))]}
        }))
    };
    scene.ringcentral.answer_instead(AGGREGATION, pages(3));
    let body = scene.report(&session).json();
    assert_eq!((body["itemKeys"].as_array().unwrap().len(), body.get("returnMessage")), (3, None), "{body}");
    let targets: Vec<String> =
        scene.platform.received().iter().map(|request| request.target.clone()).collect();
    let third = targets.iter().rfind(|target| target.starts_with(AGGREGATION)).unwrap();
    assert!(third.ends_with("/fetch?page=3"), "{third}");
    scene.ringcentral.answer_instead(AGGREGATION, pages(5000));
    let body = scene.report(&session).json();
    assert_eq!((scene.count(AGGREGATION), body["itemKeys"].as_array().unwrap().len()), (53, 50));
    assert!(body["returnMessage"]["message"].as_str().unwrap().contains("The report is cut"), "{body}");
}
