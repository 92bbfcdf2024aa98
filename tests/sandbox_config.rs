//! Every operation of `proxy-configs/sandbox.json` over real HTTP against the sandbox CRM.

use std::fs;
use std::path::Path;

use app_connect::config::operations::OperationName;
use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::failure::Failure;
use app_connect::engine::inputs::Inputs;
use app_connect::engine::load;
use app_connect::engine::operation::CompiledDocument;
use app_connect::engine::send::{Client, ClientOptions};
use app_connect::engine::{render, send};
use app_connect::sandbox::{API_KEY, Sandbox, SandboxOptions, start};
use serde_json::{Map, Value, json};

/// A sandbox, the connector that ships for it, and a user who has connected.
struct Connected {
    sandbox: Sandbox,
    config: CompiledDocument,
    client: Client,
    credential: String,
    ran: std::cell::RefCell<Vec<OperationName>>,
}

impl Connected {
    async fn new() -> Self {
        let sandbox = start(SandboxOptions::default()).await.unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs/sandbox.json");
        let text = fs::read_to_string(path).unwrap();
        let shipped = "http://127.0.0.1:8788/api/v1";
        assert!(text.contains(&format!("\"baseUrl\": \"{shipped}\"")));
        let text = text.replace(shipped, &format!("{}/api/v1", sandbox.base_url()));
        let config = load::load("sandbox.json", &text, &|_| None).config.unwrap();
        let client =
            Client::new(&ClientOptions { egress: EgressPolicy::AllowPrivate, ..Default::default() }).unwrap();
        Self { sandbox, config, client, credential: API_KEY.to_owned(), ran: Default::default() }
    }

    /// Runs an operation: the result as JSON, and no mapping problem on the way.
    async fn run(&self, name: OperationName, input: Value) -> Value {
        match self.attempt(name, input).await {
            Ok(result) => result,
            Err(failure) => panic!("{name}: {failure}"),
        }
    }

    async fn attempt(&self, name: OperationName, input: Value) -> Result<Value, Failure> {
        self.ran.borrow_mut().push(name);
        let operation = self.config.operation(name).unwrap();
        let mut object: Map<String, Value> = input.as_object().unwrap().clone();
        object.insert("apiKey".to_owned(), json!(self.credential));
        object.insert("user".to_owned(), json!({"id": "usr-1", "platform": "sandbox"}));
        let inputs = Inputs::from_object(&object);
        let spec = render(operation, &inputs).unwrap();
        let response = send(&self.client, &spec).await?;
        let (mapped, problems) = operation.map(&response, &inputs).unwrap();
        assert_eq!(problems, [], "{name}");
        Ok(serde_json::to_value(mapped).unwrap())
    }

    /// A record as the CRM itself shows it.
    async fn record(&self, path: &str) -> Value {
        let url = format!("{}/api/v1{path}", self.sandbox.base_url());
        let response = reqwest::Client::new().get(url).bearer_auth(API_KEY).send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn find(&self, number: &str) -> Vec<Value> {
        let found = self.run(OperationName::FIND_CONTACT, json!({"phoneNumber": number})).await;
        found.as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn every_operation_works_against_the_sandbox() {
    let crm = Connected::new().await;
    sign_in(&crm).await;
    contacts(&crm).await;
    calls(&crm).await;
    messages(&crm).await;
    appointments(&crm).await;
    account(&crm).await;
    assert_eq!(crm.run(OperationName::UN_AUTHORIZE, json!({})).await, json!({}));
    let ran = crm.ran.take();
    for operation in crm.config.operations() {
        assert!(ran.contains(&operation.name), "{} was not run", operation.name);
    }
    crm.sandbox.stop().await;
}

async fn sign_in(crm: &Connected) {
    let alex = json!({
        "id": "usr-1",
        "name": "Alex Sandbox",
        "timezoneName": "America/Los_Angeles",
        "platformAdditionalInfo": {"role": "admin", "email": "alex@example.com"},
    });
    assert_eq!(crm.run(OperationName::GET_USER_INFO, json!({})).await, alex);
    assert_eq!(crm.run(OperationName::REFRESH_USER_INFO, json!({})).await, alex);
    let valid = crm.run(OperationName::AUTH_VALIDATION, json!({})).await;
    assert_eq!(valid, json!({"successful": true, "status": 200}));
}

async fn contacts(crm: &Connected) {
    let found = crm.find("+14155550103").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["id"], &found[0]["name"], &found[0]["phone"], &found[0]["type"], &found[0]["company"]),
        (
            &json!("con-3"),
            &json!("Lena Lead"),
            &json!("+14155550103"),
            &json!("Lead"),
            &json!("Nowhere Bakery")
        )
    );
    assert_eq!(crm.find("+14155550101").await.len(), 2, "a shared number");
    assert_eq!(crm.find("+442079460123").await[0]["name"], "Imogen Fiction");
    assert_eq!(crm.find("+14155550199").await, Vec::<Value>::new());

    let named = crm.run(OperationName::FIND_CONTACT_WITH_NAME, json!({"name": " óscar o'p "})).await;
    assert_eq!((named.as_array().unwrap().len(), &named[0]["name"]), (1, &json!("Óscar O'Placeholder")));

    let new = json!({"newContactName": "Nina \"New\" Müller", "newContactType": "Lead", "phoneNumber": "(415) 555-0106"});
    let created = crm.run(OperationName::CREATE_CONTACT, new).await;
    assert_eq!(created, json!({"id": "con-7", "name": "Nina \"New\" Müller", "type": "Lead"}));
    let found = crm.find("+14155550106").await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &json!("con-7")));
}

