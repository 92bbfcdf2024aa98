//! One CRM record for one call: however many ask at once, whatever the CRM does, and wherever the
//! server dies.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Gate, Request};
use crate::support::test_server::{self, PATIENCE, TestServer, call, document, try_send};
use app_connect::store::{
    ClaimChange, ClaimKey, ClaimSubject, Keys, Owner, Secret, SledOptions, SledStore, Store as _, Tenant,
};
use serde_json::{Value, json};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A CRM that counts its records by session.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<HashMap<String, Vec<String>>>>);

impl Ledger {
    /// Creates a record for the session of a request; its id.
    fn create(&self, request: &Request) -> String {
        let mut records = self.0.lock().unwrap();
        let all: usize = records.values().map(Vec::len).sum();
        let id = format!("record-{all}");
        records.entry(session(request)).or_default().push(id.clone());
        id
    }

    fn of(&self, session: &str) -> Vec<String> {
        self.0.lock().unwrap().get(session).cloned().unwrap_or_default()
    }
}

fn session(request: &Request) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["session"].as_str().expect("a session").to_owned()
}

fn created(id: &str) -> Answer {
    Answer::json(&json!({"id": id})).status(201)
}

/// A document that tells the CRM the session of a call.
fn with_session(origin: &str) -> Value {
    let mut document = document(origin);
    document["operations"]["createCallLog"]["body"]["session"] = json!("{{callLog.sessionId}}");
    document
}

/// A CRM whose answer to a new record is chosen, and a server before it with one user signed in.
fn start(post: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> (Crm, TestServer, String) {
    start_with(with_session, post)
}

fn start_with(
    document: impl Fn(&str) -> Value,
    post: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> (Crm, TestServer, String) {
    let crm = Crm::start(move |request| match (request.method.as_str(), request.path()) {
        ("POST", "/v1/activities") | ("GET", "/v1/activities") => post(request),
        _ => test_server::ordinary(request),
    });
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "one-key");
    (crm, app, token)
}

fn post(address: SocketAddr, token: &str, session: &str) -> Result<Response, String> {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    try_send(address, "POST", "/callLog", &headers, Some(call(session, "c1").to_string().into_bytes()))
}

/// Posts all sessions at the same time; their answers in order.
fn post_at_once(app: &TestServer, token: &str, sessions: &[String]) -> Vec<Value> {
    let address = app.server.address();
    let posts: Vec<_> = sessions
        .iter()
        .map(|session| {
            let (session, token) = (session.clone(), token.to_owned());
            thread::spawn(move || post(address, &token, &session).expect("an answer").json())
        })
        .collect();
    posts.into_iter().map(|post| post.join().unwrap()).collect()
}

fn log_id(app: &TestServer, token: &str, session: &str) -> Value {
    app.get(&format!("/callLog?sessionIds={session}"), token).json()["logs"][0]["logId"].clone()
}

/// Whoever waited got the first one's answer; whoever came later was told that the log exists.
fn assert_one_answer(answers: &[Value], id: &str) {
    let mut successes = 0;
    for answer in answers {
        if answer["successful"] == true {
            assert_eq!(
                (&answer["logId"], &answer["returnMessage"]["message"]),
                (&json!(id), &json!("Call logged"))
            );
            successes += 1;
        } else {
            let message = answer["returnMessage"]["message"].as_str().expect("a message");
            assert!(message.starts_with("Existing log for session"), "{answer}");
        }
    }
    assert!(successes > 0, "{answers:?}");
}

#[test]
fn two_hundred_posts_of_one_session_make_one_record() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let (crm, app, token) = start(move |request| {
        thread::sleep(Duration::from_millis(200));
        created(&records.create(request))
    });
    let answers = post_at_once(&app, &token, &vec!["s-1".to_owned(); 200]);
    assert_eq!(ledger.of("s-1"), ["record-0"]);
    assert_eq!(crm.count("/v1/activities"), 1);
    assert_one_answer(&answers, "record-0");
    assert_eq!(log_id(&app, &token, "s-1"), "record-0");
}

