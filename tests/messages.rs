//! Messages: every one once, in one record for a conversation and day, whatever happens on the way.

mod support;

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::client::{self, Response};
use support::crm::{Answer, Crm, Gate, Request};
use support::site::{self, Site, document};

/// The records of a CRM: whose they are, and the texts in them.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<(String, Vec<String>)>>>);

impl Book {
    /// Does what a message operation asks for.
    fn answer(&self, request: &Request) -> Answer {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = body["text"].as_str().unwrap_or_default().to_owned();
        let mut records = self.0.lock().unwrap();
        match (request.method.as_str(), request.path().strip_prefix("/v1/messages")) {
            ("POST", Some("")) => {
                records.push((site::api_key(request), vec![text]));
                Answer::json(&json!({"id": format!("m{}", records.len())})).status(201)
            }
            ("PATCH", Some(id)) => {
                let at: usize = id.trim_start_matches("/m").parse().unwrap();
                records[at - 1].1.push(text);
                Answer::json(&json!({}))
            }
            _ => site::ordinary(request),
        }
    }

    fn records(&self) -> Vec<Vec<String>> {
        self.0.lock().unwrap().iter().map(|(_, texts)| texts.clone()).collect()
    }

    fn owners(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(owner, _)| owner.clone()).collect()
    }
}

/// A document that logs messages.
fn logging(origin: &str) -> Value {
    let mut document = document(origin);
    let body = json!({
        "contact_id": "{{contactInfo.id}}", "text": "{{default sharedSMSLogContent.body message.subject}}",
        "at": "{{creationTime}}"
    });
    document["operations"]["createMessageLog"] = json!({
        "method": "POST", "url": "/messages", "body": body, "responseMapping": {"idPath": "body.id"}
    });
    document["operations"]["updateMessageLog"] =
        json!({"method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": body});
    document
}

/// Messages of a conversation, the newest first as clients send them.
fn conversation(id: &str, messages: impl DoubleEndedIterator<Item = u32>) -> Value {
    let message = |n: u32| {
        json!({
            "id": n, "type": "SMS", "subject": format!("text {n}"), "direction": "Outbound",
            "creationTime": "2024-01-01T10:00:00.000Z", "from": {"phoneNumber": "+14155550100"},
            "to": [{"phoneNumber": "+14155550123"}]
        })
    };
    json!({
        "logInfo": {
            "conversationId": id, "conversationLogId": format!("{id}-day"), "type": "SMS",
            "messages": messages.rev().map(message).collect::<Vec<_>>(),
            "correspondents": [{"phoneNumber": "+14155550123", "name": "Ada"}]
        },
        "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
    })
}

fn texts(messages: impl Iterator<Item = u32>) -> Vec<String> {
    messages.map(|n| format!("text {n}")).collect()
}

