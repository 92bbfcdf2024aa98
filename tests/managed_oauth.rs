//! OAuth clients that an account's admins supply: a RingCentral platform, and a CRM that grants a code to one client and
//! takes it from that one alone.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{TestServer, document};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A RingCentral token is `account/extension`, with `/admin` for admins.
fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    let mut parts = token.split('/');
    let (account, extension) = (parts.next(), parts.next());
    Answer::json(&json!({
        "id": extension, "account": {"id": account}, "permissions": {"admin": {"enabled": parts.next().is_some()}}
    }))
}

/// The client that a token request names, with its secret: `id:secret`, or `id:` for a public one.
fn client_of(request: &Request) -> String {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let basic = request.header("authorization").and_then(|header| header.strip_prefix("Basic "));
    match basic.and_then(|encoded| STANDARD.decode(encoded).ok()) {
        Some(decoded) => String::from_utf8(decoded).unwrap(),
        None => format!("{}:", form.iter().find(|(name, _)| name == "client_id").map_or("", |(_, id)| id)),
    }
}

/// A code or refresh token is `client-user`; an access token is the user's name.
fn crm(request: &Request) -> Answer {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if request.path().ends_with("/token") {
        let grant = field("code").or_else(|| field("refresh_token")).unwrap_or_default().to_owned();
        let client = client_of(request);
        let (granted_to, user) = grant.split_once('-').unwrap_or_default();
        if client != format!("{granted_to}:s3cret-{granted_to}") && client != format!("{granted_to}:") {
            return Answer::json(&json!({"error": "invalid_client"})).status(400);
        }
        return Answer::json(&json!({
            "access_token": format!("at-{user}"), "refresh_token": grant, "token_type": "bearer",
            "expires_in": if user == "brief" { 60 } else { 3600 }
        }));
    }
    let bearer = request.header("authorization").unwrap_or_default();
    let user = bearer.strip_prefix("Bearer at-").unwrap_or_default();
    match request.path() {
        "/v1/me" => Answer::json(&json!({"id": user, "name": user})),
        _ => Answer::json(&json!({"contacts": []})),
    }
}

struct World {
    app: TestServer,
    crm: Crm,
    ringcentral: Crm,
}

impl World {
    fn start() -> Self {
        let (crm, platform) = (Crm::start(crm), Crm::start(ringcentral));
        let mut bare = document(&crm.origin());
        bare["auth"] = json!({"type": "oauth"});
        let mut own = bare.clone();
        own["auth"] = json!({
            "type": "oauth", "clientId": "own", "clientSecret": "s3cret-own",
            "tokenUrl": format!("{}/own/token", crm.origin()), "redirectUri": "https://app.test/redirect"
        });
        let app = TestServer::start_with(&[("bare", &bare), ("own", &own)], |options| {
            options.env("RINGCENTRAL_SERVER", platform.origin())
        });
        Self { app, crm, ringcentral: platform }
    }

    fn values(&self, client: &str) -> Value {
        json!({
            "clientId": client, "clientSecret": format!("s3cret-{client}"),
            "accessTokenUri": format!("{}/{client}/token", self.crm.origin()),
            "authorizationUri": format!("{}/authorize", self.crm.origin()), "redirectUri": "https://app.test/redirect"
        })
    }

    fn send(&self, method: &str, target: &str, token: &str, body: Option<&Value>) -> Response {
        let mut headers = vec![("Content-Type", "application/json")];
        if !token.is_empty() {
            headers.push(("X-RC-Access-Token", token));
        }
        self.app.send(method, target, &headers, body.map(|body| body.to_string().into_bytes()))
    }

    /// As App Connect's client submits a client: without a platform.
    fn enter(&self, token: &str, values: &Value) -> Response {
        self.send("POST", "/admin/managedOAuth/cache", token, Some(&json!({"values": values})))
    }

    fn state_of(&self, platform: &str, token: &str) -> Value {
        let reply = self.send("GET", &format!("/oauthManagedAuthState?platform={platform}"), token, None);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(!reply.text().contains("s3cret"), "{}", reply.text());
        reply.json()
    }

    fn state(&self, token: &str) -> Value {
        self.state_of("testCrm", token)
    }

    /// As App Connect's client comes back from the CRM, with what `claims` adds to the query.
    fn callback(&self, code: &str, proxy_id: &str, claims: &str, headers: &[(&str, &str)]) -> Response {
        let uri = format!("https://app.test/redirect?code={code}&state=platform%3DtestCrm");
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let target = format!("/oauth-callback?callbackUri={uri}&proxyId={proxy_id}&{claims}");
        self.app.send("GET", &target, headers, None)
    }

