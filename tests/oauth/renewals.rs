//! Access tokens that expire or that the CRM refuses, and sessions that are over at the CRM.
use super::{World, session};
use crate::support::client::Response;
use crate::support::crm::Answer;
use crate::support::test_server::call;
use serde_json::{Value, json};

/// The CRM accepts no token of this user any more, and the refresh token still.
fn refuse_token(world: &World, id: &str) {
    let mut known = world.authorization.0.lock().unwrap();
    let (count, _) = known.granted.get_mut(id).expect("somebody who signed in");
    // The next number is granted to whoever renews; until then none is valid.
    *count += 1;
}

/// The refresh token that belongs to what the CRM knows now.
fn renews_to(world: &World, id: &str, count: usize) {
    let access = format!("at-{id}-{count}");
    world.authorization.next(Answer::json(&json!({
        "access_token": access, "refresh_token": format!("rt-{id}-{count}"), "expires_in": 3600
    })));
}

#[test]
fn one_renewal_for_all_requests_of_a_user() {
    let world = World::start();
    let token = world.sign_in("a1~60");
    world.authorization.0.lock().unwrap().granted.get_mut("a1").unwrap().1 = Some(3600);
    std::thread::scope(|scope| {
        let requests: Vec<_> = (0..20).map(|_| scope.spawn(|| world.contacts(&token))).collect();
        for request in requests {
            let reply = request.join().unwrap();
            assert_eq!(reply.json()["contact"][0]["name"], "of a1", "{}", reply.text());
        }
    });
    assert_eq!(world.token_requests(), 2, "the sign-in and one renewal");
    let form = world.authorization.forms().pop().unwrap();
    assert_eq!((form["grant_type"].as_str(), form["refresh_token"].as_str()), ("refresh_token", "rt-a1-1"));
}

/// The CRM refused it, so it has not done it.
#[test]
fn a_refused_token_is_renewed_and_the_request_sent_once_more() {
    let world = World::start();
    let token = world.sign_in("b1");
    refuse_token(&world, "b1");
    renews_to(&world, "b1", 2);
    let logged = world.app.post("/callLog", &token, &call("s-1", "c1"));
    assert_eq!(logged.json()["successful"], true, "{}", logged.text());
    assert_eq!(world.crm.count("/v1/activities"), 2, "refused, and once more");
    assert_eq!(world.contacts(&token).json()["successful"], true);
    assert_eq!(world.token_requests(), 2, "the new token is kept");
    let metrics = world.app.get("/metrics", crate::support::test_server::ADMIN_TOKEN).text();
    let counted = r#"app_connect_token_renewals_total{why="refused",outcome="renewed"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

/// A CRM that answers 401 to everything means something else than the token.
#[test]
fn a_request_is_repeated_once_and_a_futile_renewal_is_not_made_again() {
    let world = World::start();
    let token = world.sign_in("c1");
    refuse_token(&world, "c1");
    renews_to(&world, "c1", 9);
    for renewals in [1, 1] {
        let reply = world.contacts(&token).json();
        assert_eq!(reply["returnMessage"]["message"], "Authorization error", "{reply}");
        assert_eq!(reply["errorCode"], "CRM_SESSION_INVALID");
        assert_eq!(world.token_requests(), 1 + renewals);
    }
    assert_eq!(world.crm.count("/v1/contacts"), 3, "twice, and then once");
}

#[test]
fn a_document_that_means_something_else_by_401_is_heard() {
    let world = World::start_with(|document| {
        document["operations"]["findContact"]["errorMapping"] = json!([{"when": {"status": 401}, "outcome": {"message": "Ask your admin for the right to see contacts"}}]);
    });
    let token = world.sign_in("d1");
    refuse_token(&world, "d1");
    let reply = world.contacts(&token).json();
    assert_eq!(reply["returnMessage"]["message"], "Ask your admin for the right to see contacts", "{reply}");
    assert_eq!((world.token_requests(), world.crm.count("/v1/contacts")), (1, 1));
}

/// A renewal that fails leaves the CRM's refusal, and signs nobody out.
#[test]
fn a_refused_token_that_cannot_be_renewed_is_told_as_refused() {
    let world = World::start();
    let token = world.sign_in("f1");
    refuse_token(&world, "f1");
    world.authorization.next(Answer::text("text/html", "<html>down</html>").status(503));
    let reply = world.contacts(&token);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["returnMessage"]["message"], "Authorization error", "{}", reply.text());
}

fn assert_revoked(what: &str, reply: &Response) {
    let expected = r#"{"successful":false,"returnMessage":{"message":"User session expired. Please connect again.","messageType":"warning","ttl":5000},"errorCode":"CRM_SESSION_REVOKED"}"#;
    assert_eq!((reply.status, reply.text().as_str()), (401, expected), "{what}");
}

