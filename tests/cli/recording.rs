//! `record`: cases from live calls to the sandbox CRM.
use super::{Run, run, start};
use crate::support::crm::{Answer, Crm};
use crate::support::test_server::{self, document, pretty};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;

/// What must never be in a case.
const PERSONAL: &[&str] =
    &["Grace", "Hopper", "4154561234", "456-1234", "6282349876", "navy", "sandbox-key", "c2FuZGJveC1rZXk6"];

/// The sandbox CRM with a person in it, and its connector in a folder.
struct Sandbox {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
    /// The person's id.
    contact: String,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sandbox {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = start(folder.path(), &["sandbox", "--listen", "127.0.0.1:0"], &[]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address: SocketAddr = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs/sandbox.json");
        let text = fs::read_to_string(shipped).unwrap().replace("127.0.0.1:8788", &address.to_string());
        fs::write(folder.path().join("crm.json"), text).unwrap();
        let mut sandbox = Self { child, address, folder, contact: String::new() };
        sandbox.contact = sandbox.post(
            "/api/v1/contacts",
            &json!({"name": "Grace Hopper", "phones": ["+14154561234", "+16282349876"], "type": "Contact",
                    "company": "Old Navy Yard", "email": "grace@navy.mil", "title": "Friend of Grace"}),
        );
        sandbox.write("me.json", &json!({"accessToken": "sandbox-key", "id": "usr-1", "platform": "crm"}));
        sandbox
    }

    fn post(&self, target: &str, body: &Value) -> String {
        let headers = [("Authorization", "Bearer sandbox-key"), ("Content-Type", "application/json")];
        let text = body.to_string();
        let reply =
            test_server::try_send(self.address, "POST", target, &headers, Some(text.into_bytes())).unwrap();
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        serde_json::from_slice::<Value>(&reply.body).unwrap()["id"].as_str().unwrap().to_owned()
    }

    fn write(&self, file: &str, value: &Value) {
        fs::write(self.folder.path().join(file), value.to_string()).unwrap();
    }

    fn record(&self, operation: &str, input: &Value, more: &[&str]) -> Run {
        self.write("input.json", input);
        let mut arguments =
            vec!["record", "crm.json", operation, "--input", "input.json", "--user", "me.json"];
        arguments.push("--allow-private-network");
        arguments.extend(more);
        run(self.folder.path(), &arguments)
    }

    /// A file of a case, without the sandbox's address, which is another one each time.
    fn read(&self, case: &str, file: &str) -> Value {
        let path = self.folder.path().join("crm.cases").join(case).join(file);
        let text = fs::read_to_string(path).unwrap();
        serde_json::from_str(&text.replace(&self.address.to_string(), "CRM")).unwrap()
    }

    fn assert_clean(&self, case: &str) {
        for file in fs::read_dir(self.folder.path().join("crm.cases").join(case)).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for word in PERSONAL {
                assert!(!text.contains(word), "{} holds {word}:\n{text}", path.display());
            }
        }
    }

    fn assert_passes(&self, cases: usize) {
        let test = run(self.folder.path(), &["test", "crm.json", "--format", "json"]);
        assert_eq!(test.code, Some(0), "{}{}", test.out, test.err);
        let report: Value = serde_json::from_str(&test.out).unwrap();
        assert_eq!(report["summary"]["passed"], cases);
    }
}

#[test]
fn a_search_becomes_a_case_without_personal_data() {
    let sandbox = Sandbox::start();
    let recorded = sandbox.record("findContact", &json!({"phoneNumber": "+14154561234"}), &[]);
    assert_eq!((recorded.code, recorded.err.as_str()), (Some(0), ""), "{}", recorded.out);
    insta::assert_snapshot!("record_find_contact", recorded.out);
    sandbox.assert_clean("find-contact");
    sandbox.assert_passes(1);
    let (request, reply) =
        (sandbox.read("find-contact", "request.json"), sandbox.read("find-contact", "response.json"));
    assert_eq!(request["url"], "http://CRM/api/v1/contacts?phone=%2B12025550100&limit=100");
    let contact = &reply["body"]["contacts"][0];
    assert_eq!(contact["phones"], json!(["+12025550100", "+12025550101"]));
    assert_eq!(
        (&contact["name"], &contact["title"], &contact["company"], &contact["id"]),
        (
            &json!("Alex Example"),
            &json!("Friend of Alex"),
            &json!("Example Company 1"),
            &json!(sandbox.contact)
        )
    );
    assert_eq!(reply["headers"], json!({"content-type": "application/json"}));
    assert_eq!(sandbox.read("find-contact", "result.json")["result"][0]["phone"], "+12025550100");
}

