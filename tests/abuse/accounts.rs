//! Who gets in, and what of: short secrets, guessed tokens, sessions that ended, settings of other accounts.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::pulse::while_others_are_served;
use crate::support::server::{Options, Server};
use crate::support::test_server::{self, ADMIN_TOKEN, CONSOLE_TOKEN, TestServer, call, document};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

const SECRET: &str = "the signing secret of these tests";

/// What a session that is none gets, whatever it asks for.
const NO_SESSION: &str = "Please go to Settings and authorize CRM platform";

/// A RingCentral platform: a token is `account`, or `account/admin`.
fn ringcentral() -> Crm {
    Crm::start(|request: &Request| {
        let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
        let (account, admin) = token.split_once('/').unwrap_or((token, ""));
        if account == "bad" {
            return Answer::json(&json!({})).status(401);
        }
        let permissions = json!({"admin": {"enabled": admin == "admin"}});
        Answer::json(&json!({"id": 1, "account": {"id": account}, "permissions": permissions}))
    })
}

struct World {
    app: TestServer,
    crm: Crm,
    _ringcentral: Crm,
}

impl World {
    fn start() -> Self {
        let (crm, platform) = (Crm::start(test_server::ordinary), ringcentral());
        let app = TestServer::start_with(&[("p", &document(&crm.origin()))], |options| {
            options
                .arg("--workers")
                .arg("1")
                .env("APP_SERVER_SECRET_KEY", SECRET)
                .env("ADMIN_TOKEN", ADMIN_TOKEN)
                .env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN)
                .env("RINGCENTRAL_SERVER", platform.origin())
        });
        Self { app, crm, _ringcentral: platform }
    }

    fn sign_in(&self, key: &str, account: Option<&str>) -> String {
        let mut login =
            json!({"platform": "testCrm", "proxyId": "p", "apiKey": key, "hostname": "h.example"});
        if let Some(account) = account {
            login["rcAccessToken"] = account.into();
        }
        let reply = self.app.send_login(&login);
        reply.json()["jwtToken"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned()
    }

    /// A request with any of a session, a RingCentral token and a body.
    fn ask(&self, method: &str, target: &str, session: &str, ringcentral: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {session}");
        let mut headers = vec![("Content-Type", "application/json")];
        if !session.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        if !ringcentral.is_empty() {
            headers.push(("X-RC-Access-Token", ringcentral));
        }
        let body = (method != "GET").then(|| body.to_string().into_bytes());
        self.app.send(method, target, &headers, body)
    }

    fn get(&self, target: &str, session: &str, ringcentral: &str) -> Response {
        self.ask("GET", target, session, ringcentral, &Value::Null)
    }

    /// An admin of an account sets something for its users.
    fn manage(&self, account: &str) -> Response {
        let settings = json!({"adminSettings": {"userSettings": {
            "theme": {"value": format!("planted-{account}"), "customizable": false}, "gone": {"isRemoved": true}
        }}});
        self.ask("POST", "/admin/settings", "", &format!("{account}/admin"), &settings)
    }

    fn hash_of(&self, account: &str) -> String {
        let hashes = self.app.get(&format!("/userInfoHash?accountId={account}"), "").json();
        hashes["accountId"].as_str().unwrap().to_owned()
    }
}

