//! Messages that the user selected: one record of their own, each message once, whichever way it comes.
use super::{Book, assert_logged, assert_refused, changes_messages, conversation, logging, start, texts};
use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Gate};
use crate::support::test_server::{self, TestServer};
use serde_json::{Value, json};

/// A conversation of which some messages are selected.
fn selected(id: &str, messages: impl DoubleEndedIterator<Item = u32>, ids: &[u32]) -> Value {
    let mut request = conversation(id, messages);
    request["selectedMessageIds"] = json!(ids);
    for message in request["logInfo"]["messages"].as_array_mut().unwrap() {
        let n = message["id"].as_u64().unwrap();
        message["creationTime"] = format!("2024-01-01T10:{n:02}:00.000Z").into();
    }
    request
}

fn post(app: &TestServer, token: &str, request: &Value) -> Response {
    app.post("/messageLog", token, request)
}

/// The places of these texts in a record, in the order of the record.
#[track_caller]
fn assert_in_order(record: &str, texts: &[&str]) {
    let places: Vec<_> =
        texts.iter().map(|text| record.find(text).unwrap_or_else(|| panic!("{text}: {record}"))).collect();
    assert!(places.is_sorted(), "{record}");
}

#[test]
fn selected_messages_are_one_record_the_oldest_first() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    let reply = post(&app, &token, &selected("a", 1..=5, &[4, 2, 5]));
    assert_eq!(
        reply.text(),
        r#"{"successful":true,"returnMessage":{"message":"Message logged","messageType":"success","ttl":1000},"logIds":["m1"],"messageLogs":{"2":"m1","4":"m1","5":"m1"}}"#
    );
    let records = book.records();
    assert_eq!((records.len(), records[0].len()), (1, 1));
    assert_in_order(&records[0][0], &["3 messages", "text 2", "text 4", "text 5"]);
    assert!(!records[0][0].contains("text 1") && !records[0][0].contains("text 3"), "{records:?}");
    // Again, and a part of it: nothing is sent.
    for ids in [&[2, 4, 5][..], &[5]] {
        let reply = post(&app, &token, &selected("a", 1..=5, ids));
        assert_eq!(reply.message()["message"], "Selected messages already logged.", "{}", reply.text());
        assert_eq!(
            (&reply.message()["messageType"], &reply.message()["ttl"]),
            (&json!("success"), &json!(2000))
        );
        assert_eq!(
            (&reply.json()["logIds"], reply.json()["messageLogs"].as_object().unwrap().len()),
            (&json!(["m1"]), ids.len())
        );
    }
    assert_eq!(book.records(), records);
}

#[test]
fn only_what_is_not_logged_yet_is_sent() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    post(&app, &token, &selected("a", 1..=4, &[1, 2]));
    let reply = post(&app, &token, &selected("a", 1..=4, &[2, 3, 4]));
    assert_eq!(reply.json()["messageLogs"], json!({"2": "m1", "3": "m2", "4": "m2"}), "{}", reply.text());
    let second = &book.records()[1][0];
    assert!(second.contains("text 3") && second.contains("text 4") && !second.contains("text 2"), "{second}");
}

/// A message is logged once, whether it is selected or comes with its day.
#[test]
fn the_days_log_and_selections_know_of_each_other() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    assert_logged(&post(&app, &token, &conversation("a", 1..=2)), &["1", "2"]);
    let reply = post(&app, &token, &selected("a", 1..=3, &[1, 3]));
    assert_eq!(reply.json()["messageLogs"], json!({"1": "m1", "3": "m2"}), "{}", reply.text());
    assert_logged(&post(&app, &token, &conversation("a", 1..=4)), &["4"]);
    let records = book.records();
    assert_eq!(
        (records.len(), &records[0]),
        (2, &[texts(1..=2), texts(4..=4)].concat()),
        "the day's record grows on"
    );
    assert_eq!(post(&app, &token, &selected("a", 1..=4, &[4])).json()["messageLogs"], json!({"4": "m1"}));
}

