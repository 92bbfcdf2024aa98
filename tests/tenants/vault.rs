//! The CRM of all tenants: it gives anything to anybody, says who it speaks to, and remembers which
//! credential asked for what. And the RingCentral platform.
use crate::support::crm::{Answer, Request};
use crate::support::test_server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Default)]
struct Inside {
    /// Credential, and the request in one text.
    asked: Vec<(String, String)>,
    /// Texts by id; an id begins with the credential that made the record.
    records: BTreeMap<String, String>,
    /// Credential and text by id; who may see which is for the CRM to say.
    appointments: BTreeMap<String, (String, String)>,
    has_license_outage: bool,
}

/// What the CRM holds.
#[derive(Clone, Default)]
pub struct Vault(Arc<Mutex<Inside>>);

impl Vault {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub fn take_asked(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.inside().asked)
    }

    /// The records that a credential made, by id.
    pub fn records_of(&self, key: &str) -> BTreeMap<String, String> {
        let inside = self.inside();
        let own = inside.records.iter().filter(|(id, _)| id.starts_with(&format!("{key}-")));
        let appointments = inside.appointments.iter().filter(|(_, (owner, _))| owner == key);
        let appointments = appointments.map(|(id, (_, text))| (id.clone(), text.clone()));
        own.map(|(id, text)| (id.clone(), text.clone())).chain(appointments).collect()
    }

    /// Whether licences cannot be asked for.
    pub fn set_license_outage(&self, is_out: bool) {
        self.inside().has_license_outage = is_out;
    }

    pub fn answer(&self, request: &Request) -> Answer {
        let key = test_server::api_key(request);
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let mut inside = self.inside();
        inside.asked.push((key.clone(), format!("{} {} {body}", request.method, request.target)));
        let contact = |id: String| json!({"id": id, "name": format!("Contact of {key}")});
        let path = request.path().strip_prefix("/v1/").unwrap_or_default();
        match (request.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["me"]) => {
                let id = key.split('-').next().unwrap_or_default();
                Answer::json(&json!({"id": id, "name": format!("User of {key}")}))
            }
            // A number that strangers do not know.
            ("GET", ["contacts"])
                if key.ends_with(super::STRANGER)
                    && request.query("phone").is_some_and(|n| n.ends_with("99")) =>
            {
                Answer::json(&json!({"contacts": []}))
            }
            ("GET", ["contacts", ..]) => Answer::json(&json!({"contacts": [contact(format!("c-{key}"))]})),
            ("POST", ["contacts"]) => Answer::json(&contact(format!("new-{key}"))).status(201),
            ("GET", ["license"]) if inside.has_license_outage => Answer::json(&json!({})).status(503),
            ("GET", ["license"]) => {
                Answer::json(&json!({"valid": true, "status": format!("License of {key}")}))
            }
            ("POST", ["logout"]) => Answer::text("text/plain", "").status(204),
            (_, ["appointments", rest @ ..]) => inside.appointment(&key, &request.method, rest, &body),
            ("POST", ["activities" | "messages"]) => {
                let id = format!("{key}-{}", inside.records.len());
                inside.records.insert(id.clone(), text(&body));
                Answer::json(&json!({"id": id})).status(201)
            }
            ("GET", [_, id]) => match inside.records.get(*id) {
                Some(text) => Answer::json(&json!({"subject": id, "note": "", "body": text})),
                None => Answer::json(&json!({})).status(404),
            },
            ("PATCH", ["activities", id]) => match inside.records.get_mut(*id) {
                Some(record) => {
                    *record = text(&body);
                    Answer::json(&json!({}))
                }
                None => Answer::json(&json!({})).status(404),
            },
            ("PATCH" | "PUT", [_, id, ..]) => match inside.records.get_mut(*id) {
                Some(record) => {
                    record.push_str(&text(&body));
                    Answer::json(&json!({}))
                }
                None => Answer::json(&json!({})).status(404),
            },
            _ => Answer::json(&json!({"message": "no such route"})).status(404),
        }
    }
}