#[test]
fn a_logged_call_and_a_failure_become_cases() {
    let sandbox = Sandbox::start();
    let input = json!({
        "contactInfo": {"id": sandbox.contact, "name": "Grace Hopper", "phoneNumber": "+14154561234"},
        "callLog": {"sessionId": "1001", "direction": "Outbound", "duration": 61, "result": "Call connected",
                    "from": {"phoneNumber": "+16282349876"}, "to": {"name": "Grace Hopper"}},
        "subject": "Outbound call to Grace Hopper", "note": "Grace wants a widget; write to grace@navy.mil",
        "composedLogDetails": "- Number: (415) 456-1234\n- Project Moonbeam",
        "startTime": "2026-07-01T10:00:00.000Z", "endTime": "2026-07-01T10:01:01.000Z",
    });
    let recorded = sandbox.record("createCallLog", &input, &["--name", "logged", "--redact", "Moonbeam"]);
    assert_eq!(recorded.code, Some(0), "{}{}", recorded.out, recorded.err);
    sandbox.assert_clean("logged");
    let body = &sandbox.read("logged", "request.json")["body"];
    assert_eq!(body["subject"], "Outbound call to Alex Example");
    assert_eq!(body["description"], "- Number: (202) 555-0100\n- Project redacted1");
    assert_eq!(body["note"], "Alex wants a widget; write to person1@example.com");
    assert_eq!(body["started_at"], "2026-07-01T10:00:00.000Z");
    assert_eq!(sandbox.read("logged", "response.json")["body"]["subject"], body["subject"]);
    assert_eq!(sandbox.read("logged", "input.json")["idempotencyKey"], "5f0c6a1e9b7d4c2f8a3e1d0b9c8f7e6a");
    let missing = sandbox.record("getCallLog", &json!({"thirdPartyLogId": "act-999"}), &["--name", "gone"]);
    assert_eq!(missing.code, Some(0), "{}{}", missing.out, missing.err);
    assert!(missing.out.starts_with("getCallLog answered HTTP 404; "), "{}", missing.out);
    assert_eq!(sandbox.read("gone", "result.json")["failure"]["kind"], 404);
    sandbox.assert_passes(2);
}

#[test]
fn nothing_is_overwritten_and_nothing_sent_for_nothing() {
    let crm = Crm::start(|_| Answer::json(&json!({"contacts": []})).with("Set-Cookie", "session=secret"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("crm.json"), pretty(&document(&crm.origin()))).unwrap();
    fs::write(path.join("in.json"), r#"{"phoneNumber": "+14154561234", "apiKey": "averysecretkey"}"#)
        .unwrap();
    let record = |more: &[&str]| {
        let mut arguments = vec!["record", "crm.json", "findContact", "--input", "in.json"];
        arguments.extend(more);
        run(path, &arguments)
    };
    let guarded = record(&[]);
    assert_eq!(guarded.code, Some(1), "{}", guarded.out);
    assert!(!path.join("crm.cases").exists());
    assert_eq!(record(&["--allow-private-network"]).code, Some(0));
    assert_eq!(crm.received().len(), 1);
    let case = path.join("crm.cases/find-contact");
    fs::write(case.join("result.json"), "by hand").unwrap();
    let refused = record(&["--allow-private-network"]);
    assert_eq!(refused.code, Some(2));
    insta::assert_snapshot!("record_refuses", refused.err);
    assert_eq!(crm.received().len(), 1, "nothing is sent for nothing");
    assert_eq!(fs::read_to_string(case.join("result.json")).unwrap(), "by hand");
    let forced = record(&["--allow-private-network", "--force"]);
    assert_eq!(forced.code, Some(0), "{}{}", forced.out, forced.err);
    assert_eq!(fs::read_dir(path.join("crm.cases")).unwrap().count(), 1, "nothing is left beside it");
    let response = fs::read_to_string(case.join("response.json")).unwrap();
    assert!(!response.contains("session") && response.contains("application/json"), "{response}");
    for name in ["", ".hidden", "a/b", "..", "a b"] {
        assert_eq!(record(&["--allow-private-network", "--name", name]).code, Some(2), "{name:?}");
    }
}
