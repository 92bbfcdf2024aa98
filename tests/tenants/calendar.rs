//! Appointments: the CRM says whose they are, by the credential that asks.
use super::{Case, Tenant, assert_refused};
use crate::support::client::Response;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[Case {
    routes: &[
        "GET /appointments",
        "POST /appointments",
        "PATCH /appointments/{appointmentId}",
        "POST /appointments/{appointmentId}/status",
        "GET /appointments/{appointmentId}/refresh",
        "POST /appointments/{appointmentId}/confirm",
        "POST /appointments/{appointmentId}/cancel",
    ],
    plant: |owner| {
        let created = create(owner);
        assert!(owner.works(&created));
        created.json()["appointmentId"].as_str().expect("an id").to_owned()
    },
    act: |stranger, id| {
        for reply in everything(stranger, id) {
            assert_refused(&reply);
        }
        let created = create(stranger);
        let listed = stranger.get("/appointments");
        if stranger.works(&created) {
            assert_eq!(listed.json()["appointments"].as_array().map(Vec::len), Some(1), "{}", listed.text());
        } else {
            assert_refused(&listed);
        }
    },
    still: |owner, id| {
        let listed = owner.get("/appointments").json();
        assert_eq!(listed["appointments"][0]["title"], owner.say("Call"), "{listed}");
        assert_eq!(listed["appointments"].as_array().map(Vec::len), Some(1), "{listed}");
        for reply in everything(owner, id) {
            assert!(owner.works(&reply));
        }
    },
}];

fn create(tenant: &Tenant) -> Response {
    let payload = json!({
        "title": tenant.say("Call"), "summary": "", "startTimeUtc": "2026-07-20T19:00:00Z", "durationMinutes": 30
    });
    tenant.post("/appointments", &json!({"payload": payload}))
}

/// All that can be done with an appointment whose id is known.
fn everything(tenant: &Tenant, id: &str) -> Vec<Response> {
    let one = format!("/appointments/{id}");
    vec![
        tenant.send("PATCH", &one, &json!({"patch": {"title": tenant.say("changed")}})),
        tenant.post(&format!("{one}/status"), &json!({"status": "confirmed"})),
        tenant.get(&format!("{one}/refresh")),
        tenant.post(&format!("{one}/confirm"), &Value::Null),
        tenant.post(&format!("{one}/cancel"), &Value::Null),
    ]
}
