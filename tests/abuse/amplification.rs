//! Requests that would make very many requests to the CRM, or go on after their client has gone.

use crate::support::crm::{Answer, Crm, Request};
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::{self, TestServer, call, document, until};
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

/// A server of one worker with somebody signed in. The CRM takes its time for records and messages.
fn start(takes: Duration) -> (TestServer, String, Crm) {
    let crm = Crm::start(move |request: &Request| {
        let path = request.path();
        if path.starts_with("/v1/messages") || request.method == "GET" && path.starts_with("/v1/activities/")
        {
            std::thread::sleep(takes);
        }
        match path.strip_prefix("/v1/messages") {
            Some("") => Answer::json(&json!({"id": "m1"})).status(201),
            Some(_) => Answer::json(&json!({})),
            None => test_server::ordinary(request),
        }
    });
    let mut document = document(&crm.origin());
    let body = json!({"text": "{{message.subject}}"});
    document["operations"]["createMessageLog"] =
        json!({"method": "POST", "url": "/messages", "body": body, "responseMapping": {"idPath": "body.id"}});
    document["operations"]["updateMessageLog"] =
        json!({"method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": body});
    let server = TestServer::start_with(&[("p", &document)], |options| options.arg("--workers").arg("1"));
    let token = server.sign_in("p", "testCrm", "1-key");
    (server, token, crm)
}

fn conversation(messages: usize) -> Value {
    let message =
        |n: usize| json!({"id": n, "type": "SMS", "subject": format!("text {n}"), "direction": "Inbound"});
    json!({
        "logInfo": {
            "conversationId": "c", "conversationLogId": "c-day", "type": "SMS",
            "messages": (1..=messages).rev().map(message).collect::<Vec<_>>(),
            "correspondents": [{"phoneNumber": "+14155550123"}]
        },
        "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
    })
}

/// The requests that the CRM got about records and messages.
fn asked(crm: &Crm) -> Vec<Request> {
    let mut received = crm.received();
    received.retain(|request| {
        request.path().starts_with("/v1/messages")
            || request.method == "GET" && request.path().starts_with("/v1/activities/")
    });
    received
}

/// Sends a request, waits until the CRM was asked something, and hangs up.
fn hang_up(server: &TestServer, token: &str, head: &str, body: &str, crm: &Crm) {
    let before = asked(crm).len();
    let mut stream = TcpStream::connect(server.server.address()).unwrap();
    let length = body.len();
    let fields = format!("Host: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let request = format!("{head} HTTP/1.1\r\n{fields}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    until("a request to the CRM", || asked(crm).len() > before);
}

/// Until nothing was asked for a while.
fn quiet(crm: &Crm) -> Vec<Request> {
    let mut count = usize::MAX;
    while count != asked(crm).len() {
        count = asked(crm).len();
        std::thread::sleep(Duration::from_secs(1));
    }
    asked(crm)
}

#[track_caller]
fn assert_refused(reply: &Value, words: &str) {
    assert_eq!(reply["successful"], false, "{reply}");
    assert!(reply.to_string().contains(words), "{reply}");
}

#[test]
fn a_lookup_names_so_many_sessions_and_no_more() {
    let (server, token, crm) = start(Duration::ZERO);
    assert_eq!(server.post("/callLog", &token, &call("s", "c1")).json()["successful"], true);
    let look_up = |count: usize, details: bool| {
        let ids = vec!["s"; count].join(",");
        server.get(&format!("/callLog?sessionIds={ids}&requireDetails={details}"), &token).json()
    };
    while_others_are_served(&server, || {
        assert_refused(&look_up(6000, true), "names 6000 sessions (sessionIds), so nothing was looked up");
        assert_refused(&look_up(101, true), "at most 100 at a time, or 5000 without details");
        assert_refused(&look_up(5001, false), "at most 5000 at a time");
        assert_eq!(asked(&crm).len(), 0);
        assert_eq!(look_up(1000, false)["logs"].as_array().unwrap().len(), 1000);
        assert_eq!(look_up(100, true)["logs"].as_array().unwrap().len(), 100);
    });
    assert!(asked(&crm).len() <= 100);
}

#[test]
fn a_lookup_ends_with_its_client() {
    let (server, token, crm) = start(Duration::from_millis(100));
    let sessions: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    for session in &sessions {
        assert_eq!(server.post("/callLog", &token, &call(session, "c1")).json()["successful"], true);
    }
    let head = format!("GET /callLog?sessionIds={}&requireDetails=true", sessions.join(","));
    hang_up(&server, &token, &head, "", &crm);
    let asked = quiet(&crm).len();
    assert!(asked < 10, "{asked} records were read for nobody");
}

#[test]
fn a_request_has_so_many_messages_and_no_more() {
    let (server, token, crm) = start(Duration::ZERO);
    let log = |change: &dyn Fn(&mut Value)| {
        let mut request = conversation(3);
        change(&mut request);
        server.post("/messageLog", &token, &request).json()
    };
    while_others_are_served(&server, || {
        assert_refused(
            &log(&|request| *request = conversation(5000)),
            "5000 messages (logInfo.messages), so nothing",
        );
        let numbers = |count: usize| vec![json!({"phoneNumber": "+1"}); count];
        assert_refused(
            &log(&|request| request["logInfo"]["correspondents"] = numbers(101).into()),
            "101 correspondents",
        );
        let attachments = vec![json!({"type": "MmsAttachment"}); 101];
        assert_refused(
            &log(&|request| request["logInfo"]["messages"][1]["attachments"] = attachments.clone().into()),
            "101 attachments in one message",
        );
        assert_refused(
            &log(&|request| request["logInfo"]["entities"] = vec![json!({}); 5001].into()),
            "5001 entries (logInfo.entities)",
        );
    });
    assert_eq!(asked(&crm).len(), 0, "nothing half done");
    assert_eq!(log(&|_| {})["logIds"], json!(["1", "2", "3"]));
}

/// A few are still logged, the others are not, and nothing is logged twice.
#[test]
fn messages_are_not_logged_for_a_client_that_has_gone() {
    let (server, token, crm) = start(Duration::from_millis(100));
    let request = conversation(50);
    hang_up(&server, &token, "POST /messageLog", &request.to_string(), &crm);
    let logged = quiet(&crm).len();
    assert!((1..20).contains(&logged), "{logged} messages were logged for nobody");
    let again = server.post("/messageLog", &token, &request).json();
    assert_eq!(again["successful"], true, "{again}");
    assert_eq!(again["logIds"].as_array().unwrap().len(), 50 - logged, "{again}");
    let texts: Vec<Value> = asked(&crm)
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["text"].clone())
        .collect();
    assert_eq!(texts, (1..=50).map(|n| json!(format!("text {n}"))).collect::<Vec<_>>());
}

