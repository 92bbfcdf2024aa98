//! Two servers on one database: what one of them does the other knows, and what only one may do is
//! done once.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::postgres::cluster;
use crate::support::test_server::{
    self, CONSOLE_TOKEN, PATIENCE, TestServer, call, document, pretty, try_send, until,
};
use app_connect::credential::Credential;
use app_connect::service::clock::Clock;
use app_connect::service::session::Sessions;
use app_connect::store::{self, Keys, Secret, User};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const SECRET: &str = "a secret key that both servers have";

/// Two servers with the same documents on one new database; `None` without PostgreSQL.
fn two(documents: &[(&str, &Value)]) -> Option<([TestServer; 2], String)> {
    let url = cluster()?.database();
    let start = || {
        TestServer::start_with(documents, |options| {
            options
                .env("DATABASE_URL", &url)
                .env("APP_SERVER_SECRET_KEY", SECRET)
                .env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN)
        })
    };
    Some(([start(), start()], url))
}

fn post(app: &TestServer, token: &str, target: &str, body: &Value) -> thread::JoinHandle<Response> {
    send(app, token, "POST", target, body)
}

fn send(
    app: &TestServer,
    token: &str,
    method: &'static str,
    target: &str,
    body: &Value,
) -> thread::JoinHandle<Response> {
    let (address, bearer, target) = (app.server.address(), format!("Bearer {token}"), target.to_owned());
    let body = body.to_string().into_bytes();
    thread::spawn(move || {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        try_send(address, method, &target, &headers, Some(body)).expect("an answer")
    })
}

fn get(app: &TestServer, token: &str, target: &str) -> thread::JoinHandle<Response> {
    let (address, bearer, target) = (app.server.address(), format!("Bearer {token}"), target.to_owned());
    thread::spawn(move || {
        try_send(address, "GET", &target, &[("Authorization", &bearer)], None).expect("an answer")
    })
}

/// What a CRM created, by what it is about.
type Ledger = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// A CRM that is slow to create records, and counts them by `session`.
fn counting(ledger: &Ledger) -> Crm {
    let ledger = Arc::clone(ledger);
    Crm::start(move |request| match (request.method.as_str(), request.path()) {
        ("POST", "/v1/activities") => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let session = body["session"].as_str().expect("a session").to_owned();
            let mut records = ledger.lock().unwrap();
            let all: usize = records.values().map(Vec::len).sum();
            let id = format!("record-{all}");
            records.entry(session).or_default().push(id.clone());
            drop(records);
            thread::sleep(Duration::from_millis(50));
            Answer::json(&json!({"id": id})).status(201)
        }
        _ => test_server::ordinary(request),
    })
}

#[test]
fn a_hundred_sessions_posted_to_both_servers_make_a_hundred_records() {
    let ledger = Ledger::default();
    let crm = counting(&ledger);
    let mut document = document(&crm.origin());
    document["operations"]["createCallLog"]["body"]["session"] = json!("{{callLog.sessionId}}");
    let Some((sites, _)) = two(&[("crm", &document)]) else { return };
    let token = sites[0].sign_in("crm", "testCrm", "one-key");
    let posts: Vec<_> = (0..100)
        .flat_map(|n| {
            let call = call(&format!("s-{n}"), "c1");
            sites.each_ref().map(|app| (n, post(app, &token, "/callLog", &call)))
        })
        .collect();
    let mut successes = vec![0; 100];
    for (n, answer) in posts {
        let answer = answer.join().unwrap().json();
        if answer["successful"] == true {
            successes[n] += 1;
        } else {
            let message = answer["returnMessage"]["message"].as_str().expect("a message");
            assert!(message.starts_with("Existing log for session"), "{answer}");
        }
    }
    assert_eq!(successes, [1; 100]);
    let records = ledger.lock().unwrap();
    assert_eq!(records.len(), 100);
    for (session, ids) in records.iter() {
        assert_eq!(ids.len(), 1, "{session}");
        for app in &sites {
            let found = app.get(&format!("/callLog?sessionIds={session}"), &token).json();
            assert_eq!(found["logs"][0]["logId"], ids[0].as_str(), "{session}");
        }
    }
}

