//! Every message once: many requests at once, a CRM that does not answer, kills of the server.
use super::{assert_logged, assert_refused, changes_messages, conversation, ids, logging, start, texts};
use crate::support::client::{self, Response};
use crate::support::crm::{Answer, Gate};
use crate::support::test_server;
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;

#[test]
fn one_conversation_posted_many_times_at_once_is_one_record() {
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
        let posts: Vec<_> = (0..50)
            .map(|_| scope.spawn(move || app.post("/messageLog", token, &conversation("a", 1..=3))))
            .collect();
        crm.wait_for("/v1/messages", 1, test_server::PATIENCE);
        gate.open();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert_eq!(book.records(), [texts(1..=3)]);
    let mut told: Vec<String> = replies.iter().flat_map(ids).collect();
    told.sort();
    assert_eq!(told, ["1", "2", "3"], "each is told to whoever logged it");
    assert!(replies.iter().all(|reply| reply.json()["successful"] == true));
}

#[test]
fn messages_that_arrive_at_once_share_the_record() {
    let (app, token, book, _crm) = start(|book, request| book.answer(request));
    let (app, token) = (&app, token.as_str());
    std::thread::scope(|scope| {
        for n in 1..=50 {
            scope.spawn(move || {
                let reply = app.post("/messageLog", token, &conversation("a", n..=n));
                assert_logged(&reply, &[&n.to_string()]);
            });
        }
    });
    let mut records = book.records();
    assert_eq!(records.len(), 1);
    records[0].sort_by_key(|text| text[5..].parse::<u32>().unwrap());
    assert_eq!(records[0], texts(1..=50));
}

/// The server dies after the CRM did its work and before anybody knows: nothing is done twice.
#[test]
fn a_killed_server_never_logs_twice() {
    for already in [0, 1] {
        let gate = Gate::default();
        let (mut app, token, book, crm) = start({
            let gate = gate.clone();
            move |book, request| {
                let answer = book.answer(request);
                if String::from_utf8_lossy(&request.body).contains("text 2") {
                    gate.pass();
                }
                answer
            }
        });
        for n in 1..=already {
            assert_logged(&app.post("/messageLog", &token, &conversation("a", n..=n)), &["1"]);
        }
        let address = app.server.address();
        let asking = std::thread::spawn({
            let (bearer, body) = (format!("Bearer {token}"), conversation("a", 2..=3));
            move || {
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                test_server::try_send(
                    address,
                    "POST",
                    "/messageLog",
                    &headers,
                    Some(body.to_string().into_bytes()),
                )
            }
        });
        crm.wait_for("/v1/messages", already as usize + 1, test_server::PATIENCE);
        app.kill_and_restart();
        assert!(asking.join().unwrap().is_err(), "nobody was answered");
        gate.open();
        let before = book.records();
        assert_eq!(before.len(), 1);
        for _ in 0..2 {
            let again = app.post("/messageLog", &token, &conversation("a", 2..=3));
            assert_refused(&again, "may be logged already");
            assert!(again.details().contains("UTC"), "{}", again.details());
        }
        assert_eq!(book.records(), before, "not asked again");
        assert_logged(&app.post("/messageLog", &token, &conversation("b", 4..=5)), &["4", "5"]);
    }
}

/// Kills at any moment around the CRM's answer: what was acknowledged is kept, and nothing is twice.
#[test]
fn kills_around_the_answer_never_make_two_records() {
    let (mut app, token, book, crm) = start(|book, request| book.answer(request));
    for round in 0..8 {
        let name = format!("round {round}");
        let before = (crm.count("/v1/messages"), book.records().len());
        let address = app.server.address();
        let asking = std::thread::spawn({
            let (bearer, body) =
                (format!("Bearer {token}"), conversation(&name, round * 10 + 1..=round * 10 + 3));
            move || {
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                test_server::try_send(
                    address,
                    "POST",
                    "/messageLog",
                    &headers,
                    Some(body.to_string().into_bytes()),
                )
            }
        });
        crm.wait_for("/v1/messages", before.0 + 1 + round as usize % 3, test_server::PATIENCE);
        std::thread::sleep(Duration::from_micros(u64::from(round) * 400));
        app.kill_and_restart();
        let told = asking.join().unwrap().ok().map(|reply| ids(&reply));
        let again = app.post("/messageLog", &token, &conversation(&name, round * 10 + 1..=round * 10 + 3));
        let records = book.records();
        assert_eq!(records.len(), before.1 + 1, "{}", again.text());
        let record = records.last().unwrap();
        let wanted = texts(round * 10 + 1..=round * 10 + 3);
        assert!(wanted.starts_with(record), "in order and once: {record:?}");
        if again.json()["successful"] == true {
            assert_eq!(*record, wanted);
        } else {
            assert!(again.text().contains("may be logged already"), "{}", again.text());
        }
        if told.is_some_and(|told| !told.is_empty()) {
            assert_logged(&again, &[]);
        }
    }
}

