//! Texts that are slow to compose, to read and to merge.

use crate::support::crm::{Answer, Crm, Request};
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::{self, TestServer, call, document};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A server of one worker, somebody signed in, and a CRM with one record, whose text is in the mutex.
struct Logged {
    server: TestServer,
    token: String,
    text: Arc<Mutex<String>>,
    crm: Crm,
}

impl Logged {
    fn start(format: &str) -> Self {
        let text = Arc::new(Mutex::new("x".to_owned()));
        let crm = Crm::start({
            let text = Arc::clone(&text);
            move |request: &Request| {
                let mut text = text.lock().unwrap();
                match (request.method.as_str(), request.path()) {
                    ("GET", path) if path.starts_with("/v1/activities/") => {
                        Answer::json(&json!({"subject": "A call", "note": "Noted", "body": *text}))
                    }
                    ("PATCH", _) => {
                        let body: Value = serde_json::from_slice(&request.body).unwrap();
                        body["body"].as_str().unwrap().clone_into(&mut text);
                        Answer::json(&json!({}))
                    }
                    _ => test_server::ordinary(request),
                }
            }
        });
        let mut document = document(&crm.origin());
        document["meta"]["logFormat"] = format.into();
        document["operations"]["updateCallLog"]["body"] = json!({"body": "{{composedLogDetails}}"});
        let server = TestServer::start_with(&[("p", &document)], |options| options.arg("--workers").arg("1"));
        let token = server.sign_in("p", "testCrm", "1-key");
        let created = server.post("/callLog", &token, &call("s", "c1")).json();
        assert_eq!(created["successful"], true, "{created}");
        Self { server, token, text, crm }
    }

    fn update(&self, changes: &Value) -> Value {
        let mut body = json!({"sessionId": "s"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.server.send("PATCH", "/callLog", &headers, Some(body.to_string().into_bytes())).json()
    }

    fn set(&self, text: &str) {
        text.clone_into(&mut self.text.lock().unwrap());
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}

/// So long that the square of it takes minutes.
const LENGTH: usize = 200 * 1024;

/// Each of these texts is what the CRM has, and what the client sends of the call.
fn check(format: &str, units: &[&str]) {
    let logged = Logged::start(format);
    for unit in units {
        let long = unit.repeat(LENGTH / unit.len());
        while_others_are_served(&logged.server, || {
            for changes in [
                json!({"note": "hello", "aiNote": "a"}),
                json!({"note": long, "aiNote": "a", "result": "r"}),
                json!({"note": format!("{} --- END", long.replace('\n', " ")), "transcript": long}),
            ] {
                logged.set(&long);
                let updated = logged.update(&changes);
                assert_eq!(updated["successful"], true, "{unit:?}: {updated}");
            }
        });
    }
}

#[test]
fn long_plain_texts_keep_nobody_waiting() {
    check("text/plain", &["- AI Note:\n", "- Note: a\n", "\n- \n", "- Transcript:\na\n\n"]);
}

#[test]
fn long_html_texts_keep_nobody_waiting() {
    check("text/html", &["<br>", "<b>Agent notes</b><br>x", "<li><b>Result</b>: a", "&"]);
}

#[test]
fn long_markdown_texts_keep_nobody_waiting() {
    check("text/markdown", &["## Agent notes\n", "**", "### Transcript\n\n", "\n\n"]);
}

/// What is too long to be changed is not overwritten.
#[test]
fn a_record_whose_text_is_too_long_stays_as_it_is() {
    let logged = Logged::start("text/plain");
    let long = "a line\n".repeat((2 << 20) / 7 + 1);
    logged.set(&long);
    let before = logged.crm.received().len();
    let refused = logged.update(&json!({"note": "new"}));
    assert_eq!(refused["successful"], false, "{refused}");
    assert!(refused.to_string().contains("longer than 2 MiB, so nothing was changed"), "{refused}");
    assert_eq!(logged.text(), long);
    assert_eq!(logged.crm.received().len(), before + 1, "it was read, and not written");
}

/// A long transcript is no reason not to log the call, and the user learns that its end is missing.
#[test]
fn a_value_that_is_too_long_is_shortened_and_told() {
    let logged = Logged::start("text/plain");
    let long = json!({"note": "short", "transcript": "word ".repeat(60_000)});
    let updated = logged.update(&long);
    assert_eq!(updated["successful"], true, "{updated}");
    assert_eq!(updated["returnMessage"]["messageType"], "warning", "{updated}");
    assert!(updated.to_string().contains("Only the first 256 KiB of each of these were logged"), "{updated}");
    assert!(updated.to_string().contains("Transcript"), "{updated}");
    let text = logged.text();
    assert!(
        text.contains("- Note: short\n") && text.ends_with("word… (shortened)\n--- END\n"),
        "{}",
        text.len()
    );
    assert!(text.len() < 300 * 1024);
    logged.update(&long);
    assert_eq!(logged.text(), text, "the same once more changes nothing");
}