    /// Signs in with a RingCentral token in the request.
    fn sign_in(&self, code: &str, proxy_id: &str, token: &str) -> Response {
        self.callback(code, proxy_id, "", &[("X-RC-Access-Token", token)])
    }

    /// The clients that asked the CRM for tokens so far.
    fn clients(&self) -> Vec<String> {
        let received = self.crm.received();
        let asked = received.iter().filter(|request| request.path().ends_with("/token"));
        asked.map(|request| client_of(request).split(':').next().unwrap_or_default().to_owned()).collect()
    }

    /// An account whose client is `alpha`.
    fn with_client() -> Self {
        let world = Self::start();
        world.state("1/10/admin");
        assert_eq!(world.enter("1/10/admin", &world.values("alpha")).status, 200);
        let reply = world.sign_in("alpha-ada", "bare", "1/10/admin");
        assert_eq!(reply.status, 200, "{}", reply.text());
        world
    }
}

#[test]
fn who_is_no_admin_changes_nothing() {
    let world = World::with_client();
    let routes = [
        ("POST", "/admin/managedOAuth/cache", Some(json!({"values": world.values("beta")}))),
        ("DELETE", "/admin/managedOAuth/cache", None),
        ("DELETE", "/admin/managedOAuth/account?platform=testCrm", None),
    ];
    let asked = world.ringcentral.received().len();
    for (method, target, body) in &routes {
        let reply = world.send(method, target, "", body.as_ref());
        assert_eq!(reply.status, 400, "{method} {target}");
        assert!(reply.text().contains("RingCentral access token is missing"), "{}", reply.text());
    }
    assert_eq!(world.ringcentral.received().len(), asked, "nobody's token is checked");
    for (method, target, body) in &routes {
        let reply = world.send(method, target, "1/11", body.as_ref());
        assert_eq!((reply.status, reply.text().as_ref()), (403, "Admin validation failed"));
        // An admin of another account has that one's clients in hand.
        assert_eq!(world.send(method, target, "2/10/admin", body.as_ref()).status, 200);
    }
    let state = world.state("1/10/admin");
    assert_eq!(
        (&state["oauthValues"]["clientId"], &state["hasPendingOAuth"]),
        (&json!("alpha"), &json!(false))
    );
}

#[test]
fn a_secret_is_never_handed_out_again() {
    let world = World::start();
    world.state("1/10/admin");
    world.enter("1/10/admin", &world.values("alpha"));
    let mut shown = world.state("1/10/admin")["pendingValues"].take();
    assert_eq!(shown["clientSecret"], "********");
    // The form comes back with the mask in it: the secret stays.
    shown["scopes"] = json!("read write");
    assert_eq!(world.enter("1/10/admin", &shown).status, 200);
    // But it goes to no other client and to no other place.
    for (member, value) in [("accessTokenUri", "https://elsewhere.example/token"), ("clientId", "other")] {
        let mut moved = shown.clone();
        moved[member] = value.into();
        let reply = world.enter("1/10/admin", &moved);
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains("Type the secret"), "{}", reply.text());
    }
    let reply = world.sign_in("alpha-ada", "bare", "1/10/admin");
    assert_eq!(reply.status, 200, "{}", reply.text());
    let state = world.state("1/11");
    assert_eq!(state["oauthValues"]["scopes"], "read write");
    assert_eq!(state["oauthValues"].get("clientSecret"), None);
    assert!(!world.app.server.log().contains("s3cret"), "no secret in the log");
}

