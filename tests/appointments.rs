//! Appointments over real HTTP: against the sandbox CRM with the document that ships for it, and
//! against CRMs that fail.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document};
use app_connect::sandbox::{API_KEY, Sandbox, SandboxOptions};
use serde_json::{Value, json};

fn send(server: &TestServer, method: &str, target: &str, token: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = (method != "GET").then(|| body.to_string().into_bytes());
    server.send(method, target, &headers, body)
}

/// The sandbox CRM, a server with its document, and a user who is signed in.
struct Calendar {
    server: TestServer,
    token: String,
    _sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Calendar {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sandbox = runtime.block_on(app_connect::sandbox::start(SandboxOptions::default())).unwrap();
        let shipped = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs/sandbox.json"),
        );
        let document = shipped.unwrap().replace("http://127.0.0.1:8788", &sandbox.base_url());
        let document: Value = serde_json::from_str(&document).unwrap();
        let server = TestServer::start(&[("sandbox", &document)]);
        let token = server.sign_in("sandbox", "sandbox", API_KEY);
        Self { server, token, _sandbox: sandbox, _runtime: runtime }
    }

    #[track_caller]
    fn done(&self, method: &str, target: &str, body: &Value) -> Value {
        let reply = send(&self.server, method, target, &self.token, body);
        assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(true)), "{}", reply.text());
        reply.json()
    }

    #[track_caller]
    fn refused(&self, method: &str, target: &str, body: &Value) -> Response {
        let reply = send(&self.server, method, target, &self.token, body);
        assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(false)), "{}", reply.text());
        reply
    }
}

#[test]
fn an_appointment_lives_at_the_crm() {
    let calendar = Calendar::start();
    let days = "/appointments?startDate=2026-07-20&endDate=2026-07-20";
    assert_eq!(calendar.done("GET", days, &Value::Null)["appointments"], json!([]));
    let payload = json!({
        "title": "Strategy Call", "summary": "Agenda", "startTimeUtc": "2026-07-20T19:00:00.000Z",
        "durationMinutes": 30, "contacts": [{"id": "con-1", "type": "contact"}]
    });
    let created = calendar.done("POST", "/appointments", &json!({"payload": payload}));
    let id = created["appointmentId"].as_str().expect("an id").to_owned();
    let expected = json!({
        "id": id, "thirdPartyAppointmentId": id, "title": "Strategy Call", "description": "Agenda",
        "startTimeUtc": "2026-07-20T19:00:00Z", "durationMinutes": 30, "status": "scheduled",
        "contactId": "con-1"
    });
    assert_eq!(created["appointment"], expected);
    assert_eq!(calendar.done("GET", days, &Value::Null)["appointments"], json!([expected]));

    let one = format!("/appointments/{id}");
    let changed = calendar.done("PATCH", &one, &json!({"patch": {"title": "Talk"}}));
    assert_eq!(
        (&changed["appointment"]["title"], &changed["appointment"]["description"]),
        (&json!("Talk"), &json!("Agenda"))
    );
    // The older form of a new time.
    let moved = json!({"startTime": "2026-07-20T22:00:00+02:00", "durationMinutes": 45});
    let moved = calendar.done("PATCH", &one, &moved);
    assert_eq!(moved["appointment"]["startTimeUtc"], "2026-07-20T20:00:00Z");
    assert_eq!(moved["appointment"]["durationMinutes"], 45);

    let set = calendar.done("POST", &format!("{one}/status"), &json!({"status": "CONFIRMED"}));
    assert_eq!(set["appointment"]["status"], "confirmed");
    let set = calendar.done("POST", &format!("{one}/status"), &json!({"status": "scheduled"}));
    assert_eq!(set["appointment"]["status"], "scheduled");
    let confirmed = calendar.done("POST", &format!("{one}/confirm"), &json!({}));
    assert_eq!(
        (&confirmed["appointmentId"], &confirmed["appointment"]["status"]),
        (&json!(id), &json!("confirmed"))
    );
    let read = calendar.done("GET", &format!("{one}/refresh"), &Value::Null);
    assert_eq!(
        (&read["appointment"]["title"], &read["appointment"]["status"]),
        (&json!("Talk"), &json!("confirmed"))
    );
    let unknown = calendar.refused("POST", &format!("{one}/status"), &json!({"status": "tentative"}));
    assert!(unknown.details().contains("status"), "{}", unknown.text());
    let cancelled = calendar.done("POST", &format!("{one}/cancel"), &json!({}));
    assert_eq!(cancelled["appointment"]["status"], "cancelled");

    // What the CRM does not do is told in its words.
    let late = calendar.refused("POST", &format!("{one}/confirm"), &json!({}));
    assert_eq!(late.message()["message"], "Error performing confirmAppointment");
    assert!(late.details().contains("create another one"), "{}", late.text());
    let gone = calendar.refused("GET", "/appointments/apt-999/refresh", &Value::Null);
    assert!(gone.details().contains("no such record"), "{}", gone.text());
    // An id is one segment of the CRM's path, whatever is in it.
    let odd = calendar.refused("GET", "/appointments/..%2Fusers%2Fusr-1/refresh", &Value::Null);
    assert!(odd.details().contains("no such record"), "{}", odd.text());
}

