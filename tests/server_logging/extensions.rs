//! Extensions, in every place where clients name them.
use super::*;

fn answer(request: &Request) -> Answer {
    match request.method.as_str() {
        "POST" if request.path() == "/v1/activities" => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            Answer::json(&json!({"id": body["contact_id"]})).status(201)
        }
        "PATCH" | "PUT" => Answer::json(&json!({})),
        _ => test_server::ordinary(request),
    }
}

fn world() -> (TestServer, String, Crm) {
    let (server, crm, _ringcentral) = start(
        |document| {
            document["operations"]["upsertCallDisposition"] = json!({"method": "PUT", "url": "/activities/{{thirdPartyLogId}}/d", "body": {"d": "{{dispositions.d}}"}});
        },
        answer,
    );
    let session = server.sign_in("one", "testCrm", "1-key");
    (server, session, crm)
}

/// Logs a call whose record has the id `record`.
#[track_caller]
fn log(server: &TestServer, session: &str, session_id: &str, record: &str, extension: Value) -> Response {
    let mut call = call(session_id, record);
    call.as_object_mut().unwrap().extend(extension.as_object().unwrap().clone());
    send(server, ("POST", "/callLog"), session, &[("User-Agent", "SSCL")], &call)
}

/// Q99, and the forms of recordings 25: the same extension in each of them.
#[test]
fn an_extension_has_many_names() {
    let (server, session, _crm) = world();
    let hash = server.get("/userInfoHash?extensionId=5001", "").json()["extensionId"].clone();
    let hash = hash.as_str().unwrap();
    assert_eq!(log(&server, &session, "s-1", "r-1", json!({"rcExtensionId": 5001})).json()["logId"], "r-1");
    assert_eq!(log(&server, &session, "s-1", "r-2", json!({"rcExtensionId": "5002"})).json()["logId"], "r-2");
    for same in [
        json!({"rcExtensionId": "5001"}),
        json!({"hashedExtensionId": hash, "rcExtensionId": "5002"}),
        json!({"hashedExtensionId": "", "rcExtensionId": 5001, "extensionNumber": ""}),
        json!({"hashedExtensionId": null, "rcExtensionId": 5001}),
    ] {
        let again = log(&server, &session, "s-1", "r-3", same.clone());
        assert_eq!(again.message()["message"], "Existing log for session s-1", "{same}");
        let mut update = same;
        update["sessionId"] = "s-1".into();
        let reply = send(&server, ("PATCH", "/callLog"), &session, &[], &update);
        assert_eq!(reply.json()["logId"], "r-1", "{}", reply.text());
        // In the call as well.
        let in_call = json!({"sessionId": "s-1", "logInfo": update});
        let reply = send(&server, ("PATCH", "/callLog"), &session, &[], &in_call);
        assert_eq!(reply.json()["logId"], "r-1", "{}", reply.text());
    }
    for (query, record) in [
        ("rcExtensionId=5001".to_owned(), json!("r-1")),
        ("rcExtensionId=5002".to_owned(), json!("r-2")),
        (format!("hashedExtensionId={hash}"), json!("r-1")),
        (format!("hashedExtensionId={hash}&rcExtensionId=5002"), json!("r-1")),
        ("hashedExtensionId=&rcExtensionId=5002&extensionNumber=".to_owned(), json!("r-2")),
        ("rcExtensionId=5003".to_owned(), Value::Null),
        (format!("hashedExtensionId={hash}&hashedExtensionId=b"), Value::Null),
        ("rcExtensionId=5001&rcExtensionId=5002".to_owned(), Value::Null),
    ] {
        let reply = server.get(&format!("/callLog?sessionIds=s-1&{query}"), &session);
        assert_eq!(reply.json()["logs"][0]["logId"], record, "{query}: {}", reply.text());
    }
    // Zero is no extension.
    let log_of_nobody = log(&server, &session, "s-2", "r-4", json!({"rcExtensionId": 0}));
    assert_eq!(log_of_nobody.json()["logId"], "r-4");
    assert_eq!(log(&server, &session, "s-2", "r-5", json!({})).json()["successful"], false);
}

/// Q100.
#[test]
fn a_change_without_an_extension_needs_one_log() {
    let (server, session, crm) = world();
    let disposition = json!({"sessionId": "s-1", "dispositions": {"d": "Busy"}});
    let changes = [
        (("PATCH", "/callLog"), json!({"sessionId": "s-1", "note": "changed"})),
        (("PUT", "/callDisposition"), disposition),
    ];
    log(&server, &session, "s-1", "r-1", json!({"rcExtensionId": "5001"}));
    for (request, change) in &changes {
        let reply = send(&server, *request, &session, &[], change);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    }
    log(&server, &session, "s-1", "r-2", json!({"rcExtensionId": "5002"}));
    let asked = crm.received().len();
    for (request, change) in &changes {
        let reply = send(&server, *request, &session, &[], change);
        assert_eq!(reply.json()["successful"], false, "{}", reply.text());
        let words = reply.message()["message"].as_str().unwrap().to_owned();
        assert!(words.contains("2 extensions") && words.contains("hashedExtensionId"), "{words}");
    }
    assert_eq!(crm.received().len(), asked, "nothing was asked");
    for (request, change) in changes {
        let mut named = change;
        named["rcExtensionId"] = "5002".into();
        let reply = send(&server, request, &session, &[], &named);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        assert!(crm.received().last().unwrap().path().starts_with("/v1/activities/r-2"));
    }
}
