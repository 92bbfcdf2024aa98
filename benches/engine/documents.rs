//! The documents, inputs and replies that are measured.

use serde_json::{Value, json};

/// A connector with every operation that a CRM usually serves.
pub fn full() -> Value {
    json!({
        "meta": {"name": "benchCrm", "displayName": "Bench CRM", "logFormat": "text/plain"},
        "auth": {"type": "apiKey", "scheme": "Basic", "credentialTemplate": "{{apiKey}}", "encode": "base64"},
        "requestDefaults": {
            "baseUrl": "https://api.example.com/v2",
            "timeoutSeconds": 20,
            "defaultHeaders": {"Accept": "application/json", "X-Secret-Key": "{{secretKey}}"},
        },
        "operations": {
            "getUserInfo": {
                "url": "/me",
                "responseMapping": {"idPath": "body.user.id", "namePath": "body.user.name", "timezoneNamePath": "body.user.timezone"},
            },
            "findContact": {
                "url": "/contacts",
                "query": {"phone": "{{parsedPhoneNumber.number.e164}}"},
                "responseMapping": {"listPath": "body.contacts", "item": dot_paths()},
            },
            "findContactWithName": {
                "url": "/contacts",
                "query": {"name": "{{name}}"},
                "responseMapping": {"listPath": "$.body.contacts", "item": json_paths()},
            },
            "createContact": {
                "method": "POST",
                "url": "/contacts",
                "body": {"name": "{{newContactName}}", "type": "{{newContactType}}", "phone": "{{phoneNumber}}"},
                "responseMapping": {"idPath": "body.id", "namePath": "body.name", "typePath": "body.type"},
            },
            "createCallLog": {
                "method": "POST",
                "url": "/accounts/{{user.platformAdditionalInfo.accountId}}/activities",
                "query": {"owner": "{{user.id}}"},
                "headers": {"Content-Type": "application/json", "X-Tenant": "tenant-{{user.platformAdditionalInfo.tenantId}}"},
                "body": {
                    "contactId": "{{contactInfo.id}}",
                    "subject": "Call: {{subject}}",
                    "description": "{{composedLogDetails}}\n-- logged by App Connect",
                    "start": "{{startTime}}",
                    "end": "{{endTime}}",
                    "duration": "{{callLog.duration}}",
                    "direction": "{{callLog.direction}} call",
                    "owner": "users/{{user.id}}",
                    "dealId": "{{additionalSubmission.dealId}}",
                    "note": "Note: {{note}}",
                },
                "responseMapping": {"idPath": "body.activity.id"},
            },
            "getCallLog": {
                "url": "/activities/{{thirdPartyLogId}}",
                "responseMapping": {"subjectPath": "body.activity.subject", "notePath": "body.activity.note", "fullBodyPath": "body.activity.description"},
            },
            "updateCallLog": {
                "method": "PUT",
                "url": "/activities/{{thirdPartyLogId}}",
                "body": {"subject": "{{subject}}", "description": "{{composedLogDetails}}", "start": "{{startTime}}", "end": "{{endTime}}"},
            },
            "createMessageLog": {
                "method": "POST",
                "url": "/activities",
                "body": {"subject": "Message with {{contactInfo.name}}", "description": "{{message.subject}}", "contactId": "{{contactInfo.id}}"},
                "responseMapping": {"idPath": "body.activity.id"},
            },
            "updateMessageLog": {
                "method": "PUT",
                "url": "/activities/{{thirdPartyLogId}}",
                "body": {"subject": "Message with {{contactInfo.name}}", "description": "{{message.subject}}"},
            },
        },
    })
}

/// The same connector with `createCallLog` written with helpers and blocks, and a list that is a
/// JSONPath query with a filter.
pub fn with_calls_and_queries() -> Value {
    let mut document = full();
    document["operations"]["createCallLog"]["body"] = json!({
        "contactId": "{{default contactInfo.id omit}}",
        "subject": "{{#if recordingLink}}[recorded] {{/if}}{{subject}}",
        "direction": "{{lowercase callLog.direction}}",
        "note": "{{default note \"no note\"}}",
    });
    document["operations"]["findContactWithName"]["responseMapping"]["listPath"] =
        "$.body.contacts[?@.archived == false]".into();
    document["operations"]["findContact"]["responseMapping"]["item"] = json_queries();
    document
}

fn dot_paths() -> Value {
    json!({
        "idPath": "id",
        "namePath": "fullName",
        "phonePath": "phones.0.value",
        "typePath": "kind",
        "titlePath": "job.title",
        "companyPath": "company.name",
        "createdDatePath": "createdAt",
        "mostRecentActivityDatePath": "lastActivityAt",
        "additionalInfoPath": "owner.email",
    })
}

fn json_paths() -> Value {
    json!({
        "idPath": "$.id",
        "namePath": "$.properties['name'].value",
        "phonePath": "$.properties['phone'].value",
        "typePath": "$.properties['type'].value",
        "titlePath": "$.properties['title'].value",
        "companyPath": "$.properties['company'].value",
        "createdDatePath": "$.properties['created'].value",
        "mostRecentActivityDatePath": "$.properties['last_activity'].value",
        "additionalInfoPath": "$.properties['owner'].value",
    })
}

