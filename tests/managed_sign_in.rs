//! Sign-in fields that admins manage: a developer portal, a RingCentral platform and a CRM that takes
//! one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document};
use serde_json::{Value, json};

/// The portal's connectors: `c-1` is public, `c-2` private to account 1, shared with account 2.
fn portal(request: &Request) -> Answer {
    let content = json!([
        {"const": "apiKey", "required": true, "managed": true, "managedScope": "account"},
        {"const": "seat", "required": true, "managed": true, "managedScope": "user"},
        {"const": "tenant", "required": true}
    ]);
    let auth = json!({"type": "apiKey", "apiKey": {"page": {"content": content}}});
    let manifest = Answer::json(&json!({"platforms": {"testCrm": {"auth": auth}}}));
    let list = |own: Value, shared: Value| {
        Answer::json(&json!({"privateConnectors": own, "sharedConnectors": shared}))
    };
    match request.target.as_str() {
        "/public-api/connectors/c-1/manifest"
        | "/public-api/connectors/c-2/manifest?access=internal&type=connector&accountId=1" => manifest,
        "/public-api/connectors/internal?accountId=1" => list(json!([{"id": "c-2"}]), json!([])),
        "/public-api/connectors/internal?accountId=2" => {
            list(json!([]), json!([{"id": "c-2", "accountId": 1}]))
        }
        "/public-api/connectors/internal?accountId=3" => list(json!([]), json!([])),
        _ => Answer::json(&json!({"error": "no such connector"})).status(404),
    }
}

/// A RingCentral token is `account/extension`, with `/admin` for admins.
fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    let mut parts = token.split('/');
    let (account, extension) = (parts.next(), parts.next());
    Answer::json(&json!({
        "id": extension, "account": {"id": account}, "permissions": {"admin": {"enabled": parts.next().is_some()}}
    }))
}

/// Takes the keys that begin with `1-`, but for `1-shared` once it is revoked.
fn crm(request: &Request, is_revoked: bool) -> Answer {
    let key = test_server::api_key(request);
    match key.starts_with("1-") && !(is_revoked && key == "1-shared") {
        true => test_server::ordinary(request),
        false => Answer::json(&json!({"message": "wrong key"})).status(401),
    }
}

struct World {
    app: TestServer,
    crm: Crm,
    portal: Crm,
    revoked: Arc<AtomicBool>,
    _ringcentral: Crm,
}

impl World {
    fn start() -> Self {
        let revoked = Arc::new(AtomicBool::new(false));
        let is_revoked = Arc::clone(&revoked);
        let crm = Crm::start(move |request: &Request| crm(request, is_revoked.load(Ordering::Relaxed)));
        let (portal, platform) = (Crm::start(portal), Crm::start(ringcentral));
        let mut document = document(&crm.origin());
        document["operations"]["getUserInfo"]["query"] =
            json!({"seat": "{{additionalInfo.seat}}", "tenant": "{{additionalInfo.tenant}}"});
        let documents = [("one", &document), ("two", &document)];
        let app = TestServer::start_with(&documents, |options| {
            options
                .env("RINGCENTRAL_SERVER", platform.origin())
                .env("DEVELOPER_PORTAL_SERVER", portal.origin())
        });
        Self { app, crm, portal, revoked, _ringcentral: platform }
    }

    fn sign_in(&self, token: &str, more: Value) -> Response {
        let mut login =
            json!({"platform": "testCrm", "proxyId": "one", "rcAccessToken": token, "connectorId": "c-1"});
        login.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.send_login(&login)
    }

    /// Key, seat and tenant of the last request to the CRM.
    fn sent(&self) -> [String; 3] {
        let received = self.crm.received();
        let last = received.last().expect("a request");
        [
            test_server::api_key(last),
            last.query("seat").unwrap_or_default(),
            last.query("tenant").unwrap_or_default(),
        ]
    }
}

fn missing(reply: &Response) -> Value {
    assert_eq!(reply.status, 400, "{}", reply.text());
    reply.message()["missingRequiredFieldConsts"].clone()
}

