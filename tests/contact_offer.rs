//! The offer to create a contact, which ends every list of contacts where a document creates them (Q58); and searches
//! that come at once.

use crate::support::crm::{Answer, Crm, Gate, Request};
use crate::support::server::Options;
use crate::support::test_server::{PATIENCE, TestServer, document, ordinary, try_send};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const FIND: &str = "/contact?phoneNumber=%2B14155550142";

/// What a test changes in the operations of its document.
type Change = fn(&mut Value);

/// A CRM with a number of contacts for every number, and a RingCentral platform that knows one account.
struct Scene {
    server: TestServer,
    crm: Crm,
    known: Arc<Mutex<usize>>,
    _platform: Crm,
}

impl Scene {
    fn start(documents: &[(&str, Change)]) -> Self {
        Self::start_with(documents, |options| options)
    }

    fn start_with(documents: &[(&str, Change)], adjust: impl FnOnce(Options) -> Options) -> Self {
        let known = Arc::new(Mutex::new(1));
        let count = Arc::clone(&known);
        let crm = Crm::start(move |request: &Request| match (request.method.as_str(), request.path()) {
            ("GET", "/v1/contacts") => {
                let contact = |at: usize| json!({"id": format!("c{at}"), "name": "Ada", "type": "Contact"});
                Answer::json(
                    &json!({"contacts": (0..*count.lock().unwrap()).map(contact).collect::<Vec<_>>()}),
                )
            }
            _ => ordinary(request),
        });
        let platform = Crm::start(|_: &Request| Answer::json(&json!({"id": 1, "account": {"id": 5}})));
        let written: Vec<(&str, Value)> = documents
            .iter()
            .map(|(proxy_id, change)| {
                let mut document = document(&crm.origin());
                change(&mut document["operations"]);
                (*proxy_id, document)
            })
            .collect();
        let written: Vec<(&str, &Value)> =
            written.iter().map(|(proxy_id, document)| (*proxy_id, document)).collect();
        let server = TestServer::start_with(&written, |options| {
            adjust(options.env("RINGCENTRAL_SERVER", platform.origin()))
        });
        Self { server, crm, known, _platform: platform }
    }

    fn knows(&self, contacts: usize) {
        *self.known.lock().unwrap() = contacts;
    }