async fn calls(crm: &Connected) {
    let note = "Asked: \"price < 5?\"\nnaïve café ☎";
    let call = json!({
        "contactInfo": {"id": "con-3", "name": "Lena Lead", "type": "Lead", "phoneNumber": "+14155550103"},
        "callLog": {"sessionId": "4503991", "direction": "Outbound", "duration": 65, "result": "Call connected"},
        "subject": "Outbound Call to Lena Lead",
        "note": note,
        "startTime": "2026-03-02T10:00:00.000Z",
        "endTime": "2026-03-02T10:01:05.000Z",
        "composedLogDetails": format!("- Note: {note}\n"),
        "recordingLink": null,
    });
    let logged = crm.run(OperationName::CREATE_CALL_LOG, call).await;
    assert_eq!(logged, json!({"logId": "act-1"}));
    let id = json!({"thirdPartyLogId": "act-1"});
    let read = crm.run(OperationName::GET_CALL_LOG, id.clone()).await;
    assert_eq!(
        (&read["subject"], &read["note"], &read["fullBody"]),
        (&json!("Outbound Call to Lena Lead"), &json!(note), &json!(format!("- Note: {note}\n")))
    );
    let record = &read["fullLogResponse"];
    assert_eq!((&record["direction"], &record["duration_seconds"]), (&json!("outbound"), &json!(65)));
    assert_eq!(
        (&record["external_id"], &record["ended_at"]),
        (&json!("4503991"), &json!("2026-03-02T10:01:05Z"))
    );

    let update = json!({
        "thirdPartyLogId": "act-1",
        "composedLogDetails": "- Note: With recording\n",
        "recordingLink": "https://recording.example.com/1",
    });
    crm.run(OperationName::UPDATE_CALL_LOG, update).await;
    let disposition =
        json!({"thirdPartyLogId": "act-1", "dispositions": {"disposition": "Interested", "note": "In May"}});
    crm.run(OperationName::UPSERT_CALL_DISPOSITION, disposition).await;
    let read = crm.run(OperationName::GET_CALL_LOG, id).await;
    let record = &read["fullLogResponse"];
    assert_eq!(read["subject"], "Outbound Call to Lena Lead", "what an update does not name stays");
    assert_eq!(record["recording_url"], "https://recording.example.com/1");
    assert_eq!((&record["disposition"], &read["note"]), (&json!("Interested"), &json!("In May")));
    assert_eq!(read["fullBody"], "- Note: With recording\n");
    let found = crm.find("+14155550103").await;
    assert_eq!(found[0]["mostRecentActivityDate"], "2026-03-02T10:00:00Z");

    let gone =
        crm.attempt(OperationName::GET_CALL_LOG, json!({"thirdPartyLogId": "act-99"})).await.unwrap_err();
    assert_eq!(gone.status(), Some(404));
}

async fn messages(crm: &Connected) {
    let message = |id: u32, direction: &str, text: &str| {
        json!({
            "contactInfo": {"id": "con-3", "name": "Lena Lead"},
            "message": {"id": id, "type": "SMS", "direction": direction, "subject": text},
            "creationTime": "2026-03-02T10:00:00.000Z",
            "recordingLink": null, "imageLink": null, "videoLink": null,
            "thirdPartyLogId": "msg-1",
        })
    };
    let logged = crm.run(OperationName::CREATE_MESSAGE_LOG, message(901, "Outbound", "See you at 10")).await;
    assert_eq!(logged, json!({"logId": "msg-1"}));
    let again = crm.run(OperationName::CREATE_MESSAGE_LOG, message(901, "Outbound", "See you at 10")).await;
    assert_eq!(again, logged, "the same message is logged once");
    crm.run(OperationName::UPDATE_MESSAGE_LOG, message(902, "Inbound", "On my way ☎")).await;
    let kept = crm.record("/messages?contact_id=con-3").await;
    let texts: Vec<(&Value, &Value)> =
        kept["messages"].as_array().unwrap().iter().map(|row| (&row["direction"], &row["body"])).collect();
    assert_eq!(
        texts,
        [(&json!("outbound"), &json!("See you at 10")), (&json!("inbound"), &json!("On my way ☎"))]
    );
}

