//! What is logged for whom, and what clients are told.
use super::{
    Book, assert_logged, assert_refused, changes_messages, conversation, ids, logging, start, texts,
};
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::TestServer;
use serde_json::{Value, json};
use std::sync::Mutex;

/// Q17.
#[test]
fn a_retry_sends_only_what_failed() {
    let failures = Mutex::new(vec![422, 422]);
    let (server, token, book, crm) = start(move |book, request| {
        let second = String::from_utf8_lossy(&request.body).contains("text 2");
        let failure = if second { failures.lock().unwrap().pop() } else { None };
        match failure {
            Some(status) => Answer::json(&json!({"message": "Too long"})).status(status),
            None => book.answer(request),
        }
    });
    let first = server.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_refused(&first, "Too long");
    assert_eq!(ids(&first), ["1"]);
    let failed = first.json()["failed"].clone();
    assert_eq!((&failed[0]["id"], &failed[1]["id"]), (&json!("2"), &json!("3")), "{failed}");
    assert!(failed[0]["reason"].as_str().unwrap().contains("HTTP 422"), "{failed}");
    assert!(failed[1]["reason"].as_str().unwrap().contains("Not tried"), "{failed}");
    assert!(first.details().contains("1 of 3 messages were logged"), "{}", first.details());
    // Where nothing is logged, the reason is all there is to say.
    let second = server.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_refused(&second, "HTTP 422");
    assert_eq!(second.json().get("logIds"), None);
    assert_logged(&server.post("/messageLog", &token, &conversation("a", 1..=3)), &["2", "3"]);
    assert_eq!(book.records(), [texts(1..=3)]);
    assert_eq!(crm.count("/v1/messages"), 5, "three that worked, two that did not");
}

/// Q5.
#[test]
fn other_tenants_have_their_own_messages() {
    let book = Book::default();
    let crm = Crm::start({
        let book = book.clone();
        move |request: &Request| book.answer(request)
    });
    // The token is the account's id.
    let platform = Crm::start(|request: &Request| {
        let account = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
        Answer::json(&json!({"id": 1, "account": {"id": account}}))
    });
    let document = logging(&crm.origin());
    let server = TestServer::start_with(&[("one", &document), ("two", &document)], |options| {
        options.env("RINGCENTRAL_SERVER", platform.origin())
    });
    let sign_in = |proxy_id: &str, platform: &str, key: &str, account: Option<&str>| {
        let mut login = json!({"platform": platform, "proxyId": proxy_id, "apiKey": key});
        if let Some(account) = account {
            login["rcAccessToken"] = json!(account);
        }
        server.send_login(&login).json()["jwtToken"].as_str().expect("a token").to_owned()
    };
    let tenants = [
        sign_in("one", "testCrm", "1-alone", None),
        sign_in("one", "testCrm", "2-alone", None),
        sign_in("one", "testCrm", "3-a", Some("account-a")),
        sign_in("one", "testCrm", "4-b", Some("account-b")),
        sign_in("two", "testCrm", "5-a", Some("account-a")),
        sign_in("one", "otherCrm", "6-a", Some("account-a")),
    ];
    for messages in [1..=2, 1..=3] {
        for tenant in &tenants {
            let reply = server.post("/messageLog", tenant, &conversation("a", messages.clone()));
            let new = if *messages.end() == 2 { vec!["1", "2"] } else { vec!["3"] };
            assert_logged(&reply, &new);
        }
    }
    assert_eq!(book.records(), vec![texts(1..=3); tenants.len()]);
    let keys = ["1-alone", "2-alone", "3-a", "4-b", "5-a", "6-a"];
    assert_eq!(book.owners(), keys, "each in a record of their own");
    // Users of one account share what is logged.
    let colleague = sign_in("one", "testCrm", "7-a", Some("account-a"));
    assert_logged(&server.post("/messageLog", &colleague, &conversation("a", 1..=4)), &["4"]);
    assert_eq!(book.records()[2], texts(1..=4));
}

/// Q16.
#[test]
fn what_was_not_sent_is_not_remembered() {
    let (mut server, token, book, crm) = start(|book, request| book.answer(request));
    let whole = logging(&crm.origin());
    let mut without = whole.clone();
    without["operations"].as_object_mut().unwrap().shift_remove("updateMessageLog");
    server.write("crm", &without);
    server.kill_and_restart();
    let first = server.post("/messageLog", &token, &conversation("a", 1..=2));
    assert_refused(&first, "Not supported");
    assert_eq!(ids(&first), ["1"]);
    assert_refused(&server.post("/messageLog", &token, &conversation("a", 1..=2)), "Not supported");
    server.write("crm", &whole);
    server.kill_and_restart();
    assert_logged(&server.post("/messageLog", &token, &conversation("a", 1..=2)), &["2"]);
    assert_eq!(book.records(), [texts(1..=2)]);
}

