//! Messages: every one once, in one record for a conversation and day, whatever happens on the way.

mod matching;
mod once;
mod outcomes;
mod selected;

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A record: the API key that made it, and its texts.
type Record = (String, Vec<String>);

/// The records of a CRM.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<Record>>>);

impl Book {
    /// Does what a message operation asks for.
    fn answer(&self, request: &Request) -> Answer {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = body["text"].as_str().unwrap_or_default().to_owned();
        let mut records = self.0.lock().unwrap();
        match (request.method.as_str(), request.path().strip_prefix("/v1/messages")) {
            ("POST", Some("")) => {
                records.push((test_server::api_key(request), vec![text]));
                Answer::json(&json!({"id": format!("m{}", records.len())})).status(201)
            }
            ("PATCH", Some(id)) => {
                let at: usize = id.trim_start_matches("/m").parse().unwrap();
                records[at - 1].1.push(text);
                Answer::json(&json!({}))
            }
            _ => test_server::ordinary(request),
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
fn start(
    answer: impl Fn(&Book, &Request) -> Answer + Send + Sync + 'static,
) -> (TestServer, String, Book, Crm) {
    let book = Book::default();
    let crm = Crm::start({
        let book = book.clone();
        move |request: &Request| answer(&book, request)
    });
    let server = TestServer::start(&[("crm", &logging(&crm.origin()))]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    (server, token, book, crm)
}

fn changes_messages(request: &Request) -> bool {
    request.path().starts_with("/v1/messages")
}