/// The CRM is not asked about what cannot be meant.
#[test]
fn requests_are_checked_before_the_crm_is_asked() {
    let (server, token, crm) = start(|_| Answer::json(&json!({})));
    let before = crm.received().len();
    for (method, target, body, error, place) in [
        ("POST", "/appointments", json!({}), "create request", json!([])),
        ("POST", "/appointments", json!({"title": "x"}), "create request", json!(["summary"])),
        (
            "PATCH",
            "/appointments/a",
            json!({"patch": {"x": 1, "title": "t"}}),
            "patch request",
            json!(["patch", "x"]),
        ),
        ("POST", "/appointments/a/status", json!({"status": ""}), "status request", json!(["status"])),
        ("GET", "/appointments?startDate=2026-07-20", Value::Null, "date range", json!(["endDate"])),
        (
            "GET",
            "/appointments?endDate=soon&startDate=2026-07-20",
            Value::Null,
            "date range",
            json!(["endDate"]),
        ),
    ] {
        let reply = send(&server, method, target, &token, &body);
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(reply.json()["error"], format!("Invalid appointment {error}"), "{body}");
        assert_eq!(reply.json()["details"][0]["path"], place, "{}", reply.text());
        assert!(reply.json()["details"][0]["message"].is_string());
    }
    assert_eq!(crm.received().len(), before);
}

/// A document with every operation, for a CRM that answers anything about appointments with `answer`.
fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> (TestServer, String, Crm) {
    let crm = Crm::start(move |request: &Request| match request.path() {
        path if path.starts_with("/v1/appointments") => answer(request),
        _ => test_server::ordinary(request),
    });
    let mut document = document(&crm.origin());
    let item = json!({
        "idPath": "body.id", "titlePath": "body.title", "statusPath": "body.status",
        "startTimeUtcPath": "body.start"
    });
    for (operation, method, path) in [
        ("createAppointment", "POST", ""),
        ("updateAppointment", "PATCH", "/{{appointmentId}}"),
        ("refreshAppointment", "GET", "/{{appointmentId}}"),
        ("confirmAppointment", "POST", "/{{appointmentId}}/confirm"),
        ("cancelAppointment", "POST", "/{{appointmentId}}/cancel"),
    ] {
        document["operations"][operation] =
            json!({"method": method, "url": format!("/appointments{path}"), "responseMapping": item});
    }
    document["operations"]["createAppointment"]["body"] = json!({"title": "{{payload.title}}"});
    document["operations"]["updateAppointment"]["body"] = json!({"title": "{{patchBody.title}}"});
    document["operations"]["listAppointments"] = json!({
        "method": "GET", "url": "/appointments", "query": {"from": "{{range.startDate}}"},
        "responseMapping": {"listPath": "body.all", "item": {"idPath": "id", "titlePath": "title"}}
    });
    let server = TestServer::start(&[("crm", &document)]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    (server, token, crm)
}

const NEW: &str = r#"{"title":"Call","summary":"","startTimeUtc":"2026-07-20T19:00Z","durationMinutes":5}"#;

/// One request of each kind that reaches the CRM.
fn requests() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET", "/appointments", Value::Null),
        ("POST", "/appointments", serde_json::from_str(NEW).unwrap()),
        ("PATCH", "/appointments/7", json!({"title": "New"})),
        ("GET", "/appointments/7/refresh", Value::Null),
        ("POST", "/appointments/7/confirm", json!({})),
        ("POST", "/appointments/7/cancel", json!({})),
    ]
}

#[test]
fn failures_are_told_in_words_and_nothing_is_promised() {
    type Case = (fn(&Request) -> Answer, &'static str, &'static str);
    let cases: [Case; 4] = [
        (|_| Answer::json(&json!({})).status(401), "Authorization error", "authorization of testCrm"),
        (
            |_| Answer::json(&json!({})).status(429).with("Retry-After", "30"),
            "Rate limit exceeded",
            "30 seconds",
        ),
        (
            |_| Answer::json(&json!({"message": "The room is taken"})).status(422),
            "Error",
            "The room is taken",
        ),
        (|_| Answer::json(&json!({})).status(500), "Error", "testCrm failed (HTTP 500)"),
    ];
    for (answer, headline, detail) in cases {
        let (server, token, crm) = start(answer);
        for (method, target, body) in requests() {
            let before = crm.received().len();
            let reply = send(&server, method, target, &token, &body);
            let said = format!("{method} {target}: {}", reply.text());
            assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(false)), "{said}");
            assert_eq!(reply.message()["messageType"], "warning", "{said}");
            assert!(reply.message()["message"].as_str().unwrap().starts_with(headline), "{said}");
            assert!(reply.text().contains(detail), "{said}");
            assert!(reply.json().get("appointmentId").is_none(), "{said}");
            assert_eq!(crm.received().len(), before + 1, "{said}");
        }
    }
}