#[test]
fn one_selection_posted_many_times_at_once_is_one_record() {
    let gate = Gate::default();
    let (app, token, book, crm) = start({
        let gate = gate.clone();
        move |book, request| {
            if changes_messages(request) {
                gate.pass();
            }
            book.answer(request)
        }
    });
    let (app, token) = (&app, token.as_str());
    let replies: Vec<Response> = std::thread::scope(|scope| {
        let posts: Vec<_> =
            (0..30).map(|_| scope.spawn(move || post(app, token, &selected("a", 1..=3, &[1, 3])))).collect();
        crm.wait_for("/v1/messages", 1, test_server::PATIENCE);
        gate.open();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert_eq!(book.records().len(), 1);
    for reply in &replies {
        assert_eq!(reply.json()["messageLogs"], json!({"1": "m1", "3": "m1"}), "{}", reply.text());
    }
    let logged = replies.iter().filter(|reply| reply.message()["message"] == "Message logged").count();
    assert_eq!(logged, 1, "to whoever logged it");
}

/// Selections that overlap, and the whole day, at once: every message is in one record.
#[test]
fn overlapping_requests_at_once_log_every_message_once() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    let (app, token) = (&app, token.as_str());
    std::thread::scope(|scope| {
        for n in 1..=10 {
            scope.spawn(move || post(app, token, &selected("a", 1..=12, &[n, n + 1, n + 2])));
        }
        scope.spawn(move || post(app, token, &conversation("a", 1..=12)));
    });
    let all: String = book.records().concat().join("\n") + "\n";
    for n in 1..=12 {
        assert_eq!(all.matches(&format!("text {n}\n")).count(), 1, "text {n}: {all}");
    }
}

#[test]
fn a_selection_that_cannot_be_used_gets_words() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    let reply = post(&app, &token, &selected("a", 1..=2, &[7]));
    assert_refused(&reply, "No selected message to log.");
    assert_eq!(reply.message()["ttl"], 3000);
    // Nothing is selected by an empty list: it is the day.
    assert_logged(&post(&app, &token, &selected("b", 3..=4, &[])), &["3", "4"]);
    // In the conversation, as other clients send it.
    let mut inside = selected("c", 5..=6, &[]);
    inside["logInfo"]["selectedMessageIds"] = json!(["6", 99, {"id": 5}]);
    assert_eq!(post(&app, &token, &inside).json()["messageLogs"], json!({"6": "m2"}));
    assert_eq!(book.records().len(), 2);
}

#[test]
fn a_refusal_of_the_crm_logs_nothing_and_may_be_tried_again() {
    let (app, token, book, crm) = start(move |book, request| {
        let is_first =
            book.records().is_empty() && changes_messages(request) && request.header("x-ok").is_none();
        match is_first && String::from_utf8_lossy(&request.body).contains("text 1") {
            true => Answer::json(&json!({"message": "no"})).status(422),
            false => book.answer(request),
        }
    });
    assert_refused(&post(&app, &token, &selected("a", 1..=3, &[1, 2])), "");
    assert_eq!(book.records().len(), 0);
    let reply = post(&app, &token, &selected("a", 1..=3, &[2, 3]));
    assert_eq!(reply.json()["messageLogs"], json!({"2": "m1", "3": "m1"}), "{}", reply.text());
    assert_eq!(crm.count("/v1/messages"), 2);
}

/// What may be in the CRM is not sent again.
#[test]
fn a_crm_that_does_not_answer_is_not_asked_twice() {
    let (app, token, book, crm) = start(move |book, request| {
        let answer = book.answer(request);
        if changes_messages(request) { Answer::reset() } else { answer }
    });
    post(&app, &token, &selected("a", 1..=3, &[1, 2]));
    assert_refused(&post(&app, &token, &selected("a", 1..=3, &[1, 2])), "may be logged already");
    assert_refused(&post(&app, &token, &conversation("a", 1..=3)), "may be logged already");
    assert_eq!((crm.count("/v1/messages"), book.records().len()), (1, 1));
}

/// A document that knows messages one by one has all of what was selected.
#[test]
fn a_document_without_shared_conversations_has_all_texts() {
    let book = Book::default();
    let crm = Crm::start({
        let book = book.clone();
        move |request: &crate::support::crm::Request| book.answer(request)
    });
    let mut document = logging(&crm.origin());
    document["operations"]["createMessageLog"]["body"]["text"] = "{{message.subject}}".into();
    let app = TestServer::start(&[("crm", &document)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    post(&app, &token, &selected("a", 1..=3, &[1, 3]));
    assert_in_order(&book.records()[0][0], &["text 1", "text 3"]);
    post(&app, &token, &selected("a", 1..=3, &[2]));
    assert_eq!(book.records()[1], ["text 2"], "one alone is as it is");
}

/// Each member of a group has a record, and the selection of one is not that of another.
#[test]
fn each_of_a_group_has_a_record_of_the_selection() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    let of = |contact: &str| {
        let mut request = selected("g", 1..=2, &[1, 2]);
        request["logInfo"]["correspondents"] =
            json!([{"phoneNumber": "+14155550123"}, {"phoneNumber": "+14155550124"}]);
        request["contactId"] = contact.into();
        request
    };
    assert_eq!(post(&app, &token, &of("c1")).json()["messageLogs"], json!({"1": "m1", "2": "m1"}));
    assert_eq!(post(&app, &token, &of("c2")).json()["messageLogs"], json!({"1": "m2", "2": "m2"}));
    assert_eq!(post(&app, &token, &of("c1")).message()["message"], "Selected messages already logged.");
    assert_eq!(book.records().len(), 2);
}

#[test]
fn a_killed_server_knows_what_was_selected() {
    let (mut app, token, book, _crm) = start(|book, request| book.answer(request));
    post(&app, &token, &selected("a", 1..=3, &[1, 3]));
    app.kill_and_restart();
    let again = post(&app, &token, &selected("a", 1..=3, &[3, 1]));
    assert_eq!(again.message()["message"], "Selected messages already logged.", "{}", again.text());
    assert_logged(&post(&app, &token, &conversation("a", 1..=3)), &["2"]);
    assert_eq!(book.records().len(), 2);
}