impl Inside {
    /// A calendar shows and changes to each credential its own.
    fn appointment(&mut self, key: &str, method: &str, path: &[&str], body: &str) -> Answer {
        let shown = |id: &str, text: &str| json!({"id": id, "title": text});
        if let ("POST", []) = (method, path) {
            let id = format!("apt-{}", self.appointments.len());
            self.appointments.insert(id.clone(), (key.to_owned(), text(body)));
            return Answer::json(&shown(&id, &text(body))).status(201);
        }
        let mut own = self.appointments.iter_mut().filter(|(_, (owner, _))| owner == key);
        let Some(wanted) = path.first() else {
            let all: Vec<Value> = own.map(|(id, (_, text))| shown(id, text)).collect();
            return Answer::json(&json!({"appointments": all}));
        };
        let Some((id, (_, record))) = own.find(|(id, _)| id == wanted) else {
            return Answer::json(&json!({})).status(404);
        };
        match (method, path.get(1)) {
            ("PATCH", _) => record.push_str(&text(body)),
            ("POST", Some(action)) => record.push_str(action),
            _ => {}
        }
        Answer::json(&shown(id, record))
    }
}

/// The token endpoint: a code is the token that it gives.
pub fn token(request: &Request) -> Answer {
    let form = url::form_urlencoded::parse(&request.body).into_owned();
    let code = form.into_iter().find(|(name, _)| name == "code").map(|(_, code)| code);
    Answer::json(&json!({"access_token": code, "expires_in": 3600}))
}

/// The `body` of a record as [`add_operations`] sends it.
fn text(body: &str) -> String {
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["body"].as_str().expect("a text").to_owned()
}

/// Adds the operations that the shared document lacks.
pub fn add_operations(document: &mut Value) {
    let operations = &mut document["operations"];
    operations["updateCallLog"]["body"] = json!({"body": "{{composedLogDetails}}"});
    operations["upsertCallDisposition"] = json!({
        "method": "PUT", "url": "/activities/{{thirdPartyLogId}}/disposition",
        "body": {"body": "{{dispositions.result}}"}
    });
    operations["createMessageLog"] = json!({
        "method": "POST", "url": "/messages", "body": {"body": "{{message.subject}}"},
        "responseMapping": {"idPath": "body.id"}
    });
    operations["updateMessageLog"] = json!({
        "method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": {"body": "{{message.subject}}"}
    });
    operations["getLicenseStatus"] = json!({
        "method": "GET", "url": "/license",
        "responseMapping": {"isLicenseValidPath": "body.valid", "licenseStatusPath": "body.status"}
    });
    let item = json!({"idPath": "body.id", "titlePath": "body.title"});
    operations["listAppointments"] = json!({
        "method": "GET", "url": "/appointments",
        "responseMapping": {"listPath": "body.appointments", "item": {"idPath": "id", "titlePath": "title"}}
    });
    operations["createAppointment"] = json!({
        "method": "POST", "url": "/appointments", "body": {"body": "{{payload.title}}"}, "responseMapping": item
    });
    operations["updateAppointment"] = json!({
        "method": "PATCH", "url": "/appointments/{{appointmentId}}",
        "body": {"body": "{{default patchBody.title patchBody.status}}"}, "responseMapping": item
    });
    operations["refreshAppointment"] =
        json!({"method": "GET", "url": "/appointments/{{appointmentId}}", "responseMapping": item});
    for action in ["confirm", "cancel"] {
        operations[format!("{action}Appointment")] = json!({
            "method": "POST", "url": format!("/appointments/{{{{appointmentId}}}}/{action}"), "responseMapping": item
        });
    }
    operations["refreshUserInfo"] = operations["getUserInfo"].clone();
}

/// A RingCentral platform: the token is the account's id, followed by `/admin` for its admins.
pub fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
    let (account, is_admin) = match token.strip_suffix("/admin") {
        Some(account) => (account, true),
        None => (token, false),
    };
    Answer::json(&json!({
        "id": 1, "account": {"id": account}, "permissions": {"admin": {"enabled": is_admin}}
    }))
}