/// Nobody knows whether it was created, and that is what is said.
#[test]
fn a_creation_without_an_answer_may_have_happened() {
    let (server, token, crm) = start(|_| Answer::reset());
    let body: Value = serde_json::from_str(NEW).unwrap();
    let reply = send(&server, "POST", "/appointments", &token, &body);
    assert_eq!(reply.json()["successful"], false, "{}", reply.text());
    assert!(reply.details().contains("may have been created"), "{}", reply.text());
    assert_eq!(crm.count("/v1/appointments"), 1, "it is not sent again");
}

/// CRMs that answer with little, or nothing.
#[test]
fn what_the_crm_does_not_show_is_not_made_up() {
    let (server, token, _crm) = start(|_| Answer::text("text/plain", "").status(204));
    let ask = |method: &str, target: &str, body: &Value| send(&server, method, target, &token, body).json();
    let created = ask("POST", "/appointments", &serde_json::from_str(NEW).unwrap());
    assert_eq!(created["successful"], false, "{created}");
    assert!(created["returnMessage"]["message"].as_str().unwrap().contains("idPath"), "{created}");
    assert_eq!(
        ask("PATCH", "/appointments/7", &json!({"title": "New"})),
        json!({"successful": true, "appointmentId": "7", "appointment": {"id": "7"}})
    );
    assert_eq!(ask("GET", "/appointments/7/refresh", &Value::Null)["successful"], false);
    for (action, words) in [("confirm", "Appointment confirmed"), ("cancel", "Appointment cancelled")] {
        let message = json!({"message": words, "messageType": "success", "ttl": 5000});
        let expected = json!({"successful": true, "appointmentId": "7", "returnMessage": message});
        assert_eq!(ask("POST", &format!("/appointments/7/{action}"), &json!({})), expected);
    }
    assert_eq!(ask("GET", "/appointments", &Value::Null), json!({"successful": true, "appointments": []}));

    // A page is no calendar.
    let (server, token, _crm) = start(|_| Answer::text("text/html", "<p>Please sign in</p>"));
    for (method, target, body) in requests()
        .into_iter()
        .filter(|(_, target, _)| matches!(*target, "/appointments" | "/appointments/7/refresh"))
    {
        let reply = send(&server, method, target, &token, &body);
        assert_eq!(reply.json()["successful"], false, "{method} {target}: {}", reply.text());
    }

    // A number stays a number, and an item without an id is none.
    let (server, token, _crm) = start(|_| {
        Answer::json(&json!({"id": 7, "title": "Call", "all": [{"id": 7, "title": "Call"}, {"title": "?"}]}))
    });
    let created = send(&server, "POST", "/appointments", &token, &serde_json::from_str(NEW).unwrap()).json();
    assert_eq!(created["appointmentId"], 7, "{created}");
    let listed = send(&server, "GET", "/appointments", &token, &Value::Null).json();
    assert_eq!(listed["appointments"].as_array().map(Vec::len), Some(1), "{listed}");
}

/// `updateAppointment` of this document sends a title and nothing else: as a change of status it would
/// be answered as done.
#[test]
fn a_status_that_the_document_does_not_send_is_refused() {
    let (server, token, crm) = start(|_| Answer::json(&json!({"id": 7, "title": "Call"})));
    let reply = send(&server, "POST", "/appointments/7/status", &token, &json!({"status": "confirmed"}));
    assert_eq!(reply.json()["successful"], false, "{}", reply.text());
    assert_eq!(reply.message()["message"], "testCrm does not take a status of appointments.");
    assert_eq!(crm.count("/v1/appointments"), 0);
}

#[test]
fn without_the_operations_or_a_session_at_the_crm_nothing_is_asked() {
    let crm = Crm::start(test_server::ordinary);
    let server = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = server.sign_in("crm", "testCrm", "1-key");
    let asked = crm.received().len();
    for (method, target, body) in requests() {
        let reply = send(&server, method, target, &token, &body);
        assert_eq!(reply.json()["successful"], false, "{method} {target}: {}", reply.text());
        assert!(reply.message()["message"].as_str().unwrap().starts_with("Error"), "{}", reply.text());
    }
    assert_eq!(crm.received().len(), asked);
    assert_eq!(server.post("/unAuthorize", &token, &json!({})).status, 200);
    for (method, target, body) in requests() {
        let reply = send(&server, method, target, &token, &body);
        assert_eq!(reply.message()["message"], "User not found", "{method} {target}: {}", reply.text());
    }
}