#[test]
fn the_clients_way_works_without_a_ringcentral_token_at_the_callback() {
    let world = World::start();
    // An admin opens the page, enters a client, and connects.
    assert_eq!(world.state("1/10/admin")["hasPendingOAuth"], false);
    assert_eq!(world.enter("1/10/admin", &world.values("alpha")).status, 200);
    assert_eq!(world.state("1/10/admin")["pendingValues"]["clientId"], "alpha");
    assert_eq!(world.state("1/11")["hasPendingOAuth"], false, "an admin's alone");
    let reply =
        world.callback("alpha-ada", "bare", "rcAccountId=1&rcExtensionId=10&userEmail=a%40b.test", &[]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    // Then everybody of the account, by the hash of the extension as well.
    assert_eq!(world.state("1/11")["oauthValues"]["clientId"], "alpha");
    let hash = world.app.get("/userInfoHash?extensionId=11", "").json()["extensionId"].take();
    let header = [("rc-extension-id", hash.as_str().unwrap())];
    let reply = world.callback("alpha-ben", "bare", "rcAccountId=1", &header);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.clients(), ["alpha", "alpha"]);
    // A sign-in that failed may be tried again with the same question; one that worked uses it up.
    world.state("1/12");
    let claims = "rcAccountId=1&rcExtensionId=12";
    assert_eq!(world.callback("other-cat", "bare", claims, &[]).status, 400);
    assert_eq!(world.callback("alpha-cat", "bare", claims, &[]).status, 200);
    let again = world.callback("alpha-cat", "bare", claims, &[]);
    assert_eq!(again.status, 400);
    assert!(again.text().contains("begin the sign-in again in App Connect"), "{}", again.text());
}