#[test]
fn an_addition_without_an_answer_is_not_repeated() {
    let (app, token, book, crm) = start(|book, request| {
        let answer = book.answer(request);
        if request.method == "PATCH" { Answer::reset() } else { answer }
    });
    let first = app.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_eq!((ids(&first), &first.json()["successful"]), (vec!["1".to_owned()], &json!(false)));
    let asked = crm.count("/v1/messages");
    let again = app.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_refused(&again, "may be logged already");
    assert_eq!(crm.count("/v1/messages"), asked);
    assert_eq!(book.records(), [texts(1..=2)]);
    // Nobody else has to wait for it.
    assert_logged(&app.post("/messageLog", &token, &conversation("b", 5..=5)), &["5"]);
}

/// Where the CRM knows a request again, what got no answer is asked again under the same key.
#[test]
fn under_a_key_a_message_without_an_answer_is_asked_again() {
    let seen: Mutex<Vec<(String, Answer)>> = Mutex::default();
    let (mut app, token, book, crm) = start(move |book, request| {
        if !changes_messages(request) {
            return book.answer(request);
        }
        let key = request.header("idempotency-key").expect("a key").to_owned();
        let mut seen = seen.lock().unwrap();
        if let Some((_, answer)) = seen.iter().find(|(known, _)| *known == key) {
            return answer.clone();
        }
        seen.push((key, book.answer(request)));
        Answer::reset()
    });
    let mut document = logging(&crm.origin());
    for operation in ["createMessageLog", "updateMessageLog"] {
        document["operations"][operation]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
    }
    app.write("crm", &document);
    app.kill_and_restart();
    let first = app.post("/messageLog", &token, &conversation("a", 1..=2));
    assert_eq!(first.json()["successful"], false, "{}", first.text());
    // Another message is not what the CRM was asked before.
    assert_refused(&app.post("/messageLog", &token, &conversation("a", 2..=2)), "may be logged already");
    let second = app.post("/messageLog", &token, &conversation("a", 1..=2));
    assert_eq!((ids(&second), &second.json()["successful"]), (vec!["1".to_owned()], &json!(false)));
    app.kill_and_restart();
    assert_logged(&app.post("/messageLog", &token, &conversation("a", 1..=2)), &["2"]);
    assert_eq!(book.records(), [texts(1..=2)]);
    assert_eq!(crm.count("/v1/messages"), 4, "each was asked twice");
}

#[test]
fn what_was_begun_is_finished_without_the_client() {
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
    let request = client::Request {
        method: "POST".to_owned(),
        target: "/messageLog".to_owned(),
        headers: vec![
            ("Authorization".to_owned(), format!("Bearer {token}")),
            ("Content-Type".to_owned(), "application/json".to_owned()),
        ],
        body: Some(conversation("a", 1..=3).to_string().into_bytes()),
    };
    let hung_up = client::send(app.server.address(), &request, Duration::from_millis(200)).unwrap();
    assert!(hung_up.is_none());
    crm.wait_for("/v1/messages", 1, test_server::PATIENCE);
    gate.open();
    crm.wait_for("/v1/messages", 3, test_server::PATIENCE);
    assert_logged(&app.post("/messageLog", &token, &conversation("a", 1..=3)), &[]);
    assert_eq!(book.records(), [texts(1..=3)]);
}
