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
        {"const": "tenant", "required": true},
        {"const": "desk", "managed": true, "managedScope": "user", "managedFieldType": "dynamic"}
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
    if request.path() == "/v1/who" {
        return Answer::json(&json!({"contacts": []}));
    }
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
    outage: Arc<AtomicBool>,
    _ringcentral: Crm,
}

impl World {
    fn start() -> Self {
        let revoked = Arc::new(AtomicBool::new(false));
        let is_revoked = Arc::clone(&revoked);
        let crm = Crm::start(move |request: &Request| crm(request, is_revoked.load(Ordering::Relaxed)));
        let outage = Arc::new(AtomicBool::new(false));
        let is_out = Arc::clone(&outage);
        let portal = Crm::start(move |request: &Request| match is_out.load(Ordering::Relaxed) {
            true => Answer::text("text/html", "<html>Maintenance</html>").status(503),
            false => portal(request),
        });
        let platform = Crm::start(ringcentral);
        let mut document = document(&crm.origin());
        document["operations"]["getUserInfo"]["query"] =
            json!({"seat": "{{additionalInfo.seat}}", "tenant": "{{additionalInfo.tenant}}"});
        document["operations"]["findContact"] = json!({
            "method": "POST", "url": "/who", "responseMapping": {"listPath": "body.contacts"},
            "body": {
                "seat": "{{user.platformAdditionalInfo.seat}}", "kept": "{{user.platformAdditionalInfo}}",
                "block": "{{#if user.platformAdditionalInfo.seat}}seated{{/if}}"
            }
        });
        let documents = [("one", &document), ("two", &document)];
        let app = TestServer::start_with(&documents, |options| {
            options
                .env("RINGCENTRAL_SERVER", platform.origin())
                .env("DEVELOPER_PORTAL_SERVER", portal.origin())
        });
        Self { app, crm, portal, revoked, outage, _ringcentral: platform }
    }

    fn sign_in(&self, token: &str, more: Value) -> Response {
        let mut login =
            json!({"platform": "testCrm", "proxyId": "one", "rcAccessToken": token, "connectorId": "c-1"});
        login.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.send_login(&login)
    }

    /// The session of an admin who has signed in without the portal.
    fn session(&self, key: &str, token: &str) -> String {
        let login = json!({"platform": "testCrm", "proxyId": "one", "apiKey": key, "rcAccessToken": token});
        let reply = self.app.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().unwrap().to_owned()
    }

