//! A server whose RingCentral, developer portal and CRM are the sandbox: everything works without a network.

use std::path::Path;

use app_connect::sandbox::{
    API_KEY, CLIENT_SECRET, OAuthRules, RINGCENTRAL_ADMIN, RINGCENTRAL_USER, Sandbox, SandboxOptions, start,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::client::Response;
use crate::support::test_server::TestServer;

struct World {
    _runtime: Runtime,
    sandbox: Sandbox,
    app: TestServer,
}

fn shipped(name: &str, sandbox: &Sandbox) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text.replace("127.0.0.1:8788", &sandbox.address().to_string())).unwrap()
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let sandbox = runtime.block_on(start(SandboxOptions::default())).unwrap();
        let (key, oauth) = (shipped("sandbox.json", &sandbox), shipped("sandbox-oauth.json", &sandbox));
        let documents = [("sandbox", &key), ("sandbox-oauth", &oauth)];
        let app = TestServer::start_with(&documents, |options| {
            options
                .env("RINGCENTRAL_SERVER", sandbox.base_url())
                .env("DEVELOPER_PORTAL_SERVER", sandbox.base_url())
                .env("SANDBOX_CLIENT_SECRET", CLIENT_SECRET)
        });
        Self { _runtime: runtime, sandbox, app }
    }

    fn login(&self, connector: &str, rc_token: &str, more: Value) -> Response {
        let mut login = json!({
            "platform": "sandbox", "proxyId": "sandbox", "connectorId": connector, "isPrivate": true,
            "rcAccessToken": rc_token,
        });
        login.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.send_login(&login)
    }

    /// How the server asked for tokens since the sandbox was started.
    fn token_requests(&self) -> Vec<String> {
        let requests = self.sandbox.requests().into_iter().filter(|request| request.path == "/oauth/token");
        requests.map(|request| String::from_utf8(request.body.to_vec()).unwrap()).collect()
    }
}

#[test]
fn an_admin_fills_in_the_key_for_the_account() {
    let world = World::start();
    for connector in ["sandbox-managed", "sandbox-shared"] {
        let alone = world.login(connector, RINGCENTRAL_USER, json!({}));
        if connector == "sandbox-managed" {
            assert_eq!(alone.status, 400, "{}", alone.text());
            assert_eq!(alone.message()["missingRequiredFieldConsts"], json!(["apiKey"]));
        }
        let admin = world.login(connector, RINGCENTRAL_ADMIN, json!({"apiKey": API_KEY}));
        assert_eq!(admin.status, 200, "{}", admin.text());
        let colleague = world.login(connector, RINGCENTRAL_USER, json!({}));
        assert_eq!(colleague.json()["name"], "Alex Sandbox", "{}", colleague.text());
    }
    let stranger = world.login("sandbox-managed", "sandbox-nobody", json!({}));
    assert_ne!(stranger.json()["name"], "Alex Sandbox", "{}", stranger.text());
}

#[test]
fn only_the_admin_changes_what_belongs_to_the_account() {
    let world = World::start();
    let body = json!({"adminSettings": {"userSettings": {"a": {"value": 1, "customizable": true}}}});
    let save = |token: &str| {
        let headers = [("Content-Type", "application/json"), ("X-RC-Access-Token", token)];
        world.app.send("POST", "/admin/settings", &headers, Some(body.to_string().into_bytes())).status
    };
    assert_eq!((save(RINGCENTRAL_ADMIN), save(RINGCENTRAL_USER)), (200, 403));
}

/// As App Connect's client does: it opens the page, and hands the address on at which the browser ended.
#[test]
fn a_user_signs_in_with_oauth_and_stays_signed_in() {
    let world = World::start();
    let redirect = "http%3A%2F%2F127.0.0.1%3A6066%2Foauth-callback";
    let page = format!(
        "/oauth/authorize?response_type=code&client_id=sandbox-client&state=platform%3Dsandbox&redirect_uri={redirect}"
    );
    let crm = world.sandbox.address();
    let redirected = crate::support::test_server::try_send(crm, "GET", &page, &[], None).unwrap();
    let back = redirected.header("location").expect("a redirect").to_owned();
    let callback: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let target = format!("/oauth-callback?callbackUri={callback}&proxyId=sandbox-oauth");
    let signed_in = world.app.send("GET", &target, &[("X-RC-Access-Token", RINGCENTRAL_USER)], None);
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    let session = signed_in.json()["jwtToken"].as_str().expect("a session").to_owned();

    let find =
        || world.app.get("/contact?phoneNumber=%2B14155550103&isForceRefreshAccountData=true", &session);
    assert_eq!(find().json()["contact"][0]["name"], "Lena Lead");
    world.sandbox.expire_access_tokens();
    assert_eq!(find().json()["contact"][0]["name"], "Lena Lead", "renewed behind the user's back");
    world.sandbox.set_oauth_rules(OAuthRules { rotates_refresh_tokens: false, ..OAuthRules::default() });
    for _ in 0..2 {
        world.sandbox.expire_access_tokens();
        assert_eq!(find().json()["contact"][0]["name"], "Lena Lead", "a refresh token that stays");
    }
    let sent = world.token_requests();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert_eq!(sent[2], sent[3], "the same refresh token");
    assert_ne!(sent[1], sent[2], "one that was rotated");

    world.sandbox.revoke_sign_ins();
    let ended = find();
    assert_eq!((ended.status, &ended.json()["errorCode"]), (401, &json!("CRM_SESSION_REVOKED")));
}