/// Who can guess these secrets becomes the operator, or anybody at all.
#[test]
fn short_secrets_do_not_start_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let start = |env: &[(&str, &str)]| {
        let configs = folder.path().join("configs");
        std::fs::create_dir_all(&configs).unwrap();
        let data = tempfile::tempdir_in(folder.path()).unwrap();
        let mut options = Options::new(configs, data.path());
        for (name, value) in env {
            options = options.env(*name, *value);
        }
        Server::start(&options).map(drop)
    };
    let (short, long) = ("a".repeat(31), "é".repeat(32));
    let good_key = ("APP_SERVER_SECRET_KEY", long.as_str());
    for short in ["x", short.as_str()] {
        for env in [
            &[("APP_CONSOLE_BOOTSTRAP_TOKEN", short)][..],
            &[("IS_PROD", "true"), ("APP_SERVER_SECRET_KEY", short)],
            &[("IS_PROD", "true"), good_key, ("HASH_KEY", short)],
            &[("IS_PROD", "true"), good_key, ("ADMIN_TOKEN", short)],
        ] {
            let (name, _) = env.iter().rev().find(|(_, value)| *value == short).unwrap();
            let why = start(env).expect_err(&format!("{env:?} starts"));
            assert!(
                why.contains(name) && why.contains("32") && why.contains("openssl rand -hex 32"),
                "{why}"
            );
        }
    }
    start(&[("IS_PROD", "true"), good_key, ("HASH_KEY", &long), ("ADMIN_TOKEN", &long)]).unwrap();
    for short in ["x", "fifteen-letters"] {
        let why = start(&[("ADMIN_TOKEN", short)]).expect_err("it starts");
        assert!(why.contains("ADMIN_TOKEN has fewer than 32 characters"), "{why}");
    }
    // A developer may begin with shorter ones, and is told.
    start(&[("APP_SERVER_SECRET_KEY", "x"), ("HASH_KEY", "x"), ("ADMIN_TOKEN", "sixteen-letters-")]).unwrap();
}

#[test]
fn wrong_admin_tokens_are_held_back_and_the_right_one_is_not() {
    let World { app, .. } = World::start();
    for route in ["/metrics", "/proxyConfigs"] {
        assert_eq!(app.get(route, ADMIN_TOKEN).status, 200);
        // Without a token nothing is guessed.
        assert!((0..20).all(|_| app.send("GET", route, &[], None).status == 401));
    }
    let guess = |n| app.get("/metrics", &format!("guess-{n}"));
    let guesses: Vec<_> = while_others_are_served(&app, || (0..60).map(guess).collect());
    let wrong = guesses.iter().filter(|reply| reply.status == 401).count();
    // A slow machine makes up for some of them.
    assert!((10..30).contains(&wrong), "{wrong} guesses were looked at");
    let held = guesses.iter().find(|reply| reply.status == 429).expect("held back");
    let seconds: u64 = held.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&seconds), "{seconds}");
    assert!(held.json()["error"].as_str().unwrap().contains("Try again in"), "{}", held.text());
    for route in ["/metrics", "/proxyConfigs"] {
        assert_eq!(app.get(route, ADMIN_TOKEN).status, 200, "{route}");
    }
}

