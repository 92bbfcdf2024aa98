//! The licence.
use super::*;
use std::sync::{Arc, Mutex};

/// A server whose CRM answers `/license` as told.
fn licensed(first: Answer) -> (TestServer, String, Crm, Arc<Mutex<Answer>>) {
    let said = Arc::new(Mutex::new(first));
    let answers = Arc::clone(&said);
    let (server, token, crm) = start(
        |document| {
            document["operations"]["getLicenseStatus"] = json!({"method": "GET", "url": "/license"});
        },
        move |request| match request.path() {
            "/v1/license" => answers.lock().expect("no panic").clone(),
            _ => test_server::ordinary(request),
        },
    );
    (server, token, crm, said)
}

fn pro() -> Answer {
    Answer::json(&json!({"isLicenseValid": true, "licenseStatus": "Pro", "licenseStatusDescription": "d"}))
}

fn outages() -> [Answer; 6] {
    [
        Answer::json(&json!({})).status(500),
        Answer::json(&json!({})).status(503),
        Answer::json(&json!({})).status(429),
        Answer::json(&json!({})).status(404),
        Answer::text("text/html", "<html>maintenance</html>"),
        Answer::reset(),
    ]
}

/// Q54.
#[test]
fn in_an_outage_the_last_known_licence_holds() {
    let (mut server, token, _crm, said) = licensed(pro());
    let licence = |server: &TestServer| server.get("/licenseStatus", &token);
    assert_eq!(
        licence(&server).json(),
        json!({"isLicenseValid": true, "licenseStatus": "Pro", "licenseStatusDescription": "d"})
    );
    // An answer that says nothing is no new status.
    *said.lock().unwrap() = Answer::json(&json!({}));
    assert_eq!(licence(&server).json(), json!({}));
    for outage in outages() {
        *said.lock().unwrap() = outage.clone();
        let reply = licence(&server);
        let body = reply.json();
        assert_eq!(
            (reply.status, &body["isLicenseValid"], &body["licenseStatus"]),
            (200, &json!(true), &json!("Pro")),
            "{outage:?}"
        );
        assert_eq!(reply.message()["messageType"], "warning");
        assert!(reply.details().contains("last known"), "{}", reply.text());
    }
    server.kill_and_restart();
    assert_eq!(licence(&server).json()["licenseStatus"], "Pro", "known after a restart");
    // What the CRM says next is what holds from then on.
    *said.lock().unwrap() = Answer::json(&json!({"isLicenseValid": false, "licenseStatus": "Expired"}));
    assert_eq!(licence(&server).json(), json!({"isLicenseValid": false, "licenseStatus": "Expired"}));
    *said.lock().unwrap() = Answer::json(&json!({})).status(500);
    assert_eq!(licence(&server).json()["licenseStatus"], "Expired");
}

/// Q54.
#[test]
fn in_an_outage_a_licence_that_was_never_known_is_unknown() {
    for outage in outages() {
        let (server, token, _crm, _said) = licensed(outage.clone());
        let reply = server.get("/licenseStatus", &token);
        let body = reply.json();
        assert_eq!(
            (&body["isLicenseValid"], &body["licenseStatus"]),
            (&Value::Null, &json!("Unknown")),
            "{outage:?}"
        );
        assert_eq!(reply.message()["messageType"], "warning");
    }
}

/// A credential that is refused is no outage, whatever was known.
#[test]
fn a_refused_credential_asks_to_connect() {
    let (server, token, _crm, said) = licensed(pro());
    server.get("/licenseStatus", &token);
    for status in [401, 403] {
        *said.lock().unwrap() = Answer::json(&json!({})).status(status);
        let body = server.get("/licenseStatus", &token).json();
        let expected = json!({
            "isLicenseValid": false, "licenseStatus": "Invalid (Connect to get license status)",
            "licenseStatusDescription": ""
        });
        assert_eq!(body, expected, "{status}");
    }
}

/// Q32.
#[test]
fn the_licence_and_the_sign_out_carry_the_credential_of_every_other_operation() {
    let (server, token, crm) = start(
        |document| {
            document["auth"] = json!({"type": "apiKey"});
            document["operations"]["getLicenseStatus"] = json!({"method": "GET", "url": "/license"});
        },
        |request| match request.path() {
            "/v1/license" => pro(),
            _ => test_server::ordinary(request),
        },
    );
    server.get("/contact?phoneNumber=1", &token);
    assert_eq!(server.get("/licenseStatus", &token).json()["licenseStatus"], "Pro");
    assert_eq!(server.post("/unAuthorize", &token, &json!({})).status, 200);
    let sent: Vec<_> =
        crm.received().iter().map(|request| request.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent.len(), 4);
    assert!(sent[0].is_some() && sent.iter().all(|header| *header == sent[0]), "{sent:?}");
}