    fn admin(
        &self,
        method: &str,
        target: &str,
        session: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Response {
        let bearer = format!("Bearer {session}");
        let mut headers = vec![("Content-Type", "application/json"), ("X-RC-Access-Token", token)];
        if !session.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        self.app.send(method, target, &headers, body.map(|body| body.to_string().into_bytes()))
    }

    fn state(&self, token: &str) -> Response {
        let target = "/apiKeyManagedAuthState?platform=testCrm&connectorId=c-1&proxyId=one";
        self.app.send("GET", target, &[("X-RC-Access-Token", token)], None)
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

/// The portal decides who sees a private connector, and ids are parts of its addresses.
#[test]
fn private_connectors_are_looked_up_and_ids_are_encoded() {
    let world = World::start();
    let private = json!({"connectorId": "c-2", "isPrivate": true, "additionalInfo": {}});
    for account in ["1", "2"] {
        let reply = world.sign_in(&format!("{account}/10"), private.clone());
        assert_eq!(missing(&reply), json!(["apiKey", "seat", "tenant"]), "account {account}");
    }
    let typed = |id: &str| json!({"connectorId": id, "isPrivate": id == "c-2", "apiKey": "1-own"});
    for id in ["c-2", "unknown", "..", "a/../c-1"] {
        let reply = world.sign_in("3/10", typed(id));
        assert_eq!(reply.status, 200, "{id:?}: {}", reply.text());
        assert_eq!(reply.message()["messageType"], "warning", "{id:?}: nothing is skipped in silence");
    }
    let reply = world.sign_in("3/10", typed(""));
    assert_eq!((reply.status, &reply.message()["messageType"]), (200, &json!("success")));
    let asked: Vec<String> = world.portal.received().into_iter().map(|request| request.target).collect();
    assert!(asked.contains(&"/public-api/connectors/a%2F..%2Fc-1/manifest".to_owned()), "{asked:?}");
    assert!(!asked.iter().any(|target| target.contains("/../")), "{asked:?}");
}

#[test]
fn an_outage_of_the_portal_changes_nothing() {
    let world = World::start();
    let admin = json!({"apiKey": "1-shared", "additionalInfo": {"seat": "s-11", "tenant": "t"}});
    assert_eq!(world.sign_in("1/11/admin", admin).status, 200);
    let own = json!({"additionalInfo": {"tenant": "t"}});
    let before = (world.state("1/11").json(), missing(&world.sign_in("1/10", own.clone())));
    world.outage.store(true, Ordering::Relaxed);
    assert_eq!((world.state("1/11").json(), missing(&world.sign_in("1/10", own.clone()))), before);
    assert_eq!(before.0["visibleFieldConsts"], json!(["tenant"]));
    assert_eq!(world.sign_in("1/11", own.clone()).status, 200);
    assert_eq!(world.sent(), ["1-shared", "s-11", "t"]);
    // A connector that nobody has asked for before is not known: the admin's values may be meant for it.
    let other = json!({"connectorId": "c-9", "apiKey": "1-own", "additionalInfo": {"tenant": "t"}});
    let reply = world.sign_in("1/11", other.clone());
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("The developer portal could not be asked"), "{}", reply.text());
    // Where admins filled in nothing, nothing is skipped, and it is said.
    let reply = world.sign_in("5/11", json!({"connectorId": "c-9", "apiKey": "1-own"}));
    assert_eq!((reply.status, &reply.message()["messageType"]), (200, &json!("warning")), "{}", reply.text());
}

#[test]
fn what_admins_manage_is_never_skipped_in_silence() {
    let world = World::start();
    let admin = json!({"apiKey": "1-shared", "additionalInfo": {"seat": "s-11", "tenant": "t"}});
    assert_eq!(world.sign_in("1/11/admin", admin).status, 200);
    let asked = world.crm.received().len();
    // The portal lists no such connector for the account.
    let reply = world.sign_in("1/11", json!({"connectorId": "c-3", "isPrivate": true, "apiKey": "1-own"}));
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains(r#"lists no connector \"c-3\""#), "{}", reply.text());
    assert_eq!(world.crm.received().len(), asked, "the CRM is not asked");
    let session = world.session("1-boss", "1/10/admin");
    let reply = world.admin("GET", "/admin/managedAuth?connectorId=c-3", &session, "1/10/admin", None);
    assert_eq!(reply.status, 400, "values that are there do not look as if they were not: {}", reply.text());
}

#[test]
fn values_are_shown_as_masks_and_stay_where_a_mask_is_submitted() {
    let world = World::start();
    let session = world.session("1-boss", "1/10/admin");
    let target = "/admin/managedAuth?connectorId=c-1";
    let save = |body: Value| {
        let reply = world.admin("POST", target, &session, "1/10/admin", Some(&body));
        assert_eq!((reply.status, reply.text().as_ref()), (200, "Shared authentication updated"), "{body}");
    };
    let read = || {
        let reply = world.admin("GET", target, &session, "1/10/admin", None);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(!reply.text().contains("1-shared") && !reply.text().contains("s-1"), "{}", reply.text());
        reply.json()
    };
    save(json!({"scope": "account", "values": {"apiKey": "1-shared"}}));
    save(json!({"scope": "user", "rcExtensionId": "11", "rcUserName": "Ulla", "values": {"seat": "s-11"}}));
    save(json!({"scope": "user", "rcExtensionId": 12, "values": {"seat": "s-12"}}));
    let masked = json!({"hasValue": true, "value": "********"});
    let unset = json!({"hasValue": false, "value": ""});
    let shown = read();
    assert_eq!(shown["orgValues"], json!({"apiKey": masked}));
    assert_eq!(
        shown["userValues"],
        json!([
            {"rcExtensionId": "11", "rcUserName": "Ulla", "fields": {"seat": masked, "desk": unset}},
            {"rcExtensionId": 12, "rcUserName": "", "fields": {"seat": masked, "desk": unset}}
        ])
    );
    // What the form brings back changes nothing, and neither does an empty value.
    save(json!({"values": {"apiKey": "********"}}));
    save(json!({"scope": "user", "rcExtensionId": "11", "values": {"seat": "********"}}));
    save(json!({"scope": "user", "rcExtensionId": "12", "values": {"seat": ""}}));
    let own = json!({"additionalInfo": {"tenant": "t"}});
    for (extension, seat) in [("11", "s-11"), ("12", "s-12")] {
        assert_eq!(world.sign_in(&format!("1/{extension}"), own.clone()).status, 200);
        assert_eq!(world.sent(), ["1-shared", seat, "t"]);
    }
    // Who has nothing left is not listed.
    save(json!({"scope": "user", "rcExtensionId": 12, "fieldsToRemove": ["seat"]}));
    assert_eq!(read()["userValues"].as_array().unwrap().len(), 1);
    assert_eq!(missing(&world.sign_in("1/12", own)), json!(["seat"]));
}

#[test]
fn only_fields_of_the_page_are_filled_in() {
    let world = World::start();
    let session = world.session("1-boss", "1/10/admin");
    let target = "/admin/managedAuth?connectorId=c-1";
    for (body, words) in [
        (json!({"values": {"apiKey": "1-x", "made": "up"}}), "made cannot be filled in for the account"),
        (
            json!({"values": {"seat": "s"}}),
            "seat cannot be filled in for the account. The fields for the account are apiKey.",
        ),
        (json!({"values": {"tenant": "t"}}), "tenant cannot be filled in"),
        (
            json!({"scope": "user", "rcExtensionId": "11", "values": {"apiKey": "1-x"}}),
            "The fields for a user are seat, desk.",
        ),
        (json!({"scope": "user", "values": {"seat": "s"}}), "rcExtensionId is required"),
        (json!({"scope": "user", "rcExtensionId": {}, "values": {"seat": "s"}}), "rcExtensionId is required"),
        (json!({"scope": "user", "rcExtensionId": "9".repeat(500), "values": {"seat": "s"}}), "too long"),
        (json!({"values": "x"}), "`values` has to be"),
        (json!({"fieldsToRemove": "apiKey"}), "`fieldsToRemove` has to be a list of texts"),
    ] {
        let reply = world.admin("POST", target, &session, "1/10/admin", Some(&body));
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains(words), "{words}: {}", reply.text());
    }
    let huge = json!({"values": {"apiKey": "k".repeat(20_000)}});
    assert_eq!(world.admin("POST", target, &session, "1/10/admin", Some(&huge)).status, 413);
    // Without a connector, and before any admin saw a page, no field is known.
    let reply = world.admin(
        "POST",
        "/admin/managedAuth",
        &session,
        "1/10/admin",
        Some(&json!({"values": {"apiKey": "k"}})),
    );
    assert_eq!(reply.status, 400, "{}", reply.text());
    let reply = world.admin("GET", target, &session, "1/10/admin", None);
    assert_eq!(reply.json()["orgValues"], json!({"apiKey": {"hasValue": false, "value": ""}}));
    // Now one did.
    let values = json!({"values": {"apiKey": "1-shared"}});
    assert_eq!(world.admin("POST", "/admin/managedAuth", &session, "1/10/admin", Some(&values)).status, 200);
}

#[test]
fn shared_values_stay_with_the_account() {
    let world = World::start();
    let session = world.session("1-boss", "1/10/admin");
    let target = "/admin/managedAuth?connectorId=c-1";
    let save = |seat: &str| {
        let body = json!({"scope": "user", "rcExtensionId": "11", "values": {"seat": seat}});
        assert_eq!(world.admin("POST", target, &session, "1/10/admin", Some(&body)).status, 200);
    };
    save("s-11");
    let reply = world.sign_in("1/11", json!({"apiKey": "1-own", "additionalInfo": {"tenant": "t"}}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let user = reply.json()["jwtToken"].as_str().unwrap().to_owned();
    let looked_up = |number: u32| {
        let reply = world.app.get(&format!("/contact?phoneNumber={number}"), &user);
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        serde_json::from_slice::<Value>(&world.crm.received().pop().unwrap().body).unwrap()
    };
    // A template that names the value has it; the record that is kept of the user does not.
    assert_eq!(
        looked_up(1),
        json!({"seat": "s-11", "kept": {"tenant": "t", "proxyId": "one"}, "block": "seated"})
    );
    // What an admin changes is changed for who is signed in, and what is removed is gone.
    save("s-changed");
    assert_eq!(looked_up(2)["seat"], "s-changed");
    let gone = json!({"scope": "user", "rcExtensionId": "11", "fieldsToRemove": ["seat"]});
    assert_eq!(world.admin("POST", target, &session, "1/10/admin", Some(&gone)).status, 200);
    let reply = world.app.get("/contact?phoneNumber=3", &user);
    assert!(
        reply.text().contains("user.platformAdditionalInfo.seat}}` in body gives nothing"),
        "{}",
        reply.text()
    );
}

#[test]
fn documents_offer_no_options_and_only_dynamic_fields_have_any() {
    let world = World::start();
    let ask = |target: &str, token: &str, body: Value| world.admin("POST", target, "", token, Some(&body));
    let target = "/admin/managedAuth/options?platform=testCrm&connectorId=c-1";
    let reply =
        ask("/admin/managedAuth/options?connectorId=c-1", "1/10/admin", json!({"fieldConst": "seat"}));
    assert_eq!((reply.status, reply.text().as_ref()), (400, "Missing platform name"));
    let reply = ask(target, "1/10/admin", json!({}));
    assert_eq!((reply.status, reply.text().as_ref()), (400, "Missing managed auth field"));
    assert_eq!(ask(target, "1/10", json!({"fieldConst": "desk"})).status, 403);
    for field in ["seat", "apiKey", "tenant", "made"] {
        let reply = ask(target, "1/10/admin", json!({"fieldConst": field}));
        let words = format!("Managed auth field \"{field}\" is not a dynamic user field");
        assert_eq!((reply.status, reply.json()), (400, json!({"error": words})));
    }
    let reply = ask(target, "1/10/admin", json!({"fieldConst": "desk", "proxyId": "one"}));
    assert_eq!((reply.status, reply.json()), (200, json!([])), "{}", reply.text());
}
