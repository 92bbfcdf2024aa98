//! Ids that are too long for a store: refused with the limit, the same in both stores, before a CRM is asked.

use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::support::crm::Crm;
use crate::support::test_server::{self, TestServer, call};

fn refused(reply: &Value) -> String {
    assert_ne!(reply["successful"], true, "{reply}");
    let message = reply["returnMessage"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("at most 400 can be stored"), "{reply}");
    message.to_owned()
}

fn messages(conversation: &str, message: &str) -> Value {
    json!({
        "logInfo": {
            "conversationId": "c", "conversationLogId": conversation, "type": "SMS",
            "correspondents": [{"phoneNumber": "+14155550101"}],
            "messages": [{"id": message, "type": "SMS", "subject": "x", "direction": "Outbound",
                "creationTime": "2024-01-01T10:00:00.000Z"}]
        },
        "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
    })
}

fn check(database: Option<&str>) {
    let crm = Crm::start(test_server::ordinary);
    let mut document = test_server::document(&crm.origin());
    document["operations"]["createMessageLog"] = json!({
        "method": "POST", "url": "/activities", "body": {"id": "{{message.id}}"},
        "responseMapping": {"idPath": "body.id"}
    });
    let app = TestServer::start_with(&[("crm", &document)], |options| match database {
        Some(url) => options.env("DATABASE_URL", url),
        None => options,
    });
    let token = app.sign_in("crm", "testCrm", "1-key");
    for long in ["L".repeat(9_000), "\u{0}".repeat(401), "0123456789abcdef".repeat(200)] {
        let said = refused(&app.post("/callLog", &token, &call(&long, "c1")).json());
        assert!(said.contains("sessionId"), "{said}");
        refused(&app.post("/messageLog", &token, &messages(&long, "m")).json());
        refused(&app.post("/messageLog", &token, &messages("d", &long)).json());
        let mut of_extension = call("s", "c1");
        of_extension["extensionNumber"] = json!(long);
        refused(&app.post("/callLog", &token, &of_extension).json());
        let unknown = app.get("/callLog?sessionIds=LLLLLLLLLLLLL", &token).json();
        assert_eq!(unknown["logs"][0]["matched"], false, "{unknown}");
    }
    assert_eq!(crm.count("/v1/activities"), 0, "the CRM was asked");
    let asked = crm.count("/v1/me");
    let long = "x".repeat(1_000);
    for login in [
        json!({"platform": long, "proxyId": "crm", "apiKey": "1-key"}),
        json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key", "hostname": long}),
    ] {
        refused(&app.send_login(&login).json());
    }
    assert_eq!(crm.count("/v1/me"), asked, "the CRM was asked");
    // The CRM itself says who signs in.
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": format!("{long}-key")});
    let said = refused(&app.send_login(&login).json());
    assert!(said.contains("user id"), "{said}");
    // Ids of every character, up to the limit.
    let longest = format!("\u{0}{}", "é".repeat(199));
    assert_eq!(app.post("/callLog", &token, &call(&longest, "c1")).json()["successful"], true);
}

#[test]
fn a_long_id_is_refused_with_its_limit_by_the_embedded_store() {
    check(None);
}

#[test]
fn a_long_id_is_refused_with_its_limit_by_the_shared_store() {
    let Some(cluster) = Cluster::start() else { return };
    check(Some(&cluster.database()));
}
