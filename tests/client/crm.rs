//! The CRM of the journeys, and the RingCentral platform.
use crate::support::crm::{Answer, Request};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};

/// The number of somebody whom the CRM knows from the beginning.
const KNOWN: &str = "+14155550142";

/// What the CRM holds.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    asked: Vec<String>,
    contacts: Vec<Value>,
    /// Activities, messages and appointments, by their ids.
    records: Map<String, Value>,
}

impl Records {
    /// Method, target and body of each request since the last time.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// Answers as CRMs do.
    pub fn answer(&self, request: &Request) -> Answer {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut inside = self.0.lock().unwrap();
        let line =
            format!("{} {} {}", request.method, request.target, String::from_utf8_lossy(&request.body));
        inside.asked.push(line.trim_end().to_owned());
        let path = request.path().strip_prefix("/v1/").unwrap_or_default();
        match (request.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
            ("POST", ["token"]) => Answer::json(&json!({
                "access_token": "granted", "refresh_token": "again", "token_type": "Bearer", "expires_in": 3600
            })),
            ("GET", ["me"]) => Answer::json(&json!({"id": "7", "name": "Ada Lovelace"})),
            ("GET", ["contacts", "search"]) => inside.named(&request.query("q").unwrap_or_default()),
            ("GET", ["contacts"]) => inside.numbered(&request.query("phone").unwrap_or_default()),
            ("POST", ["contacts"]) => {
                let id = format!("n{}", inside.contacts.len() + 1);
                let contact =
                    json!({"id": id, "name": body["name"], "phone": body["phone"], "type": body["type"]});
                inside.contacts.push(contact.clone());
                Answer::json(&contact).status(201)
            }
            ("GET", ["license"]) => Answer::json(&json!({"valid": true, "status": "Team"})),
            ("GET", ["users"]) => Answer::json(&json!({"users": [
                {"id": "7", "name": "Ada Lovelace", "email": "ada@example.com"},
                {"id": "8", "name": "Grace Hopper", "email": "grace@example.com"}
            ]})),
            ("GET", ["logging"]) => Answer::json(&json!({"settings": {"field": "value"}})),
            ("PUT", ["logging"]) => Answer::json(&json!({})),
            ("POST", ["logout"]) => Answer::text("text/plain", "").status(204),
            ("GET", ["appointments"]) => {
                let all = inside.records.iter().filter(|(id, _)| id.starts_with("appointments"));
                Answer::json(&json!({"appointments": all.map(|(_, record)| record).collect::<Vec<_>>()}))
            }
            ("POST", [kind @ ("activities" | "messages" | "appointments")]) => {
                let id = format!("{kind}-{}", inside.records.len() + 1);
                let mut record = body;
                record["id"] = id.as_str().into();
                inside.records.insert(id, record.clone());
                Answer::json(&record).status(201)
            }
            (method, [_, id, ..]) => match inside.records.get_mut(*id).and_then(Value::as_object_mut) {
                Some(record) => {
                    if method != "GET" {
                        record.extend(body.as_object().cloned().unwrap_or_default());
                    }
                    Answer::json(&Value::Object(record.clone()))
                }
                None => Answer::json(&json!({})).status(404),
            },
            _ => Answer::json(&json!({})).status(404),
        }
    }
}

impl Inside {
    fn all(&self) -> Vec<Value> {
        let maya = json!({
            "id": "c1", "name": "Maya Patel", "phone": KNOWN, "type": "Contact",
            "created": "2025-01-01T00:00:00Z", "active": "2026-01-01T00:00:00Z"
        });
        std::iter::once(maya).chain(self.contacts.iter().cloned()).collect()
    }

    fn numbered(&self, number: &str) -> Answer {
        let found: Vec<Value> = self.all().into_iter().filter(|contact| contact["phone"] == number).collect();
        Answer::json(&json!({"contacts": found}))
    }

    fn named(&self, name: &str) -> Answer {
        let has = |contact: &Value| contact["name"].as_str().is_some_and(|own| own.contains(name));
        let found: Vec<Value> = self.all().into_iter().filter(has).collect();
        Answer::json(&json!({"contacts": found}))
    }
}

