//! A CRM that does its work and says something else: one record for one call, whoever asks again,
//! when, and by which clock.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{TestServer, call, document, try_send};
use app_connect::store::{
    Claim, ClaimChange, ClaimKey, ClaimSubject, Keys, Owner, Secret, SledOptions, SledStore, Store as _,
    Tenant,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What stands in front of a CRM, or the CRM itself, says where it does not know what was done.
const DOUBTFUL: [u16; 13] = [408, 499, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 530];

/// The documents: one whose CRM knows a repeated request by its key, one that can look records up, one
/// that can do both, one that can do neither.
const DOCUMENTS: [&str; 4] = ["keyed", "finding", "both", "neither"];

/// A record of the CRM: of which document's calls, of which session, under which key.
#[derive(Debug, Clone, PartialEq)]
struct Record {
    document: String,
    session: String,
    key: Option<String>,
}

/// What the CRM has and says.
#[derive(Clone, Default)]
struct Book {
    records: Arc<Mutex<Vec<Record>>>,
    keys: Arc<Mutex<Vec<(String, String)>>>,
    /// The statuses of the next answers to new records; without one it says what it did.
    says: Arc<Mutex<Vec<u16>>>,
    asked: Arc<AtomicUsize>,
    /// How long its work takes.
    takes: Arc<AtomicUsize>,
}

impl Book {
    fn answer(&self, request: &Request) -> Answer {
        let mut path = request.path().trim_start_matches('/').split('/');
        let document = path.next().unwrap_or_default().to_owned();
        match (request.method.as_str(), path.nth(1).unwrap_or_default()) {
            ("POST", "activities") => {}
            ("GET", "activities") => {
                let session = request.query("session").expect("a session");
                let found: Vec<Value> =
                    self.of(&document, &session).iter().map(|id| json!({"id": id})).collect();
                return Answer::json(&json!({"found": found}));
            }
            ("GET", "me") => return Answer::json(&json!({"id": "one", "name": "One"})),
            _ => return Answer::json(&json!({})).status(404),
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let session = body["session"].as_str().expect("a session").to_owned();
        let key = request.header("idempotency-key").map(str::to_owned);
        if let Some(key) = &key {
            self.keys.lock().unwrap().push((session.clone(), key.clone()));
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        let says = self.says.lock().unwrap().pop();
        if matches!(says, Some(400..=498)) && says != Some(408) {
            return Answer::json(&json!({"message": "not done"})).status(says.unwrap());
        }
        std::thread::sleep(Duration::from_millis(self.takes.load(Ordering::Relaxed) as u64));
        let at = {
            let mut records = self.records.lock().unwrap();
            let known = records.iter().position(|known| key.is_some() && known.key == key);
            known.unwrap_or_else(|| {
                records.push(Record { document, session, key });
                records.len() - 1
            })
        };
        match says {
            Some(status) => Answer::json(&json!({"message": "who knows"})).status(status),
            None => Answer::json(&json!({"id": format!("r-{at}")})).status(201),
        }
    }

    /// The ids of the records of a session.
    fn of(&self, document: &str, session: &str) -> Vec<String> {
        let records = self.records.lock().unwrap();
        let all = records.iter().enumerate();
        all.filter(|(_, record)| record.document == document && record.session == session)
            .map(|(at, _)| format!("r-{at}"))
            .collect()
    }

    /// The different keys that came for a session.
    fn keys(&self, session: &str) -> BTreeSet<String> {
        let keys = self.keys.lock().unwrap();
        keys.iter().filter(|(known, _)| known == session).map(|(_, key)| key.clone()).collect()
    }

    fn next(&self, statuses: &[u16]) {
        *self.says.lock().unwrap() = statuses.iter().rev().copied().collect();
    }
}

fn document_of(kind: &str, origin: &str) -> Value {
    let mut document = document(&format!("{origin}/{kind}"));
    let operations = &mut document["operations"];
    operations["createCallLog"]["body"]["session"] = json!("{{callLog.sessionId}}");
    if matches!(kind, "keyed" | "both") {
        operations["createCallLog"]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
    }
    if matches!(kind, "finding" | "both") {
        operations["getCallLog"] = json!({
            "url": "/activities",
            "query": {"session": "{{sessionId}}"},
            "responseMapping": {"idPath": "body.found.0.id", "fullBodyPath": "body.found.0.text"}
        });
    }
    document
}

struct Scene {
    book: Book,
    app: TestServer,
    tokens: Vec<String>,
    _crm: Crm,
}

impl Scene {
    fn start() -> Self {
        let book = Book::default();
        let crm = Crm::start({
            let book = book.clone();
            move |request: &Request| book.answer(request)
        });
        let documents = DOCUMENTS.map(|kind| (kind, document_of(kind, &crm.origin())));
        let documents: Vec<(&str, &Value)> = documents.iter().map(|(kind, text)| (*kind, text)).collect();
        let app = TestServer::start(&documents);
        let tokens = DOCUMENTS.iter().map(|kind| app.sign_in(kind, "testCrm", "one-key")).collect();
        Self { book, app, tokens, _crm: crm }
    }

    fn token(&self, kind: &str) -> &str {
        &self.tokens[DOCUMENTS.iter().position(|known| *known == kind).unwrap()]
    }

    fn log(&self, kind: &str, session: &str) -> Response {
        self.app.post("/callLog", self.token(kind), &call(session, "c1"))
    }

    fn asked(&self) -> usize {
        self.book.asked.load(Ordering::Relaxed)
    }

    /// Kills the server, changes the claims of these calls, and starts another.
    fn kill_and_change(&mut self, calls: &[(&str, &str)], change: impl Fn(&mut Claim)) {
        self.app.kill_and_restart_after(|data| change_claims(data, calls, change));
    }
}

fn change_claims(data: &Path, calls: &[(&str, &str)], change: impl Fn(&mut Claim)) {
    let secret = Secret::new(std::fs::read_to_string(data.join("secret-key")).unwrap().trim());
    let keys = Keys::from_secret(&secret).unwrap();
    let store = SledStore::open(&data.join("store"), keys, SledOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (kind, session) in calls {
        let key = ClaimKey {
            scope: Tenant {
                platform: "testCrm".to_owned(),
                proxy_id: Some((*kind).to_owned()),
                owner: Owner::User("one-testCrm".to_owned()),
                tenant_host: None,
            },
            subject: ClaimSubject::Call((*session).to_owned()),
        };
        runtime.block_on(async {
            let before = store.claims(&key).await.unwrap();
            let Some(mut after) = before.clone() else { return };
            after.claims.iter_mut().for_each(&change);
            assert!(store.change_claims(&ClaimChange { key, before, after: Some(after) }).await.unwrap());
        });
    }
}

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// As if the machine's clock had been put forward so far since the claim was made.
fn clock_ahead(by: i64) -> impl Fn(&mut Claim) {
    move |claim| {
        claim.claimed_at -= by;
        claim.busy_until -= by;
        claim.expires_at -= by;
    }
}

/// As if servers had been running so long since.
fn so_long_ago(age: i64) -> impl Fn(&mut Claim) {
    move |claim| {
        clock_ahead(age)(claim);
        claim.known_age += age;
    }
}

#[test]
fn a_status_that_does_not_say_what_was_done_never_makes_two_records() {
    let scene = Scene::start();
    for status in DOUBTFUL {
        for kind in DOCUMENTS {
            let session = format!("s-{status}-{kind}");
            scene.book.next(&[status]);
            let first = scene.log(kind, &session);
            assert_eq!(first.json()["successful"], false, "{}", first.text());
            let told = first.details().contains("may be logged all the same");
            assert_eq!(told, kind == "neither", "{}", first.text());
            let second = scene.log(kind, &session);
            let records = scene.book.of(kind, &session);
            assert_eq!(records.len(), 1, "{status} {kind}: {}", second.text());
            if kind == "neither" {
                assert_eq!(second.message()["message"], "This call may be logged already");
                assert!(second.details().contains("UTC"), "{}", second.text());
            } else {
                assert_eq!(second.json()["logId"], records[0].as_str(), "{status} {kind}: {}", second.text());
            }
        }
    }
}

/// A CRM that says that it did nothing is asked again, and the same key goes with it, but where it
/// refused what was in the request: some answer the same under the same key.
#[test]
fn what_was_refused_is_asked_again() {
    let scene = Scene::start();
    for (status, is_kept) in [(400, false), (401, true), (404, false), (409, true), (422, false), (429, true)]
    {
        for kind in DOCUMENTS {
            let session = format!("s-{status}-{kind}");
            scene.book.next(&[status]);
            let asked = scene.asked();
            assert_eq!(scene.log(kind, &session).json()["successful"], false);
            let second = scene.log(kind, &session);
            assert_eq!(second.json()["successful"], true, "{status} {kind}: {}", second.text());
            assert_eq!(scene.asked(), asked + 2);
            assert_eq!(scene.book.of(kind, &session).len(), 1);
            let keys = if kind == "neither" || kind == "finding" { 0 } else { 2 - usize::from(is_kept) };
            assert_eq!(scene.book.keys(&session).len(), keys, "{status} {kind}");
        }
    }
}

#[test]
fn a_session_keeps_its_key_until_its_record_is_known() {
    let mut scene = Scene::start();
    scene.book.next(&[429, 503, 401, 502, 409]);
    for round in 0..5 {
        assert_eq!(scene.log("keyed", "s-1").json()["successful"], false);
        match round {
            1 => scene.app.kill_and_restart(),
            3 => scene.kill_and_change(&[("keyed", "s-1")], so_long_ago(6 * DAY)),
            _ => {}
        }
    }
    let logged = scene.log("keyed", "s-1");
    assert_eq!(logged.json()["successful"], true, "{}", logged.text());
    assert_eq!((scene.asked(), scene.book.keys("s-1").len()), (6, 1));
    assert_eq!(scene.book.of("keyed", "s-1").len(), 1);
}

#[test]
fn a_doubt_of_days_is_looked_up_first() {
    for kind in ["finding", "both"] {
        let mut scene = Scene::start();
        scene.book.next(&[500, 503]);
        scene.log(kind, "s-1");
        scene.log(kind, "s-2");
        // The second one's record is gone, as if it had never been made.
        scene.book.records.lock().unwrap().pop();
        scene.kill_and_change(&[(kind, "s-1"), (kind, "s-2")], so_long_ago(6 * DAY));
        let asked = scene.asked();
        let found = scene.log(kind, "s-1");
        assert_eq!(found.json()["logId"], "r-0", "{}", found.text());
        assert_eq!(scene.asked(), asked, "what is found is not asked for");
        let made = scene.log(kind, "s-2");
        assert_eq!((&made.json()["logId"], scene.asked()), (&json!("r-1"), asked + 1), "{}", made.text());
    }
}

/// A clock that was put forward makes no doubt older.
#[test]
fn a_clock_ahead_ends_no_doubt() {
    let mut scene = Scene::start();
    scene.book.next(&[500, 500]);
    scene.log("finding", "s-1");
    scene.log("neither", "s-2");
    // The CRM is still at it: its record comes later.
    let late = scene.book.records.lock().unwrap().remove(0);
    scene.kill_and_change(&[("finding", "s-1"), ("neither", "s-2")], clock_ahead(2 * HOUR));
    let asked = scene.asked();
    let told = scene.log("finding", "s-1");
    assert!(told.details().contains("Please try again in a minute"), "{}", told.text());
    let told = scene.log("neither", "s-2");
    assert_eq!(told.message()["message"], "This call may be logged already", "{}", told.text());
    scene.book.records.lock().unwrap().push(late);
    assert_eq!(scene.log("finding", "s-1").json()["logId"], "r-1");
    assert_eq!(scene.asked(), asked);
}

#[test]
fn what_nobody_can_look_up_is_logged_again_after_some_minutes() {
    let mut scene = Scene::start();
    scene.book.next(&[502]);
    scene.log("neither", "s-1");
    scene.kill_and_change(&[("neither", "s-1")], so_long_ago(9 * MINUTE));
    let told = scene.log("neither", "s-1");
    assert_eq!(told.message()["message"], "This call may be logged already", "{}", told.text());
    scene.kill_and_change(&[("neither", "s-1")], so_long_ago(MINUTE));
    // A refusal then is told as what it is, and holds nobody up.
    scene.book.next(&[422]);
    assert!(scene.log("neither", "s-1").details().contains("not done"));
    let logged = scene.log("neither", "s-1");
    assert_eq!(logged.json()["successful"], true, "{}", logged.text());
}

/// A CRM that answers the same under the same key, also to a request that was mended since: a shorter
/// text has a key of its own.
#[test]
fn a_shorter_text_is_sent_under_a_key_of_its_own() {
    let answers: Mutex<Vec<(String, bool)>> = Mutex::default();
    let crm = Crm::start(move |request: &Request| match (request.method.as_str(), request.path()) {
        ("POST", "/keyed/v1/activities") => {
            let key = request.header("idempotency-key").expect("a key").to_owned();
            let mut answers = answers.lock().unwrap();
            let known = answers.iter().find(|(known, _)| *known == key).map(|(_, is_taken)| *is_taken);
            let is_taken = known.unwrap_or(request.body.len() < 1600);
            answers.push((key, is_taken));
            match is_taken {
                true => Answer::json(&json!({"id": "r-1"})).status(201),
                false => Answer::json(&json!({"message": "data value too large"})).status(400),
            }
        }
        _ => Answer::json(&json!({"id": "one"})),
    });
    let app = TestServer::start(&[("keyed", &document_of("keyed", &crm.origin()))]);
    let token = app.sign_in("keyed", "testCrm", "one-key");
    let mut long = call("s-1", "c1");
    long["note"] = json!("word ".repeat(1000));
    let logged = app.post("/callLog", &token, &long);
    assert_eq!(logged.json()["logId"], "r-1", "{}", logged.text());
    let posts = crm.received().into_iter().filter(|request| request.method == "POST");
    let keys: Vec<String> =
        posts.filter_map(|request| request.header("idempotency-key").map(str::to_owned)).collect();
    let row: Vec<String> = (1..keys.len()).map(|n| format!("{}-{n}", keys[0])).collect();
    assert!(keys.len() > 2 && keys[1..] == row, "{keys:?}");
}

/// A lookup that fails says nothing, so nothing is made.
#[test]
fn a_lookup_that_fails_makes_nothing() {
    let crm = Crm::start(|request: &Request| match (request.method.as_str(), request.path()) {
        ("POST", "/finding/v1/activities") => Answer::json(&json!({})).status(500),
        ("GET", "/finding/v1/activities") => Answer::json(&json!({"message": "down"})).status(503),
        _ => Answer::json(&json!({"id": "one"})),
    });
    let mut app = TestServer::start(&[("finding", &document_of("finding", &crm.origin()))]);
    let token = app.sign_in("finding", "testCrm", "one-key");
    app.post("/callLog", &token, &call("s-1", "c1"));
    app.kill_and_restart_after(|data| change_claims(data, &[("finding", "s-1")], so_long_ago(DAY)));
    for _ in 0..2 {
        let told = app.post("/callLog", &token, &call("s-1", "c1"));
        assert_eq!(told.json()["successful"], false);
        assert!(told.details().contains("could not be looked up, so nothing was logged"), "{}", told.text());
    }
    let posts = crm.received().iter().filter(|request| request.method == "POST").count();
    assert_eq!(posts, 1);
}

/// One extension's record is not taken for another's.
#[test]
fn the_record_of_another_extension_does_not_settle_a_doubt() {
    let scene = Scene::start();
    let log = |extension: &str| {
        let mut call = call("s-1", "c1");
        call["extensionNumber"] = json!(extension);
        scene.app.post("/callLog", scene.token("finding"), &call)
    };
    assert_eq!(log("101").json()["logId"], "r-0");
    scene.book.next(&[502]);
    log("102");
    let told = log("102");
    assert_eq!(told.message()["message"], "This call may be logged already", "{}", told.text());
    assert_eq!(scene.asked(), 2);
}

/// The server is killed again and again while the CRM does its work and says that it failed; each time
/// it comes back, its clock is two hours ahead.
#[test]
fn kills_and_clocks_never_make_two_records() {
    let mut scene = Scene::start();
    scene.book.takes.store(30, Ordering::Relaxed);
    let mut sessions: Vec<(&str, String)> = Vec::new();
    for round in 0..6_u64 {
        let names: Vec<(&str, String)> =
            (0..8).map(|n| (DOCUMENTS[n % 3], format!("s-{round}-{n}"))).collect();
        sessions.extend(names);
        scene.book.next(&[500, 502, 503].repeat(4));
        let address = scene.app.server.address();
        let posts: Vec<_> = sessions
            .iter()
            .rev()
            .take(12)
            .map(|(kind, session)| {
                let bearer = format!("Bearer {}", scene.token(kind));
                let body = call(session, "c1").to_string().into_bytes();
                std::thread::spawn(move || {
                    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                    drop(try_send(address, "POST", "/callLog", &headers, Some(body)));
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(7 * round * round));
        let calls: Vec<(&str, &str)> = sessions.iter().map(|(kind, session)| (*kind, &**session)).collect();
        scene.kill_and_change(&calls, clock_ahead(2 * HOUR));
        posts.into_iter().for_each(|post| post.join().unwrap());
    }
    scene.book.next(&[]);
    let calls: Vec<(&str, &str)> = sessions.iter().map(|(kind, session)| (*kind, &**session)).collect();
    scene.kill_and_change(&calls, so_long_ago(MINUTE));
    for (kind, session) in &sessions {
        let last = scene.log(kind, session);
        let logged = last.json()["successful"] == true || last.text().contains("Existing log");
        assert!(logged, "{kind} {session}: {}", last.text());
        assert_eq!(scene.book.of(kind, session).len(), 1, "{kind} {session}");
    }
}