    /// The reply to a search by a user of an account, whose contacts are cached, or of none.
    fn find(&self, token: &str, target: &str) -> Value {
        let reply = self.server.get(target, token);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    fn of_account(&self, proxy_id: &str) -> String {
        let login =
            json!({"platform": "testCrm", "proxyId": proxy_id, "apiKey": "9-key", "rcAccessToken": "any"});
        self.server.send_login(&login).json()["jwtToken"].as_str().unwrap().to_owned()
    }
}

fn as_it_is(_: &mut Value) {}

fn described(operations: &mut Value) {
    operations["findContact"]["responseMapping"]["newContact"] = json!({
        "name": "New lead",
        "additionalInfo": {"category": [{"const": 1, "title": "Client"}]},
        "defaultContactType": "Lead"
    });
}

fn blank(operations: &mut Value) {
    operations["findContact"]["responseMapping"]["newContact"] =
        json!({"name": " ", "additionalInfo": null, "defaultContactType": ""});
}

fn without_creation(operations: &mut Value) {
    operations.as_object_mut().unwrap().shift_remove("createContact");
}

fn without_search(operations: &mut Value) {
    operations.as_object_mut().unwrap().shift_remove("findContact");
}

#[test]
fn every_list_ends_with_the_offer_where_contacts_are_created() {
    let plain = r#"{"id":"createNewContact","name":"Create new contact...","isNewContact":true}"#;
    let whole = r#"{"id":"createNewContact","name":"New lead","additionalInfo":{"category":[{"const":1,"title":"Client"}]},"isNewContact":true,"defaultContactType":"Lead"}"#;
    let scene = Scene::start(&[
        ("usual", as_it_is),
        ("described", described),
        ("blank", blank),
        ("none", without_creation),
        ("blind", without_search),
    ]);
    for (proxy_id, offer) in
        [("usual", Some(plain)), ("described", Some(whole)), ("blank", Some(plain)), ("none", None)]
    {
        let token = scene.server.sign_in(proxy_id, "testCrm", "7-key");
        for known in [0, 1, 2] {
            scene.knows(known);
            let reply = scene.find(&token, FIND);
            let contacts = reply["contact"].as_array().unwrap();
            let (people, last) = contacts.split_at(known);
            assert!(people.iter().all(|contact| contact["isNewContact"].is_null()), "{reply}");
            let last: Vec<String> = last.iter().map(Value::to_string).collect();
            assert_eq!(last, offer.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{proxy_id}, {known}");
            // It is nobody, and counts as nobody.
            assert_eq!(reply["returnMessage"]["message"], format!("Found {known} contacts"));
        }
        // Who looks for a name looks for somebody who is there.
        let by_name = scene.find(&token, "/custom/contact/search?name=Ada");
        assert!(!by_name.to_string().contains("createNewContact"), "{by_name}");
    }
    // Without a search there is nobody, and still the offer.
    let token = scene.server.sign_in("blind", "testCrm", "7-key");
    let reply = scene.find(&token, FIND);
    assert_eq!(
        (reply["successful"].as_bool(), reply["contact"].to_string()),
        (Some(true), format!("[{plain}]"))
    );
}

#[test]
fn what_failed_offers_nothing() {
    let scene = Scene::start(&[("crm", as_it_is)]);
    let token = scene.server.sign_in("crm", "testCrm", "7-key");
    // A colleague's extension, which this document does not look for.
    let colleague = scene.find(&token, "/contact?phoneNumber=101&isExtension=true");
    assert_eq!((colleague["successful"].as_bool(), &colleague["contact"]), (Some(false), &json!([])));
    assert_eq!(scene.server.post("/unAuthorize", &token, &json!({})).status, 200);
    let gone = scene.find(&token, FIND);
    assert_eq!((gone["successful"].as_bool(), &gone["contact"]), (Some(false), &Value::Null));
}

#[test]
fn the_offer_is_that_of_the_document_now_and_never_cached() {
    let scene = Scene::start_with(&[("crm", as_it_is)], |options| {
        options.env("ADMIN_TOKEN", crate::support::test_server::ADMIN_TOKEN)
    });
    let token = scene.of_account("crm");
    let (fresh, cached) = (scene.find(&token, FIND), scene.find(&token, FIND));
    assert_eq!((&cached["returnMessage"], scene.crm.count("/v1/contacts")), (&Value::Null, 1));
    assert_eq!(fresh["contact"], cached["contact"]);
    assert_eq!(cached["contact"].as_array().unwrap().len(), 2);
    // Another user of the account asks again and again: there is one offer.
    for _ in 0..3 {
        assert_eq!(scene.find(&token, FIND)["contact"], cached["contact"]);
    }
    // Whom somebody has just created stands before the offer.
    let ada = json!({"phoneNumber": "+14155550142", "newContactName": "Bob", "newContactType": "Lead"});
    assert_eq!(scene.server.post("/contact", &token, &ada).json()["successful"], true);
    scene.knows(0);
    let found = scene.find(&token, FIND);
    let ids: Vec<_> =
        found["contact"].as_array().unwrap().iter().map(|contact| contact["id"].clone()).collect();
    assert_eq!(ids, ["c2", "createNewContact"]);
    assert_eq!(found["returnMessage"]["message"], "Found 1 contacts");
}

/// A client asks two or three times while a call begins to ring.
#[test]
fn searches_that_come_at_once_are_one_request_to_the_crm() {
    let gate = Gate::default();
    let held = gate.clone();
    let crm = Crm::start(move |request: &Request| {
        if request.path() == "/v1/contacts" {
            held.pass();
        }
        ordinary(request)
    });
    let server = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let [ada, bob] = ["7-key", "8-key"].map(|key| server.sign_in("crm", "testCrm", key));
    let other = "/contact?phoneNumber=%2B14155550143";
    let asked = [
        (&ada, FIND),
        (&ada, FIND),
        (&ada, FIND),
        (&ada, &*format!("{FIND}&isExtension=false")),
        (&ada, other),
        (&ada, &*format!("{FIND}&isForceRefreshAccountData=true")),
        (&bob, FIND),
        (&bob, FIND),
    ];
    let address = server.server.address();
    let replies: Vec<(String, String)> = std::thread::scope(|scope| {
        let running: Vec<_> = asked
            .iter()
            .map(|(token, target)| {
                let bearer = format!("Bearer {token}");
                let send =
                    move || try_send(address, "GET", target, &[("Authorization", &bearer)], None).unwrap();
                (target, scope.spawn(send))
            })
            .collect();
        // Each of the five searches reaches the CRM, and none twice. One that is forced joins no other.
        crm.wait_for("/v1/contacts", 5, PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(crm.count("/v1/contacts"), 5);
        gate.open();
        running
            .into_iter()
            .map(|(target, reply)| ((*target).to_string(), reply.join().unwrap().text()))
            .collect()
    });
    for (target, reply) in &replies {
        let number = if target == other { "+14155550143" } else { "+14155550142" };
        assert!(reply.contains("\"successful\":true") && reply.contains(number), "{target}: {reply}");
    }
    assert_eq!(crm.count("/v1/contacts"), 5);
    // What comes later asks again.
    server.get(FIND, &ada);
    assert_eq!(crm.count("/v1/contacts"), 6);
}

/// The first of them goes; the others wait for its answer, and must get one.
#[test]
fn a_client_that_goes_leaves_the_others_their_answer() {
    let gate = Gate::default();
    let held = gate.clone();
    let crm = Crm::start(move |request: &Request| {
        if request.path() == "/v1/contacts" {
            held.pass();
        }
        ordinary(request)
    });
    let server = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = server.sign_in("crm", "testCrm", "7-key");
    let address = server.server.address();
    let bearer = format!("Bearer {token}");
    let mut first = std::net::TcpStream::connect(address).unwrap();
    let head = format!("GET {FIND} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {bearer}\r\n\r\n");
    std::io::Write::write_all(&mut first, head.as_bytes()).unwrap();
    crm.wait_for("/v1/contacts", 1, PATIENCE);
    let second = std::thread::spawn(move || {
        try_send(address, "GET", FIND, &[("Authorization", &bearer)], None).unwrap()
    });
    std::thread::sleep(std::time::Duration::from_millis(200));
    drop(first);
    crm.wait_for("/v1/contacts", 2, PATIENCE);
    gate.open();
    let reply = second.join().unwrap();
    assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(true)));
}
