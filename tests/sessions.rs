//! Who sees what: users, call logs and sessions, across documents, accounts, sign-outs, kills.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, ADMIN_TOKEN, TestServer, call, document};
use app_connect::store::{
    CallLog, Extension, Keys, Owner, Secret, SledOptions, SledStore, Store as _, Tenant, User, UserKey,
};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use std::path::Path;

const SECRET: &str = "the signing secret of these tests";

fn start(documents: &[(&str, &Value)], ringcentral: &str) -> TestServer {
    let ringcentral = ringcentral.to_owned();
    TestServer::start_with(documents, |options| {
        options
            .env("APP_SERVER_SECRET_KEY", SECRET)
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            .env("RINGCENTRAL_SERVER", ringcentral)
    })
}

/// A RingCentral platform: the token is the account's id.
fn ringcentral() -> Crm {
    Crm::start(|request: &Request| {
        let account =
            request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        Answer::json(&json!({"id": 1, "account": {"id": account}}))
    })
}

fn claims(token: &str) -> Value {
    let mut validation = Validation::default();
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

/// A token as servers issued it before the proxy id was part of it.
fn token_without_proxy(id: &str) -> String {
    let claims = json!({"id": id, "platform": "testCrm"});
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn sign_in_from(app: &TestServer, proxy_id: &str, key: &str, account: &str) -> String {
    let login = json!({"platform": "testCrm", "proxyId": proxy_id, "apiKey": key, "rcAccessToken": account});
    let reply = app.send_login(&login);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["jwtToken"].as_str().unwrap().to_owned()
}

fn logged(reply: &Response) -> String {
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    reply.json()["logId"].as_str().expect("an id").to_owned()
}

fn found(app: &TestServer, token: &str, session_id: &str) -> Value {
    let reply = app.get(&format!("/callLog?sessionIds={session_id}"), token);
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    reply.json()["logs"][0].clone()
}

/// The API keys that reached the CRM for contacts.
fn keys_for_contacts(crm: &Crm) -> Vec<String> {
    crm.received()
        .iter()
        .filter(|request| request.path() == "/v1/contacts")
        .map(test_server::api_key)
        .collect()
}

/// Q3.
#[test]
fn users_behind_two_documents_are_two_users() {
    let (one, two) = (Crm::start(test_server::ordinary), Crm::start(test_server::ordinary));
    let app =
        start(&[("one", &document(&one.origin())), ("two", &document(&two.origin()))], "http://127.0.0.1:9");
    let first = app.sign_in("one", "testCrm", "7-first");
    let second = app.sign_in("two", "testCrm", "7-second");
    // What clients see of the id is the same; the proxy id tells them apart.
    assert_eq!((&claims(&first)["id"], &claims(&first)["proxyId"]), (&json!("7-testCrm"), &json!("one")));
    assert_eq!((&claims(&second)["id"], &claims(&second)["proxyId"]), (&json!("7-testCrm"), &json!("two")));
    for token in [&first, &second] {
        assert_eq!(app.get("/contact?phoneNumber=1", token).json()["successful"], true);
    }
    assert_eq!(
        (keys_for_contacts(&one), keys_for_contacts(&two)),
        (vec!["7-first".into()], vec!["7-second".into()])
    );
    logged(&app.post("/callLog", &first, &call("s", "c1")));
    assert_eq!(found(&app, &second, "s")["matched"], false);
    // Signing one out leaves the other.
    assert_eq!(app.post("/unAuthorize", &first, &json!({})).status, 200);
    assert_eq!(app.get("/contact?phoneNumber=1", &first).json()["successful"], false);
    assert_eq!(app.get("/contact?phoneNumber=1", &second).json()["successful"], true);
}

/// Q3, for tokens from before.
#[test]
fn a_token_without_a_proxy_id_finds_the_only_user_and_nobody_when_there_are_two() {
    let crm = Crm::start(test_server::ordinary);
    let document = document(&crm.origin());
    let app = start(&[("one", &document), ("two", &document)], "http://127.0.0.1:9");
    let old = token_without_proxy("7-testCrm");
    assert_eq!(app.get("/contact?phoneNumber=1", &old).message()["message"], "Contact not found");
    app.sign_in("one", "testCrm", "7-first");
    assert_eq!(app.get("/contact?phoneNumber=1", &old).json()["successful"], true);
    assert_eq!(keys_for_contacts(&crm), ["7-first"]);
    app.sign_in("two", "testCrm", "7-second");
    let ambiguous = app.get("/contact?phoneNumber=1", &old);
    assert_eq!(ambiguous.json()["successful"], false, "{}", ambiguous.text());
    assert_eq!(keys_for_contacts(&crm), ["7-first"], "nothing was sent for a guess");
    assert_eq!(app.post("/callLog", &old, &call("s", "c1")).message()["message"], "User not found");
    assert_eq!(app.post("/unAuthorize", &old, &json!({})).status, 400);
}

/// Q4: within an account everybody finds a log, outside nobody; without an account only its user.
#[test]
fn call_logs_stay_within_their_account_or_user() {
    let crm = Crm::start(test_server::ordinary);
    let platform = ringcentral();
    let app = start(&[("crm", &document(&crm.origin()))], &platform.origin());
    let anna = sign_in_from(&app, "crm", "1-key", "account-a");
    let colleague = sign_in_from(&app, "crm", "2-key", "account-a");
    let stranger = sign_in_from(&app, "crm", "3-key", "account-b");
    let loner = app.sign_in("crm", "testCrm", "4-key");
    let other_loner = app.sign_in("crm", "testCrm", "5-key");

    assert_eq!(logged(&app.post("/callLog", &anna, &call("s", "of-a"))), "a-of-a");
    assert_eq!(found(&app, &colleague, "s")["logId"], "a-of-a");
    for outsider in [&stranger, &loner, &other_loner] {
        assert_eq!(found(&app, outsider, "s"), json!({"sessionId": "s", "matched": false}));
    }
    // The same session of another owner is another log: nothing is hidden, nothing overwritten.
    assert_eq!(logged(&app.post("/callLog", &stranger, &call("s", "of-b"))), "a-of-b");
    assert_eq!(logged(&app.post("/callLog", &loner, &call("s", "of-loner"))), "a-of-loner");
    assert_eq!(found(&app, &other_loner, "s")["matched"], false);
    for (token, id) in
        [(&anna, "a-of-a"), (&colleague, "a-of-a"), (&stranger, "a-of-b"), (&loner, "a-of-loner")]
    {
        assert_eq!(found(&app, token, "s")["logId"], id);
    }
    let again = app.post("/callLog", &colleague, &call("s", "other"));
    assert_eq!(again.message()["message"], "Existing log for session s");
}

/// Q33.
#[test]
fn signing_out_forgets_the_tokens_even_when_the_crm_fails() {
    let failing = Crm::start(|request: &Request| match request.path() {
        "/v1/logout" => Answer::json(&json!({"message": "down for maintenance"})).status(500),
        _ => test_server::ordinary(request),
    });
    let resetting = Crm::start(|request: &Request| match request.path() {
        "/v1/logout" => Answer::reset(),
        _ => test_server::ordinary(request),
    });
    let working = Crm::start(test_server::ordinary);
    let documents = [("failing", &failing), ("resetting", &resetting), ("working", &working)]
        .map(|(name, crm)| (name, document(&crm.origin())));
    let documents: Vec<_> = documents.iter().map(|(name, document)| (*name, document)).collect();
    let mut app = start(&documents, "http://127.0.0.1:9");
    for (proxy_id, crm, message_type) in [
        ("failing", &failing, "warning"),
        ("resetting", &resetting, "warning"),
        ("working", &working, "success"),
    ] {
        let token = app.sign_in(proxy_id, "testCrm", "1-key");
        let reply = app.post("/unAuthorize", &token, &json!({}));
        assert_eq!(
            (reply.status, &reply.json()["messageType"]),
            (200, &json!(message_type)),
            "{}",
            reply.text()
        );
        assert_eq!(crm.count("/v1/logout"), 1);
        if message_type == "warning" {
            assert!(
                reply.json()["message"].as_str().unwrap().starts_with("Logged out here, but"),
                "{}",
                reply.text()
            );
        }
        let before = crm.received().len();
        let refused = [
            app.get("/contact?phoneNumber=1", &token),
            app.get("/custom/contact/search?name=Ada", &token),
            app.post("/contact", &token, &json!({"phoneNumber": "1", "newContactName": "Ada"})),
            app.post("/callLog", &token, &call("s", "c1")),
            app.get("/callLog?sessionIds=s", &token),
        ];
        for reply in refused {
            assert_eq!(reply.json()["successful"], false, "{}", reply.text());
            assert!(reply.message()["message"].is_string(), "{}", reply.text());
        }
        // A second sign-out has nothing to tell the CRM.
        assert_eq!(app.post("/unAuthorize", &token, &json!({})).status, 200);
        assert_eq!(crm.received().len(), before, "nothing goes out for a user who signed out");
        app.kill_and_restart();
        assert_eq!(
            app.get("/contact?phoneNumber=1", &token).json()["successful"],
            false,
            "signed out after a restart"
        );
        let token = app.sign_in(proxy_id, "testCrm", "1-key");
        assert_eq!(
            app.get("/contact?phoneNumber=1", &token).json()["successful"],
            true,
            "and signs in again"
        );
    }
}

#[test]
fn users_logs_and_cached_contacts_survive_kill_9() {
    let crm = Crm::start(test_server::ordinary);
    let platform = ringcentral();
    let mut app = start(&[("crm", &document(&crm.origin()))], &platform.origin());
    let token = sign_in_from(&app, "crm", "1-key", "account-a");
    let contacts = app.get("/contact?phoneNumber=%2B14155550101", &token).json()["contact"].clone();
    assert_eq!(contacts[0]["name"], "Ada");
    for round in 0..3 {
        let sessions: Vec<String> = (0..5).map(|n| format!("s-{round}-{n}")).collect();
        for session in &sessions {
            logged(&app.post("/callLog", &token, &call(session, session)));
        }
        // At once after the last acknowledgement.
        app.kill_and_restart();
        for session in &sessions {
            assert_eq!(found(&app, &token, session)["logId"], format!("a-{session}"));
            let again = app.post("/callLog", &token, &call(session, session));
            assert_eq!(again.message()["message"], format!("Existing log for session {session}"));
        }
    }
    assert_eq!(crm.count("/v1/activities"), 15, "one record for each call");
    let before = crm.count("/v1/contacts");
    let cached = app.get("/contact?phoneNumber=%2B14155550101", &token);
    assert_eq!((&cached.json()["contact"], crm.count("/v1/contacts")), (&contacts, before), "from the cache");
    assert_eq!(cached.message(), Value::Null);
}

/// Nothing readable on the disk gives a token away.
#[test]
fn tokens_are_sealed_on_the_disk() {
    let crm = Crm::start(test_server::ordinary);
    let mut app = start(&[("crm", &document(&crm.origin()))], "http://127.0.0.1:9");
    let key = "1-averyrecognisableapikey";
    let token = app.sign_in("crm", "testCrm", key);
    logged(&app.post("/callLog", &token, &call("s", "c1")));
    app.server.kill();
    let mut files = vec![app.folder().join("data")];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        read += bytes.len();
        for secret in [key, token.as_str(), SECRET] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
    assert!(read > 0);
}

/// Q26.
#[test]
fn each_session_of_a_lookup_has_its_own_outcome() {
    let crm = Crm::start(|request: &Request| match request.path() {
        "/v1/activities/a-gone" if request.method == "GET" => {
            Answer::json(&json!({"message": "deleted"})).status(404)
        }
        "/v1/activities/a-slow" if request.method == "GET" => Answer::json(&json!({})).status(503),
        _ => test_server::ordinary(request),
    });
    let app = start(&[("crm", &document(&crm.origin()))], "http://127.0.0.1:9");
    let token = app.sign_in("crm", "testCrm", "1-key");
    for (session, contact) in
        [("s1", "fine"), ("s2", "gone"), ("s3", "slow"), ("s4", "x"), ("s5", "y"), ("s6", "z")]
    {
        logged(&app.post("/callLog", &token, &call(session, contact)));
    }
    let reply =
        app.get("/callLog?sessionIds=s1,%20s2%20,s3,unknown,%20s4,s5,,s6%20&requireDetails=true", &token);
    assert_eq!(reply.status, 200);
    let body = reply.json();
    assert_eq!(body["successful"], true, "{body}");
    let logs = body["logs"].as_array().unwrap();
    let ids: Vec<_> = logs.iter().map(|log| log["sessionId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["s1", "s2", "s3", "unknown", "s4", "s5", "s6"], "trimmed, none dropped");
    assert_eq!(logs[0]["logData"]["fullBody"], "The whole record");
    assert_eq!(logs[1]["logData"], Value::Null);
    let words = logs[1]["returnMessage"]["details"].to_string();
    assert!(words.contains("no such record") && !words.contains("authorization"), "{words}");
    assert!(logs[2]["returnMessage"]["details"].to_string().contains("HTTP 503"), "{}", logs[2]);
    assert_eq!(logs[3], json!({"sessionId": "unknown", "matched": false}));
    for log in &logs[4..] {
        assert_eq!((&log["matched"], &log["logData"]["subject"]), (&json!(true), &json!("A call")), "{log}");
    }
    // Without details nothing is asked.
    let before = crm.received().len();
    assert_eq!(app.get("/callLog?sessionIds=s1,s2", &token).json()["logs"][1]["logId"], "a-gone");
    assert_eq!(crm.received().len(), before);
    for nothing in ["/callLog", "/callLog?sessionIds=", "/callLog?sessionIds=,%20,"] {
        let reply = app.get(nothing, &token);
        assert_eq!(reply.json()["successful"], false, "{}", reply.text());
        assert!(reply.message()["message"].as_str().unwrap().contains("sessionIds"), "{}", reply.text());
    }
}

/// Q31.
#[test]
fn a_start_time_that_cannot_be_read_is_refused_before_anything_is_sent() {
    let crm = Crm::start(test_server::ordinary);
    let app = start(&[("crm", &document(&crm.origin()))], "http://127.0.0.1:9");
    let token = app.sign_in("crm", "testCrm", "1-key");
    for start in [
        json!("yesterday"),
        json!(""),
        json!("2024-13-45T99:00:00Z"),
        json!(true),
        json!({}),
        json!([1]),
        json!(1e300),
    ] {
        let mut request = call("s", "c1");
        request["logInfo"]["startTime"] = start.clone();
        let reply = app.post("/callLog", &token, &request);
        assert_eq!(reply.json()["successful"], false, "{start}: {}", reply.text());
        assert!(
            reply.message()["message"].as_str().unwrap().contains("logInfo.startTime"),
            "{start}: {}",
            reply.text()
        );
    }
    assert_eq!(crm.count("/v1/activities"), 0);
    for (n, start) in [json!("2023-11-14T22:13:20Z"), json!("1700000000000"), json!(1_700_000_000_000_i64)]
        .iter()
        .enumerate()
    {
        let mut request = call(&format!("s{n}"), "c1");
        request["logInfo"]["startTime"] = start.clone();
        logged(&app.post("/callLog", &token, &request));
        let sent: Value = serde_json::from_slice(&crm.received().pop().unwrap().body).unwrap();
        assert_eq!(sent["start_at"], "2023-11-14T22:13:20.000Z", "{start}");
    }
}

/// Q13.
#[test]
fn a_record_without_an_id_is_a_warning_that_names_the_path_and_is_not_made_twice() {
    let crm = Crm::start(|request: &Request| match (request.method.as_str(), request.path()) {
        ("POST", "/v1/activities") => Answer::json(&json!({"result": {"key": 5}})).status(201),
        _ => test_server::ordinary(request),
    });
    let mut unmapped = document(&crm.origin());
    unmapped["operations"]["createCallLog"].as_object_mut().unwrap().shift_remove("responseMapping");
    let mut app = start(&[("crm", &document(&crm.origin())), ("unmapped", &unmapped)], "http://127.0.0.1:9");
    for (proxy_id, named) in [("crm", "body.id"), ("unmapped", "noId")] {
        let before = crm.count("/v1/activities");
        let token = app.sign_in(proxy_id, "testCrm", "1-key");
        let reply = app.post("/callLog", &token, &call("s", "c1"));
        let message = reply.message();
        assert_eq!(
            (&reply.json()["successful"], &message["messageType"]),
            (&json!(false), &json!("warning")),
            "{message}"
        );
        assert!(reply.details().contains(named), "{message}");
        assert_eq!(reply.json().get("logId"), None);
        for restarted in [false, true] {
            if restarted {
                app.kill_and_restart();
            }
            let again = app.post("/callLog", &token, &call("s", "c1"));
            assert_eq!(again.message()["message"], "This call may be logged already");
            assert_eq!(crm.count("/v1/activities"), before + 1, "one record");
        }
        // Looking it up does not ask the CRM for a record without an id.
        let reads = crm.received().len();
        let found = app.get("/callLog?sessionIds=s&requireDetails=true", &token);
        assert_eq!(found.json()["logs"][0]["matched"], false, "{}", found.text());
        assert_eq!(crm.received().len(), reads, "{}", found.text());
    }
}

#[test]
fn a_call_without_a_session_id_is_refused_with_words() {
    let crm = Crm::start(test_server::ordinary);
    let app = start(&[("crm", &document(&crm.origin()))], "http://127.0.0.1:9");
    let token = app.sign_in("crm", "testCrm", "1-key");
    for body in
        [json!({}), json!({"logInfo": {}}), json!({"logInfo": {"sessionId": ""}}), json!({"logInfo": 5})]
    {
        let reply = app.post("/callLog", &token, &body);
        assert!(reply.message()["message"].as_str().unwrap().contains("sessionId"), "{}", reply.text());
    }
    assert_eq!(crm.count("/v1/activities"), 0);
}

/// Where each customer has a host, ids repeat: two people never become one user, whatever names the
/// host.
#[test]
fn users_of_two_hosts_with_one_id_are_two_users() {
    for (chosen, stored) in [
        ("http://{{hostname}}", "http://{{user.hostname}}"),
        ("http://{{additionalInfo.server}}", "http://{{user.platformAdditionalInfo.server}}"),
    ] {
        let crm = Crm::start(test_server::ordinary);
        let port = crm.origin().rsplit(':').next().expect("a port").to_owned();
        let mut document = document(&crm.origin());
        document["requestDefaults"] = json!({"allowedHosts": ["127.0.0.1", "localhost"]});
        for operation in document["operations"].as_object_mut().unwrap().values_mut() {
            operation["url"] = json!(format!("{stored}/v1{}", operation["url"].as_str().unwrap()));
        }
        document["operations"]["getUserInfo"]["url"] = json!(format!("{chosen}/v1/me"));
        document["operations"]["findContact"]["query"]["by"] = json!("{{user.id}}");
        let platform = ringcentral();
        let app = start(&[("crm", &document)], &platform.origin());
        let sign_in = |host: &str, key: &str| {
            let host = format!("{host}:{port}");
            let login = json!({
                "platform": "testCrm", "proxyId": "crm", "apiKey": key, "hostname": host,
                "rcAccessToken": "7", "additionalInfo": {"server": host},
            });
            let reply = app.send_login(&login);
            reply.json()["jwtToken"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned()
        };
        let first = sign_in("127.0.0.1", "one-a");
        let second = sign_in("localhost", "one-b");
        let host = |token: &str| app.get("/hostname", token).text();
        assert_eq!((host(&first), host(&second)), (format!("127.0.0.1:{port}"), format!("localhost:{port}")));

        // Contacts and logs of one host mean nothing at another, also within an account.
        for (token, key) in [(&first, "one-a"), (&second, "one-b")] {
            let contact = app.get("/contact?phoneNumber=1", token).json();
            assert_eq!(contact["contact"][0]["id"], "c1", "{contact}");
            let asked = crm.received().pop().expect("a request");
            assert_eq!(
                (asked.path(), test_server::api_key(&asked).as_str()),
                ("/v1/contacts", key),
                "not the cache"
            );
            assert_eq!(asked.query("by").as_deref(), Some("one"), "the CRM's own id");
        }
        logged(&app.post("/callLog", &first, &call("s-1", "c1")));
        assert_eq!(found(&app, &second, "s-1")["matched"], false);
        logged(&app.post("/callLog", &second, &call("s-1", "c1")));

        // Who signs out and in again is who they were; nobody else is, meanwhile or later.
        for (token, host, key) in [(&first, "127.0.0.1", "one-a"), (&second, "localhost", "one-b")] {
            let out = app.post("/unAuthorize", token, &json!({}));
            assert_eq!(out.status, 200, "{}", out.text());
            let other = if *token == first { &second } else { &first };
            if *token == first {
                assert_eq!(found(&app, other, "s-1")["matched"], true);
            }
            assert_eq!(app.get("/contact?phoneNumber=1", token).json()["successful"], false);
            let again = sign_in(host, key);
            assert_eq!(claims(&again)["id"], claims(token)["id"]);
            assert_eq!(found(&app, &again, "s-1")["matched"], true);
        }
        assert_eq!(claims(&first)["id"], "one-testCrm", "the first has the id alone");
    }
}

/// An account that becomes known takes nothing away: what was logged is not logged again.
#[test]
fn what_was_logged_before_the_account_was_known_is_found() {
    let (crm, platform) = (Crm::start(test_server::ordinary), ringcentral());
    let app = start(&[("crm", &document(&crm.origin()))], &platform.origin());
    let token = app.sign_in("crm", "testCrm", "one-key");
    logged(&app.post("/callLog", &token, &call("s-1", "c1")));
    let token = sign_in_from(&app, "crm", "one-key", "100");
    assert_eq!(found(&app, &token, "s-1")["matched"], true);
    let again = app.post("/callLog", &token, &call("s-1", "c1"));
    assert_eq!(again.message()["message"], "Existing log for session s-1", "{}", again.text());
    assert_eq!(crm.count("/v1/activities"), 1);
    // It is this person's alone.
    let colleague = sign_in_from(&app, "crm", "two-key", "100");
    assert_eq!(found(&app, &colleague, "s-1")["matched"], false);
    // What is logged from now on is the account's, which the person takes along nowhere else.
    logged(&app.post("/callLog", &token, &call("s-2", "c1")));
    assert_eq!(found(&app, &colleague, "s-2")["matched"], true);
    let elsewhere = sign_in_from(&app, "crm", "one-key", "200");
    assert_eq!(found(&app, &elsewhere, "s-2")["matched"], false);
    assert_eq!(found(&app, &elsewhere, "s-1")["matched"], true);
}

/// What nobody knows of a call stays unknown when more becomes known of the user.
#[test]
fn a_lost_answer_is_remembered_when_the_account_becomes_known() {
    let (crm, platform) = (
        Crm::start(|request: &Request| match (request.method.as_str(), request.path()) {
            ("POST", "/v1/activities") => Answer::reset(),
            _ => test_server::ordinary(request),
        }),
        ringcentral(),
    );
    let app = start(&[("crm", &document(&crm.origin()))], &platform.origin());
    let token = app.sign_in("crm", "testCrm", "one-key");
    assert_eq!(app.post("/callLog", &token, &call("s-1", "c1")).json()["successful"], false);
    let token = sign_in_from(&app, "crm", "one-key", "100");
    let again = app.post("/callLog", &token, &call("s-1", "c1"));
    assert_eq!(again.message()["message"], "This call may be logged already", "{}", again.text());
    assert_eq!(crm.count("/v1/activities"), 1, "it was not asked again");
}

/// As imports leave it: users and logs without a host, all logs of an account side by side.
fn forget_hosts(data: &Path) {
    let keys = Keys::from_secret(&Secret::new(SECRET)).unwrap();
    let store = SledStore::open(&data.join("store"), keys, SledOptions::default()).unwrap();
    let key = UserKey {
        id: "one-testCrm".to_owned(),
        platform: "testCrm".to_owned(),
        proxy_id: Some("crm".to_owned()),
    };
    let scope = Tenant {
        platform: "testCrm".to_owned(),
        proxy_id: Some("crm".to_owned()),
        owner: Owner::RcAccount("7".to_owned()),
        tenant_host: None,
    };
    let log = CallLog {
        scope,
        session_id: "s-old".to_owned(),
        call_id: "t-old".to_owned(),
        extension: Extension::default(),
        third_party_log_id: "a-old".to_owned(),
        contact_id: None,
        user_id: key.id.clone(),
        platform: "testCrm".to_owned(),
        created_at: 1,
        updated_at: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let user = store.get_user(&key).await.unwrap().expect("the user");
        assert!(user.tenant_host.is_some());
        store.save_user(&User { tenant_host: None, ..user }).await.unwrap();
        store.save_call_log(&log, None).await.unwrap();
    });
}

#[test]
fn imported_users_and_logs_are_those_of_their_host() {
    let crm = Crm::start(test_server::ordinary);
    let port = crm.origin().rsplit(':').next().expect("a port").to_owned();
    let mut document = document(&crm.origin());
    document["requestDefaults"] =
        json!({"baseUrl": "http://{{user.hostname}}/v1", "allowedHosts": ["127.0.0.1", "localhost"]});
    document["operations"]["getUserInfo"]["url"] = json!("http://{{hostname}}/v1/me");
    let platform = ringcentral();
    let mut app = start(&[("crm", &document)], &platform.origin());
    let sign_in = |app: &TestServer, host: &str, key: &str| {
        let login = json!({
            "platform": "testCrm", "proxyId": "crm", "apiKey": key, "hostname": format!("{host}:{port}"),
            "rcAccessToken": "7",
        });
        let reply = app.send_login(&login);
        reply.json()["jwtToken"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned()
    };
    let old = sign_in(&app, "127.0.0.1", "one-a");
    app.kill_and_restart_after(forget_hosts);
    let matched = |app: &TestServer, token: &str| found(app, token, "s-old")["matched"].clone();
    assert_eq!(matched(&app, &old), true, "without signing in again");
    let again = app.post("/callLog", &old, &call("s-old", "c1"));
    assert_eq!(again.message()["message"], "Existing log for session s-old", "{}", again.text());

    let elsewhere = sign_in(&app, "localhost", "one-b");
    assert_ne!(claims(&elsewhere)["id"], claims(&old)["id"], "another host's user is somebody else");
    assert_eq!(matched(&app, &elsewhere), false);
    let colleague = sign_in(&app, "127.0.0.1", "two-a");
    assert_eq!(matched(&app, &colleague), true);
    let same = sign_in(&app, "127.0.0.1", "one-a");
    assert_eq!(claims(&same)["id"], claims(&old)["id"]);
    assert_eq!(matched(&app, &same), true);
}