#[test]
fn a_hundred_sessions_posted_twice_make_a_hundred_records() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let (_crm, app, token) = start(move |request| {
        thread::sleep(Duration::from_millis(50));
        created(&records.create(request))
    });
    let sessions: Vec<String> = (0..200).map(|n| format!("s-{}", n % 100)).collect();
    let answers = post_at_once(&app, &token, &sessions);
    let mut of_session: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (session, answer) in sessions.iter().zip(answers) {
        of_session.entry(session).or_default().push(answer);
    }
    assert_eq!(of_session.len(), 100);
    for (session, answers) in of_session {
        let records = ledger.of(session);
        assert_eq!(records.len(), 1, "{session}");
        assert_one_answer(&answers, &records[0]);
        assert_eq!(log_id(&app, &token, session), records[0].as_str());
    }
}

#[test]
fn a_crm_that_refuses_leaves_the_session_free() {
    let ledger = Ledger::default();
    let (records, broken) = (ledger.clone(), Gate::default());
    let mended = broken.clone();
    let (_crm, app, token) = start(move |request| {
        if !broken.is_open() {
            thread::sleep(Duration::from_millis(50));
            return Answer::json(&json!({"message": "no such contact"})).status(422);
        }
        created(&records.create(request))
    });
    for answer in post_at_once(&app, &token, &vec!["s-1".to_owned(); 200]) {
        assert_eq!(answer["successful"], false, "{answer}");
        assert_eq!(answer["returnMessage"]["message"], "Error creating call log", "{answer}");
    }
    mended.open();
    let answers = post_at_once(&app, &token, &vec!["s-1".to_owned(); 200]);
    assert_eq!(ledger.of("s-1"), ["record-0"]);
    assert_one_answer(&answers, "record-0");
}

/// The CRM makes its record and the connection breaks before it says so.
#[test]
fn a_lost_answer_is_never_repeated_blindly() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let (_crm, app, token) = start(move |request| {
        records.create(request);
        thread::sleep(Duration::from_millis(50));
        Answer::reset()
    });
    let answers = post_at_once(&app, &token, &vec!["s-1".to_owned(); 200]);
    assert!(answers.iter().all(|answer| answer["successful"] == false), "{answers:?}");
    assert_eq!(ledger.of("s-1").len(), 1);

    let later = post(app.server.address(), &token, "s-1").unwrap();
    assert_eq!(later.message()["message"], "This call may be logged already", "{}", later.text());
    assert!(later.details().contains("Please check it: until "), "{}", later.details());
    assert_eq!(ledger.of("s-1").len(), 1);
    // Other extensions of the call have records of their own and are not held up.
    let mut other = call("s-1", "c1");
    other["extensionNumber"] = json!("102");
    app.post("/callLog", &token, &other);
    assert_eq!(ledger.of("s-1").len(), 2);
}

/// As if the call had been claimed so much earlier.
fn claimed_earlier(data: &Path, earlier: Duration) {
    if earlier.is_zero() {
        return;
    }
    let secret = Secret::new(std::fs::read_to_string(data.join("secret-key")).unwrap().trim());
    let store =
        SledStore::open(&data.join("store"), Keys::from_secret(&secret).unwrap(), SledOptions::default());
    let store = store.unwrap();
    let owner = Owner::User("one-testCrm".to_owned());
    let scope =
        Tenant { platform: "testCrm".to_owned(), proxy_id: Some("crm".to_owned()), owner, tenant_host: None };
    let key = ClaimKey { scope, subject: ClaimSubject::Call("s-1".to_owned()) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let before = store.claims(&key).await.unwrap();
        let mut after = before.clone().expect("a claim");
        after.claims[0].known_age += i64::try_from(earlier.as_millis()).unwrap();
        let change = ClaimChange { key, before, after: Some(after) };
        assert!(store.change_claims(&change).await.unwrap());
    });
}

const MINUTE: Duration = Duration::from_secs(60);