/// Q13.
#[test]
fn a_record_without_an_id_is_not_created_again() {
    let (mut server, token, _book, crm) = start(|book, request| match changes_messages(request) {
        true => Answer::json(&json!({"ok": 1})),
        false => book.answer(request),
    });
    let reply = server.post("/messageLog", &token, &conversation("a", 1..=1));
    assert_eq!((&reply.json()["successful"], ids(&reply)), (&json!(false), Vec::<String>::new()));
    assert_eq!(reply.message()["messageType"], "warning");
    assert!(reply.text().contains("body.id"), "{}", reply.text());
    for restarted in [false, true] {
        if restarted {
            server.kill_and_restart();
        }
        for messages in [1..=1, 1..=2] {
            let again = server.post("/messageLog", &token, &conversation("a", messages));
            assert_refused(&again, "may be logged already");
        }
    }
    assert_eq!(crm.count("/v1/messages"), 1);
}

/// Q18.
#[test]
fn a_conversation_without_a_log_id_is_logged() {
    let (server, token, book, _crm) = start(|book, request| book.answer(request));
    let without = |members: &[&str], messages: std::ops::RangeInclusive<u32>| {
        let mut body = conversation("a", messages);
        for member in members {
            body["logInfo"].as_object_mut().unwrap().shift_remove(*member);
        }
        body
    };
    for n in 1..=2 {
        let reply = server.post("/messageLog", &token, &without(&["conversationLogId"], n..=n));
        assert_logged(&reply, &[&n.to_string()]);
    }
    assert_eq!(book.records(), [texts(1..=2)], "the conversation's id serves");
    for _ in 0..2 {
        server.post("/messageLog", &token, &without(&["conversationLogId", "conversationId"], 3..=4));
    }
    assert_eq!(book.records(), [texts(1..=2), texts(3..=3), texts(4..=4)], "the message's id serves");
}

/// Q39.
#[test]
fn a_shared_conversation_goes_out_when_it_changes() {
    let (server, token, book, _crm) = start(|book, request| book.answer(request));
    let shared = |messages: std::ops::RangeInclusive<u32>| {
        let entity = |n: u32| {
            json!({
                "recordType": "AliveMessage", "direction": "Inbound", "text": format!("text {n}"),
                "creationTime": format!("2024-01-01T10:0{n}:00.000Z"), "from": {"name": "Ada"}
            })
        };
        let mut body = conversation("a", messages.clone());
        body["logInfo"]["owner"] =
            json!({"name": "Support", "extensionId": "9", "extensionType": "Department"});
        body["logInfo"]["entities"] = messages.map(entity).collect();
        body
    };
    for (messages, told) in [(1..=2, vec!["a-day"]), (1..=2, vec![]), (1..=3, vec!["a-day"]), (1..=3, vec![])]
    {
        assert_logged(&server.post("/messageLog", &token, &shared(messages)), &told);
    }
    let [record] = &book.records()[..] else { panic!("one record") };
    let [first, second] = &record[..] else { panic!("{record:?}") };
    assert!(first.contains("text 1") && first.contains("text 2") && !first.contains("text 3"), "{first}");
    assert!(second.contains("text 1") && second.contains("text 3"), "the whole conversation: {second}");
}

#[test]
fn a_request_without_its_parts_is_refused_with_words() {
    let (server, token, book, _crm) = start(|book, request| book.answer(request));
    let with = |pointer: &str, value: Value| {
        let mut body = conversation("a", 1..=2);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let cases = [
        (json!({}), "No message to log."),
        (with("/logInfo/messages", json!([])), "No message to log."),
        (with("/logInfo/messages", json!("x")), "No message to log."),
        (with("/logInfo/messages/0/id", Value::Null), "no id"),
        (with("/logInfo/messages/1", json!(7)), "no id"),
        (with("/logInfo/correspondents", json!([])), "correspondents"),
        (with("/contactId", Value::Null), "Contact not found for number +14155550123"),
    ];
    for (body, words) in cases {
        assert_refused(&server.post("/messageLog", &token, &body), words);
    }
    assert!(book.records().is_empty(), "nothing was sent");
}