#[test]
fn a_search_names_so_many_formats_and_no_more() {
    let (server, token, crm) = start(Duration::ZERO);
    let before = crm.received().len();
    let formats = vec!["***"; 21].join(",");
    let reply =
        server.get(&format!("/contact?phoneNumber=%2B14155550123&overridingFormat={formats}"), &token);
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("names 21 formats, and at most 20 are tried"), "{}", reply.text());
    assert_eq!(crm.received().len(), before);
    let formats = vec!["***"; 20].join(",");
    let reply =
        server.get(&format!("/contact?phoneNumber=%2B14155550123&overridingFormat={formats}"), &token);
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
}

#[test]
fn an_appointment_has_so_many_contacts_and_so_many_mistakes() {
    let (server, token, _crm) = start(Duration::ZERO);
    let create = |contacts: Value| {
        let body = json!({"title": "t", "summary": "s", "startTimeUtc": "2026-07-20T19:00:00.000Z",
            "durationMinutes": 30, "contacts": contacts});
        server.post("/appointments", &token, &body)
    };
    let reply = create(vec![json!("1"); 201].into());
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("has 201 entries: send at most 200"), "{}", reply.text());
    let odd: Map<String, Value> = (0..5000).map(|n| (format!("m{n}"), json!(1))).collect();
    let details = create(json!([odd])).json()["details"].as_array().unwrap().len();
    assert_eq!(details, 101, "a hundred, and that there are more");
}

/// What a user stores has an end, and what is there can still be changed and removed.
#[test]
fn a_user_stores_so_much_and_no_more() {
    let (server, token, _crm) = start(Duration::ZERO);
    let settings = |from: usize, to: usize| -> Map<String, Value> {
        (from..to).map(|key| (format!("k{key}"), json!({"value": key}))).collect()
    };
    let change = |set: Map<String, Value>, remove: Value| {
        server.post("/user/settings", &token, &json!({"userSettings": set, "settingKeysToRemove": remove}))
    };
    let kept = || server.get("/user/settings", &token).json().as_object().unwrap().len();
    while_others_are_served(&server, || {
        assert_eq!(change(settings(0, 2000), json!([])).status, 200);
        let reply = change(settings(2000, 2001), json!([]));
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(
            reply.text().contains("would be 2001 settings, and at most 2000 are kept"),
            "{}",
            reply.text()
        );
        assert_eq!(kept(), 2000);
        assert_eq!(change(settings(2000, 2001), json!(["k0"])).status, 200);
        let long = Map::from_iter([("k1".to_owned(), json!({"value": "x".repeat(256 * 1024)}))]);
        let reply = change(long, json!([]));
        assert_eq!(reply.status, 413, "{}", reply.text());
        assert!(reply.text().contains("bytes of JSON, and at most 262144 are kept"), "{}", reply.text());
        let all: Vec<String> = (0..2001).map(|key| format!("k{key}")).collect();
        assert_eq!(change(Map::new(), json!(all)).status, 200);
        assert_eq!(kept(), 0);
    });
    let long = json!({"contactId": "c", "note": "x".repeat(8 * 1024 + 1)});
    let reply = server.post("/calldown", &token, &long);
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(reply.text().contains("The note (note) would be 8193 bytes"), "{}", reply.text());
    let long = json!({"sessionId": "s", "note": "x".repeat(256 * 1024 + 1)});
    let reply = server.post("/callLog/cacheNote", &token, &long).json();
    assert_refused(&reply, "The note is longer than 256 KiB, so it was not kept");
}