#[test]
fn wrong_api_tokens_hold_back_no_other_token_of_their_address() {
    let World { app, .. } = World::start();
    let tokens = "/console/api/v1/tokens";
    let made = |name: &str| {
        let reply = app.post(tokens, CONSOLE_TOKEN, &json!({"name": name, "scopes": ["read", "admin"]}));
        reply.json()["secret"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned()
    };
    // One that was used, one that never was, and one that somebody guesses at by its id.
    let (used, fresh, aimed) = (made("used"), made("fresh"), made("aimed"));
    assert_eq!(app.get(tokens, &used).status, 200);
    let held = |token: &dyn Fn(usize) -> String| {
        let replies: Vec<_> = (0..60).map(|n| app.get(tokens, &token(n)).status).collect();
        let looked_at = replies.iter().filter(|status| **status == 401).count();
        assert!((10..30).contains(&looked_at), "{replies:?}");
        assert_eq!(looked_at + replies.iter().filter(|status| **status == 429).count(), 60);
    };
    held(&|n| format!("wrong-{n:040}"));
    for token in [CONSOLE_TOKEN, &used, &fresh] {
        assert_eq!(app.get(tokens, token).status, 200);
    }
    let id = aimed.rsplit_once('_').unwrap().0.to_owned();
    held(&|n| format!("{id}_{n:064x}"));
    // It was never used from here: it might be the next guess.
    assert_eq!(app.get(tokens, &aimed).status, 429);
    for token in [CONSOLE_TOKEN, &used, &fresh] {
        assert_eq!(app.get(tokens, token).status, 200);
    }
}

/// A hash is no proof, and a session proves its own account alone.
#[test]
fn managed_settings_are_their_accounts() {
    let world = World::start();
    for account in ["100", "200"] {
        assert_eq!(world.manage(account).status, 200);
    }
    let of_100 = world.sign_in("a-key", Some("100"));
    let (of_200, of_none) = (world.sign_in("b-key", Some("200")), world.sign_in("c-key", None));
    let hash = world.hash_of("100");
    let target = format!("/user/settings?rcAccountId={hash}");
    assert!(world.get(&target, &of_100, "").text().contains("planted-100"));
    assert!(world.get("/user/settings", &of_100, "100").text().contains("planted-100"));
    assert!(
        world.get(&target, &of_100, "bad").text().contains("planted-100"),
        "an outage takes nothing away"
    );
    // Without an account here, the RingCentral token says which one is meant, and proves it for later.
    let proved = world.sign_in("d-key", None);
    assert_eq!(world.get(&target, &proved, "").json(), json!({}));
    assert!(world.get("/user/settings", &proved, "100").text().contains("planted-100"));
    assert!(world.get(&target, &proved, "").text().contains("planted-100"));
    for (session, token) in [(&of_200, ""), (&of_200, "bad"), (&of_none, ""), (&of_none, "bad")] {
        let upper = format!("/user/settings?rcAccountId={}", hash.to_uppercase());
        for target in [target.as_str(), upper.as_str(), "/user/settings?rcAccountId=100"] {
            let reply = world.get(target, session, token);
            assert_eq!((reply.status, reply.json()), (200, json!({})), "{target}");
        }
    }
}

/// The hash of an account says which settings its admins manage, and no value.
#[test]
fn the_hash_of_an_account_opens_no_values() {
    let world = World::start();
    assert_eq!(world.manage("100").status, 200);
    let of_100 = world.sign_in("a-key", Some("100"));
    let (of_200, of_none) = (world.sign_in("b-key", Some("200")), world.sign_in("c-key", None));
    let target = format!("/user/preloadSettings?rcAccountId={}", world.hash_of("100"));
    let shown = json!({"userSettings": {"theme": {"customizable": false}, "gone": {"isRemoved": true}}});
    for session in ["", "garbage", &of_200, &of_none] {
        let reply = world.get(&target, session, "");
        assert_eq!((reply.status, reply.json()), (200, shown.clone()), "{session}");
    }
    assert!(world.get(&target, &of_100, "").text().contains("planted-100"));
    assert!(world.get(&target, "", "100").text().contains("planted-100"));
    // What is no object has no member that is no value.
    let odd = json!({"adminSettings": {"userSettings": {"text": "planted", "list": ["planted"],
        "odd": {"customizable": "planted", "isRemoved": {"a": "planted"}, "value": "planted", "options": ["planted"]}}}});
    assert_eq!(world.ask("POST", "/admin/settings", "", "100/admin", &odd).status, 200);
    let reply = world.get(&target, "", "").json();
    assert_eq!(reply, json!({"userSettings": {"text": {}, "list": {}, "odd": {}}}));
}

/// A RingCentral token with the session of somebody of another account: neither gets the other's. What belongs to an
/// account alone is for its admins, whatever session they bring.
#[test]
fn a_session_and_a_ringcentral_token_are_of_one_account() {
    let world = World::start();
    for account in ["100", "200"] {
        assert_eq!(world.manage(account).status, 200);
    }
    let of_200 = world.sign_in("b-key", Some("200"));
    let own = world.get("/admin/settings", &of_200, "200/admin");
    assert!(own.status == 200 && own.text().contains("planted-200"), "{}", own.text());
    let change = json!({"adminSettings": {"userSettings": {"theme": {"value": "hijacked"}}}});
    let hash = world.hash_of("100");
    for (method, target) in [
        ("POST", "/admin/settings".to_owned()),
        ("GET", "/user/settings".to_owned()),
        ("GET", format!("/user/settings?rcAccountId={hash}")),
        ("GET", format!("/user/settings?rcAccountId={}", world.hash_of("200"))),
        ("GET", "/user/preloadSettings".to_owned()),
    ] {
        let reply = world.ask(method, &target, &of_200, "100/admin", &change);
        assert_eq!(reply.status, 403, "{method} {target}: {}", reply.text());
        assert!(reply.text().contains("RingCentral account") && !reply.text().contains("planted"));
    }
    for target in ["/admin/settings", "/admin/settings?rcAccessToken=100/admin"] {
        let managed = world.get(target, &of_200, "100/admin");
        assert!(managed.status == 200 && managed.text().contains("planted-100"), "{}", managed.text());
        assert!(!managed.text().contains("planted-200") && !managed.text().contains("hijacked"));
        assert_eq!(world.get(target, &of_200, "100").status, 403, "no admin");
    }
    assert!(world.get("/user/preloadSettings", "", "100").text().contains("planted-100"));
    assert!(world.get("/user/preloadSettings", &of_200, "200").text().contains("planted-200"));
}

/// Every route that takes a session, and the licence, which tells that there is none.
fn of_a_session() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET", "/contact?phoneNumber=1", Value::Null),
        ("POST", "/contact", json!({"phoneNumber": "1", "newContactName": "Ada"})),
        ("GET", "/custom/contact/search?name=Ada", Value::Null),
        ("GET", "/callLog?sessionIds=s-1&requireDetails=true", Value::Null),
        ("POST", "/callLog", call("s-2", "c1")),
        ("PATCH", "/callLog", json!({"sessionId": "s-1", "note": "changed"})),
        ("PUT", "/callDisposition", json!({"sessionId": "s-1", "dispositions": {"result": "Busy"}})),
        ("POST", "/callLog/cacheNote", json!({"sessionId": "s-1", "note": "changed"})),
        ("GET", "/appointments", Value::Null),
        ("GET", "/plugin/licenseStatus?rcAccountId=1&pluginId=p", Value::Null),
        ("GET", "/accountData?keys=types", Value::Null),
        ("GET", "/calldown", Value::Null),
        ("GET", "/hostname", Value::Null),
        ("GET", "/user/settings", Value::Null),
        ("POST", "/user/settings", json!({"settingKeysToRemove": ["theme"]})),
        ("GET", "/admin/settings", Value::Null),
        ("POST", "/admin/userMapping", json!({"rcExtensionList": []})),
        ("POST", "/admin/reinitializeUserMapping", json!({"rcExtensionList": []})),
        ("GET", "/admin/serverLoggingSettings", Value::Null),
        ("POST", "/admin/serverLoggingSettings", json!({"additionalFieldValues": {"a": 1}})),
        ("GET", "/authValidation", Value::Null),
        ("POST", "/user/refreshInfo", json!({})),
        ("POST", "/unAuthorize", json!({})),
    ]
}