/// Reading a record and writing it are two requests: nothing gets lost between them.
#[test]
fn updates_of_one_log_at_both_servers_all_stay() {
    let text = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&text);
    let crm = Crm::start(move |request| {
        let body = || {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["body"].as_str().expect("a text").to_owned()
        };
        match (request.method.as_str(), request.path()) {
            ("POST", "/v1/activities") => {
                *kept.lock().unwrap() = body();
                Answer::json(&json!({"id": "a1"})).status(201)
            }
            ("PATCH", "/v1/activities/a1") => {
                *kept.lock().unwrap() = body();
                Answer::json(&json!({}))
            }
            ("GET", "/v1/activities/a1") => {
                let present = kept.lock().unwrap().clone();
                thread::sleep(Duration::from_millis(100));
                Answer::json(&json!({"body": present}))
            }
            _ => test_server::ordinary(request),
        }
    });
    let mut document = document(&crm.origin());
    document["meta"]["logFormat"] = json!("text/plain");
    document["operations"]["updateCallLog"]["body"] = json!({"body": "{{composedLogDetails}}"});
    let Some((sites, _)) = two(&[("crm", &document)]) else { return };
    let token = sites[0].sign_in("crm", "testCrm", "one-key");
    assert_eq!(sites[0].post("/callLog", &token, &call("s-1", "c1")).json()["logId"], "a1");
    let changes = [
        json!({"note": "What was agreed."}),
        json!({"recordingLink": "https://media.example.com/rec-1"}),
        json!({"aiNote": "A summary."}),
        json!({"transcript": "Hello."}),
    ];
    let updates: Vec<_> = changes
        .into_iter()
        .zip(sites.iter().cycle())
        .map(|(mut change, app)| {
            change["sessionId"] = json!("s-1");
            send(app, &token, "PATCH", "/callLog", &change)
        })
        .collect();
    for update in updates {
        let update = update.join().unwrap();
        assert_eq!(update.json()["successful"], true, "{}", update.text());
    }
    let text = text.lock().unwrap();
    for part in ["What was agreed.", "rec-1", "A summary.", "Hello."] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn conversations_posted_to_both_servers_have_one_record_each() {
    let ledger = Ledger::default();
    let crm = counting(&ledger);
    let mut document = document(&crm.origin());
    let body = json!({"session": "{{message.id}}"});
    document["operations"]["createMessageLog"] = json!({
        "method": "POST", "url": "/activities", "body": body, "responseMapping": {"idPath": "body.id"}
    });
    document["operations"]["updateMessageLog"] =
        json!({"method": "PATCH", "url": "/activities/{{thirdPartyLogId}}", "body": body});
    let Some((sites, _)) = two(&[("crm", &document)]) else { return };
    let token = sites[0].sign_in("crm", "testCrm", "one-key");
    let posts: Vec<_> = (0..40)
        .flat_map(|n| {
            let message = json!({
                "id": format!("m-{n}"), "type": "SMS", "subject": "Hello", "direction": "Outbound",
                "creationTime": "2024-01-01T10:00:00.000Z"
            });
            let conversation = json!({
                "logInfo": {
                    "conversationId": format!("c-{n}"), "conversationLogId": format!("c-{n}-day"), "type": "SMS",
                    "messages": [message], "correspondents": [{"phoneNumber": "+14155550123"}]
                },
                "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
            });
            sites.each_ref().map(|app| post(app, &token, "/messageLog", &conversation))
        })
        .collect();
    for answer in posts {
        let answer = answer.join().unwrap().json();
        assert_eq!(answer["successful"], true, "{answer}");
    }
    let records = ledger.lock().unwrap();
    assert_eq!(records.len(), 40);
    assert!(records.values().all(|ids| ids.len() == 1), "{records:?}");
}

/// A CRM behind an authorization server that takes each refresh token once.
struct Authorization {
    crm: Crm,
    /// How often tokens were renewed.
    renewals: Arc<Mutex<Vec<String>>>,
}