fn ids(reply: &Response) -> Vec<String> {
    let ids = reply.json()["logIds"].as_array().cloned().unwrap_or_default();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_logged(reply: &Response, wanted: &[&str]) {
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    assert_eq!(ids(reply), wanted, "{}", reply.text());
    let kind = if wanted.is_empty() { Value::Null } else { json!("success") };
    assert_eq!(reply.message().get("messageType").cloned().unwrap_or_default(), kind, "{}", reply.text());
}

#[track_caller]
fn assert_refused(reply: &Response, words: &str) {
    assert_eq!(reply.json()["successful"], false, "{}", reply.text());
    assert_eq!(reply.message()["messageType"], "warning", "{}", reply.text());
    assert!(reply.text().contains(words), "{}", reply.text());
}

/// A server, a user of it, and a CRM that answers by a function and keeps a book.
fn start(answer: impl Fn(&Book, &Request) -> Answer + Send + Sync + 'static) -> (Site, String, Book, Crm) {
    let book = Book::default();
    let crm = Crm::start({
        let book = book.clone();
        move |request: &Request| answer(&book, request)
    });
    let site = Site::start(&[("crm", &logging(&crm.origin()))]);
    let token = site.sign_in("crm", "testCrm", "1-key");
    (site, token, book, crm)
}

fn changes_messages(request: &Request) -> bool {
    request.path().starts_with("/v1/messages")
}

/// Q17.
#[test]
fn a_retry_sends_only_what_failed() {
    let failures = Mutex::new(vec![500, 422]);
    let (site, token, book, crm) = start(move |book, request| {
        let second = String::from_utf8_lossy(&request.body).contains("text 2");
        let failure = if second { failures.lock().unwrap().pop() } else { None };
        match failure {
            Some(status) => Answer::json(&json!({"message": "Too long"})).status(status),
            None => book.answer(request),
        }
    });
    let first = site.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_refused(&first, "Too long");
    assert_eq!(ids(&first), ["1"]);
    let failed = first.json()["failed"].clone();
    assert_eq!((&failed[0]["id"], &failed[1]["id"]), (&json!("2"), &json!("3")), "{failed}");
    assert!(failed[0]["reason"].as_str().unwrap().contains("HTTP 422"), "{failed}");
    assert!(failed[1]["reason"].as_str().unwrap().contains("Not tried"), "{failed}");
    assert!(first.details().contains("1 of 3 messages were logged"), "{}", first.details());
    // Where nothing is logged, the reason is all there is to say.
    let second = site.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_refused(&second, "HTTP 500");
    assert_eq!(second.json().get("logIds"), None);
    assert_logged(&site.post("/messageLog", &token, &conversation("a", 1..=3)), &["2", "3"]);
    assert_eq!(book.records(), [texts(1..=3)]);
    assert_eq!(crm.count("/v1/messages"), 5, "three that worked, two that did not");
}

#[test]
fn one_conversation_posted_many_times_at_once_is_one_record() {
    let gate = Gate::default();
    let (site, token, book, crm) = start({
        let gate = gate.clone();
        move |book, request| {
            if changes_messages(request) {
                gate.pass();
            }
            book.answer(request)
        }
    });
    let (site, token) = (&site, token.as_str());
    let replies: Vec<Response> = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..50)
            .map(|_| scope.spawn(move || site.post("/messageLog", token, &conversation("a", 1..=3))))
            .collect();
        crm.wait_for("/v1/messages", 1, site::PATIENCE);
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
    let (site, token, book, _crm) = start(|book, request| book.answer(request));
    let (site, token) = (&site, token.as_str());
    std::thread::scope(|scope| {
        for n in 1..=50 {
            scope.spawn(move || {
                let reply = site.post("/messageLog", token, &conversation("a", n..=n));
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
        let (mut site, token, book, crm) = start({
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
            assert_logged(&site.post("/messageLog", &token, &conversation("a", n..=n)), &["1"]);
        }
        let address = site.server.address();
        let asking = std::thread::spawn({
            let (bearer, body) = (format!("Bearer {token}"), conversation("a", 2..=3));
            move || {
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                site::try_send(address, "POST", "/messageLog", &headers, Some(body.to_string().into_bytes()))
            }
        });
        crm.wait_for("/v1/messages", already as usize + 1, site::PATIENCE);
        site.kill_and_restart();
        assert!(asking.join().unwrap().is_err(), "nobody was answered");
        gate.open();
        let before = book.records();
        assert_eq!(before.len(), 1);
        for _ in 0..2 {
            let again = site.post("/messageLog", &token, &conversation("a", 2..=3));
            assert_refused(&again, "may be logged already");
            assert!(again.details().contains("UTC"), "{}", again.details());
        }
        assert_eq!(book.records(), before, "not asked again");
        assert_logged(&site.post("/messageLog", &token, &conversation("b", 4..=5)), &["4", "5"]);
    }
}

/// Kills at any moment around the CRM's answer: what was acknowledged is kept, and nothing is twice.
#[test]
fn kills_around_the_answer_never_make_two_records() {
    let (mut site, token, book, crm) = start(|book, request| book.answer(request));
    for round in 0..8 {
        let name = format!("round {round}");
        let before = (crm.count("/v1/messages"), book.records().len());
        let address = site.server.address();
        let asking = std::thread::spawn({
            let (bearer, body) =
                (format!("Bearer {token}"), conversation(&name, round * 10 + 1..=round * 10 + 3));
            move || {
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                site::try_send(address, "POST", "/messageLog", &headers, Some(body.to_string().into_bytes()))
            }
        });
        crm.wait_for("/v1/messages", before.0 + 1 + round as usize % 3, site::PATIENCE);
        std::thread::sleep(Duration::from_micros(u64::from(round) * 400));
        site.kill_and_restart();
        let told = asking.join().unwrap().ok().map(|reply| ids(&reply));
        let again = site.post("/messageLog", &token, &conversation(&name, round * 10 + 1..=round * 10 + 3));
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
    let (site, token, book, crm) = start(|book, request| {
        let answer = book.answer(request);
        if request.method == "PATCH" { Answer::reset() } else { answer }
    });
    let first = site.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_eq!((ids(&first), &first.json()["successful"]), (vec!["1".to_owned()], &json!(false)));
    let asked = crm.count("/v1/messages");
    let again = site.post("/messageLog", &token, &conversation("a", 1..=3));
    assert_refused(&again, "may be logged already");
    assert_eq!(crm.count("/v1/messages"), asked);
    assert_eq!(book.records(), [texts(1..=2)]);
    // Nobody else has to wait for it.
    assert_logged(&site.post("/messageLog", &token, &conversation("b", 5..=5)), &["5"]);
}

#[test]
fn what_was_begun_is_finished_without_the_client() {
    let gate = Gate::default();
    let (site, token, book, crm) = start({
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
    let hung_up = client::send(site.server.address(), &request, Duration::from_millis(200)).unwrap();
    assert!(hung_up.is_none());
    crm.wait_for("/v1/messages", 1, site::PATIENCE);
    gate.open();
    crm.wait_for("/v1/messages", 3, site::PATIENCE);
    assert_logged(&site.post("/messageLog", &token, &conversation("a", 1..=3)), &[]);
    assert_eq!(book.records(), [texts(1..=3)]);
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
    let site = Site::start_with(&[("one", &document), ("two", &document)], |options| {
        options.env("RINGCENTRAL_SERVER", platform.origin())
    });
    let sign_in = |proxy_id: &str, platform: &str, key: &str, account: Option<&str>| {
        let mut login = json!({"platform": platform, "proxyId": proxy_id, "apiKey": key});
        if let Some(account) = account {
            login["rcAccessToken"] = json!(account);
        }
        site.send_login(&login).json()["jwtToken"].as_str().expect("a token").to_owned()
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
            let reply = site.post("/messageLog", tenant, &conversation("a", messages.clone()));
            let new = if *messages.end() == 2 { vec!["1", "2"] } else { vec!["3"] };
            assert_logged(&reply, &new);
        }
    }
    assert_eq!(book.records(), vec![texts(1..=3); tenants.len()]);
    let keys = ["1-alone", "2-alone", "3-a", "4-b", "5-a", "6-a"];
    assert_eq!(book.owners(), keys, "each in a record of their own");
    // Users of one account share what is logged.
    let colleague = sign_in("one", "testCrm", "7-a", Some("account-a"));
    assert_logged(&site.post("/messageLog", &colleague, &conversation("a", 1..=4)), &["4"]);
    assert_eq!(book.records()[2], texts(1..=4));
}

/// Q16.
#[test]
fn what_was_not_sent_is_not_remembered() {
    let (mut site, token, book, crm) = start(|book, request| book.answer(request));
    let whole = logging(&crm.origin());
    let mut without = whole.clone();
    without["operations"].as_object_mut().unwrap().shift_remove("updateMessageLog");
    site.write("crm", &without);
    site.kill_and_restart();
    let first = site.post("/messageLog", &token, &conversation("a", 1..=2));
    assert_refused(&first, "Not supported");
    assert_eq!(ids(&first), ["1"]);
    assert_refused(&site.post("/messageLog", &token, &conversation("a", 1..=2)), "Not supported");
    site.write("crm", &whole);
    site.kill_and_restart();
    assert_logged(&site.post("/messageLog", &token, &conversation("a", 1..=2)), &["2"]);
    assert_eq!(book.records(), [texts(1..=2)]);
}

/// Q13.
#[test]
fn a_record_without_an_id_is_not_created_again() {
    let (mut site, token, _book, crm) = start(|book, request| match changes_messages(request) {
        true => Answer::json(&json!({"ok": 1})),
        false => book.answer(request),
    });
    let reply = site.post("/messageLog", &token, &conversation("a", 1..=1));
    assert_eq!((&reply.json()["successful"], ids(&reply)), (&json!(true), vec!["1".to_owned()]));
    assert_eq!(reply.message()["messageType"], "warning");
    assert!(reply.text().contains("body.id"), "{}", reply.text());
    for restarted in [false, true] {
        if restarted {
            site.kill_and_restart();
        }
        assert_logged(&site.post("/messageLog", &token, &conversation("a", 1..=1)), &[]);
        assert_refused(&site.post("/messageLog", &token, &conversation("a", 1..=2)), "under which id");
    }
    assert_eq!(crm.count("/v1/messages"), 1);
}

/// Q18.
#[test]
fn a_conversation_without_a_log_id_is_logged() {
    let (site, token, book, _crm) = start(|book, request| book.answer(request));
    let without = |members: &[&str], messages: std::ops::RangeInclusive<u32>| {
        let mut body = conversation("a", messages);
        for member in members {
            body["logInfo"].as_object_mut().unwrap().shift_remove(*member);
        }
        body
    };
    for n in 1..=2 {
        let reply = site.post("/messageLog", &token, &without(&["conversationLogId"], n..=n));
        assert_logged(&reply, &[&n.to_string()]);
    }
    assert_eq!(book.records(), [texts(1..=2)], "the conversation's id serves");
    for _ in 0..2 {
        site.post("/messageLog", &token, &without(&["conversationLogId", "conversationId"], 3..=4));
    }
    assert_eq!(book.records(), [texts(1..=2), texts(3..=3), texts(4..=4)], "the message's id serves");
}

/// Q39.
#[test]
fn a_shared_conversation_goes_out_when_it_changes() {
    let (site, token, book, _crm) = start(|book, request| book.answer(request));
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
        assert_logged(&site.post("/messageLog", &token, &shared(messages)), &told);
    }
    let [record] = &book.records()[..] else { panic!("one record") };
    let [first, second] = &record[..] else { panic!("{record:?}") };
    assert!(first.contains("text 1") && first.contains("text 2") && !first.contains("text 3"), "{first}");
    assert!(second.contains("text 1") && second.contains("text 3"), "the whole conversation: {second}");
}

#[test]
fn a_request_without_its_parts_is_refused_with_words() {
    let (site, token, book, _crm) = start(|book, request| book.answer(request));
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
        assert_refused(&site.post("/messageLog", &token, &body), words);
    }
    assert!(book.records().is_empty(), "nothing was sent");
}
