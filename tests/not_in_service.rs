//! A connector that is gone: every route says so, and none says that something is not there.

use crate::support::client::Response;
use crate::support::crm::{Crm, Request};
use crate::support::test_server::{self, ADMIN_TOKEN, TestServer, call, document};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request of a user whose document does not serve, and its route.
const PLAYED: &[(&str, &str)] = &[
    ("GET /contact", "/contact?phoneNumber=%2B14155550101"),
    ("POST /contact", "/contact"),
    ("GET /custom/contact/search", "/custom/contact/search?name=Ada"),
    ("POST /callLog", "/callLog"),
    ("PATCH /callLog", "/callLog"),
    ("GET /callLog", "/callLog?sessionIds=s-1"),
    ("POST /callLog/cacheNote", "/callLog/cacheNote"),
    ("PUT /callDisposition", "/callDisposition"),
    ("POST /messageLog", "/messageLog"),
    ("POST /messageLog/match", "/messageLog/match"),
    ("GET /appointments", "/appointments"),
    ("POST /appointments", "/appointments"),
    ("PATCH /appointments/{appointmentId}", "/appointments/1"),
    ("POST /appointments/{appointmentId}/status", "/appointments/1/status"),
    ("GET /appointments/{appointmentId}/refresh", "/appointments/1/refresh"),
    ("POST /appointments/{appointmentId}/confirm", "/appointments/1/confirm"),
    ("POST /appointments/{appointmentId}/cancel", "/appointments/1/cancel"),
    ("GET /authValidation", "/authValidation"),
    ("GET /licenseStatus", "/licenseStatus"),
    ("POST /user/refreshInfo", "/user/refreshInfo"),
    // The last one: it ends the session.
    ("POST /unAuthorize", "/unAuthorize"),
];

/// Routes that need no document, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("GET /readyz", "says nothing of anybody"),
    ("GET /isAlive", "says nothing of anybody"),
    ("GET /serverVersionInfo", "says nothing of anybody"),
    ("GET /releaseNotes", "says nothing of anybody"),
    ("GET /crmManifest", "hands out one document, the same to everybody"),
    ("GET /userInfoHash", "hashes what the request brings"),
    ("GET /metrics", "for the operator alone"),
    ("GET /proxyConfigs", "lists the documents in service"),
    ("GET /openapi.json", "describes the server"),
    ("GET /docs", "describes the server"),
    ("GET /plugin/licenseStatus", "tells that no plugin is installed"),
    ("GET /implementedInterfaces", "has an answer of its own, below"),
    ("POST /apiKeyLogin", "has an answer of its own, below"),
    ("GET /oauth-callback", "has an answer of its own: tests/oauth/callback.rs"),
    ("GET /oauth/start", "has an answer of its own: tests/oauth/start.rs"),
    ("DELETE /admin/managedOAuth/account", "reads or changes what admins manage"),
    ("DELETE /admin/managedOAuth/cache", "reads or changes what admins manage"),
    ("GET /admin/extensionAdoptionStats", "counts what this server keeps"),
    ("GET /admin/managedAuth", "reads or changes what admins manage"),
    ("GET /apiKeyManagedAuthState", "reads or changes what admins manage"),
    ("GET /debug/report/url", "keeps reports of errors"),
    ("GET /debug/reports", "keeps reports of errors"),
    ("GET /debug/reports/{id}", "keeps reports of errors"),
    ("GET /oauthManagedAuthState", "reads or changes what admins manage"),
    ("GET /ringcentral/admin/report", "asks RingCentral, and no CRM"),
    ("GET /ringcentral/admin/userReport", "asks RingCentral, and no CRM"),
    ("GET /ringcentral/oauth/callback", "asks RingCentral, and no CRM"),
    ("POST /admin/managedAuth", "reads or changes what admins manage"),
    ("POST /admin/managedAuth/options", "reads or changes what admins manage"),
    ("POST /admin/managedOAuth/cache", "reads or changes what admins manage"),
    ("PUT /debug/report/upload/{signed}", "keeps reports of errors"),
    ("POST /admin/userMapping", "asks RingCentral for the admin first"),
    ("POST /admin/reinitializeUserMapping", "asks RingCentral for the admin first"),
    ("GET /admin/serverLoggingSettings", "asks RingCentral for the admin first"),
    ("POST /admin/serverLoggingSettings", "asks RingCentral for the admin first"),
    ("GET /hostname", "reads the user's own record"),
    ("GET /accountData", "reads what this server keeps"),
    ("GET /user/settings", "reads what this server keeps"),
    ("POST /user/settings", "changes what this server keeps"),
    ("GET /user/preloadSettings", "reads what admins manage"),
    ("GET /admin/settings", "reads what admins manage"),
    ("POST /admin/settings", "changes what admins manage"),
    ("POST /admin/userMapping", "is for admins alone: tests/user_mapping/admins.rs"),
    ("POST /admin/reinitializeUserMapping", "is for admins alone: tests/user_mapping/admins.rs"),
    ("GET /admin/serverLoggingSettings", "is for admins alone: tests/user_mapping/admins.rs"),
    ("POST /admin/serverLoggingSettings", "is for admins alone: tests/user_mapping/admins.rs"),
    ("GET /calldown", "lists what this server keeps"),
    ("POST /calldown", "changes what this server keeps"),
    ("PATCH /calldown/{id}", "changes what this server keeps"),
    ("DELETE /calldown/{id}", "changes what this server keeps"),
];

