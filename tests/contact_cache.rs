//! The contacts that an account shares: served from the cache, refreshed on demand, written only when
//! they changed.

use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, ADMIN_TOKEN, TestServer, document};
use app_connect::store::{ContactKey, Keys, Secret, SledOptions, SledStore, Store as _};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

struct Scene {
    /// The names of the contacts that the CRM has.
    names: Arc<Mutex<Vec<&'static str>>>,
    fails: Arc<Mutex<bool>>,
    crm: Crm,
    server: TestServer,
    token: String,
    _platform: Crm,
}

impl Scene {
    fn start() -> Self {
        let names: Arc<Mutex<Vec<&'static str>>> = Arc::default();
        let known = Arc::clone(&names);
        let fails: Arc<Mutex<bool>> = Arc::default();
        let failing = Arc::clone(&fails);
        let crm = Crm::start(move |request: &Request| match request.path() {
            "/v1/contacts" if request.method == "POST" => {
                Answer::json(&json!({"id": format!("new-{}", request.body.len()), "name": "Bob"}))
            }
            "/v1/contacts" if *failing.lock().unwrap() => Answer::json(&json!({})).status(503),
            "/v1/contacts" => {
                let names = known.lock().unwrap();
                let contacts: Vec<Value> = names
                    .iter()
                    .map(|name| json!({"id": 9_007_199_254_740_993_u64, "name": name, "type": "Contact"}))
                    .collect();
                Answer::json(&json!({"contacts": contacts}))
            }
            _ => test_server::ordinary(request),
        });
        let platform = Crm::start(|_: &Request| Answer::json(&json!({"id": 1, "account": {"id": 5}})));
        let server = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
            options.env("ADMIN_TOKEN", ADMIN_TOKEN).env("RINGCENTRAL_SERVER", platform.origin())
        });
        let login = json!({
            "platform": "testCrm", "proxyId": "crm", "apiKey": "1-key", "rcAccessToken": "any"
        });
        let token = server.send_login(&login).json()["jwtToken"].as_str().expect("a token").to_owned();
        let scene = Self { names, fails, crm, server, token, _platform: platform };
        // The user, and that somebody of the account was seen, which is written down beside the request.
        test_server::until("the writes of the sign-in", || scene.writes() >= 2);
        scene
    }

    fn crm_knows(&self, names: &[&'static str]) {
        *self.names.lock().unwrap() = names.to_vec();
    }

    /// The contacts found, and how often the CRM was asked and the store written.
    fn find(&self, is_forced: bool) -> (Value, usize, u64) {
        let (asked, written) = (self.crm.count("/v1/contacts"), self.writes());
        let target = format!("/contact?phoneNumber=%2B14155550101&isForceRefreshAccountData={is_forced}");
        let reply = self.server.get(&target, &self.token);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        let found = reply.people();
        (found, self.crm.count("/v1/contacts") - asked, self.writes() - written)
    }

    fn writes(&self) -> u64 {
        let metrics = self.server.get("/metrics", ADMIN_TOKEN).text();
        let count = metrics
            .lines()
            .find_map(|line| line.strip_prefix("app_connect_store_write_duration_seconds_count "));
        count.expect("the count of writes").parse().unwrap()
    }
}

fn names(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|contact| contact["name"].as_str().unwrap()).collect()
}

#[test]
fn a_refresh_that_finds_the_same_writes_nothing_and_the_cache_serves_on() {
    let mut scene = Scene::start();
    scene.crm_knows(&["Ada", "Bob"]);
    let (first, asked, written) = scene.find(false);
    assert_eq!((names(&first), asked, written), (vec!["Ada", "Bob"], 1, 1));
    for _ in 0..3 {
        assert_eq!(scene.find(true), (first.clone(), 1, 0), "the same again");
        assert_eq!(scene.find(false), (first.clone(), 0, 0), "from the cache");
    }
    scene.server.kill_and_restart();
    assert_eq!(scene.find(false), (first, 0, 0), "from the cache, which is on the disk");
}

#[test]
fn a_refresh_that_finds_anything_else_is_kept() {
    let scene = Scene::start();
    scene.crm_knows(&["Ada", "Bob"]);
    scene.find(false);
    // Another name, another order, more, fewer.
    for known in [&["Ada", "Eve"][..], &["Eve", "Ada"], &["Eve", "Ada", "Bob"], &["Eve"]] {
        scene.crm_knows(known);
        let (found, asked, written) = scene.find(true);
        assert_eq!((names(&found), asked, written), (known.to_vec(), 1, 1));
        scene.crm_knows(&["Nobody"]);
        assert_eq!(scene.find(false), (found, 0, 0));
    }
    // A contact that is gone is not served on, and none is found once for all.
    scene.crm_knows(&[]);
    assert_eq!(scene.find(true), (json!([]), 1, 1));
    assert_eq!(scene.find(true), (json!([]), 1, 0));
    assert_eq!(scene.find(false), (json!([]), 1, 0));
    scene.crm_knows(&["Ada"]);
    let (found, asked, written) = scene.find(false);
    assert_eq!((names(&found), asked, written), (vec!["Ada"], 1, 1));
}