/// The server dies after the CRM has made its record and before it says so.
fn killed_before_the_answer(
    document: impl Fn(&str) -> Value,
    known: Option<Value>,
    away: Duration,
) -> (Ledger, TestServer, Response) {
    let ledger = Ledger::default();
    let (records, gate) = (ledger.clone(), Gate::default());
    let held = gate.clone();
    let (crm, mut app, token) = start_with(document, move |request| {
        if request.method == "GET" {
            return known.as_ref().map_or_else(|| Answer::text("", "").status(404), Answer::json);
        }
        let id = records.create(request);
        held.pass();
        created(&id)
    });
    let address = app.server.address();
    let in_flight = thread::spawn({
        let token = token.clone();
        move || post(address, &token, "s-1")
    });
    crm.wait_for("/v1/activities", 1, PATIENCE);
    app.kill_and_restart_after(|data| claimed_earlier(data, away));
    gate.open();
    assert!(in_flight.join().unwrap().is_err(), "the server was killed before it could answer");
    let again = post(app.server.address(), &token, "s-1").unwrap();
    (ledger, app, again)
}

#[test]
fn after_a_kill_the_user_is_told_that_a_record_may_exist() {
    let (ledger, app, again) = killed_before_the_answer(with_session, None, Duration::ZERO);
    assert_eq!(again.message()["message"], "This call may be logged already", "{}", again.text());
    assert_eq!(ledger.of("s-1"), ["record-0"]);
    drop(app);
}

fn finding(origin: &str) -> Value {
    let mut document = with_session(origin);
    document["operations"]["getCallLog"] = json!({
        "method": "GET",
        "url": "/activities{{#if thirdPartyLogId}}/{{thirdPartyLogId}}{{else}}?session={{sessionId}}{{/if}}",
        "responseMapping": {"idPath": "body.found.0.id", "fullBodyPath": "body.body"}
    });
    document
}

#[test]
fn after_a_kill_the_record_is_found_by_its_session() {
    let (ledger, _site, again) =
        killed_before_the_answer(finding, Some(json!({"found": [{"id": "record-0"}]})), Duration::ZERO);
    assert_eq!(
        (&again.json()["successful"], &again.json()["logId"]),
        (&json!(true), &json!("record-0")),
        "{}",
        again.text()
    );
    assert_eq!(ledger.of("s-1"), ["record-0"]);
}

#[test]
fn after_a_kill_a_record_that_is_not_there_is_made() {
    for known in [Some(json!({"found": []})), None] {
        let (ledger, _site, again) = killed_before_the_answer(finding, known, MINUTE);
        // The CRM of this test says that it has none, whatever it holds: so one more is made.
        assert_eq!(again.json()["logId"], "record-1", "{}", again.text());
        assert_eq!(ledger.of("s-1").len(), 2);
    }
}

/// The CRM may still be at it, and what it lists may lag behind.
#[test]
fn right_after_a_kill_a_record_that_is_not_there_is_not_made() {
    let (ledger, _site, again) =
        killed_before_the_answer(finding, Some(json!({"found": []})), Duration::ZERO);
    assert!(again.details().contains("Please try again in a minute"), "{}", again.text());
    assert_eq!(ledger.of("s-1"), ["record-0"]);
}

/// A lookup that finds nothing ends the doubt: a failure after it is told as what it is.
#[test]
fn after_a_lookup_that_finds_nothing_a_failure_leaves_the_session_free() {
    let ledger = Ledger::default();
    let (records, gate) = (ledger.clone(), Gate::default());
    let (held, asked) = (gate.clone(), Mutex::new(0));
    let (crm, mut app, token) = start_with(finding, move |request| {
        if request.method == "GET" {
            return Answer::json(&json!({"found": []}));
        }
        let number = {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        match number {
            1 => {
                held.pass();
                Answer::reset()
            }
            2 => Answer::json(&json!({"message": "no such contact"})).status(422),
            _ => created(&records.create(request)),
        }
    });
    let address = app.server.address();
    let in_flight = thread::spawn({
        let token = token.clone();
        move || post(address, &token, "s-1")
    });
    crm.wait_for("/v1/activities", 1, PATIENCE);
    app.kill_and_restart_after(|data| claimed_earlier(data, MINUTE));
    gate.open();
    assert!(in_flight.join().unwrap().is_err());
    let refused = post(app.server.address(), &token, "s-1").unwrap();
    assert!(refused.details().contains("no such contact"), "{}", refused.text());
    let logged = post(app.server.address(), &token, "s-1").unwrap();
    assert_eq!(logged.json()["logId"], "record-0", "{}", logged.text());
}

/// A CRM that knows a repeated request by its key makes no second record.
#[test]
fn under_a_key_a_lost_answer_is_asked_for_again() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let known: Mutex<HashMap<String, String>> = Mutex::default();
    let keyed = |origin: &str| {
        let mut document = with_session(origin);
        document["operations"]["createCallLog"]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
        document
    };
    let (crm, mut app, token) = start_with(keyed, move |request| {
        let key = request.header("idempotency-key").expect("a key").to_owned();
        match known.lock().unwrap().entry(key) {
            Entry::Occupied(id) => created(id.get()),
            Entry::Vacant(place) => {
                place.insert(records.create(request));
                Answer::reset()
            }
        }
    });
    for (session, dies) in [("s-1", false), ("s-2", true)] {
        let first = post(app.server.address(), &token, session).unwrap();
        assert_eq!(first.json()["successful"], false, "{}", first.text());
        if dies {
            app.kill_and_restart();
        }
        let second = post(app.server.address(), &token, session).unwrap();
        assert_eq!(second.json()["successful"], true, "{}", second.text());
        assert_eq!(ledger.of(session), [second.json()["logId"].as_str().unwrap()]);
    }
    assert_eq!(crm.count("/v1/activities"), 4, "each was asked twice");
}