fn body(route: &str) -> Option<Value> {
    Some(match route {
        "POST /contact" => json!({"phoneNumber": "+14155550101", "newContactName": "Ada"}),
        "POST /callLog" => call("s-2", "c1"),
        "PATCH /callLog" => json!({"sessionId": "s-1", "note": "n"}),
        "POST /callLog/cacheNote" => json!({"sessionId": "s-1", "note": "n"}),
        "PUT /callDisposition" => json!({"sessionId": "s-1", "dispositions": {}}),
        "POST /messageLog" => json!({
            "logInfo": {
                "conversationId": "c", "conversationLogId": "c-1",
                "correspondents": [{"phoneNumber": "+14155550101"}],
                "messages": [{"id": "1", "subject": "t", "direction": "Inbound", "type": "SMS"}]
            },
            "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
        }),
        "POST /messageLog/match" => json!({"conversationId": "c", "messageIds": ["1"]}),
        "POST /appointments" => {
            json!({"title": "t", "summary": "s", "startTimeUtc": "2026-01-01T10:00:00Z", "durationMinutes": 30})
        }
        "PATCH /appointments/{appointmentId}" => json!({"patch": {"title": "t"}}),
        "POST /appointments/{appointmentId}/status" => json!({"status": "confirmed"}),
        route if route.starts_with("GET ") => return None,
        _ => json!({}),
    })
}

fn send(server: &TestServer, token: &str, route: &str, target: &str) -> Response {
    let method = route.split(' ').next().unwrap();
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Authorization", bearer.as_str())];
    let body = body(route).map(|body| body.to_string().into_bytes());
    if body.is_some() {
        headers.push(("Content-Type", "application/json"));
    }
    server.send(method, target, &headers, body)
}

fn routes() -> BTreeSet<String> {
    let paths = app_connect::server::openapi_document()["paths"].as_object().expect("paths");
    let routes = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods.keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    routes.filter(|route| !route.contains(" /console/")).collect()
}

#[test]
fn no_route_is_forgotten() {
    let listed = PLAYED.iter().chain(EXEMPT).map(|(route, _)| (*route).to_owned());
    assert_eq!(listed.collect::<BTreeSet<_>>(), routes());
}

/// How a document ceases to serve.
#[derive(Clone, Copy)]
enum Gone {
    Removed,
    /// Broken when the server starts: there is no version that runs.
    Broken,
    RemovedWhileItRuns,
}