/// What one revision of the document mapped is not what another one shows.
#[test]
fn contacts_belong_to_the_revision_that_mapped_them() {
    let mut scene = Scene::start();
    scene.crm_knows(&["Ada"]);
    scene.find(false);
    assert_eq!(names(&scene.find(false).0), ["Ada"]);
    let first = document(&scene.crm.origin());
    let mut second = first.clone();
    second["operations"]["findContact"]["responseMapping"]["item"]["titlePath"] = json!("type");
    scene.server.write("crm", &second);
    scene.server.kill_and_restart();
    let (found, asked, written) = scene.find(false);
    assert_eq!((&found[0]["title"], asked, written), (&json!("Contact"), 1, 1));
    assert_eq!(scene.find(false), (found, 0, 0), "kept as the new one maps it");
    // The CRM fails: what another revision mapped is not served instead.
    scene.server.write("crm", &first);
    scene.server.kill_and_restart();
    *scene.fails.lock().unwrap() = true;
    let reply = scene.server.get("/contact?phoneNumber=%2B14155550101", &scene.token);
    assert_eq!(reply.json()["successful"], false, "{}", reply.text());
}

/// What was imported has no revision: it is served until the CRM is asked.
#[test]
fn contacts_without_a_revision_are_served_until_the_crm_is_asked() {
    let mut scene = Scene::start();
    scene.crm_knows(&["Ada"]);
    scene.find(false);
    scene.server.kill_and_restart_after(|data| {
        let secret = Secret::new(std::fs::read_to_string(data.join("secret-key")).unwrap().trim());
        let keys = Keys::from_secret(&secret).unwrap();
        let store = SledStore::open(&data.join("store"), keys, SledOptions::default()).unwrap();
        let key = ContactKey {
            rc_account_id: "5".to_owned(),
            platform: "testCrm".to_owned(),
            proxy_id: Some("crm".to_owned()),
            tenant_host: None,
            phone_number: "+14155550101".to_owned(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let kept = store.cached_contacts(&key).await.unwrap().expect("what was found");
            assert_eq!(kept["contacts"][0]["name"], "Ada");
            store.cache_contacts(&key, br#"[{"id":"7","name":"Imported"}]"#).await.unwrap();
        });
    });
    let (found, asked, _) = scene.find(false);
    assert_eq!((names(&found), asked), (vec!["Imported"], 0));
    assert_eq!(names(&scene.find(true).0), ["Ada"]);
    assert_eq!(names(&scene.find(false).0), ["Ada"]);
}

/// The account shares what one of it created, whatever the CRM's search knows, and beside what it knows.
/// It is not kept without an end: until the search knows it, each search asks the CRM.
#[test]
fn a_created_contact_is_shown_beside_what_the_crm_finds() {
    let mut scene = Scene::start();
    scene.crm_knows(&["Ada"]);
    scene.find(false);
    let grouped = |scene: &Scene| {
        let asked = scene.crm.count("/v1/contacts");
        let reply = scene.server.get("/contact?phoneNumber=%2B1%20415-555-0101", &scene.token);
        (reply.people(), scene.crm.count("/v1/contacts") - asked)
    };
    assert_eq!(names(&grouped(&scene).0), ["Ada"]);
    let new = json!({"phoneNumber": "+14155550101", "newContactName": "Bob"});
    assert_eq!(scene.server.post("/contact", &scene.token, &new).json()["successful"], true);
    for _ in 0..2 {
        let (found, asked, _) = scene.find(false);
        assert_eq!((names(&found), asked), (vec!["Ada", "Bob"], 1));
        // What is kept of the same number in another spelling is shown with the new contact as well.
        let (found, asked) = grouped(&scene);
        assert_eq!((names(&found), asked), (vec!["Ada", "Bob"], 0));
    }
    scene.server.kill_and_restart();
    assert_eq!(names(&scene.find(true).0), ["Ada", "Bob"], "the search does not know Bob yet");
    assert_eq!(names(&scene.find(false).0), ["Ada", "Bob"]);
    // Nothing is kept of a number by the new one alone: the CRM may know others.
    let new = json!({"phoneNumber": "+14155550102", "newContactName": "Bob"});
    scene.server.post("/contact", &scene.token, &new);
    let asked = scene.crm.count("/v1/contacts");
    let found = scene.server.get("/contact?phoneNumber=%2B14155550102", &scene.token).people();
    assert_eq!((names(&found), scene.crm.count("/v1/contacts")), (vec!["Ada", "Bob"], asked + 1));
}

/// A list that is too long to be kept leaves nothing behind that was true before.
#[test]
fn what_is_too_long_to_be_kept_is_asked_for_each_time() {
    let scene = Scene::start();
    scene.crm_knows(&["Ada"]);
    assert_eq!(names(&scene.find(false).0), ["Ada"]);
    scene.crm_knows(&["Bob"; 3000]);
    // A list that was cut to the first contacts is not kept either.
    assert_eq!(names(&scene.find(true).0).len(), 200);
    scene.crm_knows(&["Cora"]);
    assert_eq!(names(&scene.find(false).0), ["Cora"]);
}