/// A CRM that is slow shows its record late.
#[test]
fn a_record_that_is_not_there_yet_is_not_made_again_at_once() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let (_crm, app, token) = start_with(finding, move |request| {
        if request.method == "GET" {
            return Answer::json(&json!({"found": []}));
        }
        records.create(request);
        Answer::reset()
    });
    for _ in 0..2 {
        let answer = post(app.server.address(), &token, "s-1").unwrap();
        assert_eq!(answer.json()["successful"], false, "{}", answer.text());
    }
    let again = post(app.server.address(), &token, "s-1").unwrap();
    assert!(again.details().contains("Please try again in a minute"), "{}", again.text());
    assert_eq!(ledger.of("s-1"), ["record-0"]);
}

/// What nobody knows stays unknown when the next attempt fails for another reason.
#[test]
fn a_failure_after_a_lost_answer_forgets_neither_the_doubt_nor_the_key() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let known: Mutex<HashMap<String, (String, usize)>> = Mutex::default();
    let keyed = |origin: &str| {
        let mut document = with_session(origin);
        document["operations"]["createCallLog"]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
        document
    };
    let (crm, app, token) = start_with(keyed, move |request| {
        let key = request.header("idempotency-key").expect("a key").to_owned();
        let mut known = known.lock().unwrap();
        let (id, asked) = known.entry(key).or_insert_with(|| (records.create(request), 0));
        *asked += 1;
        match asked {
            1 => Answer::reset(),
            2 => Answer::json(&json!({"message": "busy"})).status(503),
            3 => Answer::json(&json!({"message": "who?"})).status(401),
            _ => created(id),
        }
    });
    for _ in 0..3 {
        let failed = post(app.server.address(), &token, "s-1").unwrap();
        assert_eq!(failed.json()["successful"], false, "{}", failed.text());
    }
    let logged = post(app.server.address(), &token, "s-1").unwrap();
    assert_eq!(logged.json()["logId"], "record-0", "{}", logged.text());
    assert_eq!(ledger.of("s-1"), ["record-0"]);
    assert_eq!(crm.count("/v1/activities"), 4);
}

#[test]
fn no_acknowledged_log_is_lost_in_a_kill() {
    let ledger = Ledger::default();
    let records = ledger.clone();
    let (_crm, mut app, token) = start(move |request| created(&records.create(request)));
    let address = app.server.address();
    let acknowledged: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (token, acknowledged) = (token.clone(), Arc::clone(&acknowledged));
            thread::spawn(move || {
                for n in 0.. {
                    let session = format!("s-{writer}-{n}");
                    let Ok(answer) = post(address, &token, &session) else { return };
                    acknowledged.lock().unwrap().push((session, answer.json()["logId"].clone()));
                }
            })
        })
        .collect();
    test_server::until("some logs", || acknowledged.lock().unwrap().len() > 100);
    app.kill_and_restart();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let acknowledged = acknowledged.lock().unwrap();
    for (session, id) in acknowledged.iter() {
        assert_eq!(&log_id(&app, &token, session), id, "{session}");
        assert_eq!(ledger.of(session).len(), 1, "{session}");
    }
}
