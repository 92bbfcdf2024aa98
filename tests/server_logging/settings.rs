//! `/admin/serverLoggingSettings`: an admin reads and saves what the CRM keeps.
use super::*;

const ROUTE: &str = "/admin/serverLoggingSettings";

fn with_settings(document: &mut Value) {
    document["operations"]["getServerLoggingSettings"] =
        json!({"url": "/settings", "responseMapping": {"settingsPath": "body.settings"}});
    document["operations"]["updateServerLoggingSettings"] =
        json!({"method": "PUT", "url": "/settings", "body": {"values": "{{additionalFieldValues}}"}});
}

fn crm(request: &Request) -> Answer {
    match (request.method.as_str(), request.path()) {
        ("GET", "/v1/settings") => {
            Answer::json(&json!({"settings": {"apiUser": "logger", "apiPassword": null}}))
        }
        ("PUT", "/v1/settings") if String::from_utf8_lossy(&request.body).contains("refuse") => {
            Answer::json(&json!({"message": "no such user"})).status(422)
        }
        ("PUT", "/v1/settings") => Answer::text("text/plain", "").status(204),
        _ => test_server::ordinary(request),
    }
}

fn admin_session(server: &TestServer) -> String {
    let login =
        json!({"platform": "testCrm", "proxyId": "one", "apiKey": "1-key", "rcAccessToken": "1/900/admin"});
    server.send_login(&login).json()["jwtToken"].as_str().expect("a token").to_owned()
}

const ADMIN: [(&str, &str); 1] = [("X-RC-Access-Token", "1/900/admin")];

#[test]
fn an_admin_reads_and_saves_them() {
    let (server, the_crm, _ringcentral) = start(with_settings, crm);
    let session = admin_session(&server);
    let reply = send(&server, ("GET", ROUTE), &session, &ADMIN, &Value::Null);
    assert_eq!((reply.status, reply.json()), (200, json!({"apiUser": "logger", "apiPassword": null})));
    let values = json!({"apiUser": "logger", "apiPassword": "an-open-secret"});
    let body = json!({"additionalFieldValues": values});
    let reply = send(&server, ("POST", ROUTE), &session, &ADMIN, &body);
    assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(true)), "{}", reply.text());
    assert_eq!(reply.message()["messageType"], "success");
    let sent = the_crm.received().pop().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&sent.body).unwrap(), json!({"values": values}));
    assert!(!reply.text().contains("an-open-secret") && !server.server.log().contains("an-open-secret"));
    // A failure is the CRM's, in the form of the reference.
    let body = json!({"additionalFieldValues": {"apiUser": "refuse", "apiPassword": "an-open-secret"}});
    let reply = send(&server, ("POST", ROUTE), &session, &ADMIN, &body);
    assert_eq!((reply.status, &reply.json()["successful"]), (400, &json!(false)), "{}", reply.text());
    assert_eq!(reply.message()["message"], "Server logging settings update failed");
    assert!(reply.details().contains("no such user"), "{}", reply.text());
    assert!(!server.server.log().contains("an-open-secret"));
}

/// Q95.
#[test]
fn only_an_admin_of_the_account_reads_and_saves_them() {
    let (server, the_crm, ringcentral) = start(with_settings, crm);
    let session = admin_session(&server);
    let body = json!({"additionalFieldValues": {"apiUser": "logger"}});
    for method in ["GET", "POST"] {
        let ask =
            |session: &str, headers: &[(&str, &str)]| send(&server, (method, ROUTE), session, headers, &body);
        let asked = ringcentral.received().len();
        for session in ["", "garbage"] {
            let reply = ask(session, &ADMIN);
            assert!(
                reply.status == 400 && reply.text().contains("authorize CRM platform"),
                "{}",
                reply.text()
            );
        }
        let reply = ask(&session, &[]);
        assert!(reply.status == 400 && reply.text().contains("X-RC-Access-Token"), "{}", reply.text());
        assert_eq!(ringcentral.received().len(), asked, "nobody was asked who nobody is");
        for (token, status) in [("1/901", 403), ("2/900/admin", 403), ("refused", 400)] {
            assert_eq!(ask(&session, &[("X-RC-Access-Token", token)]).status, status, "{method} {token}");
        }
        assert_eq!(ringcentral.received().len(), asked + 3, "each time");
    }
    // What is missing is told before who asks (recordings 25, `settings-post-no-values`).
    for body in [json!({}), json!({"additionalFieldValues": ""}), json!({"additionalFieldValues": null})] {
        let reply = send(&server, ("POST", ROUTE), &session, &[], &body);
        assert_eq!((reply.status, reply.text().as_str()), (400, "Missing additionalFieldValues"));
    }
    assert_eq!(the_crm.count("/v1/settings"), 0);
}

/// Q94.
#[test]
fn a_document_without_the_operation_says_so() {
    let (server, the_crm, _ringcentral) = start(|_| {}, crm);
    let session = admin_session(&server);
    let reply = send(&server, ("GET", ROUTE), &session, &ADMIN, &Value::Null);
    assert_eq!((reply.status, reply.json()), (200, json!({})));
    let body = json!({"additionalFieldValues": {"apiUser": "logger"}});
    let reply = send(&server, ("POST", ROUTE), &session, &ADMIN, &body);
    assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(false)), "{}", reply.text());
    assert!(reply.details().contains("updateServerLoggingSettings"), "{}", reply.text());
    assert_eq!(the_crm.count("/v1/settings"), 0);
}
