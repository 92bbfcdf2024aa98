//! Plays a case against the real binary, and says what was not as expected.
use super::case::{Case, Finding, Step};
use super::crm;
use crate::support::client::Response;
use crate::support::crm::{Crm, Request};
use crate::support::test_server::{TestServer, until};
use serde_json::{Map, Value, json};
use std::process::Command;

/// How much of a text that is not as expected is shown, in characters.
const SHOWN: usize = 1500;

/// Who `call` asks for, where a case does not say.
fn usual_user() -> Value {
    json!({"accessToken": "key-1", "id": "77", "timezoneName": "America/New_York", "timezoneOffset": "-05:00"})
}

/// A case that is played.
struct Trial<'a> {
    case: &'a Case,
    /// The document as it is now.
    document: Value,
    crm: Crm,
    /// How many of the CRM's requests are forgotten.
    forgotten: usize,
    folder: tempfile::TempDir,
    server: Option<TestServer>,
    token: String,
    problems: Vec<String>,
}

/// Plays every step, and goes on where one is not as expected.
///
/// # Errors
/// What was not as expected, by step.
pub fn play(case: &Case) -> Result<(), Vec<String>> {
    let crm = crm::start(&case.crm);
    let mut trial = Trial {
        case,
        document: case.document.clone(),
        crm,
        forgotten: 0,
        folder: tempfile::tempdir().unwrap(),
        server: None,
        token: String::new(),
        problems: Vec::new(),
    };
    trial.write_document(&case.document);
    for (index, step) in case.steps.iter().enumerate() {
        let before = trial.problems.len();
        trial.step(step);
        for problem in &mut trial.problems[before..] {
            *problem = format!("step {}: {problem}", index + 1);
        }
    }
    if trial.problems.is_empty() { Ok(()) } else { Err(trial.problems) }
}