fn play(gone: Gone) {
    let crm = Crm::start(test_server::ordinary);
    let mut server = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = server.sign_in("crm", "testCrm", "one-key");
    assert_eq!(server.post("/callLog", &token, &call("s-1", "c1")).json()["successful"], true);
    let file = server.document("crm");
    match gone {
        Gone::Removed => server.kill_and_restart_after(|_| std::fs::remove_file(&file).unwrap()),
        Gone::Broken => {
            server.kill_and_restart_after(|_| std::fs::write(&file, "{\"operations\": 5}").unwrap())
        }
        Gone::RemovedWhileItRuns => {
            std::fs::remove_file(&file).unwrap();
            test_server::until("the document to go", || server.state("crm").is_null());
        }
    }
    let asked = crm.count("");
    for (route, target) in PLAYED {
        let reply = send(&server, &token, route, target);
        assert!(reply.text().contains("not in service"), "{route}: {}", reply.text());
        for said in ["ontact not found", "could not be found", "Cannot find", "Not supported", "\"Basic\""] {
            assert!(!reply.text().contains(said), "{route}: {}", reply.text());
        }
        if *route != "POST /unAuthorize" {
            assert!(
                reply.text().contains("The connector \\\"crm\\\" is not in service"),
                "{route}: {}",
                reply.text()
            );
            assert!(!reply.text().contains("\"successful\":true"), "{route}: {}", reply.text());
        }
    }
    assert_eq!(crm.count(""), asked, "nobody was asked");
    let told = server.log_lines().into_iter().filter(|line| line["message"] == "not in service").count();
    assert_eq!(told, PLAYED.len());
    let metrics = server.get("/metrics", ADMIN_TOKEN).text();
    assert!(metrics.contains(&format!("app_connect_not_in_service_total {}", PLAYED.len())), "{metrics}");
    let interfaces = server.get("/implementedInterfaces?platform=testCrm&proxyId=crm", "");
    assert_eq!((interfaces.status, interfaces.text().contains("Unknown proxyId")), (404, true));
    let login = server.send_login(&json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "one-key"}));
    assert_eq!((login.status, login.text().contains("is in service")), (400, true), "{}", login.text());
}

#[test]
fn a_document_that_was_removed_is_told_on_every_route() {
    play(Gone::Removed);
}

#[test]
fn a_document_that_is_broken_is_told_on_every_route() {
    play(Gone::Broken);
}

#[test]
fn a_document_that_goes_while_the_server_runs_is_told_on_every_route() {
    play(Gone::RemovedWhileItRuns);
}

/// What the account knows of a number is not shown either: it is what a document that is gone mapped.
#[test]
fn cached_contacts_are_not_served_for_a_document_that_is_gone() {
    let crm = Crm::start(test_server::ordinary);
    let platform =
        Crm::start(|_: &Request| crate::support::crm::Answer::json(&json!({"id": 1, "account": {"id": 5}})));
    let mut server = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("ADMIN_TOKEN", ADMIN_TOKEN).env("RINGCENTRAL_SERVER", platform.origin())
    });
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key", "rcAccessToken": "any"});
    let token = server.send_login(&login).json()["jwtToken"].as_str().unwrap().to_owned();
    let target = "/contact?phoneNumber=%2B14155550101";
    assert!(server.get(target, &token).text().contains("Ada"));
    let file = server.document("crm");
    let text = std::fs::read(&file).unwrap();
    server.kill_and_restart_after(|_| std::fs::remove_file(&file).unwrap());
    let told = server.get(target, &token);
    assert!(told.text().contains("not in service") && !told.text().contains("Ada"), "{}", told.text());
    // It comes back as it was: so do they.
    server.kill_and_restart_after(|_| std::fs::write(&file, text).unwrap());
    let asked = crm.count("/v1/contacts");
    assert!(server.get(target, &token).text().contains("Ada"));
    assert_eq!(crm.count("/v1/contacts"), asked);
}
