//! `POST /messageLog/match`: which messages are logged.
use super::{conversation, start};
use crate::support::client::Response;
use crate::support::test_server::TestServer;
use serde_json::{Value, json};

fn ask(app: &TestServer, token: &str, request: &Value) -> Response {
    app.post("/messageLog/match", token, request)
}

#[test]
fn messages_are_matched_whichever_way_they_were_logged() {
    let (app, token, _book, _crm) = start(|book, request| book.answer(request));
    app.post("/messageLog", &token, &conversation("a", 1..=2));
    let mut selected = conversation("a", 1..=4);
    selected["selectedMessageIds"] = json!([4]);
    app.post("/messageLog", &token, &selected);
    let reply = ask(&app, &token, &json!({"conversationId": "a", "messageIds": [1, "2", 3, "4"]}));
    assert_eq!(
        reply.text(),
        r#"{"successful":true,"logs":[{"messageId":1,"matched":true,"logId":"m1"},{"messageId":"2","matched":true,"logId":"m1"},{"messageId":3,"matched":false},{"messageId":"4","matched":true,"logId":"m2"}],"messageLogs":{"1":"m1","2":"m1","4":"m2"}}"#
    );
    let none = ask(&app, &token, &json!({"conversationId": "a", "messageIds": []}));
    assert_eq!(none.text(), r#"{"successful":true,"logs":[],"messageLogs":{}}"#);
}

#[test]
fn the_messages_of_a_group_are_matched_for_a_contact() {
    let (app, token, _book, _crm) = start(|book, request| book.answer(request));
    let mut group = conversation("g", 1..=1);
    group["logInfo"]["correspondents"] =
        json!([{"phoneNumber": "+14155550123"}, {"phoneNumber": "+14155550124"}]);
    app.post("/messageLog", &token, &group);
    let asked = |contact: Value| {
        let request = json!({"conversationId": "g", "messageIds": ["1"], "contactId": contact});
        ask(&app, &token, &request).json()["logs"][0]["matched"].clone()
    };
    assert_eq!(
        (asked(json!("c1")), asked(json!("c2")), asked(Value::Null)),
        (json!(true), json!(false), json!(false))
    );
}

#[test]
fn a_request_that_cannot_be_used_gets_words() {
    let (app, token, _book, _crm) = start(|book, request| book.answer(request));
    let many: Vec<u32> = (0..501).collect();
    for odd in [
        json!({}),
        json!({"conversationId": "a"}),
        json!({"messageIds": ["1"]}),
        json!({"conversationId": "", "messageIds": ["1"]}),
        json!({"conversationId": "a", "messageIds": "1"}),
        json!({"conversationId": "a", "messageIds": [null]}),
        json!({"conversationId": "a", "messageIds": [{"id": 1}]}),
        json!({"conversationId": "a", "messageIds": ["x".repeat(500)]}),
        json!({"conversationId": {"a": 1}, "messageIds": ["1"]}),
        json!({"conversationId": "a", "messageIds": many}),
    ] {
        let reply = ask(&app, &token, &odd);
        assert_eq!(reply.status, 400, "{odd}: {}", reply.text());
        assert_eq!(reply.message()["message"], "Invalid message log match request", "{odd}");
    }
}

#[test]
fn who_has_no_session_is_told_so() {
    let (app, _token, _book, _crm) = start(|book, request| book.answer(request));
    let reply = ask(&app, "garbage", &json!({"conversationId": "a", "messageIds": ["1"]}));
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (400, "Please go to Settings and authorize CRM platform")
    );
}