async fn appointments(crm: &Connected) {
    let range = json!({"range": {"startDate": "2026-03-02", "endDate": "2026-03-03"}});
    let listed = crm.run(OperationName::LIST_APPOINTMENTS, range.clone()).await;
    let titles: Vec<&Value> = listed.as_array().unwrap().iter().map(|row| &row["title"]).collect();
    assert_eq!(titles, ["Widget demonstration", "Yearly contract review", "First talk"]);
    assert_eq!((&listed[0]["durationMinutes"], &listed[0]["status"]), (&json!(45), &json!("scheduled")));

    let payload = json!({
        "title": "Strategy Call", "summary": "Agenda", "startTimeUtc": "2026-03-03T23:30:00.000Z",
        "durationMinutes": 30, "contacts": [{"id": "con-1", "type": "Contact"}],
    });
    let created = crm.run(OperationName::CREATE_APPOINTMENT, json!({"payload": payload})).await;
    let expected = json!({
        "id": "apt-6", "thirdPartyAppointmentId": "apt-6", "title": "Strategy Call", "description": "Agenda",
        "startTimeUtc": "2026-03-03T23:30:00Z", "durationMinutes": 30, "status": "scheduled", "contactId": "con-1",
    });
    assert_eq!(created, expected);
    let listed = crm.run(OperationName::LIST_APPOINTMENTS, range).await;
    assert_eq!(listed.as_array().unwrap().len(), 4, "the last day is included");

    let id = json!({"appointmentId": "apt-6"});
    let patch = json!({"appointmentId": "apt-6", "patchBody": {"title": "Talk", "startTimeUtc": "2026-03-04T10:00:00Z", "durationMinutes": 90}});
    let changed = crm.run(OperationName::UPDATE_APPOINTMENT, patch).await;
    assert_eq!((&changed["title"], &changed["durationMinutes"]), (&json!("Talk"), &json!(90)));
    assert_eq!(changed["contactId"], "con-1", "what a change does not name stays");
    assert_eq!(crm.run(OperationName::CONFIRM_APPOINTMENT, id.clone()).await["status"], "confirmed");
    let read = crm.run(OperationName::REFRESH_APPOINTMENT, id.clone()).await;
    assert_eq!(
        (&read["status"], &read["startTimeUtc"]),
        (&json!("confirmed"), &json!("2026-03-04T10:00:00Z"))
    );
    assert_eq!(crm.run(OperationName::CANCEL_APPOINTMENT, id.clone()).await["status"], "cancelled");
    let late = crm.attempt(OperationName::CONFIRM_APPOINTMENT, id).await.unwrap_err();
    assert_eq!(late.status(), Some(409));
}

async fn account(crm: &Connected) {
    let users = crm.run(OperationName::GET_USER_LIST, json!({})).await;
    assert_eq!(users.as_array().unwrap().len(), 3);
    assert_eq!(users[2], json!({"id": "usr-3", "name": "Charlie Sandbox", "email": "charlie@example.com"}));
    let license = crm.run(OperationName::GET_LICENSE_STATUS, json!({})).await;
    assert_eq!(
        license,
        json!({"isLicenseValid": true, "licenseStatus": "active", "licenseStatusDescription": "Sandbox"})
    );
    let settings = json!({"enabled": true, "logged_as": "admin", "excluded_numbers": ["+14155550199"]});
    crm.run(OperationName::UPDATE_SERVER_LOGGING_SETTINGS, json!({"additionalFieldValues": settings})).await;
    let kept = crm.run(OperationName::GET_SERVER_LOGGING_SETTINGS, json!({})).await;
    for (key, value) in settings.as_object().unwrap() {
        assert_eq!(&kept[key], value, "{key}");
    }
}

/// What is tried above is what the OAuth document does.
#[test]
fn the_document_with_oauth_has_the_same_operations() {
    let read = |name: &str| -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs").join(name);
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let (key, oauth) = (read("sandbox.json"), read("sandbox-oauth.json"));
    let operations = oauth["operations"].as_object().unwrap();
    assert!(operations.len() >= 10);
    for (name, operation) in operations {
        assert_eq!(*operation, key["operations"][name], "{name}");
    }
    for member in ["requestDefaults", "retry"] {
        assert_eq!(oauth[member], key[member], "{member}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let mut crm = Connected::new().await;
    crm.credential = "no-such-key".to_owned();
    let refused = crm.attempt(OperationName::GET_USER_INFO, json!({})).await.unwrap_err();
    assert_eq!(refused.status(), Some(401));
}