impl Authorization {
    fn start() -> Self {
        let renewals: Arc<Mutex<Vec<String>>> = Arc::default();
        let renewed = Arc::clone(&renewals);
        let crm = Crm::start(move |request: &Request| match (request.method.as_str(), request.path()) {
            ("POST", "/oauth/token") => {
                let form = String::from_utf8(request.body.clone()).unwrap();
                assert_eq!(request.header("authorization"), Some("Basic Y2lkOmNzZWM="));
                let number = {
                    let mut renewed = renewed.lock().unwrap();
                    renewed.push(form);
                    renewed.len()
                };
                // Long enough for everybody else to arrive.
                thread::sleep(Duration::from_millis(300));
                let (access, refresh) = (format!("at-{number}"), format!("rt-{number}"));
                Answer::json(&json!({"access_token": access, "refresh_token": refresh, "expires_in": 3600}))
            }
            ("GET", "/v1/contacts") => {
                let token = request.header("authorization").unwrap_or_default();
                Answer::json(&json!({"contacts": [{"id": "c1", "name": token}]}))
            }
            _ => test_server::ordinary(request),
        });
        Self { crm, renewals }
    }

    fn document(&self) -> Value {
        let mut document = document(&self.crm.origin());
        document["auth"] = json!({
            "type": "oauth", "clientId": "cid", "clientSecret": "csec",
            "authorizationUrl": format!("{}/oauth/authorize", self.crm.origin()),
            "tokenUrl": format!("{}/oauth/token", self.crm.origin()),
            "redirectUri": "https://app.example/redirect"
        });
        document
    }
}

/// A user whose token has expired, and a session token of theirs.
fn expired(url: &str) -> String {
    let secret = Secret::new(SECRET);
    let user = User {
        key: store::UserKey {
            id: "one-testCrm".to_owned(),
            platform: "testCrm".to_owned(),
            proxy_id: Some("crm".to_owned()),
        },
        name: Some("Olga".to_owned()),
        hostname: None,
        timezone_name: None,
        timezone_offset: None,
        credential: Credential {
            secret: Secret::new("at-0"),
            refresh: Some(Secret::new("rt-0")),
            expires_at: Some(1_700_000_000_000),
            client: None,
            grant_fields: None,
        },
        rc_account_id: None,
        rc_extension_hash: None,
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: None,
        platform_additional_info: serde_json::Map::new(),
        user_settings: None,
        tenant_host: None,
        session_epoch: 0,
        was_alone: false,
        created_at: 1,
        updated_at: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = store::open(url, Keys::from_secret(&secret).unwrap()).await.unwrap();
        store.save_user(&user).await.unwrap();
    });
    Sessions::new(&secret, Clock::system()).issue(&user.key, 0).unwrap()
}

#[test]
fn an_expired_token_is_renewed_once_however_many_need_it_at_both_servers() {
    let authorization = Authorization::start();
    let document = authorization.document();
    let Some((sites, url)) = two(&[("crm", &document)]) else { return };
    let token = expired(&url);
    let asked: Vec<_> = (0..100)
        .flat_map(|n| {
            let target = format!("/contact?phoneNumber=%2B1415555{n:04}&isForceRefreshAccountData=true");
            sites.each_ref().map(|app| get(app, &token, &target))
        })
        .collect();
    for answer in asked {
        let answer = answer.join().unwrap().json();
        assert_eq!(answer["contact"][0]["name"], "Bearer at-1", "{answer}");
    }
    assert_eq!(*authorization.renewals.lock().unwrap(), ["refresh_token=rt-0&grant_type=refresh_token"]);
}

/// Whoever renewed died before the end: the others do not wait for ever.
#[test]
fn a_server_that_dies_while_it_renews_blocks_nobody_for_good() {
    let authorization = Authorization::start();
    let document = authorization.document();
    let Some((mut sites, url)) = two(&[("crm", &document)]) else { return };
    let token = expired(&url);
    let target = "/contact?phoneNumber=1&isForceRefreshAccountData=true";
    let first = {
        let (address, bearer) = (sites[0].server.address(), format!("Bearer {token}"));
        thread::spawn(move || try_send(address, "GET", target, &[("Authorization", &bearer)], None))
    };
    authorization.crm.wait_for("/oauth/token", 1, PATIENCE);
    sites[0].server.kill();
    drop(first.join());
    let answer = sites[1].get(target, &token);
    // Nobody knows what became of the refresh token: it is not used a second time while the lease stands, and nobody is
    // signed out.
    assert_eq!((answer.status, &answer.json()["successful"]), (200, &json!(false)), "{}", answer.text());
    assert_eq!(answer.message()["message"], "Error finding contact", "{}", answer.text());
    assert_eq!(authorization.renewals.lock().unwrap().len(), 1, "the lease stood");
}