impl Trial<'_> {
    fn step(&mut self, step: &Step) {
        if let Some(findings) = &step.validate {
            self.validate(findings);
        } else if let Some(operation) = &step.call {
            self.call(operation, step);
        } else if let Some(members) = &step.login {
            let reply = self.log_in(members);
            self.compare_reply(step, &reply);
        } else if let Some(request) = &step.request {
            let (method, target) = request.split_once(' ').expect("a method and a target");
            let reply = self.ask(method, &self.filled_text(target), step.body.as_ref());
            self.compare_reply(step, &reply);
        } else if let Some(session_id) = &step.log_call {
            let reply = self.ask("POST", "/callLog", Some(&call(session_id, &step.with)));
            self.compare_reply(step, &reply);
        } else if let Some(text) = &step.sent {
            self.sent(text, step);
        } else if let Some(document) = &step.document {
            self.replace_document(document);
        } else if step.forget {
            self.forgotten = self.crm.received().len();
        } else if let Some(wait) = step.wait_ms {
            std::thread::sleep(std::time::Duration::from_millis(wait));
        } else {
            self.problems.push("the step does nothing".to_owned());
        }
    }

    fn filled_text(&self, text: &str) -> String {
        let origin = self.crm.origin();
        let host = origin.trim_start_matches("http://").to_owned();
        text.replace("${crm.host}", &host).replace("${crm}", &origin)
    }

    fn filled(&self, value: &Value) -> Value {
        let text = self.filled_text(&value.to_string());
        serde_json::from_str(&text).expect("JSON as before")
    }

    fn document_path(&self) -> std::path::PathBuf {
        self.folder.path().join("acme.json")
    }

    fn write_document(&self, document: &Value) {
        let text = serde_json::to_string_pretty(&self.filled(document)).unwrap();
        std::fs::write(self.document_path(), text).unwrap();
    }

    /// Writes another document. A server that is running serves it from then on; one that is started
    /// later begins with it.
    fn replace_document(&mut self, document: &Value) {
        self.write_document(document);
        self.document = document.clone();
        let filled = self.filled(document);
        let Some(server) = &self.server else { return };
        let before = server.state("acme")["activeRevision"].clone();
        server.write("acme", &filled);
        server.wait_for_state("acme", |state| state["activeRevision"] != before);
    }

    fn command(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_app-connect"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.case.serve.env.iter().map(|(name, value)| (name, self.filled_text(value))))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn validate(&mut self, wanted: &[Finding]) {
        let (_, out, err) = self.command(&["validate", "acme.json", "--format", "json"]);
        let report: Value = serde_json::from_str(&out).unwrap_or_default();
        let Some(files) = report["files"].as_array() else {
            return self.problems.push(format!("`validate` said {out}{err}"));
        };
        let found: Vec<&Value> = files
            .iter()
            .flat_map(|file| file["diagnostics"].as_array().into_iter().flatten())
            .filter(|finding| finding["code"] != "AC080" && finding["code"] != "AC050")
            .collect();
        let fits = |finding: &Value, wanted: &Finding| {
            let text = |member: &str| finding[member].as_str().unwrap_or_default().to_owned();
            let said = format!("{} {}", text("message"), text("help"));
            finding["code"] == wanted.code.as_str()
                && wanted.pointer.as_ref().is_none_or(|pointer| finding["pointer"] == pointer.as_str())
                && wanted.has.as_ref().is_none_or(|text| said.contains(text))
        };
        let missing = wanted.iter().filter(|wanted| !found.iter().any(|finding| fits(finding, wanted)));
        let further = found.iter().filter(|finding| !wanted.iter().any(|wanted| fits(finding, wanted)));
        let problems: Vec<String> = missing
            .map(|wanted| format!("`validate` does not find {wanted:?}"))
            .chain(further.map(|finding| format!("`validate` finds {finding}")))
            .collect();
        self.problems.extend(problems);
    }

    fn call(&mut self, operation: &str, step: &Step) {
        let write = |name: &str, value: &Value| {
            std::fs::write(self.folder.path().join(name), self.filled(value).to_string()).unwrap();
        };
        write("input.json", step.input.as_ref().unwrap_or(&json!({})));
        write("user.json", step.user.as_ref().unwrap_or(&usual_user()));
        let (code, out, err) = self.command(&[
            "call",
            "acme.json",
            operation,
            "--input",
            "input.json",
            "--user",
            "user.json",
            "--allow-private-network",
        ]);
        self.compare(step, code, &format!("{out}{err}"));
    }

    fn server(&mut self) -> &TestServer {
        if self.server.is_none() {
            let document = self.filled(&self.document);
            let env: Vec<_> = self
                .case
                .serve
                .env
                .iter()
                .map(|(name, value)| (name.clone(), self.filled_text(value)))
                .collect();
            let args: Vec<_> = self.case.serve.args.iter().map(|arg| self.filled_text(arg)).collect();
            self.server = Some(TestServer::start_with(&[("acme", &document)], |options| {
                let options = options.env("ADMIN_TOKEN", crate::support::test_server::ADMIN_TOKEN);
                let options =
                    env.into_iter().fold(options, |options, (name, value)| options.env(name, value));
                args.into_iter().fold(options, |options, arg| options.arg(arg))
            }));
        }
        self.server.as_ref().expect("just started")
    }

    fn log_in(&mut self, members: &Map<String, Value>) -> Response {
        let mut login = json!({"platform": "myCrm", "proxyId": "acme", "apiKey": "key-1"});
        let members = self.filled(&Value::Object(members.clone()));
        login.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let reply = self.server().send_login(&login);
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if let Some(token) = body["jwtToken"].as_str() {
            token.clone_into(&mut self.token);
        }
        reply
    }

    fn ask(&mut self, method: &str, target: &str, body: Option<&Value>) -> Response {
        let bearer = format!("Bearer {}", self.token);
        let body = body.map(|body| self.filled(body).to_string().into_bytes());
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let headers = if body.is_some() { &headers[..] } else { &headers[..1] };
        self.server().send(method, target, headers, body)
    }

    fn compare_reply(&mut self, step: &Step, reply: &Response) {
        self.compare(step, Some(i32::from(reply.status)), &reply.text());
        let Some(wanted) = &step.json else { return };
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if !has_members(&body, &self.filled(wanted)) {
            self.problems.push(format!("not {wanted} but {}", short(&reply.text())));
        }
    }

    fn compare(&mut self, step: &Step, status: Option<i32>, said: &str) {
        if step.status.is_some() && step.status != status {
            self.problems.push(format!("status {status:?}: {}", short(said)));
        }
        self.compare_text(step, said);
    }

    fn compare_text(&mut self, step: &Step, said: &str) {
        let filled = |texts: &[String]| texts.iter().map(|text| self.filled_text(text)).collect::<Vec<_>>();
        let (has, lacks) = (filled(&step.has), filled(&step.lacks));
        let missing = has.iter().filter(|text| !said.contains(*text)).map(|text| format!("no `{text}`"));
        let further =
            lacks.iter().filter(|text| said.contains(*text)).map(|text| format!("there is `{text}`"));
        self.problems.extend(missing.chain(further).map(|problem| format!("{problem} in: {}", short(said))));
    }

    fn sent(&mut self, text: &str, step: &Step) {
        let text = self.filled_text(text);
        let counted = || {
            let received = self.crm.received();
            received[self.forgotten..].iter().filter(|request| line(request).contains(&text)).count()
        };
        if let Some(wanted) = step.count {
            // Work that goes on after the client has its reply is waited for.
            let mut count = counted();
            if count < wanted {
                let patience = std::time::Instant::now() + std::time::Duration::from_secs(5);
                until("the wanted requests", || {
                    count = counted();
                    count >= wanted || std::time::Instant::now() > patience
                });
            }
            if count != wanted {
                self.problems.push(format!("{count} requests with `{text}`: {}", short(&self.lines())));
            }
        }
        if step.has.is_empty() && step.lacks.is_empty() {
            return;
        }
        let received = self.crm.received();
        match received[self.forgotten..].iter().rev().find(|request| line(request).contains(&text)) {
            None => self.problems.push(format!("no request with `{text}`: {}", short(&self.lines()))),
            Some(request) => {
                let headers: Vec<_> =
                    request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                self.compare_text(step, &format!("{}\n{}", line(request), headers.join("\n")));
            }
        }
    }

    fn lines(&self) -> String {
        let received = self.crm.received();
        received[self.forgotten..].iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn line(request: &Request) -> String {
    format!("{} {} {}", request.method, request.target, String::from_utf8_lossy(&request.body))
}

fn short(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// An outbound call with a contact.
fn call(session_id: &str, with: &Map<String, Value>) -> Value {
    let mut body = json!({
        "logInfo": {
            "sessionId": session_id, "direction": "Outbound", "startTime": 1_700_000_000_000_i64, "duration": 65,
            "from": {"phoneNumber": "+14155550100"}, "to": {"phoneNumber": "+14155550123"},
            "result": "Call connected"
        },
        "contactId": "5", "contactName": "Ada"
    });
    body.as_object_mut().expect("an object").extend(with.clone());
    body
}

/// Whether `value` has everything that `wanted` has; lists are compared item by item.
fn has_members(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| value.get(name).is_some_and(|value| has_members(value, wanted))),
        (Value::Array(value), Value::Array(wanted)) => {
            value.len() == wanted.len()
                && value.iter().zip(wanted).all(|(value, wanted)| has_members(value, wanted))
        }
        (value, wanted) => value == wanted,
    }
}
