//! What people write into a record of the CRM survives every later update, in all three formats.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm};
use crate::support::test_server::{self, TestServer, call, document};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A CRM with one record, whose text tests edit as people do.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<String>>);

impl Record {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn edit(&self, change: impl FnOnce(String) -> String) {
        let mut text = self.0.lock().unwrap();
        *text = change(std::mem::take(&mut *text));
    }
}

struct Scene {
    record: Record,
    server: TestServer,
    token: String,
    _crm: Crm,
}

impl Scene {
    /// A call was logged in this format.
    fn start(format: &str) -> Self {
        let record = Record::default();
        let kept = record.clone();
        let crm = Crm::start(move |request| {
            let text = || {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                body["body"].as_str().expect("a text").to_owned()
            };
            match (request.method.as_str(), request.path()) {
                ("POST", "/v1/activities") => {
                    kept.edit(|_| text());
                    Answer::json(&json!({"id": "a1"})).status(201)
                }
                ("PATCH", "/v1/activities/a1") => {
                    kept.edit(|_| text());
                    Answer::json(&json!({}))
                }
                ("GET", "/v1/activities/a1") => Answer::json(&json!({"body": kept.text()})),
                _ => test_server::ordinary(request),
            }
        });
        let mut document = document(&crm.origin());
        document["meta"]["logFormat"] = json!(format);
        document["operations"]["updateCallLog"]["body"] = json!({"body": "{{composedLogDetails}}"});
        let server = TestServer::start(&[("crm", &document)]);
        let token = server.sign_in("crm", "testCrm", "one-key");
        let logged = server.post("/callLog", &token, &call("s-1", "c1"));
        assert_eq!(logged.json()["logId"], "a1", "{}", logged.text());
        Self { record, server, token, _crm: crm }
    }

    fn update(&self, mut change: Value) -> Response {
        change["sessionId"] = json!("s-1");
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.server.send("PATCH", "/callLog", &headers, Some(change.to_string().into_bytes()))
    }

    fn updated(&self, change: Value) {
        let reply = self.update(change);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    }
}

/// Each format with a line as people write it there.
const FORMATS: [(&str, &str); 3] = [
    ("text/plain", "\nAda asked for a discount.\n"),
    ("text/html", "<p>Ada asked for a <i>discount</i>.</p>"),
    ("text/markdown", "\nAda asked for a *discount*.\n"),
];

#[test]
fn what_people_add_stays_where_they_put_it() {
    for (format, line) in FORMATS {
        let scene = Scene::start(format);
        scene.record.edit(|text| format!("{line}{text}{line}"));
        scene.updated(json!({"result": "Voicemail", "duration": 12, "startTime": 1_700_000_000_000_i64}));
        scene.updated(json!({"recordingLink": "https://recordings.example/1"}));
        scene.updated(json!({"aiNote": "A summary.", "transcript": "A: hello\nB: hello"}));
        let text = scene.record.text();
        assert!(text.starts_with(line), "{format}: {text}");
        assert_eq!(text.matches(line.trim()).count(), 2, "{format}: {text}");
        for part in ["Voicemail", "12 seconds", "https://recordings.example/1", "A summary.", "A: hello"] {
            assert!(text.contains(part), "{format} lacks {part}: {text}");
        }
        assert!(!text.contains("Call connected"), "{format} has the old result: {text}");
    }
}

#[test]
fn a_note_that_people_changed_is_kept_until_another_is_sent() {
    for (format, _) in FORMATS {
        let scene = Scene::start(format);
        assert!(scene.record.text().contains("Asked for a quote."), "{format}");
        scene.record.edit(|text| text.replace("Asked for a quote.", "Asked for two quotes."));
        scene.updated(json!({"duration": 90, "startTime": 1_700_000_000_000_i64}));
        assert!(scene.record.text().contains("Asked for two quotes."), "{format}: {}", scene.record.text());
        scene.updated(json!({"note": "Wants three."}));
        let text = scene.record.text();
        assert!(text.contains("Wants three.") && !text.contains("two quotes"), "{format}: {text}");
    }
}

#[test]
fn a_repeated_update_changes_nothing_more() {
    for (format, line) in FORMATS {
        let scene = Scene::start(format);
        scene.record.edit(|text| format!("{text}{line}"));
        let change = json!({
            "note": "N $& $1 & <b>", "result": "Missed", "recordingLink": "https://r.example/?a=1&b=2",
            "aiNote": "one\n- two", "legs": [{"direction": "Inbound", "to": {"phoneNumber": "+1"}}]
        });
        scene.updated(change.clone());
        let once = scene.record.text();
        for _ in 0..3 {
            scene.updated(change.clone());
        }
        assert_eq!(scene.record.text(), once, "{format}");
    }
}

/// Q15: a text that cannot be read is not overwritten, and what is not the record says nothing about
/// its text.
#[test]
fn a_record_that_cannot_be_read_is_left_alone() {
    let replies = [
        (503, json!({"message": "down"}).to_string()),
        (200, json!({"data": null}).to_string()),
        (200, json!({"success": false, "error": "busy"}).to_string()),
        (200, json!([]).to_string()),
        (200, String::new()),
    ];
    for (status, present) in replies {
        let record = Record::default();
        let (kept, text) = (record.clone(), present.clone());
        let crm = Crm::start(move |request| match (request.method.as_str(), request.path()) {
            ("GET", "/v1/activities/a-c1") => Answer::text("application/json", &text).status(status),
            ("PATCH", _) => {
                kept.edit(|text| text + "overwritten");
                Answer::json(&json!({}))
            }
            _ => test_server::ordinary(request),
        });
        let mut document = document(&crm.origin());
        document["operations"]["getCallLog"]["responseMapping"] = json!({"fullBodyPath": "body.data.note"});
        let server = TestServer::start(&[("crm", &document)]);
        let token = server.sign_in("crm", "testCrm", "one-key");
        server.post("/callLog", &token, &call("s-1", "c1"));
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let body = json!({"sessionId": "s-1", "note": "new"}).to_string().into_bytes();
        let reply = server.send("PATCH", "/callLog", &headers, Some(body));
        assert_eq!(reply.json()["successful"], false, "{status} {present}: {}", reply.text());
        assert!(reply.details().contains("nothing was changed"), "{}", reply.text());
        assert_eq!(record.text(), "", "{status} {present}");
    }
}
