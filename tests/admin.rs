//! `GET /proxyConfigs`: closed unless the operator opened it, and what it says.

use crate::support::test_server::{ADMIN_TOKEN, TestServer, document};
use serde_json::{Value, json};

const NOWHERE: &str = "https://crm.example.com";

#[test]
fn the_list_is_closed_without_an_admin_token() {
    let app = TestServer::start_with(&[("crm", &document(NOWHERE))], |options| options);
    for token in ["", "guess", ADMIN_TOKEN] {
        let reply = app.get("/proxyConfigs", token);
        assert_eq!(reply.status, 403, "{}", reply.text());
        assert!(reply.json()["error"].as_str().unwrap().contains("ADMIN_TOKEN"), "{}", reply.text());
        assert!(!reply.text().contains("crm"), "{}", reply.text());
    }
}

/// An empty `ADMIN_TOKEN` is no token: it does not let in everybody who sends an empty one.
#[test]
fn an_empty_admin_token_opens_nothing() {
    let app = TestServer::start_with(&[], |options| options.env("ADMIN_TOKEN", ""));
    assert_eq!(app.get("/proxyConfigs", "").status, 403);
    assert_eq!(app.send("GET", "/proxyConfigs", &[], None).status, 403);
}

#[test]
fn a_wrong_token_is_refused_and_never_shown() {
    let app = TestServer::start(&[("crm", &document(NOWHERE))]);
    let longer = format!("{ADMIN_TOKEN}x");
    let shorter = &ADMIN_TOKEN[1..];
    let right = format!("Bearer {ADMIN_TOKEN}");
    let cases: [&[(&str, &str)]; 8] = [
        &[],
        &[("Authorization", "")],
        &[("Authorization", ADMIN_TOKEN)],
        &[("Authorization", "Bearer")],
        &[("Authorization", "Bearer ")],
        &[("Authorization", &format!("Bearer {longer}"))],
        &[("Authorization", &format!("Bearer {shorter}"))],
        &[("Authorization", &format!("Basic {ADMIN_TOKEN}"))],
    ];
    for headers in cases {
        let reply = app.send("GET", "/proxyConfigs", headers, None);
        assert_eq!(reply.status, 401, "{headers:?}: {}", reply.text());
        assert!(reply.json()["error"].is_string() && !reply.text().contains(shorter), "{}", reply.text());
    }
    // Not by way of the query, where proxies write it down; and the scheme in any case.
    assert_eq!(app.send("GET", &format!("/proxyConfigs?jwtToken={ADMIN_TOKEN}"), &[], None).status, 401);
    assert_eq!(
        app.send("GET", "/proxyConfigs", &[("authorization", &right.replace("Bearer", "bearer"))], None)
            .status,
        200
    );
    assert!(!app.server.log().contains(ADMIN_TOKEN));
}

#[test]
fn the_list_says_the_state_of_every_document() {
    let mut mistaken = document(NOWHERE);
    mistaken["operations"]["findContact"]["querry"] = json!({"phone": "1"});
    let mut broken = document(NOWHERE);
    broken["operations"]["findContact"]["method"] = json!(7);
    // A secret that was written into a document by mistake stays in the document.
    let secret = "sk_live_51H8x9KLmnOPqrSTuvWXyz0123456789";
    broken["requestDefaults"]["defaultHeaders"] = json!({"X-Api-Key": secret});
    let app =
        TestServer::start(&[("broken", &broken), ("clean", &document(NOWHERE)), ("mistaken", &mistaken)]);
    let reply = app.get("/proxyConfigs", ADMIN_TOKEN);
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    let list = reply.json()["proxyConfigs"].as_array().cloned().unwrap();
    let told: Vec<_> = list
        .iter()
        .map(|state| (state["proxyId"].as_str().unwrap(), state["status"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("broken", "refused"), ("clean", "active"), ("mistaken", "active")]);
    let [broken, clean, mistaken] = &list[..] else { unreachable!("three states") };
    assert_eq!(clean["diagnostics"], json!([]));
    assert_eq!(clean["activeRevision"], clean["fileRevision"]);
    assert!(clean["activeRevision"].as_str().is_some_and(|revision| revision.len() == 12));
    assert_eq!(broken["activeRevision"], Value::Null);
    let severities = |state: &Value| -> Vec<String> {
        let found = state["diagnostics"].as_array().unwrap();
        found.iter().map(|found| found["severity"].as_str().unwrap().to_owned()).collect()
    };
    assert!(severities(broken).contains(&"error".to_owned()), "{broken}");
    assert_eq!(severities(mistaken), ["mistake"]);
    let at = &mistaken["diagnostics"][0];
    assert_eq!(at["pointer"], "/operations/findContact/querry");
    let help = format!("{} {} {}", at["message"], at["label"], at["help"]);
    assert!(help.contains("query"), "says which name is near: {help}");
    assert!(!reply.text().contains(secret) && !app.server.log().contains(secret));
}

#[test]
fn other_methods_and_servers_without_documents_are_answered() {
    let app = TestServer::start(&[]);
    assert_eq!(app.get("/proxyConfigs", ADMIN_TOKEN).json(), json!({"proxyConfigs": []}));
    assert_eq!(app.post("/proxyConfigs", ADMIN_TOKEN, &json!({})).status, 405);
}
