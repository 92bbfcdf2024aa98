//! How many of an account use App Connect: `GET /admin/extensionAdoptionStats`.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{TestServer, document, ordinary, until};
use serde_json::{Value, json};

/// RingCentral: a token is `account/extension/role`.
fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    let parts: Vec<&str> = token.split('/').collect();
    let [account, extension, role] = parts[..] else { return Answer::json(&json!({})).status(401) };
    Answer::json(&json!({
        "id": extension, "account": {"id": account}, "permissions": {"admin": {"enabled": role == "admin"}}
    }))
}

struct Scene {
    app: TestServer,
    _crms: [Crm; 2],
}

impl Scene {
    fn start() -> Self {
        let (crm, platform) = (Crm::start(ordinary), Crm::start(ringcentral));
        let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
            options.env("RINGCENTRAL_SERVER", platform.origin())
        });
        Self { app, _crms: [crm, platform] }
    }

    fn ask(&self, token: &str) -> Response {
        let headers = [("X-RC-Access-Token", token)];
        self.app.send("GET", "/admin/extensionAdoptionStats", &headers, None)
    }

    fn stats(&self, account: &str) -> Value {
        let reply = self.ask(&format!("{account}/1/admin"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    fn counts(&self, account: &str) -> (Value, Value) {
        let stats = self.stats(account);
        (stats["installedCount"].clone(), stats["connectedCount"].clone())
    }

    /// Waits until the counts are so: they are written down beside the requests.
    fn wait_for(&self, account: &str, installed: u32, connected: u32) {
        let mut last = Value::Null;
        until(&format!("{installed} installed, {connected} connected"), || {
            last = self.stats(account);
            last["installedCount"] == installed && last["connectedCount"] == connected
        });
    }

    fn sign_in(&self, key: &str, token: &str) -> String {
        let login = json!({
            "platform": "testCrm", "proxyId": "crm", "apiKey": format!("{key}-key"), "rcAccessToken": token
        });
        let reply = self.app.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().unwrap().to_owned()
    }

    fn seen(&self, account: &str, extension: &str) {
        let target = format!("/userInfoHash?accountId={account}&extensionId={extension}");
        assert_eq!(self.app.send("GET", &target, &[], None).status, 200);
    }
}

#[test]
fn who_installed_and_who_is_connected_are_counted() {
    let mut scene = Scene::start();
    assert_eq!(
        scene.ask("1001/1/admin").text(),
        r#"{"installedCount":0,"connectedCount":0,"lastActiveAt":null}"#
    );
    let ada = scene.sign_in("1", "1001/31/admin");
    scene.wait_for("1001", 1, 1);
    // The same extension again, and two that nobody connected.
    for extension in ["31", "41", "42"] {
        scene.seen("1001", extension);
    }
    scene.wait_for("1001", 3, 1);
    assert!(scene.stats("1001")["lastActiveAt"].as_str().unwrap().ends_with('Z'));
    scene.sign_in("2", "1001/32/user");
    scene.wait_for("1001", 4, 2);
    scene.app.kill_and_restart();
    assert_eq!(scene.counts("1001"), (json!(4), json!(2)));
    assert_eq!(scene.counts("2002"), (json!(0), json!(0)), "of another account");
    // Who signs out is installed, if the extension was seen, and not connected.
    assert_eq!(scene.app.post("/unAuthorize", &ada, &json!({})).status, 200);
    scene.wait_for("1001", 4, 1);
}

/// Nobody proves an id at `/userInfoHash`, so accounts that RingCentral never named leave nothing in the store.
#[test]
fn an_account_that_ringcentral_never_named_leaves_nothing() {
    let scene = Scene::start();
    scene.sign_in("1", "1001/31/admin");
    scene.wait_for("1001", 1, 1);
    for n in 0..50 {
        scene.seen(&format!("made-up-{n}"), "1");
    }
    for odd in ["", "accountId=1001", "extensionId=7", "accountId=&extensionId="] {
        assert_eq!(scene.app.send("GET", &format!("/userInfoHash?{odd}"), &[], None).status, 200);
    }
    assert_eq!(scene.counts("made-up-7"), (json!(0), json!(0)));
    assert_eq!(scene.counts("1001"), (json!(1), json!(1)));
    // Named by an admin's token, it counts from now on.
    scene.seen("made-up-7", "1");
    scene.wait_for("made-up-7", 1, 0);
}

#[test]
fn only_an_admin_is_told() {
    let scene = Scene::start();
    let none = scene.app.send("GET", "/admin/extensionAdoptionStats", &[], None);
    assert_eq!(none.status, 400, "{}", none.text());
    let user = scene.ask("1001/31/user");
    assert_eq!((user.status, user.text().as_str()), (403, "Admin validation failed"));
    let bad = scene.ask("nonsense");
    assert_eq!((bad.status, &bad.json()["error"]), (400, &json!("Request failed with status code 401")));
}