#[test]
fn a_claim_alone_opens_no_client() {
    let world = World::with_client();
    // A member of the account is about to sign in.
    world.state("1/11");
    let hash = world.app.get("/userInfoHash?extensionId=66", "").json()["extensionId"].take();
    let wrong_hash = [("rc-extension-id", hash.as_str().unwrap())];
    let elsewhere = [("X-RC-Access-Token", "2/11/admin")];
    let asked = world.clients().len();
    for (claims, headers) in [
        ("rcAccountId=1", &[][..]),
        ("rcAccountId=1&rcExtensionId=66", &[]),
        ("rcAccountId=1&rcExtensionId=11", &wrong_hash),
        ("rcAccountId=1&rcExtensionId=11", &elsewhere),
        ("rcAccountId=2&rcExtensionId=11", &[]),
        ("rcExtensionId=11", &[]),
    ] {
        let reply = world.callback("alpha-eve", "bare", claims, headers);
        assert_eq!(reply.status, 400, "{claims}: {}", reply.text());
        assert!(reply.text().contains(r#"Expected \"clientId\" to exist"#), "{claims}: {}", reply.text());
    }
    assert_eq!(world.clients().len(), asked, "no code was exchanged");
    // Where the document has a client, that one is used.
    let reply = world.callback("own-eve", "own", "rcAccountId=1", &[]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.clients().last().map(String::as_str), Some("own"));
    // The member can still sign in.
    let reply = world.callback("alpha-ben", "bare", "rcAccountId=1&rcExtensionId=11", &[]);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn a_pending_client_belongs_to_its_platform() {
    let world = World::start();
    world.state_of("otherCrm", "1/10/admin");
    world.state("1/10/admin");
    world.enter("1/10/admin", &world.values("alpha"));
    assert_eq!(world.state("1/10/admin")["hasPendingOAuth"], true);
    assert_eq!(world.state_of("otherCrm", "1/10/admin")["hasPendingOAuth"], false);
    let uri = "https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dalpha-eve%26state%3Dplatform%253DotherCrm";
    let target = format!("/oauth-callback?callbackUri={uri}&proxyId=bare");
    let reply = world.app.send("GET", &target, &[("X-RC-Access-Token", "1/10/admin")], None);
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(world.clients().is_empty());
    // Nor to a member who is no admin: whoever signs in with it makes it the account's.
    assert_eq!(world.sign_in("alpha-ben", "bare", "1/11").status, 400);
    assert_eq!(world.state("1/10/admin")["pendingValues"]["clientId"], "alpha");
    // One that names its document is nobody else's.
    let named = json!({"platform": "testCrm", "proxyId": "own", "values": world.values("beta")});
    assert_eq!(world.send("POST", "/admin/managedOAuth/cache", "1/10/admin", Some(&named)).status, 200);
    assert_eq!(world.sign_in("beta-ada", "bare", "1/10/admin").status, 400, "alpha is asked");
    assert_eq!(world.sign_in("beta-ada", "own", "1/10/admin").status, 200);
    assert_eq!(world.clients(), ["alpha", "beta"]);
}

#[test]
fn a_new_client_takes_the_place_of_the_old_one_once_it_signs_in() {
    let world = World::with_client();
    world.state("1/10/admin");
    world.enter("1/10/admin", &world.values("gamma"));
    let state = world.state("1/10/admin");
    assert_eq!(
        (&state["oauthValues"]["clientId"], &state["pendingValues"]["clientId"]),
        (&json!("alpha"), &json!("gamma"))
    );
    // Until then the others sign in with the old one, and so does the admin whose page was opened with it.
    assert_eq!(world.sign_in("alpha-ben", "bare", "1/11").status, 200);
    assert_eq!(world.sign_in("alpha-ada", "bare", "1/10/admin").status, 200);
    // This server sends an admin to the CRM with the new one.
    let start = |token: &str| {
        let reply = world.send("GET", "/oauth/start?platform=testCrm&proxyId=bare", token, None);
        assert_eq!(reply.status, 302, "{}", reply.text());
        let location = url::Url::parse(reply.header("location").unwrap()).unwrap();
        let parameter = |wanted: &str| {
            location.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        (parameter("client_id").unwrap(), parameter("state").unwrap(), cookie)
    };
    assert_eq!(start("1/11").0, "alpha");
    let (client, state, cookie) = start("1/10/admin");
    assert_eq!(client, "gamma");
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let back = format!("https://app.test/redirect?code=gamma-ada&state={}", encoded(&state));
    let target = format!("/oauth-callback?callbackUri={}", encoded(&back));
    let reply = world.app.send("GET", &target, &[("Cookie", cookie.as_str())], None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let state = world.state("1/10/admin");
    assert_eq!(
        (&state["oauthValues"]["clientId"], &state["hasPendingOAuth"]),
        (&json!("gamma"), &json!(false))
    );
    // A new secret of the same client is tried at once.
    let mut same = world.values("gamma");
    same["clientSecret"] = json!("wrong");
    world.enter("1/10/admin", &same);
    world.state("1/10/admin");
    assert_eq!(world.sign_in("gamma-ada", "bare", "1/10/admin").status, 400);
    assert_eq!(world.sign_in("gamma-ben", "bare", "1/11").status, 200);
}

#[test]
fn tokens_are_renewed_by_the_client_that_they_were_granted_to() {
    let world = World::with_client();
    let reply = world.sign_in("alpha-brief", "own", "1/11");
    assert_eq!(reply.status, 200, "{}", reply.text());
    let session = reply.json()["jwtToken"].as_str().unwrap().to_owned();
    let target = "/admin/managedOAuth/account?platform=testCrm";
    assert_eq!(world.send("DELETE", target, "1/10/admin", None).status, 200);
    assert_eq!(
        world.state("1/10/admin"),
        json!({"isAdmin": true, "hasAccountOAuth": false, "hasPendingOAuth": false})
    );
    let before = world.clients().len();
    let reply = world.app.get("/contact?phoneNumber=1", &session);
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    assert_eq!(world.clients()[before..], ["alpha"]);
    // Who signs in from now on does so with the document's own.
    assert_eq!(world.sign_in("own-dan", "own", "1/12").status, 200);
    assert_eq!(world.clients().last().map(String::as_str), Some("own"));
}

#[test]
fn what_cannot_be_used_is_refused_whole() {
    let world = World::start();
    world.state("1/10/admin");
    world.enter("1/10/admin", &world.values("alpha"));
    let long = "x".repeat(5000);
    for (values, words) in [
        (json!({"clientId": 5}), "`clientId` has to be text"),
        (json!({"clientId": "beta", "scopes": ["a"]}), "`scopes` has to be text"),
        (json!({"accessTokenUri": "file:///etc/passwd"}), "`accessTokenUri` has to be an address"),
        (json!({"clientSecret": long}), "`clientSecret` is longer"),
        (json!({"clientId": "beta", "clientSecret": "********"}), "Type the secret"),
    ] {
        let reply = world.enter("1/10/admin", &values);
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains(words), "{words}: {}", reply.text());
    }
    let long = "p".repeat(500);
    let named = json!({"platform": long, "values": {"clientId": "beta"}});
    for reply in [
        world.send("POST", "/admin/managedOAuth/cache", "1/10/admin", Some(&named)),
        world.send("GET", &format!("/oauthManagedAuthState?platform={long}"), "1/10/admin", None),
        world.send("DELETE", &format!("/admin/managedOAuth/account?platform={long}"), "1/10/admin", None),
    ] {
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains("too long"), "{}", reply.text());
    }
    let no_object =
        world.send("POST", "/admin/managedOAuth/cache", "1/10/admin", Some(&json!({"values": "x"})));
    assert_eq!(no_object.status, 400);
    assert_eq!(world.state("1/10/admin")["pendingValues"]["clientId"], "alpha", "nothing was stored half");
}