/// The operations of a document for this CRM.
pub fn operations() -> Value {
    let item = json!({
        "idPath": "id", "namePath": "name", "phonePath": "phone", "typePath": "type", "createdDatePath": "created",
        "mostRecentActivityDatePath": "active"
    });
    let id = json!({"idPath": "body.id"});
    let appointment = json!({
        "idPath": "body.id", "titlePath": "body.title", "statusPath": "body.status", "startTimeUtcPath": "body.start",
        "contactIdPath": "body.contact"
    });
    json!({
        "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}},
        "refreshUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}},
        "findContact": {
            "url": "/contacts", "query": {"phone": "{{phoneNumber}}"},
            "responseMapping": {
                "listPath": "body.contacts", "item": item,
                "newContact": {
                    "additionalInfo": {"Lead": {"source": [{"const": "phone", "title": "Phone"}]}},
                    "defaultContactType": "Lead"
                }
            }
        },
        "findContactWithName": {
            "url": "/contacts/search", "query": {"q": "{{name}}"},
            "responseMapping": {"listPath": "body.contacts", "item": item}
        },
        "createContact": {
            "method": "POST", "url": "/contacts",
            "body": {
                "name": "{{newContactName}}", "phone": "{{phoneNumber}}", "type": "{{default newContactType omit}}",
                "source": "{{default additionalSubmission.source omit}}"
            },
            "responseMapping": {"idPath": "body.id", "namePath": "body.name", "typePath": "body.type"}
        },
        "createCallLog": {
            "method": "POST", "url": "/activities",
            "body": {"contact": "{{contactInfo.id}}", "subject": "{{subject}}", "note": "{{note}}", "body": "{{composedLogDetails}}"},
            "responseMapping": id
        },
        "getCallLog": {
            "url": "/activities/{{thirdPartyLogId}}",
            "responseMapping": {"subjectPath": "body.subject", "notePath": "body.note", "fullBodyPath": "body.body"}
        },
        "updateCallLog": {
            "method": "PATCH", "url": "/activities/{{thirdPartyLogId}}",
            "body": {"subject": "{{default subject omit}}", "body": "{{composedLogDetails}}"}
        },
        "upsertCallDisposition": {
            "method": "PUT", "url": "/activities/{{thirdPartyLogId}}/disposition",
            "body": {"disposition": "{{dispositions.outcome}}"}
        },
        "createMessageLog": {
            "method": "POST", "url": "/messages",
            "body": {"contact": "{{contactInfo.id}}", "body": "{{default message.subject \"(no text)\"}}"},
            "responseMapping": id
        },
        "updateMessageLog": {
            "method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": {"body": "{{message.subject}}"}
        },
        "getLicenseStatus": {
            "url": "/license",
            "responseMapping": {"isLicenseValidPath": "body.valid", "licenseStatusPath": "body.status"}
        },
        "getUserList": {
            "url": "/users",
            "responseMapping": {"listPath": "body.users", "idPath": "id", "namePath": "name", "emailPath": "email"}
        },
        "getServerLoggingSettings": {"url": "/logging", "responseMapping": {"settingsPath": "body.settings"}},
        "updateServerLoggingSettings": {
            "method": "PUT", "url": "/logging", "body": {"field": "{{additionalFieldValues.field}}"}
        },
        "listAppointments": {
            "url": "/appointments",
            "responseMapping": {
                "listPath": "body.appointments",
                "item": {"idPath": "id", "titlePath": "title", "statusPath": "status", "contactIdPath": "contact"}
            }
        },
        "createAppointment": {
            "method": "POST", "url": "/appointments",
            "body": {"title": "{{payload.title}}", "start": "{{payload.startTimeUtc}}", "status": "scheduled"},
            "responseMapping": appointment
        },
        "updateAppointment": {
            "method": "PATCH", "url": "/appointments/{{appointmentId}}",
            "body": {"title": "{{default patchBody.title omit}}", "status": "{{default patchBody.status omit}}"},
            "responseMapping": appointment
        },
        "refreshAppointment": {"url": "/appointments/{{appointmentId}}", "responseMapping": appointment},
        "confirmAppointment": {
            "method": "POST", "url": "/appointments/{{appointmentId}}/confirm", "body": {"status": "confirmed"},
            "responseMapping": appointment
        },
        "cancelAppointment": {
            "method": "POST", "url": "/appointments/{{appointmentId}}/cancel", "body": {"status": "cancelled"},
            "responseMapping": appointment
        },
        "unAuthorize": {"method": "POST", "url": "/logout"}
    })
}

/// The RingCentral platform: an admin and a user of account 5, by the words of their tokens.
pub fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
    let is_admin = match token {
        "token-of-admin" => true,
        "token-of-user" => false,
        _ => {
            return Answer::json(&json!({"errorCode": "TokenInvalid", "message": "Invalid token"}))
                .status(401);
        }
    };
    let id = if is_admin { 61 } else { 62 };
    Answer::json(&json!({
        "id": id, "extensionNumber": "101", "account": {"id": 5}, "permissions": {"admin": {"enabled": is_admin}}
    }))
}