/// `invalid_grant` alone ends a session, on every route that asks the CRM.
#[test]
fn a_session_that_is_over_at_the_crm_is_told_on_every_route() {
    let world = World::start();
    let token = world.sign_in("g1");
    let logged = world.app.post("/callLog", &token, &call("s-g", "c1")).json();
    assert_eq!(logged["successful"], true, "{logged}");
    world.authorization.revoke("g1");
    refuse_token(&world, "g1");
    let message = json!({
        "logInfo": {
            "conversationId": "v-1", "conversationLogId": "v-1-l", "date": "2026-01-05",
            "correspondents": [{"phoneNumber": "+14155550100"}],
            "messages": [{
                "id": "m-1", "direction": "Inbound", "type": "SMS", "subject": "Hello",
                "creationTime": "2026-01-05T10:00:00.000Z",
                "from": {"phoneNumber": "+14155550100"}, "to": [{"phoneNumber": "+14155550101"}]
            }]
        },
        "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
    });
    let range = "/appointments?startDate=2026-01-05&endDate=2026-01-06";
    let new_contact =
        json!({"phoneNumber": "+14155550177", "newContactName": "Ada", "newContactType": "Contact"});
    let update = json!({"sessionId": "s-g", "note": "More", "startTime": 1_700_000_000_000_i64});
    let routes: &[(&str, &str, Value)] = &[
        ("GET", "/contact?phoneNumber=1", Value::Null),
        ("GET", "/custom/contact/search?name=Ada", Value::Null),
        ("POST", "/contact", new_contact),
        ("POST", "/callLog", call("s-other", "c1")),
        ("PATCH", "/callLog", update),
        ("GET", "/callLog?sessionIds=s-g&requireDetails=true", Value::Null),
        ("PUT", "/callDisposition", json!({"sessionId": "s-g", "dispositions": {"result": "won"}})),
        ("POST", "/messageLog", message),
        ("GET", range, Value::Null),
    ];
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    for (method, target, body) in routes {
        let body = (!body.is_null()).then(|| body.to_string().into_bytes());
        let reply = world.app.send(method, target, &headers, body);
        assert_revoked(&format!("{method} {target}"), &reply);
    }
    // What asks no CRM goes on, and these tell it in their own way.
    assert_eq!(world.app.get("/user/settings", &token).status, 200);
    for (method, target) in [("GET", "/authValidation"), ("GET", "/licenseStatus")] {
        let reply = world.app.send(method, target, &headers, None);
        assert_ne!(reply.status, 401, "{target}: {}", reply.text());
    }
    // Who connects again is back.
    world.authorization.0.lock().unwrap().revoked.clear();
    let again = world.sign_in("g1");
    assert_eq!(world.contacts(&again).json()["successful"], true);
}

/// Another server may have used the refresh token first: its result is in the store.
#[test]
fn invalid_grant_in_any_spelling_ends_a_session_and_nothing_else_does() {
    let world = World::start();
    let token = world.sign_in("h1~60");
    let json_text = json!(r#"{"error":"invalid_grant"}"#);
    for (answer, ends) in [
        (Answer::json(&json!({"error": "Invalid_Grant"})).status(400), true),
        (Answer::text("application/x-www-form-urlencoded", "error=invalid_grant").status(400), true),
        (Answer::json(&json_text).status(400), true),
        (Answer::json(&json!({"error": "invalid_client"})).status(401), false),
        (Answer::json(&json!({"error": "unauthorized_client"})).status(400), false),
        (Answer::json(&json!({"message": "invalid_grant happened"})).status(400), false),
        (Answer::text("text/html", "<html>invalid_grant</html>").status(400), false),
        (Answer::json(&json!({})).status(429), false),
    ] {
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        world.authorization.next(answer);
        let reply = world.contacts(&token);
        match ends {
            true => assert_revoked(&shown, &reply),
            false => assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(false)), "{shown}"),
        }
    }
    // The user was not signed out by any of it: the tokens are still there.
    assert_eq!(world.contacts(&token).json()["contact"][0]["name"], "of h1");
}

#[test]
fn a_missing_credential_is_told_with_a_code() {
    let world = World::start();
    let token = world.sign_in("i1");
    assert_eq!(world.app.post("/unAuthorize", &token, &json!({})).status, 200);
    for target in ["/contact?phoneNumber=1", "/callLog?sessionIds=s"] {
        let reply = world.app.get(target, &token);
        assert_eq!(
            (reply.status, &reply.json()["errorCode"]),
            (200, &json!("CRM_SESSION_INVALID")),
            "{target}"
        );
    }
    session(&world.callback("i1", ""));
}