#[test]
fn what_an_admin_fills_in_serves_the_account() {
    let world = World::start();
    let own = json!({"additionalInfo": {"tenant": "t"}});
    assert_eq!(missing(&world.sign_in("1/10", own.clone())), json!(["apiKey", "seat"]));
    assert_eq!(world.crm.received().len(), 0, "the CRM is not asked with half a form");

    let admin = json!({"apiKey": "1-shared", "additionalInfo": {"seat": "s-11", "tenant": "t"}});
    assert_eq!(world.sign_in("1/11/admin", admin).status, 200);
    assert_eq!(world.sent(), ["1-shared", "s-11", "t"]);

    // A seat is one extension's; the key is everybody's.
    assert_eq!(missing(&world.sign_in("1/10", own.clone())), json!(["seat"]));
    let seated = json!({"additionalInfo": {"tenant": "t", "seat": "s-10"}});
    assert_eq!(world.sign_in("1/10", seated).status, 200);
    assert_eq!(world.sent(), ["1-shared", "s-10", "t"]);
    // Only an admin's words are kept.
    assert_eq!(missing(&world.sign_in("1/10", own.clone())), json!(["seat"]));
    assert_eq!(world.sign_in("1/11", own.clone()).status, 200);
    assert_eq!(world.sent(), ["1-shared", "s-11", "t"]);
    // What is managed goes before what somebody types.
    let typed = json!({"apiKey": "1-typed", "additionalInfo": {"tenant": "t", "seat": "x"}});
    assert_eq!(world.sign_in("1/11", typed).status, 200);
    assert_eq!(world.sent(), ["1-shared", "s-11", "t"]);

    // What an admin types anew is what the CRM is asked with, and kept only if it takes it.
    let wrong = json!({"apiKey": "2-wrong", "additionalInfo": {"tenant": "t", "seat": "s-12"}});
    assert_eq!(world.sign_in("1/12/admin", wrong).status, 400);
    assert_eq!(world.sent()[0], "2-wrong");
    assert_eq!(world.sign_in("1/11", own.clone()).status, 200);
    assert_eq!(world.sent(), ["1-shared", "s-11", "t"]);

    // Another account, another document: nothing of it.
    assert_eq!(missing(&world.sign_in("2/11", own.clone())), json!(["apiKey", "seat"]));
    let elsewhere = json!({"proxyId": "two", "additionalInfo": {"tenant": "t"}});
    assert_eq!(missing(&world.sign_in("1/11", elsewhere)), json!(["apiKey", "seat"]));
    assert!(!world.app.server.log().contains("1-shared"), "no key in the log");
}

#[test]
fn refused_values_can_be_corrected() {
    let world = World::start();
    let whole = |key: &str| json!({"apiKey": key, "additionalInfo": {"seat": "s", "tenant": "t"}});
    assert_eq!(world.sign_in("1/11/admin", whole("2-wrong")).status, 400);
    let own = json!({"additionalInfo": {"tenant": "t"}});
    assert_eq!(
        missing(&world.sign_in("1/11", own.clone())),
        json!(["apiKey", "seat"]),
        "nothing refused is kept"
    );

    assert_eq!(world.sign_in("1/11/admin", whole("1-shared")).status, 200);
    world.revoked.store(true, Ordering::Relaxed);
    assert_eq!(world.sign_in("1/11", whole("1-own")).status, 400);
    assert_eq!(world.sent()[0], "1-shared");
    // From now on people may type, until it works once.
    assert_eq!(world.sign_in("1/11", whole("1-own")).status, 200);
    assert_eq!(world.sent()[0], "1-own");
    assert_eq!(world.sign_in("1/11", whole("1-own")).status, 400);
    assert_eq!(world.sent()[0], "1-shared");
    // An admin corrects it for everybody.
    assert_eq!(world.sign_in("1/11/admin", whole("1-new")).status, 200);
    assert_eq!(world.sign_in("1/11", own).status, 200);
    assert_eq!(world.sent()[0], "1-new");
}

/// The portal decides who sees a private connector; without a manifest people fill in everything.
#[test]
fn private_connectors_and_a_portal_that_fails() {
    let world = World::start();
    let private = json!({"connectorId": "c-2", "isPrivate": true, "additionalInfo": {}});
    for account in ["1", "2"] {
        let reply = world.sign_in(&format!("{account}/10"), private.clone());
        assert_eq!(missing(&reply), json!(["apiKey", "seat", "tenant"]), "account {account}");
    }
    let typed = |id: &str| json!({"connectorId": id, "isPrivate": id == "c-2", "apiKey": "1-own"});
    assert_eq!(world.sign_in("3/10", typed("c-2")).status, 200);
    for id in ["unknown", "..", "a/../c-1", ""] {
        assert_eq!(world.sign_in("1/10", typed(id)).status, 200, "{id:?}");
    }
    let asked: Vec<String> = world.portal.received().into_iter().map(|request| request.target).collect();
    assert!(asked.contains(&"/public-api/connectors/a%2F..%2Fc-1/manifest".to_owned()), "{asked:?}");
    assert!(!asked.iter().any(|target| target.contains("/../")), "{asked:?}");
}