#[test]
fn a_session_ends_with_its_sign_out() {
    let mut world = World::start();
    let old = world.sign_in("a-key", Some("100"));
    let other_device = world.sign_in("a-key", Some("100"));
    let nearly_over = |token: &str| {
        let mut validation = jsonwebtoken::Validation::default();
        validation.required_spec_claims.clear();
        let key = jsonwebtoken::DecodingKey::from_secret(SECRET.as_bytes());
        let mut claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
        claims["exp"] = json!(claims["iat"].as_i64().unwrap() + 1000);
        encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    };
    let old_and_sliding = nearly_over(&old);
    let slid = |reply: &Response| reply.header("x-refreshed-jwt-token").map(str::to_owned);
    // Signing in twice ends nothing.
    for token in [&old, &other_device, &old_and_sliding] {
        assert_eq!(world.get("/contact?phoneNumber=1", token, "").json()["successful"], true);
    }
    // As tokens were before the document was part of them.
    let of_old_form = encode(
        &Header::default(),
        &json!({"id": "a-testCrm", "platform": "testCrm"}),
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap();
    assert_eq!(world.get("/contact?phoneNumber=1", &of_old_form, "").json()["successful"], true);
    assert_eq!(world.app.post("/unAuthorize", &old, &json!({})).status, 200);
    assert_eq!(world.get("/contact?phoneNumber=1", &old, "").json()["successful"], false);

    let new = world.sign_in("a-key", Some("100"));
    let set = json!({"userSettings": {"theme": {"value": "dark"}}});
    assert_eq!(world.app.post("/user/settings", &new, &set).status, 200);
    // A public route hands out a fresh token without asking who it is: that one has ended as well.
    let revived = slid(&world.get("/isAlive", &old_and_sliding, ""));
    let asked = world.crm.received().len();
    let mut ended = vec![old.clone(), other_device, old_and_sliding, of_old_form];
    ended.extend(revived);
    assert_eq!(ended.len(), 5);
    for token in &ended {
        for (method, target, body) in of_a_session() {
            let reply = world.ask(method, target, token, "100/admin", &body);
            assert_eq!((reply.status, reply.text().as_str()), (400, NO_SESSION), "{method} {target}");
            assert_eq!(slid(&reply), None, "{method} {target}");
        }
        let license = world.get("/licenseStatus", token, "").json();
        assert_eq!(license["licenseStatus"], "Invalid (Invalid user session)", "{license}");
    }
    assert_eq!(world.crm.received().len(), asked, "the CRM was asked for nobody");
    assert_eq!(world.get("/user/settings", &new, "").json(), set["userSettings"]);
    assert_eq!(world.get("/contact?phoneNumber=1", &new, "").json()["successful"], true);
    // Fresh tokens of the new session are the new session's.
    let fresh = slid(&world.get("/isAlive", &nearly_over(&new), "")).expect("a fresh token");
    assert_eq!(world.get("/contact?phoneNumber=1", &fresh, "").json()["successful"], true);

    // A restart forgets nothing, and a second round ends the first.
    world.app.kill_and_restart();
    assert_eq!(world.get("/hostname", &old, "").status, 400);
    assert_eq!(world.get("/contact?phoneNumber=1", &new, "").json()["successful"], true);
    assert_eq!(world.app.post("/unAuthorize", &new, &json!({})).status, 200);
    assert_eq!(world.get("/user/settings", &old, "").text(), NO_SESSION, "also while nobody is signed in");
    let newest = world.sign_in("a-key", None);
    assert_eq!(world.get("/hostname", &new, "").text(), NO_SESSION);
    assert_eq!(world.get("/hostname", &newest, "").text(), "h.example");
}

/// An admin whose CRM session has ended is still an admin: the RingCentral token alone proves it.
#[test]
fn an_ended_session_takes_nothing_from_routes_without_one() {
    let world = World::start();
    let old = world.sign_in("a-key", Some("200"));
    assert_eq!(world.app.post("/unAuthorize", &old, &json!({})).status, 200);
    world.sign_in("a-key", Some("200"));
    let change = json!({"adminSettings": {"userSettings": {"theme": {"value": "planted-100"}}}});
    let reply = world.ask("POST", "/admin/settings", &old, "100/admin", &change);
    assert_eq!((reply.status, reply.text().as_str()), (200, "Admin settings updated"));
    assert!(world.get("/user/preloadSettings", &old, "100").text().contains("planted-100"));
    assert_eq!(world.get("/isAlive", &old, "").text(), "OK");
}

#[test]
fn a_token_that_is_not_valid_yet_is_refused() {
    let world = World::start();
    world.sign_in("a-key", None);
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs())
            .unwrap();
    let signed = |more: Value| {
        let mut claims = json!({"id": "a-testCrm", "platform": "testCrm", "proxyId": "p", "exp": now + 3600});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    };
    let opens = |token: &str| {
        let in_header = world.get("/hostname", token, "");
        let in_query = world.get(&format!("/hostname?jwtToken={token}"), "", "");
        assert_eq!((in_header.status, in_header.text()), (in_query.status, in_query.text()));
        in_header.status == 200
    };
    for good in [json!({}), json!({"nbf": now - 5}), json!({"nbf": 0}), json!({"iat": now + 9999})] {
        assert!(opens(&signed(good.clone())), "{good}");
    }
    for bad in [
        json!({"nbf": now + 9999}),
        json!({"nbf": i64::MAX}),
        json!({"nbf": null}),
        json!({"nbf": format!("{}", now - 5)}),
        json!({"nbf": [now - 5]}),
        json!({"exp": now - 1}),
        json!({"exp": null}),
    ] {
        assert!(!opens(&signed(bad.clone())), "{bad}");
    }
}