/// Settings that change at one server never bring back tokens that the other renewed.
#[test]
fn changes_at_both_servers_do_not_undo_each_other() {
    let crm = Crm::start(test_server::ordinary);
    let document = document(&crm.origin());
    let Some((sites, _)) = two(&[("crm", &document)]) else { return };
    let token = sites[0].sign_in("crm", "testCrm", "one-key");
    let changes: Vec<_> = (0..40)
        .flat_map(|n| {
            [0, 1].map(|at| {
                let body = json!({"userSettings": {format!("setting-{at}-{n}"): {"value": n}}});
                post(&sites[at], &token, "/user/settings", &body)
            })
        })
        .collect();
    for change in changes {
        assert_eq!(change.join().unwrap().status, 200);
    }
    let settings = sites[1].get("/user/settings", &token).json();
    let count = settings.as_object().expect("settings").len();
    assert_eq!(count, 80, "{settings}");
}

/// Sends to the management API of one server.
fn manage(app: &TestServer, method: &str, below: &str, etag: Option<&str>, body: &Value) -> Value {
    let bearer = format!("Bearer {CONSOLE_TOKEN}");
    let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    let target = format!("/console/api/v1/connectors{below}");
    let reply = app.send(method, &target, &headers, Some(body.to_string().into_bytes()));
    assert!(matches!(reply.status, 200 | 201), "{method} {below}: {}", reply.text());
    reply.json()
}

/// Without being told, a server reads the store again after so long.
const POLLED_AFTER: Duration = Duration::from_secs(30);

#[test]
fn what_one_server_activates_and_rolls_back_the_other_serves() {
    let crm = Crm::start(|request| match request.path() {
        "/v1/contacts" => {
            let version = request.query("version").unwrap_or_default();
            Answer::json(&json!({"contacts": [{"id": "c", "name": format!("version {version}")}]}))
        }
        _ => test_server::ordinary(request),
    });
    let version = |n: u64| {
        let mut document = document(&crm.origin());
        document["operations"]["findContact"]["query"]["version"] = n.to_string().into();
        pretty(&document)
    };
    let Some((sites, _)) = two(&[]) else { return };
    let etag = |reply: &Value| reply["etag"].as_str().expect("an etag").to_owned();
    // Every change is made at the first server and seen at the second.
    let change = |below: &str, body: &Value| {
        let read = manage(&sites[0], "GET", "/crm", None, &Value::Null);
        manage(&sites[0], "POST", &format!("/crm{below}"), Some(&etag(&read)), body)
    };
    manage(&sites[0], "POST", "", None, &json!({"proxyId": "crm", "text": version(1)}));
    change("/activate", &json!({"revision": 1}));
    until("the other server knows the connector", || {
        sites[1].get("/implementedInterfaces?platform=testCrm&proxyId=crm", "").status == 200
            && sites[1]
                .send_login(&json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "one-key"}))
                .status
                == 200
    });
    let token = sites[1].sign_in("crm", "testCrm", "one-key");
    let served = || {
        let found = sites[1].get("/contact?phoneNumber=1&isForceRefreshAccountData=true", &token);
        found.json()["contact"][0]["name"].as_str().map(str::to_owned)
    };
    assert_eq!(served().as_deref(), Some("version 1"));
    change("/revisions", &json!({"text": version(2)}));
    for (below, body, expected) in [
        ("/activate", json!({"revision": 2}), "version 2"),
        ("/rollback", json!({}), "version 1"),
        ("/activate", json!({"revision": 2}), "version 2"),
    ] {
        change(below, &body);
        let took = until(expected, || served().as_deref() == Some(expected));
        assert!(took < POLLED_AFTER / 2, "the other server was not told: {took:?}");
        println!("{below}: served by the other server after {took:?}");
    }
}