fn json_queries() -> Value {
    let field = |name: &str| format!("$.fields[?@.name == '{name}'].value");
    json!({
        "idPath": "$.id",
        "namePath": field("name"),
        "phonePath": field("phone"),
        "typePath": field("type"),
        "titlePath": field("title"),
        "companyPath": field("company"),
        "createdDatePath": field("created"),
        "mostRecentActivityDatePath": field("last_activity"),
        "additionalInfoPath": field("owner"),
    })
}

/// What App Connect knows when a call is logged.
pub fn context() -> Value {
    json!({
        "apiKey": "0123456789abcdef0123456789abcdef",
        "authHeader": "Basic MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY6",
        "secretKey": "connector-secret",
        "user": {
            "id": "77",
            "accessToken": "0123456789abcdef0123456789abcdef",
            "hostname": "acme.example.com",
            "timezoneName": "America/New_York",
            "timezoneOffset": "-05:00",
            "platform": "benchCrm",
            "platformAdditionalInfo": {"accountId": "acme-9", "tenantId": 42},
        },
        "contactInfo": {"id": "c-1042", "name": "Carol Customer", "type": "Contact", "phoneNumber": "+14155550123"},
        "callLog": {
            "sessionId": "1437293000021",
            "telephonySessionId": "s-a1b2c3d4e5f6",
            "direction": "Outbound",
            "duration": 65,
            "result": "Call connected",
            "from": {"phoneNumber": "+16505550100", "name": "Ada Agent"},
            "to": {"phoneNumber": "+14155550123", "name": "Carol Customer"},
        },
        "subject": "Outbound Call to Carol Customer",
        "startTime": "2023-11-14T22:13:20.000Z",
        "endTime": "2023-11-14T22:14:25.000Z",
        "note": "Called about the renewal; she will \"think about it\".",
        "additionalSubmission": {"dealId": 5150},
        "aiNote": "Customer wants a quote",
        "transcript": "",
        "recordingLink": "https://recording.example.com/1",
        "recordingDownloadLink": "https://recording.example.com/1.mp3",
        "composedLogDetails": "- Note: Called about the renewal\n- Contact number: +1 415-555-0123\n- Date/time: 2023-11-14 05:13 PM\n- Duration: 1 minute, 5 seconds\n- Result: Call connected\n",
        "hashedAccountId": "eb76fb55",
        "isFromSSCL": false,
    })
}

/// Twenty contacts as a CRM answers them; some lack a field.
pub fn contacts() -> Value {
    let contact = |at: usize| {
        let mut contact = json!({
            "id": 1000 + at,
            "fullName": format!("Carol Customer {at}"),
            "kind": "Lead",
            "archived": false,
            "phones": [{"label": "work", "value": format!("+1415555{at:04}")}],
            "job": {"title": "Head of Purchasing"},
            "company": {"id": at, "name": "Acme Corporation"},
            "createdAt": "2023-01-02T03:04:05Z",
            "lastActivityAt": "2023-11-14T22:13:20Z",
            "owner": {"id": 7, "email": "ada@example.com"},
            "tags": ["newsletter", "customer"],
        });
        if at.is_multiple_of(4) {
            contact["job"] = json!({});
            contact["kind"] = Value::Null;
        }
        if at.is_multiple_of(5) {
            contact["company"]["name"] = "".into();
            contact["phones"] = json!([]);
        }
        contact
    };
    json!({"contacts": (0..20).map(contact).collect::<Vec<_>>(), "total": 20})
}

/// Twenty contacts whose fields are objects with a value, and `archived` more that a filter drops.
pub fn contacts_with_properties(archived: usize) -> Value {
    let contact = |at: usize, archived: bool| {
        let text = |text: &str| json!({"value": text, "timestamp": 1_700_000_000_000_u64});
        let mut contact = json!({
            "id": 1000 + at,
            "archived": archived,
            "properties": {
                "name": text(&format!("Carol Customer {at}")),
                "phone": text(&format!("+1415555{at:04}")),
                "type": text("Lead"),
                "title": text("Head of Purchasing"),
                "company": text("Acme Corporation"),
                "created": text("2023-01-02T03:04:05Z"),
                "last_activity": text("2023-11-14T22:13:20Z"),
                "owner": text("ada@example.com"),
            },
        });
        if at.is_multiple_of(4) {
            contact["properties"]["title"] = Value::Null;
            contact["properties"]["type"]["value"] = "".into();
        }
        contact
    };
    let mut contacts: Vec<Value> = (0..20).map(|at| contact(at, false)).collect();
    contacts.extend((20..20 + archived).map(|at| contact(at, true)));
    json!({"contacts": contacts, "total": 20 + archived})
}

/// Twenty contacts whose fields are a list of names and values.
pub fn contacts_with_fields() -> Value {
    let mut reply = contacts_with_properties(0);
    for contact in reply["contacts"].as_array_mut().into_iter().flatten() {
        let properties = contact["properties"].take();
        let fields = properties
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, property)| json!({"name": name, "value": property["value"]}));
        contact["fields"] = fields.collect();
    }
    reply
}
