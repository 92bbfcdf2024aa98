//! Whether the CRM still accepts a user, who they are there, and what replies never hold.
use super::*;
use std::sync::{Arc, Mutex};

/// A server whose CRM answers everything but sign-ins as told.
fn told(adjust: impl FnOnce(&mut Value)) -> (TestServer, String, Crm, Arc<Mutex<Option<Answer>>>) {
    let said = Arc::new(Mutex::new(None::<Answer>));
    let answers = Arc::clone(&said);
    let (server, token, crm) = start(adjust, move |request| {
        let told = answers.lock().expect("no panic").clone();
        told.unwrap_or_else(|| test_server::ordinary(request))
    });
    (server, token, crm, said)
}

/// Q29.
#[test]
fn the_session_with_the_crm_is_checked_by_its_own_operation_or_by_asking_who_it_is() {
    let own_operation = |document: &mut Value| {
        document["operations"]["authValidation"] = json!({
            "method": "GET", "url": "/session",
            "responseMapping": {"successfulPath": "body.active", "messagePath": "body.words"}
        });
    };
    let (server, token, crm, said) = told(own_operation);
    *said.lock().unwrap() = Some(Answer::json(&json!({"active": true})));
    assert_eq!(server.get("/authValidation", &token).json()["successful"], true);
    assert_eq!(crm.count("/v1/session"), 1);
    *said.lock().unwrap() = Some(Answer::json(&json!({"active": false, "words": "Your plan ended."})));
    let refused = server.get("/authValidation", &token);
    assert_eq!((refused.status, &refused.json()["successful"]), (200, &json!(false)));
    assert_eq!(refused.message()["message"], "Your plan ended.");

    let (server, token, crm, said) = told(|_| {});
    let before = crm.count("/v1/me");
    assert_eq!(server.get("/authValidation", &token).json()["successful"], true);
    assert_eq!(crm.count("/v1/me"), before + 1);
    for status in [401, 403] {
        *said.lock().unwrap() = Some(Answer::json(&json!({})).status(status));
        let refused = server.get("/authValidation", &token);
        assert_eq!((refused.status, &refused.json()["successful"]), (200, &json!(false)), "{status}");
        assert_eq!(refused.message()["messageType"], "warning");
    }
    // An outage says nothing about the user.
    for outage in [Answer::json(&json!({})).status(500), Answer::reset()] {
        *said.lock().unwrap() = Some(outage);
        let failed = server.get("/authValidation", &token);
        assert_eq!((failed.status, &failed.json()["successful"]), (400, &json!(false)), "{}", failed.text());
        assert!(!failed.details().is_empty(), "{}", failed.text());
    }
}

#[test]
fn a_profile_is_read_again_and_never_becomes_another_users() {
    let (server, token, crm, said) = told(|document| {
        document["operations"]["refreshUserInfo"] = json!({
            "method": "GET", "url": "/me",
            "responseMapping": {"idPath": "body.id", "platformAdditionalInfoPaths": {"team": "body.team"}}
        });
        document["operations"]["findContact"]["query"]["team"] =
            json!("{{user.platformAdditionalInfo.team}}");
    });
    let team = || {
        *said.lock().unwrap() = None;
        server.get("/contact?phoneNumber=1&isForceRefreshAccountData=true", &token);
        crm.received().last().expect("a request").query("team")
    };
    assert_eq!(team(), None);
    *said.lock().unwrap() = Some(Answer::json(&json!({"id": "1", "team": "north"})));
    let refreshed = server.post("/user/refreshInfo", &token, &json!({}));
    assert_eq!(
        (refreshed.status, &refreshed.json()["successful"]),
        (200, &json!(true)),
        "{}",
        refreshed.text()
    );
    assert_eq!(team().as_deref(), Some("north"));
    for answer in [
        Answer::json(&json!({"id": "2", "team": "south"})),
        Answer::json(&json!({"id": "1", "team": "south"})).status(500),
        Answer::text("text/html", "<html>"),
    ] {
        *said.lock().unwrap() = Some(answer.clone());
        let refused = server.post("/user/refreshInfo", &token, &json!({}));
        assert_eq!(refused.json()["successful"], false, "{answer:?}: {}", refused.text());
        assert_eq!(team().as_deref(), Some("north"), "{answer:?}");
    }
    assert_eq!(server.post("/unAuthorize", &token, &json!({})).status, 200);
    let refused = server.post("/user/refreshInfo", &token, &json!({}));
    assert_eq!(refused.message()["message"], "User not found");
}

/// Q10.
#[test]
fn no_reply_holds_a_debug_trace() {
    let (server, token, _crm, _said) = told(|_| {});
    let bearer = format!("Bearer {token}");
    for target in
        ["/contact?phoneNumber=1", "/user/settings", "/licenseStatus", "/calldown", "/authValidation"]
    {
        let plain = server.get(target, &token);
        let traced = server.send("GET", target, &[("Authorization", &bearer), ("is-debug", "true")], None);
        assert_eq!((traced.status, traced.text()), (plain.status, plain.text()), "{target}");
        assert!(!traced.text().contains("_debug"), "{target}");
    }
}

#[test]
fn ids_are_hashed_with_the_salt() {
    let crm = Crm::start(test_server::ordinary);
    let server = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.env("HASH_KEY", "oracle-hash-key")
    });
    let reply = server.send("GET", "/userInfoHash?extensionId=101", &[], None).json();
    assert_eq!(reply["extensionId"], "2626eb1ca76baa4f519caa118435e11bf7716cbf2cd2d32043f14bfbf6045d9f");
    let other = TestServer::start_with(&[], |options| options.env("HASH_KEY", "another"));
    assert_ne!(
        other.send("GET", "/userInfoHash?extensionId=101", &[], None).json()["extensionId"],
        reply["extensionId"]
    );
}

/// The reply counts as a page in a browser.
#[test]
fn a_host_name_that_somebody_typed_is_no_markup() {
    let (server, _, _crm, _) = told(|_| {});
    let typed = "<script>alert(\"1\")</script>&";
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "9-key", "hostname": typed});
    let token = server.send_login(&login).json()["jwtToken"].as_str().expect("a token").to_owned();
    let shown = server.get("/hostname", &token);
    assert_eq!(shown.text(), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;");
}
